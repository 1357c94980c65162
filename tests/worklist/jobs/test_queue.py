"""The database is the queue of record: leases, attempts, late and lost workers."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inference.errors import SpineNotFoundError
from tests.patience import at_once
from tests.worklist.factories import add_image, in_state, quiet, received_study
from worklist.jobs import queue
from worklist.jobs.queue import LeaseLost
from worklist.jobs.states import ForbiddenMove
from worklist.models import MachineReading, Study

pytestmark = pytest.mark.django_db


def fresh(study: Any) -> Study:
    return Study.objects.get(pk=study.pk)


def expire(study: Any) -> None:
    Study.objects.filter(pk=study.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def taken(study: Any) -> queue.Lease:
    lease = queue.take(study.pk)
    assert lease is not None
    return lease


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
    assert (failed.state, failed.failure_code) == ("failed", code)
    assert failed.failure_message.count(".") >= 2


def test_one_slice_is_too_few() -> None:
    study = quiet(received_study(count=1))
    queue.enqueue_quiet_studies()
    assert fresh(study).failure_code == "too_few_slices"


def test_a_failed_study_leaves_the_next_unaffected() -> None:
    bad = quiet(received_study(PixelSpacing=None))
    good = quiet(received_study())
    queue.enqueue_quiet_studies()
    assert (fresh(bad).state, fresh(good).state) == ("failed", "queued")


@pytest.mark.parametrize("state", ["received", "failed", "queued", "drafted"])
def test_a_person_asks_and_the_attempts_start_again(state: str) -> None:
    later = timezone.now() + timedelta(hours=1)
    study = in_state(state, attempt=2, failure_code="x", not_before=later, rung_at=later)
    queue.ask(study)
    asked = fresh(study)
    assert (asked.state, asked.attempt, asked.not_before, asked.rung_at) == ("queued", 0, None, None)


@pytest.mark.parametrize("state", ["running", "in_review", "signed", "amended"])
def test_nobody_queues_a_study_that_is_at_work_or_with_a_reader(state: str) -> None:
    study = in_state(state)
    with pytest.raises(ForbiddenMove):
        queue.ask(study)
    assert fresh(study).state == state


# --- the doorbell -------------------------------------------------------------------------------


def test_the_bell_is_rung_once_and_again_only_when_the_message_may_be_lost() -> None:
    study = in_state("queued")
    assert list(queue.to_ring_for()) == [study.pk]
    assert list(queue.to_ring_for()) == []
    Study.objects.update(rung_at=timezone.now() - timedelta(seconds=queue.RING_AGAIN_SECONDS + 1))
    assert list(queue.to_ring_for()) == [study.pk]


def test_no_bell_for_a_study_that_waits_for_its_images() -> None:
    in_state("queued", not_before=timezone.now() + timedelta(seconds=30))
    assert list(queue.to_ring_for()) == []


def test_a_long_queue_rings_no_more_bells_than_the_front_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "RING_AT_MOST", 2)
    studies = [in_state("queued") for _ in range(4)]
    assert len(list(queue.to_ring_for())) == 2
    assert list(queue.to_ring_for()) == []
    for study in list(queue.ready(timezone.now()))[:2]:
        taken(study)
    assert len(list(queue.to_ring_for())) == 2
    assert len(studies) == 4


# --- leases -------------------------------------------------------------------------------------


def test_taking_a_study_counts_the_attempt_before_the_work() -> None:
    study = in_state("queued")
    lease = taken(study)
    assert (fresh(study).state, fresh(study).attempt, fresh(study).lease) == ("running", 1, lease.token)
    assert queue.take(study.pk) is None


@pytest.mark.parametrize("state", ["received", "drafted", "failed", "in_review", "signed"])
def test_a_bell_for_a_study_that_is_not_queued_is_ignored(state: str) -> None:
    study = in_state(state)
    assert queue.take(study.pk) is None
    assert queue.take(uuid.uuid4()) is None
    assert fresh(study).attempt == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_that_hear_the_bell_one_takes_the_study() -> None:
    study = in_state("queued")
    leases: list[Any] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        leases.append(queue.take(study.pk))
        connection.close()

    at_once([work] * 6)
    assert sum(lease is not None for lease in leases) == 1
    assert fresh(study).attempt == 1


def test_progress_is_in_the_row_and_the_lease_grows_with_it() -> None:
    study = in_state("queued")
    lease = taken(study)
    expire(study)
    queue.renew(lease, "segmenting", 0.4)
    running = fresh(study)
    assert (running.step, running.step_share) == ("segmenting", 0.4)
    assert running.lease_expires_at is not None
    assert running.lease_expires_at > timezone.now()


def test_a_lost_lease_is_queued_again_while_attempts_are_left_then_fails_loudly(settings: Any) -> None:
    study = in_state("queued")
    for attempt in range(1, settings.MAX_ATTEMPTS + 1):
        taken(study)
        assert queue.reap_lost_leases() == 0
        expire(study)
        assert queue.reap_lost_leases() == 1
        assert fresh(study).attempt == attempt
        assert fresh(study).state == ("queued" if attempt < settings.MAX_ATTEMPTS else "failed")
    assert fresh(study).failure_code == "worker_lost"
    assert "by hand" in fresh(study).failure_message


def test_a_worker_that_lost_its_lease_writes_nothing_and_exactly_one_reading_results() -> None:
    study = in_state("queued")
    slow = taken(study)
    expire(study)
    queue.reap_lost_leases()
    quick = taken(study)
    queue.finish(quick, {"warnings": []}, "readings/quick", 1.0)
    for write in (
        lambda: queue.renew(slow, "grading", 0.5),
        lambda: queue.finish(slow, {"warnings": []}, "readings/slow", 9.0),
        lambda: queue.fail(slow, SpineNotFoundError("No spine.")),
        lambda: queue.try_again(slow),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert list(MachineReading.objects.values_list("folder", "attempt")) == [("readings/quick", 2)]
    assert fresh(study).state == "drafted"
    assert fresh(study).lease is None


def test_a_reading_that_a_reader_has_claimed_is_not_replaced_by_a_late_worker() -> None:
    study = in_state("queued")
    slow = taken(study)
    Study.objects.filter(pk=study.pk).update(state="in_review", lease=None)
    with pytest.raises(LeaseLost):
        queue.finish(slow, {}, "readings/slow", 1.0)
    assert not MachineReading.objects.exists()


def test_a_named_error_fails_at_once_with_its_message() -> None:
    study = in_state("queued")
    queue.fail(taken(study), SpineNotFoundError("No spine was found."))
    failed = fresh(study)
    assert (failed.state, failed.failure_code) == ("failed", "spine_not_found")
    assert failed.failure_message.startswith("No spine was found. ")


def test_an_unexpected_error_is_tried_again_after_a_pause_and_then_fails(settings: Any) -> None:
    study = in_state("queued")
    for _ in range(settings.MAX_ATTEMPTS):
        Study.objects.update(not_before=None)
        queue.try_again(taken(study))
        if fresh(study).state == "queued":
            assert queue.take(study.pk) is None  # the pause
    assert (fresh(study).state, fresh(study).failure_code) == ("failed", "internal")
    assert fresh(study).attempt == settings.MAX_ATTEMPTS


def test_images_that_come_while_it_is_read_give_a_draft_and_another_reading() -> None:
    study = in_state("queued")
    lease = taken(study)
    add_image(study)
    queue.finish(lease, {"warnings": []}, "readings/first", 1.0)
    again = fresh(study)
    assert (again.state, again.late_images, again.attempt) == ("queued", 0, 0)
    assert again.not_before is not None
    assert MachineReading.objects.count() == 1


def test_a_study_given_back_with_late_images_is_read_again() -> None:
    study = in_state("drafted", late_images=2)
    queue.enqueue_quiet_studies()
    assert (fresh(study).state, fresh(study).late_images) == ("queued", 0)


def test_late_images_of_a_study_that_failed_for_the_last_time_are_read_all_the_same(settings: Any) -> None:
    study = in_state("queued", attempt=settings.MAX_ATTEMPTS - 1)
    lease = taken(study)
    add_image(study)
    queue.try_again(lease)
    again = fresh(study)
    assert (again.state, again.late_images, again.attempt, again.failure_code) == ("queued", 0, 0, "")
    assert again.not_before is not None


def test_late_images_of_a_study_whose_last_worker_was_lost_are_read_all_the_same(settings: Any) -> None:
    study = in_state("queued", attempt=settings.MAX_ATTEMPTS - 1)
    taken(study)
    add_image(study)
    expire(study)
    assert queue.reap_lost_leases() == 1
    again = fresh(study)
    assert (again.state, again.late_images, again.attempt, again.failure_code) == ("queued", 0, 0, "")
    assert again.not_before is not None


def test_a_large_import_is_queued_over_several_ticks_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ENQUEUE_AT_MOST", 2)
    studies = [quiet(received_study()) for _ in range(3)]
    assert queue.enqueue_quiet_studies() == 2
    assert [fresh(study).state for study in studies] == ["queued", "queued", "received"]
    assert queue.enqueue_quiet_studies() == 1
    assert fresh(studies[2]).state == "queued"
