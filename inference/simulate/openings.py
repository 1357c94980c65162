"""What the bony canal, the foramina and the recesses of a simulated patient measure, taken from the maps themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.simulate.anatomy import Anatomy
from inference.simulate.causes import Body, DiscCause
from inference.simulate.narrowing import recess_mm
from inference.simulate.parts import part_names, parts_at
from inference.types import FloatArray

STEP_MM = 0.4
#: A foramen is measured this far outside the edge of the bony canal, mm.
OUTSIDE_MM = 6.0


@dataclass(frozen=True)
class Foramen:
    """A foramen in the sagittal plane through its middle: height and width of fat and root, and their areas."""

    height_mm: float
    width_mm: float
    fat_mm2: float
    root_mm2: float


@dataclass(frozen=True)
class Openings:
    """One level's: by side ``left`` and ``right``; the bony canal front to back in the disc's plane.

    recess_mm: depth of the lateral recess that its severity stands for.
    """

    foramina: dict[str, Foramen]
    recess_mm: dict[str, float]
    bony_canal_ap_mm: float


def measure(anatomy: Anatomy, body: Body, disc: DiscCause) -> Openings:
    """The openings at the disc below `body`."""
    return Openings(
        foramina={
            side: _foramen(anatomy, body, disc.level, side, sign) for side, sign in (("left", 1.0), ("right", -1.0))
        },
        recess_mm={side: recess_mm(disc.severity(f"recess_{side}")) for side in ("left", "right")},
        bony_canal_ap_mm=_bony_canal(anatomy, body, disc),
    )


def _foramen(anatomy: Anatomy, body: Body, level: str, side: str, sign: float) -> Foramen:
    place, h = anatomy.layout.bodies[body.name], body.height_mm
    up, back = np.arange(0.3 * h, -1.3 * h, -STEP_MM), body.depth_mm / 2 + np.arange(-14, 22, STEP_MM)
    x = np.full((len(up), len(back)), sign * (body.canal_width_mm / 2 + OUTSIDE_MM))
    local = np.stack([x, *np.meshgrid(back, up)], axis=-1)
    found = _named(anatomy, place.centre_mm + local @ place.axes)
    fat, root = found == f"{level} {side} fat", found == f"{level} {side} root"
    open_ = fat | root
    cell = STEP_MM**2
    return Foramen(
        height_mm=float(open_.any(axis=1).sum() * STEP_MM),
        width_mm=float(open_.sum(axis=1).max() * STEP_MM),
        fat_mm2=float(fat.sum() * cell),
        root_mm2=float(root.sum() * cell),
    )


def _bony_canal(anatomy: Anatomy, body: Body, disc: DiscCause) -> float:
    """From the disc to the laminae or the flavum's bony roof, in the midline."""
    place = anatomy.layout.discs[disc.level]
    way = np.arange(body.depth_mm / 2 - 4, body.depth_mm / 2 + 36, STEP_MM)
    local = np.stack([np.zeros_like(way), way, np.zeros_like(way)], axis=-1)
    found = _named(anatomy, place.centre_mm + local @ place.axes)
    return float(np.isin(found, ("sac", "canal")).sum() * STEP_MM)


def _named(anatomy: Anatomy, points: FloatArray) -> NDArray[np.str_]:
    names = part_names(anatomy)
    table = np.array([names.get(label, "") for label in range(256)])
    named: NDArray[np.str_] = table[parts_at(anatomy, points)]
    return named
