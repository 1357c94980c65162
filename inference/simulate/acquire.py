"""Slices through a patient: where they lie and what they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from inference.geometry import plane_grid
from inference.simulate import signal
from inference.simulate.anatomy import Anatomy
from inference.simulate.layout import Place
from inference.simulate.signal import Protocol
from inference.simulate.tissue import DISC, LEVELS, MUSCLE
from inference.types import FloatArray, Slice

Float32 = NDArray[np.float32]

#: Stored value of a signal of one.
SCALE = 2600.0
#: Where samples lie in a pixel (rows, columns, slice), in shares of its size; spread like a small quincunx.
SAMPLES = (
    (-0.25, 0.125, -0.375),
    (0.125, 0.25, -0.125),
    (0.25, -0.125, 0.125),
    (-0.125, -0.25, 0.375),
)


def stack(
    centre_mm: FloatArray,
    along_row: FloatArray,
    along_column: FloatArray,
    pixels: tuple[int, int],
    spacing_mm: float,
    count: int,
    protocol: Protocol,
) -> list[Slice]:
    """`count` parallel slices around a centre, the first against the normal."""
    normal = np.cross(along_row, along_column)
    rows, columns = pixels
    corner = centre_mm - along_row * spacing_mm * (columns - 1) / 2 - along_column * spacing_mm * (rows - 1) / 2
    offsets = (np.arange(count) - (count - 1) / 2) * protocol.step_mm
    return [
        Slice(
            "",
            np.asarray(np.round(corner + normal * offset, 6)),
            along_row,
            along_column,
            (spacing_mm, spacing_mm),
            pixels,
            protocol.thickness_mm,
        )
        for offset in offsets
    ]


def disc_block(place: Place, pixels: int, spacing_mm: float, count: int, protocol: Protocol) -> list[Slice]:
    """An axial block angled along one disc, head end last."""
    centre = place.world(0, 14, 0)
    return stack(centre, place.axes[0], place.axes[1], (pixels, pixels), spacing_mm, count, protocol)


def images(
    anatomy: Anatomy, planes: Sequence[Slice], protocols: Sequence[Protocol], samples: int
) -> list[list[NDArray[np.uint16]]]:
    """The same slices by several protocols: one list of images for each protocol.

    samples: points per pixel, spread through the slice's thickness (at most 4).
    """
    tables = []
    for protocol in protocols:
        rng = np.random.default_rng([3, protocol.seed])
        values, texture = signal.spin_echo(protocol, rng)
        for first in (DISC, MUSCLE):
            signal.smooth_codes(values, first, LEVELS)
        tables.append((values, texture, rng))
    out: list[list[NDArray[np.uint16]]] = [[] for _ in protocols]
    back_y, band_y = _landmarks(anatomy)
    for plane in planes:
        grid = plane_grid(plane)
        codes = _codes(anatomy, plane, grid, samples)
        noise = _marrow_noise(anatomy, grid)
        for protocol, (values, texture, rng), into in zip(protocols, tables, out, strict=True):
            image = np.zeros(plane.shape, dtype=np.float32)
            for code in codes:
                image += values[code] * (1 + texture[code] * noise) / samples
            image = gaussian_filter(image, 0.42) * signal.shade(grid, back_y, protocol, band_y)
            image = signal.rician(image, protocol.noise, rng)
            into.append(np.clip(np.round(image * SCALE), 0, 4095).astype(np.uint16))
    return out


def _codes(anatomy: Anatomy, plane: Slice, grid: FloatArray, samples: int) -> list[NDArray[np.uint8]]:
    chosen = SAMPLES if samples >= 4 else SAMPLES[:: 4 // samples][:samples]
    codes = []
    for row, column, deep in chosen:
        offset = (
            plane.along_column * (row * plane.spacing_mm[0])
            + plane.along_row * (column * plane.spacing_mm[1])
            + plane.normal * (deep * plane.thickness_mm)
        )
        codes.append(anatomy.codes(grid + offset).numpy())
    return codes


def _marrow_noise(anatomy: Anatomy, grid: FloatArray) -> Float32:
    """Texture in tissues, of unit variance: fine grain and larger islands."""
    points = torch.from_numpy(grid.reshape(-1, 3).astype(np.float32))
    around = anatomy.around
    fine, broad = around.grain(points, 0.7, 5), around.grain(points, 0.8, 29, around.broad)
    result: Float32 = (0.6 * fine + 0.8 * broad).numpy().reshape(grid.shape[:-1])
    return result


def _landmarks(anatomy: Anatomy) -> tuple[float, float]:
    """Height (y, mm) of the back's skin and of a saturation band's edge before the spine."""
    around = anatomy.around
    return float(np.percentile(around.skin_y.numpy(), 70)), float(around.centre_y.min()) - 26.0
