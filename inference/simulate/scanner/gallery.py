"""Sheets of images of simulated patients, for readers to look at.

python -m inference.simulate.gallery OUT

Writes ``simulator-canal.jpg`` and ``simulator-foramen.jpg`` (by grade) and
``simulator-disease.jpg`` (other disease); docs/simulator.md says what each
column shows.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.simulate.body.anatomy import Anatomy
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.causes.records import Body, DiscCause, Herniation, Patient
from inference.simulate.scanner import acquire
from inference.simulate.scanner.signal import Protocol
from inference.types import FloatArray

Picture = NDArray[np.uint8]
LEVEL = "L4-L5"
#: One severity in the middle of each grade.
GRADES = (0.4, 1.5, 2.5, 3.6)
#: Bulge of the disc and thickening of the flavum for each grade of the canal, mm.
BULGE_MM, FLAVUM_MM = 1.0, 0.6
T2 = Protocol("T2", 3600, 100, 16, 4.0, 0.4, 0.008, 60, 0.5, 0.0, 5, plateau_mm=40, acquired=(0.85, 1.0))
T1 = replace(T2, weighting="T1", repetition_ms=560, echo_ms=10, echo_train=3)
STIR = replace(T2, weighting="STIR", repetition_ms=4200, echo_ms=50, inversion_ms=205, tesla=3.0)


def main(out: Path) -> None:
    """Write the three sheets."""
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in (("canal", canal()), ("foramen", foramen()), ("disease", disease())):
        sheet = np.vstack([np.hstack(row) for row in rows])
        Image.fromarray(sheet).save(out / f"simulator-{name}.jpg", quality=80)


def canal() -> list[list[Picture]]:
    """Rows: sagittal T2, axial T2 at the disc. Columns: normal, mild, moderate, severe."""
    patients = [_with(_patient(), canal=severity) for severity in GRADES]
    return [[_sagittal(patient, 0.0, T2) for patient in patients], [_axial(patient, T2) for patient in patients]]


def foramen() -> list[list[Picture]]:
    """Rows: sagittal T1 and T2 through the left foramina. Columns: normal, mild, moderate, severe."""
    patients = [_with(_patient(), foramen_left=severity) for severity in GRADES]
    foramen_mm = _patient().bodies[-2].canal_width_mm / 2 + 6.0
    return [[_sagittal(patient, foramen_mm, protocol) for patient in patients] for protocol in (T1, T2)]


def disease() -> list[list[Picture]]:
    """Rows: sagittal T2, T1 and STIR. Columns: see docs/simulator.md."""
    plain = _patient()
    extruded = Herniation("extrusion", "central", 0, 7.0, 14.0, -6.0)
    haemangioma = (2.0, -4.0, 2.0, 7.0)
    bodies = [replace(body, haemangioma=haemangioma) if body.name == "L3" else body for body in plain.bodies]
    wedged = [_wedged(body) if body.name == "L2" else body for body in plain.bodies]
    patients = [
        _with(plain, herniation=extruded, degeneration=0.8),
        _with(plain, slip_mm=7.0, degeneration=0.9, height_mm=5.0, canal=2.4),
        _with(plain, modic=1, modic_mm=8.0, degeneration=0.9, schmorl_above_mm=4.0),
        _with(plain, modic=2, modic_mm=9.0, degeneration=0.95, height_mm=4.5),
        replace(plain, bodies=tuple(wedged)),
        replace(plain, bodies=tuple(bodies), transition="lumbarised"),
    ]
    return [[_sagittal(patient, 0.0, protocol) for patient in patients] for protocol in (T2, T1, STIR)]


def _patient() -> Patient:
    return draw(12, StudyOptions(severity="normal"))


def _with(patient: Patient, **changes: object) -> Patient:
    """The patient with changes at `LEVEL` and their consequences."""
    return replace(patient, discs=tuple(_changed(disc, changes) for disc in patient.discs))


def _changed(disc: DiscCause, changes: dict[str, object]) -> DiscCause:
    if disc.level != LEVEL:
        return disc
    ill = replace(disc, **changes)  # type: ignore[arg-type]
    return replace(ill, bulge_mm=max(ill.bulge_mm, BULGE_MM * ill.canal), flavum_mm=3.4 + FLAVUM_MM * ill.canal)


def _wedged(body: Body) -> Body:
    """The vertebra with an acute wedge fracture."""
    height, wedge = body.height_mm * 0.78, body.wedge_deg - 14
    return replace(body, height_mm=height, wedge_deg=wedge, fracture=0.45, fracture_acute=0.8)


def _sagittal(patient: Patient, left_mm: float, protocol: Protocol) -> Picture:
    anatomy = Anatomy(patient)
    middle = anatomy.layout.discs["L3-L4"].centre_mm + np.array([left_mm, 14.0, -4.0])
    return _rendered(anatomy, middle, np.eye(3)[1], -np.eye(3)[2], (420, 230), 0.5, protocol)


def _axial(patient: Patient, protocol: Protocol) -> Picture:
    anatomy = Anatomy(patient)
    place = anatomy.layout.discs[LEVEL]
    return _rendered(anatomy, place.world(0, 16, 0), place.axes[0], place.axes[1], (200, 230), 0.45, protocol)


def _rendered(
    anatomy: Anatomy,
    middle: FloatArray,
    along_row: FloatArray,
    along_column: FloatArray,
    pixels: tuple[int, int],
    spacing_mm: float,
    protocol: Protocol,
) -> Picture:
    planes = acquire.stack(middle, along_row, along_column, pixels, spacing_mm, 1, protocol)
    image = acquire.images(anatomy, planes, [protocol], 4)[0][0].astype(np.float64)
    grey: Picture = np.clip(image / np.percentile(image, 99) * 235, 0, 255).astype(np.uint8)
    return grey


if __name__ == "__main__":
    main(Path(sys.argv[1]))
