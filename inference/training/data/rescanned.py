"""The same patient scanned or stored in another way, which must not change the level names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from inference.images import geometry, preprocess
from inference.types import FloatArray, Volume


@dataclass(frozen=True)
class Changed:
    """A changed volume, and how its points moved: (4, 4), from LPS mm before to LPS mm after."""

    volume: Volume
    moved: FloatArray


Change = Callable[[Volume, np.random.Generator], Changed]


def _stored(axes: tuple[int, int, int], flips: tuple[int, ...]) -> Change:
    """The same voxels in another order; nothing moves."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        array, affine = np.transpose(volume.array, axes), volume.affine.copy()
        affine[:, :3] = volume.affine[:, list(axes)]
        for axis in flips:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
        return Changed(Volume(np.ascontiguousarray(array), affine), np.eye(4))

    return change


def _turned(degrees: float) -> Change:
    """The patient turned forward or back by `degrees` in the same field of view."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        angle = np.deg2rad(degrees)
        turn = np.eye(4)
        turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        middle = geometry.apply(volume.affine, (np.array(volume.array.shape) - 1) / 2)
        turn[:3, 3] = middle - turn[:3, :3] @ middle
        back = geometry.inverse(volume.affine) @ geometry.inverse(turn) @ volume.affine
        array = ndimage.affine_transform(volume.array, back[:3, :3], back[:3, 3], order=1)
        return Changed(Volume(array.astype(np.float32), volume.affine), turn)

    return change


def _sized(factor: float) -> Change:
    """A larger or smaller person."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        scale = np.diag([factor, factor, factor, 1.0])
        return Changed(Volume(volume.array, scale @ volume.affine), scale)

    return change


def _cut(rows: tuple[float, float], columns: tuple[float, float]) -> Change:
    """A smaller field of view: first and last row and column, as shares of those of a canonical volume."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        array, affine = preprocess.canonical(volume.array, volume.affine)
        ends = [
            [round(share * size) for share in pair] for pair, size in zip((rows, columns), array.shape[1:], strict=True)
        ]
        (top, bottom), (front, back) = ends
        matrix = affine.copy()
        matrix[:3, 3] += affine[:3, 1] * top + affine[:3, 2] * front
        cut = np.asarray(array[:, top:bottom, front:back], dtype=np.float32)
        return Changed(Volume(np.ascontiguousarray(cut), matrix), np.eye(4))

    return change


def _every(step: int) -> Change:
    """Every `step`-th slice only."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        array, affine = preprocess.canonical(volume.array, volume.affine)
        matrix = affine.copy()
        matrix[:3, 0] *= step
        return Changed(Volume(np.ascontiguousarray(array[::step], dtype=np.float32), matrix), np.eye(4))

    return change


def _noisy(share: float) -> Change:
    """Gaussian noise in both channels of the receiver; its standard deviation as a share of the brightest signal."""

    def change(volume: Volume, rng: np.random.Generator) -> Changed:
        level = share * float(np.percentile(volume.array, 99.5))
        real, imaginary = rng.normal(0.0, level, (2, *volume.array.shape))
        array = np.hypot(volume.array + real, imaginary).astype(np.float32)
        return Changed(Volume(array, volume.affine), np.eye(4))

    return change


def _coarse(spacing_mm: float) -> Change:
    """Pixels of `spacing_mm`."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        array, affine = preprocess.canonical(volume.array, volume.affine)
        size = np.linalg.norm(affine[:3, :3], axis=0)
        zoom = (size[1] / spacing_mm, size[2] / spacing_mm)
        matrix = affine.copy()
        for axis, factor in ((1, zoom[0]), (2, zoom[1])):
            matrix[:3, axis] = affine[:3, axis] / factor
            matrix[:3, 3] += (matrix[:3, axis] - affine[:3, axis]) / 2
        fewer = preprocess.resample_plane(np.asarray(array, dtype=np.float32), zoom)
        return Changed(Volume(fewer, matrix), np.eye(4))

    return change


def _contrast(power: float) -> Change:
    """Another contrast curve: intensities to a power."""

    def change(volume: Volume, _rng: np.random.Generator) -> Changed:
        top = float(volume.array.max()) or 1.0
        array = (top * (volume.array.clip(0) / top) ** power).astype(np.float32)
        return Changed(Volume(array, volume.affine), np.eye(4))

    return change


CHANGES: dict[str, Change] = {
    "as it is": _stored((0, 1, 2), ()),
    "slices in reverse order": _stored((0, 1, 2), (0,)),
    "rows stored upside down": _stored((0, 1, 2), (1,)),
    "columns stored back to front": _stored((0, 1, 2), (2,)),
    "axes stored in another order": _stored((2, 0, 1), (0, 1)),
    "turned by 20 degrees forward": _turned(20.0),
    "turned by 20 degrees back": _turned(-20.0),
    "a fifth smaller": _sized(0.8),
    "a quarter larger": _sized(1.25),
    "upper third cut off": _cut((0.33, 1.0), (0.0, 1.0)),
    "front and back cut off": _cut((0.0, 1.0), (0.15, 0.85)),
    "every second slice": _every(2),
    "every fourth slice": _every(4),
    "noise of 5 % of the brightest": _noisy(0.05),
    "noise of 10 % of the brightest": _noisy(0.10),
    "pixels of 1.3 mm": _coarse(1.3),
    "contrast curve of power 0.6": _contrast(0.6),
    "contrast curve of power 1.6": _contrast(1.6),
}
