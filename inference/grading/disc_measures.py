"""What can be measured of a disc in its picture, for the lines that look at it beside the networks.

All is read from the segmenter's labels in the disc's own frame and from the intensities that lie in them: heights,
depths, signal of the disc beside that of fluid and of bone, the slip of the posterior walls, the canal, the endplates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import Label

Mask = NDArray[np.bool_]

#: Bone so near to the disc is its endplate's, mm; the walls of the bodies are read so far from it.
ENDPLATE_MM, WALL_MM = 5, (5, 12)
#: Fewer pixels than this say nothing.
LEAST_PIXELS = 12


def measures(images: NDArray[np.float32], present: Mask, labels: NDArray[np.uint8]) -> list[float]:
    """`COUNT` numbers of one picture, nan where something was not seen.

    images: (2, rows, columns), T2 and T1; present: (2,); labels: (rows, columns), values of `Label`. Pixels are 1 mm.
    """
    disc, bone = labels == Label.DISC, np.isin(labels, (Label.VERTEBRA, Label.SACRUM))
    canal = labels == Label.CANAL
    own = own_disc(disc)
    if own.sum() < LEAST_PIXELS:
        return [float("nan")] * COUNT
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    top, bottom, back = rows[0], rows[-1], columns[-1]
    above, below = slice(max(top - ENDPLATE_MM, 0), top), slice(bottom + 1, bottom + 1 + ENDPLATE_MM)
    bone[:, back + 6 :] = False  # arches
    walls = [_wall(bone, top - WALL_MM[1], top - WALL_MM[0]), _wall(bone, bottom + WALL_MM[0], bottom + WALL_MM[1])]
    heights = own.sum(axis=0)[columns]
    thirds = [float(part.mean()) for part in np.array_split(heights, 3)]
    depth = float(len(columns))
    shape = [
        *thirds,
        float(heights.mean()) / depth,
        depth,
        walls[0] - walls[1],
        back - float(np.nanmean(walls)) if np.isfinite(walls).any() else float("nan"),
        _thickness(canal, slice(top, bottom + 1)),
        _thickness(canal, slice(top, bottom + 1)) / _thickness(canal, slice(0, max(top - WALL_MM[0], 1))),
    ]
    return [
        *shape,
        *_signals(images[0], present[0], own, bone, canal, (above, below)),
        *_signals(images[1], present[1], own, bone, canal, (above, below)),
    ]


def _signals(
    image: NDArray[np.float32], there: bool, disc: Mask, bone: Mask, canal: Mask, beside: tuple[slice, slice]
) -> list[float]:
    """Of one weighting: the disc's median, bright and dark parts and endplates, against fluid and against bone."""
    if not there or bone.sum() < LEAST_PIXELS:
        return [float("nan")] * 7
    marrow = float(np.median(image[bone])) or 1.0
    fluid = float(np.percentile(image[canal], 80)) if canal.sum() >= LEAST_PIXELS else float("nan")
    dark, middle, bright = (float(np.percentile(image[disc], share)) for share in (10, 50, 90))
    ends = [
        float(np.median(image[rows][bone[rows]])) if bone[rows].sum() >= LEAST_PIXELS else float("nan")
        for rows in beside
    ]
    return [
        middle / fluid,
        middle / marrow,
        bright / marrow,
        (bright - dark) / marrow,
        *(end / marrow for end in ends),
        fluid / marrow,
    ]


COUNT = 9 + 2 * 7


def own_disc(disc: Mask) -> Mask:
    """The disc in the picture's middle, without those above and below it."""
    pieces, count = ndimage.label(disc)
    if not count:
        return disc
    rows, columns = (np.array(axis) for axis in np.nonzero(disc))
    off = np.hypot(rows - (disc.shape[0] - 1) / 2, columns - (disc.shape[1] - 1) / 2)
    at = int(np.argmin(off))
    own: Mask = pieces == pieces[rows[at], columns[at]]
    return own


def _wall(bone: Mask, first: int, last: int) -> float:
    """Column of the posterior wall in some rows, the median; nan where there is no bone."""
    rows = [row for row in bone[max(first, 0) : max(last, 0)] if row.any()]
    return float(np.median([np.flatnonzero(row)[-1] for row in rows])) if rows else float("nan")


def _thickness(canal: Mask, rows: slice) -> float:
    """Least width of the canal over some rows, smoothed by a median of three; nan where it is not seen."""
    widths = canal[rows].sum(axis=1).astype(float)
    widths = widths[widths > 0]
    return float(np.percentile(widths, 10)) if len(widths) else float("nan")
