"""The workers' side of the queue: leases, attempts, priorities, late and lost workers."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inference.errors import SpineNotFoundError
from tests.patience import at_once
from tests.worklist.factories import add_image, add_job, in_state
from worklist.jobs import leases
from worklist.jobs.leases import LeaseLost
from worklist.jobs.states import JOB_MOVES, ForbiddenMove, JobState, move
from worklist.models import MachineReading, ReadingJob, Study

pytestmark = pytest.mark.django_db


def fresh(study: Any) -> Study:
    return Study.objects.get(pk=study.pk)


def newest(study: Any) -> ReadingJob:
    job = fresh(study).latest_job
    assert job is not None
    return job


def expire() -> None:
    ReadingJob.objects.filter(state="running").update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def taken(study: Any) -> leases.Lease:
    lease = leases.take()
    assert lease is not None
    assert lease.study_id == study.pk
    return lease


@pytest.mark.parametrize("start", list(JobState))
@pytest.mark.parametrize("end", list(JobState))
def test_a_job_makes_no_move_that_is_not_in_its_table(start: JobState, end: JobState) -> None:
    job = add_job(in_state("signed"), start.value)
    if (start, end) in JOB_MOVES:
        move(job, end)
        assert job.state == end
        return
    with pytest.raises(ForbiddenMove):
        move(job, end)
    assert ReadingJob.objects.get().state == start


# --- taking -------------------------------------------------------------------------------------


def test_taking_a_job_counts_the_attempt_before_the_work() -> None:
    study = in_state("queued")
    lease = taken(study)
    job = newest(study)
    assert (fresh(study).state, job.state, job.attempt, job.lease) == ("running", "running", 1, lease.token)
    assert leases.take() is None


@pytest.mark.parametrize("state", ["received", "drafted", "failed", "in_review", "signed"])
def test_a_message_for_a_study_that_does_not_wait_is_ignored(state: str) -> None:
    study = in_state(state)
    assert leases.take() is None
    assert fresh(study).state == state
    assert not ReadingJob.objects.filter(attempt__gt=0).exists()


def test_a_first_reading_goes_before_one_that_is_repeated_and_the_longest_waiting_before_the_others() -> None:
    again = in_state("signed")
    add_job(again, purpose="again")
    studies = [in_state("queued") for _ in range(2)]
    assert [leases.take().study_id for _ in range(3)] == [*(study.pk for study in studies), again.pk]  # type: ignore[union-attr]


def test_a_job_that_is_tried_again_goes_behind_those_that_wait_already() -> None:
    first, second = in_state("queued"), in_state("queued")
    leases.try_again(taken(first))
    ReadingJob.objects.update(not_before=None)
    taken(second)
    taken(first)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_that_hear_the_doorbell_one_takes_the_job() -> None:
    study = in_state("queued")
    results: list[Any] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        results.append(leases.take())
        connection.close()

    at_once([work] * 6)
    assert len(results) == 6
    assert sum(lease is not None for lease in results) == 1
    assert newest(study).attempt == 1


def test_progress_is_in_the_row_and_the_lease_grows_with_it() -> None:
    study = in_state("queued")
    lease = taken(study)
    expire()
    leases.renew(lease, "segmenting", 0.4)
    running = newest(study)
    assert (running.step, running.step_share) == ("segmenting", 0.4)
    assert running.lease_expires_at is not None
    assert running.lease_expires_at > timezone.now()


# --- losing -------------------------------------------------------------------------------------


def test_a_lost_lease_is_queued_again_while_attempts_are_left_then_fails_loudly(settings: Any) -> None:
    study = in_state("queued")
    for attempt in range(1, settings.MAX_ATTEMPTS + 1):
        taken(study)
        assert leases.reap_lost_leases() == 0
        expire()
        assert leases.reap_lost_leases() == 1
        assert newest(study).attempt == attempt
        assert fresh(study).state == ("queued" if attempt < settings.MAX_ATTEMPTS else "failed")
    assert newest(study).failure_code == "worker_lost"
    assert "by hand" in newest(study).failure_message


def test_a_worker_that_lost_its_lease_writes_nothing_and_exactly_one_reading_results() -> None:
    study = in_state("queued")
    slow = taken(study)
    expire()
    leases.reap_lost_leases()
    quick = taken(study)
    leases.finish(quick, {"warnings": []}, "readings/quick", 1.0)
    for write in (
        lambda: leases.renew(slow, "grading", 0.5),
        lambda: leases.finish(slow, {"warnings": []}, "readings/slow", 9.0),
        lambda: leases.fail(slow, SpineNotFoundError("No spine.")),
        lambda: leases.try_again(slow),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert list(MachineReading.objects.values_list("folder", "job__attempt")) == [("readings/quick", 2)]
    assert fresh(study).state == "drafted"
    assert (newest(study).state, newest(study).lease) == ("done", None)


# --- ending -------------------------------------------------------------------------------------


def test_a_named_error_fails_at_once_with_its_message() -> None:
    study = in_state("queued")
    leases.fail(taken(study), SpineNotFoundError("No spine was found."))
    assert (fresh(study).state, newest(study).failure_code) == ("failed", "spine_not_found")
    assert newest(study).failure_message.startswith("No spine was found. ")


def test_an_unexpected_error_is_tried_again_after_a_pause_and_then_fails(settings: Any) -> None:
    study = in_state("queued")
    for _ in range(settings.MAX_ATTEMPTS):
        ReadingJob.objects.update(not_before=None)
        leases.try_again(taken(study))
        if fresh(study).state == "queued":
            assert leases.take() is None  # the pause
    assert (fresh(study).state, newest(study).failure_code) == ("failed", "internal")
    assert newest(study).attempt == settings.MAX_ATTEMPTS


def test_images_that_come_while_it_is_read_give_a_draft_and_another_reading() -> None:
    study = in_state("queued")
    lease = taken(study)
    add_image(study)
    leases.finish(lease, {"warnings": []}, "readings/first", 1.0)
    assert (fresh(study).state, fresh(study).late_images) == ("queued", 0)
    again = newest(study)
    assert (again.purpose, again.state, again.attempt) == ("again", "waiting", 0)
    assert again.not_before is not None
    assert MachineReading.objects.count() == 1


def test_late_images_of_a_study_that_failed_for_the_last_time_are_read_all_the_same(settings: Any) -> None:
    study = in_state("queued", job={"attempt": settings.MAX_ATTEMPTS - 1})
    lease = taken(study)
    add_image(study)
    leases.try_again(lease)
    assert_read_once_more(study)


def test_late_images_of_a_study_whose_last_worker_was_lost_are_read_all_the_same(settings: Any) -> None:
    study = in_state("queued", job={"attempt": settings.MAX_ATTEMPTS - 1})
    taken(study)
    add_image(study)
    expire()
    assert leases.reap_lost_leases() == 1
    assert_read_once_more(study)


def assert_read_once_more(study: Any) -> None:
    again = fresh(study)
    assert (again.state, again.late_images, again.failed_job) == ("queued", 0, None)
    assert (newest(study).attempt, newest(study).state) == (0, "waiting")
    assert newest(study).not_before is not None
    assert study.reading_jobs.filter(state="failed").count() == 1
