"""Signed distances (mm, negative inside) to simple solids, as float32 tensors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

Triple = tuple[float, float, float]


def ellipsoid(x: Tensor, y: Tensor, z: Tensor, centre: Triple, radii: Triple) -> Tensor:
    """About the distance to an ellipsoid along the axes; exact at the surface."""
    distance = torch.square((x - centre[0]) * (1 / radii[0]))
    distance += torch.square((y - centre[1]) * (1 / radii[1]))
    distance += torch.square((z - centre[2]) * (1 / radii[2]))
    return (distance.sqrt() - 1) * min(radii)


def capsule(x: Tensor, y: Tensor, z: Tensor, start: Triple, end: Triple, radii: tuple[float, float]) -> Tensor:
    """Distance to a rod from `start` to `end` whose radius goes from radii[0] to radii[1]."""
    axis = [end[k] - start[k] for k in range(3)]
    length = sum(value * value for value in axis)
    dx, dy, dz = x - start[0], y - start[1], z - start[2]
    share = ((dx * axis[0] + dy * axis[1] + dz * axis[2]) * (1 / length)).clamp(0, 1)
    dx -= share * axis[0]
    dy -= share * axis[1]
    dz -= share * axis[2]
    return torch.sqrt(dx * dx + dy * dy + dz * dz) - radii[0] - share * (radii[1] - radii[0])


def box(x: Tensor, y: Tensor, z: Tensor, centre: Triple, half: Triple, rounding: float) -> Tensor:
    """Distance to a box with rounded edges, `half` measured to its faces."""
    dx = torch.abs(x - centre[0]) - (half[0] - rounding)
    dy = torch.abs(y - centre[1]) - (half[1] - rounding)
    dz = torch.abs(z - centre[2]) - (half[2] - rounding)
    inside = torch.maximum(torch.maximum(dx, dy), dz).clamp(max=0)
    dx, dy, dz = dx.clamp(min=0), dy.clamp(min=0), dz.clamp(min=0)
    return torch.sqrt(dx * dx + dy * dy + dz * dz) + inside - rounding


def turn(first: Tensor, second: Tensor, degrees: float) -> tuple[Tensor, Tensor]:
    """Coordinates after turning the axes of a plane by `degrees`."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return first * cosine + second * sine, second * cosine - first * sine


def indices(mask: Tensor) -> Tensor:
    """Places of the true values of a mask (n,)."""
    return mask.nonzero().squeeze(1)
