"""The headers of DICOM files, without pixels, for the choice of series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from inference.errors import (
    NotDicomError,
    TruncatedFileError,
    WrongModalityError,
)
from inference.images import geometry
from inference.types import Slice


@dataclass(frozen=True)
class Header:
    """The header fields of one file that the choice of series needs; `slices` is empty without geometry."""

    path: Path
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    modality: str
    description: str
    protocol: str
    body_part: str
    echo_time_ms: float | None
    repetition_time_ms: float | None
    inversion_time_ms: float | None
    localiser: bool
    contrast: bool
    frame_of_reference_uid: str
    study_description: str = ""
    slices: tuple[Slice, ...] = ()

    @property
    def words(self) -> str:
        """The series' description and protocol name, in lower case."""
        return f"{self.description} {self.protocol}".lower().replace("_", " ")


def find_files(folder: Path) -> list[Path]:
    """Every regular file below `folder` that begins as a DICOM part 10 file, sorted."""
    dicom_files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            stream.seek(128)
            if stream.read(4) == b"DICM":
                dicom_files.append(path)
    return dicom_files


def read_headers(paths: Iterable[Path]) -> list[Header]:
    """Read everything but the pixels.

    Raises NotDicomError, TruncatedFileError or WrongModalityError for the first
    file that cannot be used.
    """
    headers = [_read_header(path) for path in paths]
    if not headers:
        raise NotDicomError("There are no DICOM files here.")
    return headers


def _read_header(path: Path) -> Header:
    try:
        data = pydicom.dcmread(path, stop_before_pixels=True)
        return _header_of(path, data)
    except InvalidDicomError as error:
        raise NotDicomError("A file is not DICOM.") from error
    except (EOFError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TruncatedFileError("A file ends too early or is damaged.") from error


def _header_of(path: Path, data: Dataset) -> Header:
    modality = str(data.get("Modality", ""))
    if modality != "MR":
        raise WrongModalityError(f"This is a {modality or 'file without a modality'} image, not MR.")
    return Header(
        path=path,
        study_instance_uid=str(data.get("StudyInstanceUID", "")),
        series_instance_uid=str(data.get("SeriesInstanceUID", "")),
        sop_instance_uid=str(data.get("SOPInstanceUID", "")),
        modality=modality,
        description=str(data.get("SeriesDescription", "")),
        protocol=str(data.get("ProtocolName", "")),
        body_part=str(data.get("BodyPartExamined", "")),
        echo_time_ms=_timing(data, "EchoTime", ("MREchoSequence", "EffectiveEchoTime")),
        repetition_time_ms=_timing(data, "RepetitionTime", ("MRTimingAndRelatedParametersSequence", "RepetitionTime")),
        inversion_time_ms=_timing(data, "InversionTime", ("MRModifierSequence", "InversionTimes")),
        localiser="LOCALIZER" in [str(part).upper() for part in data.get("ImageType") or []],
        contrast=bool(data.get("ContrastBolusAgent")) or "ContrastBolusAgentSequence" in data,
        frame_of_reference_uid=str(data.get("FrameOfReferenceUID", "")),
        study_description=str(data.get("StudyDescription", "")),
        slices=tuple(_slices_of(data)),
    )


def _timing(data: Dataset, keyword: str, enhanced: tuple[str, str]) -> float | None:
    """A time in ms from a classic or an enhanced multi-frame object."""
    value = data.get(keyword)
    if value is None:
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            for group in list(data.get(groups, []))[:1]:
                inner = group.get(enhanced[0])
                value = inner[0].get(enhanced[1]) if inner else value
    try:
        return float(value) if value is not None else None
    except (TypeError, ValueError):
        return None


def _slices_of(data: Dataset) -> list[Slice]:
    """The image planes of a file, or none when any part of the geometry is missing."""
    uid = str(data.get("SOPInstanceUID", ""))
    shape = (int(data.get("Rows", 0)), int(data.get("Columns", 0)))
    frames = data.get("PerFrameFunctionalGroupsSequence")
    if frames is None:
        sources = [(data, data, data)]
    else:
        shared = (list(data.get("SharedFunctionalGroupsSequence", [])) or [Dataset()])[0]
        sources = [
            (
                _first(frame, shared, "PlanePositionSequence"),
                _first(frame, shared, "PlaneOrientationSequence"),
                _first(frame, shared, "PixelMeasuresSequence"),
            )
            for frame in frames
        ]
    planes = [
        _plane(uid, number, shape, position.get("ImagePositionPatient"), orientation.get("ImageOrientationPatient"), m)
        for number, (position, orientation, m) in enumerate(sources, start=1)
    ]
    return [plane for plane in planes if plane is not None] if None not in planes else []


def _first(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    for group in (frame, shared):
        if group.get(name):
            item: Dataset = group[name][0]
            return item
    return Dataset()


def _plane(
    uid: str, frame: int, shape: tuple[int, int], position: object, orientation: object, measures: Dataset
) -> Slice | None:
    spacing = measures.get("PixelSpacing")
    try:
        origin = np.array([float(v) for v in position], dtype=np.float64)  # type: ignore[attr-defined]
        cosines = np.array([float(v) for v in orientation], dtype=np.float64)  # type: ignore[attr-defined]
        between = (float(spacing[0]), float(spacing[1]))
        across, down = geometry.unit(cosines[:3]), geometry.unit(cosines[3:])
    except (TypeError, ValueError, IndexError):
        return None
    numbers = np.concatenate([origin, cosines, between])
    if origin.shape != (3,) or cosines.shape != (6,) or min(between) <= 0 or not np.isfinite(numbers).all():
        return None
    if abs(float(across @ down)) > 0.02 or min(shape) < 1:
        return None
    return Slice(uid, origin, across, down, between, shape, float(measures.get("SliceThickness") or 0.0), frame)


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the sorted SHA-256 of the files: the same input, the same digest."""
    hashes = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
