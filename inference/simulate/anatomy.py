"""A patient's anatomy as one function: points in, tissue codes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.simulate import bone, canal, foramen, soft
from inference.simulate.canal import Profiles, Roots
from inference.simulate.layout import SACRUM, Layout, lay_out
from inference.simulate.patient import Body, DiscCause, Patient
from inference.simulate.shapes import indices
from inference.simulate.tissue import Tissue, labels
from inference.types import FloatArray


@dataclass(frozen=True)
class Anatomy:
    """Evaluate `codes` or `labels` at any LPS points; all is prepared once."""

    patient: Patient
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @cached_property
    def layout(self) -> Layout:
        layout = lay_out(self.patient)
        return replace(layout, canal=layout.canal.on(self.device))

    @cached_property
    def profiles(self) -> Profiles:
        return canal.profiles(self.patient, self.layout.canal).on(self.device)

    @cached_property
    def roots(self) -> Roots:
        return canal.cauda(self.patient, self.layout.canal, self.profiles)

    @cached_property
    def around(self) -> soft.Surroundings:
        return soft.surroundings(self.patient, self.layout, self.device)

    def labels(self, points: NDArray[Any]) -> NDArray[np.uint8]:
        """`inference.types.Label` at points (..., 3) LPS mm, uint8 (...)."""
        flat = self._flat(points)
        codes = torch.zeros(len(flat), dtype=torch.uint8, device=self.device)
        self._spine(codes, flat)
        found: NDArray[np.uint8] = labels()[codes.cpu().numpy()].reshape(points.shape[:-1])
        return found

    def codes(self, points: NDArray[Any] | Tensor) -> Tensor:
        """Tissue codes at points (..., 3) LPS mm, uint8 (...) on `device`, see `tissue`."""
        flat = self._flat(points)
        codes = torch.empty(len(flat), dtype=torch.uint8, device=self.device)
        soft.paint(codes, self.around, flat)
        self._spine(codes, flat)
        return codes.reshape(points.shape[:-1])

    def _flat(self, points: NDArray[Any] | Tensor) -> Tensor:
        return torch.as_tensor(points, dtype=torch.float32, device=self.device).reshape(-1, 3)

    def _spine(self, codes: Tensor, points: Tensor) -> None:
        """Paint the spine from the outside in; later layers lie over earlier ones."""
        marks = self.layout.canal.marks
        near = canal.locate(self.layout.canal, self.profiles, points)
        canal.paint_epidural(codes, near, self.profiles, marks["S1"] - 6)
        for number, (name, *_) in enumerate(SACRUM):
            self._sacral(codes, points, number, name)
        for upper, disc, lower in self._levels():
            foramen.paint(codes, points, self.layout.bodies[upper.name], upper, disc)
            self._disc(codes, points, upper, disc, lower)
        for position, body in enumerate(self.patient.bodies):
            self._vertebra(codes, points, position, body)
        canal.paint_sac(codes, near, self.profiles, self.roots)

    def _levels(self) -> list[tuple[Body, DiscCause, Body | None]]:
        bodies = self.patient.bodies
        return list(zip(bodies, self.patient.discs, (*bodies[1:], None), strict=True))

    def _vertebra(self, codes: Tensor, points: Tensor, position: int, body: Body) -> None:
        place = self.layout.bodies[body.name]
        rows = _ball(points, place.world(0, 20, -6), 62.0)
        if not len(rows):
            return
        left, back, up = place.local(points[rows])
        some = codes[rows]
        v = back - body.depth_mm / 2
        behind = indices(v > -8)
        above = self.patient.discs[position - 1] if position else None
        grown = (above.foramen_left, above.foramen_right) if above else (0.0, 0.0)
        distance = bone.posterior_distance(
            body, self.patient.canal_depth_mm, left[behind], v[behind], up[behind], grown
        )
        part = some[behind]
        bone.paint_posterior(part, distance)
        some[behind] = part
        ahead = indices((v < 1) & (up.abs() < body.height_mm * 0.75))
        part = some[ahead]
        bone.paint_body(part, body, left[ahead], back[ahead], up[ahead])
        some[ahead] = part
        codes[rows] = some

    def _disc(self, codes: Tensor, points: Tensor, upper: Body, disc: DiscCause, lower: Body | None) -> None:
        place = self.layout.discs[disc.level]
        rows = _ball(points, place.centre_mm, 36.0)
        if not len(rows):
            return
        left, back, up = place.local(points[rows])
        flat = indices(up.abs() < 10)
        rows, left, back = rows[flat], left[flat], back[flat]
        below_depth = lower.depth_mm if lower else SACRUM[0][1] * self.patient.size
        below_width = lower.width_mm if lower else SACRUM[0][3] * self.patient.size
        half = ((upper.width_mm + below_width) / 4, (upper.depth_mm + below_depth) / 4)
        bulge = canal.bulge_mm(disc)
        rho = bone.outline(left, back, *half)
        wide = bone.disc_outline(disc, half, left, back, bulge)
        _, u_back, u_up = self.layout.bodies[upper.name].local(points[rows])
        below = bone.endplates(upper, rho, u_back)[1] - u_up
        above = self._above(points[rows], lower, rho)
        part = codes[rows]
        bone.paint_disc(part, disc, wide, below, above)
        codes[rows] = part

    def _above(self, points: Tensor, lower: Body | None, rho: Tensor) -> Tensor:
        """Height of points above the endplate under the disc."""
        if lower is not None:
            _, back, up = self.layout.bodies[lower.name].local(points)
            return up - bone.endplates(lower, rho, back)[0]
        _, back, up = self.layout.sacrum["S1"].local(points)
        slant = math.tan(math.radians(SACRUM[0][5]))
        top = SACRUM[0][4] * self.patient.size / 2 - slant * back - 0.8 * (1 - rho.square()).clamp(0, 1)
        return up - top

    def _sacral(self, codes: Tensor, points: Tensor, number: int, name: str) -> None:
        place = self.layout.sacrum[name]
        rows = _ball(points, place.centre_mm, 64.0)
        left, back, up = place.local(points[rows])
        flat = indices((up.abs() < 20 * self.patient.size) & (back < 45))
        rows = rows[flat]
        part = codes[rows]
        bone.paint_sacrum(part, number, self.patient.size, left[flat], back[flat], up[flat], SACRUM[0][5])
        codes[rows] = part


def _ball(points: Tensor, centre: FloatArray, radius_mm: float) -> Tensor:
    """Index of the points within a cube around a centre."""
    x, y, z = centre.tolist()
    rows = indices((points[:, 2] - z).abs() < radius_mm)
    near = points[rows]
    return rows[((near[:, 0] - x).abs() < radius_mm) & ((near[:, 1] - y).abs() < radius_mm)]


__all__ = ["Anatomy", "Tissue"]
