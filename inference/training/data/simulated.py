"""Simulated patients as training slabs, stored on disk so that rendering and training are separate.

    python -m inference train render --patients 160 --out runs/simulated --seed 10000

Each patient is scanned twice: a slab of thin slices around the canal, as SPIDER's
T2 SPACE volumes are, and a whole sagittal stack of hospital thickness. Each scan
is rendered by several protocols. One ``NNNNNN.npz`` for each patient; existing files are
not rendered again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.images import preprocess
from inference.images.geometry import plane_grid, stack_affine, unit
from inference.simulate.body.anatomy import Anatomy
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.scanner import acquire
from inference.simulate.scanner.signal import Protocol
from inference.simulate.truth.study_truth import anatomy_of, truth_segmentation
from inference.training.data.slab import THIN_MM, Slab
from inference.types import FloatArray, Segmentation, Slice, Volume

#: Field of view: rows and columns, mm.
VIEW_MM = (300.0, 240.0)


@dataclass(frozen=True)
class Detail:
    """How finely patients are rendered.

    thin_slices, thick_slices: range of their number, its end excluded. samples: points per pixel.
    """

    spacing_mm: float = preprocess.SPACING_MM
    thin_slices: tuple[int, int] = (10, 18)
    thick_slices: tuple[int, int] = (8, 14)
    samples: int = 2


FULL = Detail()


@dataclass(frozen=True)
class Scan:
    """The planes of one stack and the protocols that see it."""

    planes: list[Slice]
    protocols: list[Protocol]


def render(seed: int, detail: Detail) -> list[Slab]:
    """All slabs of the simulated patient `seed`; the same seed gives the same slabs."""
    rng = np.random.default_rng([17, seed])
    lumbar = int(rng.choice([4, 5, 6], p=[0.04, 0.9, 0.06]))
    # Few hospital patients have healthy discs, and a network must learn these too.
    severity = str(rng.choice(["normal", "mixed", "balanced", "severe"], p=[0.35, 0.35, 0.2, 0.1]))
    # Rare anatomy causes most wrong level names, so a network must see it often.
    transition = str(rng.choice(["none", "sacralised", "lumbarised"], p=[0.6, 0.2, 0.2])) if lumbar == 5 else "none"
    surgery = str(rng.choice(["none", "done"], p=[0.75, 0.25]))
    options = StudyOptions(severity=severity, lumbar_vertebrae=lumbar, transition=transition, surgery=surgery)
    patient = draw(seed, options)
    anatomy = anatomy_of(patient)
    scans = _thin(rng, anatomy, detail), _thick(rng, anatomy, detail)
    return [slab for scan in scans for slab in _slabs(anatomy, scan, detail.samples)]


def _slabs(anatomy: Anatomy, scan: Scan, samples: int) -> Iterator[Slab]:
    affine = stack_affine(scan.planes)
    truth = Segmentation(_labels(anatomy, scan.planes, affine), affine)
    for images in acquire.images(anatomy, scan.planes, scan.protocols, samples):
        yield Slab.of(Volume(np.stack(images).astype(np.float32), affine), truth)


def _labels(anatomy: Anatomy, planes: list[Slice], affine: FloatArray) -> NDArray[np.uint8]:
    if planes[0].thickness_mm < THIN_MM:
        return np.stack([anatomy.labels(plane_grid(plane)) for plane in planes])
    return truth_segmentation(anatomy.patient, affine, (len(planes), *planes[0].shape)).labels


def _thin(rng: np.random.Generator, anatomy: Anatomy, detail: Detail) -> Scan:
    """Slices of 1 mm around the canal, the abdomen dark behind a saturation band."""
    gap = float(rng.choice([0.0, 0.5, 1.0]))
    protocols = [_space(rng, gap), _space(rng, gap)]
    return Scan(_planes(rng, anatomy, detail.spacing_mm, detail.thin_slices, protocols[0]), protocols)


def _thick(rng: np.random.Generator, anatomy: Anatomy, detail: Detail) -> Scan:
    """Slices of 3-5 mm from side to side: T2, T1, and one more (STIR, fat suppression, contrast)."""
    thickness = float(rng.uniform(3.0, 5.0))
    gap = thickness * float(rng.uniform(0.0, 0.2))
    protocols = [turbo(rng, weighting, thickness, gap) for weighting in ("T2", "T1", "T2")]
    protocols[2] = _unusual(rng, protocols)
    return Scan(_planes(rng, anatomy, detail.spacing_mm, detail.thick_slices, protocols[0]), protocols)


def _space(rng: np.random.Generator, gap: float) -> Protocol:
    """T2 SPACE, even near the coil and almost black far from it."""
    return Protocol(
        weighting="T2",
        repetition_ms=float(rng.uniform(3500, 6500)),
        echo_ms=float(rng.uniform(110, 180)),
        echo_train=60,
        thickness_mm=1.0,
        gap_mm=gap,
        noise=float(rng.uniform(0.008, 0.025)),
        coil_mm=float(rng.uniform(35, 90)),
        floor=float(rng.uniform(0.02, 0.2)),
        saturation=float(rng.uniform(0.0, 0.95)),
        seed=int(rng.integers(2**31)),
        plateau_mm=float(rng.uniform(30, 80)),
        bandwidth_hz=float(rng.uniform(350, 700)),
        acquired=(float(rng.uniform(0.7, 1.0)), float(rng.uniform(0.8, 1.0))),
        train_decay=float(rng.uniform(0.0, 0.5)),
        flow=float(rng.choice([0.0, rng.uniform(0.2, 0.8)])),
        bias=float(rng.uniform(0.0, 0.1)),
    )


def turbo(rng: np.random.Generator, weighting: str, thickness: float, gap: float) -> Protocol:
    """A hospital's turbo spin echo of one weighting, drawn anew each time."""
    t2 = weighting == "T2"
    tesla = float(rng.choice([1.5, 3.0]))
    return Protocol(
        weighting=weighting,
        repetition_ms=float(rng.uniform(2500, 5000) if t2 else rng.uniform(450, 700)),
        echo_ms=float(rng.uniform(85, 130) if t2 else rng.uniform(8, 14)),
        echo_train=int(rng.integers(12, 24) if t2 else rng.integers(3, 6)),
        thickness_mm=thickness,
        gap_mm=gap,
        noise=float(rng.uniform(0.006, 0.025)),
        coil_mm=float(rng.uniform(40, 90)),
        floor=float(rng.uniform(0.2, 0.6)),
        saturation=float(rng.choice([0.0, 0.75])),
        seed=int(rng.integers(2**31)),
        plateau_mm=float(rng.uniform(0, 70)),
        tesla=tesla,
        bandwidth_hz=float(rng.uniform(150, 300)) * (2 if tesla > 2 else 1),
        acquired=(float(rng.uniform(0.6, 0.9)), float(rng.uniform(0.8, 1.0))),
        train_decay=float(rng.uniform(0.1, 0.7)),
        flow=float(rng.choice([0.0, rng.uniform(0.2, 0.7)])) if t2 else 0.0,
        motion_mm=float(rng.choice([0.0, rng.uniform(0.3, 0.9)], p=[0.85, 0.15])),
        bias=float(rng.uniform(0.0, 0.1)),
    )


def _unusual(rng: np.random.Generator, protocols: list[Protocol]) -> Protocol:
    """A STIR, a fat-suppressed T2 or an enhanced T1 of the same slices as `protocols` (T2, T1, T2)."""
    dice = rng.random()
    if dice < 0.5:
        return replace(
            protocols[2],
            weighting="STIR",
            repetition_ms=float(rng.uniform(3500, 5500)),
            echo_ms=float(rng.uniform(40, 65)),
            inversion_ms=float(rng.uniform(150, 221)),
        )
    if dice < 0.75:
        return replace(protocols[2], fat_suppression=float(rng.uniform(0.8, 1.0)))
    return replace(protocols[1], gadolinium=float(rng.uniform(3, 6)), fat_suppression=float(rng.choice([0.0, 0.95])))


def _planes(
    rng: np.random.Generator,
    anatomy: Anatomy,
    spacing_mm: float,
    slices: tuple[int, int],
    protocol: Protocol,
) -> list[Slice]:
    """A sagittal stack, turned a little as patients lie, from about T10 to the sacrum."""
    yaw, roll = np.deg2rad(rng.normal(0, 2.0, 2))
    along_row = unit(np.array([-np.sin(yaw), np.cos(yaw), 0.0]))
    down = np.array([np.sin(roll), 0.0, -np.cos(roll)])
    along_column = unit(down - along_row * (down @ along_row))
    lowest = anatomy.layout.discs[anatomy.patient.discs[-1].level].centre_mm
    middle = np.median([place.centre_mm[0] for place in anatomy.layout.bodies.values()])
    shift = rng.normal(0, 2.0), rng.uniform(-35, 5), rng.uniform(50, 90)
    centre = np.array([middle + shift[0], shift[1], lowest[2] + shift[2]])
    pixels = round(VIEW_MM[0] / spacing_mm), round(VIEW_MM[1] / spacing_mm)
    return acquire.stack(centre, along_row, along_column, pixels, spacing_mm, int(rng.integers(*slices)), protocol)


def write(out: Path, seed: int, detail: Detail = FULL) -> Path:
    """Render patient `seed` to ``out/<seed>.npz`` unless it exists. Returns the path."""
    path = out / f"{seed:06d}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        arrays: dict[str, NDArray[np.generic]] = {}
        for number, slab in enumerate(render(seed, detail)):
            arrays |= {f"image_{number}": slab.image, f"labels_{number}": slab.labels}
            arrays[f"affine_{number}"] = slab.affine
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        part.replace(path)
    return path


def write_all(out: Path, patients: int, seed: int, workers: int) -> Iterator[int]:
    """Render patients `seed`, `seed` + 1, ... on several processes; yields the number finished."""
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        for count, _ in enumerate(pool.map(write, [out] * patients, range(seed, seed + patients)), start=1):
            yield count


def files(folder: Path) -> list[Path]:
    """Every rendered patient below `folder`, in order of seed."""
    return sorted(folder.glob("*.npz"))


def load(path: Path) -> list[Slab]:
    """The slabs of one rendered patient."""
    with np.load(path, allow_pickle=False) as arrays:
        count = sum(name.startswith("image_") for name in arrays)
        parts = [[arrays[f"{part}_{number}"] for part in ("image", "labels", "affine")] for number in range(count)]
    return [Slab(image, labels, affine, whole=True) for image, labels, affine in parts]
