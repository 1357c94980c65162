"""The resampling and normalisation that training and prediction share.

A sagittal volume is brought to rows running to the feet, columns to the back
and slices to the patient's left, in-plane spacing `SPACING_MM`, and intensity
scaled by its own percentiles. Slices are never interpolated: the network is
given the acquired ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import FloatArray, Volume

#: In-plane spacing of the network's input, mm.
SPACING_MM = 0.75
#: Intensity percentiles that are mapped to 0 and 1.
PERCENTILES = (1.0, 99.5)

# LPS axis and sign of each array axis: slice to the left, row to the feet,
# column to the back.
_CANONICAL = ((0, 1.0), (2, -1.0), (1, 1.0))


@dataclass(frozen=True)
class Prepared:
    """The network's input.

    array: float32 ``[slice, row, column]``, about 0..1.
    affine: (4, 4), its index to LPS mm.
    """

    array: NDArray[np.float32]
    affine: FloatArray


def canonical(array: NDArray[np.generic], affine: FloatArray) -> tuple[NDArray[np.generic], FloatArray]:
    """Permute and flip axes (no interpolation) to the nearest canonical sagittal frame.

    array: ``[slice, row, column]`` in any order; affine: (4, 4) to LPS mm.
    Returns a view of the same voxels and their affine.
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = _assign_axes(directions)
    array = np.transpose(array, order)
    matrix = affine.copy()
    matrix[:, :3] = affine[:, list(order)]
    for axis, (lps, sign) in enumerate(_CANONICAL):
        if matrix[lps, axis] * sign < 0:
            array = np.flip(array, axis)
            matrix[:3, 3] += matrix[:3, axis] * (array.shape[axis] - 1)
            matrix[:3, axis] *= -1
    return array, matrix


def _assign_axes(directions: FloatArray) -> tuple[int, int, int]:
    """For each canonical axis the array axis that lies nearest to it, each used once."""
    return max(
        ((a, b, c) for a in range(3) for b in range(3) for c in range(3) if len({a, b, c}) == 3),
        key=lambda order: sum(abs(directions[lps, order[k]]) for k, (lps, _) in enumerate(_CANONICAL)),
    )


def normalise(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale intensity by the volume's own percentiles, clipped to -0.5..1.5."""
    low, high = np.percentile(array, PERCENTILES)
    scaled = (array - low) / max(float(high - low), 1e-6)
    clipped: NDArray[np.float32] = np.clip(scaled, -0.5, 1.5).astype(np.float32)
    return clipped


def prepare(volume: Volume) -> Prepared:
    """The network's input from a volume. Resampled linearly in the plane only."""
    array, affine = canonical(volume.array, volume.affine)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    zoom = (spacing[1] / SPACING_MM, spacing[2] / SPACING_MM)
    resampled = resample_plane(np.asarray(array, dtype=np.float32), zoom)
    matrix = affine.copy()
    # Corner to corner: the field of view stays, the pixel centres move.
    for axis, factor in ((1, zoom[0]), (2, zoom[1])):
        matrix[:3, axis] = affine[:3, axis] / factor
        matrix[:3, 3] += (matrix[:3, axis] - affine[:3, axis]) / 2
    return Prepared(normalise(resampled), matrix)


def resample_plane(
    array: NDArray[np.float32], zoom: tuple[float, float], shape: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Linear resampling of rows and columns with pixel corners kept.

    array: ``[..., row, column]``. zoom: new samples per old sample. Smooths
    before shrinking, so that thin structures do not alias away. `shape` fixes
    the result's rows and columns.
    """
    rows, columns = array.shape[-2:]
    new_shape = shape or (max(1, round(rows * zoom[0])), max(1, round(columns * zoom[1])))
    out = array
    for axis, (factor, size) in zip((array.ndim - 2, array.ndim - 1), zip(zoom, new_shape, strict=True), strict=True):
        if factor < 1:
            out = ndimage.gaussian_filter1d(out, 0.4 * (1 / factor - 1) + 1e-3, axis=axis, mode="nearest")
        position = (np.arange(size) + 0.5) / factor - 0.5
        position = np.clip(position, 0, out.shape[axis] - 1)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, out.shape[axis] - 1)
        weight = (position - low).astype(np.float32)
        weight = weight[:, None] if axis == array.ndim - 2 else weight
        out = np.take(out, low, axis) * (1 - weight) + np.take(out, high, axis) * weight
    return np.ascontiguousarray(out, dtype=np.float32)
