"""Labels -> pieces of disc that can each be a disc, and points of the bodies beside them.

The segmenter marks bowel, metal and breaches of the endplate as disc here and
there, and a disc with a cage as two. What is left after this step counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from inference.images import geometry
from inference.types import FloatArray, Label

#: Fewer discs than this are not a lumbar spine.
MIN_DISCS = 3
#: Pieces of disc label below this volume or depth are specks; in a slab thinner than a disc, below this area in it.
MIN_DISC_MM3, MIN_DISC_MM2 = 500.0, 40.0
MIN_DISC_DEPTH_MM = 15.0
#: Pieces of vertebra label below this volume (area in a thin slab) are no bodies; so many points describe all bodies.
MIN_BODY_MM3, MIN_BODY_MM2 = 2000.0, 150.0
MAX_BODY_POINTS = 40_000
#: Discs are told apart within this distance of the middle of the column.
CENTRAL_MM = 12.0
#: No two discs lie this near above each other, mm and as a share of the usual spacing: marks that do are one disc (a
#: cage parts it), or one is none (metal, a breach of the endplate), where it holds less than this share of the usual.
TOO_NEAR_MM, TOO_NEAR_SHARE, FRAGMENT = 20.0, 0.62, 0.5
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
#: Outlines are seen from above in cells of this size; their middle strip is this wide to each side.
CELL_MM, STRIP_MM = 1.0, 11.0


@dataclass(frozen=True)
class Piece:
    """Points of one disc, LPS mm; `found` is False for one that was put into a gap."""

    points_mm: FloatArray
    centre_mm: FloatArray
    volume_mm3: float
    found: bool = True


def front_of_canal(labels: NDArray[np.generic]) -> NDArray[np.uint8]:
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


def slab_mm(labels: NDArray[np.generic], affine: FloatArray) -> float:
    """How far the slices reach from side to side."""
    return len(labels) * float(np.linalg.norm(affine[:3, 0]))


def points_of(mask: NDArray[np.bool_], affine: FloatArray) -> FloatArray:
    return geometry.apply(affine, np.argwhere(mask).astype(np.float64))


def disc_pieces(labels: NDArray[np.uint8], affine: FloatArray, column: Column) -> list[Piece]:
    """Connected pieces of disc label in the middle of the column that are large enough, from the head down.

    At their sides neighbouring discs can touch (osteophytes, thick slices); in the middle bone lies between.
    """
    voxel = float(abs(np.linalg.det(affine[:3, :3])))
    least = min(MIN_DISC_MM3, MIN_DISC_MM2 * slab_mm(labels, affine))
    index = np.argwhere(labels == Label.DISC)
    central = np.abs(column.off(geometry.apply(affine, index.astype(np.float64)))[:, 0]) < CENTRAL_MM
    mask = np.zeros(labels.shape, dtype=bool)
    mask[tuple(index[central].T)] = True
    pieces_of, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    pieces: list[Piece] = []
    for piece in range(1, count + 1):
        points = points_of(pieces_of == piece, affine)
        if len(points) * voxel < least:
            continue
        found = Piece(points, points.mean(axis=0), len(points) * voxel)
        along = (points - found.centre_mm) @ np.cross(own_normal(found), (1.0, 0.0, 0.0))
        if np.ptp(along) >= MIN_DISC_DEPTH_MM:
            pieces.append(found)
    return _join(pieces)


def _join(pieces: list[Piece]) -> list[Piece]:
    """Merge pieces that lie in one plane into one disc; from the head down."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: -piece.volume_mm3):
        for index, larger in enumerate(joined):
            between = piece.centre_mm - larger.centre_mm
            if abs(between @ own_normal(larger)) < ONE_DISC_MM and np.linalg.norm(between) < SAME_DISC_MM:
                points = np.concatenate([larger.points_mm, piece.points_mm])
                joined[index] = Piece(points, points.mean(axis=0), larger.volume_mm3 + piece.volume_mm3)
                break
        else:
            joined.append(piece)
    return sorted(joined, key=lambda piece: -piece.centre_mm[2])


def centred(pieces: list[Piece], disc: FloatArray) -> list[Piece]:
    """Pieces with the middle of the whole disc, not of its part near the column's line."""
    out = []
    for piece in pieces:
        off = disc - piece.centre_mm
        mine = disc[(np.abs(off @ own_normal(piece)) < SAME_PLANE_MM) & (np.linalg.norm(off, axis=1) < SAME_DISC_MM)]
        out.append(replace(piece, centre_mm=middle(mine, own_normal(piece))) if len(mine) else piece)
    return out


def apart(pieces: list[Piece]) -> tuple[list[Piece], int]:
    """Pieces that can each be a disc, from the head down, and how many were joined or left out to that end."""
    out, done = list(pieces), 0
    while len(out) > MIN_DISCS:
        gaps = np.array([np.linalg.norm(lower.centre_mm - upper.centre_mm) for upper, lower in pairwise(out)])
        at = int(gaps.argmin())
        if gaps[at] >= min(TOO_NEAR_MM, TOO_NEAR_SHARE * float(np.median(gaps))):
            break
        smaller, larger = sorted(out[at : at + 2], key=lambda piece: piece.volume_mm3)
        usual = float(np.median([piece.volume_mm3 for piece in out]))
        out[at : at + 2] = [larger if smaller.volume_mm3 < FRAGMENT * usual else _joined(smaller, larger)]
        done += 1
    return out, done


def _joined(one: Piece, other: Piece) -> Piece:
    """Two marks of one disc; its middle lies between theirs, for a disc that is parted is parted across."""
    points = np.concatenate([one.points_mm, other.points_mm])
    return Piece(points, (one.centre_mm + other.centre_mm) / 2, one.volume_mm3 + other.volume_mm3)


def middle(points: FloatArray, up: FloatArray) -> FloatArray:
    """Middle of a disc's or body's outline as seen along `up`, (3,), at the mean height of its points.

    Not of its mass: a disc is taller in front, and on one side when the spine is scoliotic.
    """
    anterior, left = geometry.upright(up)
    cells = np.unique(np.round(points @ np.array([anterior, left]).T / CELL_MM).astype(int), axis=0)
    aside = float(cells[:, 1].mean())
    # Pedicles and the disc's rounded corners lie to the sides: front to back is read in the middle strip.
    strip = cells[np.abs(cells[:, 1] - aside) < STRIP_MM / CELL_MM, 0]
    ahead = float((strip if len(strip) else cells[:, 0]).mean()) * CELL_MM
    aside *= CELL_MM
    height = float((points @ up).mean())
    return np.asarray(ahead * anterior + aside * left + height * up)


def own_normal(piece: Piece) -> FloatArray:
    """Normal of the piece's flattest direction within the sagittal plane."""
    _, vectors = np.linalg.eigh(np.cov((piece.points_mm[:, 1:] - piece.centre_mm[1:]).T))
    return np.array([0.0, *(vectors[:, 0] * np.sign(vectors[1, 0] or 1.0))])


def beside_bone(pieces: list[Piece], bodies: FloatArray) -> list[Piece]:
    """Leave out pieces with far less vertebral bone around them than the others."""
    bone = [int((np.linalg.norm(bodies - piece.centre_mm, axis=1) < BESIDE_MM).sum()) for piece in pieces]
    least = LEAST_BONE_SHARE * float(np.median(bone)) if bone else 0.0
    return [piece for piece, near in zip(pieces, bone, strict=True) if near > least]


def body_points(labels: NDArray[np.uint8], affine: FloatArray) -> FloatArray:
    """Points of vertebral bodies: the large pieces of vertebra label in front of the canal, thinned."""
    mask = ndimage.binary_opening(labels == Label.VERTEBRA, structure=np.ones((1, 3, 3)))
    pieces, count = ndimage.label(mask)
    if not count:
        return np.zeros((0, 3))
    volume = np.bincount(pieces.ravel())[1:] * abs(np.linalg.det(affine[:3, :3]))
    keep = np.concatenate([[False], volume > min(MIN_BODY_MM3, MIN_BODY_MM2 * slab_mm(labels, affine))])
    points = points_of(keep[pieces], affine)
    return points[:: max(1, len(points) // MAX_BODY_POINTS)]


@dataclass(frozen=True)
class Column:
    """The middle of the bodies as cubics over height: x and y at z, robust against bowel that looks like bone."""

    weights: FloatArray
    middle: float
    reach: float

    def off(self, points: FloatArray) -> FloatArray:
        """(n, 2): how far points lie from the column to the left and to the back, mm."""
        basis = np.vander((points[:, 2] - self.middle) / self.reach, 4)
        return np.asarray(points[:, :2] - basis @ self.weights.T)


def fit_column(points: FloatArray) -> Column:
    few = points[:: max(1, len(points) // 2000)]
    middle, reach = float(few[:, 2].mean()), float(np.ptp(few[:, 2])) or 1.0
    basis = np.vander((few[:, 2] - middle) / reach, 4)
    weights = []
    for side in (0, 1):

        def miss(w: FloatArray, side: int = side) -> FloatArray:
            return np.asarray(basis @ w - few[:, side])

        weights.append(optimize.least_squares(miss, np.zeros(4), loss="soft_l1", f_scale=8.0).x)
    return Column(np.array(weights), middle, reach)
