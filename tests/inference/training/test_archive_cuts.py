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


def away(*_: Any) -> None:
    """A disk that went away while a file was read."""
    try:
        raise OSError(errno.ESTALE, "Stale file handle")
    except OSError as error:
        raise TruncatedFileError("A file ends too early or is damaged.") from error


def want(*_: Any) -> None:
    raise MemoryError


def short(*_: Any) -> None:
    raise TooFewSlicesError("There is one slice.")


def read_twice(folder: Path, first: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why the study was dropped when it was read as `first` and, in another run, as too short."""
    said = []
    for read_images in (first, short):
        monkeypatch.setattr(cuts, "read_images", read_images)
        ((_, path, problem),) = cuts.cut_all([STUDY], folder, 1)
        assert path is None
        said.append(problem)
    return said


def test_what_another_run_may_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_twice(tmp_path / "a", away, monkeypatch) == ["images: truncated", "images: too_few_slices"]
    assert read_twice(tmp_path / "b", want, monkeypatch) == [
        "images: unexpected MemoryError",
        "images: too_few_slices",
    ]


def test_what_is_wrong_with_a_study_is_found_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_twice(tmp_path, short, monkeypatch) == ["images: too_few_slices"] * 2
    monkeypatch.setattr(cuts, "read_images", away)
    ((_, _, problem),) = cuts.cut_all([STUDY], tmp_path, 1)
    assert problem == "images: too_few_slices"
