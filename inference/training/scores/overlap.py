"""Overlap and surface distance of a segmentation on held-out patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.models.unet import UNet
from inference.spine.segment import segment
from inference.training.data.spider import Case
from inference.types import FloatArray, Label

FOREGROUND = (Label.VERTEBRA, Label.DISC, Label.CANAL, Label.SACRUM)
#: Classes that readers labelled in the real volumes.
SCORED = (Label.VERTEBRA, Label.DISC, Label.CANAL)


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice overlap of two masks; 1 when both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2.0 * int((predicted & truth).sum()) / total if total else 1.0


def surface_mm(predicted: NDArray[np.bool_], truth: NDArray[np.bool_], spacing_mm: FloatArray) -> float:
    """95th percentile of the distances from each surface to the other, mm; NaN when one of the masks is empty."""
    either = np.argwhere(predicted | truth)
    if not predicted.any() or not truth.any():
        return float("nan")
    box = tuple(slice(low, high + 1) for low, high in zip(either.min(axis=0), either.max(axis=0), strict=True))
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (np.pad(m[box], 1) for m in (predicted, truth))]
    distances = [ndimage.distance_transform_edt(~edge, sampling=spacing_mm) for edge in edges]
    return float(np.percentile(np.concatenate([distances[1][edges[0]], distances[0][edges[1]]]), 95))


def dice_per_class(network: UNet, case: Case) -> list[float]:
    """Dice of every class of `FOREGROUND` on the case's grid; NaN for a class that its truth does not have."""
    labels = segment(network, case.volume).labels
    return [
        dice(labels == value, case.truth.labels == value) if (case.truth.labels == value).any() else float("nan")
        for value in FOREGROUND
    ]
