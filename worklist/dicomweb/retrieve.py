"""WADO-RS: instances, metadata, frames and rendered images (PS3.18 section 10.4).

Frames are sent in the transfer syntax that they were stored in; nothing is
decoded, except for `rendered`.
"""

from __future__ import annotations

import io
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array

from worklist import storage
from worklist.dicomweb import answers
from worklist.dicomweb.answers import IMMUTABLE, REVALIDATE, Problem, dicom_json, endpoint, instances_at
from worklist.dicomweb.attributes import file_attributes
from worklist.intake import structure
from worklist.models import Instance

CHUNK_BYTES = 1 << 16
MAX_FRAMES_REQUESTED = 512
MAX_VIEWPORT = 2048


@endpoint("GET")
def instances(request: HttpRequest, **names: str) -> HttpResponseBase:
    """A study, a series or an instance as part 10 files."""
    requested = instances_at(**names)
    answers.check_accepts(request, "multipart/related", "application/dicom")
    answers.note_view(request, requested[0].series.study)
    caching = IMMUTABLE if "instance" in names else REVALIDATE
    etag = answers.etag_of("files", requested)
    unchanged = answers.unchanged(request, etag, caching)
    if unchanged is not None:
        return unchanged
    parts = (
        (f"application/dicom; transfer-syntax={instance.transfer_syntax_uid}", _chunks(instance))
        for instance in requested
    )
    return answers.cached(answers.multipart(parts, "application/dicom"), etag, caching)


def _chunks(instance: Instance) -> Iterator[bytes]:
    with _path(instance).open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _path(instance: Instance) -> Path:
    return storage.local_file(instance.path)


@endpoint("GET")
def metadata(request: HttpRequest, **names: str) -> HttpResponseBase:
    """All attributes without pixels, with the stored transfer syntax (00083002)."""
    requested = instances_at(**names)
    answers.check_accepts(request, "application/dicom+json", "application/json")
    answers.note_view(request, requested[0].series.study)
    caching = IMMUTABLE if "instance" in names else REVALIDATE
    etag = answers.etag_of("metadata", requested)
    unchanged = answers.unchanged(request, etag, caching)
    if unchanged is not None:
        return unchanged
    return answers.cached(dicom_json([file_attributes(instance) for instance in requested]), etag, caching)


@endpoint("GET")
def frames(request: HttpRequest, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
    """Frames by number, from 1, separated by commas."""
    (stored_instance,) = instances_at(study, series, instance)
    numbers = _frame_numbers(frames, stored_instance)
    answers.check_accepts(request, "multipart/related")
    answers.note_view(request, stored_instance.series.study)
    etag = answers.etag_of(f"frames {frames}", [stored_instance])
    unchanged = answers.unchanged(request, etag, IMMUTABLE)
    if unchanged is not None:
        return unchanged
    syntax = stored_instance.transfer_syntax_uid
    kind = structure.ENCAPSULATED.get(syntax, "application/octet-stream")
    parts = [(f"{kind}; transfer-syntax={syntax}", iter([data])) for data in stored_frames(stored_instance, numbers)]
    # The parameter on the whole is outside the standard; Cornerstone3D reads it there.
    return answers.cached(answers.multipart(parts, kind, f"; transfer-syntax={syntax}"), etag, IMMUTABLE)


def _frame_numbers(text: str, instance: Instance) -> list[int]:
    if not re.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6})*", text):
        raise Problem(400, "Frames are named by numbers separated by commas.")
    numbers = [int(number) for number in text.split(",")]
    if min(numbers) < 1 or len(numbers) > MAX_FRAMES_REQUESTED:
        raise Problem(400, f"Frames are counted from 1, and at most {MAX_FRAMES_REQUESTED} are sent at once.")
    if max(numbers) > instance.frames:
        raise Problem(404, "The instance has no frame of that number.")
    return numbers


def stored_frames(instance: Instance, numbers: list[int]) -> list[bytes]:
    """The frames' bytes as stored in the file."""
    with _path(instance).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        outline = structure.outline(data)
        if outline.pixels_at is None:  # the guard refuses such files
            raise Problem(404, "The instance holds no image.")
        if instance.transfer_syntax_uid in structure.NATIVE:
            size = instance.frame_bytes
            starts = [outline.pixels_at + (number - 1) * size for number in numbers]
            return [data[start : start + size] for start in starts]
        value = data[outline.pixels_at : outline.pixels_at + outline.pixels_bytes]
        return [get_frame(value, number - 1, number_of_frames=instance.frames) for number in numbers]


@endpoint("GET")
def rendered(request: HttpRequest, study: str, series: str, instance: str, frame: int = 1) -> HttpResponseBase:
    """One frame as JPEG or PNG, windowed (sections 8.3.5 and 10.4.1.1.4)."""
    (stored_instance,) = instances_at(study, series, instance)
    _frame_numbers(str(frame), stored_instance)
    answers.check_accepts(request, "image/jpeg", "image/png")
    answers.note_view(request, stored_instance.series.study)
    kind = _image_kind(request)
    query = "&".join(f"{name}={request.GET.get(name, '')}" for name in ("window", "viewport", "quality"))
    etag = answers.etag_of(f"rendered {frame} {kind} {query}", [stored_instance])
    unchanged = answers.unchanged(request, etag, IMMUTABLE)
    if unchanged is not None:
        return unchanged
    image = _fitted(request, Image.fromarray(_grey(request, stored_instance, frame)))
    body = io.BytesIO()
    image.save(body, kind.removeprefix("image/").upper(), **_quality(request, kind))
    return answers.cached(HttpResponse(body.getvalue(), content_type=kind), etag, IMMUTABLE)


def _image_kind(request: HttpRequest) -> str:
    header = request.GET.get("accept") or request.headers.get("Accept") or "*/*"
    kinds = [part.split(";")[0].strip().lower() for part in header.split(",")]
    return next((kind for kind in kinds if kind in ("image/png", "image/jpeg")), "image/jpeg")


def _grey(request: HttpRequest, instance: Instance, frame: int) -> Any:
    """uint8 [row, column] or [row, column, RGB], through the requested window, the file's, or the image's range."""
    try:
        header = dcmread(_path(instance), stop_before_pixels=True)
        pixels = pixel_array(_path(instance), index=frame - 1)
    except Exception as error:
        raise Problem(422, "The image's compression cannot be decoded here.") from error
    if pixels.ndim == 3:
        return pixels.astype(np.uint8)
    values = _rescaled(header, pixels)
    centre, width = _window(request, header, values)
    grey = np.clip((values - (centre - width / 2)) / width, 0, 1) * 255
    inverted = header.get("PhotometricInterpretation") == "MONOCHROME1"
    return (255 - grey if inverted else grey).round().astype(np.uint8)


def _rescaled(header: Any, pixels: Any) -> Any:
    """float64; the values that the file's rescaling gives. Raises Problem 422 when its slope or intercept is none."""
    try:
        slope, intercept = float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)
    except (TypeError, ValueError):
        slope = intercept = float("nan")
    if not np.isfinite([slope, intercept]).all():
        raise Problem(422, "The image's rescale slope or intercept is not one number.")
    return pixels.astype(np.float64) * slope + intercept


def _window(request: HttpRequest, header: Any, values: Any) -> tuple[float, float]:
    text = request.GET.get("window")
    if text:
        parts = text.split(",")
        try:
            centre, width = float(parts[0]), float(parts[1])
        except (ValueError, IndexError):
            raise Problem(400, "A window is named as centre,width,linear.") from None
        if not (np.isfinite([centre, width]).all() and width > 0):
            raise Problem(400, "A window's width is above zero.")
        return centre, width
    low, high = np.percentile(values, (1.0, 99.5))
    centre, width = float(low + high) / 2, max(float(high - low), 1.0)
    try:
        first = [header.get(name) for name in ("WindowCenter", "WindowWidth")]
        stated = [float(v[0] if hasattr(v, "__getitem__") else v) for v in first]
        return (stated[0], stated[1]) if stated[1] >= 1 else (centre, width)
    except (TypeError, ValueError, IndexError):
        return centre, width


def _fitted(request: HttpRequest, image: Image.Image) -> Image.Image:
    text = request.GET.get("viewport")
    if not text:
        return image
    sizes = re.fullmatch(r"([0-9]{1,4}),([0-9]{1,4})", text)
    if sizes is None or not all(0 < int(side) <= MAX_VIEWPORT for side in sizes.groups()):
        raise Problem(400, f"A viewport is named as width,height, up to {MAX_VIEWPORT} pixels each.")
    width, height = (int(side) for side in sizes.groups())
    scale = min(width / image.width, height / image.height)
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _quality(request: HttpRequest, kind: str) -> dict[str, int]:
    text = request.GET.get("quality", "90")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise Problem(400, "A quality is a whole number from 1 to 100.")
    return {"quality": int(text)} if kind == "image/jpeg" else {}
