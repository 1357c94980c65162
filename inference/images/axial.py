"""Which axial images show which disc, by DICOM geometry alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.images import geometry
from inference.types import AxialSlices, DiscLevel, Slice

#: Largest distance of an image from the centre of a disc to which it belongs, mm ...
NEAR_MM = 6.0
#: ... and largest angle between the image and the disc's plane, degrees.
TURNED_DEG = 35.0


def assign(discs: Sequence[DiscLevel], planes: Sequence[Slice], series_instance_uid: str) -> tuple[AxialSlices, ...]:
    """For each disc the images through it, nearest to its centre first; discs without any are left out."""
    out = []
    for disc in discs:
        near = [(abs(_distance(plane, disc)), plane) for plane in planes if _shows(plane, disc)]
        near.sort(key=lambda item: item[0])
        if near:
            out.append(AxialSlices(disc.level, series_instance_uid, tuple(plane.sop_instance_uid for _, plane in near)))
    return tuple(out)


def _distance(plane: Slice, disc: DiscLevel) -> float:
    return float((disc.centre_mm - plane.origin_mm) @ plane.normal)


def _shows(plane: Slice, disc: DiscLevel) -> bool:
    """Near, not turned too far, and with the disc's centre inside the image."""
    if abs(_distance(plane, disc)) > NEAR_MM:
        return False
    if abs(float(plane.normal @ disc.up)) < np.cos(np.deg2rad(TURNED_DEG)):
        return False
    _, row, column = geometry.apply(geometry.inverse(plane.affine), disc.centre_mm)
    return bool(0 <= row < plane.shape[0] and 0 <= column < plane.shape[1])
