"""Validation of every received file before it is stored or parsed.

`inspect` returns the values that the database stores of a file, or raises a
`StudyError` whose message is for the sender and holds no patient data.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from pydicom import Dataset, dcmread

from inference.errors import StudyError, TruncatedFileError, WrongModalityError
from worklist.errors import (
    BadUidError,
    FileTooLargeError,
    MalformedFileError,
    MissingUidError,
    NoImageError,
)
from worklist.intake import codestream, structure
from worklist.intake.structure import Outline
from worklist.orders.identity import Identity

MAX_FRAMES = 4096
BITS_ALLOCATED = frozenset({8, 16, 32})
DICOMDIR = "1.2.840.10008.1.3.10"

_IDENTITY = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality"]
_PATIENT = ["SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"]
_ORDER = [
    "AccessionNumber",
    "InstitutionName",
    "ReferringPhysicianName",
    "RequestedProcedureDescription",
    "ReasonForTheRequestedProcedure",
]
_WORDS = ["StudyDate", "StudyDescription", "SeriesNumber", "SeriesDescription", "InstanceNumber"]
_PIXELS = ["Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames", "PhotometricInterpretation"]
#: Number of bytes of a refused file that are searched for its study.
_HEADER_BYTES = 64 << 10
_KEYWORDS = _IDENTITY + _PATIENT + _ORDER + _WORDS + _PIXELS


@dataclass(frozen=True)
class Image:
    """The size of the pixels; `frame_bytes` is one frame, decoded."""

    rows: int
    columns: int
    frames: int
    frame_bytes: int


@dataclass(frozen=True)
class Inspected:
    """Values of an accepted file that the worklist stores."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    patient: Identity
    study_date: date | None
    study_description: str
    accession_number: str
    institution: str
    referrer: str
    procedure: str
    clinical_question: str
    series_number: int | None
    series_description: str
    instance_number: int | None
    image: Image


def inspect(data: bytes) -> Inspected:
    """Validate one whole file.

    Raises NotDicomError, TruncatedFileError, WrongModalityError or one of
    `worklist.errors`, and no other exception, whatever the bytes.
    """
    if len(data) > settings.INSTANCE_MAX_BYTES:
        raise too_large()
    outline = structure.outline(data)
    try:
        header = _parse(data, outline)
        inspected = _read(header, outline)
        _check_streams(data, outline, header, inspected.image)
        return inspected
    except StudyError:
        raise
    except Exception as error:  # noqa: BLE001 - a parser's exception text may hold the patient's data: not chained
        raise MalformedFileError(f"The file's header cannot be read ({type(error).__name__}).") from None


def names_of(data: bytes) -> tuple[str, str]:
    """SOP Class and SOP Instance UID of a refused file, for the answer to its sender; empty if unreadable."""
    try:
        header = _parse(data, structure.outline(data))
        return _uid(header, "SOPClassUID"), _uid(header, "SOPInstanceUID")
    except Exception:  # noqa: BLE001 - the file was refused already, with its reason
        return "", ""


def study_of(data: bytes) -> str:
    """Study Instance UID of a refused file, perhaps cut off, so that its study can say that it lacks one; or empty."""
    try:
        header = dcmread(io.BytesIO(data[:_HEADER_BYTES]), stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
        return _uid(header, "StudyInstanceUID")
    except Exception:  # noqa: BLE001 - the file was refused already, with its reason
        return ""


def too_large() -> FileTooLargeError:
    return FileTooLargeError(f"The file is larger than {settings.INSTANCE_MAX_BYTES >> 20} MiB.")


def _parse(data: bytes, outline: Outline) -> Dataset:
    """The header elements that are needed, and no others; the outline has bounded them."""
    end = len(data) if outline.pixels_at is None else outline.pixels_at
    return dcmread(io.BytesIO(data[:end]), stop_before_pixels=True, specific_tags=_KEYWORDS)


def _read(header: Dataset, outline: Outline) -> Inspected:
    _check_kind(header)
    study, series, instance, sop_class = (
        _uid(header, keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
    )
    return Inspected(
        study_instance_uid=study,
        series_instance_uid=series,
        sop_instance_uid=instance,
        sop_class_uid=sop_class,
        transfer_syntax_uid=outline.transfer_syntax_uid,
        modality="MR",
        patient=Identity(
            id=_text(header, "PatientID", 64),
            name=_text(header, "PatientName", 324),
            birth_date=_date(header, "PatientBirthDate"),
            sex=_text(header, "PatientSex", 1),
            issuer=_text(header, "IssuerOfPatientID", 64),
        ),
        study_date=_date(header, "StudyDate"),
        study_description=_text(header, "StudyDescription", 64),
        accession_number=_text(header, "AccessionNumber", 64),
        institution=_text(header, "InstitutionName", 64),
        referrer=_text(header, "ReferringPhysicianName", 324),
        procedure=_text(header, "RequestedProcedureDescription", 64),
        clinical_question=_text(header, "ReasonForTheRequestedProcedure", 64),
        series_number=_number(header, "SeriesNumber"),
        series_description=_text(header, "SeriesDescription", 64),
        instance_number=_number(header, "InstanceNumber"),
        image=_image(header, outline),
    )


def _check_kind(header: Dataset) -> None:
    if str(header.file_meta.get("MediaStorageSOPClassUID", "")) == DICOMDIR:
        raise NoImageError("The file is the index of a disc (DICOMDIR), not an image.")
    modality = _text(header, "Modality", 16)
    if not modality:
        raise WrongModalityError("The file does not say its modality.")
    if modality != "MR":
        shown_modality = modality if modality.isalnum() and modality.isascii() else "another"
        raise WrongModalityError(f"The file's modality is {shown_modality}, not MR.")


def _uid(header: Dataset, keyword: str) -> str:
    """A required UID, judged by its bytes: the parser strips white space that other programs would keep."""
    element = header.get_item(keyword)
    raw = b"" if element is None or element.value is None else element.value
    text = raw.decode("latin-1") if isinstance(raw, bytes) else str(raw)
    if text[-1:] in ("\0", " "):  # padded to an even length
        text = text[:-1]
    name = keyword.removesuffix("UID") + " UID"
    if not text:
        raise MissingUidError(f"The file has no {name}.")
    if not structure.is_uid(text):
        raise BadUidError(f"The file's {name} is not valid.")
    return text


def _image(header: Dataset, outline: Outline) -> Image:
    rows, columns = _number(header, "Rows"), _number(header, "Columns")
    if outline.pixels_at is None or not rows or not columns:
        raise NoImageError("The file holds no image.")
    frames = 1 if header.get("NumberOfFrames") in (None, "") else _number(header, "NumberOfFrames")
    bits, samples = _number(header, "BitsAllocated"), _number(header, "SamplesPerPixel") or 1
    side = settings.IMAGE_MAX_SIDE
    if not 0 < rows <= side or not 0 < columns <= side:
        raise FileTooLargeError(f"The image is not between 1 and {side:,} pixels a side.")
    if frames is None or not 0 < frames <= MAX_FRAMES:
        raise MalformedFileError(f"The number of frames is not between 1 and {MAX_FRAMES:,}.")
    if bits not in BITS_ALLOCATED or samples not in (1, 3):
        raise MalformedFileError("The image's bits or samples per pixel are not those of an MR image.")
    frame_bytes = rows * columns * samples * bits // 8
    if header.get("PhotometricInterpretation") == "YBR_FULL_422":
        frame_bytes = frame_bytes * 2 // 3
    if frame_bytes * frames > settings.SERIES_MAX_BYTES:
        raise FileTooLargeError(f"The decoded image is larger than {settings.SERIES_MAX_BYTES >> 20} MiB.")
    _check_pixels(outline, frame_bytes, frames)
    return Image(rows, columns, frames, frame_bytes)


def _check_pixels(outline: Outline, frame_bytes: int, frames: int) -> None:
    if outline.transfer_syntax_uid in structure.NATIVE:
        if outline.pixels_bytes < frame_bytes * frames:
            raise TruncatedFileError("The image is shorter than its rows and columns say.")
        return
    if len(outline.fragments) < frames or any(length == 0 for _, length in outline.fragments):
        raise TruncatedFileError("The compressed image lacks fragments.")


def _check_streams(data: bytes, outline: Outline, header: Dataset, image: Image) -> None:
    """What each compressed frame says of its size, which a decoder believes, is what the header says."""
    if not structure.ENCAPSULATED.get(outline.transfer_syntax_uid, "image/dicom-rle").startswith("image/j"):
        return
    stated = (image.rows, image.columns, _number(header, "SamplesPerPixel") or 1)
    first, *remaining = outline.fragments
    if not codestream.starts_frame(data, first[0]):
        raise MalformedFileError("The compressed image is not of the kind that the file's transfer syntax says.")
    for at, length in [first, *(fragment for fragment in remaining if codestream.starts_frame(data, fragment[0]))]:
        if codestream.size(data, at, length) != stated:
            raise MalformedFileError("The compressed image has another size than its rows and columns say.")


def _value(header: Dataset, keyword: str) -> Any:
    value = header.get(keyword)
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return value[0] if len(value) else None
    return value


def _text(header: Dataset, keyword: str, length: int) -> str:
    """Printable text of a bounded length: a database column takes no NUL and no more than it holds."""
    value = _value(header, keyword)
    printable = "".join(letter for letter in str(value if value is not None else "") if letter.isprintable())
    return printable.strip()[:length].strip()


def _number(header: Dataset, keyword: str) -> int | None:
    try:
        number = int(str(_value(header, keyword)))
    except ValueError:
        return None
    return number if -(2**31) <= number < 2**31 else None


def _date(header: Dataset, keyword: str) -> date | None:
    try:
        return datetime.strptime(_text(header, keyword, 8), "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None
