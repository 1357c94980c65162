"""The foramina: perineural fat, the root, and what narrows them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from inference.simulate import shapes
from inference.simulate.layout import Place
from inference.simulate.patient import Body, DiscCause
from inference.simulate.tissue import Tissue

#: Half the fat around the root front to back and top to bottom (mm), by severity 0..4 (Lee 2010).
HALF_AP_MM = (6.8, 3.6, 2.8, 2.4, 1.7)
HALF_HEIGHT_MM = (11.8, 8.0, 3.3, 2.6, 1.8)


def paint(codes: Tensor, points: Tensor, place: Place, body: Body, disc: DiscCause) -> None:
    """Both foramina below `body` and the roots that leave by them."""
    keep = shapes.indices(torch.abs(points[:, 2] - float(place.centre_mm[2] - 8)) < 36)
    near = points[keep]
    close = torch.abs(near[:, 1] - float(place.centre_mm[1] + body.depth_mm / 2)) < 30
    close &= torch.abs(near[:, 0] - float(place.centre_mm[0])) < 42
    rows = keep[close]
    if not len(rows):
        return
    left, back, up = place.local(points[rows])
    v, side, h = back - body.depth_mm / 2, torch.abs(left), body.height_mm
    part = codes[rows]
    inner = body.canal_width_mm / 2
    for severity, which in ((disc.foramen_left, left > 0), (disc.foramen_right, left <= 0)):
        here = shapes.indices(which & (side > 5))
        tissue = part[here]
        _one(tissue, side[here], v[here], up[here], inner, h, severity, body.name)
        part[here] = tissue
    codes[rows] = part


def _one(
    codes: Tensor, side: Tensor, v: Tensor, up: Tensor, inner: float, h: float, severity: float, name: str
) -> None:
    """One side. inner: half the canal's width."""
    knots = (0, 1, 2, 3, 4)
    ap = float(np.interp(severity, knots, HALF_AP_MM))
    tall = float(np.interp(severity, knots, HALF_HEIGHT_MM))
    ganglion = (inner + 6.0, 3.2, -0.30 * h)
    space = shapes.ellipsoid(side, v, up, (inner + 6.0, 3.0, -0.42 * h), (11.0, 7.0, 12.0))
    codes[space < 0] = Tissue.LIGAMENT
    # Fat reaches further down than up from the root, which lies in the upper foramen.
    centre = (inner + 6.0, 3.0, -0.30 * h - 0.35 * max(tall - 3.0, 0.0))
    codes[shapes.ellipsoid(side, v, up, centre, (12.0, ap, tall)) < 0] = Tissue.EPIDURAL_FAT
    radius = 2.9 if name.startswith("L") else 2.2
    squeezed = min(radius, max(min(ap, tall), 1.2))
    start = (inner - 4.0, 5.0, 0.30 * h)
    root = shapes.capsule(side, v, up, start, (inner + 1.0, 3.8, -0.12 * h), (1.6, 2.0))
    root = torch.minimum(root, shapes.ellipsoid(side, v, up, ganglion, (5.0, squeezed, squeezed * 1.1)))
    leave = (inner + 22.0, -3.0, -0.95 * h)
    root = torch.minimum(root, shapes.capsule(side, v, up, ganglion, leave, (squeezed * 0.85, 2.2)))
    codes[root < 0] = Tissue.NERVE
