"""One picture of a reading: the mid-sagittal slice with labels, curve and disc planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inference.images import geometry
from inference.images.preprocess import canonical
from inference.types import FloatArray, Label, Segmentation, StudyReading, Volume

#: Overlay colours, chosen to stay apart for colour-blind readers.
COLOURS = {
    Label.VERTEBRA: (213, 94, 0),
    Label.DISC: (0, 158, 115),
    Label.CANAL: (86, 180, 233),
    Label.SACRUM: (204, 121, 167),
}
#: Height of the picture in pixels.
HEIGHT = 900


def draw(volume: Volume, segmentation: Segmentation, reading: StudyReading) -> Image.Image:
    """The slice nearest to the discs' centres, plain on the left and labelled on the right."""
    to_index = geometry.inverse(canonical(volume.array, volume.affine)[1])
    centres = geometry.apply(to_index, np.array([disc.centre_mm for disc in reading.discs]))
    plain, marked = _halves(volume, segmentation, round(float(np.median(centres[:, 0]))))
    rows, columns = canonical(volume.array, volume.affine)[0].shape[1:]
    factor = np.array([marked.width / columns, marked.height / rows])
    _draw_levels(ImageDraw.Draw(marked), reading, to_index, factor)
    return _beside(plain, marked)


def labelled(volume: Volume, segmentation: Segmentation) -> Image.Image:
    """The middle slice, plain on the left and labelled on the right, where nothing could be located."""
    return _beside(*_halves(volume, segmentation, canonical(volume.array, volume.affine)[0].shape[0] // 2))


def _halves(volume: Volume, segmentation: Segmentation, middle: int) -> tuple[Image.Image, Image.Image]:
    array, affine = canonical(volume.array, volume.affine)
    labels, _ = canonical(segmentation.labels, segmentation.affine)
    middle = int(np.clip(middle, 0, array.shape[0] - 1))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    size = (round(array.shape[2] * HEIGHT / array.shape[1] * spacing[2] / spacing[1]), HEIGHT)
    grey = _window(np.asarray(array[middle], dtype=np.float32))
    plain = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    return plain, _tint(plain, np.asarray(labels[middle], dtype=np.uint8), size)


def _beside(plain: Image.Image, marked: Image.Image) -> Image.Image:
    picture = Image.new("RGB", (2 * plain.width, plain.height))
    picture.paste(plain, (0, 0))
    picture.paste(marked, (plain.width, 0))
    return picture


def _window(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = np.percentile(image, (1, 99.5))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1) * 255, dtype=np.uint8)


def _tint(plain: Image.Image, labels: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    large = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    pixels = np.asarray(plain, dtype=np.float32).copy()
    for label, colour in COLOURS.items():
        pixels[large == label] = 0.65 * pixels[large == label] + 0.35 * np.array(colour)
    return Image.fromarray(pixels.astype(np.uint8))


def _draw_levels(pen: ImageDraw.ImageDraw, reading: StudyReading, to_index: FloatArray, factor: FloatArray) -> None:
    font = ImageFont.load_default(18)

    def at(point_mm: FloatArray) -> tuple[float, float]:
        _, row, column = geometry.apply(to_index, point_mm)
        return float((column + 0.5) * factor[0]), float((row + 0.5) * factor[1])

    pen.line([at(point) for point in reading.curve.points_mm], fill=(240, 228, 66), width=2)
    for disc in reading.discs:
        front = disc.centre_mm + disc.anterior * (disc.depth_mm / 2 + 8)
        back = disc.centre_mm - disc.anterior * (disc.depth_mm / 2 + 22)
        pen.line([at(front), at(back)], fill=(255, 255, 255), width=2)
        x, y = at(front)
        pen.text((max(2.0, x - 62), y - 10), disc.level, fill=(255, 255, 255), font=font)
    for vertebra in reading.vertebrae:
        x, y = at(vertebra.centre_mm)
        pen.text((x - 10, y - 10), vertebra.name, fill=(255, 255, 255), font=font)
