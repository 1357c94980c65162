"""Figures of image quality, measured at the spine: noise, motion ripples, contrast, signal voids of metal.

All are shares of the signal of vertebral marrow, so that they do not depend on
a scanner's scale. Patches are sampled in each vertebra's own sagittal planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.images import geometry
from inference.types import FloatArray, Label, Segmentation, VertebraLevel, Volume

#: A second difference along both axes, which responds to noise and hardly to structure (Immerkaer 1996).
MASK = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
MAD_TO_SD = 1.4826
#: Patch of a body in which ripples are measured: half height and half depth, step, planes beside the middle, mm.
INSIDE_MM, INSIDE_STEP_MM, INSIDE_PLANES_MM = (8.0, 9.0), 0.5, (-8.0, -4.0, 0.0, 4.0, 8.0)
#: Degree of the polynomial that is subtracted from a profile: slow changes such as fat or a healed fracture.
SLOW = 4
#: Region around a body's centre searched for metal: half height, behind, in front and to the sides; steps; all mm.
AROUND_MM, AROUND_STEP_MM, AROUND_PLANES_MM = (12.0, 48.0, 16.0, 27.0), 0.75, 3.0
#: A void is darker than this share of marrow, and remains after an opening by this number of steps: no ligament or
#: vessel is as thick.
VOID_SHARE, VOID_CORE = 0.12, 4
#: Region of the fat behind the spine: behind a body's centre, above and below it, and beside the middle, mm.
BEHIND_MM, HALF_HEIGHT_MM, FAT_PLANES_MM = (38.0, 120.0), 18.0, (-6.0, 0.0, 6.0)


@dataclass(frozen=True)
class ImageFigures:
    """noise, ripple, csf, fat: shares of the marrow's signal; NaN where they could not be measured.

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
        has_label: NDArray[np.bool_] = inside & (self.labels[tuple(np.moveaxis(clipped, -1, 0))] == label)
        return has_label


def figures(volume: Volume, segmentation: Segmentation, vertebrae: tuple[VertebraLevel, ...]) -> ImageFigures | None:
    """Measure all figures; None without enough marrow to compare with.

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
    # Ghosts are copies of all bright tissue, CSF too: dark marrow must not make them seem worse.
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


def _plane(vertebra: VertebraLevel, lateral: float, above: FloatArray, forward: FloatArray) -> FloatArray:
    """LPS mm of a patch in a vertebra's own sagittal plane, (above, ahead, 3)."""
    return (
        vertebra.centre_mm
        + lateral * vertebra.left
        + above[:, None, None] * vertebra.up
        + forward[None, :, None] * vertebra.anterior
    )


def _ripple(images: _Images, vertebrae: tuple[VertebraLevel, ...]) -> float:
    """Standard deviation of the fast part of a body's mean profile, along the worse axis; median over bodies.

    Planes are averaged first: ghosts of the endplates are at the same place in all of them, marrow's texture is not.
    """
    above, forward = (np.arange(-half, half + INSIDE_STEP_MM, INSIDE_STEP_MM) for half in INSIDE_MM)
    ripples: tuple[list[float], list[float]] = ([], [])
    for vertebra in vertebrae:
        planes = [_plane(vertebra, lateral, above, forward) for lateral in INSIDE_PLANES_MM]
        bone = [plane for plane in planes if images.labelled(plane, Label.VERTEBRA).mean() >= 0.9]
        if len(bone) < 2:
            continue
        patch = np.mean([images.sample(plane) for plane in bone], axis=0)
        for axis, along in enumerate((above, forward)):
            profile = patch.mean(axis=1 - axis)
            fast = profile - np.polyval(np.polyfit(along, profile, SLOW), along)
            ripples[axis].append(float(fast.std()) / images.marrow)
    return max(float(np.median(values)) for values in ripples) if ripples[0] else float("nan")


def _fat(images: _Images, vertebrae: tuple[VertebraLevel, ...]) -> float:
    """Signal of the brightest tissue behind the spine."""
    above, forward = np.arange(-HALF_HEIGHT_MM, HALF_HEIGHT_MM, 1.5), -np.arange(*BEHIND_MM, 1.5)
    patches = [images.sample(_plane(body, lateral, above, forward)) for body in vertebrae for lateral in FAT_PLANES_MM]
    return float(np.percentile(np.concatenate(patches), 99)) / images.marrow


def _void_mm3(images: _Images, vertebra: VertebraLevel) -> float:
    """Volume in mm3 of thick signal voids around a vertebra."""
    half_height, behind, in_front, half_width = AROUND_MM
    above, forward = np.arange(-half_height, half_height, AROUND_STEP_MM), np.arange(-behind, in_front, AROUND_STEP_MM)
    planes = [
        _plane(vertebra, lateral, above, forward)
        for lateral in np.arange(-half_width, half_width + 1, AROUND_PLANES_MM)
    ]
    return sum(_dark(images, plane) for plane in planes) * AROUND_STEP_MM**2 * AROUND_PLANES_MM


def _dark(images: _Images, points: FloatArray) -> int:
    """Number of points of thick voids in a patch; 0 for a patch that is partly outside of the images."""
    place = geometry.apply(images.to_index, points)
    if not ((place >= 0) & (place <= np.array(images.labels.shape) - 1)).all():
        return 0
    dark_tissue = images.labelled(points, Label.CANAL) | images.labelled(points, Label.DISC)
    dark = (images.sample(points) < VOID_SHARE * images.marrow) & ~dark_tissue
    cross = ndimage.generate_binary_structure(2, 1)
    return int(ndimage.binary_opening(dark, cross, iterations=VOID_CORE).sum())
