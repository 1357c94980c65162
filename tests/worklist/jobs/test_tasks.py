"""The worker's task, with the real engine on a simulated patient."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from inference import output, pipeline
from tests.patience import wait_until
from tests.processes import serving
from tests.worklist.factories import in_state
from worklist import storage
from worklist.jobs import leases, queue, tasks
from worklist.models import MachineReading, ReadingJob, Study
from worklist.versions import choices

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_else(data_dir: Path) -> None:
    """The task is called here, in this process: a worker left by an earlier test would race it for the study."""
    assert serving(data_dir) == []


def fresh(study: Any) -> Study:
    return Study.objects.get(pk=study.pk)


def newest(study: Any) -> ReadingJob:
    job = fresh(study).latest_job
    assert job is not None
    return job


def readings_on_disk() -> set[Path]:
    return (
        set((Path(settings.DATA_DIR) / storage.READINGS).glob("*"))
        if (Path(settings.DATA_DIR) / storage.READINGS).exists()
        else set()
    )


def leftovers() -> set[Path]:
    return {path for path in (Path(settings.DATA_DIR) / storage.INCOMING).glob("*") if path.is_dir()}


def test_a_queued_study_ends_drafted_with_a_reading_and_its_files(patient: Study) -> None:
    tasks.read_next()
    drafted = fresh(patient)
    job = newest(patient)
    assert (drafted.state, job.state, job.attempt, job.lease, job.step) == ("drafted", "done", 1, None, ""), (
        job.failure_message
    )
    reading = drafted.latest_reading
    assert reading is not None
    assert reading.reading["study_instance_uid"] == patient.study_instance_uid
    folder = Path(settings.DATA_DIR) / reading.folder
    for name in ("reading.json", "segmentation.nii.gz", "overview.png", "draft.txt", "masks/index.json"):
        assert (folder / name).is_file(), name
    assert json.loads((folder / "reading.json").read_text()) == reading.reading
    assert not leftovers()


@pytest.mark.usefixtures("read_before")
def test_a_message_that_comes_twice_gives_one_reading(patient: Study) -> None:
    tasks.read_next()
    tasks.read_next()
    assert MachineReading.objects.count() == 1
    assert newest(patient).attempt == 1


def test_the_networks_are_loaded_once(patient: Study) -> None:
    assert choices.networks("cpu") is choices.networks("cpu")


def test_images_that_show_no_spine_fail_with_a_named_error() -> None:
    study = in_state("queued")
    tasks.read_next()
    assert fresh(study).state == "failed"
    assert newest(study).failure_code not in ("", "internal")
    assert not MachineReading.objects.exists()
    assert not leftovers()


@pytest.mark.usefixtures("read_before")
def test_a_bug_in_the_engine_is_tried_again_then_told_and_the_next_study_is_read(
    patient: Study, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    bad = in_state("queued")
    Study.objects.filter(pk=patient.pk).update(state="received")
    patient.reading_jobs.all().delete()
    real = pipeline.read_study

    def broken(paths: Any, models: Any, progress: Any) -> Any:
        if len(paths) == 3:
            raise RuntimeError("a bug")
        return real(paths, models, progress)

    monkeypatch.setattr(pipeline, "read_study", broken)
    for attempt in range(1, settings.MAX_ATTEMPTS + 1):
        ReadingJob.objects.update(not_before=None)
        tasks.read_next()
        assert newest(bad).attempt == attempt
    assert (fresh(bad).state, newest(bad).failure_code) == ("failed", "internal")
    assert "a bug" in caplog.text
    assert "Müller" not in caplog.text
    queue.ask(fresh(patient))
    tasks.read_next()
    assert fresh(patient).state == "drafted"


@pytest.mark.usefixtures("read_before")
def test_a_disk_that_is_full_leaves_no_half_reading(patient: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    before = readings_on_disk()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "write", full)
    tasks.read_next()
    assert fresh(patient).state == "queued"
    assert not leftovers()
    assert readings_on_disk() == before


@pytest.mark.usefixtures("read_before")
def test_a_worker_that_is_too_slow_drops_its_reading_when_another_has_the_study(
    patient: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = readings_on_disk()
    real = output.write

    def overtaken(result: Any, folder: Path) -> None:
        real(result, folder)
        ReadingJob.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        leases.reap_lost_leases()
        assert leases.take() is not None

    monkeypatch.setattr(output, "write", overtaken)
    tasks.read_next()
    assert (fresh(patient).state, newest(patient).attempt) == ("running", 2)
    assert not MachineReading.objects.exists()
    assert readings_on_disk() == before
    assert not leftovers()


def test_the_heartbeat_keeps_the_lease_while_the_work_says_nothing(settings: Any) -> None:
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 3600, 0.01
    study = in_state("queued")
    lease = leases.take()
    assert lease is not None
    now = timezone.now()
    with tasks.Heartbeat(lease):
        for _ in range(3):
            study.reading_jobs.update(lease_expires_at=now)
            wait_until(lambda: newest(study).lease_expires_at > now, "the heartbeat")
            assert leases.reap_lost_leases() == 0
    study.reading_jobs.update(lease_expires_at=now)
    assert leases.reap_lost_leases() == 1


def test_progress_is_told_while_the_work_runs(settings: Any) -> None:
    study = in_state("queued")
    lease = leases.take()
    assert lease is not None
    with tasks.Heartbeat(lease) as heartbeat:
        heartbeat.progress("segmenting", 0.4)
        wait_until(lambda: newest(study).step == "segmenting", "the step in the database")
    assert (newest(study).step, newest(study).step_share) == ("segmenting", 0.4)


def test_work_whose_lease_is_gone_is_told_to_stop(settings: Any) -> None:
    settings.HEARTBEAT_SECONDS = 0.05
    study = in_state("queued")
    lease = leases.take()
    assert lease is not None
    with tasks.Heartbeat(lease) as heartbeat:
        study.reading_jobs.update(lease=None)
        wait_until(lambda: stopped(heartbeat), "the work to be stopped")


def stopped(heartbeat: tasks.Heartbeat) -> bool:
    try:
        heartbeat.progress("grading", 0.0)
    except leases.LeaseLost:
        return True
    return False
