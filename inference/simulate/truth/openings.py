"""Sizes of the bony canal, the foramina and the recesses of a simulated patient, measured in its anatomy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.simulate.body.anatomy import Anatomy
from inference.simulate.body.foramen import OUTSIDE_MM, ROOT_BEHIND_MM, roof_mm
from inference.simulate.body.layout import Place
from inference.simulate.body.tissue import BONE, DISC, LEVELS, Tissue
from inference.simulate.causes.narrowing import RECESS_AT_MM
from inference.simulate.causes.records import Body, DiscCause
from inference.simulate.truth.parts import part_names, parts_at
from inference.types import FloatArray

STEP_MM = 0.4
#: Step of measurements between bone and disc, mm.
FINE_MM = 0.2
#: Distance between disc and facet below which a foramen is closed from below, mm: the least normal width.
CLOSED_MM = 4.0
#: Distance below the upper endplate of the vertebra below at which a lateral recess is measured, mm.
RECESS_BELOW_MM = 1.5
#: Largest height of a foramen, and height below the pedicle that is always open for the root, mm.
FORAMEN_MOST_MM, ROOT_ROOM_MM = 26.0, 2.0
_HARD = (*BONE, Tissue.CORTEX, Tissue.SACRUM_MARROW, Tissue.SACRUM_CORTEX, *range(DISC, DISC + LEVELS))
_SAC = (Tissue.CSF, Tissue.ROOT, Tissue.DURA)
_SOLID = (*_HARD, Tissue.FLAVUM)


@dataclass(frozen=True)
class Foramen:
    """A foramen in the sagittal plane through its middle.

    height_mm: from the pedicle down to where bone and disc are less than
    `CLOSED_MM` apart. width_mm: their distance at the level of the disc.
    fat_mm2, root_mm2: areas.
    """

    height_mm: float
    width_mm: float
    fat_mm2: float
    root_mm2: float


@dataclass(frozen=True)
class Openings:
    """Openings of one level, by side ``left`` and ``right``; the bony canal front to back in the disc's plane.

    recess_mm: depth of the lateral recess at the upper edge of the pedicle below.
    """

    foramina: dict[str, Foramen]
    recess_mm: dict[str, float]
    bony_canal_ap_mm: float


def measure(anatomy: Anatomy, body: Body, disc: DiscCause) -> Openings:
    """The openings at the disc below `body`."""
    sides = {"left": 1.0, "right": -1.0}
    return Openings(
        foramina={side: _foramen(anatomy, body, disc.level, side, sign) for side, sign in sides.items()},
        recess_mm={side: _recess(anatomy, body, disc, sign) for side, sign in sides.items()},
        bony_canal_ap_mm=_bony_canal(anatomy, body, disc),
    )


def _foramen(anatomy: Anatomy, body: Body, level: str, side: str, sign: float) -> Foramen:
    place, h = anatomy.layout.bodies[body.name], body.height_mm
    up, back = np.arange(0.3 * h, -1.3 * h, -STEP_MM), body.depth_mm / 2 + np.arange(-14, 22, STEP_MM)
    x = np.full((len(up), len(back)), sign * (body.canal_width_mm / 2 + OUTSIDE_MM))
    local = np.stack([x, *np.meshgrid(back, up)], axis=-1)
    parts = _named(anatomy, place.centre_mm + local @ place.axes)
    cell = STEP_MM**2
    return Foramen(
        height_mm=_height(anatomy, body, sign),
        width_mm=_width(anatomy, body, level, sign),
        fat_mm2=float((parts == f"{level} {side} fat").sum() * cell),
        root_mm2=float((parts == f"{level} {side} root").sum() * cell),
    )


def _height(anatomy: Anatomy, body: Body, sign: float) -> float:
    """Height of a foramen from the pedicle's underside down, mm."""
    roof = roof_mm(body)
    up = np.arange(roof + 3, roof - FORAMEN_MOST_MM, -FINE_MM)
    gaps = _gaps(anatomy, anatomy.layout.bodies[body.name], body, sign, up)
    under = round((3 + ROOT_ROOM_MM) / FINE_MM)
    above, below = gaps[:under] < 1.0, gaps[under:] < CLOSED_MM
    top = np.flatnonzero(above)[-1] + 1 if above.any() else 0
    bottom = np.flatnonzero(below)[0] if below.any() else len(below)
    return float((under - top + bottom) * FINE_MM)


def _width(anatomy: Anatomy, body: Body, level: str, sign: float) -> float:
    """Least distance between disc and facet, mm."""
    gaps = _gaps(anatomy, anatomy.layout.discs[level], body, sign, np.array([-0.6, 0.0, 0.6]))
    return float(gaps.min())


def _gaps(anatomy: Anatomy, place: Place, body: Body, sign: float, up: FloatArray) -> FloatArray:
    """Length from front to back of the widest gap in bone and disc that lies behind the body's wall, by height, mm."""
    v = np.arange(-10.0, 20.0, FINE_MM)
    x = np.full((len(up), len(v)), sign * (body.canal_width_mm / 2 + OUTSIDE_MM))
    local = np.stack([x, *np.meshgrid(body.depth_mm / 2 + v, up)], axis=-1)
    solid = np.isin(anatomy.spine(place.centre_mm + local @ place.axes).cpu().numpy(), _HARD)
    gaps = np.zeros(len(up))
    for row, line in enumerate(solid):
        line[0] = True
        edges = np.flatnonzero(np.append(line, True))
        between = np.diff(edges) - 1
        behind = v[edges[:-1]] < ROOT_BEHIND_MM + 4
        gaps[row] = (between * behind).max(initial=0) * FINE_MM
    return gaps


def _recess(anatomy: Anatomy, body: Body, disc: DiscCause, sign: float) -> float:
    """From the wall of the body below to the first solid tissue, mm: the deepest place beside the sac."""
    place = anatomy.layout.discs[disc.level]
    v, side = np.arange(-4.0, 14.0, FINE_MM), sign * (RECESS_AT_MM + np.array([-1.0, -0.5, 0.0, 0.5]))
    local = np.zeros((len(side), len(v), 3))
    local[..., 0], local[..., 1] = side[:, None], body.depth_mm / 2 + v
    local[..., 2] = -disc.height_mm / 2 - RECESS_BELOW_MM
    codes = anatomy.spine(place.centre_mm + local @ place.axes).cpu().numpy()
    return float(max(_open_behind_bone(line) for line in codes) * FINE_MM)


def _open_behind_bone(codes: NDArray[np.uint8]) -> int:
    """Number of points of fat, ligament and root behind the first bone; 0 if the sac is among them."""
    solid = np.flatnonzero(np.append(np.isin(codes, _SOLID), True))
    gap = np.flatnonzero(np.diff(solid) > 1)
    if not len(gap):
        return 0
    between = codes[solid[gap[0]] + 1 : solid[gap[0] + 1]]
    return 0 if np.isin(between, _SAC).any() else len(between)


def _bony_canal(anatomy: Anatomy, body: Body, disc: DiscCause) -> float:
    """From the disc to the laminae or the flavum's bony roof, in the midline."""
    place = anatomy.layout.discs[disc.level]
    back = np.arange(body.depth_mm / 2 - 4, body.depth_mm / 2 + 36, STEP_MM)
    local = np.stack([np.zeros_like(back), back, np.zeros_like(back)], axis=-1)
    parts = _named(anatomy, place.centre_mm + local @ place.axes)
    return float(np.isin(parts, ("sac", "canal")).sum() * STEP_MM)


def _named(anatomy: Anatomy, points: FloatArray) -> NDArray[np.str_]:
    names = part_names(anatomy)
    table = np.array([names.get(label, "") for label in range(256)])
    named: NDArray[np.str_] = table[parts_at(anatomy, points)]
    return named
