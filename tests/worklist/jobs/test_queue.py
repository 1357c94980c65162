"""The database is the queue of record: what is to be read, for whom and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.worklist.factories import add_job, in_state, quiet, received_study
from worklist.jobs import leases, queue
from worklist.jobs.states import ForbiddenMove
from worklist.models import ReadingJob, Study

pytestmark = pytest.mark.django_db


def fresh(study: Any) -> Study:
    return Study.objects.get(pk=study.pk)


# --- into the queue -----------------------------------------------------------------------------


def test_a_study_waits_until_it_is_quiet() -> None:
    study = received_study()
    assert queue.enqueue_quiet_studies() == 0
    assert fresh(study).state == "received"
    quiet(study)
    assert queue.enqueue_quiet_studies() == 1
    assert fresh(study).state == "queued"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "no_sagittal_series"),
        ({"SeriesDescription": "CERVICAL SPINE T2 SAG", "StudyDescription": "c-spine"}, "wrong_region"),
        ({"PixelSpacing": None}, "missing_spacing"),
    ],
)
def test_a_quiet_study_that_cannot_be_read_fails_with_the_reason_and_a_next_step(
    changes: dict[str, Any], code: str
) -> None:
    study = quiet(received_study(**changes))
    queue.enqueue_quiet_studies()
    failed = fresh(study)
    assert failed.state == "failed"
    assert failed.failed_job is not None
    assert (failed.failed_job.failure_code, failed.failed_job.attempt) == (code, 0)
    assert failed.failed_job.failure_message.count(".") >= 2


def test_one_slice_is_too_few() -> None:
    study = quiet(received_study(count=1))
    queue.enqueue_quiet_studies()
    assert study.reading_jobs.get().failure_code == "too_few_slices"


def test_a_failed_study_leaves_the_next_unaffected() -> None:
    bad = quiet(received_study(PixelSpacing=None))
    good = quiet(received_study())
    queue.enqueue_quiet_studies()
    assert (fresh(bad).state, fresh(good).state) == ("failed", "queued")


@pytest.mark.parametrize("state", ["received", "failed", "queued", "drafted"])
def test_a_person_asks_and_the_attempts_start_again(state: str) -> None:
    later = timezone.now() + timedelta(hours=1)
    study = in_state(state, job={"attempt": 2, "not_before": later, "rung_at": later})
    queue.ask(study)
    job = study.running_job
    assert study.state == "queued"
    assert (job.state, job.attempt, job.not_before, job.rung_at) == ("waiting", 0, None, None)


@pytest.mark.parametrize("state", ["running", "in_review", "signed", "amended"])
def test_nobody_queues_a_study_that_is_at_work_or_with_a_reader(state: str) -> None:
    study = in_state(state)
    with pytest.raises(ForbiddenMove):
        queue.ask(study)
    assert fresh(study).state == state


def test_a_study_given_back_with_late_images_is_read_again() -> None:
    study = in_state("drafted", late_images=2)
    queue.enqueue_quiet_studies()
    assert (fresh(study).state, fresh(study).late_images) == ("queued", 0)


def test_a_study_given_back_after_its_late_images_were_read_is_not_read_once_more() -> None:
    study = in_state("drafted", late_images=2)
    add_job(study, "done", purpose="first", started_at=timezone.now())
    assert queue.enqueue_quiet_studies() == 0
    assert (fresh(study).state, fresh(study).late_images) == ("drafted", 0)


def test_a_large_import_is_queued_over_several_ticks_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ENQUEUE_AT_MOST", 2)
    studies = [quiet(received_study()) for _ in range(3)]
    assert queue.enqueue_quiet_studies() == 2
    assert [fresh(study).state for study in studies] == ["queued", "queued", "received"]
    assert queue.enqueue_quiet_studies() == 1
    assert fresh(studies[2]).state == "queued"


def test_a_study_has_one_job_for_readers_at_a_time() -> None:
    study = in_state("queued")
    with pytest.raises(IntegrityError):
        add_job(study, purpose="again")


# --- the doorbell -------------------------------------------------------------------------------


def test_the_doorbell_is_rung_once_and_again_only_when_the_message_may_be_lost() -> None:
    job = in_state("queued").running_job
    assert list(queue.to_ring_for()) == [job.pk]
    assert list(queue.to_ring_for()) == []
    ReadingJob.objects.update(rung_at=timezone.now() - timedelta(seconds=queue.RING_AGAIN_SECONDS + 1))
    assert list(queue.to_ring_for()) == [job.pk]


def test_the_doorbell_is_not_rung_for_a_study_that_waits_for_its_images() -> None:
    in_state("queued", job={"not_before": timezone.now() + timedelta(seconds=30)})
    assert list(queue.to_ring_for()) == []


def test_the_doorbell_is_rung_for_the_front_of_a_long_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "RING_AT_MOST", 2)
    again = add_job(in_state("signed"), purpose="again")
    first = [in_state("queued").running_job.pk for _ in range(3)]
    assert list(queue.to_ring_for()) == first[:2]
    assert list(queue.to_ring_for()) == []
    for _ in range(2):
        assert leases.take() is not None
    assert list(queue.to_ring_for()) == [first[2], again.pk]
