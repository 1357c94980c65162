"""What piles up when processes die or stay away: messages at the broker, files in the incoming folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.files.uploadedfile import TemporaryUploadedFile

from tests.worklist.factories import in_state
from worklist import storage
from worklist.jobs import queue, tasks
from worklist.models import ReadingJob


@pytest.mark.django_db
@pytest.mark.worker
def test_messages_that_no_worker_takes_do_not_pile_up(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "INFERENCE", "nobody-listens")
    monkeypatch.setattr(tasks, "UNDELIVERED_AT_MOST", 2)
    monkeypatch.setattr(queue, "RING_AGAIN_SECONDS", -1)
    in_state("queued")
    assert tasks.undelivered() == 0
    for rung in (1, 2, 2, 2):
        tasks.ring_doorbell()
        assert tasks.undelivered() == rung
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("nobody-listens")
    ReadingJob.objects.update(rung_at=None)
    tasks.ring_doorbell()
    assert tasks.undelivered() == 1
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("nobody-listens")


def aged(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


@pytest.fixture
def incoming(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.INCOMING_DIR = tmp_path / storage.INCOMING
    settings.FILE_UPLOAD_TEMP_DIR = str(settings.INCOMING_DIR)
    settings.INCOMING_DIR.mkdir()
    return settings.INCOMING_DIR


def test_what_killed_processes_left_is_swept_after_a_day_and_nothing_else(incoming: Path) -> None:
    day = storage.LEFTOVER_SECONDS + 60
    half = incoming / ("a" * 32 + ".tmp")
    half.write_bytes(b"half an image")
    reading, _ = storage.new_reading_folder()
    (reading / "reading.json").write_text("{}")
    upload = TemporaryUploadedFile("a.dcm", "application/dicom", 0, None)
    fresh, theirs = incoming / ("b" * 32 + ".tmp"), incoming / "notes.txt"
    for path in (fresh, theirs):
        path.write_bytes(b"x")
    for path in (half, reading, Path(upload.temporary_file_path()), theirs):
        aged(path, day)
    assert storage.sweep_incoming() == 3
    assert set(incoming.iterdir()) == {fresh, theirs}
    upload.close()


def test_a_sweep_is_bounded_and_the_next_one_goes_on(incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SWEEP_AT_MOST", 2)
    for digit in "abc":
        (incoming / (digit * 32 + ".tmp")).touch()
        aged(incoming / (digit * 32 + ".tmp"), storage.LEFTOVER_SECONDS + 60)
    assert [storage.sweep_incoming() for _ in range(3)] == [2, 1, 0]


def test_a_data_folder_without_an_incoming_folder_is_no_error(incoming: Path) -> None:
    incoming.rmdir()
    assert storage.sweep_incoming() == 0


def test_the_sweep_is_on_the_timetable() -> None:
    entry = current_app.conf.beat_schedule["sweep_incoming"]
    assert entry["task"] == tasks.sweep_incoming.name
