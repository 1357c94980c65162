"""From causes to positions: rigid frames of bones and discs, and the canal's curve.

A frame's local coordinates are (left, back, up) in mm. The tilt of a frame is
the angle by which its up leans forward from the head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree
from torch import Tensor

from inference.simulate.causes.patient import Patient
from inference.types import FloatArray


@dataclass(frozen=True)
class Segment:
    """A sacral segment: depth at its top and bottom, width, height, gap below, mm; tilt against the sacral slope."""

    name: str
    top_mm: float
    bottom_mm: float
    width_mm: float
    height_mm: float
    tilt_deg: float
    gap_mm: float = 2.4


SACRUM = (
    Segment("S1", 33.0, 23.0, 50.0, 29.0, 6.0),
    Segment("S2", 21.5, 17.0, 38.0, 24.0, 3.0),
    Segment("S3", 16.0, 13.0, 31.0, 20.0, -12.0),
    Segment("S4", 12.5, 10.5, 26.0, 17.0, -30.0),
    Segment("S5", 10.0, 8.0, 21.0, 14.0, -48.0),
)
#: A lumbarised S1 is squarer, with a disc below.
_LUMBARISED = (
    Segment("S1", 33.0, 29.5, 50.0, 28.5, 5.0, 6.0),
    Segment("S2", 28.0, 19.5, 44.0, 25.0, 6.0),
)


def sacrum_of(patient: Patient) -> tuple[Segment, ...]:
    """The segments of a patient's sacrum, from S1 down."""
    return (*_LUMBARISED, *SACRUM[2:]) if patient.transition == "lumbarised" else SACRUM


#: Step of the tables along the canal and across the mid-sagittal plane, mm.
ALONG_MM, TABLE_MM = 0.25, 1.0


@dataclass(frozen=True)
class Place:
    """A rigid frame. axes: (3, 3), rows are left, back and up in LPS."""

    centre_mm: FloatArray
    axes: FloatArray

    def local(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(left, back, up) in mm of points (n, 3)."""
        x, y, z = points.unbind(1)
        shift = self.axes @ self.centre_mm
        out = [
            x * axis[0] + y * axis[1] + z * axis[2] - move for axis, move in zip(self.axes.tolist(), shift, strict=True)
        ]
        return out[0], out[1], out[2]

    def world(self, left: float, back: float, up: float) -> FloatArray:
        """LPS mm of one local point, (3,)."""
        point: FloatArray = self.centre_mm + np.array([left, back, up]) @ self.axes
        return point


@dataclass(frozen=True)
class CanalTable:
    """The canal's curve (posterior walls of bodies and discs) as lookup tables.

    along, behind: (rows, columns) over (y, z) from `low` in steps of
    `TABLE_MM`: distance along the curve and behind it, mm. curve: (n, 3), one
    point every `ALONG_MM`; marks: distance along the curve by name.
    """

    low: FloatArray
    along: Tensor
    behind: Tensor
    curve: FloatArray
    marks: dict[str, float]

    def on(self, device: torch.device) -> CanalTable:
        """The table on a device."""
        return replace(self, along=self.along.to(device), behind=self.behind.to(device))


@dataclass(frozen=True)
class Layout:
    """Frames by vertebra and disc (keys ``L4`` and ``L4-L5``), sacral frames and the canal."""

    bodies: dict[str, Place]
    discs: dict[str, Place]
    sacrum: dict[str, Place]
    canal: CanalTable


def lay_out(patient: Patient) -> Layout:
    """Stack the spine from the sacrum upward, bend it sideways and fit the canal's curve."""
    bodies, discs = _stack(patient)
    sacrum = _sacrum(patient)
    middle = bodies[patient.bodies[-3].name].centre_mm
    lowest = min(place.centre_mm[2] for place in sacrum.values())
    highest = max(place.centre_mm[2] for place in bodies.values())
    groups = [
        {name: _bend(_moved(place, -middle), patient, lowest, highest) for name, place in group.items()}
        for group in (bodies, discs, sacrum)
    ]
    return Layout(groups[0], groups[1], groups[2], _canal(patient, *groups))


def _axes(tilt_deg: float) -> FloatArray:
    angle = np.deg2rad(tilt_deg)
    up = np.array([0.0, -np.sin(angle), np.cos(angle)])
    back = np.array([0.0, np.cos(angle), np.sin(angle)])
    return np.array([[1.0, 0.0, 0.0], back, up])


def _stack(patient: Patient) -> tuple[dict[str, Place], dict[str, Place]]:
    """Bodies and discs above the S1 endplate, whose centre is the origin."""
    tilt, point = patient.sacral_slope_deg, np.zeros(3)
    bodies: dict[str, Place] = {}
    discs: dict[str, Place] = {}
    for body, disc in zip(reversed(patient.bodies), reversed(patient.discs), strict=True):
        axes = _axes(tilt - disc.wedge_deg / 2)
        # A slipped body, and all above it, stand in front of the one below.
        step = axes[2] * disc.height_mm - axes[1] * disc.slip_mm
        discs[disc.level] = Place(point + step / 2, axes)
        point, tilt = point + step, tilt - disc.wedge_deg
        axes = _axes(tilt - body.wedge_deg / 2)
        bodies[body.name] = Place(point + axes[2] * body.height_mm / 2, axes)
        point, tilt = point + axes[2] * body.height_mm, tilt - body.wedge_deg
    return dict(reversed(bodies.items())), dict(reversed(discs.items()))


def _sacrum(patient: Patient) -> dict[str, Place]:
    places = {}
    point = np.zeros(3)
    segments = sacrum_of(patient)
    for segment, following in zip(segments, (*segments[1:], segments[-1]), strict=True):
        axes = _axes(patient.sacral_slope_deg + segment.tilt_deg)
        height = segment.height_mm * patient.size
        places[segment.name] = Place(point - axes[2] * height / 2, axes)
        # The posterior walls stay in line while the segments get thinner.
        thinner = (segment.bottom_mm - following.top_mm) / 2 * patient.size
        point = point - axes[2] * (height + segment.gap_mm) + axes[1] * max(thinner, 0.0)
    return places


def _moved(place: Place, shift: FloatArray) -> Place:
    return Place(place.centre_mm + shift, place.axes)


def _bend(place: Place, patient: Patient, lowest: float, highest: float) -> Place:
    """Shift and roll a frame onto the scoliotic curve."""
    span = highest - lowest
    phase = np.pi * (place.centre_mm[2] / span + 0.3 * patient.scoliosis_phase)
    offset = patient.scoliosis_mm * np.sin(2 * phase)
    slope = patient.scoliosis_mm * np.cos(2 * phase) * 2 * np.pi / span
    left, back, up = place.axes
    up = up + np.array([slope * up[2], 0.0, 0.0])
    up /= np.linalg.norm(up)
    left = left - up * (left @ up)
    left /= np.linalg.norm(left)
    back = np.cross(up, left)
    return Place(place.centre_mm + np.array([offset, 0.0, 0.0]), np.array([left, back, up]))


def _canal(patient: Patient, bodies: dict[str, Place], discs: dict[str, Place], sacrum: dict[str, Place]) -> CanalTable:
    """The curve through the posterior walls and its tables."""
    nodes: list[tuple[str, FloatArray]] = []
    for body, disc in zip(patient.bodies, patient.discs, strict=True):
        wall = body.depth_mm / 2
        for name, up in (("", 0.36), (body.name, 0.0), ("", -0.36)):
            nodes.append((name, bodies[body.name].world(0, wall, up * body.height_mm)))
        nodes.append((disc.level, discs[disc.level].world(0, wall - 0.3, 0)))
    for segment in sacrum_of(patient):
        wall = (segment.top_mm + segment.bottom_mm) / 4 * patient.size
        for key, up in (("", 0.3), (segment.name, 0.0), ("", -0.3)):
            slant = up * (segment.top_mm - segment.bottom_mm) / 2 * patient.size
            point = sacrum[segment.name].world(0, wall + slant, up * segment.height_mm * patient.size)
            nodes.append((key, point))
    points = np.array([point for _, point in nodes])
    points = np.concatenate([points[:1] + 3 * (points[0] - points[2]), points])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    along = np.arange(0, length[-1], ALONG_MM)
    curve = PchipInterpolator(length, points)(along)
    curve = gaussian_filter1d(curve, 4.0 / ALONG_MM, axis=0, mode="nearest")
    marks = {name: float(length[index + 1]) for index, (name, _) in enumerate(nodes) if name}
    return _tables(curve, marks)


def _tables(curve: FloatArray, marks: dict[str, float]) -> CanalTable:
    flat = curve[:, 1:]
    low, high = flat.min(axis=0) - np.array([34, 4]), flat.max(axis=0) + np.array([44, 4])
    size = np.ceil((high - low) / TABLE_MM).astype(int) + 1
    y, z = np.meshgrid(low[0] + np.arange(size[0]) * TABLE_MM, low[1] + np.arange(size[1]) * TABLE_MM, indexing="ij")
    _, nearest = cKDTree(flat).query(np.stack([y, z], axis=-1).reshape(-1, 2))
    tangent = np.gradient(flat, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    offset = np.stack([y, z], axis=-1).reshape(-1, 2) - flat[nearest]
    # The curve runs to the feet, so its back is the tangent turned by a right angle.
    back = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)[nearest]
    fine = (offset * tangent[nearest]).sum(axis=1)
    along = (nearest * ALONG_MM + fine).reshape(size)
    behind = (offset * back).sum(axis=1).reshape(size)
    tables = [torch.from_numpy(table.astype(np.float32)) for table in (along, behind)]
    return CanalTable(np.array(low, dtype=float), tables[0], tables[1], curve, marks)
