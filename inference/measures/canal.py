"""Segmentation and levels -> millimetres, with the unit beside every number.

The canal is cut by the disc's own plane (or by a plane through the middle of a
vertebral body), sampled finely, and its area and front-to-back diameter read
off the cut, as a reader does on an angled axial image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.images import geometry
from inference.types import DiscLevel, FloatArray, Label, Measurement, Notice, Segmentation, VertebraLevel

#: Sampling of a cut, and how far it reaches behind the centre and to each side.
STEP_MM = 0.25
BEHIND_MM = 65.0
BESIDE_MM = 22.0
#: The diameter is the median chord this far to each side of the canal's middle.
MIDLINE_MM = 2.0
#: Cuts with less canal than this were cut beside it.
MIN_CANAL_MM2 = 15.0

#: The plane is moved by so much along its normal to see what a small misplacement does.
NUDGE_MM = 1.5
#: Standard deviation of the diameter that the segmenter itself brings: its median error is 0.8 mm
#: (docs/figures/segmentation.md),
#: which is 0.67 of a standard deviation.
SEGMENTER_SD_MM = 1.2


@dataclass(frozen=True)
class CanalCut:
    """The canal in one plane; `whole` unless the imaged slab cuts it off at a side.

    ap_sd_mm, area_sd_mm2: uncertainty of both, one standard deviation.
    """

    centre_mm: FloatArray
    ap_mm: float
    area_mm2: float
    whole: bool
    ap_sd_mm: float = SEGMENTER_SD_MM
    area_sd_mm2: float = 0.0


def cut_canal(segmentation: Segmentation, level: DiscLevel | VertebraLevel) -> CanalCut | None:
    """Area and midline front-to-back diameter of the canal in a level's plane, or None when not seen.

    The uncertainty joins what the segmenter brings with the spread over planes
    `NUDGE_MM` above and below; the area's relative error is taken for the diameter's.
    """
    cut = _cut(segmentation, level, STEP_MM)
    if cut is None:
        return None
    moves = [replace(level, centre_mm=level.centre_mm + way * NUDGE_MM * level.up) for way in (-1.0, 1.0)]
    beside = [near for near in (_cut(segmentation, moved, 2 * STEP_MM) for moved in moves) if near is not None]
    spread = float(np.std([cut.ap_mm, *(near.ap_mm for near in beside)]))
    areas = float(np.std([cut.area_mm2, *(near.area_mm2 for near in beside)]))
    model = cut.area_mm2 * SEGMENTER_SD_MM / max(cut.ap_mm, 3.0)
    return replace(cut, ap_sd_mm=float(np.hypot(spread, SEGMENTER_SD_MM)), area_sd_mm2=float(np.hypot(areas, model)))


def _cut(segmentation: Segmentation, level: DiscLevel | VertebraLevel, step_mm: float) -> CanalCut | None:
    """The canal in one plane, sampled every `step_mm`."""
    behind = np.arange(0.0, BEHIND_MM, step_mm)
    beside = np.arange(-BESIDE_MM, BESIDE_MM + step_mm, step_mm)
    points = (
        level.centre_mm
        - np.multiply.outer(behind, level.anterior)[:, None, :]
        + np.multiply.outer(beside, level.left)[None, :, :]
    )
    mask = geometry.sample_labels(segmentation, points, (Label.CANAL,)) == Label.CANAL
    mask = _largest(mask)
    area = float(mask.sum()) * step_mm**2
    if area < MIN_CANAL_MM2:
        return None
    rows, columns = np.nonzero(mask)
    middle = round(float(columns.mean()))
    reach = round(MIDLINE_MM / step_mm)
    chords = mask[:, max(0, middle - reach) : middle + reach + 1].sum(axis=0)
    centre = points[round(float(rows.mean())), middle]
    whole = not (mask & _at_slab_edge(segmentation, points)).any()
    return CanalCut(centre, float(np.median(chords)) * step_mm, area, bool(whole))


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = ndimage.label(mask)
    if count < 2:
        return mask
    result: NDArray[np.bool_] = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return result


def _at_slab_edge(segmentation: Segmentation, points: FloatArray) -> NDArray[np.bool_]:
    """Where points lie beyond half a slice from the outermost slices' inner side."""
    index = geometry.apply(geometry.inverse(segmentation.affine), points)[..., 0]
    last = segmentation.labels.shape[0] - 1
    result: NDArray[np.bool_] = (index < 0.25) | (index > last - 0.25)
    return result


def measure(
    segmentation: Segmentation, discs: tuple[DiscLevel, ...], vertebrae: tuple[VertebraLevel, ...]
) -> tuple[tuple[DiscLevel, ...], tuple[Measurement, ...]]:
    """Canal diameter and area at each disc and mid-vertebra.

    Returns the discs with `canal_mm` set, and the measurements.
    """
    measured: list[Measurement] = []
    placed: list[DiscLevel] = []
    for disc in discs:
        cut = cut_canal(segmentation, disc)
        placed.append(replace(disc, canal_mm=cut.centre_mm if cut else None))
        measured += _measurements(disc.level, cut)
    for vertebra in vertebrae:
        measured += _measurements(vertebra.name, cut_canal(segmentation, vertebra))
    return tuple(placed), tuple(measured)


def _measurements(place: str, cut: CanalCut | None) -> list[Measurement]:
    if cut is None:
        unseen = Notice("canal_not_seen")
        return [
            Measurement(place, "canal_ap", None, "mm", unseen),
            Measurement(place, "canal_area", None, "mm²", unseen),
        ]
    return [
        Measurement(place, "canal_ap", round(cut.ap_mm, 1), "mm", plus_minus=round(cut.ap_sd_mm, 1)),
        Measurement(
            place,
            "canal_area",
            round(cut.area_mm2),
            "mm²",
            None if cut.whole else Notice("canal_cut_off"),
            lower_bound=not cut.whole,
            plus_minus=round(cut.area_sd_mm2) if cut.whole else None,
        ),
    ]


def lookup(measurements: tuple[Measurement, ...], place: str, quantity: str) -> Measurement | None:
    """What was measured at a place, or None when nothing was."""
    for item in measurements:
        if item.place == place and item.quantity == quantity and item.value is not None:
            return item
    return None
