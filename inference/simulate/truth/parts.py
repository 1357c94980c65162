"""Maps of every structure of a simulated spine on any grid, finer than the segmenter's classes.

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

#: Depths in a slice of which the majority decides its label, as shares of its thickness.
DEPTHS = (-0.3, 0.0, 0.3)


@dataclass(frozen=True)
class PartMap:
    """labels: uint8 [slice, row, column], 0 outside of all parts. names: by label. affine: indices to LPS mm."""

    labels: NDArray[np.uint8]
    names: dict[int, str]
    affine: FloatArray

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Where a part lies. Raises KeyError for a name that this patient does not have."""
        label = {name_of_label: number for number, name_of_label in self.names.items()}[name]
        mask: NDArray[np.bool_] = self.labels == label
        return mask


def part_names(anatomy: Anatomy) -> dict[int, str]:
    """A patient's parts by label.

    ``sacrum``, ``sac``, ``canal`` (the bony canal around the sac), then head to
    feet ``L4``, ``L4-L5``, ``L4-L5 left fat``, ``L4-L5 left root`` and the same of
    the right.
    """
    names = ["sacrum", "sac", "canal"]
    for disc in anatomy.patient.discs:
        foramen = [f"{disc.level} {side} {tissue}" for side in ("left", "right") for tissue in ("fat", "root")]
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
        structure = owner == index
        if not name or not structure.any():
            continue
        if name.startswith("foramen "):
            level = name.removeprefix("foramen ")
            left = _left_of(anatomy, level, points)
            for side, on_side in (("left", structure & left), ("right", structure & ~left)):
                result[on_side & (codes == Tissue.EPIDURAL_FAT)] = number[f"{level} {side} fat"]
                result[on_side & (codes == Tissue.NERVE)] = number[f"{level} {side} root"]
        elif name in ("sac", "canal"):
            result[structure] = number[name]
        elif name.startswith("S"):
            result[structure & (codes == Tissue.SACRUM_MARROW)] = number["sacrum"]
        elif "-" in name:
            result[structure & (codes >= DISC) & (codes < DISC + LEVELS)] = number[name]
        else:
            result[structure & bone] = number[name]
    return result


def _left_of(anatomy: Anatomy, level: str, points: FloatArray) -> NDArray[np.bool_]:
    place = anatomy.layout.bodies[level.split("-", maxsplit=1)[0]]
    mask: NDArray[np.bool_] = (points - place.centre_mm) @ place.axes[0] > 0
    return mask


def part_map(anatomy: Anatomy, affine: FloatArray, shape: tuple[int, int, int]) -> PartMap:
    """All parts on a grid ``[slice, row, column]``: the label of most of each voxel's thickness."""
    return PartMap(filled(partial(parts_at, anatomy), affine, shape), part_names(anatomy), affine)


def filled(
    label_at: Callable[[FloatArray], NDArray[np.uint8]], affine: FloatArray, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """The label of most of the thickness of each voxel of a grid ``[slice, row, column]``, uint8.

    at: what lies at points (n, 3) LPS mm, uint8 (n,). Three depths of a slice vote; without a majority the middle
    decides.
    """
    row, column = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    labels = np.empty((shape[0], row.size), dtype=np.uint8)
    for index in range(shape[0]):
        above, middle, below = (
            apply(affine, np.stack([np.full(row.size, index + depth), row.ravel(), column.ravel()], axis=-1))
            for depth in DEPTHS
        )
        labels[index] = label_at(above)
        # Where both ends agree the middle cannot change the majority, so most points need no third evaluation.
        disputed = labels[index] != label_at(below)
        if disputed.any():
            labels[index, disputed] = label_at(middle[disputed])
    return labels.reshape(shape)
