"""Which studies an archive's folder holds: nothing is passed over in silence, and a passing fault is not for ever."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from inference.training.archive import index, labels
from inference.training.archive.index import MR, UNREAD, FolderContents, hashed


def write(path: Path, study: str = "1.2.3", patient: str = "P1", accession: str = "A1") -> None:
    """A header of an MR image, all that the index reads."""
    data = Dataset()
    data.Modality, data.StudyInstanceUID, data.PatientID, data.AccessionNumber = "MR", study, patient, accession
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.preamble = b"\0" * 128
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "archive" / "one.dcm")
    return tmp_path / "archive"


def indexed(folder: Path) -> FolderContents:
    return index.studies(folder, folder.parent / "index", 1)


def test_a_file_name_that_is_no_utf8_is_indexed_like_any_other(folder: Path) -> None:
    name = os.fsdecode("Müller.dcm".encode("latin-1"))
    write(folder / name)
    for _ in range(2):  # read, and from the index
        contents = indexed(folder)
        assert folder / name in contents.studies[0].files
        assert contents.files == {MR: 2}


def test_what_cannot_be_opened_is_counted_and_stops_nothing(folder: Path) -> None:
    (folder / "gone.dcm").symlink_to(folder / "nowhere")
    write(folder.parent / "elsewhere" / "two.dcm", "1.2.4")
    (folder / "linked").symlink_to(folder.parent / "elsewhere")
    contents = indexed(folder)
    assert len(contents.studies) == 1
    assert contents.files == {MR: 1, UNREAD: 2}


def test_a_file_that_could_not_be_read_for_a_while_is_read_in_the_next_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(pydicom, "dcmread", fails)
        assert indexed(folder).files == {UNREAD: 1}
    assert indexed(folder).files == {MR: 1}
    assert len(indexed(folder).studies) == 1


def test_a_number_that_a_dropped_study_has_too_matches_nothing(folder: Path) -> None:
    write(folder / "nameless.dcm", "1.2.4", patient="")
    write(folder / "other.dcm", "1.2.5", accession="A2")
    texts = {hashed(number): {"L4-L5: severe canal stenosis."} for number in ("A1", "A2", "A3")}
    matched, dropped = labels.match(indexed(folder), texts)
    assert [study.accession for study, _ in matched] == [hashed("A2")]
    assert dropped == {"match: accession number of two studies": 1}
