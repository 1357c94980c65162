"""Vertebral bodies at any points.

Local coordinates are (left, back, up) of a body's frame, see `layout`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.simulate.body.tissue import Tissue
from inference.simulate.causes.patient import Body, DiscCause

CORTEX_MM, FRONT_MM, ENDPLATE_MM = 0.6, 1.1, 1.1
#: Depth of a body at its waist as a share of that at its endplates, in front and behind, and its width likewise.
WAIST_FRONT, WAIST_BACK, WAIST_WIDE = 0.92, 0.97, 0.92
#: Degeneration (0..1) from which bony lips grow around a disc, and their largest extent, mm.
LIPS_FROM, LIP_MM = 0.35, 3.2
MODIC = {1: Tissue.OEDEMA, 2: Tissue.FATTY_MARROW, 3: Tissue.SCLEROSIS}


@dataclass(frozen=True)
class End:
    """Changes of the end of a body beside a disc. All mm; modic 0..3, modic_mm its depth from the endplate.

    lip_mm: extent of the rim's osteophyte. node_mm: depth of a Schmorl's node.
    """

    lip_mm: float = 0.0
    node_mm: float = 0.0
    modic: int = 0
    modic_mm: float = 0.0


NO_END = End()


def end(disc: DiscCause | None, node_mm: float) -> End:
    """The end of a body that faces `disc`."""
    if disc is None:
        return NO_END
    lip = LIP_MM * max(disc.degeneration - LIPS_FROM, 0.0) / (1 - LIPS_FROM)
    return End(lip, node_mm, disc.modic, disc.modic_mm)


def outline(left: Tensor, back: Tensor, half_width: Tensor | float, half_depth: Tensor | float) -> Tensor:
    """1 on the outline of a body: rounded in front, squarer behind."""
    x = torch.square(left / half_width)
    y = torch.square(back / half_depth)
    behind = back > 0
    square = torch.sqrt(torch.sqrt(x * x + y * y))
    return torch.where(behind, square, 0.5 * (square + torch.sqrt(x + y)))


def upper_endplate(body: Body, node_mm: float, rho: Tensor, left: Tensor, back: Tensor) -> Tensor:
    """Height (up, mm) of the superior endplate over points of the outline."""
    hollow = body.concavity_mm * torch.clamp(1 - torch.square(rho * 1.12), 0, 1)
    slant = back * math.tan(math.radians(body.wedge_deg / 2))
    return body.height_mm / 2 - slant - hollow - _node(node_mm, left - 2.0, back - 1.0)


def lower_endplate(body: Body, node_mm: float, rho: Tensor, left: Tensor, back: Tensor) -> Tensor:
    """Height (up, mm) of the inferior endplate, which is hollow mostly in its posterior half."""
    hollow = body.concavity_mm * torch.clamp(1 - torch.square(rho * 1.12), 0, 1)
    slant = back * math.tan(math.radians(body.wedge_deg / 2))
    deeper = 1 + torch.clamp(back * (0.5 / body.depth_mm), -0.25, 0.25) * 1.4
    return -body.height_mm / 2 + slant + hollow * deeper + _node(node_mm, left + 2.0, back - 2.0)


def _node(depth_mm: float, left: Tensor, back: Tensor) -> Tensor | float:
    """A pit with steep walls and a flat bottom."""
    if depth_mm <= 0:
        return 0.0
    radius = 2.4 + 0.6 * depth_mm
    return depth_mm * torch.exp(-torch.square((left.square() + back.square()) / radius**2))


def paint_body(
    codes: Tensor, body: Body, ends: tuple[End, End], left: Tensor, back: Tensor, up: Tensor, phase: float
) -> None:
    """The vertebral body: cortex, endplates, basivertebral vein and marrow lesions.

    ends: upper and lower. phase: varies the surface between vertebrae.
    """
    height = body.height_mm
    bent = torch.square(up * (2 / height)).clamp(max=1.1)
    half_width = (WAIST_WIDE + (1 - WAIST_WIDE) * bent) * (body.width_mm / 2)
    slim = torch.where(back > 0, WAIST_BACK, WAIST_FRONT)
    lips = _lips(ends, height, up)
    half_depth = (slim + (1 - slim) * bent) * (body.depth_mm / 2) + torch.where(back > 0, 0.35, 1.0) * lips
    rho = outline(left, back, half_width + lips, half_depth)
    rough = _rough(left, back, up, phase)
    top = upper_endplate(body, ends[0].node_mm, rho, left, back) - up
    bottom = up - lower_endplate(body, ends[1].node_mm, rho, left, back)
    depth = torch.minimum(top, bottom) + 0.5 * rough
    wall = (1 - rho) * half_depth + rough
    inside = (depth > 0) & (wall > 0)
    soft = inside & (depth > ENDPLATE_MM) & (wall > torch.where(back > 0, CORTEX_MM, FRONT_MM))
    vein = soft & (torch.abs(up) < 1.3 + 0.12 * (back - body.depth_mm / 2 + 10)) & (torch.abs(left) < 3.5)
    vein &= back > body.depth_mm / 2 - 9
    # The marrow of pedicles and body is continuous.
    codes[inside & (codes != Tissue.POSTERIOR_MARROW)] = Tissue.CORTEX
    codes[soft] = Tissue.MARROW
    codes[vein] = Tissue.VEIN
    _paint_lesions(codes, body, soft, left, back, up, top + 2 * rough)
    for end, distance in ((ends[0], top), (ends[1], bottom)):
        if end.modic and end.modic_mm > 0:
            # Deepest beside the rim, shallow in the middle.
            reach = end.modic_mm * (0.55 + 0.45 * torch.clamp(rho, 0, 1)) + 3.0 * rough
            codes[soft & (distance < reach)] = MODIC[end.modic]


def _lips(ends: tuple[End, End], height: float, up: Tensor) -> Tensor:
    """Extent of the osteophytes at both rims, mm."""
    upper = ends[0].lip_mm * torch.exp(-torch.square((height / 2 - up) / 3.0))
    return upper + ends[1].lip_mm * torch.exp(-torch.square((height / 2 + up) / 3.0))


def _rough(left: Tensor, back: Tensor, up: Tensor, phase: float) -> Tensor:
    """Unevenness of a bone's surface, about +-0.6 mm over a few mm."""
    first = torch.sin(left / 3.1 + up / 4.3 + phase) * torch.sin(back / 3.7 - up / 5.9 + 2.3 * phase)
    return 0.35 * first + 0.25 * torch.sin(left / 7.3 - back / 6.1 + up / 2.3 + 1.7 * phase)


def _paint_lesions(
    codes: Tensor, body: Body, soft: Tensor, left: Tensor, back: Tensor, up: Tensor, below_top: Tensor
) -> None:
    """Oedema of a fresh fracture and a haemangioma."""
    if body.fracture_acute > 0:
        codes[soft & (below_top < body.fracture_acute * 0.5 * body.height_mm)] = Tissue.OEDEMA
    if body.haemangioma:
        x, y, z, radius = body.haemangioma
        squared_distance = torch.square(left - x) + torch.square(back - y) + torch.square(up - z)
        codes[soft & (squared_distance < radius**2)] = Tissue.HAEMANGIOMA
