"""Volume -> Segmentation, by the U-Net of `inference.models.unet`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, spatial
from torch.nn import functional as F

from inference.images import geometry, preprocess
from inference.models.runtime import Network
from inference.types import FloatArray, Label, Segmentation, Volume

#: Pieces of canal below this share of the largest piece are dropped.
SMALLEST_CANAL_SHARE = 0.1
#: What lies further than this from all of the spine is none of it, mm: bowel, vessels, the edge of the image.
APART_MM = 40.0
#: Only a piece of this share of the largest is spine that others may be near to.
LARGE_SHARE = 0.1
#: Every so many voxels of a piece stand for it where distances are taken.
EVERY = 5


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
    # One slice at a time: several at once are slower with torch and no faster with OpenVINO
    # (docs/figures/history/speed.md).
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
    return Segmentation(_onto(tidy(labels, affine), affine, volume), volume.affine)


def tidy(labels: NDArray[np.uint8], affine: FloatArray) -> NDArray[np.uint8]:
    """Labels ``[slice, row, column]`` without what cannot be spine or canal; affine: (4, 4) to LPS mm."""
    return _one_canal(_one_spine(labels, affine))


def _one_spine(labels: NDArray[np.uint8], affine: FloatArray) -> NDArray[np.uint8]:
    """Drop pieces that lie apart from the largest and from the large ones near to it."""
    pieces, count = ndimage.label(labels > 0, structure=np.ones((3, 3, 3)))
    if count < 2:
        return labels
    size = np.bincount(pieces.ravel())
    size[0] = 0
    where = np.argwhere(pieces)
    where = where[np.argsort(pieces[tuple(where.T)], kind="stable")]
    points = np.split(geometry.apply(affine, where.astype(np.float64)), np.cumsum(size[1:])[:-1])
    of = {piece: points[piece - 1][::EVERY] for piece in range(1, count + 1)}
    near, waiting = {int(size.argmax())}, [int(size.argmax())]
    while waiting:
        tree = spatial.cKDTree(of[waiting.pop()])
        for piece in of.keys() - near:
            if tree.query(of[piece], distance_upper_bound=APART_MM)[0].min() <= APART_MM:
                near.add(piece)
                if size[piece] > LARGE_SHARE * size.max():
                    waiting.append(piece)
    kept = np.isin(np.arange(count + 1), list(near))
    return np.where(kept[pieces], labels, 0).astype(np.uint8)


def _one_canal(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
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
