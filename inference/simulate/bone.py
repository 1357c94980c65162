"""Vertebrae, discs and sacrum at any points.

Local coordinates are (left, back, up) of a bone's frame, see `layout`; `v` is
the distance behind the posterior wall of the body.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.simulate import shapes
from inference.simulate.layout import SACRUM
from inference.simulate.patient import Body, DiscCause
from inference.simulate.tissue import Tissue, disc_code

Float32 = NDArray[np.float32]
Codes = NDArray[np.uint8]

CORTEX_MM, ENDPLATE_MM, SHELL_MM = 0.8, 0.9, 1.0
#: Angle of the facet joints from the coronal plane, deg, and their distance behind the posterior wall.
FACET_DEG = 55.0


def outline(left: Float32, back: Float32, half_width: Float32 | float, half_depth: Float32 | float) -> Float32:
    """1 on the outline of a body: rounded in front, squarer behind."""
    x = np.square(left / half_width)
    y = np.square(back / half_depth)
    behind = back > 0
    square = np.sqrt(np.sqrt(x * x + y * y))
    result: Float32 = np.where(behind, square, 0.5 * (square + np.sqrt(x + y)))
    return result


def endplates(body: Body, rho: Float32, back: Float32) -> tuple[Float32, Float32]:
    """Height (up, mm) of the superior and inferior endplate over points of the outline."""
    hollow = body.concavity_mm * np.clip(1 - np.square(rho * 1.12), 0, 1)
    slant = back * float(np.tan(np.deg2rad(body.wedge_deg / 2)))
    top = body.height_mm / 2 - slant - hollow
    # The inferior endplate is hollow mostly in its posterior half.
    deeper = 1 + np.clip(back * (0.5 / body.depth_mm), -0.25, 0.25) * 1.4
    return top, -body.height_mm / 2 + slant + hollow * deeper


def paint_body(codes: Codes, body: Body, left: Float32, back: Float32, up: Float32) -> None:
    """The vertebral body, its cortex, endplates and basivertebral vein."""
    height = body.height_mm
    waist = 0.92 + 0.08 * np.minimum(np.square(up * (2 / height)), 1.1)
    deep = 0.94 + 0.06 * np.minimum(np.square(up * (2 / height)), 1.1)
    half_width, half_depth = waist * (body.width_mm / 2), deep * (body.depth_mm / 2)
    rho = outline(left, back, half_width, half_depth)
    top, bottom = endplates(body, rho, back)
    depth = np.minimum(top - up, up - bottom)
    wall = (1 - rho) * half_depth
    inside = (depth > 0) & (wall > 0)
    soft = inside & (depth > ENDPLATE_MM) & (wall > CORTEX_MM)
    vein = soft & (np.abs(up) < 1.3 + 0.12 * (back - body.depth_mm / 2 + 10)) & (np.abs(left) < 3.5)
    vein &= back > body.depth_mm / 2 - 9
    # The pedicles' marrow runs on into the body without a wall between.
    codes[inside & (codes != Tissue.POSTERIOR_MARROW)] = Tissue.CORTEX
    codes[soft] = Tissue.MARROW
    codes[vein] = Tissue.VEIN


def posterior_distance(
    body: Body, depth_mm: float, left: Float32, v: Float32, up: Float32, facet_mm: tuple[float, float]
) -> Float32:
    """Signed distance to pedicles, articular pillars, facets, laminae, spinous and transverse processes.

    depth_mm: depth of the bony canal. facet_mm: how much the left and right
    superior facet reaches forward and inward beyond its normal place.
    """
    h, side = body.height_mm, np.abs(left)
    canal = body.canal_width_mm / 2
    pedicle = canal + body.pedicle_mm / 2
    joint = canal + 5.0
    size = h / 28
    result = shapes.ellipsoid(side, v, up, (pedicle, 3.0, 0.21 * h), (body.pedicle_mm / 2, 10.0, 7.4 * size))
    pillar = shapes.capsule(
        side, v, up, (pedicle, 9.5, 0.22 * h), (joint - 4.0, depth_mm - 2.0, -0.5 * h), (4.6 * size, 4.4 * size)
    )
    np.minimum(result, pillar, out=result)
    if body.name.startswith("L"):
        reach = 41.0 if body.name != "L5" else 38.0
        process = shapes.capsule(
            side, v, up, (pedicle + 3, 4.0, 0.16 * h), (reach, 8.0, 0.22 * h), (4.6 * size, 3.2 * size)
        )
        np.minimum(result, process, out=result)
    np.minimum(result, _facets(body, depth_mm, left, v, up, facet_mm), out=result)
    np.minimum(result, _lamina_and_spine(body, depth_mm, side, v, up), out=result)
    return result


def _facets(
    body: Body, depth_mm: float, left: Float32, v: Float32, up: Float32, facet_mm: tuple[float, float]
) -> Float32:
    """Superior facets stand before and outside the joint, inferior facets behind and inside it."""
    h, side = body.height_mm, np.abs(left)
    size = h / 28
    joint = body.canal_width_mm / 2 + 5.5
    along, across = shapes.turn((side - joint).astype(np.float32), (v - (depth_mm - 3.5)).astype(np.float32), FACET_DEG)
    grown = np.where(left > 0, facet_mm[0], facet_mm[1]).astype(np.float32)
    thick = (4.7 + grown * 0.5) * size
    upper = np.square((across + 0.7 + thick) / thick) + np.square(along / (8.2 * size))
    upper += np.square((up - 0.62 * h) / (9.5 * size))
    superior = (np.sqrt(upper) - 1) * thick
    lower = np.square((across - 5.6 * size) / (4.9 * size)) + np.square((along + 0.5) / (7.6 * size))
    lower += np.square((up + 0.66 * h) / (10.5 * size))
    inferior: Float32 = (np.sqrt(lower) - 1) * 4.9 * size
    result: Float32 = np.minimum(superior, inferior)
    return result


def _lamina_and_spine(body: Body, depth_mm: float, side: Float32, v: Float32, up: Float32) -> Float32:
    """Laminae slope down from the spinous process to the pillars; the process is a plate."""
    h, size = body.height_mm, body.height_mm / 28
    middle = up + 0.22 * h
    face = depth_mm + 1.0 - 0.62 * side - 0.16 * middle
    lamina = np.abs(v - face - 3.4 * size) * 0.85 - 3.2 * size
    np.maximum(lamina, np.abs(middle + 0.12 * side) - 9.5 * size, out=lamina)
    np.maximum(lamina, side - (body.canal_width_mm / 2 + 4.0), out=lamina)
    lumbar = body.name.startswith("L")
    drop, long, tall = (9.0, 15.5, 10.5) if lumbar else (28.0, 16.0, 7.0)
    if body.name == "L5":
        long, tall = 12.0, 8.0
    back, high = shapes.turn(v - (depth_mm + 3.0), up + 0.30 * h, -drop)
    # A hatchet: rounded in profile, thin in front and thicker at its tip.
    profile = shapes.box(np.zeros_like(back), back, high, (0, long * size, 0), (9, long * size, tall * size), 5.0)
    thick = 3.4 + 0.9 * np.clip(back / (2 * long), 0, 1) - 0.05 * np.maximum(high, 0)
    spine = np.maximum(profile, side - thick)
    # Both grow into each other where they meet.
    blend = np.clip(0.5 + 0.5 * (spine - lamina) / 3.5, 0, 1)
    result: Float32 = spine * (1 - blend) + lamina * blend - 3.5 * blend * (1 - blend)
    return result


def paint_posterior(codes: Codes, distance: Float32) -> None:
    """Marrow inside a dark shell."""
    codes[distance < 0] = Tissue.CORTEX
    codes[distance < -SHELL_MM] = Tissue.POSTERIOR_MARROW


def disc_outline(disc: DiscCause, half: tuple[float, float], left: Float32, back: Float32, bulge_mm: float) -> Float32:
    """1 on the disc's outline with its bulge into the canal and the foramina. half: half width and depth."""
    side = np.abs(left)
    foramen = np.where(left > 0, disc.foramen_left, disc.foramen_right).astype(np.float32)
    middle = np.exp(-np.square(left / 11.0))
    out = bulge_mm * middle + 0.75 * foramen * np.exp(-np.square((side - 19) / 8.0))
    half_depth = np.where(back > 0, half[1] + out, half[1] + 0.6 + 0.9 * disc.degeneration)
    return outline(left, back, half[0] + 0.5 + disc.degeneration, half_depth.astype(np.float32))


def paint_disc(codes: Codes, disc: DiscCause, rho: Float32, below: Float32, above: Float32) -> None:
    """Nucleus, cleft and annulus. below, above: mm to the endplates, positive between them."""
    inside = (rho < 1) & (below > 0) & (above > 0)
    height = np.maximum(below + above, 1.0)
    level = np.abs(below - above) / height
    middle = np.clip((0.72 - np.sqrt(np.square(rho) + 0.25 * np.square(level))) * 5.0 + 0.5, 0, 1)
    cleft = 0.35 * np.clip(1 - np.abs(below - above) / 2.2, 0, 1) * np.clip((0.5 - rho) * 4, 0, 1)
    water = middle * (1 - disc.degeneration) * (1 - cleft)
    water += 0.16 * (1 - np.clip(rho, 0, 1)) * (1 - middle)
    outer = inside & (rho > 0.93)
    codes[inside] = disc_code(water[inside])
    codes[outer] = disc_code(np.zeros(1, dtype=np.float32))[0]


def paint_sacrum(
    codes: Codes, number: int, size: float, left: Float32, back: Float32, up: Float32, first_slant_deg: float
) -> None:
    """One sacral segment: body, remnant disc below it, lateral mass and crest."""
    name, top, bottom, width, height, _ = SACRUM[number]
    h = height * size
    share = up / h
    half_depth = (((top + bottom) / 4 + share * (top - bottom) / 2) * size).astype(np.float32)
    half_width = width * size / 2 * (1 + 0.12 * share)
    rho = outline(left, back, half_width, np.maximum(half_depth, 2.0))
    slant = float(np.tan(np.deg2rad(first_slant_deg))) if number == 0 else 0.0
    hollow = 0.8 * np.clip(1 - np.square(rho), 0, 1) if number == 0 else 0.0
    ceiling = h / 2 - slant * back - hollow
    depth = np.minimum(ceiling - up, up + h / 2)
    wall = (1 - rho) * half_depth
    ala = _ala(number, size, np.abs(left), back, up, h, half_depth)
    crest = _crest(number, size, np.abs(left), (back - half_depth).astype(np.float32), up, h)
    solid = np.maximum(np.minimum(depth, wall), -np.minimum(ala, crest))
    remnant = (rho < 0.9) & (up < -h / 2 + 0.3) & (up > -h / 2 - 2.8) & (number < 3)
    codes[remnant] = Tissue.SACRAL_DISC
    codes[solid > 0] = Tissue.SACRUM_CORTEX
    codes[solid > 0.9] = Tissue.SACRUM_MARROW
    if name == "S1":
        codes[(solid > 0) & (solid < ENDPLATE_MM) & (wall > 0) & (up > 0)] = Tissue.SACRUM_CORTEX


def _ala(number: int, size: float, side: Float32, back: Float32, up: Float32, h: float, half_depth: Float32) -> Float32:
    """Lateral mass beside a segment, down to S3."""
    if number > 3:
        return np.full_like(side, 9.0)
    reach = (56.0, 50.0, 41.0, 32.0)[number] * size
    # Widest and furthest back at its lateral end, where it meets the ilium.
    middle = 2.0 + 2.0 * number + 0.22 * side
    thick = (13.0, 11.0, 9.0, 6.0)[number] * size * (1 + 0.006 * side)
    half = (0.58 * reach, 1.0, h / 2 + 1.6)
    mass = shapes.box(side, (back - middle) / thick * 8, up, (0.42 * reach, 0.0, 0.0), (half[0], 8.0, half[2]), 5.0)
    # The sacral canal stays open behind the bodies.
    canal = 10.0 - side
    np.maximum(mass, np.where(back > half_depth - 1, canal, -9.0), out=mass)
    return mass


def _crest(number: int, size: float, side: Float32, v: Float32, up: Float32, h: float) -> Float32:
    """Roof of the sacral canal and median crest."""
    if number > 3:
        return np.full_like(side, 9.0)
    depth = (15.0, 12.0, 9.0, 7.0)[number] * size
    low = h * -0.5
    roof = np.abs(v - depth - 2.5 + 0.35 * side) - 2.4
    np.maximum(roof, side - 17.0, out=roof)
    np.maximum(roof, np.abs(up - low * 0.15) - h * (0.46 if number else 0.34), out=roof)
    spine = shapes.box(side, v, up, (0.0, depth + 6.5, low * 0.2), (2.6, 6.0, h * 0.32), 2.0)
    return np.minimum(roof, spine)
