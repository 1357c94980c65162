"""Discs at any points: their outline, what leaves it, nucleus and annulus.

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
#: Where a herniation's middle lies beside the midline, mm.
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
    away = shapes.ellipsoid(left, back, up, (2.5, half_depth - 1.2, -0.6), (3.2, 1.0, 1.2))
    codes[away < 0] = disc_code(torch.full_like(away[away < 0], 0.97))


def paint_herniation(
    codes: Tensor, gone: Herniation, half: tuple[float, float], thick_mm: float, left: Tensor, back: Tensor, up: Tensor
) -> None:
    """Disc material beyond the outline. half: half width and depth of the outline; thick_mm: the disc's height."""
    at = ZONES_MM[gone.zone] * (gone.side or 1) * (1 if gone.side or gone.zone == "central" else 0)
    share = min(abs(at) / half[0], 0.97)
    edge = half[1] * (1 - share**4) ** 0.25
    tall = thick_mm / 2 + {"protrusion": 0.5, "extrusion": 2.0, "sequestration": 2.5}[gone.kind]
    high = {"protrusion": 0.15, "extrusion": 0.5, "sequestration": 1.0}[gone.kind] * gone.migration_mm
    if gone.kind != "protrusion":
        tall = max(tall, abs(high) + 2.0)
    wide = max(gone.width_mm / 2, 2.0)
    mass = shapes.ellipsoid(left, back, up, (at, edge - 1.0, high), (wide, gone.reach_mm + 1.0, tall))
    inside = mass < 0
    water = torch.where(mass[inside] > -0.8, 0.0, 0.22 if gone.kind == "protrusion" else 0.4)
    codes[inside] = disc_code(water)
