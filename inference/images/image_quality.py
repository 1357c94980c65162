"""Figures of how good the images are, read where the spine lies: noise, ripples of motion, contrast, voids of metal.

All are shares of the signal of vertebral marrow, so that they do not depend on
a scanner's scale. Patches are cut in each vertebra's own sagittal planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.images import geometry
from inference.types import FloatArray, Label, Segmentation, VertebraLevel, Volume

#: A second difference along both axes: answers to noise, hardly to structure (Immerkaer 1996).
MASK = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
MAD_TO_SD = 1.4826
#: The inside of a body that ripples are looked for in: half height and half depth, step, planes beside the middle, mm.
INSIDE_MM, INSIDE_STEP_MM, INSIDE_PLANES_MM = (8.0, 9.0), 0.5, (-8.0, -4.0, 0.0, 4.0, 8.0)
#: A profile's slow changes (fat, a healed fracture) are a polynomial of this degree.
SLOW = 4
#: Where metal is looked for around a body's centre: half height, behind, before and to the sides, mm; steps.
AROUND_MM, AROUND_STEP_MM, AROUND_PLANES_MM = (12.0, 48.0, 16.0, 27.0), 0.75, 3.0
#: Darker than this share of marrow is a void, if so many steps can be taken off its edge: no ligament or vessel is
#: as thick.
VOID_SHARE, VOID_CORE = 0.12, 4
#: Behind the spine lies fat: so far behind a body's centre, above and below it and beside the middle, mm.
BEHIND_MM, TALL_MM, FAT_PLANES_MM = (38.0, 120.0), 18.0, (-6.0, 0.0, 6.0)


@dataclass(frozen=True)
class ImageFigures:
    """noise, ripple, csf, fat: shares of the marrow's signal; NaN where they could not be read.

    ripple: fast changes along the height or the depth of the bodies' inside
    that neighbouring planes share, median over bodies. voids_mm3: thick signal
    voids by vertebra.
    """

    noise: float
    ripple: float
    csf: float
    fat: float
    voids_mm3: dict[str, float]


@dataclass(frozen=True)
class _Images:
    """The images with masks on the same grid, and the marrow's signal."""

    array: NDArray[np.float32]
    labels: NDArray[np.uint8]
    to_index: FloatArray
    marrow: float

    def sample(self, points: FloatArray) -> FloatArray:
        """Signal at points (..., 3) LPS mm; 0 outside."""
        index = np.moveaxis(geometry.apply(self.to_index, points), -1, 0)
        return np.asarray(ndimage.map_coordinates(self.array, index, order=1, mode="constant"), dtype=np.float64)

    def labelled(self, points: FloatArray, label: Label) -> NDArray[np.bool_]:
        """Whether the voxel at points (..., 3) has a label."""
        index = np.round(geometry.apply(self.to_index, points)).astype(int)
        inside = ((index >= 0) & (index < self.labels.shape)).all(axis=-1)
        clipped = np.clip(index, 0, np.array(self.labels.shape) - 1)
        found: NDArray[np.bool_] = inside & (self.labels[tuple(np.moveaxis(clipped, -1, 0))] == label)
        return found


def figures(volume: Volume, segmentation: Segmentation, vertebrae: tuple[VertebraLevel, ...]) -> ImageFigures | None:
    """Read all figures; None without enough marrow to compare with.

    volume, segmentation: on one grid, slices along the first axis.
    """
    inside = _core(segmentation.labels == Label.VERTEBRA, 2)
    if inside.sum() < 200 or not vertebrae:
        return None
    marrow = float(np.median(volume.array[inside]))
    if marrow <= 0:
        return None
    images = _Images(volume.array, segmentation.labels, geometry.inverse(volume.affine), marrow)
    canal = _core(segmentation.labels == Label.CANAL, 1)
    csf = float(np.median(volume.array[canal])) / marrow if canal.any() else float("nan")
    # Ghosts are copies of all that is bright, CSF too: dark marrow must not make them seem worse.
    ripple = _ripple(images, vertebrae) / (1.0 if np.isnan(csf) else (1.0 + csf) / 2)
    return ImageFigures(
        noise=_noise(volume.array, inside) / marrow,
        ripple=ripple,
        csf=csf,
        fat=_fat(images, vertebrae),
        voids_mm3={vertebra.name: _void_mm3(images, vertebra) for vertebra in vertebrae},
    )


def _core(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    core: NDArray[np.bool_] = ndimage.binary_erosion(mask, structure=np.ones((1, 3, 3)), iterations=steps)
    return core


def _noise(array: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """Standard deviation of the noise in the marrow, from second differences within slices."""
    rough = ndimage.convolve(array, MASK[None].astype(np.float32), mode="nearest")[inside]
    return float(MAD_TO_SD * np.median(np.abs(rough)) / np.sqrt((MASK**2).sum()))


def _plane(vertebra: VertebraLevel, aside: float, above: FloatArray, ahead: FloatArray) -> FloatArray:
    """LPS mm of a patch in a vertebra's own sagittal plane, (above, ahead, 3)."""
    return (
        vertebra.centre_mm
        + aside * vertebra.left
        + above[:, None, None] * vertebra.up
        + ahead[None, :, None] * vertebra.anterior
    )


def _ripple(images: _Images, vertebrae: tuple[VertebraLevel, ...]) -> float:
    """How much the mean profile through a body's inside wavers, along the worse axis; median over bodies.

    Planes are averaged first: ghosts of the endplates lie at one place in all, marrow's texture does not.
    """
    above, ahead = (np.arange(-half, half + INSIDE_STEP_MM, INSIDE_STEP_MM) for half in INSIDE_MM)
    found: tuple[list[float], list[float]] = ([], [])
    for vertebra in vertebrae:
        planes = [_plane(vertebra, aside, above, ahead) for aside in INSIDE_PLANES_MM]
        bone = [plane for plane in planes if images.labelled(plane, Label.VERTEBRA).mean() >= 0.9]
        if len(bone) < 2:
            continue
        patch = np.mean([images.sample(plane) for plane in bone], axis=0)
        for axis, along in enumerate((above, ahead)):
            profile = patch.mean(axis=1 - axis)
            fast = profile - np.polyval(np.polyfit(along, profile, SLOW), along)
            found[axis].append(float(fast.std()) / images.marrow)
    return max(float(np.median(values)) for values in found) if found[0] else float("nan")


def _fat(images: _Images, vertebrae: tuple[VertebraLevel, ...]) -> float:
    """Signal of the brightest tissue behind the spine."""
    above, ahead = np.arange(-TALL_MM, TALL_MM, 1.5), -np.arange(*BEHIND_MM, 1.5)
    patches = [images.sample(_plane(body, aside, above, ahead)) for body in vertebrae for aside in FAT_PLANES_MM]
    return float(np.percentile(np.concatenate(patches), 99)) / images.marrow


def _void_mm3(images: _Images, vertebra: VertebraLevel) -> float:
    """Volume in mm3 of thick signal voids around a vertebra."""
    tall, behind, before, wide = AROUND_MM
    above, ahead = np.arange(-tall, tall, AROUND_STEP_MM), np.arange(-behind, before, AROUND_STEP_MM)
    planes = [_plane(vertebra, aside, above, ahead) for aside in np.arange(-wide, wide + 1, AROUND_PLANES_MM)]
    return sum(_dark(images, plane) for plane in planes) * AROUND_STEP_MM**2 * AROUND_PLANES_MM


def _dark(images: _Images, points: FloatArray) -> int:
    """Size of thick voids in a patch; 0 for one that does not lie within the images."""
    place = geometry.apply(images.to_index, points)
    if not ((place >= 0) & (place <= np.array(images.labels.shape) - 1)).all():
        return 0
    known = images.labelled(points, Label.CANAL) | images.labelled(points, Label.DISC)
    dark = (images.sample(points) < VOID_SHARE * images.marrow) & ~known
    cross = ndimage.generate_binary_structure(2, 1)
    return int(ndimage.binary_opening(dark, cross, iterations=VOID_CORE).sum())
