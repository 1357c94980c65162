"""Volume -> Segmentation, by the U-Net of `inference.models.unet`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional as F

from inference import preprocess
from inference.runtime import Network
from inference.types import Label, Segmentation, Volume

#: Pieces of canal below this share of the largest piece are dropped.
SMALLEST_CANAL_SHARE = 0.1


def _ignore(_: float) -> None:
    """No one listens."""


def predict(network: Network, volume: Volume, progress: Callable[[float], None] = _ignore) -> NDArray[np.float32]:
    """Class probabilities on the network's own grid of `preprocess.prepare(volume)`.

    Returns float32 ``[class, slice, row, column]``. Reports the done share to `progress`.
    """
    array = preprocess.prepare(volume).array
    count, rows, columns = array.shape
    half = network.config.context // 2
    pad_rows, pad_columns = -rows % network.multiple, -columns % network.multiple
    padded = F.pad(torch.from_numpy(array), (0, pad_columns, 0, pad_rows))
    out = np.empty((network.config.classes, count, rows, columns), dtype=np.float32)
    # One slice at a time: several at once are slower with torch and no faster with OpenVINO (docs/figures.md, Speed).
    for index in range(count):
        window = torch.arange(index - half, index + half + 1).clamp(0, count - 1)
        out[:, index] = network.chances(padded[window][None])[0, :, :rows, :columns].numpy()
        progress((index + 1) / count)
    return out


def segment(network: Network, volume: Volume, progress: Callable[[float], None] = _ignore) -> Segmentation:
    """Label every voxel of `volume` on its own grid and affine.

    The probabilities are resampled, not the labels, so edges stay smooth at
    the volume's own resolution.
    """
    chance = predict(network, volume, progress)
    array, affine = preprocess.canonical(volume.array, volume.affine)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    zoom = (preprocess.SPACING_MM / spacing[1], preprocess.SPACING_MM / spacing[2])
    shape = (array.shape[1], array.shape[2])
    labels = np.zeros(array.shape, dtype=np.uint8)
    for index in range(array.shape[0]):
        labels[index] = np.argmax(preprocess.resample_plane(chance[:, index], zoom, shape), axis=0)
    return Segmentation(_onto(one_canal(labels), affine, volume), volume.affine)


def one_canal(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drop pieces of canal far smaller than the largest: bowel and vessels can look like it.

    Pieces above and below a severe stenosis are large, and stay.
    """
    pieces, count = ndimage.label(labels == Label.CANAL, structure=np.ones((3, 3, 3)))
    if count > 1:
        size = np.bincount(pieces.ravel())
        size[0] = 0
        labels[(size < SMALLEST_CANAL_SHARE * size.max())[pieces] & (pieces > 0)] = Label.BACKGROUND
    return labels


def _onto(labels: NDArray[np.uint8], affine: NDArray[np.float64], volume: Volume) -> NDArray[np.uint8]:
    """Undo `preprocess.canonical`: labels in the axis order and direction of `volume`."""
    to_index = np.round(np.linalg.inv(volume.affine)[:3, :3] @ affine[:3, :3]).astype(int)
    order = [int(np.flatnonzero(to_index[axis])[0]) for axis in range(3)]
    out = np.transpose(labels, order)
    for axis in range(3):
        if to_index[axis, order[axis]] < 0:
            out = np.flip(out, axis)
    return np.ascontiguousarray(out)
