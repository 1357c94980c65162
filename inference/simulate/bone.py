"""Vertebrae, discs and sacrum at any points.

Local coordinates are (left, back, up) of a bone's frame, see `layout`; `v` is
the distance behind the posterior wall of the body.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inference.simulate import shapes
from inference.simulate.layout import SACRUM
from inference.simulate.patient import Body, DiscCause
from inference.simulate.tissue import DISC, Tissue, disc_code

CORTEX_MM, ENDPLATE_MM, SHELL_MM = 0.8, 0.9, 1.0
#: Angle of the facet joints from the coronal plane, deg, and their distance behind the posterior wall.
FACET_DEG = 55.0


def outline(left: Tensor, back: Tensor, half_width: Tensor | float, half_depth: Tensor | float) -> Tensor:
    """1 on the outline of a body: rounded in front, squarer behind."""
    x = torch.square(left / half_width)
    y = torch.square(back / half_depth)
    behind = back > 0
    square = torch.sqrt(torch.sqrt(x * x + y * y))
    return torch.where(behind, square, 0.5 * (square + torch.sqrt(x + y)))


def endplates(body: Body, rho: Tensor, back: Tensor) -> tuple[Tensor, Tensor]:
    """Height (up, mm) of the superior and inferior endplate over points of the outline."""
    hollow = body.concavity_mm * torch.clamp(1 - torch.square(rho * 1.12), 0, 1)
    slant = back * math.tan(math.radians(body.wedge_deg / 2))
    top = body.height_mm / 2 - slant - hollow
    # The inferior endplate is hollow mostly in its posterior half.
    deeper = 1 + torch.clamp(back * (0.5 / body.depth_mm), -0.25, 0.25) * 1.4
    return top, -body.height_mm / 2 + slant + hollow * deeper


def paint_body(codes: Tensor, body: Body, left: Tensor, back: Tensor, up: Tensor) -> None:
    """The vertebral body, its cortex, endplates and basivertebral vein."""
    height = body.height_mm
    waist = 0.92 + 0.08 * torch.square(up * (2 / height)).clamp(max=1.1)
    deep = 0.94 + 0.06 * torch.square(up * (2 / height)).clamp(max=1.1)
    half_width, half_depth = waist * (body.width_mm / 2), deep * (body.depth_mm / 2)
    rho = outline(left, back, half_width, half_depth)
    top, bottom = endplates(body, rho, back)
    depth = torch.minimum(top - up, up - bottom)
    wall = (1 - rho) * half_depth
    inside = (depth > 0) & (wall > 0)
    soft = inside & (depth > ENDPLATE_MM) & (wall > CORTEX_MM)
    vein = soft & (torch.abs(up) < 1.3 + 0.12 * (back - body.depth_mm / 2 + 10)) & (torch.abs(left) < 3.5)
    vein &= back > body.depth_mm / 2 - 9
    # The pedicles' marrow runs on into the body without a wall between.
    codes[inside & (codes != Tissue.POSTERIOR_MARROW)] = Tissue.CORTEX
    codes[soft] = Tissue.MARROW
    codes[vein] = Tissue.VEIN


def posterior_distance(
    body: Body, depth_mm: float, left: Tensor, v: Tensor, up: Tensor, facet_mm: tuple[float, float]
) -> Tensor:
    """Signed distance to pedicles, articular pillars, facets, laminae, spinous and transverse processes.

    depth_mm: depth of the bony canal. facet_mm: how much the left and right
    superior facet reaches forward and inward beyond its normal place.
    """
    h, side = body.height_mm, torch.abs(left)
    canal = body.canal_width_mm / 2
    pedicle = canal + body.pedicle_mm / 2
    joint = canal + 5.0
    size = h / 28
    result = shapes.ellipsoid(side, v, up, (pedicle, 3.0, 0.21 * h), (body.pedicle_mm / 2, 10.0, 7.4 * size))
    pillar = shapes.capsule(
        side, v, up, (pedicle, 9.5, 0.22 * h), (joint - 4.0, depth_mm - 2.0, -0.5 * h), (4.6 * size, 4.4 * size)
    )
    result = torch.minimum(result, pillar)
    if body.name.startswith("L"):
        reach = 41.0 if body.name != "L5" else 38.0
        process = shapes.capsule(
            side, v, up, (pedicle + 3, 4.0, 0.16 * h), (reach, 8.0, 0.22 * h), (4.6 * size, 3.2 * size)
        )
        result = torch.minimum(result, process)
    result = torch.minimum(result, _facets(body, depth_mm, left, v, up, facet_mm))
    return torch.minimum(result, _lamina_and_spine(body, depth_mm, side, v, up))


def _facets(body: Body, depth_mm: float, left: Tensor, v: Tensor, up: Tensor, facet_mm: tuple[float, float]) -> Tensor:
    """Superior facets stand before and outside the joint, inferior facets behind and inside it."""
    h, side = body.height_mm, torch.abs(left)
    size = h / 28
    joint = body.canal_width_mm / 2 + 5.5
    along, across = shapes.turn(side - joint, v - (depth_mm - 3.5), FACET_DEG)
    grown = torch.where(left > 0, *facet_mm)
    thick = (4.7 + grown * 0.5) * size
    upper = torch.square((across + 0.7 + thick) / thick) + torch.square(along / (8.2 * size))
    upper += torch.square((up - 0.62 * h) / (9.5 * size))
    superior = (torch.sqrt(upper) - 1) * thick
    lower = torch.square((across - 5.6 * size) / (4.9 * size)) + torch.square((along + 0.5) / (7.6 * size))
    lower += torch.square((up + 0.66 * h) / (10.5 * size))
    inferior = (torch.sqrt(lower) - 1) * 4.9 * size
    return torch.minimum(superior, inferior)


def _lamina_and_spine(body: Body, depth_mm: float, side: Tensor, v: Tensor, up: Tensor) -> Tensor:
    """Laminae slope down from the spinous process to the pillars; the process is a plate."""
    h, size = body.height_mm, body.height_mm / 28
    middle = up + 0.22 * h
    face = depth_mm + 1.0 - 0.62 * side - 0.16 * middle
    lamina = torch.abs(v - face - 3.4 * size) * 0.85 - 3.2 * size
    lamina = torch.maximum(lamina, torch.abs(middle + 0.12 * side) - 9.5 * size)
    lamina = torch.maximum(lamina, side - (body.canal_width_mm / 2 + 4.0))
    lumbar = body.name.startswith("L")
    drop, long, tall = (9.0, 15.5, 10.5) if lumbar else (28.0, 16.0, 7.0)
    if body.name == "L5":
        long, tall = 12.0, 8.0
    back, high = shapes.turn(v - (depth_mm + 3.0), up + 0.30 * h, -drop)
    # A hatchet: rounded in profile, thin in front and thicker at its tip.
    profile = shapes.box(torch.zeros_like(back), back, high, (0, long * size, 0), (9, long * size, tall * size), 5.0)
    thick = 3.4 + 0.9 * torch.clamp(back / (2 * long), 0, 1) - 0.05 * high.clamp(min=0)
    spine = torch.maximum(profile, side - thick)
    # Both grow into each other where they meet.
    blend = torch.clamp(0.5 + 0.5 * (spine - lamina) / 3.5, 0, 1)
    return spine * (1 - blend) + lamina * blend - 3.5 * blend * (1 - blend)


def paint_posterior(codes: Tensor, distance: Tensor) -> None:
    """Marrow inside a dark shell."""
    codes[distance < 0] = Tissue.CORTEX
    codes[distance < -SHELL_MM] = Tissue.POSTERIOR_MARROW


def disc_outline(disc: DiscCause, half: tuple[float, float], left: Tensor, back: Tensor, bulge_mm: float) -> Tensor:
    """1 on the disc's outline with its bulge into the canal and the foramina. half: half width and depth."""
    side = torch.abs(left)
    foramen = torch.where(left > 0, disc.foramen_left, disc.foramen_right)
    middle = torch.exp(-torch.square(left / 11.0))
    out = bulge_mm * middle + 0.75 * foramen * torch.exp(-torch.square((side - 19) / 8.0))
    half_depth = torch.where(back > 0, half[1] + out, half[1] + 0.6 + 0.9 * disc.degeneration)
    return outline(left, back, half[0] + 0.5 + disc.degeneration, half_depth)


def paint_disc(codes: Tensor, disc: DiscCause, rho: Tensor, below: Tensor, above: Tensor) -> None:
    """Nucleus, cleft and annulus. below, above: mm to the endplates, positive between them."""
    inside = (rho < 1) & (below > 0) & (above > 0)
    height = (below + above).clamp(min=1.0)
    level = torch.abs(below - above) / height
    middle = torch.clamp((0.72 - torch.sqrt(torch.square(rho) + 0.25 * torch.square(level))) * 5.0 + 0.5, 0, 1)
    cleft = 0.35 * torch.clamp(1 - torch.abs(below - above) / 2.2, 0, 1) * torch.clamp((0.5 - rho) * 4, 0, 1)
    water = middle * (1 - disc.degeneration) * (1 - cleft)
    water += 0.16 * (1 - torch.clamp(rho, 0, 1)) * (1 - middle)
    outer = inside & (rho > 0.93)
    codes[inside] = disc_code(water[inside])
    codes[outer] = DISC


def paint_sacrum(
    codes: Tensor, number: int, size: float, left: Tensor, back: Tensor, up: Tensor, first_slant_deg: float
) -> None:
    """One sacral segment: body, remnant disc below it, lateral mass and crest."""
    name, top, bottom, width, height, _ = SACRUM[number]
    h = height * size
    share = up / h
    half_depth = ((top + bottom) / 4 + share * (top - bottom) / 2) * size
    half_width = width * size / 2 * (1 + 0.12 * share)
    rho = outline(left, back, half_width, half_depth.clamp(min=2.0))
    slant = math.tan(math.radians(first_slant_deg)) if number == 0 else 0.0
    hollow = 0.8 * torch.clamp(1 - torch.square(rho), 0, 1) if number == 0 else 0.0
    ceiling = h / 2 - slant * back - hollow
    depth = torch.minimum(ceiling - up, up + h / 2)
    wall = (1 - rho) * half_depth
    ala = _ala(number, size, torch.abs(left), back, up, h, half_depth)
    crest = _crest(number, size, torch.abs(left), back - half_depth, up, h)
    solid = torch.maximum(torch.minimum(depth, wall), -torch.minimum(ala, crest))
    remnant = (rho < 0.9) & (up < -h / 2 + 0.3) & (up > -h / 2 - 2.8) & (number < 3)
    codes[remnant] = Tissue.SACRAL_DISC
    codes[solid > 0] = Tissue.SACRUM_CORTEX
    codes[solid > 0.9] = Tissue.SACRUM_MARROW
    if name == "S1":
        codes[(solid > 0) & (solid < ENDPLATE_MM) & (wall > 0) & (up > 0)] = Tissue.SACRUM_CORTEX


def _ala(number: int, size: float, side: Tensor, back: Tensor, up: Tensor, h: float, half_depth: Tensor) -> Tensor:
    """Lateral mass beside a segment, down to S3."""
    if number > 3:
        return torch.full_like(side, 9.0)
    reach = (56.0, 50.0, 41.0, 32.0)[number] * size
    # Widest and furthest back at its lateral end, where it meets the ilium.
    middle = 2.0 + 2.0 * number + 0.22 * side
    thick = (13.0, 11.0, 9.0, 6.0)[number] * size * (1 + 0.006 * side)
    half = (0.58 * reach, 1.0, h / 2 + 1.6)
    mass = shapes.box(side, (back - middle) / thick * 8, up, (0.42 * reach, 0.0, 0.0), (half[0], 8.0, half[2]), 5.0)
    # The sacral canal stays open behind the bodies.
    canal = 10.0 - side
    return torch.maximum(mass, torch.where(back > half_depth - 1, canal, -9.0))


def _crest(number: int, size: float, side: Tensor, v: Tensor, up: Tensor, h: float) -> Tensor:
    """Roof of the sacral canal and median crest."""
    if number > 3:
        return torch.full_like(side, 9.0)
    depth = (15.0, 12.0, 9.0, 7.0)[number] * size
    low = h * -0.5
    roof = torch.abs(v - depth - 2.5 + 0.35 * side) - 2.4
    roof = torch.maximum(roof, side - 17.0)
    roof = torch.maximum(roof, torch.abs(up - low * 0.15) - h * (0.46 if number else 0.34))
    spine = shapes.box(side, v, up, (0.0, depth + 6.5, low * 0.2), (2.6, 6.0, h * 0.32), 2.0)
    return torch.minimum(roof, spine)
