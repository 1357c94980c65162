"""Where labels are silent or a matter of habit: pixels that leave the network some freedom.

People who outlined SPIDER's volumes left out what lies below the lowest disc: the
sacrum, and the disc within it where S1 stands free. They also ended the canal at
heights of their own, while a simulated sac goes on to S2. Neither may teach that
the other is wrong.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.images import preprocess
from inference.training.data.slab import Slab
from inference.types import Label

#: Labels for training beside those of `Label`: all but canal is right; whatever is said is right.
NOT_CANAL, ANYTHING = len(Label), len(Label) + 1

#: Below the lowest disc's middle so far, mm, and this far to the front and back of it.
SACRUM_MM, BESIDE_MM = 60.0, 34.0
#: A simulated sac counts down to so far below the lowest disc's middle, mm.
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
        # A disc with most of the sacrum above it is within.
        disc[:, round(float(np.median(sacrum))) :] = False
    rows = np.flatnonzero(disc.any(axis=(0, 2)))
    if not len(rows):
        return None
    low = disc[:, max(0, rows[-1] - round(SAC_MM / preprocess.SPACING_MM)) : rows[-1] + 1]
    _, row, column = np.argwhere(low).mean(axis=0)
    return rows[-1] + 1 - low.shape[1] + round(float(row)), round(float(column))
