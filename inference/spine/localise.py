"""Segmentation -> a curve along the spine, and named discs and vertebrae.

Bodies and discs lie in front of the canal; a smoothing spline through their
centres is the spine's curve. Discs are the pieces of disc label along it,
named from the sacrum upward. A gap about twice as long as its neighbours holds
a disc that was missed: it is put there, so that the names above do not shift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate

from inference.errors import SpineNotFoundError, WrongRegionError
from inference.images import geometry
from inference.images.preprocess import canonical
from inference.spine import designate
from inference.spine.pieces import (
    BESIDE_MM,
    MIN_DISCS,
    Piece,
    apart,
    beside_bone,
    body_points,
    centred,
    disc_pieces,
    fit_column,
    front_of_canal,
    middle,
    own_normal,
    points_of,
    slab_mm,
)
from inference.types import (
    LEVELS,
    DiscLevel,
    FloatArray,
    Label,
    Notice,
    Numbering,
    Segmentation,
    SpineCurve,
    VertebraLevel,
)

#: Fewer points than this are no column of bodies.
MIN_BODY_POINTS = 100
#: Median disc depths below this belong to the neck (lumbar: 30-42 mm, cervical: 14-19 mm).
MIN_LUMBAR_DEPTH_MM = 22.0
#: A spacing this much longer than its neighbours' median hides a missed disc.
MISSED_GAP = 1.65
#: Bone of a vertebral body lies this near to the middle of the column of bodies.
OFF_COLUMN_MM = 34.0
#: How far a disc may tilt against the spine's curve.
MAX_TILT_DEG = 40.0
#: Bone this near to the line between two discs is body, not pedicle or process; further gaps hold more than one.
BODY_CORE_MM = 26.0
MAX_SPACING_MM = 60.0
#: Weight of the curve's bending against its misses: smooths what turns within 60 mm, keeps the lordosis.
STIFFNESS = 300.0
#: What lies below the lowest disc is looked for this far down and to the sides; a sacrum fills so much of it.
BELOW_MM, BELOW_RADIUS_MM, SACRAL_FILL = 40.0, 30.0, 0.35
#: A disc within the sacrum lies at least so far below the lowest one, with this share of sacrum around to each side.
SACRAL_DISC_BELOW_MM, LEAST_SACRUM = 12.0, 0.15
#: Depth and height of a disc that was not seen but put between its neighbours.
ESTIMATED_MM = (35.0, 8.0)
#: How far the curve runs on beyond the outermost discs.
END_MM = 18.0


@dataclass(frozen=True)
class Localisation:
    """What `localise` found, and what a reader should know about it.

    higher: discs above the named ones, from the head down, without a name.
    filled: how many discs were not seen but put between their neighbours.
    """

    curve: SpineCurve
    discs: tuple[DiscLevel, ...]
    vertebrae: tuple[VertebraLevel, ...]
    numbering: Numbering
    notices: tuple[Notice, ...]
    higher: tuple[DiscLevel, ...] = ()
    filled: int = 0


def localise(segmentation: Segmentation) -> Localisation:
    """Fit the curve, find the discs and name them from the lowest upward.

    Raises SpineNotFoundError when fewer than three discs are seen and
    WrongRegionError when they are too small for the lumbar spine.
    """
    labels, affine = canonical(segmentation.labels, segmentation.affine)
    columns = front_of_canal(labels)
    bodies = body_points(columns, affine)
    if len(bodies) < MIN_BODY_POINTS:
        raise SpineNotFoundError("No vertebral bodies could be found.")
    column = fit_column(bodies)
    bodies = bodies[np.hypot(*column.off(bodies).T) < OFF_COLUMN_MM]
    candidates = disc_pieces(columns, affine, column)
    pieces = beside_bone(candidates, bodies)
    if len(pieces) < MIN_DISCS:
        raise SpineNotFoundError(f"Only {len(pieces)} disc(s) of a lumbar spine could be found.")
    pieces = centred(pieces, points_of(columns == Label.DISC, affine))
    pieces, doubtful = apart(pieces)
    curve = _fit_curve(pieces, bodies)
    pieces, filled = _fill_gaps(pieces, curve)
    frames = [_frame(piece, curve) for piece in pieces]
    depth = float(np.median([f.depth_mm for f, p in zip(frames, pieces, strict=True) if p.found]))
    if depth < MIN_LUMBAR_DEPTH_MM:
        raise WrongRegionError(f"The discs are {depth:.0f} mm deep, too small for the lumbar spine.")
    evidence = designate.evidence_of(
        frames,
        _bone_beside(frames, bodies),
        _sacrum_below(labels, affine, frames[-1]),
        _room_below(labels.shape, affine, frames[-1]),
        _sacral_disc(candidates, points_of(labels == Label.SACRUM, affine), frames[-1]),
    )
    numbering = designate.designate(evidence)
    shift = designate.shift_of(numbering.lowest)
    discs = _name(frames, shift)
    vertebrae = _vertebrae(discs, bodies)
    higher = tuple(frames[: max(0, len(frames) + min(shift, 0) - len(discs))])
    notices = (
        *_counted("discs_too_near", doubtful),
        *_counted("discs_estimated", filled),
        *designate.notices_of(numbering),
    )
    return Localisation(curve, discs, vertebrae, numbering, notices, higher, filled)


def _counted(code: str, count: int) -> tuple[Notice, ...]:
    return (Notice(code, values={"count": count}),) if count else ()


def _fit_curve(pieces: list[Piece], bodies: FloatArray) -> SpineCurve:
    """Smoothing spline through disc centres and the body centres between them.

    Parameter: distance along the chain of centres. The ends run on straight.
    """
    centres = [piece.centre_mm for piece in pieces]
    anchors: list[FloatArray] = []
    for upper, lower in pairwise(centres):
        anchors.append(upper)
        along, length = geometry.unit(lower - upper), float(np.linalg.norm(lower - upper))
        members = bodies - (upper + lower) / 2
        beside = np.linalg.norm(members - np.multiply.outer(members @ along, along), axis=1)
        members = bodies[(np.abs(members @ along) < length / 4) & (beside < BODY_CORE_MM)]
        if len(members) > 50 and length < MAX_SPACING_MM:
            anchors.append(middle(members, along))
    anchors.append(centres[-1])
    # The curve leaves the outermost discs at a right angle; a spline's free end would swing.
    head, foot = own_normal(pieces[0]) * END_MM, own_normal(pieces[-1]) * END_MM
    nodes = np.array([centres[0] + head, *anchors, centres[-1] - foot])
    chord = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
    splines = [interpolate.make_smoothing_spline(chord, nodes[:, axis], lam=STIFFNESS) for axis in range(3)]
    inner = np.linspace(0, chord[-1], max(2, round(chord[-1])))
    points = np.stack([spline(inner) for spline in splines], axis=1)
    residual = float(np.sqrt(np.mean(np.sum((np.stack([s(chord) for s in splines], axis=1) - nodes) ** 2, axis=1))))
    return SpineCurve(points, residual)


def _fill_gaps(pieces: list[Piece], curve: SpineCurve) -> tuple[list[Piece], int]:
    """Put a disc into every spacing that is about twice its neighbours'; says how many were added."""
    place = [_nearest(curve, piece.centre_mm) for piece in pieces]
    gaps = np.diff(place).astype(float)
    out, added = [pieces[0]], 0
    for index, gap in enumerate(gaps):
        others = np.delete(gaps, index)
        usual = float(np.median(others)) if len(others) else 35.0
        missed = round(gap / usual) - 1 if gap > MISSED_GAP * usual and gap > 45 else 0
        for k in range(1, missed + 1):
            at = round(place[index] + gap * k / (missed + 1))
            out.append(Piece(np.zeros((0, 3)), curve.points_mm[at], 0.0, found=False))
            added += 1
        out.append(pieces[index + 1])
    return out, added


def _nearest(curve: SpineCurve, point: FloatArray) -> int:
    return int(np.argmin(np.linalg.norm(curve.points_mm - point, axis=1)))


def tangent_up(curve: SpineCurve, point: FloatArray) -> FloatArray:
    """Unit direction of the curve towards the head at its point nearest to `point`."""
    at = _nearest(curve, point)
    first, last = max(0, at - 8), min(len(curve.points_mm) - 1, at + 8)
    return geometry.unit(curve.points_mm[first] - curve.points_mm[last])


def _frame(piece: Piece, curve: SpineCurve) -> DiscLevel:
    """The disc's plane: tilt from the disc's own shape in the sagittal plane, else from the curve."""
    tangent = tangent_up(curve, piece.centre_mm)
    up, (depth, height) = tangent, ESTIMATED_MM
    if piece.found:
        flat = piece.points_mm[:, 1:] - piece.centre_mm[1:]
        values, vectors = np.linalg.eigh(np.cov(flat.T))
        own = own_normal(piece) * np.hypot(tangent[1], tangent[2]) + np.array([tangent[0], 0.0, 0.0])
        trusted = values[1] > 4 * values[0] and float(own @ tangent) > np.cos(np.deg2rad(MAX_TILT_DEG))
        up = own if trusted else tangent
        along = flat @ vectors[:, 1]
        depth = float(np.percentile(along, 99) - np.percentile(along, 1))
        height = float(np.sqrt(12 * values[0]))  # of a slab with this variance across
    anterior, left = geometry.upright(up)
    return DiscLevel("", piece.centre_mm, up, anterior, left, None, depth, height)


def _bone_beside(discs: list[DiscLevel], bodies: FloatArray) -> tuple[float, float]:
    """Bone right below and right above the lowest disc, as shares of what lies between two discs."""
    counts = [int(_between_discs(bodies, upper, lower).sum()) for upper, lower in pairwise(discs)]
    usual = max(float(np.median(counts)), 1.0)
    return _below(bodies, discs[-1]) / usual, counts[-1] / usual


def _below(points: FloatArray, lowest: DiscLevel) -> int:
    """How many points lie within a vertebra's height below a disc."""
    under = (points - lowest.centre_mm) @ lowest.up
    beside = np.linalg.norm(points - lowest.centre_mm - np.multiply.outer(under, lowest.up), axis=1)
    return int(((under < 0) & (under > -BELOW_MM) & (beside < BELOW_RADIUS_MM)).sum())


def _room_below(shape: tuple[int, ...], affine: FloatArray, lowest: DiscLevel) -> float:
    """How far the images go on below a disc, in mm along its normal."""
    way = np.arange(0.0, 100.0)
    index = geometry.apply(geometry.inverse(affine), lowest.centre_mm - np.multiply.outer(way, lowest.up))
    inside = (index[:, 1] >= 0) & (index[:, 1] <= shape[1] - 1)
    return float(inside.sum())


def _sacrum_below(labels: NDArray[np.generic], affine: FloatArray, lowest: DiscLevel) -> float:
    """How much of the space below the lowest disc is labelled sacrum, as a share of a body's volume."""
    points = points_of(labels == Label.SACRUM, affine)
    if not len(points):
        return 0.0
    volume = _below(points, lowest) * float(abs(np.linalg.det(affine[:3, :3])))
    width = min(lowest.depth_mm, slab_mm(labels, affine))
    return min(1.0, volume / (lowest.depth_mm * width * BELOW_MM * SACRAL_FILL))


def _sacral_disc(pieces: list[Piece], sacrum: FloatArray, lowest: DiscLevel) -> float:
    """Depth of the largest disc below the lowest one that has sacrum both above and below it, mm; 0 without one."""
    depths = [0.0]
    for piece in pieces:
        if (piece.centre_mm - lowest.centre_mm) @ lowest.up > -SACRAL_DISC_BELOW_MM:
            continue
        normal = own_normal(piece)
        off = sacrum - piece.centre_mm
        over = off[np.linalg.norm(off, axis=1) < BESIDE_MM] @ normal
        if len(over) and LEAST_SACRUM < float((over > 0).mean()) < 1 - LEAST_SACRUM:
            depths.append(float(np.ptp((piece.points_mm - piece.centre_mm) @ np.cross(normal, (1.0, 0.0, 0.0)))))
    return max(depths)


def _between_discs(points: FloatArray, upper: DiscLevel, lower: DiscLevel) -> NDArray[np.bool_]:
    under = geometry.distance_to_plane(points, upper.centre_mm, upper.up) < 0
    over = geometry.distance_to_plane(points, lower.centre_mm, lower.up) > 0
    middle = (upper.centre_mm + lower.centre_mm) / 2
    result: NDArray[np.bool_] = under & over & (np.linalg.norm(points - middle, axis=1) < 60)
    return result


def _name(discs: list[DiscLevel], shift: int) -> tuple[DiscLevel, ...]:
    """Names from the lowest disc upward; discs above T12-L1 and within the sacrum are left out."""
    lumbar = discs[:shift] if shift < 0 else discs
    names = LEVELS[: len(LEVELS) - max(shift, 0)]
    paired = list(zip(reversed(lumbar), reversed(names), strict=False))
    return tuple(replace(disc, level=name) for disc, name in reversed(paired))


def _vertebrae(discs: tuple[DiscLevel, ...], bodies: FloatArray) -> tuple[VertebraLevel, ...]:
    """The bodies between neighbouring named discs."""
    out = []
    for upper, lower in pairwise(discs):
        members = bodies[_between_discs(bodies, upper, lower)]
        if len(members) < 50:
            continue
        centre = members.mean(axis=0)
        up = geometry.unit(upper.up + lower.up)
        anterior, left = geometry.upright(up)
        height, depth = (np.percentile((members - centre) @ axis, (2, 98)) for axis in (up, anterior))
        out.append(
            VertebraLevel(
                lower.level.split("-")[0], centre, up, anterior, left, float(np.ptp(height)), float(np.ptp(depth))
            )
        )
    return tuple(out)
