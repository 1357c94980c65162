"""The images of the stories: small simulated patients in invented people's names, or a few tiny images.

Runs with release 0.1.0's code, see `make_installation`.
"""

from __future__ import annotations

import io
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import pydicom
from inference.simulate.options import StudyOptions
from inference.simulate.study import write_study
from pydicom.uid import generate_uid

from tests.worklist.factories import file_bytes
from worklist.models import Study

#: Steps of the grey values that are kept: less noise makes the archive small.
GREY_STEP = 64
#: A file's patient: name, ID, birth date, sex. Two of them are one person, two have no ID.
PATIENTS = {
    "alvarez": ("Alvarez^Maria", "P-1001", "19520314", "F"),
    "alvarez, written otherwise": ("ALVAREZ^MARIA^^DR", "P-1001", "", "F"),
    "berg": ("Berg^Nils", "P-1002", "19610701", "M"),
    "müller": ("Müller^Anna", "P-1003", "19600229", "F"),
    "chen": ("Chen^Li=陈^丽", "P-1004", "19750512", "F"),
    "nobody": ("Unknown^Patient", "", "", ""),
    "nobody else": ("", "", "19880101", "M"),
}


@cache
def simulated(seed: int, severity: str) -> Path:
    """One small simulated patient: sagittal T1 and T2, axial T2."""
    folder = Path(tempfile.mkdtemp(prefix="simulated-"))
    write_study(folder, seed, StudyOptions(scale="small", severity=severity))
    return folder / "dicom"


def images(name: str, patient: str, taken: date, case: str = "whole") -> list[bytes]:
    """The files of a study. case: whole, sagittal (the T2 alone), other (another spine's T2), axial or tiny."""
    person = dict(zip(("PatientName", "PatientID", "PatientBirthDate", "PatientSex"), PATIENTS[patient], strict=True))
    study = {
        "StudyInstanceUID": uid(name),
        "AccessionNumber": f"A-{patient[:2].upper()}-1" if patient != "nobody" else "",
        "StudyDate": f"{taken:%Y%m%d}",
        "StudyDescription": "MRI lumbar spine",
    }
    if case == "tiny":
        series = {"SeriesInstanceUID": uid(name, "series"), "SeriesDescription": "T2 AX"}
        flat = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
        places = [
            {"SOPInstanceUID": uid(name, number), "ImagePositionPatient": [0, 0, 4 * number]} for number in range(3)
        ]
        return [file_bytes(**person, **study, **series, **flat, **place) for place in places]
    folder = simulated(12, "severe") if case == "other" else simulated(5, "mixed")
    wanted = "*/*.dcm" if case == "whole" else "sagittal_t2/*.dcm"
    return [dressed(path, name, person | study) for path in sorted(folder.glob(wanted))]


def dressed(path: Path, name: str, tags: dict[str, str]) -> bytes:
    """A simulated image in another patient's name, its grey values coarser."""
    data = pydicom.dcmread(path)
    data.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        setattr(data, keyword, uid(name, data[keyword].value))
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    data.PixelData = (data.pixel_array // GREY_STEP * GREY_STEP).tobytes()
    body = io.BytesIO()
    data.save_as(body, enforce_file_format=True)
    return body.getvalue()


def uid(*of: object) -> str:
    """The same names give the same UID."""
    return str(generate_uid(entropy_srcs=[str(part) for part in of]))


def late_image(name: str, study: Study, number: int = 1) -> bytes:
    """One more image of a study, of a series that no reading uses."""
    person = {
        "PatientName": study.patient_name,
        "PatientID": study.patient_id,
        "PatientBirthDate": f"{study.patient_birth_date:%Y%m%d}" if study.patient_birth_date else "",
        "PatientSex": study.patient_sex,
        "AccessionNumber": study.accession_number,
        "StudyDate": f"{study.study_date:%Y%m%d}",
    }
    series = {"SeriesInstanceUID": uid(name, "late"), "SeriesDescription": "STIR COR", "SeriesNumber": 99}
    across = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "ImagePositionPatient": [0, 4 * number, 0]}
    return file_bytes(
        StudyInstanceUID=study.study_instance_uid,
        SOPInstanceUID=uid(name, "late", number),
        InstanceNumber=number,
        **person,
        **series,
        **across,
    )
