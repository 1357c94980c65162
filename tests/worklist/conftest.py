"""A quick simulated patient, and a folder for installed models of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.patients import made_once
from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.jobs import queue
from worklist.models import Study


@pytest.fixture(scope="session")
def small_patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coarse and quick simulated study."""
    from inference.simulate.causes.options import StudyOptions
    from inference.simulate.study import write_study

    small = StudyOptions(scale="small")
    return made_once("small-patient", lambda folder: write_study(folder, 3, small), tmp_path_factory.getbasetemp())


@pytest.fixture
def patient(small_patient: Path, db: None) -> Study:
    """The simulated patient, received and queued."""
    receipt = Receipt()
    for part in archives.receive_folder(small_patient, "reader"):
        receipt.add(part)
    assert not receipt.rejected
    study = Study.objects.get(pk=receipt.studies.pop())
    queue.ask(study)
    return study


@pytest.fixture
def models_dir(tmp_path: Path, settings: Any) -> Path:
    """Where this test's models are installed."""
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"
