"""What the grader sees of a level: the images cut along the fitted spine, at fixed sizes.

Every cut lies in the disc's own frame (left, back, up), whatever way the images
were planned. Sagittal: `PLANES` planes from right to left through both foramina,
trilinear from the prepared series. Axial: the images that pass through the disc
(`axial.assign`), looked at along the disc's normal, nearest first. Slices are
never interpolated between axial images: they may be angled differently.
Intensity is scaled by each cut's own percentiles, as `preprocess` does for a series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from inference.errors import StudyError
from inference.images import geometry, preprocess
from inference.images.choice import Stack
from inference.images.preprocess import Prepared
from inference.images.volume import pixels
from inference.types import AxialSlices, DiscLevel, FloatArray, Role, Slice, Volume

Float32 = NDArray[np.float32]

#: In-plane spacing of every cut.
STEP_MM = preprocess.SPACING_MM
#: Sagittal planes from right to left and their distance: 24 mm to each side.
PLANES, PLANE_STEP_MM = 13, 4.0
#: Rows run to the feet from so far above the disc's centre, columns to the back from so far behind it.
ROWS, COLUMNS, ABOVE_MM, BEHIND_MM = 48, 56, 21.0, 6.0
#: Axial images of a level. Rows run to the back from so far behind the disc's centre, columns to the left.
IMAGES, AXIAL_ROWS, AXIAL_COLUMNS, AXIAL_BEHIND_MM = 3, 56, 64, 4.0
#: Heights above the disc's plane are given to the network in this unit.
HEIGHT_MM = 10.0
#: A foramen is in the slab when the planes so far to its side are.
FORAMEN_MM = (16.0, 20.0)
#: Slices that lie nearer than this are averaged to about this thickness: thick ones must not look noisier.
THICK_MM = 3.0
#: Order of the sagittal channels.
SAGITTAL = (Role.SAGITTAL_T2, Role.SAGITTAL_T1)


@dataclass(frozen=True)
class AxialImage:
    """One axial image with its plane. pixels: float32 (rows, columns), scanner intensity."""

    plane: Slice
    pixels: Float32


@dataclass(frozen=True)
class LevelCrops:
    """The cuts of one level; what was not imaged is zero and is not in `made_from`.

    sagittal: (2, PLANES, ROWS, COLUMNS), T2 and T1, planes from right to left.
    axial: (IMAGES, 2, AXIAL_ROWS, AXIAL_COLUMNS): intensity, and how high above the
    disc's plane the image lies there (in `HEIGHT_MM`); planes: of the images that there are.
    foramina: whether the slab reaches the left and the right foramen.
    """

    level: str
    sagittal: Float32
    axial: Float32
    planes: tuple[Slice, ...]
    made_from: tuple[Role, ...]
    foramina: tuple[bool, bool]

    @property
    def images(self) -> int:
        """How many axial images there are."""
        return len(self.planes)


def prepare(volume: Volume) -> Prepared:
    """A sagittal series on the network's grid; thin slices are averaged with their neighbours."""
    prepared = preprocess.prepare(volume)
    between = float(np.linalg.norm(prepared.affine[:3, 0]))
    if between >= THICK_MM / 1.5:
        return prepared
    thick = ndimage.uniform_filter1d(prepared.array, round(THICK_MM / between), axis=0, mode="nearest")
    return Prepared(thick, prepared.affine)


def images_through(stacks: Sequence[Stack], axial: Sequence[AxialSlices]) -> dict[str, list[AxialImage]]:
    """By level the axial images through its disc, nearest first, as far as they can be read.

    stacks: of the axial series. axial: which of its images show which disc.
    """
    read: dict[str, AxialImage] = {}
    for stack in stacks:
        with suppress(StudyError):
            images = zip(stack.slices, pixels(stack), strict=True)
            read |= {plane.sop_instance_uid: AxialImage(plane, image) for plane, image in images}
    return {one.level: [read[uid] for uid in one.sop_instance_uids if uid in read] for one in axial}


def cut(level: DiscLevel, sagittal: Mapping[Role, Prepared], axial: Sequence[AxialImage]) -> LevelCrops:
    """The cuts of a level from sagittal series of `prepare` and from the axial images through its disc, nearest first.

    Any of them may be missing.
    """
    block = np.zeros((len(SAGITTAL), PLANES, ROWS, COLUMNS), dtype=np.float32)
    seen = np.zeros(PLANES, dtype=bool)
    roles = []
    for channel, role in enumerate(SAGITTAL):
        found = _sagittal(level, sagittal[role]) if role in sagittal else None
        if found is not None:
            block[channel] = _scaled(found)
            seen |= np.isfinite(found).mean(axis=(1, 2)) > 0.5
            roles.append(role)
    images = np.zeros((IMAGES, 2, AXIAL_ROWS, AXIAL_COLUMNS), dtype=np.float32)
    planes: list[Slice] = []
    for image in axial[:IMAGES]:
        shown = _axial(level, image)
        if shown is not None:
            pixels, height = shown
            images[len(planes)] = _scaled(pixels), height / HEIGHT_MM
            planes.append(image.plane)
    if planes:
        roles.append(Role.AXIAL_T2)
    middle = PLANES // 2
    steps = [round(mm / PLANE_STEP_MM) for mm in FORAMEN_MM]
    foramina = all(seen[middle + step] for step in steps), all(seen[middle - step] for step in steps)
    return LevelCrops(level.level, block, images, tuple(planes), tuple(roles), foramina)


def sagittal_places(level: DiscLevel, planes: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> FloatArray:
    """LPS mm of places in the sagittal cut, (planes, rows, columns, 3); they may lie between pixels."""
    left = (np.asarray(planes, dtype=np.float64) - PLANES // 2) * PLANE_STEP_MM
    up = ABOVE_MM - np.asarray(rows, dtype=np.float64) * STEP_MM
    back = BEHIND_MM + np.asarray(columns, dtype=np.float64) * STEP_MM
    return np.asarray(
        level.centre_mm
        + np.multiply.outer(left, level.left)[:, None, None]
        + np.multiply.outer(up, level.up)[None, :, None]
        - np.multiply.outer(back, level.anterior)[None, None]
    )


def axial_places(level: DiscLevel, plane: Slice, rows: ArrayLike, columns: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """(LPS mm of places in an axial cut, (rows, columns, 3); their heights above the disc's plane in mm).

    They lie in the image's own plane, where the disc's normal meets it.
    """
    back = AXIAL_BEHIND_MM + np.asarray(rows, dtype=np.float64) * STEP_MM
    left = (np.asarray(columns, dtype=np.float64) - (AXIAL_COLUMNS - 1) / 2) * STEP_MM
    flat = (
        level.centre_mm - np.multiply.outer(back, level.anterior)[:, None] + np.multiply.outer(left, level.left)[None]
    )
    height = np.asarray(((plane.origin_mm - flat) @ plane.normal) / float(level.up @ plane.normal))
    return np.asarray(flat + height[..., None] * level.up), height


def _sagittal(level: DiscLevel, prepared: Prepared) -> Float32 | None:
    """(PLANES, ROWS, COLUMNS), not a number outside the slab; None when most of the middle plane is."""
    points = sagittal_places(level, range(PLANES), range(ROWS), range(COLUMNS))
    found = geometry.sample(prepared.array, prepared.affine, points)
    return found if np.isfinite(found[PLANES // 2]).mean() > 0.5 else None


def _axial(level: DiscLevel, image: AxialImage) -> tuple[Float32, Float32] | None:
    """(intensity, height above the disc's plane in mm) seen along the disc's normal; None when mostly outside."""
    plane = image.plane
    zoom = (plane.spacing_mm[0] / STEP_MM, plane.spacing_mm[1] / STEP_MM)
    pixels = preprocess.resample_plane(np.asarray(image.pixels, dtype=np.float32), zoom)
    affine = plane.affine
    for axis, factor in ((1, zoom[0]), (2, zoom[1])):
        affine[:3, axis] /= factor
        affine[:3, 3] += (affine[:3, axis] - affine[:3, axis] * factor) / 2
    points, height = axial_places(level, plane, range(AXIAL_ROWS), range(AXIAL_COLUMNS))
    found = geometry.sample(pixels[None], affine, points)
    return (found, height.astype(np.float32)) if np.isfinite(found).mean() > 0.5 else None


def _scaled(found: Float32) -> Float32:
    """By its own percentiles; zero where there was nothing."""
    out = np.zeros_like(found)
    inside = np.isfinite(found)
    out[inside] = preprocess.normalise(found[inside])
    return out
