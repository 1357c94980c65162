"""Simulated patients as training samples of the grader, without whole studies.

    python -m inference train render-grade --patients 240 --out runs/grade --seed 80000

Only what the grader's cuts need is scanned: a sagittal stack from L1-L2 to L5-S1
behind the discs' fronts (T2 and T1 on the same slices), and three axial T2 images
of each disc, either a block angled along it or part of one straight stack. One
``NNNNNN.npz`` for each patient; what is there already is not rendered again. The
file holds the images as scanned, so that cuts are made by the product's own code
with frames that are a little wrong each time, as the product's localiser is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from inference.grading import crops
from inference.grading.crops import AxialImage, LevelCrops
from inference.images import axial
from inference.images.geometry import stack_affine, unit
from inference.measures.foramen import measure_foramina
from inference.models import registry
from inference.reports import extract
from inference.simulate.body import abdomen, soft
from inference.simulate.body.anatomy import Anatomy
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.causes.records import SITES, Body, DiscCause, Patient
from inference.simulate.report.dictation import report_text
from inference.simulate.scanner import acquire
from inference.simulate.truth.study_truth import sac
from inference.spine import segment
from inference.training.data.simulated import turbo
from inference.types import GRADES, LUMBAR_LEVELS, DiscLevel, FloatArray, Measurement, Role, Slice, Volume

#: The grade for each level and site when a report does not say (or says no grade).
UNSAID, PRESENT = -1, 4
_CODES = {"normal": 0, "mild": 1, "moderate": 2, "severe": 3, "present": PRESENT}
#: Beyond the cuts, so that frames may be a little wrong, and before the disc's centre in axial images, mm.
MARGIN_MM, AHEAD_MM = 5.0, 7.0
#: How far the localiser is off: shift of the centre (mm) and turn (degrees) about each axis, one standard deviation.
OFF_MM, OFF_DEG = 1.2, 1.8


@dataclass(frozen=True)
class Detail:
    """How finely patients are rendered: pixel sizes from and to (mm), points per pixel."""

    sagittal_mm: tuple[float, float] = (0.75, 1.0)
    axial_mm: tuple[float, float] = (0.65, 0.9)
    samples: int = 1


FULL = Detail()


@dataclass(frozen=True)
class GradePatient:
    """One rendered patient.

    sagittal: T2 and T1 on one grid. axial: images by level, any order. levels: true frames,
    L1-L2 to L5-S1. ap_mm, area_mm2: of the sac, (5,). severity: (5, 5), 0..4, by level and
    `SITES`. report: (5, 5), grade that the report states, `UNSAID` or `PRESENT`.
    """

    seed: int
    sagittal: dict[Role, Volume]
    axial: tuple[tuple[AxialImage, ...], ...]
    levels: tuple[DiscLevel, ...]
    ap_mm: FloatArray
    area_mm2: FloatArray
    severity: FloatArray
    report: NDArray[np.int8]

    @property
    def truth(self) -> NDArray[np.int8]:
        """(5, 5): true grades 0..3 by level and `SITES`."""
        grades: NDArray[np.int8] = np.clip(self.severity.astype(np.int8), 0, len(GRADES) - 1)
        return grades


def render(seed: int, detail: Detail = FULL) -> dict[str, NDArray[np.generic]]:
    """All arrays of patient `seed`; the same seed gives the same arrays."""
    rng, patient = drawn(seed)
    anatomy = Back(patient)
    discs = [
        (body, disc) for body, disc in zip(patient.bodies, patient.discs, strict=True) if disc.level in LUMBAR_LEVELS
    ]
    sacs = [sac(anatomy, body, disc) for body, disc in discs]
    levels = [_level(anatomy, body, disc, middle) for (body, disc), (_, _, middle) in zip(discs, sacs, strict=True)]
    said = extract(report_text(patient, seed)).table()
    report = [[_CODES.get(said.get(level.level, {}).get(site, ""), UNSAID) for site in SITES] for level in levels]
    return {
        **_sagittal(rng, anatomy, levels, detail),
        **_axial(rng, anatomy, levels, detail),
        "frames": np.array([[one.centre_mm, one.up, one.anterior, one.left] for one in levels]),
        "sizes": np.array([[ap, area, *_size(one)] for one, (ap, area, _) in zip(levels, sacs, strict=True)]),
        "severity": np.array([[disc.severity(site) for site in SITES] for _, disc in discs]),
        "report": np.array(report, dtype=np.int8),
    }


def drawn(seed: int) -> tuple[np.random.Generator, Patient]:
    """Patient `seed`, and the generator that goes on from there."""
    rng = np.random.default_rng([41, seed])
    severity = str(rng.choice(["normal", "mixed", "balanced", "severe"], p=[0.1, 0.25, 0.5, 0.15]))
    return rng, draw(seed, StudyOptions(severity=severity, transition="drawn", surgery="drawn"))


class Back(Anatomy):
    """A patient whose abdomen is not drawn: the cuts do not show it, and it takes most of the preparing."""

    @cached_property
    def around(self) -> soft.Surroundings:
        return soft.surroundings(self.patient, self.layout, self.device, abdomen.empty)


def _level(anatomy: Anatomy, body: Body, disc: DiscCause, middle: FloatArray) -> DiscLevel:
    """The true frame of a disc."""
    place = anatomy.layout.discs[disc.level]
    left, back, up = place.axes
    return DiscLevel(disc.level, place.centre_mm, up, -back, left, middle, body.depth_mm, disc.height_mm)


def _size(level: DiscLevel) -> tuple[float, float]:
    return level.height_mm, level.depth_mm


def _sagittal(
    rng: np.random.Generator, anatomy: Anatomy, true: list[DiscLevel], detail: Detail
) -> dict[str, NDArray[np.generic]]:
    """A stack of 3 to 5 mm slices from side to side, turned a little, as narrow as the cuts allow."""
    thickness = float(rng.uniform(3.2, 4.6))
    gap = thickness * float(rng.uniform(0.05, 0.15))
    protocols = [turbo(rng, weighting, thickness, gap) for weighting in ("T2", "T1")]
    yaw, roll = np.deg2rad(rng.normal(0, 1.5, 2))
    along_row = unit(np.array([-np.sin(yaw), np.cos(yaw), 0.0]))
    down = np.array([np.sin(roll), 0.0, -np.cos(roll)])
    along_column = unit(down - along_row * (down @ along_row))
    corners = np.concatenate([_window(level) for level in true])
    low, high = (ends(corners @ np.stack([along_row, along_column], axis=1), axis=0) for ends in (np.min, np.max))
    side = float(np.mean([level.centre_mm[0] for level in true])) + float(rng.normal(0, 1.5))
    centre = (low + high) / 2 @ np.stack([along_row, along_column])
    normal = np.cross(along_row, along_column)
    centre = centre + normal * ((np.array([side, *centre[1:]]) - centre) @ normal)
    spacing = float(rng.uniform(*detail.sagittal_mm))
    columns, rows = (int(np.ceil((width + 2 * MARGIN_MM) / spacing)) for width in high - low)
    count = int(np.ceil(2 * rng.uniform(24, 30) / protocols[0].step_mm)) + 1
    planes = acquire.stack(centre, along_row, along_column, (rows, columns), spacing, count, protocols[0])
    images = acquire.images(anatomy, planes, protocols, detail.samples)
    return {"t2": np.stack(images[0]), "t1": np.stack(images[1]), "affine": stack_affine(planes)}


def _window(level: DiscLevel) -> FloatArray:
    """(4, 3): the corners of the sagittal cut in the midline."""
    heights = crops.ABOVE_MM, crops.ABOVE_MM - crops.ROWS * crops.STEP_MM
    behind = crops.BEHIND_MM, crops.BEHIND_MM + crops.COLUMNS * crops.STEP_MM
    return np.array([level.centre_mm + up * level.up - back * level.anterior for up in heights for back in behind])


def _axial(
    rng: np.random.Generator, anatomy: Anatomy, true: list[DiscLevel], detail: Detail
) -> dict[str, NDArray[np.generic]]:
    """Three images of each disc: of a block angled along it, or of one straight stack."""
    thickness = float(rng.uniform(3.0, 4.5))
    protocol = turbo(rng, "T2", thickness, thickness * float(rng.uniform(0.0, 0.2)))
    spacing = float(rng.uniform(*detail.axial_mm))
    width = crops.AXIAL_COLUMNS * crops.STEP_MM + 2 * MARGIN_MM
    # The disc's centre must be in the image: an image that misses it is not the disc's.
    front, rear = -AHEAD_MM, crops.AXIAL_BEHIND_MM + crops.AXIAL_ROWS * crops.STEP_MM + MARGIN_MM
    pixels = (round((rear - front) / spacing), round(width / spacing))
    straight, lean = rng.random() < 0.4, np.deg2rad(rng.uniform(0, 10))
    planes: list[Slice] = []
    for level in true:
        turn = Rotation.from_rotvec(np.deg2rad(rng.normal(0, 2.5, 3))).as_matrix()
        left, back = turn @ level.left, turn @ -level.anterior
        if straight:
            left, back = np.array([1.0, 0.0, 0.0]), np.array([0.0, np.cos(lean), np.sin(lean)])
        off = float(rng.uniform(-0.5, 0.5)) * protocol.step_mm
        centre = level.centre_mm - (front + rear) / 2 * level.anterior + off * np.cross(left, back)
        planes += acquire.stack(centre, left, back, pixels, spacing, crops.IMAGES, protocol)
    images = acquire.images(anatomy, planes, [protocol], detail.samples)[0]
    grid = [[plane.origin_mm, plane.along_row, plane.along_column] for plane in planes]
    return {"axial": np.stack(images), "axial_grid": np.array(grid), "axial_spacing": np.array(spacing)}


def write(out: Path, seed: int, detail: Detail = FULL) -> Path:
    """Render patient `seed` to ``out/<seed>.npz`` unless it is there. Returns the path."""
    path = out / f"{seed:06d}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **render(seed, detail))
        part.replace(path)
    return path


def write_all(out: Path, patients: int, seed: int, workers: int) -> Iterator[int]:
    """Render patients `seed`, `seed` + 1, ... on several processes; yields how many are done."""
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(write, [out] * patients, range(seed, seed + patients)), start=1):
            yield done


def load(path: Path) -> GradePatient:
    """A patient that `write` rendered."""
    with np.load(path, allow_pickle=False) as arrays:
        affine = arrays["affine"]
        sagittal = {
            role: Volume(arrays[name].astype(np.float32), affine)
            for role, name in ((Role.SAGITTAL_T2, "t2"), (Role.SAGITTAL_T1, "t1"))
        }
        spacing = float(arrays["axial_spacing"])
        images = [
            AxialImage(Slice(str(number), grid[0], grid[1], grid[2], (spacing, spacing), pixels.shape), pixels)
            for number, (grid, pixels) in enumerate(
                zip(arrays["axial_grid"], arrays["axial"].astype(np.float32), strict=True)
            )
        ]
        count = len(images) // len(LUMBAR_LEVELS)
        levels = tuple(
            DiscLevel(name, frame[0], frame[1], frame[2], frame[3], None, depth, height)
            for name, frame, (_, _, height, depth) in zip(
                LUMBAR_LEVELS, arrays["frames"], arrays["sizes"].tolist(), strict=True
            )
        )
        return GradePatient(
            seed=int(path.stem),
            sagittal=sagittal,
            axial=tuple(tuple(images[count * k : count * (k + 1)]) for k in range(len(LUMBAR_LEVELS))),
            levels=levels,
            ap_mm=arrays["sizes"][:, 0],
            area_mm2=arrays["sizes"][:, 1],
            severity=arrays["severity"],
            report=arrays["report"],
        )


def measurements(patient: GradePatient, rng: np.random.Generator) -> tuple[Measurement, ...]:
    """The true sac of every level, and its foramina as the product measures them: outlined by the shipped segmenter.

    rng: of how far the frames are off.
    """
    sacs = zip(LUMBAR_LEVELS, patient.ap_mm.tolist(), patient.area_mm2.tolist(), strict=True)
    true = [
        one
        for level, ap, area in sacs
        for one in (Measurement(level, "canal_ap", ap, "mm"), Measurement(level, "canal_area", area, "mm²"))
    ]
    outlined = segment.segment(segmenter(torch.get_num_threads()).run, patient.sagittal[Role.SAGITTAL_T2])
    discs = [jittered(level, rng) for level in patient.levels]
    return (*true, *measure_foramina(outlined, discs, patient.sagittal))


@cache
def segmenter(threads: int) -> registry.Model:
    """The shipped one, held by each process for its lifetime."""
    return registry.load("segment", threads=threads)


def cuts(patient: GradePatient, rng: np.random.Generator) -> list[LevelCrops]:
    """The cuts of all levels, their frames off as the localiser's are."""
    prepared = {role: crops.prepare(volume) for role, volume in patient.sagittal.items()}
    return [crops.cut(found, prepared, near) for found, near in found_levels(patient, rng)]


def found_levels(patient: GradePatient, rng: np.random.Generator) -> list[tuple[DiscLevel, list[AxialImage]]]:
    """All levels as a localiser finds them, each with the images through its disc, nearest first."""
    out = []
    for level, images in zip(patient.levels, patient.axial, strict=True):
        found = jittered(level, rng)
        through = axial.assign([found], [image.plane for image in images], "")
        by_uid = {image.plane.sop_instance_uid: image for image in images}
        out.append((found, [by_uid[uid] for one in through for uid in one.sop_instance_uids]))
    return out


def jittered(level: DiscLevel, rng: np.random.Generator) -> DiscLevel:
    """A level as a localiser finds it: moved and turned a little."""
    turn = Rotation.from_rotvec(np.deg2rad(rng.normal(0, OFF_DEG, 3))).as_matrix()
    return replace(
        level,
        centre_mm=level.centre_mm + rng.normal(0, OFF_MM, 3),
        up=turn @ level.up,
        anterior=turn @ level.anterior,
        left=turn @ level.left,
    )
