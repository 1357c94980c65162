"""One small study, the shipped models and what they read of it, made once for all tests of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference import pipeline
from inference.images.headers import find_files
from inference.pipeline import Result
from inference.simulate.causes.options import StudyOptions
from inference.simulate.study import write_study
from inference.simulate.truth.study_truth import Truth

SEED = 12


@pytest.fixture(scope="session")
def models() -> pipeline.Models:
    return pipeline.load_models()


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The study's DICOM folder and its truth. Copy before changing it."""
    folder = tmp_path_factory.mktemp("study")
    truth = write_study(folder, SEED, StudyOptions(scale="small"))
    return folder / "dicom", truth


@pytest.fixture(scope="session")
def result(study: tuple[Path, Truth], models: pipeline.Models) -> Result:
    return pipeline.read_study(find_files(study[0]), models)
