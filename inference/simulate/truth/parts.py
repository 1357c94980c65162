"""Maps of every structure of a simulated spine on any grid: more than the segmenter's classes.

Vertebrae and discs one by one, sacrum, dural sac, the rest of the bony canal,
and of each foramen the perineural fat and the root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inference.images.geometry import apply
from inference.simulate.body.anatomy import Anatomy
from inference.simulate.body.tissue import BONE, DISC, LEVELS, Tissue
from inference.types import FloatArray

#: Depths of a slice that vote on what fills it, in shares of its thickness.
DEPTHS = (-0.3, 0.0, 0.3)


@dataclass(frozen=True)
class PartMap:
    """labels: uint8 [slice, row, column], 0 where nothing named lies. names: by label. affine: indices to LPS mm."""

    labels: NDArray[np.uint8]
    names: dict[int, str]
    affine: FloatArray

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Where a part lies. Raises KeyError for a name that this patient does not have."""
        label = {known: number for number, known in self.names.items()}[name]
        found: NDArray[np.bool_] = self.labels == label
        return found


def part_names(anatomy: Anatomy) -> dict[int, str]:
    """A patient's parts by label.

    ``sacrum``, ``sac``, ``canal`` (the bony canal around the sac), then head to
    feet ``L4``, ``L4-L5``, ``L4-L5 left fat``, ``L4-L5 left root`` and the same of
    the right.
    """
    names = ["sacrum", "sac", "canal"]
    for disc in anatomy.patient.discs:
        foramen = [f"{disc.level} {side} {what}" for side in ("left", "right") for what in ("fat", "root")]
        names += [disc.upper, disc.level, *foramen]
    return dict(enumerate(names, start=1))


def parts_at(anatomy: Anatomy, points: FloatArray) -> NDArray[np.uint8]:
    """Labels of `part_names` at points (..., 3) LPS mm, uint8 (...)."""
    number = {name: label for label, name in part_names(anatomy).items()}
    codes_t, owner_t, structures = anatomy.structures(points)
    codes, owner = codes_t.cpu().numpy(), owner_t.cpu().numpy()
    result = np.zeros(codes.shape, dtype=np.uint8)
    bone = np.isin(codes, BONE)
    for index, name in enumerate(structures):
        mine = owner == index
        if not name or not mine.any():
            continue
        if name.startswith("foramen "):
            level = name.removeprefix("foramen ")
            left = _left_of(anatomy, level, points)
            for side, where in (("left", mine & left), ("right", mine & ~left)):
                result[where & (codes == Tissue.EPIDURAL_FAT)] = number[f"{level} {side} fat"]
                result[where & (codes == Tissue.NERVE)] = number[f"{level} {side} root"]
        elif name in ("sac", "canal"):
            result[mine] = number[name]
        elif name.startswith("S"):
            result[mine & (codes == Tissue.SACRUM_MARROW)] = number["sacrum"]
        elif "-" in name:
            result[mine & (codes >= DISC) & (codes < DISC + LEVELS)] = number[name]
        else:
            result[mine & bone] = number[name]
    return result


def _left_of(anatomy: Anatomy, level: str, points: FloatArray) -> NDArray[np.bool_]:
    place = anatomy.layout.bodies[level.split("-", maxsplit=1)[0]]
    found: NDArray[np.bool_] = (points - place.centre_mm) @ place.axes[0] > 0
    return found


def part_map(anatomy: Anatomy, affine: FloatArray, shape: tuple[int, int, int]) -> PartMap:
    """All parts on a grid ``[slice, row, column]``: what fills most of each voxel's thickness."""
    return PartMap(filled(partial(parts_at, anatomy), affine, shape), part_names(anatomy), affine)


def filled(
    at: Callable[[FloatArray], NDArray[np.uint8]], affine: FloatArray, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """What fills most of the thickness of each voxel of a grid ``[slice, row, column]``, uint8.

    at: what lies at points (n, 3) LPS mm, uint8 (n,). Three depths of a slice vote; without a majority the middle
    decides.
    """
    row, column = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    out = np.empty((shape[0], row.size), dtype=np.uint8)
    for index in range(shape[0]):
        above, middle, below = (
            apply(affine, np.stack([np.full(row.size, index + depth), row.ravel(), column.ravel()], axis=-1))
            for depth in DEPTHS
        )
        out[index] = at(above)
        # What both ends agree on the middle cannot change: most points need not be asked a third time.
        apart = out[index] != at(below)
        if apart.any():
            out[index, apart] = at(middle[apart])
    return out.reshape(shape)
