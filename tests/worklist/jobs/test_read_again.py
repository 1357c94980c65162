"""A study is read again, also under review and after signing: nothing that a reader has moves."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from inference.errors import SpineNotFoundError
from tests.worklist.factories import add_image, add_job, add_reading, in_state
from worklist.jobs import leases, queue
from worklist.jobs.states import ForbiddenMove, move
from worklist.models import MachineReading, ReadingJob, Study

pytestmark = pytest.mark.django_db

WITH_A_READER = ["in_review", "signed", "amended"]


def read_once(state: str, **changes: Any) -> Study:
    """A study in `state` that the machine has read."""
    study: Study = in_state(state, **changes)
    add_reading(study, {"warnings": []}, "readings/earlier")
    return study


def taken() -> leases.Lease:
    lease = leases.take()
    assert lease is not None
    return lease


def standing(study: Study) -> dict[str, Any]:
    """Everything in the study's row."""
    return Study.objects.values().get(pk=study.pk)


@pytest.mark.parametrize("state", WITH_A_READER)
def test_a_study_with_a_reader_is_read_again_and_its_row_does_not_move(state: str, reader: Any) -> None:
    study = read_once(state, claimed_by=reader, late_images=2)
    before = standing(study)
    job = queue.read_again(study, reader)
    assert (job.purpose, job.state, study.running_job) == ("again", "waiting", job)
    lease = taken()
    assert standing(study) == before
    leases.renew(lease, "grading", 0.5)
    leases.finish(lease, {"warnings": ["newer"]}, "readings/newer", 1.0)
    assert standing(study) == before
    latest = study.latest_reading
    assert latest is not None
    assert (latest.folder, latest.job_id, study.running_job) == ("readings/newer", job.pk, None)
    assert MachineReading.objects.filter(folder="readings/earlier").exists()


@pytest.mark.parametrize("state", WITH_A_READER)
def test_a_reading_that_fails_leaves_a_study_with_a_reader_as_it_is_and_says_why(state: str, reader: Any) -> None:
    study = read_once(state, claimed_by=reader)
    before = standing(study)
    queue.read_again(study, reader)
    leases.fail(taken(), SpineNotFoundError("No spine was found."))
    assert standing(study) == before
    assert study.failed_job is not None
    assert study.failed_job.failure_code == "spine_not_found"
    assert study.latest_reading is not None


@pytest.mark.parametrize("state", ["drafted", "failed"])
def test_a_study_without_a_reader_is_queued_again(state: str, reader: Any) -> None:
    study = read_once(state)
    queue.read_again(study, reader)
    assert study.state == "queued"
    leases.finish(taken(), {"warnings": []}, "readings/newer", 1.0)
    study.refresh_from_db()
    assert study.state == "drafted"


def test_a_study_that_was_never_read_is_read_first_when_it_is_read_again(reader: Any) -> None:
    study = in_state("in_review", claimed_by=reader)
    assert queue.read_again(study, reader).purpose == "first"


@pytest.mark.parametrize("state", ["received", "queued", "running"])
def test_a_study_that_is_not_read_yet_cannot_be_read_again(state: str, reader: Any) -> None:
    study = in_state(state)
    jobs = ReadingJob.objects.count()
    with pytest.raises(ForbiddenMove):
        queue.read_again(study, reader)
    assert ReadingJob.objects.count() == jobs
    assert not AuditEvent.objects.filter(action="queue").exists()


def test_who_has_a_study_read_again_is_on_record(reader: Any) -> None:
    study = read_once("signed")
    queue.read_again(study, reader)
    event = AuditEvent.objects.get(action="queue")
    assert (event.actor, event.study_id, event.detail["purpose"]) == (reader, study.pk, "again")


def test_to_have_it_read_again_twice_gives_one_job_that_goes_at_once(reader: Any) -> None:
    study = read_once("in_review", claimed_by=reader)
    job = queue.read_again(study, reader)
    leases.try_again(taken())
    assert queue.read_again(study, reader) == job
    job.refresh_from_db()
    assert (job.attempt, job.not_before) == (0, None)
    taken()
    assert queue.read_again(study, reader) == job
    assert study.reading_jobs.active().count() == 1


@pytest.mark.parametrize(("at_work", "state"), [("waiting", "queued"), ("running", "running"), ("failed", "failed")])
def test_a_study_that_is_handed_back_goes_where_its_job_is(at_work: str, state: str, reader: Any) -> None:
    study = read_once("in_review", claimed_by=reader)
    add_job(study, at_work)
    assert queue.state_without_reader(study) == state
    move(study, queue.state_without_reader(study))
    assert study.state == state


def test_a_study_that_is_handed_back_while_it_is_read_again_ends_drafted(reader: Any) -> None:
    study = read_once("in_review", claimed_by=reader)
    queue.read_again(study, reader)
    lease = taken()
    move(study, queue.state_without_reader(study), claimed_by=None)
    leases.finish(lease, {"warnings": []}, "readings/newer", 1.0)
    study.refresh_from_db()
    assert (study.state, study.running_job) == ("drafted", None)


@pytest.mark.parametrize("state", WITH_A_READER)
def test_late_images_of_a_study_with_a_reader_are_counted_and_start_nothing(state: str, reader: Any) -> None:
    study = read_once(state)
    add_image(study)
    queue.enqueue_quiet_studies()
    study.refresh_from_db()
    assert (study.state, study.late_images, study.running_job) == (state, 1, None)
