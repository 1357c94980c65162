"""Pixels whose labels are missing or a matter of habit, and are ignored in the loss, wholly or in part.

The readers who outlined SPIDER's volumes left out what lies below the lowest disc: the
sacrum, and the disc within it where S1 is lumbarised. They also ended the canal at
varying heights, while a simulated sac reaches S2. Neither data set may teach that the
other is wrong.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.images import preprocess
from inference.training.data.slab import Slab
from inference.types import Label

#: Training labels besides those of `Label`: every answer but canal is right; every answer is right.
NOT_CANAL, ANYTHING = len(Label), len(Label) + 1

#: Extent of the region where the sacrum may be, mm: below the middle of the lowest disc, and to the front of it (twice
#: that to the back).
SACRUM_MM, BESIDE_MM = 60.0, 34.0
#: A simulated dural sac is labelled down to this distance below the middle of the lowest disc, mm.
SAC_MM = 10.0


def without_sacrum(slab: Slab) -> Slab:
    """A real slab whose background where the sacrum lies is `NOT_CANAL`."""
    middle = _lowest_disc(slab.labels)
    if middle is None:
        return slab
    row, column = middle
    rows, columns = (round(mm / preprocess.SPACING_MM) for mm in (SACRUM_MM, BESIDE_MM))
    labels = slab.labels.copy()
    # The sacrum runs to the back as it runs down.
    part = labels[:, row : row + rows, max(0, column - columns) : column + 2 * columns]
    part[part == Label.BACKGROUND] = NOT_CANAL
    return replace(slab, labels=labels)


def without_end_of_sac(slab: Slab) -> Slab:
    """A simulated slab whose sac below the lowest disc is `ANYTHING`."""
    middle = _lowest_disc(slab.labels)
    if middle is None:
        return slab
    labels = slab.labels.copy()
    part = labels[:, middle[0] + round(SAC_MM / preprocess.SPACING_MM) :]
    part[part == Label.CANAL] = ANYTHING
    return replace(slab, labels=labels)


def _lowest_disc(labels: NDArray[np.uint8]) -> tuple[int, int] | None:
    """(row, column) of the middle of the lowest disc above the sacrum; None without one."""
    disc = labels == Label.DISC
    sacrum = np.flatnonzero((labels == Label.SACRUM).any(axis=(0, 2)))
    if len(sacrum):
        # A disc with more than half of the sacrum above it lies within the sacrum.
        disc[:, round(float(np.median(sacrum))) :] = False
    rows = np.flatnonzero(disc.any(axis=(0, 2)))
    if not len(rows):
        return None
    low = disc[:, max(0, rows[-1] - round(SAC_MM / preprocess.SPACING_MM)) : rows[-1] + 1]
    _, row, column = np.argwhere(low).mean(axis=0)
    return rows[-1] + 1 - low.shape[1] + round(float(row)), round(float(column))
