"""Segmentation and levels -> every vertebra and every disc as an instance of its own.

Bodies are parted by the planes of their discs, so that two that touch or are
fused stay two. Behind the canal the same planes, moved down, part laminae and
spinous processes. To the sides, where joints touch, a voxel belongs to the
body to which the way through bone is shortest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from inference.images import geometry
from inference.types import LEVELS, VERTEBRAE, DiscLevel, FloatArray, Instance, Label, Segmentation

#: Voxel values by name: vertebrae from the head down 1 to 8 (S1 stands for the sacrum), discs 11 to 16, canal 20.
IDS: dict[str, int] = {
    **{name: 1 + place for place, name in enumerate(VERTEBRAE)},
    **{name: 11 + place for place, name in enumerate(LEVELS)},
    "canal": 20,
}
#: The way through bone is measured on a grid of about this step within a slice, mm.
WAY_STEP_MM = 1.4
#: The canal's front wall is read in bands of this height, mm, as this percentile of its voxels.
BAND_MM, WALL_PERCENT = 3.0, 10.0
#: Disc label belongs to the disc whose plane and middle lie this near, mm.
OF_PLANE_MM, OF_MIDDLE_MM = 11.0, 36.0
#: Behind the canal and this near to the middle, mm, the planes lie so much lower: laminae, spinous and inferior
#: articular processes hang down. Further out the superior articular processes of the next vertebra rise beside them.
MIDDLE_MM, HANG_MM = 11.0, 7.0
#: A piece of arch within a slice that is less tall than this is one vertebra's.
ARCH_MM = 30.0
WITHIN_SLICE = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))])
#: Stands for bone of vertebrae that have no name, while the others grow.
OTHER = 30
#: Above the highest named disc one vertebra reaches so far, mm, unless a further disc ends it.
TALLEST_MM = 34.0
#: A further disc above the named ones lies so far above the last, mm, and has at least this volume, mm3.
NEXT_MM, LEAST_DISC_MM3 = (14.0, 46.0), 400.0


@dataclass(frozen=True)
class InstanceMap:
    """labels: uint8 ``[slice, row, column]``, values of `IDS`, on the grid of the segmentation. affine: to LPS mm."""

    labels: NDArray[np.uint8]
    affine: FloatArray

    def listed(self) -> tuple[Instance, ...]:
        """What is there, by growing id."""
        voxel = float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000
        counts = np.bincount(self.labels.ravel(), minlength=max(IDS.values()) + 1)
        return tuple(
            Instance(number, name, round(float(counts[number]) * voxel, 1))
            for name, number in IDS.items()
            if counts[number]
        )


def instances(segmentation: Segmentation, discs: Sequence[DiscLevel]) -> InstanceMap:
    """Give every voxel of bone and disc the id of its vertebra or disc.

    discs: named, from the head down, at least one. What belongs to none of the
    named structures stays 0. Raises ValueError without a disc.
    """
    if not discs:
        raise ValueError("Without a disc there is nothing to name.")
    labels, affine = segmentation.labels, segmentation.affine
    out = np.zeros(labels.shape, dtype=np.uint8)
    out[labels == Label.CANAL] = IDS["canal"]
    out[labels == Label.SACRUM] = IDS["S1"]
    index = np.argwhere(labels == Label.DISC)
    points = geometry.apply(affine, index.astype(np.float64))
    out[tuple(index.T)] = _disc_ids(points, discs)
    index = np.argwhere(labels == Label.VERTEBRA)
    if not len(index):
        return InstanceMap(out, affine)
    rest = points[out[tuple(np.argwhere(labels == Label.DISC).T)] == 0]
    voxel = float(abs(np.linalg.det(affine[:3, :3])))
    borders = _Borders.of(discs, _further_discs(rest, discs[0], voxel))
    points = geometry.apply(affine, index.astype(np.float64))
    before = _before_canal(points, segmentation)
    ids = np.where(before, borders.ids(points, 0.0), 0).astype(np.uint8)
    arch = ~before & (borders.beside(points) < MIDDLE_MM)
    ids[arch] = _by_pieces(borders.arch_ids(points[arch]), index[arch], points[arch], labels.shape)
    grown = _grown(ids, index, points, segmentation, borders)
    out[tuple(index.T)] = np.where(grown == OTHER, 0, grown)
    return InstanceMap(out, affine)


@dataclass(frozen=True)
class _Borders:
    """Planes that part the vertebrae, from the head down, and the ids between them, one more than planes."""

    centres: FloatArray
    ups: FloatArray
    between: NDArray[np.uint8]

    @classmethod
    def of(cls, discs: Sequence[DiscLevel], further: Sequence[FloatArray]) -> _Borders:
        """further: centres of unnamed discs above the named ones, from the head down."""
        names = [discs[0].level.split("-")[0], *(disc.level.split("-")[1] for disc in discs)]
        ids = [IDS[name] for name in names]
        for _ in further:
            ids.insert(0, ids[0] - 1 if 1 < ids[0] < OTHER else OTHER)
        centres = [*further, *(disc.centre_mm for disc in discs)]
        ups = [*(discs[0].up for _ in further), *(disc.up for disc in discs)]
        return cls(np.array(centres), np.array(ups), np.array(ids, dtype=np.uint8))

    def ids(self, points: FloatArray, hang_mm: float) -> NDArray[np.uint8]:
        """Ids at points (n, 3), the planes moved `hang_mm` to the feet."""
        above = np.einsum("npk,pk->np", points[:, None] - self.centres[None], self.ups) + hang_mm
        place = (above < 0).sum(axis=1)
        found: NDArray[np.uint8] = self.between[place]
        found[(place == 0) & (above[:, 0] - hang_mm > TALLEST_MM)] = OTHER
        return found

    def arch_ids(self, points: FloatArray) -> NDArray[np.uint8]:
        """Ids of laminae and spinous processes at points (n, 3).

        The lowest plane is steep and would cut off L5's spinous process; the sacrum has a label of its own.
        """
        found = self.ids(points, HANG_MM)
        found[found == IDS["S1"]] = IDS["L5"]
        return found

    def beside(self, points: FloatArray) -> FloatArray:
        """How far points (n, 3) lie to the side of the line through the planes' centres, mm, (n,)."""
        upward = self.centres[::-1]
        middle = np.interp(points[:, 2], upward[:, 2], upward[:, 0])
        return np.asarray(np.abs(points[:, 0] - middle))


def _disc_ids(points: FloatArray, discs: Sequence[DiscLevel]) -> NDArray[np.uint8]:
    """The id of the disc whose plane is nearest, 0 beyond all."""
    if not len(points):
        return np.zeros(0, dtype=np.uint8)
    off = np.stack([np.abs((points - disc.centre_mm) @ disc.up) for disc in discs])
    away = np.stack([np.linalg.norm(points - disc.centre_mm, axis=1) for disc in discs])
    off[away > OF_MIDDLE_MM] = np.inf
    nearest = off.argmin(axis=0)
    ids: NDArray[np.uint8] = np.array([IDS[disc.level] for disc in discs], dtype=np.uint8)[nearest]
    ids[off.min(axis=0) > OF_PLANE_MM] = 0
    return ids


def _further_discs(rest: FloatArray, top: DiscLevel, voxel_mm3: float) -> list[FloatArray]:
    """Centres of discs above the named ones, from the head down, from disc label that belongs to none of them."""
    found: list[FloatArray] = []
    centre = top.centre_mm
    while True:
        above = (rest - centre) @ top.up
        beside = np.linalg.norm(rest - centre - np.multiply.outer(above, top.up), axis=1)
        near = (above > NEXT_MM[0]) & (above < NEXT_MM[1]) & (beside < OF_MIDDLE_MM)
        if near.sum() * voxel_mm3 < LEAST_DISC_MM3:
            return found
        # Two discs can lie in reach: the lower one counts first.
        lowest = near & (above < above[near].min() + OF_PLANE_MM)
        centre = np.median(rest[lowest], axis=0)
        found.insert(0, centre)


def _before_canal(points: FloatArray, segmentation: Segmentation) -> NDArray[np.bool_]:
    """Whether points lie in front of the canal's front wall; without a canal all do."""
    canal = geometry.apply(segmentation.affine, np.argwhere(segmentation.labels == Label.CANAL).astype(np.float64))
    if len(canal) < 100:
        return np.ones(len(points), dtype=bool)
    band = np.floor(canal[:, 2] / BAND_MM).astype(int)
    heights = np.unique(band)
    wall = np.array([np.percentile(canal[band == height, 1], WALL_PERCENT) for height in heights])
    wall = ndimage.median_filter(wall, 3, mode="nearest")
    at = np.interp(points[:, 2], (heights + 0.5) * BAND_MM, wall)
    before: NDArray[np.bool_] = points[:, 1] < at
    return before


def _by_pieces(
    ids: NDArray[np.uint8], index: NDArray[np.intp], points: FloatArray, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """One id for each piece of arch within a slice that is no taller than one: that of most of it."""
    number = np.zeros(shape, dtype=np.int32)
    number[tuple(index.T)] = 1
    pieces, count = ndimage.label(number, structure=WITHIN_SLICE)
    piece = pieces[tuple(index.T)]
    out = ids.copy()
    places = np.arange(1, count + 1)
    tall = ndimage.maximum(points[:, 2], piece, places) - ndimage.minimum(points[:, 2], piece, places)
    votes = np.zeros((count + 1, OTHER + 1), dtype=np.int64)
    np.add.at(votes, (piece, ids), 1)
    whole = np.concatenate([[False], np.atleast_1d(tall) < ARCH_MM])
    out[whole[piece]] = votes.argmax(axis=1)[piece][whole[piece]]
    return out


def _grown(
    ids: NDArray[np.uint8],
    index: NDArray[np.intp],
    points: FloatArray,
    segmentation: Segmentation,
    borders: _Borders,
) -> NDArray[np.uint8]:
    """Ids of all bone: given ones as they are, the rest by the shortest way through bone, else by the planes."""
    left = ids == 0
    out = ids.copy()
    out[left] = _by_ways(ids, index, segmentation)[tuple(index[left].T)]
    lost = left & (out == 0)
    out[lost] = borders.arch_ids(points[lost])
    return out


def _by_ways(ids: NDArray[np.uint8], index: NDArray[np.intp], segmentation: Segmentation) -> NDArray[np.uint8]:
    """Ids by the shortest way through bone, found on a coarser grid; 0 where no way leads to a given id."""
    spacing, shape = segmentation.spacing_mm, segmentation.labels.shape
    step = [max(1, round(WAY_STEP_MM / size)) for size in spacing]
    cut = tuple(slice(by // 2, None, by) for by in step)
    given = np.zeros(shape, dtype=np.uint8)
    given[tuple(index.T)] = ids
    bone = segmentation.labels == Label.VERTEBRA
    coarse = _shortest(bone[cut], given[cut], spacing * step)
    # Bone between the coarse grid's points takes the nearest point's id.
    nearest = ndimage.distance_transform_edt(
        coarse == 0, sampling=spacing * step, return_distances=False, return_indices=True
    )
    near = [
        np.minimum(np.arange(size) // by, most - 1) for size, by, most in zip(shape, step, coarse.shape, strict=True)
    ]
    result: NDArray[np.uint8] = coarse[tuple(nearest)][np.ix_(*near)]
    pieces, count = ndimage.label(bone, structure=np.ones((3, 3, 3)))
    reached = np.zeros(count + 1, dtype=bool)
    reached[pieces[tuple(index[ids > 0].T)]] = True
    result[~reached[pieces]] = 0
    return result


def _shortest(bone: NDArray[np.bool_], given: NDArray[np.uint8], spacing: FloatArray) -> NDArray[np.uint8]:
    """Each voxel of bone with the id of the voxel that the shortest way through bone leads to."""
    nodes = np.argwhere(bone)
    number = np.full(bone.shape, -1, dtype=np.int64)
    number[bone] = np.arange(len(nodes))
    sources = np.flatnonzero(given[bone] > 0)
    found = np.zeros(bone.shape, dtype=np.uint8)
    if not len(sources):
        return found
    graph = _neighbours(number, spacing)
    _, _, origin = csgraph.dijkstra(graph, directed=False, indices=sources, min_only=True, return_predecessors=True)
    reached = origin >= 0
    found[tuple(nodes[reached].T)] = given[tuple(nodes[origin[reached]].T)]
    return found


def _neighbours(number: NDArray[np.int64], spacing: FloatArray) -> sparse.csr_matrix:
    """Lengths in mm between the nodes of a grid that touch, (n, n); number: -1 where there is none."""
    starts, ends, lengths = [], [], []
    for way in [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (0, 1, -1), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0)]:
        here = tuple(slice(max(0, -w), None if w <= 0 else -w) for w in way)
        there = tuple(slice(max(0, w), None if w >= 0 else w) for w in way)
        first, second = number[here].ravel(), number[there].ravel()
        both = (first >= 0) & (second >= 0)
        starts.append(first[both])
        ends.append(second[both])
        lengths.append(np.full(int(both.sum()), float(np.linalg.norm(np.array(way) * spacing))))
    size = int(number.max()) + 1
    return sparse.csr_matrix(
        (np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), shape=(size, size)
    )
