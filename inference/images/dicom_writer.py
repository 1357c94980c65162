"""Writes slices as a classic DICOM MR series that strict readers accept."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from inference.images.geometry import unit
from inference.types import Slice, Volume

#: Implementation Class UID of files written here, PS3.7 D.3.3.2.
IMPLEMENTATION_UID = "2.25.287146315420741352498036458211450238913"
#: Largest cosine of the angle between rows and columns.
SQUARE = 1e-4


@dataclass(frozen=True)
class SliceImage:
    """One image and its plane. pixels: (rows, columns), any number type."""

    plane: Slice
    pixels: NDArray[Any]


@dataclass(frozen=True)
class StudyTags:
    """Elements that all series of a study share. Dates as YYYYMMDD, times as HHMMSS."""

    study_instance_uid: str
    frame_of_reference_uid: str
    patient_name: str = "Unnamed^Unnamed"
    patient_id: str = "UNNAMED"
    birth_date: str = ""
    sex: str = "O"
    age: str = ""
    weight_kg: float | None = None
    size_m: float | None = None
    accession_number: str = ""
    study_id: str = "1"
    date: str = "20200101"
    time: str = "120000"
    study_description: str = "MRI LUMBAR SPINE"
    institution: str = ""
    manufacturer: str = "DeepSPINE Reader"
    model_name: str = "wrap"
    software: str = "1"
    field_tesla: float | None = None
    character_set: str = "ISO_IR 192"


@dataclass(frozen=True)
class SeriesTags:
    """Elements that the images of one series share.

    spacing_between_mm: None takes the distance of the first two slices.
    sequence: Scanning Sequence, e.g. ``("SE",)``; times in ms.
    extra: further elements by keyword.
    """

    study: StudyTags
    series_instance_uid: str
    series_number: int = 1
    description: str = ""
    body_part: str = "LSPINE"
    protocol: str = ""
    sequence: tuple[str, ...] = ("SE",)
    variant: tuple[str, ...] = ("NONE",)
    acquisition: str = "2D"
    repetition_ms: float | None = None
    echo_ms: float | None = None
    echo_train: int | None = None
    flip_deg: float | None = None
    thickness_mm: float | None = None
    spacing_between_mm: float | None = None
    image_type: tuple[str, ...] = ("DERIVED", "SECONDARY", "OTHER")
    comments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def uid_of(*parts: object) -> str:
    """A UID under 2.25 that follows from `parts`; the same parts give the same UID."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def fresh_uid() -> str:
    """A UID under 2.25 that was never used before."""
    return f"2.25.{uuid.uuid4().int}"


def images_of(volume: Volume) -> list[SliceImage]:
    """The slices of a volume with their planes.

    Raises ValueError when rows and columns are not at a right angle, which
    DICOM cannot express.
    """
    step, down, across = (volume.affine[:3, axis] for axis in range(3))
    if abs(float(unit(down) @ unit(across))) > SQUARE:
        raise ValueError("Rows and columns of the volume are not at a right angle; resample it first.")
    spacing = (float(np.linalg.norm(down)), float(np.linalg.norm(across)))
    normal = np.cross(unit(across), unit(down))
    thickness = abs(float(step @ normal))
    return [
        SliceImage(
            Slice(
                sop_instance_uid="",
                origin_mm=volume.affine[:3, 3] + index * step,
                along_row=unit(across),
                along_column=unit(down),
                spacing_mm=spacing,
                shape=(pixels.shape[0], pixels.shape[1]),
                thickness_mm=thickness,
            ),
            pixels,
        )
        for index, pixels in enumerate(volume.array)
    ]


def write_series(images: Volume | Sequence[SliceImage], out_dir: Path, tags: SeriesTags) -> list[Path]:
    """Write one MR series, one file a slice, in the order given.

    images: a volume (``[slice, row, column]``, oblique allowed), or slices
        that may each have their own angle, such as axial blocks.
    Returns the files, ``IM0001.dcm`` and so on below `out_dir`.
    Raises ValueError for an empty series or a sheared volume.
    """
    return save(datasets_of(images, tags), out_dir)


def datasets_of(images: Volume | Sequence[SliceImage], tags: SeriesTags) -> list[Dataset]:
    """The images of one classic MR series, in the order given, not yet on disk. Raises as `write_series`."""
    frames = images_of(images) if isinstance(images, Volume) else list(images)
    if not frames:
        raise ValueError("A series needs at least one slice.")
    stored = _stored([frame.pixels for frame in frames])
    window = _window(stored)
    spacing = _spacing_between(frames, tags)
    datasets = []
    for number, (frame, pixels) in enumerate(zip(frames, stored, strict=True), start=1):
        dataset = _dataset(frame.plane, pixels, number, tags)
        dataset.WindowCenter, dataset.WindowWidth = _ds(window[0]), _ds(window[1])
        dataset.SpacingBetweenSlices = _ds(spacing)
        datasets.append(dataset)
    return datasets


def save(datasets: Sequence[Dataset], out_dir: Path, name: str = "IM{:04d}.dcm") -> list[Path]:
    """Write each data set to a file of its own below `out_dir`; `name` is formatted with its number from 1."""
    out_dir.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate(datasets, start=1):
        paths.append(out_dir / name.format(number))
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def _ds(value: float) -> str:
    """A number as DICOM's Decimal String: at most 16 characters, as exact as they allow."""
    return format_number_as_ds(float(value))


def _stored(arrays: list[NDArray[Any]]) -> list[NDArray[np.uint16]]:
    """Unsigned 16-bit values: whole numbers in range as they are, others scaled to 0..4095."""
    low = min(float(array.min()) for array in arrays)
    high = max(float(array.max()) for array in arrays)
    if not np.isfinite([low, high]).all():
        raise ValueError("The volume has values that are not numbers.")
    whole = all(np.array_equal(array, np.round(array)) for array in arrays)
    if whole and low >= 0 and high <= 65535:
        return [array.astype(np.uint16) for array in arrays]
    low = min(low, 0.0)
    factor = 4095.0 / max(high - low, 1e-12)
    return [np.round((array - low) * factor).astype(np.uint16) for array in arrays]


def _window(stored: list[NDArray[np.uint16]]) -> tuple[int, int]:
    """Window centre and width that fit the middle slice of the stack."""
    middle = stored[len(stored) // 2]
    low, high = np.percentile(middle, (1.0, 99.3))
    return round((float(low) + float(high)) / 2), max(1, round(float(high) - float(low)))


def _spacing_between(frames: list[SliceImage], tags: SeriesTags) -> float:
    """Distance between neighbours along the normal, in mm."""
    if tags.spacing_between_mm is not None:
        return tags.spacing_between_mm
    if len(frames) < 2:
        return frames[0].plane.thickness_mm or 1.0
    step = frames[1].plane.origin_mm - frames[0].plane.origin_mm
    return abs(float(step @ frames[0].plane.normal))


def _dataset(plane: Slice, pixels: NDArray[np.uint16], number: int, tags: SeriesTags) -> Dataset:
    """One image with all modules of the MR Image IOD."""
    dataset = Dataset()
    sop = plane.sop_instance_uid or uid_of(tags.series_instance_uid, number)
    dataset.file_meta = _meta(sop)
    dataset.SpecificCharacterSet = tags.study.character_set
    _patient_and_study(dataset, tags.study)
    _series_and_equipment(dataset, tags)
    _mr(dataset, tags)
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, sop
    dataset.InstanceNumber = number
    dataset.ImageType = list(tags.image_type)
    if tags.comments:
        dataset.ImageComments = tags.comments
    _plane(dataset, plane, tags)
    _pixels(dataset, pixels)
    for name, value in tags.extra.items():
        setattr(dataset, name, value)
    return dataset


def _meta(sop: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, UID(sop)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "DEEPSPINE"
    return meta


def _patient_and_study(dataset: Dataset, study: StudyTags) -> None:
    dataset.PatientName, dataset.PatientID = study.patient_name, study.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = study.birth_date, study.sex
    if study.age:
        dataset.PatientAge = study.age
    if study.weight_kg is not None:
        dataset.PatientWeight = _ds(study.weight_kg)
    if study.size_m is not None:
        dataset.PatientSize = _ds(study.size_m)
    dataset.StudyInstanceUID, dataset.StudyID = study.study_instance_uid, study.study_id
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = dataset.AcquisitionDate = study.date
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = dataset.AcquisitionTime = study.time
    dataset.AccessionNumber, dataset.ReferringPhysicianName = study.accession_number, ""
    dataset.StudyDescription = study.study_description
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = study.frame_of_reference_uid, ""


def _series_and_equipment(dataset: Dataset, tags: SeriesTags) -> None:
    dataset.Modality, dataset.SeriesInstanceUID = "MR", tags.series_instance_uid
    dataset.SeriesNumber, dataset.SeriesDescription = tags.series_number, tags.description
    dataset.AcquisitionNumber = 1
    dataset.ProtocolName = tags.protocol or tags.description
    dataset.BodyPartExamined, dataset.PatientPosition = tags.body_part, "HFS"
    dataset.Manufacturer = tags.study.manufacturer
    dataset.ManufacturerModelName = tags.study.model_name
    dataset.InstitutionName = tags.study.institution
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = tags.study.software, "0"


def _mr(dataset: Dataset, tags: SeriesTags) -> None:
    """MR Image Module, PS3.3 C.8.3.1. Unknown times stay empty, as type 2 allows."""
    dataset.ScanningSequence, dataset.SequenceVariant = list(tags.sequence), list(tags.variant)
    dataset.ScanOptions, dataset.MRAcquisitionType = "", tags.acquisition
    dataset.RepetitionTime = _ds(tags.repetition_ms) if tags.repetition_ms is not None else None
    dataset.EchoTime = _ds(tags.echo_ms) if tags.echo_ms is not None else None
    dataset.EchoTrainLength = tags.echo_train
    if tags.flip_deg is not None:
        dataset.FlipAngle = _ds(tags.flip_deg)
    if tags.study.field_tesla is not None:
        dataset.MagneticFieldStrength = _ds(tags.study.field_tesla)


def _plane(dataset: Dataset, plane: Slice, tags: SeriesTags) -> None:
    dataset.ImagePositionPatient = [_ds(value) for value in plane.origin_mm]
    dataset.ImageOrientationPatient = [_ds(value) for value in (*plane.along_row, *plane.along_column)]
    dataset.PixelSpacing = [_ds(value) for value in plane.spacing_mm]
    thickness = tags.thickness_mm if tags.thickness_mm is not None else plane.thickness_mm
    dataset.SliceThickness = _ds(thickness)
    dataset.SliceLocation = _ds(round(float(plane.origin_mm @ plane.normal), 4))


def _pixels(dataset: Dataset, pixels: NDArray[np.uint16]) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.ascontiguousarray(pixels).astype("<u2").tobytes()
