"""Shape of the spine in millimetres and degrees: disc and body heights, wedge, listhesis, lordosis by segment.

Every structure is cut in its own sagittal planes, a few millimetres apart
around the middle. Each plane gives the measure once; the median is reported
and the planes' spread is its uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.images import geometry
from inference.types import DiscLevel, FloatArray, Label, Measurement, Notice, Segmentation, VertebraLevel

#: Where the sagittal planes lie beside the middle of a structure, mm.
PLANES_MM = (-8.0, -4.0, 0.0, 4.0, 8.0)
STEP_MM = 0.5
#: A plane reaches this far in front of and behind the centre, and above and below it.
REACH_MM, TALL_MM = 30.0, 26.0
#: Fewer planes that show the structure than this give no number.
MIN_PLANES = 2
#: Parts of a structure's depth, from its back (0) to its front (1), that its heights are read from.
BACK, MIDDLE, FRONT = (0.06, 0.24), (0.4, 0.6), (0.76, 0.94)
#: The posterior wall is read this far from an endplate, mm: inside its rounded corner.
WALL_MM = (1.5, 6.0)
#: Slips below this are within the error of reading (commonly used cut for listhesis).
LEAST_SLIP_MM = 3.0
MEYERDING = ("I", "II", "III", "IV", "V")
#: From median absolute deviation to standard deviation of a normal distribution.
MAD_TO_SD = 1.4826

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Outline:
    """A structure in one sagittal plane of its own, in its own frame (mm before, mm above its centre).

    top, bottom: (back, front) points of the two endplates, (2, 2) each.
    top_corner, bottom_corner: where the posterior wall meets them, (2,) each.
    heights_mm: at the back, in the middle, in front.
    """

    top: FloatArray
    bottom: FloatArray
    top_corner: FloatArray
    bottom_corner: FloatArray
    heights_mm: tuple[float, float, float]
    depth_mm: float


@dataclass(frozen=True)
class Shape:
    """Outlines of one disc or body, one for each plane where it was seen, with the planes' places in mm to the left."""

    level: DiscLevel | VertebraLevel
    outlines: dict[float, Outline]

    def point(self, plane: float, before_mm: float, above_mm: float) -> FloatArray:
        """LPS mm of a point of a plane, (3,)."""
        frame = self.level
        return frame.centre_mm + plane * frame.left + before_mm * frame.anterior + above_mm * frame.up


def outlines(segmentation: Segmentation, level: DiscLevel | VertebraLevel, label: Label) -> Shape:
    """Cut a disc or body in its own sagittal planes."""
    ahead = np.arange(-REACH_MM, REACH_MM + STEP_MM, STEP_MM)
    above = np.arange(-TALL_MM, TALL_MM + STEP_MM, STEP_MM)
    side = np.array(PLANES_MM)
    points = (
        level.centre_mm
        + side[:, None, None, None] * level.left
        + above[None, :, None, None] * level.up
        + ahead[None, None, :, None] * level.anterior
    )
    found = geometry.sample_labels(segmentation, points, (label,)) == label
    shapes = {}
    for plane, mask in zip(PLANES_MM, found, strict=True):
        one = _outline(_own_piece(mask), ahead, above)
        if one is not None:
            shapes[plane] = one
    return Shape(level, shapes)


def _own_piece(mask: Mask) -> Mask:
    """The piece that holds the middle of the plane, without thin bridges to its neighbours."""
    pieces, count = ndimage.label(ndimage.binary_opening(mask, structure=np.ones((3, 3))))
    middle = pieces[tuple(size // 2 for size in mask.shape)]
    if not count or not middle:
        return np.zeros_like(mask)
    own: Mask = pieces == middle
    return own


def _outline(mask: Mask, ahead: FloatArray, above: FloatArray) -> Outline | None:
    """Endplates and heights of a piece; None when it is no disc or body."""
    columns = np.flatnonzero(mask.any(axis=0))
    if len(columns) * STEP_MM < REACH_MM / 2:
        return None
    back, front = ahead[columns[0]], ahead[columns[-1]]
    top = above[mask.shape[0] - 1 - np.argmax(mask[::-1, columns], axis=0)] + STEP_MM / 2
    bottom = above[np.argmax(mask[:, columns], axis=0)] - STEP_MM / 2
    share = (ahead[columns] - back) / (front - back)
    places = [(share >= low) & (share <= high) for low, high in (BACK, MIDDLE, FRONT)]
    heights = [float(np.median((top - bottom)[place])) for place in places]
    ends = [
        [(float(ahead[columns][place].mean()), float(np.median(edge[place]))) for place in (places[0], places[2])]
        for edge in (top, bottom)
    ]
    upper, lower = np.array(ends[0]), np.array(ends[1])
    corners = (_corner(mask, ahead, above, upper[0, 1], -1), _corner(mask, ahead, above, lower[0, 1], +1))
    depth = float(front - back + STEP_MM)
    return Outline(upper, lower, *corners, (heights[0], heights[1], heights[2]), depth)


def _corner(mask: Mask, ahead: FloatArray, above: FloatArray, endplate_mm: float, inward: int) -> FloatArray:
    """The posterior wall just inside an endplate, (mm before, mm above); `inward` is +1 up or -1 down from it."""
    beside = (above - endplate_mm) * inward
    rows = np.flatnonzero((beside > WALL_MM[0]) & (beside < WALL_MM[1]) & mask.any(axis=1))
    if not len(rows):
        rows = np.flatnonzero(mask.any(axis=1))
    return np.array([float(np.median(ahead[np.argmax(mask[rows], axis=1)])), endplate_mm])


def measure_shape(
    segmentation: Segmentation, discs: tuple[DiscLevel, ...], vertebrae: tuple[VertebraLevel, ...]
) -> tuple[Measurement, ...]:
    """Heights and wedge of discs and bodies, slip of each body on the next, lordosis of segments and of the whole."""
    disc_shapes = {disc.level: outlines(segmentation, disc, Label.DISC) for disc in discs}
    bodies = {body.name: outlines(segmentation, body, Label.VERTEBRA) for body in vertebrae}
    out: list[Measurement] = []
    for name, body in bodies.items():
        out += _body(name, body)
    for level, disc in disc_shapes.items():
        out += _disc(level, disc, [bodies[name] for name in level.split("-") if name in bodies])
    names = list(bodies)
    for upper, lower in pairwise(names):
        out.append(_slip(f"{upper}-{lower}", bodies[upper], bodies[lower]))
    out += [_segment(level, disc, bodies) for level, disc in disc_shapes.items()]
    return (*out, _lordosis(bodies.get("L1"), disc_shapes.get("L5-S1")))


def _body(name: str, shape: Shape) -> list[Measurement]:
    heights = [one.heights_mm for one in shape.outlines.values()]
    wedges = [_angle(one.top, one.bottom) for one in shape.outlines.values()]
    parts = ("posterior", "middle", "anterior")
    measured = [_number(name, f"body_height_{part}", [h[k] for h in heights], "mm") for k, part in enumerate(parts)]
    return [*measured, _number(name, "body_wedge", wedges, "°")]


def _disc(level: str, shape: Shape, neighbours: list[Shape]) -> list[Measurement]:
    """Height, wedge and disc height index: the disc's mean height as a share of its neighbours' (%)."""
    heights = {plane: float(np.mean(one.heights_mm)) for plane, one in shape.outlines.items()}
    bodies = [float(np.mean(one.heights_mm)) for body in neighbours for one in body.outlines.values()]
    beside = float(np.median(bodies)) if bodies else None
    index = [100 * height / beside for height in heights.values()] if beside else []
    wedges = [_angle(one.top, one.bottom) for one in shape.outlines.values()]
    return [
        _number(level, "disc_height", list(heights.values()), "mm"),
        _number(level, "disc_height_index", index, "%"),
        _number(level, "disc_wedge", wedges, "°"),
    ]


def _slip(level: str, upper: Shape, lower: Shape) -> Measurement:
    """How far the upper body stands before (+) or behind (-) the lower, along the lower body's upper endplate.

    Back corner to back corner, as Taillard measures; Meyerding's grade counts
    quarters of the lower endplate's depth.
    """
    slips, shares = [], []
    for plane in sorted(set(upper.outlines) & set(lower.outlines)):
        above, below = upper.outlines[plane], lower.outlines[plane]
        back, front = (lower.point(plane, *end) for end in below.top)
        between = upper.point(plane, *above.bottom_corner) - lower.point(plane, *below.top_corner)
        slip = float(between @ geometry.unit(front - back))
        slips.append(slip)
        shares.append(slip / below.depth_mm)
    measured = _number(level, "slip", slips, "mm")
    if measured.value is None or abs(measured.value) - (measured.plus_minus or 0.0) < LEAST_SLIP_MM:
        return measured
    grade = min(len(MEYERDING), 1 + int(abs(float(np.median(shares))) // 0.25))
    kind = "anterolisthesis" if measured.value > 0 else "retrolisthesis"
    return replace(measured, notice=Notice("listhesis", values={"kind": kind, "meyerding": MEYERDING[grade - 1]}))


def _segment(level: str, disc: Shape, bodies: dict[str, Shape]) -> Measurement:
    """Angle between the upper endplates of a disc's two vertebrae; at the sacrum the disc's end stands for S1's."""
    names = level.split("-")
    upper, lower = (bodies.get(name) for name in names)
    if upper is None or (lower is None and names[1] != "S1"):
        return Measurement(level, "segment_angle", None, "°", Notice("vertebra_not_seen"))
    angles = _angles(upper, lower, "top") if lower else _angles(upper, disc, "bottom")
    return _number(level, "segment_angle", angles, "°")


def _lordosis(first: Shape | None, last: Shape | None) -> Measurement:
    """Angle between the upper endplate of L1 and that of S1, where the lowest disc ends; supine."""
    if first is None or last is None:
        return Measurement("L1-S1", "lordosis", None, "°", Notice("lordosis_ends_not_seen"))
    return _number("L1-S1", "lordosis", _angles(first, last, "bottom"), "°")


def _angles(first: Shape, last: Shape, edge: str) -> list[float]:
    """Degrees from the upper endplate of `first` to an edge (`"top"` or `"bottom"`) of `last`, plane by plane."""
    angles = []
    for plane in sorted(set(first.outlines) & set(last.outlines)):
        upper = [first.point(plane, *end) for end in first.outlines[plane].top]
        lower = [last.point(plane, *end) for end in getattr(last.outlines[plane], edge)]
        angles.append(_between(upper[1] - upper[0], lower[1] - lower[0]))
    return angles


def _angle(top: FloatArray, bottom: FloatArray) -> float:
    """Degrees by which two endplates open to the front."""
    slopes = [np.arctan2(end[1, 1] - end[0, 1], end[1, 0] - end[0, 0]) for end in (top, bottom)]
    return float(np.rad2deg(slopes[0] - slopes[1]))


def _between(upper: FloatArray, lower: FloatArray) -> float:
    """Degrees from one sagittal direction to another, positive for a lordosis."""
    upper_slope, lower_slope = (np.arctan2(way[2], -way[1]) for way in (upper, lower))
    return float(np.rad2deg(upper_slope - lower_slope))


def _number(place: str, quantity: str, values: Iterable[float], unit: str) -> Measurement:
    """Median of the planes, with the standard error that their spread gives."""
    found = np.array(list(values))
    if len(found) < MIN_PLANES:
        return Measurement(place, quantity, None, unit, Notice("not_seen_well"))
    middle = float(np.median(found))
    spread = MAD_TO_SD * float(np.median(np.abs(found - middle)))
    return Measurement(place, quantity, round(middle, 1), unit, plus_minus=round(max(spread, STEP_MM / 2), 1))
