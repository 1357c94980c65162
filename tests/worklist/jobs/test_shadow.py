"""Shadow mode: a second version reads what was read, through the same queue, and never touches what readers see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from accounts.models import AuditEvent
from inference import output, pipeline
from inference.errors import SpineNotFoundError
from inference.types import Grade
from tests.reader.factories import reading
from tests.worklist.factories import add_job, in_state
from worklist.jobs import leases, queue, shadow, tasks
from worklist.models import MachineReading, ModelChoice, ReadingJob, Study
from worklist.versions import choices, comparison

pytestmark = pytest.mark.django_db(transaction=True)

SHA = "5" * 64


@pytest.fixture
def chosen(administrator: Any) -> ModelChoice:
    """Version 2 of the segmenter reads in shadow mode."""
    return ModelChoice.objects.create(
        name="segment", role="shadow", version="2", sha256=SHA, chosen_by=administrator, chosen_at=timezone.now()
    )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The engine, which reads a moderate stenosis at L4-L5 unless `act` does something else."""
    engine = SimpleNamespace(act=lambda progress: None, calls=0)

    def read_study(paths: Any, networks: Any, progress: Any) -> Any:
        engine.calls += 1
        engine.act(progress)
        return SimpleNamespace(reading=reading("1.2.3", {"L4-L5": Grade.MODERATE}))

    monkeypatch.setattr(pipeline, "read_study", read_study)
    monkeypatch.setattr(output, "write", lambda result, folder: None)
    monkeypatch.setattr(choices, "networks", lambda device: None)
    monkeypatch.setattr(choices, "shadow_networks", lambda version, device: None)
    return engine


def drafted(**changes: Any) -> Study:
    """A study that was read while the shadow was on: mild at L4-L5. `changes` are of the reading's provenance."""
    study: Study = in_state("queued")
    lease = leases.take()
    assert lease is not None
    record = record_of({"L4-L5": Grade.MILD})
    record["provenance"] |= changes
    leases.finish(lease, record, "readings/first", 4.0)
    study.refresh_from_db()
    return study


def marked(name: str) -> dict[str, str]:
    """A model of version 0, as a reading names it."""
    return {"name": name, "version": "0", "sha256": "ee"}


def for_readers() -> Any:
    """Everything that is not of shadow mode."""
    jobs = ReadingJob.objects.for_readers().order_by("pk").values_list()
    readings = MachineReading.objects.for_readers().order_by("pk").values_list()
    return list(Study.objects.values_list()), list(jobs), list(readings)


def shadow_job() -> ReadingJob:
    return ReadingJob.objects.get(purpose="shadow")


def expire() -> None:
    ReadingJob.objects.filter(state="running").update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_the_reading_in_shadow_mode_stands_apart_and_what_readers_see_stays_as_it_is(chosen: Any, engine: Any) -> None:
    study = drafted()
    before = for_readers()
    assert shadow.due()
    tasks.read_next()
    assert for_readers() == before
    job = shadow_job()
    assert (job.state, job.version, job.sha256, job.attempt) == ("done", "2", SHA, 1)
    assert job.result.comparison["sites"]["canal"] == {"exact": 4, "near": 1}
    assert job.result.folder == ""
    latest = study.latest_reading
    assert latest is not None
    assert (latest.folder, study.latest_job) == ("readings/first", latest.job)
    assert not shadow.due()
    tasks.read_next()
    assert engine.calls == 1


def test_each_reading_is_read_once_more_and_a_reading_of_shadow_mode_is_not(chosen: Any, engine: Any) -> None:
    queue.ask(drafted())
    for _ in range(4):
        tasks.read_next()
    assert sorted(ReadingJob.objects.values_list("purpose", "state")) == [
        ("again", "done"), ("first", "done"), ("shadow", "done"), ("shadow", "done"),
    ]  # fmt: skip


def test_a_study_that_was_read_before_shadow_mode_began_is_not_read(engine: Any, administrator: Any) -> None:
    drafted()
    assert not ReadingJob.objects.filter(purpose="shadow").exists()


def test_what_an_earlier_shadow_left_unread_is_dropped_when_another_begins(
    chosen: Any, engine: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted()
    choices.stop_shadow("segment", administrator)
    assert not shadow.due()
    newer = SimpleNamespace(name="segment", version="3", sha256=SHA)
    monkeypatch.setattr(choices, "_usable", lambda name, version: newer)
    monkeypatch.setattr(choices, "is_chosen", lambda one, role: False)
    choices.start_shadow("segment", "3", administrator)
    assert not shadow.due()
    assert not ReadingJob.objects.filter(purpose="shadow").exists()
    assert AuditEvent.objects.filter(action="shadow_started").count() == 1


@pytest.mark.parametrize("state", ["queued", "running"])
def test_shadow_mode_waits_while_a_study_waits_or_is_read(chosen: Any, engine: Any, state: str) -> None:
    drafted()
    in_state(state, job={"not_before": None})
    ReadingJob.objects.filter(purpose="shadow").update(state_changed_at=timezone.now() - timedelta(hours=1))
    assert not shadow.due()
    lease = leases.take()
    assert lease is None or lease.job_id != shadow_job().pk
    assert shadow_job().state == "waiting"


def test_shadow_mode_waits_while_a_signed_study_is_read_again(chosen: Any, engine: Any) -> None:
    drafted()
    add_job(in_state("signed"), "running", purpose="again")
    assert not shadow.due()
    assert leases.take() is None


def test_shadow_mode_gives_way_to_a_study_that_comes_and_reads_afterwards(
    chosen: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "LOOK_SECONDS", 0)
    drafted()
    came = in_state("received")

    def a_study_comes(progress: Any) -> None:
        progress("series", 0.0)
        queue.ask(came)
        progress("segmenting", 0.5)

    engine.act = a_study_comes
    tasks.read_next()
    assert (shadow_job().state, shadow_job().attempt, shadow_job().lease) == ("waiting", 0, None)
    assert not MachineReading.objects.filter(job=shadow_job()).exists()
    came.refresh_from_db()
    assert came.state == "queued"
    engine.act = lambda progress: None
    tasks.read_next()
    came.refresh_from_db()
    assert (came.state, shadow_job_of(came).state) == ("drafted", "waiting")
    tasks.read_next()
    tasks.read_next()
    assert set(ReadingJob.objects.values_list("state", flat=True)) == {"done"}


def shadow_job_of(study: Study) -> ReadingJob:
    return ReadingJob.objects.get(purpose="shadow", study=study)


def test_a_study_that_shadow_mode_cannot_read_is_counted_and_harms_nothing(chosen: Any, engine: Any) -> None:
    drafted()
    before = for_readers()

    def unreadable(progress: Any) -> None:
        raise SpineNotFoundError("No spine.")

    engine.act = unreadable
    tasks.read_next()
    assert shadow_job().failure_code == "spine_not_found"
    assert for_readers() == before
    assert comparison.total(ReadingJob.objects.filter(purpose="shadow"))["failed"] == 1


def test_a_bug_is_tried_again_a_bounded_number_of_times(chosen: Any, engine: Any, settings: Any) -> None:
    drafted()
    before = for_readers()
    engine.act = lambda progress: 1 / 0
    for _ in range(settings.MAX_ATTEMPTS + 2):
        ReadingJob.objects.update(not_before=None)
        tasks.read_next()
    job = shadow_job()
    assert (job.state, job.failure_code, engine.calls) == ("failed", "internal", settings.MAX_ATTEMPTS)
    assert "shadow mode" in job.failure_message
    assert for_readers() == before


def test_a_killed_worker_loses_no_job_of_shadow_mode_and_cannot_be_killed_for_ever(
    chosen: Any, engine: Any, settings: Any
) -> None:
    drafted()
    before = for_readers()

    class Killed(BaseException):
        pass

    def killed(progress: Any) -> None:
        raise Killed

    engine.act = killed
    for attempt in range(1, settings.MAX_ATTEMPTS + 1):
        with pytest.raises(Killed):
            tasks.read_next()
        assert shadow_job().attempt == attempt
        assert not shadow.due(), "another worker may not take it while the lease lasts"
        expire()
        assert leases.reap_lost_leases() == 1
    assert (shadow_job().state, shadow_job().failure_code) == ("failed", "worker_lost")
    assert engine.calls == settings.MAX_ATTEMPTS
    assert for_readers() == before


def test_shadow_mode_that_is_stopped_stops_at_once(
    chosen: Any, engine: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "LOOK_SECONDS", 0)
    drafted()

    def stopped(progress: Any) -> None:
        choices.stop_shadow("segment", administrator)
        progress("segmenting", 0.5)

    engine.act = stopped
    tasks.read_next()
    assert shadow_job().state == "waiting"
    assert not shadow.due()
    assert leases.take() is None


@pytest.fixture
def unheard(broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The doorbell's messages go to a queue that no worker listens to."""
    monkeypatch.setattr(tasks, "INFERENCE", "shadow-only")
    yield
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("shadow-only")


@pytest.mark.usefixtures("unheard", "chosen")
def test_the_doorbell_is_rung_for_shadow_mode_when_nothing_else_waits(engine: Any) -> None:
    drafted()
    for _ in range(2):
        tasks.ring_doorbell()
        assert tasks.undelivered() == 1


@pytest.mark.usefixtures("unheard")
def test_without_a_shadow_the_doorbell_is_not_rung(engine: Any) -> None:
    drafted()
    tasks.ring_doorbell()
    assert tasks.undelivered() == 0


# --- what is compared ---------------------------------------------------------------------------


def record_of(canal: dict[str, Grade]) -> dict[str, Any]:
    from inference.result import record

    made: dict[str, Any] = record.to_dict(reading("1.2.3", canal))
    return made


def test_grades_are_compared_site_by_site_and_what_one_left_out_is_no_agreement() -> None:
    first = record_of({"L3-L4": Grade.MILD, "L4-L5": Grade.NORMAL, "L5-S1": Grade.NOT_ASSESSED})
    second = record_of({"L3-L4": Grade.MODERATE, "L4-L5": Grade.SEVERE})
    compared = comparison.compare(first, second)
    assert compared["sites"]["canal"] == {"exact": 2, "near": 1, "far": 1, "one": 1}
    assert compared["sites"]["foramen_left"] == {"none": 5}
    assert (compared["renamed"], compared["unmatched"], compared["same_images"]) == (0, 0, True)


def test_discs_are_matched_by_place_so_that_other_names_are_seen() -> None:
    first, second = record_of({}), record_of({})
    names = ["T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5"]
    second["discs"] = [disc | {"level": name} for disc, name in zip(second["discs"], names, strict=True)][:4]
    compared = comparison.compare(first, second)
    assert (compared["renamed"], compared["unmatched"]) == (4, 1)


def test_answers_about_discs_are_compared_question_by_question_and_in_words() -> None:
    first, second = record_of({}), record_of({})
    asked = {"level": "L4-L5", "probability": 0.6, "made_from": []}
    said = [("pfirrmann", 4, 3), ("modic", 0, 0), ("bulging", 1, 0)]
    for read, place in ((first, 1), (second, 2)):
        read["disc_findings"] = [asked | {"finding": one[0], "value": one[place]} for one in said]
    second["disc_findings"].append(asked | {"finding": "narrowing", "value": 1})
    compared = comparison.compare(first, second)["answers"]
    assert {question: counts for question, counts in compared.items() if counts} == {
        "pfirrmann": {"other": 1}, "modic": {"exact": 1}, "bulging": {"other": 1}, "narrowing": {"one": 1},
    }  # fmt: skip
    words = {row["what"]: (row["first"], row["second"]) for row in comparison.answers(first, second)}
    assert words == {
        "Pfirrmann": ("4", "3"), "Narrowing": ("not asked", "yes"), "Bulging": ("yes", "no"), "Modic": ("0", "0"),
    }  # fmt: skip
    del first["disc_findings"]  # read before discs were looked at
    assert comparison.compare(first, second)["answers"]["modic"] == {"one": 1}


def in_sum() -> dict[str, Any]:
    summed: dict[str, Any] = comparison.total(ReadingJob.objects.filter(purpose="shadow"))
    return summed


def test_pairs_of_different_images_are_left_out_of_the_sum(chosen: Any, engine: Any) -> None:
    drafted(input_digest="00" * 32)
    tasks.read_next()
    summed = in_sum()
    assert (summed["studies"], summed["other_images"], summed["seconds"]) == (0, 1, None)


def test_a_pair_between_which_another_model_changed_too_is_left_out_of_the_sum(chosen: Any, engine: Any) -> None:
    drafted(models=[marked("segment"), marked("discs")])
    tasks.read_next()
    summed = in_sum()
    assert (summed["studies"], summed["other_images"], summed["other_models"], summed["against"]) == (0, 0, 1, [])


def test_the_sum_says_which_versions_the_shadow_was_compared_with(chosen: Any, engine: Any) -> None:
    drafted(models=[marked("segment")])
    tasks.read_next()
    assert in_sum()["against"] == [("segment 0", 1)]
