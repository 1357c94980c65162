"""The workers' side of the queue: take a job, hold it, end it.

A worker takes the most urgent job by one conditional UPDATE, counts the attempt
before the work, and holds it by a lease that it must renew. Whoever lost the
lease can no longer write anything.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inference.errors import StudyError
from worklist.jobs import queue
from worklist.jobs.states import JobState, LostRace, Purpose, move
from worklist.models import MachineReading, ModelChoice, ReadingJob, Study

log = logging.getLogger(__name__)

#: The pause before an attempt after an unexpected error, times the attempts made.
RETRY_SECONDS = 5
#: Jobs that a worker tries to take before it gives up: other workers were faster with all of them.
TRY_AT_MOST = 10

_LET_GO: dict[str, Any] = {"lease": None, "lease_expires_at": None, "step": "", "step_share": 0.0, "rung_at": None}


class LeaseLost(Exception):
    """The job was given to someone else; stop and write nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to read one study for one job, until it expires."""

    job_id: uuid.UUID
    study_id: uuid.UUID
    token: uuid.UUID
    attempt: int

    @property
    def rows(self) -> QuerySet[ReadingJob]:
        """The job's row as long as this lease is the one it names."""
        return ReadingJob.objects.filter(pk=self.job_id, state=JobState.RUNNING, lease=self.token)


def take() -> Lease | None:
    """Take the most urgent job to read; None when there is none.

    The attempt is counted in the same UPDATE: a study that kills its worker
    cannot be tried for ever.
    """
    for purpose in Purpose:
        if purpose == Purpose.SHADOW and not queue.is_free():
            return None
        for job in queue.ready(purpose)[:TRY_AT_MOST]:
            lease = _take(job)
            if lease is not None:
                return lease
    return None


def _take(job: ReadingJob) -> Lease | None:
    lease = Lease(job.pk, job.study_id, uuid.uuid4(), job.attempt + 1)
    try:
        with transaction.atomic():
            study = queue.lock(job.study_id)
            move(
                job,
                JobState.RUNNING,
                where={"attempt": job.attempt, "not_before": job.not_before},
                attempt=lease.attempt,
                lease=lease.token,
                lease_expires_at=_expiry(),
                step="starting",
                step_share=0.0,
                started_at=timezone.now(),
            )
            queue.follow(study, job)
    except LostRace:
        return None
    return lease


def renew(lease: Lease, step: str, share: float) -> None:
    """Record that the worker lives and how far it is. Raises LeaseLost."""
    if not lease.rows.update(lease_expires_at=_expiry(), step=step[:20], step_share=min(max(share, 0.0), 1.0)):
        raise LeaseLost


def _expiry() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def finish(
    lease: Lease, reading: dict[str, Any], folder: str, seconds: float, comparison: dict[str, Any] | None = None
) -> MachineReading:
    """Store the reading, end the job and queue what shadow mode is to read, in one transaction.

    Raises LeaseLost; then nothing was stored.
    """
    with transaction.atomic():
        study, job = _held(lease)
        result = MachineReading.objects.create(
            study=study, job=job, reading=reading, comparison=comparison, folder=folder, seconds=seconds
        )
        move(job, JobState.DONE, **_LET_GO, finished_at=timezone.now())
        if job.purpose != Purpose.SHADOW:
            _shadow(result)
        queue.follow_end(study, job)
        return result


def _shadow(reading: MachineReading) -> None:
    """A job for each version that reads in shadow mode now."""
    ReadingJob.objects.bulk_create(
        ReadingJob(
            study=reading.study,
            purpose=Purpose.SHADOW,
            compared_with=reading,
            name=chosen.name,
            version=chosen.version,
            sha256=chosen.sha256,
        )
        for chosen in ModelChoice.objects.filter(role=ModelChoice.Role.SHADOW)
    )


def fail(lease: Lease, error: StudyError) -> None:
    """A named error: the reader can act, trying again would not help. Raises LeaseLost."""
    with transaction.atomic():
        _give_up(*_held(lease), error.code, error.message)


def try_again(lease: Lease) -> None:
    """An unexpected error: queue again after a pause, or fail loudly when no attempt is left. Raises LeaseLost."""
    with transaction.atomic():
        study, job = _held(lease)
        if lease.attempt < settings.MAX_ATTEMPTS:
            pause = timezone.now() + timedelta(seconds=RETRY_SECONDS * lease.attempt)
            move(job, JobState.WAITING, **_LET_GO, not_before=pause)
            queue.follow(study, job)
            return
        log.error("study %s failed after %d attempts", study.pk, lease.attempt)
        _give_up(study, job, queue.INTERNAL)


def give_way(lease: Lease) -> None:
    """A job of shadow mode lets a study for readers go first: no attempt was made. Raises LeaseLost."""
    with transaction.atomic():
        _, job = _held(lease)
        move(job, JobState.WAITING, **_LET_GO, attempt=job.attempt - 1)


def reap_lost_leases() -> int:
    """Queue again, or fail, each job whose worker stopped renewing its lease."""
    lost = ReadingJob.objects.filter(state=JobState.RUNNING, lease_expires_at__lt=timezone.now())
    return sum(_reap(*row) for row in lost.values_list("pk", "study_id"))


def _reap(job_id: uuid.UUID, study_id: uuid.UUID) -> bool:
    """Whether the job was still lost under its row's lock; it may have been renewed or finished after all."""
    with transaction.atomic():
        study = queue.lock(study_id)
        lost = ReadingJob.objects.filter(pk=job_id, state=JobState.RUNNING, lease_expires_at__lt=timezone.now())
        job = lost.select_for_update().first()
        if job is None:
            return False
        log.warning("the worker of study %s was lost in attempt %d", study.pk, job.attempt)
        if job.attempt < settings.MAX_ATTEMPTS:
            move(job, JobState.WAITING, **_LET_GO, not_before=None)
            queue.follow(study, job)
        else:
            _give_up(study, job, queue.WORKER_LOST)
        return True


def _give_up(study: Study, job: ReadingJob, code: str, message: str = "") -> None:
    usual = queue.SHADOW_MESSAGES if job.purpose == Purpose.SHADOW else queue.MESSAGES
    failure = {"failure_code": code, "failure_message": message or usual[code]}
    move(job, JobState.FAILED, **_LET_GO, **failure, finished_at=timezone.now())
    queue.follow_end(study, job)


def _held(lease: Lease) -> tuple[Study, ReadingJob]:
    """The study and the job, both locked. Raises LeaseLost."""
    study = queue.lock(lease.study_id)
    job = lease.rows.select_for_update().first()
    if job is None:
        raise LeaseLost
    return study, job
