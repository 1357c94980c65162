"""Why a study has no cuts is kept, unless another run may find it otherwise."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from inference.errors import TooFewSlicesError, TruncatedFileError
from inference.training.archive import cuts
from inference.training.archive.index import Study, hashed

STUDY = Study(hashed("A1"), hashed("P1"), (Path("one.dcm"),), "mark")


def lost_disk(*_: Any) -> None:
    """A disk that went away while a file was read."""
    try:
        raise OSError(errno.ESTALE, "Stale file handle")
    except OSError as error:
        raise TruncatedFileError("A file ends too early or is damaged.") from error


def out_of_memory(*_: Any) -> None:
    raise MemoryError


def too_short(*_: Any) -> None:
    raise TooFewSlicesError("There is one slice.")


def read_twice(folder: Path, first: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why the study was dropped when it was read as `first` and, in another run, as too short."""
    problems = []
    for read_images in (first, too_short):
        monkeypatch.setattr(cuts, "read_images", read_images)
        ((_, path, problem),) = cuts.cut_all([STUDY], folder, 1)
        assert path is None
        problems.append(problem)
    return problems


def test_what_another_run_may_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_twice(tmp_path / "a", lost_disk, monkeypatch) == ["images: truncated", "images: too_few_slices"]
    assert read_twice(tmp_path / "b", out_of_memory, monkeypatch) == [
        "images: unexpected MemoryError",
        "images: too_few_slices",
    ]


def test_what_is_wrong_with_a_study_is_found_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_twice(tmp_path, too_short, monkeypatch) == ["images: too_few_slices"] * 2
    monkeypatch.setattr(cuts, "read_images", lost_disk)
    ((_, _, problem),) = cuts.cut_all([STUDY], tmp_path, 1)
    assert problem == "images: too_few_slices"
