"""A checked stack of slices -> Volume: pixels decoded, rescaled and put on one grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.utils import get_expected_length

from inference.errors import TruncatedFileError, UnreadablePixelsError
from inference.images import geometry
from inference.images.choice import Stack
from inference.types import Notice, Volume

#: A series with more voxels than this is not decoded.
MAX_VOXELS = 128 * 10**6


def load_volume(stack: Stack) -> tuple[Volume, tuple[Notice, ...]]:
    """Read the pixels of a checked stack: (volume, what is missing in it).

    A slice missing inside the stack is filled from its neighbours, so that the
    geometry stays true, and a notice says so.
    Raises UnreadablePixelsError or TruncatedFileError.
    """
    images = pixels(stack)
    notices: tuple[Notice, ...] = ()
    normal = stack.slices[0].normal
    place = np.array([float(plane.origin_mm @ normal) for plane in stack.slices])
    step = float(np.median(np.diff(place)))
    index = np.round((place - place[0]) / step).astype(int)
    affine = geometry.stack_affine(list(stack.slices))
    if len(set(index.tolist())) < len(index) or index[-1] == len(index) - 1:
        array = np.stack(images)
    else:
        affine[:3, 0] *= (len(index) - 1) / index[-1]
        array = np.stack([_between(images, index, k) for k in range(index[-1] + 1)])
        missing = index[-1] + 1 - len(index)
        notices = (Notice("slices_missing", values={"count": int(missing)}),)
    volume = Volume(
        array.astype(np.float32),
        affine,
        stack.series_instance_uid,
        stack.head.frame_of_reference_uid,
        stack.slices,
    )
    return volume, notices


def _between(images: list[NDArray[np.float32]], index: NDArray[np.int_], wanted: int) -> NDArray[np.float32]:
    after = int(np.searchsorted(index, wanted))
    if index[after] == wanted:
        return images[after]
    share = (wanted - index[after - 1]) / (index[after] - index[after - 1])
    return np.asarray(images[after - 1] * (1 - share) + images[after] * share, dtype=np.float32)


def pixels(stack: Stack) -> list[NDArray[np.float32]]:
    """One float32 image per slice, rescaled as the header says. Raises UnreadablePixelsError or TruncatedFileError."""
    if sum(plane.shape[0] * plane.shape[1] for plane in stack.slices) > MAX_VOXELS:
        raise UnreadablePixelsError(f"The series holds more than {MAX_VOXELS // 10**6} million voxels.")
    decoded: dict[Path, tuple[Dataset, NDArray[np.generic]]] = {}
    images = []
    for header, plane in zip(stack.headers, stack.slices, strict=True):
        if header.path not in decoded:
            decoded = {header.path: _decode(header.path)}
        data, pixels = decoded[header.path]
        image = pixels[plane.frame - 1] if pixels.ndim == 3 else pixels
        if image.shape != plane.shape:
            raise UnreadablePixelsError("An image's pixels do not fit its stated size.")
        images.append(_rescaled(image, data))
    return images


def _rescaled(image: NDArray[np.generic], data: Dataset) -> NDArray[np.float32]:
    """The modality's own units (PS3.3 C.11.1), where the header states them."""
    try:
        slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    except (TypeError, ValueError) as error:
        raise UnreadablePixelsError("An image's rescale values are not numbers.") from error
    return np.asarray(image, dtype=np.float32) * np.float32(slope) + np.float32(intercept)


def _decode(path: Path) -> tuple[Dataset, NDArray[np.generic]]:
    try:
        data = pydicom.dcmread(path)
        if _cut_off(data):
            raise EOFError
        return data, data.pixel_array
    except (EOFError, OSError) as error:
        raise TruncatedFileError("An image file ends too early.") from error
    except Exception as error:  # decoders raise whatever their plugins raise
        raise UnreadablePixelsError("An image could not be decoded.") from error


def _cut_off(data: Dataset) -> bool:
    """Whether uncompressed pixels are fewer than the header promises: pydicom reads as far as the file goes."""
    pixels = data.get("PixelData")
    if pixels is None or data.file_meta.TransferSyntaxUID.is_compressed:
        return False
    return len(pixels) < get_expected_length(data)
