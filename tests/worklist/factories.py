"""Small DICOM files and database rows for tests. Files go through the front door wherever a test can."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR = "1.2.840.10008.5.1.4.1.1.4"
SIDE = 16


def dataset(**changes: Any) -> FileDataset:
    """One sagittal T2 image of 16 x 16 pixels; a change to None takes the attribute away."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": MR,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.77",
        "PatientName": "Müller^Anna",
        "PatientID": "P-1",
        "PatientBirthDate": "19600229",
        "PatientSex": "F",
        "StudyDate": "20250301",
        "StudyDescription": "MRI lumbar spine",
        "AccessionNumber": "A-1",
        "Modality": "MR",
        "SeriesNumber": 2,
        "SeriesDescription": "T2 SAG",
        "InstanceNumber": 1,
        "EchoTime": 100,
        "RepetitionTime": 3000,
        "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
        "ImagePositionPatient": [0, 0, 0],
        "PixelSpacing": [1, 1],
        "SliceThickness": 4,
        "Rows": SIDE,
        "Columns": SIDE,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": pixels().tobytes(),
    }
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword, value in (values | changes).items():
        if value is not None:
            setattr(data, keyword, value)
    meta.MediaStorageSOPClassUID = data.get("SOPClassUID", MR)
    meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.3")
    return data


def pixels() -> np.ndarray:
    return (np.arange(SIDE * SIDE, dtype="<u2") * 7 % 4096).reshape(SIDE, SIDE)


def file_bytes(data: Dataset | None = None, **changes: Any) -> bytes:
    """The file as a scanner would send it."""
    body = io.BytesIO()
    data = dataset(**changes) if data is None else data
    data.save_as(body, enforce_file_format=True)
    return body.getvalue()


def study_files(count: int = 3, **changes: Any) -> list[bytes]:
    """The images of one sagittal T2 series."""
    same = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()} | changes
    return [
        file_bytes(**same, InstanceNumber=number + 1, ImagePositionPatient=[4 * number, 0, 0])
        for number in range(count)
    ]


def receive(*files: bytes, sender: str = "reader") -> Any:
    """Files through the front door."""
    from worklist.intake.receive import receive_all

    return receive_all(((io.BytesIO(data), f"image{number}.dcm") for number, data in enumerate(files, 1)), sender)


def codes(receipt: Any) -> list[str]:
    """Why files were refused."""
    return [one.code for one in receipt.rejected]


def received_study(count: int = 3, **changes: Any) -> Any:
    """A study of one small series, received."""
    from worklist.models import Study

    receipt = receive(*study_files(count, **changes))
    assert not receipt.rejected, receipt.rejected
    (study_id,) = receipt.studies
    return Study.objects.get(pk=study_id)


def quiet(study: Any) -> Any:
    """Let the last image have come long ago."""
    from datetime import timedelta

    from django.utils import timezone

    from worklist.models import Study

    Study.objects.filter(pk=study.pk).update(last_instance_at=timezone.now() - timedelta(hours=1))
    study.refresh_from_db()
    return study


#: The state of the job of a study in these states.
JOB_STATES = {"queued": "waiting", "running": "running", "failed": "failed"}


def in_state(state: str, job: dict[str, Any] | None = None, **changes: Any) -> Any:
    """A received study and its job, put where a test needs them without walking there; `job` changes the job."""
    from worklist.models import Study

    study = received_study()
    Study.objects.filter(pk=study.pk).update(state=state, **changes)
    study.refresh_from_db()
    if state in JOB_STATES:
        add_job(study, JOB_STATES[state], **(job or {}))
    return study


def add_job(study: Any, state: str = "waiting", **changes: Any) -> Any:
    """A job for `study`; with a worker that will be back when it runs."""
    import uuid
    from datetime import timedelta

    from django.utils import timezone

    from worklist.models import ReadingJob

    now = timezone.now()
    values: dict[str, Any] = {"purpose": "first" if study.latest_reading is None else "again", "state": state}
    if state == "running":
        lease = {"lease": uuid.uuid4(), "lease_expires_at": now + timedelta(hours=1)}
        values |= lease | {"attempt": 1, "step": "starting", "started_at": now}
    if state in ("done", "failed"):
        values |= {"finished_at": now}
    return ReadingJob.objects.create(study=study, **values | changes)


def add_reading(study: Any, reading: dict[str, Any], folder: str = "readings/test", **job: Any) -> Any:
    """What the machine read of `study` in a job that is done."""
    from worklist.models import MachineReading

    done = add_job(study, "done", **{"attempt": 1} | job)
    return MachineReading.objects.create(study=study, job=done, reading=reading, folder=folder, seconds=1.0)


def add_image(study: Any) -> Any:
    """One more image for a study, in its first series."""
    series = study.series.first()
    return receive(
        file_bytes(
            StudyInstanceUID=study.study_instance_uid,
            SeriesInstanceUID=series.series_instance_uid,
            InstanceNumber=99,
            ImagePositionPatient=[400, 0, 0],
        )
    )


def as_folder(folder: Path, files: list[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(files, 1):
        (folder / f"IM{number:04d}").write_bytes(data)
    return folder


def zipped(members: dict[str, bytes]) -> io.BytesIO:
    import zipfile

    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    body.seek(0)
    return body


def numbered(files: list[bytes]) -> Iterator[tuple[str, bytes]]:
    return ((f"IM{number:04d}", data) for number, data in enumerate(files, 1))


def interrupted_after(files: int) -> Any:
    """The front door, with somebody who pulls the plug after so many files."""
    from worklist.intake.receive import receive as through_the_door

    left = iter(range(files))

    def door(*arguments: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return through_the_door(*arguments)

    return door
