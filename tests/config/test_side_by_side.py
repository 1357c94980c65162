"""`make test` runs its parts beside each other and leaves none out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner import testing
from runner.testing import Job, side_by_side
from tests import patients
from tests.patience import PATIENCE_S


def meets(own_file: Path, other_file: Path) -> list[str]:
    """A program that ends well only when another one runs at the same time."""
    wait = f"until [ -e {other_file} ]; do sleep 0.1; done; echo met {other_file.name}"
    return ["timeout", str(PATIENCE_S), "sh", "-c", f"touch {own_file}; {wait}"]


def test_as_many_jobs_as_there_are_cores_run_at_once_and_each_is_told_in_one_piece(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert side_by_side([Job("one", meets(a, b)), Job("two", meets(b, a))], 2) == {"one": True, "two": True}
    output = capsys.readouterr().out
    assert "=== one\nmet b\n=== one: passed in" in output
    assert "=== two\nmet a\n=== two: passed in" in output


def test_on_one_core_they_follow_each_other_and_one_that_fails_stops_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    jobs = [
        Job("first", ["sh", "-c", f"sleep 0.3; echo first >> {file}; exit 3"]),
        Job("second", ["sh", "-c", f"nice >> {file}"], nice=7),
    ]
    assert list(side_by_side(jobs, 1).items()) == [("first", False), ("second", True)]
    assert file.read_text() == f"first\n{os.nice(0) + 7}\n"


def test_a_job_gets_its_own_variables_and_none_of_the_products(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPSPINE_DATA_DIR", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "the product's")
    seen = testing.environment({"DATABASE_URL": "the job's"})
    assert seen["DATABASE_URL"] == "the job's"
    assert "REDIS_URL" not in seen
    assert not any(name.startswith("DEEPSPINE_") for name in seen)


def test_every_folder_that_the_rest_leaves_out_has_a_job_of_its_own() -> None:
    tests = [job for job in testing.all_jobs("", "", "") if "pytest" in job.command]
    on_sqlite = [job for job in tests if "DATABASE_URL" not in job.extra_environment]
    words = [word for job in on_sqlite for word in job.command]
    left_out = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
    assert left_out == {word for word in words if word.startswith("tests/")} != set()


def test_a_patient_is_made_once_for_all_processes_and_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv(patients.SHARED, str(tmp_path))

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "image").touch()

    def half(folder: Path) -> None:
        make(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patients.made_once("patient", half, tmp_path / "mine")
    assert patients.made_once("patient", make, tmp_path / "mine") == tmp_path / "patient"
    assert patients.made_once("patient", half, tmp_path / "mine") == tmp_path / "patient"
    assert [path.name for path in (tmp_path / "patient").iterdir()] == ["image"]
    monkeypatch.delenv(patients.SHARED)
    assert patients.made_once("patient", make, tmp_path / "mine") == tmp_path / "mine" / "patient"


def test_the_jobs_share_their_patients_where_the_tests_look_for_them() -> None:
    jobs = testing.all_jobs("a folder", "", "")
    assert {job.extra_environment.get(patients.SHARED) for job in jobs if "pytest" in job.command} == {"a folder"}
