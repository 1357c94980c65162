"""The command line of the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inference.__main__ import main
from inference.models import registry


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    code = "import sys; from inference.__main__ import _parser; _parser(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "inference.commands.train" in loaded
    assert not loaded & {"torch", "numpy", "pydicom", "inference.training.learn.segment", "inference.pipeline"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("evaluate discs --data {0}/none", "Not done: {0}/none/spider/series.csv: No such file or directory."),
        ("evaluate segment --data {0}/none", "No such file or no access: '{0}/none/spider/"),
        ("evaluate segment --data {0} --weights {0}/none", "There is no model in {0}/none/segment."),
        ("train grade-temperatures --rendered {0} --weights {0}/none/grade", "There is no model in {0}/none/grade."),
        ("train render-grade --patients 1 --out {0}/file/out", "Not done: {0}/file/out: Not a directory."),
        ("labels {0} --out {0}/file/out.csv", "Not done: {0}/file"),
        ("evaluate norms --data {0}/none", "Not done: {0}/none/spider/t2_space: no such folder."),
        (
            "evaluate out-of-distribution --rendered {0} --weights {1}/segment",
            "is named segment; one named grade is needed here.",
        ),
    ],
)
def test_a_folder_or_model_that_is_not_there_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, message: str
) -> None:
    (tmp_path / "file").touch()
    assert main(command.format(tmp_path, registry.WEIGHTS).split()) == 2
    assert message.format(tmp_path) in capsys.readouterr().err


def test_a_device_that_is_not_there_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(tmp_path), "--out", str(tmp_path / "out"), "--device", "cuda:99"]) == 2
    assert "There is no device cuda:99 here." in capsys.readouterr().err


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cpu:0", ""])
def test_a_word_that_names_no_device_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], device: str
) -> None:
    with pytest.raises(SystemExit):
        main(["read", str(tmp_path), "--out", str(tmp_path / "out"), "--device", device])
    assert "say cpu, cuda or cuda:0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train render-grade --out x --workers 0", "--workers: must be at least 1"),
        ("train render-grade --out x --patients -3", "--patients: must be at least 1"),
        ("train render-grade --out x --seed -1", "--seed: must not be negative"),
        ("evaluate study --patients 0", "--patients: must be at least 1"),
        ("evaluate evidence --rendered x --patients -1", "--patients: must be at least 1"),
        ("simulate --out x --seed -1", "--seed: must not be negative"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_at_once(
    capsys: pytest.CaptureFixture[str], command: str, message: str
) -> None:
    with pytest.raises(SystemExit):
        main(command.split())
    assert message in capsys.readouterr().err
