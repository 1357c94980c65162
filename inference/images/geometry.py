"""Affines, planes, oblique cuts and reference lines.

Everything is LPS mm; see `inference.types` for the frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.types import FloatArray, Plane, Segmentation, Slice

#: NIfTI's RAS to DICOM's LPS and back.
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Largest distance, in voxels, at which a pixel counts as the same point as a voxel.
SAME_VOXEL = 0.05


def unit(vector: FloatArray) -> FloatArray:
    """`vector` at length one. Raises ValueError for a zero vector."""
    length = float(np.linalg.norm(vector))
    if length < 1e-9:
        raise ValueError("A zero vector has no direction.")
    return vector / length


def apply(affine: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (..., 3) by a (4, 4) affine."""
    return points @ affine[:3, :3].T + affine[:3, 3]


def inverse(affine: FloatArray) -> FloatArray:
    """LPS mm back to index, (4, 4)."""
    return np.asarray(np.linalg.inv(affine), dtype=np.float64)


def plane_of(normal: FloatArray) -> Plane:
    """Orientation by the normal's largest LPS component; oblique beyond 45 degrees from all."""
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) < np.cos(np.deg2rad(45.0)):
        return Plane.OBLIQUE
    return (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)[axis]


def stack_affine(slices: list[Slice]) -> FloatArray:
    """(4, 4) index-to-LPS of parallel slices already sorted along their normal.

    With one slice, the step is its thickness (or 1 mm).
    """
    affine = slices[0].affine
    if len(slices) > 1:
        affine[:3, 0] = (slices[-1].origin_mm - slices[0].origin_mm) / (len(slices) - 1)
    else:
        affine[:3, 0] = slices[0].normal * (slices[0].thickness_mm or 1.0)
    return affine


def plane_grid(plane: Slice) -> FloatArray:
    """LPS mm of every pixel centre of a slice, (rows, columns, 3)."""
    rows, columns = plane.shape
    index = np.stack(np.meshgrid([0.0], np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)
    return apply(plane.affine, index[0])


def sample_labels(segmentation: Segmentation, points: FloatArray, classes: tuple[int, ...]) -> NDArray[np.uint8]:
    """The label at any points, by linear interpolation of each class's mask.

    points: (..., 3) LPS mm. A point takes the class with the largest weight if
    that is at least one half, else background; outside the grid, background.
    """
    index = np.moveaxis(apply(inverse(segmentation.affine), points), -1, 0).reshape(3, -1)
    best = np.full(index.shape[1], 0.5 - 1e-6, dtype=np.float32)
    out = np.zeros(index.shape[1], dtype=np.uint8)
    # Only the labels around the points are searched.
    shape = np.array(segmentation.labels.shape)
    first = np.clip(np.floor(index.min(axis=1)).astype(int) - 1, 0, shape - 1)
    last = np.clip(np.ceil(index.max(axis=1)).astype(int) + 2, first + 1, shape)
    labels = segmentation.labels[tuple(slice(*ends) for ends in zip(first, last, strict=True))]
    index -= first[:, None]
    boxes = ndimage.find_objects(labels, max_label=max(classes))
    for value in classes:
        box = boxes[value - 1]
        if box is None:
            continue
        # A class has no weight outside of the box around it, so only the points inside are interpolated.
        mask = np.pad(labels[box] == value, 1).astype(np.float32)
        inside = [(axis > side.start - 1) & (axis < side.stop) for axis, side in zip(index, box, strict=True)]
        near = np.flatnonzero(inside[0] & inside[1] & inside[2])
        local = index[:, near] - np.array([[side.start - 1] for side in box])
        weight = ndimage.map_coordinates(mask, local, order=1, output=np.float32)
        larger = weight > best[near]
        out[near[larger]], best[near[larger]] = value, weight[larger]
    return out.reshape(points.shape[:-1])


def sample(array: NDArray[np.float32], affine: FloatArray, points: FloatArray) -> NDArray[np.float32]:
    """An image at any points, by linear interpolation; not a number more than half a voxel outside.

    array: ``[slice, row, column]``. affine: (4, 4), its index to LPS mm. points: (..., 3) LPS mm.
    """
    index = np.moveaxis(apply(inverse(affine), points), -1, 0)
    last = np.array(array.shape).reshape(3, *(1,) * (index.ndim - 1)) - 1
    inside = ((index > -0.5) & (index < last + 0.5)).all(axis=0)
    values = ndimage.map_coordinates(array, np.clip(index, 0, last), order=1, output=np.float32)
    result: NDArray[np.float32] = np.where(inside, values, np.float32(np.nan)).astype(np.float32)
    return result


def project_labels(segmentation: Segmentation, plane: Slice) -> NDArray[np.uint8]:
    """The segmentation seen in another image's plane, uint8 (rows, columns)."""
    on_grid = _on_grid(segmentation, plane)
    return sample_labels(segmentation, plane_grid(plane), (1, 2, 3, 4)) if on_grid is None else on_grid


def _on_grid(segmentation: Segmentation, plane: Slice) -> NDArray[np.uint8] | None:
    """The slice of the segmentation whose voxels are a plane's pixels, or None. Such a slice needs no sampling."""
    rows, columns = plane.shape
    corners = np.array([[0, 0, 0], [0, rows - 1, 0], [0, 0, columns - 1]], dtype=np.float64)
    offsets = apply(inverse(segmentation.affine), apply(plane.affine, corners)) - corners
    number = round(float(offsets[0, 0]))
    if plane.shape != segmentation.labels.shape[1:] or not 0 <= number < len(segmentation.labels):
        return None
    return segmentation.labels[number] if np.abs(offsets - (number, 0, 0)).max() < SAME_VOXEL else None


def distance_to_plane(points: FloatArray, centre: FloatArray, normal: FloatArray) -> FloatArray:
    """Signed distance in mm of points (..., 3) to the plane through `centre`."""
    result: FloatArray = (points - centre) @ normal
    return result


def upright(up: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(anterior, left) unit vectors in the plane with normal `up`."""
    anterior = unit(np.array([0.0, -1.0, 0.0]) + up * up[1])
    return anterior, np.cross(up, anterior)
