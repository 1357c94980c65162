"""Segmentation, levels and sagittal images -> how high each foramen is, and how much fat lies in it.

A foramen is looked at in planes beside the canal, where the pedicle above closes it. Its height is the gap between
the pedicles above and below (Hasegawa et al., J Spinal Disord 1995). Its upper part, from the pedicle down to the
middle of the disc and from the bodies' posterior wall to the pars, holds root and fat: fat is what is brighter than
the marrow of the same plane, on T1, or on T2 where there is no T1. The facet that reaches into a foramen from below
is not outlined by the segmenter: the width between disc and facet cannot be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.images import geometry
from inference.types import LUMBAR_LEVELS, DiscLevel, FloatArray, Label, Measurement, Notice, Role, Segmentation, Volume

#: Side of a foramen -> its way along the disc's `left`.
SIDES = {"left": 1.0, "right": -1.0}
#: Planes beside the midline; of those with a pedicle the innermost so many are looked at.
BESIDE_MM, PLANES = tuple(float(mm) for mm in range(10, 26, 2)), 3
#: A plane is sampled so finely, from above the disc's centre to below it, and from it to the back.
STEP_MM = 0.75
ABOVE_MM, BELOW_MM, BEHIND_MM = 30.0, 24.0, 52.0
#: The posterior wall is read in planes so far beside the midline, so far above the disc, and not so far behind the
#: disc's end: what lies there belongs to the arch.
WALL_AT_MM, BODY_MM, ARCH_MM = (0.0, 3.0, 6.0), (2.0, 10.0), 8.0
#: A pedicle is bone from so far to so far behind the posterior wall; nearly all of that is.
PEDICLE_MM, NEARLY = (2.0, 7.0), 0.8
#: An opening with nothing behind it ends so far behind the wall. Before the wall it may begin so far: at the disc.
DEPTH_MM, AHEAD_MM = 13.0, 3.0
#: A plane that shows less of an opening, mm2, or so much of the sac in it, lies elsewhere: no pedicle was seen there.
LEAST_MM2, MOST_SAC = 60.0, 0.05
#: Fat is brighter than so much of the marrow's median. On T2 it is hardly brighter than marrow, and all else is darker.
FAT = {Role.SAGITTAL_T1: 1.0, Role.SAGITTAL_T2: 0.85}
#: Less marrow than this in a plane is not compared with.
MARROW_MM2 = 75.0

NOT_REACHED = Notice("foramen_not_reached")
NO_UPPER_PEDICLE = Notice("upper_pedicle_not_seen")
NO_LOWER_PEDICLE = Notice("lower_pedicle_not_seen")
NO_BRIGHT_FAT = Notice("fat_not_bright")
NO_MARROW = Notice("too_little_marrow")

Mask = NDArray[np.bool_]
#: Any points (..., 3), LPS mm -> their `Label`.
Labels = Callable[[FloatArray], NDArray[np.uint8]]

_ABOVE = np.arange(ABOVE_MM, -BELOW_MM, -STEP_MM)
_BEHIND = np.arange(0.0, BEHIND_MM, STEP_MM)


@dataclass(frozen=True)
class Opening:
    """One foramen as its planes show it, rows to the feet and columns to the back.

    points: (planes, rows, columns, 3), LPS mm, planes from the midline outwards. marrow, free: (planes, rows, columns),
    marrow to compare with and the opening's upper part. heights_mm: (planes,), not a number where no pedicle is seen
    below.
    """

    points: FloatArray
    marrow: Mask
    free: Mask
    heights_mm: FloatArray


def measure_foramina(
    segmentation: Segmentation, discs: Iterable[DiscLevel], sagittal: Mapping[Role, Volume]
) -> tuple[Measurement, ...]:
    """Height and fat of both foramina of every lumbar disc: ``foramen_height_left``, ``foramen_fat_left`` and so on.

    sagittal: those of T2 and T1 in which fat is bright, in the segmentation's frame of reference.
    """

    def labels(points: FloatArray) -> NDArray[np.uint8]:
        return geometry.sample_labels(segmentation, points, (Label.VERTEBRA, Label.DISC, Label.CANAL, Label.SACRUM))

    last = len(segmentation.labels) - 0.5
    to_index = geometry.inverse(segmentation.affine)

    def reached(points: FloatArray) -> Mask:
        index = geometry.apply(to_index, points)[..., 0]
        inside: Mask = (index > -0.5) & (index < last)
        return inside

    role = next((role for role in FAT if role in sagittal), None)
    found: list[Measurement] = []
    for disc in discs:
        if disc.level in LUMBAR_LEVELS:
            for side in SIDES:
                opening = opening_of(labels, disc, side, reached)
                found += [
                    _measurement(disc.level, f"foramen_height_{side}", _heights(opening), "mm"),
                    _measurement(disc.level, f"foramen_fat_{side}", _fat(opening, role, sagittal), "mm²"),
                ]
    return tuple(found)


def opening_of(
    labels: Labels, disc: DiscLevel, side: str, reached: Callable[[FloatArray], Mask] | None = None
) -> Opening | Notice:
    """The foramen at one side of a disc, or why it cannot be seen. reached: whether points lie in the imaged slab."""
    points = _plane(disc, SIDES[side] * np.array(BESIDE_MM), _ABOVE, _BEHIND)
    imaged = np.ones(len(points), dtype=bool)
    if reached is not None:
        imaged = reached(points[:, len(_ABOVE) // 2, len(_BEHIND) // 2])
    if imaged.sum() < PLANES:
        return NOT_REACHED
    wall = _wall_mm(labels, disc, side)
    if wall is None:
        return NO_UPPER_PEDICLE
    points = points[imaged]
    found = labels(points)
    bone = (found == Label.VERTEBRA) | (found == Label.SACRUM)
    start, end = (round((wall + mm) / STEP_MM) for mm in PEDICLE_MM)
    pedicle = bone[:, :, start:end].mean(axis=2) > NEARLY
    half = disc.height_mm / 2
    above, below = half + 2.0 < _ABOVE, 2.0 - half > _ABOVE
    roofs = np.array([_ABOVE[rows][-1] if rows.any() else np.nan for rows in pedicle & above]) - STEP_MM / 2
    floors = np.array([_ABOVE[rows][0] if rows.any() else np.nan for rows in pedicle & below]) + STEP_MM / 2
    solid = bone | (found == Label.DISC)
    free = np.stack([_free(one, wall, roof) for one, roof in zip(solid, roofs, strict=True)])
    area = free.sum(axis=(1, 2))
    sac = (free & (found == Label.CANAL)).sum(axis=(1, 2))
    seen = np.flatnonzero((area * STEP_MM**2 > LEAST_MM2) & (sac < MOST_SAC * area))[:PLANES]
    if not len(seen):
        return NO_UPPER_PEDICLE
    return Opening(points[seen], bone[seen], free[seen], (roofs - floors)[seen])


def _plane(disc: DiscLevel, left: FloatArray, above: FloatArray, behind: FloatArray) -> FloatArray:
    """LPS mm of planes beside a disc's middle, (planes, rows, columns, 3)."""
    return np.asarray(
        disc.centre_mm
        + left[:, None, None, None] * disc.left
        + above[:, None, None] * disc.up
        - behind[:, None] * disc.anterior
    )


def _wall_mm(labels: Labels, disc: DiscLevel, side: str) -> float | None:
    """How far behind the disc's centre the vertebra above ends, before the canal; None when it is not seen."""
    above = np.arange(disc.height_mm / 2 + BODY_MM[0], disc.height_mm / 2 + BODY_MM[1], STEP_MM)
    behind = _BEHIND[disc.depth_mm / 2 + ARCH_MM > _BEHIND]
    body = labels(_plane(disc, SIDES[side] * np.array(WALL_AT_MM), above, behind)) == Label.VERTEBRA
    edges = [behind[np.flatnonzero(row)[-1]] for row in body.reshape(-1, len(behind)) if row.any()]
    return float(np.median(edges)) if len(edges) > len(above) else None


def _free(solid: Mask, wall_mm: float, roof_mm: float) -> Mask:
    """The opening below the pedicle and above the middle of the disc, (rows, columns), up to the bone behind it.

    roof_mm: not a number where no pedicle was seen; nothing is open there.
    """
    start, wall, end = (max(round((wall_mm + mm) / STEP_MM), 0) for mm in (-AHEAD_MM, AHEAD_MM, DEPTH_MM))
    free = ~solid
    free[:, wall:] &= ~np.maximum.accumulate(solid[:, wall:], axis=1)
    free[:, :start] = free[:, end:] = False
    free[~((roof_mm > _ABOVE) & (_ABOVE > 0.0))] = False
    return free


def fat_of(opening: Opening, role: Role, volume: Volume) -> FloatArray | Notice:
    """mm2 of fat in each plane, not a number where there is too little marrow; or why there is none at all."""
    images = geometry.sample(volume.array, volume.affine, opening.points)
    cell = STEP_MM**2
    areas = np.full(len(images), np.nan)
    for number, (image, marrow, free) in enumerate(zip(images, opening.marrow, opening.free, strict=True)):
        bright = image[marrow & np.isfinite(image)]
        if len(bright) * cell >= MARROW_MM2:
            areas[number] = float((image[free] > FAT[role] * np.median(bright)).sum()) * cell
    return areas if np.isfinite(areas).any() else NO_MARROW


def _heights(opening: Opening | Notice) -> FloatArray | Notice:
    if isinstance(opening, Notice):
        return opening
    return opening.heights_mm if np.isfinite(opening.heights_mm).any() else NO_LOWER_PEDICLE


def _fat(opening: Opening | Notice, role: Role | None, sagittal: Mapping[Role, Volume]) -> FloatArray | Notice:
    if isinstance(opening, Notice):
        return opening
    return NO_BRIGHT_FAT if role is None else fat_of(opening, role, sagittal[role])


def _measurement(level: str, quantity: str, values: FloatArray | Notice, unit: str) -> Measurement:
    """The planes' median, or why there is none."""
    if isinstance(values, Notice):
        return Measurement(level, quantity, None, unit, values)
    return Measurement(level, quantity, round(float(np.nanmedian(values)), 1 if unit == "mm" else None), unit)
