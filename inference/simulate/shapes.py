"""Signed distances (mm, negative inside) to simple solids, vectorised float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Triple = tuple[float, float, float]


def ellipsoid(x: Float32, y: Float32, z: Float32, centre: Triple, radii: Triple) -> Float32:
    """About the distance to an ellipsoid along the axes; exact at the surface."""
    distance = np.square((x - centre[0]) * (1 / radii[0]))
    distance += np.square((y - centre[1]) * (1 / radii[1]))
    distance += np.square((z - centre[2]) * (1 / radii[2]))
    np.sqrt(distance, out=distance)
    result: Float32 = (distance - 1) * min(radii)
    return result


def capsule(x: Float32, y: Float32, z: Float32, start: Triple, end: Triple, radii: tuple[float, float]) -> Float32:
    """Distance to a rod from `start` to `end` whose radius goes from radii[0] to radii[1]."""
    axis = [end[k] - start[k] for k in range(3)]
    length = sum(value * value for value in axis)
    dx, dy, dz = x - start[0], y - start[1], z - start[2]
    share = (dx * axis[0] + dy * axis[1] + dz * axis[2]) * (1 / length)
    np.clip(share, 0, 1, out=share)
    dx -= share * axis[0]
    dy -= share * axis[1]
    dz -= share * axis[2]
    distance: Float32 = np.sqrt(dx * dx + dy * dy + dz * dz)
    distance -= radii[0] + share * (radii[1] - radii[0])
    return distance


def box(x: Float32, y: Float32, z: Float32, centre: Triple, half: Triple, rounding: float) -> Float32:
    """Distance to a box with rounded edges, `half` measured to its faces."""
    dx = np.abs(x - centre[0]) - (half[0] - rounding)
    dy = np.abs(y - centre[1]) - (half[1] - rounding)
    dz = np.abs(z - centre[2]) - (half[2] - rounding)
    inside = np.minimum(np.maximum(np.maximum(dx, dy), dz), 0)
    for part in (dx, dy, dz):
        np.maximum(part, 0, out=part)
    distance: Float32 = np.sqrt(dx * dx + dy * dy + dz * dz)
    distance += inside
    distance -= rounding
    return distance


def turn(first: Float32, second: Float32, degrees: float) -> tuple[Float32, Float32]:
    """Coordinates after turning the axes of a plane by `degrees`."""
    cosine, sine = float(np.cos(np.deg2rad(degrees))), float(np.sin(np.deg2rad(degrees)))
    return first * cosine + second * sine, second * cosine - first * sine
