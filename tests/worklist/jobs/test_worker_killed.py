"""kill -9 of a real worker in the middle of a study: it ends drafted, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import wait_until
from tests.processes import serving
from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.models import MachineReading, ReadingJob, Study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker, pytest.mark.slow]


def fresh(study: Any) -> Study:
    return Study.objects.get(pk=study.pk)


@pytest.fixture
def nobody_after(data_dir: Path) -> Iterator[None]:
    """Asked for before the workers, so that it looks when they should have gone."""
    assert serving(data_dir) == []
    yield
    assert serving(data_dir) == []


def test_a_killed_worker_costs_an_attempt_and_neither_loses_nor_doubles_the_reading(
    celery_worker_process: Any, simulated_study: Path
) -> None:
    receipt = Receipt()
    for part in archives.receive_folder(simulated_study, "reader"):
        receipt.add(part)
    (study_id,) = receipt.studies
    study = Study.objects.get(pk=study_id)
    wait_until(lambda: ReadingJob.objects.filter(study=study, step="segmenting").exists(), "the worker to segment")
    celery_worker_process.kill_inference()
    assert fresh(study).state == "running"
    celery_worker_process.start_inference()
    wait_until(lambda: fresh(study).state in ("drafted", "failed"), "the study to end")
    job = ReadingJob.objects.get(study=study)
    assert (fresh(study).state, job.state, job.attempt) == ("drafted", "done", 2), job.failure_message
    assert MachineReading.objects.filter(study=study).count() == 1


def test_no_process_outlives_the_test_that_started_it_to_take_the_studies_of_the_next(
    nobody_after: None, celery_worker_process: Any, data_dir: Path
) -> None:
    assert len(serving(data_dir)) == 3
    celery_worker_process.housekeeping.kill()  # as `stop` does to one that is slow to go
