"""The foramina: perineural fat, the root, and what narrows them.

A foramen has the shape of a keyhole: wide below the pedicle, where the root lies, narrow
between the disc and the superior facet. It narrows from below: disc and facet
approach each other, and the facet's tip and the disc's edge rise towards the root.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inference.simulate.body import shapes
from inference.simulate.body.arch import Facet
from inference.simulate.body.layout import Place
from inference.simulate.body.tissue import Tissue, disc_code
from inference.simulate.causes.narrowing import FORAMEN_WIDTH_MM, RECESS_AT_MM, foramen_bulge_mm, foramen_mm
from inference.simulate.causes.records import Body, DiscCause

#: Distance of a foramen's middle lateral to the bony canal, and of its root behind the posterior wall, mm.
OUTSIDE_MM, ROOT_BEHIND_MM = 6.0, 3.2
#: Half of the fat's extent front to back, and its extent beyond the root above and below, mm, at severity 0, 1 and 2.
#: From severity 2 on there is no fat (Lee 2010).
HALF_AP_MM, ABOVE_MM = (6.8, 4.2, 2.6), (4.0, 3.0, 1.6)
#: Distance below the end of a facet's blunt tip from which on it closes the foramen, mm.
TIP_MM = 2.8
#: Height of a normal facet's tip above the middle of the disc, mm.
PLAIN_MM = 9.5
#: Radius of a root's ganglion, mm: lumbar, thoracic, and at severity 3 and 4, where it is deformed.
ROOT_MM, THORACIC_ROOT_MM, SQUEEZED_MM = 2.9, 2.2, (2.3, 1.6)


@dataclass(frozen=True)
class Opening:
    """One foramen in the frame of the vertebra above, mm.

    side: distance of its middle from the midline. roof: height of the pedicle's underside. floor: height below which
    it is closed. root: height of the root's middle. radius: (back, up) of the ganglion.
    """

    side: float
    roof: float
    floor: float
    root: float
    radius: tuple[float, float]


def roof_mm(body: Body) -> float:
    """Height of the underside of a pedicle in the middle of the foramen below it."""
    return -0.054 * body.height_mm


def opening(body: Body, severity: float) -> Opening:
    """The foramen below a vertebra, with its root."""
    height, _ = foramen_mm(severity)
    normal = ROOT_MM if body.name.startswith("L") else THORACIC_ROOT_MM
    deformed = normal if severity < 3 else max(SQUEEZED_MM[0] + (SQUEEZED_MM[1] - SQUEEZED_MM[0]) * (severity - 3), 1.2)
    half_height = min(normal * 1.05, deformed * 1.2)
    roof = roof_mm(body)
    # The root is displaced upward as the foramen narrows.
    drop = min(0.246 * body.height_mm, max(height - 0.7 - half_height, half_height + 0.9))
    return Opening(
        body.canal_width_mm / 2 + OUTSIDE_MM, roof, roof - height, roof - drop, (min(normal, deformed), half_height)
    )


def paint(codes: Tensor, points: Tensor, place: Place, body: Body, disc: DiscCause) -> None:
    """Both foramina below `body` and the roots that leave through them."""
    keep = shapes.indices(torch.abs(points[:, 2] - float(place.centre_mm[2] - 8)) < 36)
    near = points[keep]
    close = torch.abs(near[:, 1] - float(place.centre_mm[1] + body.depth_mm / 2)) < 38
    close &= torch.abs(near[:, 0] - float(place.centre_mm[0])) < 46
    rows = keep[close]
    if not len(rows):
        return
    left, back, up = place.local(points[rows])
    v, side = back - body.depth_mm / 2, torch.abs(left)
    part = codes[rows]
    for severity, on_side in ((disc.foramen_left, left > 0), (disc.foramen_right, left <= 0)):
        side_rows = shapes.indices(on_side & (side > 5))
        tissue = part[side_rows]
        _paint_side(tissue, side[side_rows], v[side_rows], up[side_rows], body, disc, severity)
        part[side_rows] = tissue
    codes[rows] = part


def _paint_side(
    codes: Tensor, side: Tensor, v: Tensor, up: Tensor, body: Body, disc: DiscCause, severity: float
) -> None:
    """The foramen of one side."""
    hole, h, inner = opening(body, severity), body.height_mm, body.canal_width_mm / 2
    sacral = (codes == Tissue.SACRUM_MARROW) | (codes == Tissue.SACRUM_CORTEX)
    space = shapes.ellipsoid(side, v, up, (hole.side, 3.0, -0.42 * h), (11.0, 7.0, 12.0))
    codes[(space < 0) & ~sacral] = Tissue.LIGAMENT
    if severity < 2:
        ap, above = (_interpolated(severity, values) for values in (HALF_AP_MM, ABOVE_MM))
        # Fat reaches further down than up from the root, which lies in the upper foramen.
        top, low = hole.root + hole.radius[1] + above, max(hole.floor, hole.root - hole.radius[1] - 3.2 * above)
        fat = shapes.ellipsoid(side, v, up, (hole.side, ROOT_BEHIND_MM, (top + low) / 2), (12.0, ap, (top - low) / 2))
        codes[(fat < 0) & ~sacral] = Tissue.EPIDURAL_FAT
    ganglion = (hole.side, ROOT_BEHIND_MM, hole.root)
    # It comes from the lateral recess (`canal`).
    start = (min(inner - 3.0, RECESS_AT_MM - 0.5), 3.0, 0.12 * h)
    root = shapes.capsule(side, v, up, start, (inner + 1.0, 3.4, hole.root + 0.14 * h), (1.6, 2.0))
    root = torch.minimum(root, shapes.ellipsoid(side, v, up, ganglion, (5.0, *hole.radius)))
    # Roots run down beside the bodies; the lowest one passes before the sacral ala.
    leave = (inner + 22.0, -20.0, -0.72 * h) if disc.lower.startswith("S") else (inner + 22.0, -3.0, -0.95 * h)
    root = torch.minimum(root, shapes.capsule(side, v, up, ganglion, leave, (hole.radius[0] * 0.85, 2.2)))
    codes[root < 0] = Tissue.NERVE


def _interpolated(severity: float, values: tuple[float, float, float]) -> float:
    """Linear interpolation between the values at severity 0, 1 and 2."""
    below = min(int(severity), 1)
    return values[below] + (severity - below) * (values[below + 1] - values[below])


def paint_ridge(codes: Tensor, body: Body, disc: DiscCause, left: Tensor, v: Tensor, up: Tensor) -> None:
    """The disc's edge with its osteophyte where it narrows the lower foramen. Coordinates of the vertebra above."""
    side = torch.abs(left)
    sacral = (codes == Tissue.SACRUM_MARROW) | (codes == Tissue.SACRUM_CORTEX)
    low = -body.height_mm / 2 - disc.height_mm - 1.0
    for severity, on_side in ((disc.foramen_left, left > 0), (disc.foramen_right, left <= 0)):
        if severity < 1:
            continue
        hole = opening(body, severity)
        reach = _ridge_mm(disc, severity) - torch.square((side - hole.side) / 3.0)
        # Its upper edge is rounded off.
        top = hole.floor - 0.5 * v.clamp(min=0).square() / max(foramen_bulge_mm(severity), 1.0)
        inside = on_side & ~sacral & (v < reach) & (v > -6) & (up < top) & (up > low) & (side > 10)
        codes[inside] = disc_code(torch.full_like(side[inside], 0.04))


def plain_facet(height_mm: float) -> Facet:
    """The superior facet of a vertebra of this height without a neighbour that shapes it."""
    return Facet(FORAMEN_WIDTH_MM[0], 0.62 * height_mm + 9.5 * height_mm / 28)


def facet(upper: Body, disc: DiscCause, severity: float, above: Place, place: Place, wall_mm: float) -> Facet:
    """The superior facet that bounds the foramen below `upper` from behind, in the frame `place` of its own vertebra.

    above: frame of `upper`; wall_mm: posterior wall in `place`, whose origin is in the vertebra's middle.
    """
    hole, behind = opening(upper, severity), upper.depth_mm / 2 + ROOT_BEHIND_MM
    roof, floor = (
        float((above.world(0.0, behind, up) - place.centre_mm) @ place.axes[2]) for up in (hole.roof, hole.floor)
    )
    _, width = foramen_mm(severity)
    edge = above.world(0.0, upper.depth_mm / 2 + _ridge_mm(disc, severity), -(upper.height_mm + disc.height_mm) / 2)
    front = max(float((edge - place.centre_mm) @ place.axes[1]) - wall_mm, 0.5) + width
    under = float((edge - place.centre_mm) @ place.axes[2])
    tip = min(under + PLAIN_MM, roof - 8.0) if severity < 1 else min(floor + TIP_MM, roof - 4.0)
    return Facet(front, max(tip, under))


def _ridge_mm(disc: DiscCause, severity: float) -> float:
    """Distance of the disc's edge behind the wall of the vertebra above, a slip included, mm."""
    return foramen_bulge_mm(severity) + max(disc.slip_mm, 0.0)
