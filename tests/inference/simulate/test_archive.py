"""A simulated archive: gone on with where it was left, the same bytes however it was made."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference import progress
from inference.__main__ import main
from inference.reports.outside import files
from inference.simulate import archive
from inference.simulate.archive import ArchiveError, write_archive
from inference.simulate.causes.options import StudyOptions
from inference.simulate.study import Truth, write_study

OPTIONS = StudyOptions(scale="small", axial="none", sagittal_t1="absent")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Patients are made here and only their truth is written; the list says which seeds were."""
    seeds: list[int] = []

    def write(out: Path, seed: int, options: StudyOptions) -> Truth:
        truth = study_of(seed, options)
        seeds.append(seed)
        truth.save(out / "truth.json")
        return truth

    def written(out: Path, numbers: list[int], seed: int, options: StudyOptions, _workers: int) -> Iterator[int]:
        for number in numbers:
            yield archive._write_patient(out, number, seed + number - 1, options)

    monkeypatch.setattr(archive, "write_study", write)
    monkeypatch.setattr(archive, "_written", written)
    return seeds


def study_of(seed: int, options: StudyOptions) -> Truth:
    from inference.simulate.causes.patient import draw

    patient = draw(seed, options)
    return Truth(seed, patient, f"SIM{seed}", f"2.25.{seed}", "2.25.9", {}, {}, ())


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    write_archive(tmp_path, 1, 40, OPTIONS, workers=2)
    write_study(tmp_path / "alone", 40, OPTIONS)
    assert _bytes(tmp_path / "patient_0001") == _bytes(tmp_path / "alone")
    assert [path.name for path in (tmp_path / "alone" / "dicom").iterdir()] == ["sagittal_t2"]


def test_complete_patients_are_left_as_they_are_and_half_made_ones_begun_again(
    tmp_path: Path, quick: list[int]
) -> None:
    progress: list[tuple[int, int]] = []
    write_archive(tmp_path, 2, 40, OPTIONS)
    (tmp_path / ".patient_0003.partial").mkdir()
    write_archive(tmp_path, 3, 40, OPTIONS, progress=lambda done, of: progress.append((done, of)))
    assert quick == [40, 41, 42]
    assert progress == [(2, 3), (3, 3)]
    assert not list(tmp_path.glob(".*"))


def test_an_archive_of_another_seed_or_other_options_is_not_mixed_in(tmp_path: Path, quick: list[int]) -> None:
    write_archive(tmp_path, 1, 40, OPTIONS)
    for seed, options in ((41, OPTIONS), (40, replace(OPTIONS, severity="severe"))):
        with pytest.raises(ArchiveError, match="another seed or other options"):
            write_archive(tmp_path, 2, seed, options)
    with pytest.raises(ArchiveError, match="holds no simulated archive"):
        write_archive(tmp_path / "patient_0001", 1, 40, OPTIONS)


def test_reports_can_be_labelled_and_the_table_has_every_site(tmp_path: Path, quick: list[int]) -> None:
    write_archive(tmp_path, 3, 40, OPTIONS)
    rows = list(files.read(tmp_path / "reports.jsonl"))
    assert [row.report_id for row in rows] == ["SIM40", "SIM41", "SIM42"]
    assert all(row.text and not row.problem for row in rows)
    assert all("labels" in json.loads(line) for line in (tmp_path / "reports.jsonl").read_text().splitlines())
    with (tmp_path / "truth.csv").open() as table:
        assert tuple(next(csv.reader(table))) == archive.COLUMNS


def test_a_full_disk_is_said_in_words_and_leaves_no_half_patient(
    tmp_path: Path, quick: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(archive, "write_study", full)
    assert main(["simulate", "--patients", "2", "--out", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert "No space left on device" in message
    assert "same command goes on" in message
    assert [path.name for path in tmp_path.iterdir()] == ["archive.json"]


@pytest.mark.parametrize("wrong", [["--patients", "0"], ["--axial", "spiral"], ["--lumbar", "3"]])
def test_an_impossible_option_is_refused_before_anything_is_written(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--out", str(tmp_path / "out"), *wrong])
    assert ended.value.code == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert main(["simulate", "--out", str(tmp_path / "file" / "out")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err


def test_the_bar_says_the_time_that_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    bar = progress.Bar("patients", already=2)
    bar.began -= 60
    bar(4, 8)
    assert capsys.readouterr().err == "4 of 8 patients, 1:00 gone, 2:00 left\n"
    assert progress.clock(3725) == "1:02:05"
