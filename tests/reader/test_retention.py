"""What is purged by age and state, and what always stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEvent
from reader import checks, retention, tasks
from reader.models import Review, SignedReport
from reader.retention import BadRule, Rule
from tests.reader.factories import Desk, read_by_machine
from tests.worklist.factories import add_job, add_reading, in_state, received_study
from worklist import storage
from worklist.jobs.states import State
from worklist.models import Instance, MachineReading, Patient, ReadingJob, Study

pytestmark = pytest.mark.django_db


def aged(study: Study, days: int) -> Study:
    """The study, in its state for so many days."""
    Study.objects.filter(pk=study.pk).update(state_changed_at=timezone.now() - timedelta(days=days, hours=1))
    study.refresh_from_db()
    return study


@pytest.fixture
def signed(reader: Any, as_user: Any) -> Study:
    """A signed study with images and a reading on the disk, signed 30 days ago."""
    study: Study = in_state("drafted")
    reading = read_by_machine(study)
    folder = Path(settings.DATA_DIR) / reading.folder
    folder.mkdir(parents=True)
    (folder / "draft.txt").write_text("draft")
    Desk(as_user(reader), study).claim().confirm_all().sign()
    return aged(Study.objects.get(pk=study.pk), 30)


def files_of(study: Study) -> list[Path]:
    return [storage.local_file(one.path) for one in Instance.objects.filter(series__study=study)]


def run(*rules: str) -> list[retention.Purged]:
    return list(retention.purge([Rule.parse(rule) for rule in rules]))


def test_images_of_signed_studies_go_and_the_report_stays(signed: Study, reader: Any, as_user: Any) -> None:
    files, report = files_of(signed), SignedReport.objects.get()
    (purged,) = run("images:signed:29")
    assert (purged.studies, purged.images) == (1, len(files))
    assert not any(file.exists() for file in files)
    signed.refresh_from_db()
    assert (signed.instance_count, signed.images_purged_at is not None) == (0, True)
    assert MachineReading.objects.exists()
    assert SignedReport.objects.get() == report
    assert report.intact
    assert as_user(reader).get(f"/reader/{signed.pk}/versions/1/").status_code == 200
    assert as_user(reader).get(f"/reader/{signed.pk}/").status_code == 200


def test_readings_of_signed_studies_go_and_the_report_and_images_stay(signed: Study, reader: Any, as_user: Any) -> None:
    folder = Path(settings.DATA_DIR) / MachineReading.objects.get().folder
    run("readings:signed:29")
    assert not folder.exists()
    assert not MachineReading.objects.exists()
    assert all(file.exists() for file in files_of(signed))
    assert SignedReport.objects.get().intact
    assert as_user(reader).get(f"/reader/{signed.pk}/versions/1/").status_code == 200


def test_a_younger_study_and_one_in_somebodys_hands_stay(signed: Study, reader: Any) -> None:
    assert [one.studies for one in run("study:signed:31")] == [0]
    Study.objects.filter(pk=signed.pk).update(claimed_by=reader)
    assert [one.studies for one in run("study:signed:1")] == [0]
    assert files_of(signed)


def test_a_study_that_is_read_again_stays_until_that_has_ended(signed: Study) -> None:
    job = add_job(signed, "running")
    assert [one.studies for one in run("readings:signed:29")] == [0]
    assert MachineReading.objects.exists()
    ReadingJob.objects.filter(pk=job.pk).update(state="failed")
    assert [one.studies for one in run("readings:signed:29")] == [1]
    assert not ReadingJob.objects.exists()


def test_readings_of_shadow_mode_go_with_those_that_they_are_compared_with(signed: Study) -> None:
    first = MachineReading.objects.get()
    version = {"name": "segment", "version": "2", "sha256": "5" * 64}
    add_reading(signed, {}, "", purpose="shadow", compared_with=first, **version)
    assert [one.readings for one in run("readings:signed:29")] == [2]
    assert not MachineReading.objects.exists()
    assert not ReadingJob.objects.exists()


def test_an_unsigned_study_goes_whole_with_its_patient_and_leaves_its_audit_events() -> None:
    study: Study = aged(in_state("failed"), 100)
    files, study_id = files_of(study), study.pk
    kept = aged(received_study(PatientID="P-2", PatientName="B"), 10)
    run("study:failed:90")
    assert Study.objects.get() == kept
    assert Patient.objects.get() == kept.patient
    assert not Review.objects.exists()
    assert files
    assert not any(file.exists() for file in files)
    event = AuditEvent.objects.get(action="purge")
    assert (event.study_id, event.detail["rule"]) == (study_id, "study:failed:90")
    assert event.detail["images"] == len(files)


def test_a_signed_study_is_never_deleted(signed: Study) -> None:
    run("study:unsigned:1", "study:failed:1", "study:signed:1")
    signed.refresh_from_db()
    assert signed.state == State.SIGNED
    assert signed.instance_count == 0
    assert SignedReport.objects.get().intact
    assert run("study:signed:1")[0].studies == 0  # nothing is left to purge


def test_a_broken_off_purge_is_gone_on_with(signed: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    remove, left = storage.remove, iter(range(1))

    def pulled(name: str) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        remove(name)

    monkeypatch.setattr(storage, "remove", pulled)
    with pytest.raises(KeyboardInterrupt):
        run("images:signed:29")
    assert Instance.objects.filter(series__study=signed).count() == signed.instance_count
    monkeypatch.undo()
    (purged,) = run("images:signed:29")
    assert purged.images == signed.instance_count
    assert not Instance.objects.filter(series__study=signed).exists()


def test_the_command_says_what_it_would_do_and_does_nothing(signed: Study, capsys: Any) -> None:
    call_command("purge", "images:signed:29")
    said = capsys.readouterr().out
    assert f"Would purge images of signed studies after 29 days: 1 studies, {signed.instance_count} images" in said
    assert "Nothing was changed" in said
    assert len(files_of(signed)) == signed.instance_count
    call_command("purge", "images:signed:29", "--delete")
    assert "Purged images" in capsys.readouterr().out
    assert not files_of(signed)


def test_the_setting_purges_every_day_and_is_checked_at_the_start(signed: Study, settings: Any) -> None:
    tasks.purge()
    assert files_of(signed)  # no rule, nothing purged
    settings.RETENTION = ["images:signed:29"]
    tasks.purge()
    assert not files_of(signed)
    settings.RETENTION = ["images:drafted:1"]
    (problem,) = checks.rules_of_retention_mean_something()
    assert "images:signed:730" in problem.msg


@pytest.mark.parametrize(
    "text", ["", "images", "images:signed", "images:unsigned:9", "study:in_review:9", "x:signed:9"]
)
def test_a_rule_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadRule, match="say rules such as"):
        Rule.parse(text)


def test_the_command_without_a_rule_says_how_to_make_one() -> None:
    with pytest.raises(CommandError, match="DEEPSPINE_RETENTION"):
        call_command("purge")
