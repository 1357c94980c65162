"""The sacrum at any points, segment by segment, in local coordinates (left, back, up) of a segment's frame."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inference.simulate.body import shapes
from inference.simulate.body.bone import ENDPLATE_MM, outline
from inference.simulate.body.layout import Segment
from inference.simulate.body.tissue import DISC, Tissue

#: Height of the gap below a segment from which on it holds a disc, mm.
DISC_GAP_MM = 4.0


def paint(codes: Tensor, number: int, segment: Segment, size: float, left: Tensor, back: Tensor, up: Tensor) -> None:
    """One sacral segment: body, the disc or its remnant below, lateral mass and crest."""
    top, bottom, width = segment.top_mm, segment.bottom_mm, segment.width_mm
    h = segment.height_mm * size
    share = up / h
    half_depth = ((top + bottom) / 4 + share * (top - bottom) / 2) * size
    half_width = width * size / 2 * (1 + 0.12 * share)
    rho = outline(left, back, half_width, half_depth.clamp(min=2.0))
    slant = math.tan(math.radians(segment.tilt_deg)) if number == 0 else 0.0
    hollow = 0.8 * torch.clamp(1 - torch.square(rho), 0, 1) if number == 0 else 0.0
    ceiling = h / 2 - slant * back - hollow
    depth = torch.minimum(ceiling - up, up + h / 2)
    wall = (1 - rho) * half_depth
    ala = _ala(number, size, torch.abs(left), back, up, h, half_depth)
    crest = _crest(number, size, torch.abs(left), back - half_depth, up, h)
    solid = torch.maximum(torch.minimum(depth, wall), -torch.minimum(ala, crest))
    between = (up < -h / 2 + 0.3) & (up > -h / 2 - segment.gap_mm - 0.4) & (number < 3)
    # Below a lumbarised S1 lies a disc.
    has_disc = segment.gap_mm > DISC_GAP_MM
    codes[(rho < (1.0 if has_disc else 0.9)) & between] = DISC + 4 if has_disc else Tissue.SACRAL_DISC
    codes[solid > 0] = Tissue.SACRUM_CORTEX
    codes[solid > 0.9] = Tissue.SACRUM_MARROW
    if number == 0:
        codes[(solid > 0) & (solid < ENDPLATE_MM) & (wall > 0) & (up > 0)] = Tissue.SACRUM_CORTEX


def _ala(number: int, size: float, side: Tensor, back: Tensor, up: Tensor, h: float, half_depth: Tensor) -> Tensor:
    """Lateral mass beside a segment, down to S3."""
    if number > 3:
        return torch.full_like(side, 9.0)
    reach = (56.0, 50.0, 41.0, 32.0)[number] * size
    # Widest at the top; furthest back at its lateral end, where it meets the ilium.
    side = side * (1 - 0.2 * up / h)
    middle = 2.0 + 2.0 * number + 0.22 * side
    thick = (13.0, 11.0, 9.0, 6.0)[number] * size * (1 + 0.006 * side)
    half = (0.58 * reach, 1.0, h / 2 + 1.6)
    mass = shapes.box(side, (back - middle) / thick * 8, up, (0.42 * reach, 0.0, 0.0), (half[0], 8.0, half[2]), 5.0)
    if number == 0:
        # Beside the body it lies lower, as the floor of the last foramen.
        mass = torch.maximum(mass, up - h / 2 + 3.0 - 0.14 * (side - 20).clamp(min=0))
    # The sacral canal stays open behind the bodies.
    canal = 10.0 - side
    return torch.maximum(mass, torch.where(back > half_depth - 1, canal, -9.0))


def _crest(number: int, size: float, side: Tensor, v: Tensor, up: Tensor, h: float) -> Tensor:
    """Roof of the sacral canal and median crest."""
    if number > 3:
        return torch.full_like(side, 9.0)
    depth = (15.0, 12.0, 9.0, 7.0)[number] * size
    low = h * -0.5
    flat = torch.zeros_like(side)
    half = h * (0.46 if number else 0.34)
    roof = shapes.box(flat, v - depth - 2.5 + 0.35 * side, up, (0.0, 0.0, low * 0.15), (9.0, 2.4, half), 2.3)
    roof = torch.maximum(roof, side - 17.0)
    # Its lower end stands further back than its upper one.
    spine = shapes.box(flat, v + 0.25 * up, up, (0.0, depth + 4.5, low * 0.2), (9.0, 6.5, h * 0.34), 4.5)
    spine = torch.maximum(spine, side - 2.6)
    blend = torch.clamp(0.5 + 0.5 * (spine - roof) / 3.0, 0, 1)
    return spine * (1 - blend) + roof * blend - 3.0 * blend * (1 - blend)
