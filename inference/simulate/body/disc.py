"""Discs at any points: outline, bulge, herniation, nucleus and annulus.

Local coordinates are (left, back, up) of the disc's frame, see `layout`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from inference.simulate.body import shapes
from inference.simulate.body.bone import outline
from inference.simulate.body.tissue import DISC, disc_code
from inference.simulate.causes.patient import DiscCause
from inference.simulate.causes.records import Herniation

#: Cartilage between a disc and the bony endplate, mm.
CARTILAGE_MM = 0.35
#: Distance of a herniation's middle from the midline by zone, mm.
ZONES_MM = {"central": 1.5, "subarticular": 8.5, "foraminal": 18.0, "extraforaminal": 25.0}


def wide_outline(disc: DiscCause, half: tuple[float, float], left: Tensor, back: Tensor, bulge_mm: float) -> Tensor:
    """1 on the disc's outline with its bulge into the canal and the foramina. half: half width and depth."""
    side = torch.abs(left)
    foramen = torch.where(left > 0, disc.foramen_left, disc.foramen_right)
    middle = torch.exp(-torch.square(left / 11.0))
    out = bulge_mm * middle + 0.75 * foramen * torch.exp(-torch.square((side - 19) / 8.0))
    half_depth = torch.where(back > 0, half[1] + out, half[1] - 0.3 + 0.9 * disc.degeneration)
    return outline(left, back, half[0] + 0.5 + disc.degeneration, half_depth)


def paint(codes: Tensor, disc: DiscCause, rho: Tensor, below: Tensor, above: Tensor) -> None:
    """Nucleus, cleft, annulus and a fissure in it. below, above: mm to the endplates, positive between them."""
    inside = (rho < 1) & (below > CARTILAGE_MM) & (above > CARTILAGE_MM)
    height = (below + above).clamp(min=1.0)
    level = torch.abs(below - above) / height
    middle = torch.clamp((0.72 - torch.sqrt(torch.square(rho) + 0.25 * torch.square(level))) * 5.0 + 0.5, 0, 1)
    cleft = 0.35 * torch.clamp(1 - torch.abs(below - above) / 2.2, 0, 1) * torch.clamp((0.5 - rho) * 4, 0, 1)
    water = middle * (1 - disc.degeneration) * (1 - cleft)
    water += 0.16 * (1 - torch.clamp(rho, 0, 1)) * (1 - middle)
    codes[inside] = disc_code(water[inside])
    codes[inside & (rho > 0.93)] = DISC


def paint_fissure(codes: Tensor, half_depth: float, left: Tensor, back: Tensor, up: Tensor) -> None:
    """A high-intensity zone in the posterior annulus."""
    distance = shapes.ellipsoid(left, back, up, (2.5, half_depth - 1.2, -0.6), (3.2, 1.0, 1.2))
    codes[distance < 0] = disc_code(torch.full_like(distance[distance < 0], 0.97))


def paint_herniation(
    codes: Tensor,
    herniation: Herniation,
    half: tuple[float, float],
    thick_mm: float,
    left: Tensor,
    back: Tensor,
    up: Tensor,
) -> None:
    """Disc material beyond the outline. half: half width and depth of the outline; thick_mm: the disc's height."""
    centre = (
        ZONES_MM[herniation.zone]
        * (herniation.side or 1)
        * (1 if herniation.side or herniation.zone == "central" else 0)
    )
    share = min(abs(centre) / half[0], 0.97)
    edge = half[1] * (1 - share**4) ** 0.25
    half_height = thick_mm / 2 + {"protrusion": 0.5, "extrusion": 2.0, "sequestration": 2.5}[herniation.kind]
    up_mm = {"protrusion": 0.15, "extrusion": 0.5, "sequestration": 1.0}[herniation.kind] * herniation.migration_mm
    if herniation.kind != "protrusion":
        half_height = max(half_height, abs(up_mm) + 2.0)
    half_width = max(herniation.width_mm / 2, 2.0)
    mass = shapes.ellipsoid(
        left, back, up, (centre, edge - 1.0, up_mm), (half_width, herniation.reach_mm + 1.0, half_height)
    )
    inside = mass < 0
    water = torch.where(mass[inside] > -0.8, 0.0, 0.22 if herniation.kind == "protrusion" else 0.4)
    codes[inside] = disc_code(water)
