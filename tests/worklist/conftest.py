"""A simulated patient in the queue, and a folder for installed models of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.jobs import queue
from worklist.models import Study


@pytest.fixture
def patient(simulated_study: Path, db: None) -> Study:
    """The simulated patient, received and queued."""
    receipt = Receipt()
    for part in archives.receive_folder(simulated_study, "reader"):
        receipt.add(part)
    assert not receipt.rejected
    study = Study.objects.get(pk=receipt.studies.pop())
    queue.ask(study)
    return study


@pytest.fixture
def read_before(simulated_result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers with what it has read from the simulated patient: for tests of what is done with that."""
    from inference import pipeline

    monkeypatch.setattr(pipeline, "read_study", lambda *_: simulated_result)


@pytest.fixture
def models_dir(tmp_path: Path, settings: Any) -> Path:
    """Where this test's models are installed."""
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"
