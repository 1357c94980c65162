"""The arch of a vertebra at any points: pedicles, articular processes, laminae, spinous and transverse processes.

Local coordinates are (left, back, up) of the body's frame, see `layout`; `v`
is the distance behind the posterior wall of the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inference.simulate.body import shapes
from inference.simulate.body.tissue import Tissue
from inference.simulate.causes.patient import Body

SHELL_MM = 1.0
#: Angle of the facet joints from the coronal plane, deg.
FACET_DEG = 55.0
#: Half of the width of a laminectomy, mm.
LAMINECTOMY_MM = 10.0


@dataclass(frozen=True)
class Facet:
    """A superior articular process, which bounds the foramen above it from behind; mm in its own vertebra's frame.

    front_mm: its front behind the posterior wall. tip_mm: up of its tip.
    """

    front_mm: float
    tip_mm: float


@dataclass(frozen=True)
class Arch:
    """What shapes the arch besides the body's measures, mm.

    depth_mm: depth of the bony canal. facets: the left and the right superior
    one. fluid_mm: width of fluid in the joints above.
    behind_mm: distance of the broken arch behind a slipped body. deviates: five
    standard normal numbers of this vertebra. fused: 1 where the transverse
    processes are fused with the sacrum, else 0.
    """

    depth_mm: float
    facets: tuple[Facet, Facet]
    fluid_mm: tuple[float, float]
    behind_mm: float
    deviates: tuple[float, ...]
    fused: int = 0


def deviates(seed: int, position: int) -> tuple[float, ...]:
    """The individual variation of one vertebra: five standard normal numbers."""
    return tuple(np.random.default_rng([91, seed, position]).standard_normal(5).clip(-2, 2).tolist())


def paint(codes: Tensor, body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> None:
    """Marrow inside a dark shell, fluid in the joints, screws in the pedicles."""
    front = _pedicles(body, arch, torch.abs(left), v, up)
    superior = superior_facets(body, arch.depth_mm, arch.facets, left, v, up)
    inferior = _inferior_facets(body, arch, left, v - arch.behind_mm, up)
    rest = torch.minimum(inferior, _lamina_and_spine(body, arch, left, v - arch.behind_mm, up))
    distance = torch.minimum(torch.minimum(front, superior), rest)
    codes[distance < 0] = Tissue.CORTEX
    codes[distance < -SHELL_MM] = Tissue.POSTERIOR_MARROW
    width = torch.where(left > 0, *arch.fluid_mm)
    h = body.height_mm
    outer = _joint_of_upper(body, arch, left, v)
    codes[(distance > 0) & (superior < 0.9 + width / 2) & (outer.abs() < width / 2) & ((up - 0.62 * h).abs() < 6)] = (
        Tissue.FACET_FLUID
    )
    if body.screws:
        codes[screws(body, left, v, up) < 0] = Tissue.METAL


def screws(body: Body, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Signed distance to both pedicle screws and their heads, mm."""
    side, h = torch.abs(left), body.height_mm
    pedicle = body.canal_width_mm / 2 + body.pedicle_mm / 2
    shaft = shapes.capsule(side, v, up, (pedicle + 2, 12.0, 0.2 * h), (pedicle - 5, -26.0, 0.12 * h), (2.9, 2.4))
    head = shapes.ellipsoid(side, v, up, (pedicle + 2.5, 17.0, 0.2 * h), (5.5, 6.5, 6.0))
    return torch.minimum(shaft, head)


def _pedicles(body: Body, arch: Arch, side: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Signed distance to pedicles, articular pillars and transverse processes."""
    h = body.height_mm
    size = h / 28
    canal = body.canal_width_mm / 2
    pedicle, joint = canal + body.pedicle_mm / 2, canal + 5.0
    result = shapes.ellipsoid(side, v, up, (pedicle, 3.0, 0.21 * h), (body.pedicle_mm / 2, 10.0, 7.4 * size))
    bottom = (joint - 1.0, _joint_behind(arch.depth_mm) + 2.5 + arch.behind_mm, -0.56 * h)
    pillar = shapes.capsule(side, v, up, (pedicle, 9.5, 0.22 * h), bottom, (4.6 * size, 4.4 * size))
    result = torch.minimum(result, pillar)
    if not body.name.startswith("L"):
        return result
    reach = 41.0 if body.name != "L5" else 38.0
    root, tip, thick = (pedicle + 3, 4.0, 0.16 * h), (reach, 8.0, 0.22 * h), (4.6 * size, 3.2 * size)
    if arch.fused:
        root, tip, thick = (pedicle + 3, 2.0, 0.0), (44.0, 6.0, -0.45 * h), (8.0, 10.0)
    return torch.minimum(result, shapes.capsule(side, v, up, root, tip, thick))


def _joint_behind(depth_mm: float) -> float:
    """Distance of the middle of the facet joints behind the posterior wall, mm, with a minimum for a shallow canal."""
    return max(depth_mm - 3.5, 13.0)


def _joint_of_upper(body: Body, arch: Arch, left: Tensor, v: Tensor) -> Tensor:
    """Distance behind the joint surface of the superior facets, mm."""
    joint = body.canal_width_mm / 2 + 5.5
    _, across = shapes.turn(torch.abs(left) - joint, v - _joint_behind(arch.depth_mm), FACET_DEG)
    return across


def superior_facets(
    body: Body, depth_mm: float, facets: tuple[Facet, Facet], left: Tensor, v: Tensor, up: Tensor
) -> Tensor:
    """Signed distance to the processes that rise from the pedicles before and outside the joints, mm."""
    h, side, size = body.height_mm, torch.abs(left), body.height_mm / 28
    front = torch.where(left > 0, facets[0].front_mm, facets[1].front_mm)
    tip = torch.where(left > 0, facets[0].tip_mm, facets[1].tip_mm)
    along, across = shapes.turn(side - (body.canal_width_mm / 2 + 5.5), v - _joint_behind(depth_mm), FACET_DEG)
    thick = 4.4 * size
    section = torch.square((across + 0.7 + thick) / thick) + torch.square(along / (8.2 * size))
    # Of even thickness along its joint, then a blunt tip.
    high = (up - tip + 6.5 * size).clamp(min=0) / (6.5 * size)
    low = (0.30 * h - up).clamp(min=0) / (8.0 * size)
    column = (torch.sqrt(section + high.square() + low.square()) - 1) * thick
    # The part that faces the foramen ends at the foramen's posterior border.
    radius = 4.6 * size
    blade_distance = torch.hypot(side - (body.canal_width_mm / 2 + 7.0), v - front - radius) / radius
    blade = (torch.sqrt(blade_distance.square() + high.square() + low.square()) - 1) * radius
    blade = torch.maximum(blade, across + 0.7)
    return torch.maximum(torch.minimum(column, blade), front - v)


def sacral_facets(
    shape: Body, depth_mm: float, facets: tuple[Facet, Facet], left: Tensor, v: Tensor, up: Tensor
) -> Tensor:
    """Signed distance to the facets of the sacrum, on its lateral masses. shape: a vertebra of the same size."""
    h, inner, size = shape.height_mm, shape.canal_width_mm / 2, shape.height_mm / 28
    front = max(facet.front_mm for facet in facets)
    foot = shapes.capsule(
        left.abs(), v, up, (inner + 9.0, 1.0, 0.0), (inner + 7.0, front + 5.0, 0.28 * h), (6.0 * size, 4.2 * size)
    )
    return torch.minimum(superior_facets(shape, depth_mm, facets, left, v, up), foot)


def _inferior_facets(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Signed distance to the processes that hang from the laminae behind and inside the joints, mm."""
    h, side, size = body.height_mm, torch.abs(left), body.height_mm / 28
    along, across = shapes.turn(side - (body.canal_width_mm / 2 + 5.5), v - _joint_behind(arch.depth_mm), FACET_DEG)
    lower = torch.square((across - 5.6 * size) / (4.9 * size)) + torch.square((along + 0.5) / (7.6 * size))
    lower += torch.square((up + 0.66 * h) / torch.where(up > -0.66 * h, 14.0 * size, 10.5 * size))
    return (torch.sqrt(lower) - 1) * 4.9 * size


def _lamina_and_spine(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Laminae lean forward from the pillars' lower end to their upper edge; the spinous process is a plate."""
    h = body.height_mm
    size, side = h / 28, torch.abs(left)
    middle = up + 0.20 * h + 0.12 * side
    # The upper edge lies nearer to the canal than the lower, which overhangs the next lamina like a tile.
    face = arch.depth_mm + 1.2 - 0.62 * side
    back, high = shapes.turn(v - face - 3.2 * size, middle, 17.0)
    flat = torch.zeros_like(back)
    lamina = shapes.box(flat, back * 0.85, high, (0, 0, 0), (9, 3.3 * size, 10.5 * size), 3.2)
    lamina = torch.maximum(lamina, side - (body.canal_width_mm / 2 + 4.0))
    spine = _spine(body, arch, left, v, up)
    # The two are blended where they meet.
    blend = torch.clamp(0.5 + 0.5 * (spine - lamina) / 3.5, 0, 1)
    bone = spine * (1 - blend) + lamina * blend - 3.5 * blend * (1 - blend)
    if body.laminectomy > 0:
        bone = torch.maximum(bone, LAMINECTOMY_MM * body.laminectomy - side)
    return bone


def _spine(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Spinous process: a neck at the laminae, then a blunt hatchet, thicker at its tip and rarely straight."""
    h, size = body.height_mm, body.height_mm / 28
    drop_deviate, length_deviate, height_deviate, thickness_deviate, lean_deviate = arch.deviates
    lumbar, last = body.name.startswith("L"), body.name == "L5"
    drop, length, height = (12.0, 12.5, 10.0) if lumbar else (34.0, 14.0, 7.0)
    if last:
        length, height = 8.5, 7.0
    drop, length, height = (
        drop + 5 * drop_deviate,
        length * (1 + 0.12 * length_deviate),
        height * (1 + 0.12 * height_deviate),
    )
    back, high = shapes.turn(v - (arch.depth_mm + 3.0), up + 0.20 * h, -drop)
    flat = torch.zeros_like(back)
    reach = (6.0 + length) * size
    hatchet = shapes.box(
        flat, back - reach, high + 1.5 * size, (0, 0, 0), (9, length * size, height * size), 6.5 * size
    )
    # Its lower edge hangs at the tip, its upper edge slopes down.
    hatchet += 0.12 * (reach - back).clamp(-12, 12) * torch.sign(-high) * 0.5
    neck = shapes.capsule(flat, back, high, (0, -3.0, 1.0), (0, reach, 0.0), (5.0 * size, 6.0 * size))
    profile = torch.minimum(hatchet, neck)
    thick = 3.0 + 0.4 * thickness_deviate + 1.2 * torch.clamp(back / (2 * length), 0, 1) - 0.05 * high.clamp(min=0)
    return torch.maximum(profile, torch.abs(left - 0.06 * lean_deviate * back.clamp(min=0)) - thick)
