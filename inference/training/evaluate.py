"""Figures of a model on patients that it never saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.models.unet import UNet
from inference.segment import segment
from inference.training.spider import Case
from inference.types import Label

FOREGROUND = (Label.VERTEBRA, Label.DISC, Label.CANAL, Label.SACRUM)
#: Those that people labelled in the real volumes.
SCORED = (Label.VERTEBRA, Label.DISC, Label.CANAL)


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice overlap of two masks; 1 when both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2.0 * int((predicted & truth).sum()) / total if total else 1.0


def dice_per_class(network: UNet, case: Case) -> list[float]:
    """Dice of every class of `FOREGROUND` on the case's own grid; NaN of one that its truth does not show."""
    labels = segment(network, case.volume).labels
    return [
        dice(labels == value, case.truth.labels == value) if (case.truth.labels == value).any() else float("nan")
        for value in FOREGROUND
    ]
