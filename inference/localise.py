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
from scipy import interpolate, ndimage, optimize

from inference import designate, geometry
from inference.errors import SpineNotFoundError, WrongRegionError
from inference.preprocess import canonical
from inference.types import LEVELS, DiscLevel, FloatArray, Label, Numbering, Segmentation, SpineCurve, VertebraLevel

#: Pieces of disc label below this volume or depth are specks; in a slab thinner than a disc, below this area in it.
MIN_DISC_MM3, MIN_DISC_MM2 = 500.0, 40.0
MIN_DISC_DEPTH_MM = 15.0
#: Pieces of vertebra label below this volume (area in a thin slab) are no bodies; so many points describe all bodies.
MIN_BODY_MM3, MIN_BODY_MM2 = 2000.0, 150.0
MAX_BODY_POINTS = 40_000
MIN_BODY_POINTS = 100
#: Discs are told apart within this distance of the middle of the column.
CENTRAL_MM = 12.0
#: Fewer discs than this are not a lumbar spine.
MIN_DISCS = 3
#: Median disc depths below this belong to the neck (lumbar: 30-42 mm, cervical: 14-19 mm).
MIN_LUMBAR_DEPTH_MM = 22.0
#: A spacing this much longer than its neighbours' median hides a missed disc.
MISSED_GAP = 1.65
#: Disc label this near to a disc's plane belongs to it ...
SAME_PLANE_MM = 9.0
#: ... and two pieces of label are one disc when they lie this near above each other, for no two discs do: a cage or a
#: breach of the endplate parts one ...
ONE_DISC_MM = 13.0
#: ... and their centres are no further apart than a disc is deep.
SAME_DISC_MM = 32.0
#: A disc has bone beside it: bowel and vessels that look like discs have not.
BESIDE_MM = 25.0
LEAST_BONE_SHARE = 0.15
#: Bone of a vertebral body lies this near to the middle of the column of bodies.
OFF_COLUMN_MM = 34.0
#: How far a disc may tilt against the spine's curve.
MAX_TILT_DEG = 40.0
#: Bone this near to the line between two discs is body, not pedicle or process; further gaps hold more than one.
BODY_CORE_MM = 26.0
MAX_SPACING_MM = 60.0
#: Outlines are seen from above in cells of this size; their middle strip is this wide to each side.
CELL_MM, STRIP_MM = 1.0, 11.0
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
    warnings: tuple[str, ...]
    higher: tuple[DiscLevel, ...] = ()
    filled: int = 0


@dataclass(frozen=True)
class _Piece:
    """Points of one disc, LPS mm; `found` is False for one that was put into a gap."""

    points_mm: FloatArray
    centre_mm: FloatArray
    volume_mm3: float
    found: bool = True


def localise(segmentation: Segmentation) -> Localisation:
    """Fit the curve, find the discs and name them from the lowest upward.

    Raises SpineNotFoundError when fewer than three discs are seen and
    WrongRegionError when they are too small for the lumbar spine.
    """
    labels, affine = canonical(segmentation.labels, segmentation.affine)
    columns = _front_of_canal(labels)
    bodies = _body_points(columns, affine)
    if len(bodies) < MIN_BODY_POINTS:
        raise SpineNotFoundError("No vertebral bodies could be found.")
    column = _fit_column(bodies)
    bodies = bodies[np.hypot(*column.off(bodies).T) < OFF_COLUMN_MM]
    candidates = _disc_pieces(columns, affine, column)
    pieces = _beside_bone(candidates, bodies)
    if len(pieces) < MIN_DISCS:
        raise SpineNotFoundError(f"Only {len(pieces)} disc(s) of a lumbar spine could be found.")
    pieces = _centred(pieces, _points(columns == Label.DISC, affine))
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
        _sacral_disc(candidates, _points(labels == Label.SACRUM, affine), frames[-1]),
    )
    numbering = designate.designate(evidence)
    shift = designate.shift_of(numbering.lowest)
    discs = _name(frames, shift)
    vertebrae = _vertebrae(discs, bodies)
    higher = tuple(frames[: max(0, len(frames) + min(shift, 0) - len(discs))])
    warnings = (*_filled_warning(filled), *designate.warnings_of(numbering))
    return Localisation(curve, discs, vertebrae, numbering, warnings, higher, filled)


def _front_of_canal(labels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Canonical labels with everything behind the canal's front wall blanked.

    The wall is found row by row over all slices and continued straight where
    the canal is not seen; without any canal nothing is blanked.
    """
    canal = (labels == Label.CANAL).any(axis=0)
    rows = np.flatnonzero(canal.any(axis=1))
    if not len(rows):
        return labels.astype(np.uint8)
    middle = np.array([np.flatnonzero(canal[row]).mean() for row in rows])
    wall = np.interp(np.arange(labels.shape[1]), rows, ndimage.gaussian_filter1d(middle, 5, mode="nearest"))
    tail = slice(-min(20, len(rows)), None)
    if len(rows) >= 4:
        slope = np.polyfit(rows[tail], middle[tail], 1)
        below = np.arange(labels.shape[1]) > rows[-1]
        wall[below] = np.polyval(slope, np.flatnonzero(below))
    front = np.arange(labels.shape[2])[None, :] < wall[:, None]
    return np.where(front[None], labels, 0).astype(np.uint8)


def _slab_mm(labels: NDArray[np.generic], affine: FloatArray) -> float:
    """How far the slices reach from side to side."""
    return len(labels) * float(np.linalg.norm(affine[:3, 0]))


def _points(mask: NDArray[np.bool_], affine: FloatArray) -> FloatArray:
    return geometry.apply(affine, np.argwhere(mask).astype(np.float64))


def _disc_pieces(labels: NDArray[np.uint8], affine: FloatArray, column: _Column) -> list[_Piece]:
    """Connected pieces of disc label in the middle of the column that are large enough, from the head down.

    At their sides neighbouring discs can touch (osteophytes, thick slices); in the middle bone lies between.
    """
    voxel = float(abs(np.linalg.det(affine[:3, :3])))
    least = min(MIN_DISC_MM3, MIN_DISC_MM2 * _slab_mm(labels, affine))
    index = np.argwhere(labels == Label.DISC)
    central = np.abs(column.off(geometry.apply(affine, index.astype(np.float64)))[:, 0]) < CENTRAL_MM
    mask = np.zeros(labels.shape, dtype=bool)
    mask[tuple(index[central].T)] = True
    pieces_of, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    pieces: list[_Piece] = []
    for piece in range(1, count + 1):
        points = _points(pieces_of == piece, affine)
        if len(points) * voxel < least:
            continue
        found = _Piece(points, points.mean(axis=0), len(points) * voxel)
        along = (points - found.centre_mm) @ np.cross(_own_normal(found), (1.0, 0.0, 0.0))
        if np.ptp(along) >= MIN_DISC_DEPTH_MM:
            pieces.append(found)
    return _join(pieces)


def _join(pieces: list[_Piece]) -> list[_Piece]:
    """Merge pieces that lie in one plane into one disc; from the head down."""
    joined: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: -piece.volume_mm3):
        for index, larger in enumerate(joined):
            between = piece.centre_mm - larger.centre_mm
            if abs(between @ _own_normal(larger)) < ONE_DISC_MM and np.linalg.norm(between) < SAME_DISC_MM:
                points = np.concatenate([larger.points_mm, piece.points_mm])
                joined[index] = _Piece(points, points.mean(axis=0), larger.volume_mm3 + piece.volume_mm3)
                break
        else:
            joined.append(piece)
    return sorted(joined, key=lambda piece: -piece.centre_mm[2])


def _centred(pieces: list[_Piece], disc: FloatArray) -> list[_Piece]:
    """Pieces with the middle of the whole disc, not of its part near the column's line."""
    out = []
    for piece in pieces:
        off = disc - piece.centre_mm
        mine = disc[(np.abs(off @ _own_normal(piece)) < SAME_PLANE_MM) & (np.linalg.norm(off, axis=1) < SAME_DISC_MM)]
        out.append(replace(piece, centre_mm=_middle(mine, _own_normal(piece))) if len(mine) else piece)
    return out


def _middle(points: FloatArray, up: FloatArray) -> FloatArray:
    """Middle of a disc's or body's outline as seen along `up`, (3,), at the mean height of its points.

    Not of its mass: a disc is taller in front, and on one side when the spine is scoliotic.
    """
    anterior, left = _axes(up)
    cells = np.unique(np.round(points @ np.array([anterior, left]).T / CELL_MM).astype(int), axis=0)
    aside = float(cells[:, 1].mean())
    # Pedicles and the disc's rounded corners lie to the sides: front to back is read in the middle strip.
    strip = cells[np.abs(cells[:, 1] - aside) < STRIP_MM / CELL_MM, 0]
    ahead = float((strip if len(strip) else cells[:, 0]).mean()) * CELL_MM
    aside *= CELL_MM
    height = float((points @ up).mean())
    return np.asarray(ahead * anterior + aside * left + height * up)


def _own_normal(piece: _Piece) -> FloatArray:
    """Normal of the piece's flattest direction within the sagittal plane."""
    _, vectors = np.linalg.eigh(np.cov((piece.points_mm[:, 1:] - piece.centre_mm[1:]).T))
    return np.array([0.0, *(vectors[:, 0] * np.sign(vectors[1, 0] or 1.0))])


def _beside_bone(pieces: list[_Piece], bodies: FloatArray) -> list[_Piece]:
    """Leave out pieces with far less vertebral bone around them than the others."""
    bone = [int((np.linalg.norm(bodies - piece.centre_mm, axis=1) < BESIDE_MM).sum()) for piece in pieces]
    least = LEAST_BONE_SHARE * float(np.median(bone)) if bone else 0.0
    return [piece for piece, near in zip(pieces, bone, strict=True) if near > least]


def _body_points(labels: NDArray[np.uint8], affine: FloatArray) -> FloatArray:
    """Points of vertebral bodies: the large pieces of vertebra label in front of the canal, thinned."""
    mask = ndimage.binary_opening(labels == Label.VERTEBRA, structure=np.ones((1, 3, 3)))
    pieces, count = ndimage.label(mask)
    if not count:
        return np.zeros((0, 3))
    volume = np.bincount(pieces.ravel())[1:] * abs(np.linalg.det(affine[:3, :3]))
    keep = np.concatenate([[False], volume > min(MIN_BODY_MM3, MIN_BODY_MM2 * _slab_mm(labels, affine))])
    points = _points(keep[pieces], affine)
    return points[:: max(1, len(points) // MAX_BODY_POINTS)]


@dataclass(frozen=True)
class _Column:
    """The middle of the bodies as cubics over height: x and y at z, robust against bowel that looks like bone."""

    weights: FloatArray
    middle: float
    reach: float

    def off(self, points: FloatArray) -> FloatArray:
        """(n, 2): how far points lie from the column to the left and to the back, mm."""
        basis = np.vander((points[:, 2] - self.middle) / self.reach, 4)
        return np.asarray(points[:, :2] - basis @ self.weights.T)


def _fit_column(points: FloatArray) -> _Column:
    few = points[:: max(1, len(points) // 2000)]
    middle, reach = float(few[:, 2].mean()), float(np.ptp(few[:, 2])) or 1.0
    basis = np.vander((few[:, 2] - middle) / reach, 4)
    weights = []
    for side in (0, 1):

        def miss(w: FloatArray, side: int = side) -> FloatArray:
            return np.asarray(basis @ w - few[:, side])

        weights.append(optimize.least_squares(miss, np.zeros(4), loss="soft_l1", f_scale=8.0).x)
    return _Column(np.array(weights), middle, reach)


def _fit_curve(pieces: list[_Piece], bodies: FloatArray) -> SpineCurve:
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
            anchors.append(_middle(members, along))
    anchors.append(centres[-1])
    # The curve leaves the outermost discs at a right angle; a spline's free end would swing.
    head, foot = _own_normal(pieces[0]) * END_MM, _own_normal(pieces[-1]) * END_MM
    nodes = np.array([centres[0] + head, *anchors, centres[-1] - foot])
    chord = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
    splines = [interpolate.make_smoothing_spline(chord, nodes[:, axis], lam=STIFFNESS) for axis in range(3)]
    inner = np.linspace(0, chord[-1], max(2, round(chord[-1])))
    points = np.stack([spline(inner) for spline in splines], axis=1)
    residual = float(np.sqrt(np.mean(np.sum((np.stack([s(chord) for s in splines], axis=1) - nodes) ** 2, axis=1))))
    return SpineCurve(points, residual)


def _fill_gaps(pieces: list[_Piece], curve: SpineCurve) -> tuple[list[_Piece], int]:
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
            out.append(_Piece(np.zeros((0, 3)), curve.points_mm[at], 0.0, found=False))
            added += 1
        out.append(pieces[index + 1])
    return out, added


def _filled_warning(filled: int) -> tuple[str, ...]:
    if not filled:
        return ()
    return (f"{filled} disc(s) were not seen between their neighbours; their place is estimated. Check the levels.",)


def _nearest(curve: SpineCurve, point: FloatArray) -> int:
    return int(np.argmin(np.linalg.norm(curve.points_mm - point, axis=1)))


def tangent_up(curve: SpineCurve, point: FloatArray) -> FloatArray:
    """Unit direction of the curve towards the head at its point nearest to `point`."""
    at = _nearest(curve, point)
    first, last = max(0, at - 8), min(len(curve.points_mm) - 1, at + 8)
    return geometry.unit(curve.points_mm[first] - curve.points_mm[last])


def _frame(piece: _Piece, curve: SpineCurve) -> DiscLevel:
    """The disc's plane: tilt from the disc's own shape in the sagittal plane, else from the curve."""
    tangent = tangent_up(curve, piece.centre_mm)
    up, (depth, height) = tangent, ESTIMATED_MM
    if piece.found:
        flat = piece.points_mm[:, 1:] - piece.centre_mm[1:]
        values, vectors = np.linalg.eigh(np.cov(flat.T))
        own = _own_normal(piece) * np.hypot(tangent[1], tangent[2]) + np.array([tangent[0], 0.0, 0.0])
        trusted = values[1] > 4 * values[0] and float(own @ tangent) > np.cos(np.deg2rad(MAX_TILT_DEG))
        up = own if trusted else tangent
        along = flat @ vectors[:, 1]
        depth = float(np.percentile(along, 99) - np.percentile(along, 1))
        height = float(np.sqrt(12 * values[0]))  # of a slab with this variance across
    anterior, left = _axes(up)
    return DiscLevel("", piece.centre_mm, up, anterior, left, None, depth, height)


def _axes(up: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(anterior, left) unit vectors in the plane with normal `up`."""
    anterior = geometry.unit(np.array([0.0, -1.0, 0.0]) + up * up[1])
    return anterior, np.cross(up, anterior)


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
    points = _points(labels == Label.SACRUM, affine)
    if not len(points):
        return 0.0
    volume = _below(points, lowest) * float(abs(np.linalg.det(affine[:3, :3])))
    width = min(lowest.depth_mm, _slab_mm(labels, affine))
    return min(1.0, volume / (lowest.depth_mm * width * BELOW_MM * SACRAL_FILL))


def _sacral_disc(pieces: list[_Piece], sacrum: FloatArray, lowest: DiscLevel) -> float:
    """Depth of the largest disc below the lowest one that has sacrum both above and below it, mm; 0 without one."""
    depths = [0.0]
    for piece in pieces:
        if (piece.centre_mm - lowest.centre_mm) @ lowest.up > -SACRAL_DISC_BELOW_MM:
            continue
        normal = _own_normal(piece)
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
        anterior, left = _axes(up)
        height, depth = (np.percentile((members - centre) @ axis, (2, 98)) for axis in (up, anterior))
        out.append(
            VertebraLevel(
                lower.level.split("-")[0], centre, up, anterior, left, float(np.ptp(height)), float(np.ptp(depth))
            )
        )
    return tuple(out)
