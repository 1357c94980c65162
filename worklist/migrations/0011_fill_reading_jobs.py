"""Every reading, every study that waits, runs or failed, and every shadow reading becomes a job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import migrations

AT_ONCE = 500
#: Of a study without any reading that failed before the reason was kept.
UNKNOWN = "internal"
UNKNOWN_MESSAGE = "The machine could not read this study. Retry once, or read it by hand."


def fill(apps: Any, _schema: Any) -> None:
    study = apps.get_model("worklist", "Study")
    for one in study.objects.order_by("pk").iterator(AT_ONCE):
        _fill_study(apps, one)
    for one in apps.get_model("worklist", "ShadowReading").objects.order_by("pk").iterator(AT_ONCE):
        _fill_shadow(apps, one)
    _queue_shadows(apps)


def _fill_study(apps: Any, study: Any) -> None:
    job = apps.get_model("worklist", "ReadingJob")
    reading = apps.get_model("worklist", "MachineReading")
    purpose = "first"
    for one in reading.objects.filter(study=study).order_by("created_at", "pk").defer("reading"):
        began = one.created_at - timedelta(seconds=one.seconds)
        made = job.objects.create(
            study=study,
            purpose=purpose,
            state="done",
            attempt=one.attempt,
            created_at=began,
            started_at=began,
            finished_at=one.created_at,
            state_changed_at=one.created_at,
        )
        reading.objects.filter(pk=one.pk).update(job=made)
        purpose = "again"
    values = _newest(study)
    if values:
        # After its readings: when the study was given back by a reader says nothing of the machine's work.
        job.objects.create(study=study, purpose=purpose, attempt=study.attempt, **values)


def _newest(study: Any) -> dict[str, Any] | None:
    """The job that is not ended, or that failed after the last reading; None when there is none."""
    now = {"created_at": study.state_changed_at, "state_changed_at": study.state_changed_at}
    if study.state == "queued":
        return now | {"state": "waiting", "not_before": study.not_before, "rung_at": study.rung_at}
    if study.state == "running":
        lease = {"lease": study.lease, "lease_expires_at": study.lease_expires_at or study.state_changed_at}
        step = {"step": study.step, "step_share": study.step_share}
        return now | {"state": "running", "started_at": study.state_changed_at} | lease | step
    if study.failure_code or study.state == "failed":
        failure = {
            "failure_code": study.failure_code or UNKNOWN,
            "failure_message": study.failure_message or UNKNOWN_MESSAGE,
        }
        return now | {"state": "failed", "finished_at": study.state_changed_at} | failure
    return None


def _fill_shadow(apps: Any, shadow: Any) -> None:
    job = apps.get_model("worklist", "ReadingJob")
    reading = apps.get_model("worklist", "MachineReading")
    first = reading.objects.only("study", "created_at").get(pk=shadow.first_id)
    ended = shadow.finished_at or first.created_at
    made = job.objects.create(
        study_id=first.study_id,
        purpose="shadow",
        compared_with_id=shadow.first_id,
        created_at=first.created_at,
        state_changed_at=ended,
        started_at=ended - timedelta(seconds=shadow.seconds) if shadow.seconds is not None else None,
        **{name: getattr(shadow, name) for name in _SAME},
    )
    if shadow.state == "done":
        result = reading.objects.create(
            study_id=first.study_id,
            job=made,
            reading=shadow.reading,
            comparison=shadow.comparison,
            folder="",
            seconds=shadow.seconds or 0.0,
        )
        reading.objects.filter(pk=result.pk).update(created_at=ended)


_SAME = (
    "name",
    "version",
    "sha256",
    "state",
    "attempt",
    "lease",
    "lease_expires_at",
    "failure_code",
    "failure_message",
    "finished_at",
)


def _queue_shadows(apps: Any) -> None:
    """What a shadow had still to read was known by the lack of a row; now a job waits for it."""
    job = apps.get_model("worklist", "ReadingJob")
    for chosen in apps.get_model("worklist", "ModelChoice").objects.filter(role="shadow"):
        job.objects.bulk_create(_unread(apps, chosen), batch_size=AT_ONCE)


def _unread(apps: Any, chosen: Any) -> Iterator[Any]:
    job = apps.get_model("worklist", "ReadingJob")
    reading = apps.get_model("worklist", "MachineReading")
    version = {"name": chosen.name, "version": chosen.version, "sha256": chosen.sha256}
    known = job.objects.filter(purpose="shadow", **version).values("compared_with")
    for_readers = reading.objects.exclude(job__purpose="shadow")
    lacking = for_readers.filter(created_at__gte=chosen.chosen_at).exclude(pk__in=known).order_by("created_at", "pk")
    for one in list(lacking.values("pk", "study_id", "created_at")):
        yield job(
            study_id=one["study_id"],
            purpose="shadow",
            compared_with_id=one["pk"],
            created_at=one["created_at"],
            state_changed_at=one["created_at"],
            **version,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0010_reading_jobs"),
    ]

    operations = [
        migrations.RunPython(fill),
    ]
