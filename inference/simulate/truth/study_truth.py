"""The exact truth of a simulated study."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as components

from inference.simulate.body.anatomy import Anatomy
from inference.simulate.body.layout import ALONG_MM
from inference.simulate.causes.records import SITES, Body, DiscCause, Patient, grade_of
from inference.simulate.truth import openings
from inference.simulate.truth.openings import Openings
from inference.simulate.truth.parts import filled
from inference.types import FloatArray, Grade, Label, Segmentation

STEP_MM = 0.05
AREA_STEP_MM = 0.25
#: Distance between points of the canal's curve in truth.json, mm.
CURVE_MM = 5.0


@dataclass(frozen=True)
class LevelTruth:
    """One disc: its place, the size of the sac in its plane, the severity of each site.

    Frame as in `inference.types.DiscLevel`. severity: 0..4 by site, the cause
    from which the grade follows; severity and grades have an entry for each of
    `SITES`. cause: the disease of the disc, in mm.
    """

    level: str
    centre_mm: FloatArray
    up: FloatArray
    anterior: FloatArray
    left: FloatArray
    canal_mm: FloatArray
    height_mm: float
    degeneration: float
    sac_ap_mm: float
    sac_area_mm2: float
    severity: dict[str, float]
    grades: dict[str, Grade]
    cause: DiscCause
    pfirrmann: int


@dataclass(frozen=True)
class Truth:
    """A study's truth. series: Series Instance UID by role; other_series: of series that no reading uses, by kind."""

    seed: int
    patient: Patient
    accession_number: str
    study_instance_uid: str
    frame_of_reference_uid: str
    series: dict[str, str]
    other_series: dict[str, str]
    levels: tuple[LevelTruth, ...]

    def labels(self, points: FloatArray) -> NDArray[np.uint8]:
        """`Label` at points (..., 3) LPS mm."""
        return anatomy_of(self.patient).labels(points)

    def level(self, name: str) -> LevelTruth:
        """The truth at one disc. Raises KeyError for a level that the patient does not have."""
        for level in self.levels:
            if level.level == name:
                return level
        raise KeyError(name)

    def save(self, path: Path) -> None:
        """Write as JSON: everything but the label function, and the position of the spine.

        ``vertebrae``: name, centre (mm, LPS) and axes (rows left, back, up), head
        to feet, sacral segments last. ``canal_curve_mm``: points on the posterior
        walls every `CURVE_MM`, head to feet. A disc's cause is part of its level,
        and so are the sizes of foramina, recesses and bony canal.
        """
        plain = _plain(asdict(self))
        del plain["patient"]["discs"]
        for level in plain["levels"]:
            level["openings"] = _plain(asdict(openings_of(self.patient)[level["level"]]))
        layout = anatomy_of(self.patient).layout
        places = layout.bodies | layout.sacrum
        plain["vertebrae"] = [
            _plain({"name": name, "centre_mm": place.centre_mm, "axes": place.axes}) for name, place in places.items()
        ]
        plain["canal_curve_mm"] = _plain(layout.canal.curve[:: round(CURVE_MM / ALONG_MM)])
        path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@lru_cache(maxsize=4)
def anatomy_of(patient: Patient) -> Anatomy:
    """The patient's anatomy, prepared once."""
    return Anatomy(patient)


@lru_cache(maxsize=4)
def openings_of(patient: Patient) -> dict[str, Openings]:
    """Sizes of foramina, recesses and bony canal at every disc, by level. Slow, so computed only when needed."""
    pairs = zip(patient.bodies, patient.discs, strict=True)
    return {disc.level: openings.measure(anatomy_of(patient), body, disc) for body, disc in pairs}


def truth_segmentation(patient: Patient, volume_affine: FloatArray, shape: tuple[int, int, int]) -> Segmentation:
    """True labels on a grid ``[slice, row, column]``: what fills most of each voxel's thickness."""
    return Segmentation(filled(anatomy_of(patient).labels, volume_affine, shape), volume_affine)


def measure(patient: Patient) -> tuple[LevelTruth, ...]:
    """Every disc from T11-T12 downward, its sac measured in the label function itself."""
    anatomy = anatomy_of(patient)
    levels = []
    for disc in patient.discs:
        place = anatomy.layout.discs[disc.level]
        left, back, up = place.axes
        body = next(body for body in patient.bodies if body.name == disc.upper)
        ap, area, middle = sac(anatomy, body, disc)
        levels.append(
            LevelTruth(
                level=disc.level,
                centre_mm=place.centre_mm,
                up=up,
                anterior=-back,
                left=left,
                canal_mm=middle,
                height_mm=disc.height_mm,
                degeneration=disc.degeneration,
                sac_ap_mm=ap,
                sac_area_mm2=area,
                severity={site: disc.severity(site) for site in SITES},
                grades={site: grade_of(disc.severity(site)) for site in SITES},
                cause=disc,
                pfirrmann=disc.pfirrmann,
            )
        )
    return tuple(levels)


def sac(anatomy: Anatomy, body: Body, disc: DiscCause) -> tuple[float, float, FloatArray]:
    """Diameter (mm), area (mm2) and middle (LPS) of the sac in the plane of the disc below `body`."""
    place = anatomy.layout.discs[disc.level]
    left, back, _ = place.axes
    ap, middle = _diameter(anatomy, place.world(0, body.depth_mm / 2 - 4, 0), back)
    return ap, _area(anatomy, middle, left, back), middle


def _diameter(anatomy: Anatomy, start: FloatArray, back: FloatArray) -> tuple[float, FloatArray]:
    """Length of the sac along a line to the back, and its middle. In mm."""
    offsets = np.arange(0, 40, STEP_MM)
    inside = anatomy.labels(start + offsets[:, None] * back) == Label.CANAL
    inside_mm = offsets[inside] if inside.any() else np.zeros(1)
    middle: FloatArray = start + float(inside_mm.mean()) * back
    return float(inside.sum() * STEP_MM), middle


def _area(anatomy: Anatomy, middle: FloatArray, left: FloatArray, back: FloatArray) -> float:
    """Area of the sac around `middle` in the plane of left and back, in mm2."""
    side = np.arange(-14, 14, AREA_STEP_MM)
    x, y = np.meshgrid(side, side)
    inside = anatomy.labels(middle + x[..., None] * left + y[..., None] * back) == Label.CANAL
    parts, _ = components(inside)
    central = parts[len(side) // 2, len(side) // 2]
    return float((parts == central).sum() * AREA_STEP_MM**2) if central else 0.0


def _plain(value: Any) -> Any:
    """JSON values; numbers rounded to a thousandth."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float | np.floating):
        return round(float(value), 3)
    return value
