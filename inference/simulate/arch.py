"""The arch of a vertebra at any points: pedicles, articular processes, laminae, spinous and transverse processes.

Local coordinates are (left, back, up) of the body's frame, see `layout`; `v`
is the distance behind the posterior wall of the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inference.simulate import shapes
from inference.simulate.patient import Body
from inference.simulate.tissue import Tissue

SHELL_MM = 1.0
#: Angle of the facet joints from the coronal plane, deg.
FACET_DEG = 55.0
#: Half of what a laminectomy takes away from side to side, mm.
LAMINECTOMY_MM = 10.0


@dataclass(frozen=True)
class Arch:
    """What shapes the arch beside the body's own measures, mm.

    depth_mm: depth of the bony canal. facet_mm: how much the left and right
    superior facet has grown. fluid_mm: width of fluid in the joints above.
    behind_mm: how far a slipped body left the broken arch behind. own: five
    standard normal numbers of this vertebra alone. fused: 1 where the
    transverse processes have grown to the sacrum, else 0.
    """

    depth_mm: float
    facet_mm: tuple[float, float]
    fluid_mm: tuple[float, float]
    behind_mm: float
    own: tuple[float, ...]
    fused: int = 0


def own(seed: int, position: int) -> tuple[float, ...]:
    """What is one vertebra's own: five standard normal numbers."""
    return tuple(np.random.default_rng([91, seed, position]).standard_normal(5).clip(-2, 2).tolist())


def paint(codes: Tensor, body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> None:
    """Marrow inside a dark shell, fluid in the joints, screws in the pedicles."""
    front = _pedicles(body, arch, torch.abs(left), v, up)
    superior, inferior = _facets(body, arch, left, v - arch.behind_mm, up)
    rest = torch.minimum(inferior, _lamina_and_spine(body, arch, left, v - arch.behind_mm, up))
    distance = torch.minimum(torch.minimum(front, superior), rest)
    codes[distance < 0] = Tissue.CORTEX
    codes[distance < -SHELL_MM] = Tissue.POSTERIOR_MARROW
    width = torch.where(left > 0, *arch.fluid_mm)
    h = body.height_mm
    outer = _joint_of_upper(body, arch, left, v, up)
    codes[(distance > 0) & (superior < 2.0) & (outer.abs() < width / 2) & ((up - 0.62 * h).abs() < 6)] = (
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
    bottom = (joint - 4.0, arch.depth_mm - 2.0 + arch.behind_mm, -0.5 * h)
    pillar = shapes.capsule(side, v, up, (pedicle, 9.5, 0.22 * h), bottom, (4.6 * size, 4.4 * size))
    result = torch.minimum(result, pillar)
    if not body.name.startswith("L"):
        return result
    reach = 41.0 if body.name != "L5" else 38.0
    root, tip, thick = (pedicle + 3, 4.0, 0.16 * h), (reach, 8.0, 0.22 * h), (4.6 * size, 3.2 * size)
    if arch.fused:
        root, tip, thick = (pedicle + 3, 2.0, 0.0), (44.0, 6.0, -0.45 * h), (8.0, 10.0)
    return torch.minimum(result, shapes.capsule(side, v, up, root, tip, thick))


def _joint_of_upper(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Distance behind the joint surface of the superior facets, mm."""
    joint = body.canal_width_mm / 2 + 5.5
    _, across = shapes.turn(torch.abs(left) - joint, v - (arch.depth_mm - 3.5), FACET_DEG)
    return across


def _facets(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    """Superior facets stand before and outside the joint, inferior facets behind and inside it."""
    h, side = body.height_mm, torch.abs(left)
    size = h / 28
    joint = body.canal_width_mm / 2 + 5.5
    along, across = shapes.turn(side - joint, v - (arch.depth_mm - 3.5), FACET_DEG)
    _, still = shapes.turn(side - joint, v + arch.behind_mm - (arch.depth_mm - 3.5), FACET_DEG)
    thick = (4.7 + torch.where(left > 0, *arch.facet_mm) * 0.5) * size
    upper = torch.square((still + 0.7 + thick) / thick) + torch.square(along / (8.2 * size))
    upper += torch.square((up - 0.62 * h) / (9.5 * size))
    superior = (torch.sqrt(upper) - 1) * thick
    lower = torch.square((across - 5.6 * size) / (4.9 * size)) + torch.square((along + 0.5) / (7.6 * size))
    lower += torch.square((up + 0.66 * h) / (10.5 * size))
    return superior, (torch.sqrt(lower) - 1) * 4.9 * size


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
    # Both grow into each other where they meet.
    blend = torch.clamp(0.5 + 0.5 * (spine - lamina) / 3.5, 0, 1)
    both = spine * (1 - blend) + lamina * blend - 3.5 * blend * (1 - blend)
    if body.laminectomy > 0:
        both = torch.maximum(both, LAMINECTOMY_MM * body.laminectomy - side)
    return both


def _spine(body: Body, arch: Arch, left: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Spinous process: a neck at the laminae, then a blunt hatchet, thicker at its tip and seldom quite straight."""
    h, size = body.height_mm, body.height_mm / 28
    one, two, three, four, five = arch.own
    lumbar, last = body.name.startswith("L"), body.name == "L5"
    drop, long, tall = (12.0, 12.5, 10.0) if lumbar else (34.0, 14.0, 7.0)
    if last:
        long, tall = 8.5, 7.0
    drop, long, tall = drop + 5 * one, long * (1 + 0.12 * two), tall * (1 + 0.12 * three)
    back, high = shapes.turn(v - (arch.depth_mm + 3.0), up + 0.20 * h, -drop)
    flat = torch.zeros_like(back)
    reach = (6.0 + long) * size
    hatchet = shapes.box(flat, back - reach, high + 1.5 * size, (0, 0, 0), (9, long * size, tall * size), 6.5 * size)
    # Its lower edge hangs at the tip, its upper edge slopes down.
    hatchet += 0.12 * (reach - back).clamp(-12, 12) * torch.sign(-high) * 0.5
    neck = shapes.capsule(flat, back, high, (0, -3.0, 1.0), (0, reach, 0.0), (5.0 * size, 6.0 * size))
    profile = torch.minimum(hatchet, neck)
    thick = 3.0 + 0.4 * four + 1.2 * torch.clamp(back / (2 * long), 0, 1) - 0.05 * high.clamp(min=0)
    return torch.maximum(profile, torch.abs(left - 0.06 * five * back.clamp(min=0)) - thick)
