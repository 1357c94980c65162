"""Slices, volumes and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Label(IntEnum):
    """A voxel's class in a `Segmentation`."""

    BACKGROUND = 0
    VERTEBRA = 1
    DISC = 2
    CANAL = 3
    SACRUM = 4


class Plane(StrEnum):
    """The orientation of a slice, by its normal."""

    SAGITTAL = "sagittal"
    AXIAL = "axial"
    CORONAL = "coronal"
    OBLIQUE = "oblique"


@dataclass(frozen=True)
class Slice:
    """The plane of one image in the patient.

    origin_mm: centre of the first pixel, LPS, shape (3,).
    along_row: unit vector of growing column index, shape (3,).
    along_column: unit vector of growing row index, shape (3,).
    spacing_mm: (between rows, between columns), as DICOM's Pixel Spacing.
    shape: (rows, columns).
    thickness_mm: nominal slice thickness, 0 when not stated.
    """

    sop_instance_uid: str
    origin_mm: FloatArray
    along_row: FloatArray
    along_column: FloatArray
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]
    thickness_mm: float = 0.0
    frame: int = 1

    @property
    def normal(self) -> FloatArray:
        """Unit normal of the plane, shape (3,)."""
        return np.cross(self.along_row, self.along_column)

    @property
    def affine(self) -> FloatArray:
        """(4, 4): (0, row, column, 1) to LPS mm; the slice axis is the normal."""
        matrix = np.eye(4)
        matrix[:3, 0] = self.normal
        matrix[:3, 1] = self.along_column * self.spacing_mm[0]
        matrix[:3, 2] = self.along_row * self.spacing_mm[1]
        matrix[:3, 3] = self.origin_mm
        return matrix


@dataclass(frozen=True)
class Volume:
    """A stack of parallel slices as one array.

    array: float32 ``[slice, row, column]``, scanner intensity.
    affine: (4, 4), index to LPS mm.
    slices: where each slice came from, in the order of the array; empty for
        a volume that was never DICOM.
    """

    array: NDArray[np.float32]
    affine: FloatArray
    series_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    slices: tuple[Slice, ...] = ()

    @property
    def spacing_mm(self) -> FloatArray:
        """Distance between neighbours along slice, row and column, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)


@dataclass(frozen=True)
class Segmentation:
    """Labels on the grid of a `Volume`.

    labels: uint8 ``[slice, row, column]``, values of `Label`.
    affine: (4, 4), index to LPS mm.
    """

    labels: NDArray[np.uint8]
    affine: FloatArray

    @property
    def spacing_mm(self) -> FloatArray:
        """Distance between neighbours along slice, row and column, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)
