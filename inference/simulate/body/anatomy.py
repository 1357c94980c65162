"""A patient's anatomy as one function: points in, tissue codes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.simulate.body import arch, bone, canal, disc, foramen, sacrum, soft
from inference.simulate.body.arch import Arch, Facet
from inference.simulate.body.bone import End
from inference.simulate.body.canal import Profiles, Roots
from inference.simulate.body.layout import Layout, Place, Segment, lay_out, sacrum_of
from inference.simulate.body.shapes import indices
from inference.simulate.body.tissue import Tissue, labels
from inference.simulate.causes.patient import Body, DiscCause, Patient
from inference.types import FloatArray


@dataclass(frozen=True)
class Anatomy:
    """Evaluates `codes` or `labels` at any LPS points; layout and profiles are computed once."""

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
        values: NDArray[np.uint8] = labels()[self.spine(points).cpu().numpy()]
        return values

    def spine(self, points: NDArray[Any] | Tensor) -> Tensor:
        """Tissue codes (...) of the spine alone, uint8; `Tissue.AIR` elsewhere. Cheaper than `codes`."""
        flat = self._flat(points)
        codes = torch.zeros(len(flat), dtype=torch.uint8, device=self.device)
        self._spine(codes, flat)
        return codes.reshape(points.shape[:-1])

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
        for _, paint in self._layers(points):
            paint(codes)

    def structures(self, points: NDArray[Any] | Tensor) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """The structure of every point: (tissue codes, index of the structure, names), the first two uint8 (...).

        Names: ``canal``, ``S1`` ..., ``L4`` ..., ``L4-L5`` for discs, ``foramen
        L4-L5`` for both foramina of a level, ``sac``; index 0 is nothing.
        """
        flat = self._flat(points)
        codes, owner = (torch.zeros(len(flat), dtype=torch.uint8, device=self.device) for _ in range(2))
        names = [""]
        for name, paint in self._layers(flat):
            names.append(name)
            layer = torch.zeros_like(codes)
            paint(layer)
            painted = layer > 0
            codes[painted] = layer[painted]
            owner[painted] = len(names) - 1
        return codes.reshape(points.shape[:-1]), owner.reshape(points.shape[:-1]), tuple(names)

    def _layers(self, points: Tensor) -> Iterator[tuple[str, Callable[[Tensor], None]]]:
        """Each structure's name and a function that paints it over the earlier ones, in order."""
        marks = self.layout.canal.marks
        near = canal.locate(self.layout.canal, self.profiles, points)
        yield "canal", lambda codes: canal.paint_epidural(codes, near, self.profiles, marks["S1"] - 6)
        for number, segment in enumerate(sacrum_of(self.patient)):
            yield segment.name, partial(self._sacral, points=points, number=number, segment=segment)
        for upper, cause, lower in self._levels():
            place = self.layout.bodies[upper.name]
            around = partial(foramen.paint, points=points, place=place, body=upper, disc=cause)
            yield f"foramen {cause.level}", around
            yield cause.level, partial(self._disc, points=points, upper=upper, cause=cause, lower=lower)
        yield "S1", partial(self._sacral_facets, points=points)
        for position, body in enumerate(self.patient.bodies):
            yield body.name, partial(self._vertebra, points=points, position=position, body=body)
        yield "sac", lambda codes: canal.paint_sac(codes, near, self.profiles, self.roots)

    def _levels(self) -> list[tuple[Body, DiscCause, Body | None]]:
        bodies = self.patient.bodies
        return list(zip(bodies, self.patient.discs, (*bodies[1:], None), strict=True))

    def _vertebra(self, codes: Tensor, points: Tensor, position: int, body: Body) -> None:
        place = self.layout.bodies[body.name]
        rows = _ball(points, place.world(0, 20, -6), 62.0)
        if not len(rows):
            return
        left, back, up = place.local(points[rows])
        near = codes[rows]
        v = back - body.depth_mm / 2
        posterior = indices(v > (-30 if body.screws else -8))
        part = near[posterior]
        arch.paint(part, body, self._arch(position), left[posterior], v[posterior], up[posterior])
        near[posterior] = part
        anterior = indices((v < 2) & (up.abs() < body.height_mm * 0.75))
        part = near[anterior]
        metal = part == Tissue.METAL
        bone.paint_body(part, body, self._ends(position), left[anterior], back[anterior], up[anterior], float(position))
        part[metal] = Tissue.METAL
        near[anterior] = part
        codes[rows] = near

    def _above_and_below(self, position: int) -> tuple[DiscCause | None, DiscCause]:
        """The discs above and below a vertebra."""
        discs = self.patient.discs
        return discs[position - 1] if position else None, discs[position]

    def _ends(self, position: int) -> tuple[End, End]:
        above, below = self._above_and_below(position)
        node = above.schmorl_below_mm if above else 0.0
        return bone.end(above, node), bone.end(below, below.schmorl_above_mm)

    def _arch(self, position: int) -> Arch:
        above, below = self._above_and_below(position)
        body = self.patient.bodies[position]
        last = position == len(self.patient.bodies) - 1
        return Arch(
            depth_mm=self.patient.canal_depth_mm,
            facets=self._facets(body.name, body.height_mm, self.layout.bodies[body.name], body.depth_mm / 2),
            fluid_mm=(above.facet_fluid_left_mm, above.facet_fluid_right_mm) if above else (0.0, 0.0),
            behind_mm=below.slip_mm if below.lysis else 0.0,
            deviates=arch.deviates(self.patient.roots_seed, position),
            fused=int(last and self.patient.transition == "sacralised"),
        )

    def _facets(self, name: str, height_mm: float, place: Place, wall_mm: float) -> tuple[Facet, Facet]:
        """The superior facets of a vertebra or of the sacrum, whose frame is `place`; wall_mm: its posterior wall."""
        for upper, cause, _ in self._levels():
            if cause.lower == name:
                above = self.layout.bodies[upper.name]
                left, right = (
                    foramen.facet(upper, cause, severity, above, place, wall_mm)
                    for severity in (cause.foramen_left, cause.foramen_right)
                )
                return left, right
        return (foramen.plain_facet(height_mm),) * 2

    def _sacral_facets(self, codes: Tensor, points: Tensor) -> None:
        """The superior facets of the sacrum, which bound the lowest foramina from behind."""
        segment, upper = sacrum_of(self.patient)[0], self.patient.bodies[-1]
        place, wall = self.layout.sacrum[segment.name], segment.top_mm / 2 * self.patient.size
        rows = _ball(points, place.world(0, wall, 10), 40.0)
        left, back, up = place.local(points[rows])
        shape = replace(upper, height_mm=segment.height_mm * self.patient.size)
        facets = self._facets("S1", shape.height_mm, place, wall)
        distance = arch.sacral_facets(shape, self.patient.canal_depth_mm, facets, left, back - wall, up)
        part = codes[rows]
        part[(distance < 0) & (part != Tissue.SACRUM_MARROW)] = Tissue.SACRUM_CORTEX
        part[distance < -arch.SHELL_MM] = Tissue.SACRUM_MARROW
        codes[rows] = part

    def _disc(self, codes: Tensor, points: Tensor, upper: Body, cause: DiscCause, lower: Body | None) -> None:
        place = self.layout.discs[cause.level]
        rows = _ball(points, place.centre_mm, 36.0)
        if not len(rows):
            return
        left, back, up = place.local(points[rows])
        flat = indices(up.abs() < 16)
        rows, left, back, up = rows[flat], left[flat], back[flat], up[flat]
        top = sacrum_of(self.patient)[0]
        below_depth = lower.depth_mm if lower else top.top_mm * self.patient.size
        below_width = lower.width_mm if lower else top.width_mm * self.patient.size
        half = ((upper.width_mm + below_width) / 4, (upper.depth_mm + below_depth) / 4)
        rho = bone.outline(left, back, *half)
        wide = disc.wide_outline(cause, half, left, back, canal.bulge_mm(cause))
        u_left, u_back, u_up = self.layout.bodies[upper.name].local(points[rows])
        below = bone.lower_endplate(upper, cause.schmorl_above_mm, rho, u_left, u_back) - u_up
        above = self._above(points[rows], cause, lower, rho)
        part = codes[rows]
        if cause.herniation:
            disc.paint_herniation(part, cause.herniation, half, cause.height_mm, left, back, up)
        foramen.paint_ridge(part, upper, cause, u_left, u_back - upper.depth_mm / 2, u_up)
        disc.paint(part, cause, wide, below, above)
        if cause.fissure:
            disc.paint_fissure(part, half[1] + cause.bulge_mm, left, back, up)
        codes[rows] = part

    def _above(self, points: Tensor, cause: DiscCause, lower: Body | None, rho: Tensor) -> Tensor:
        """Height of points above the endplate under the disc."""
        if lower is not None:
            left, back, up = self.layout.bodies[lower.name].local(points)
            return up - bone.upper_endplate(lower, cause.schmorl_below_mm, rho, left, back)
        segment = sacrum_of(self.patient)[0]
        _, back, up = self.layout.sacrum[segment.name].local(points)
        slant = math.tan(math.radians(segment.tilt_deg))
        top = segment.height_mm * self.patient.size / 2 - slant * back - 0.8 * (1 - rho.square()).clamp(0, 1)
        return up - top

    def _sacral(self, codes: Tensor, points: Tensor, number: int, segment: Segment) -> None:
        place = self.layout.sacrum[segment.name]
        rows = _ball(points, place.centre_mm, 64.0)
        left, back, up = place.local(points[rows])
        flat = indices((up.abs() < 23 * self.patient.size) & (back < 45))
        rows = rows[flat]
        part = codes[rows]
        sacrum.paint(part, number, segment, self.patient.size, left[flat], back[flat], up[flat])
        codes[rows] = part


def _ball(points: Tensor, centre: FloatArray, radius_mm: float) -> Tensor:
    """Index of the points within a cube around a centre."""
    x, y, z = centre.tolist()
    rows = indices((points[:, 2] - z).abs() < radius_mm)
    near = points[rows]
    return rows[((near[:, 0] - x).abs() < radius_mm) & ((near[:, 1] - y).abs() < radius_mm)]


__all__ = ["Anatomy", "Tissue"]
