"""The queue of record: what is to be read, for whom and when, all in the job's row; `leases` is the workers' side.

A broker message is only a doorbell: it may be lost, come twice or come late.
In every transaction the study's row is locked first, then the job's, and the
study's state follows the job's.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from inference.errors import StudyError
from worklist import storage
from worklist.jobs.states import (
    SUMMARY,
    WITH_A_READER,
    ForbiddenMove,
    JobState,
    LostRace,
    Purpose,
    State,
    move,
)
from worklist.models import Instance, MachineReading, ModelChoice, ReadingJob, Study

log = logging.getLogger(__name__)

#: Codes of failures that say nothing of the study.
INTERNAL = "internal"
WORKER_LOST = "worker_lost"
#: What a reader is told of them.
MESSAGES = {
    INTERNAL: (
        "The machine failed on this study for a reason of its own. "
        "Retry once; if it fails again, read it by hand and tell an administrator."
    ),
    WORKER_LOST: (
        "The reading stopped without an answer each time it was tried. "
        "Read the study by hand and tell an administrator."
    ),
}
#: What an administrator is told of the same in shadow mode.
SHADOW_MESSAGES = {
    INTERNAL: "The machine failed on this study in shadow mode for a reason of its own; see the worker's log.",
    WORKER_LOST: "The worker was lost each time it read this study in shadow mode.",
}

#: The doorbell is rung for a job once more after this many seconds: the message may be lost.
RING_AGAIN_SECONDS = 60
#: Jobs that the doorbell is rung for in one tick; those behind them wait in the database for a later one.
RING_AT_MOST = 50
#: Received studies whose headers are read in one tick: the threads that reap lost leases do it too.
ENQUEUE_AT_MOST = 20
#: States in which a person may queue a study, and those in which a study may be read again.
ASK_FROM = (State.RECEIVED, State.DRAFTED, State.FAILED)
READ_AGAIN_FROM = (State.DRAFTED, State.FAILED, *WITH_A_READER)

# --- into the queue -----------------------------------------------------------------------------


def ask(study: Study) -> None:
    """A person asks the machine to read a study now; the attempts start again from none.

    Raises ForbiddenMove when the study is being read, with a reader or signed.
    """
    with transaction.atomic():
        locked = lock(study.pk)
        if locked.state == State.QUEUED:
            _hurry(locked.running_job)
        elif locked.state in ASK_FROM:
            move(locked, State.QUEUED)
            _add(locked)
        else:  # the table has such moves for a lost lease and for a reader's release, not for a person in a hurry
            raise ForbiddenMove(f"{locked.state} -> {State.QUEUED.value}, by a person")
    study.refresh_from_db()


def read_again(study: Study, by: User, request: HttpRequest | None = None) -> ReadingJob:
    """A person has a study read once more, also in review and after signing; gives the job.

    With a reader the study stays as it is, and so does everything that was read and written: the newer reading
    stands beside it when it is done. A job that waits or runs already is the one that is given.
    Raises ForbiddenMove for a study that still waits for its images or its first reading.
    """
    with transaction.atomic():
        locked = lock(study.pk)
        if locked.state not in READ_AGAIN_FROM:
            raise ForbiddenMove(f"{locked.state} is no state to read a study again in")
        job = locked.running_job
        if job is None:
            if locked.state not in WITH_A_READER:
                move(locked, State.QUEUED)
            job = _add(locked)
        else:
            _hurry(job)
        audit.record(by, "queue", study=study, request=request, purpose=job.purpose)
    study.refresh_from_db()
    return job


def images_arrived(study: Study) -> None:
    """Late images of a drafted or failed study: read it again when they have all come."""
    now = timezone.now()
    move(study, State.QUEUED, last_instance_at=now)
    _add(study, not_before=_quiet_from(now))


def wait_for_quiet(study: Study) -> None:
    """Images of a study that is queued already. One that a person asked for still goes at once."""
    now = timezone.now()
    Study.objects.filter(pk=study.pk).update(last_instance_at=now)
    waiting = study.reading_jobs.for_readers().filter(state=JobState.WAITING, not_before__isnull=False)
    waiting.update(not_before=_quiet_from(now))


def count_late(study: Study) -> None:
    """An image for a study that is being read, reviewed or signed: nothing is moved, only counted."""
    Study.objects.filter(pk=study.pk).update(late_images=F("late_images") + 1, last_instance_at=timezone.now())


def enqueue_quiet_studies() -> int:
    """Queue the received studies that no image came for in a while, the oldest first; fail those that cannot be read.

    At most ENQUEUE_AT_MOST at a time; the others wait for the next tick.
    """
    quiet = timezone.now() - timedelta(seconds=settings.QUIET_SECONDS)
    received = Study.objects.filter(state=State.RECEIVED, last_instance_at__lte=quiet).order_by("received_at", "pk")
    moved = 0
    for study in received[:ENQUEUE_AT_MOST]:
        try:
            _enqueue(study)
            moved += 1
        except LostRace:
            continue  # another tick, a person or a new image was faster
    return moved + _queue_late()


def _queue_late() -> int:
    """A reader gave a study back that images had come for meanwhile: the machine reads it again."""
    moved = 0
    for study in Study.objects.filter(state__in=(State.DRAFTED, State.FAILED), late_images__gt=0):
        job = study.latest_job
        if job is not None and _saw_all(study, job):
            Study.objects.filter(pk=study.pk, last_instance_at=study.last_instance_at).update(late_images=0)
            continue
        try:
            with transaction.atomic():
                move(study, State.QUEUED, late_images=0)
                _add(study)
            moved += 1
        except LostRace:
            continue
    return moved


def _saw_all(study: Study, job: ReadingJob) -> bool:
    """Whether the machine began to read after the last image had come, perhaps during a review."""
    return job.started_at is not None and job.started_at > study.last_instance_at


def _enqueue(study: Study) -> None:
    from inference.images.choice import choose_series
    from inference.images.headers import read_headers

    where = {"last_instance_at": study.last_instance_at}
    try:
        choose_series(read_headers(paths_of(study)))
    except StudyError as error:
        _refuse(study, where, error.code, error.message)
    except Exception:
        log.exception("the series of study %s could not be chosen", study.pk)
        _refuse(study, where, INTERNAL, MESSAGES[INTERNAL])
    else:
        with transaction.atomic():
            move(study, State.QUEUED, where=where)
            _add(study)


def _refuse(study: Study, where: dict[str, Any], code: str, message: str) -> None:
    """Fail a study before any worker had it."""
    with transaction.atomic():
        move(study, State.FAILED, where=where)
        failure = {"failure_code": code, "failure_message": message}
        ReadingJob.objects.create(
            study=study, purpose=Purpose.FIRST, state=JobState.FAILED, finished_at=timezone.now(), **failure
        )


def _add(study: Study, not_before: datetime | None = None) -> ReadingJob:
    purpose = Purpose.FIRST if study.latest_reading is None else Purpose.AGAIN
    return ReadingJob.objects.create(study=study, purpose=purpose, not_before=not_before)


def _hurry(job: ReadingJob | None) -> None:
    """A waiting job goes at once, its attempts start again; one that a worker has just taken is left alone."""
    if job is not None:
        waiting = ReadingJob.objects.filter(pk=job.pk, state=JobState.WAITING)
        waiting.update(not_before=None, rung_at=None, attempt=0)


def _quiet_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.QUIET_SECONDS)


def paths_of(study: Study) -> list[Any]:
    """The study's files, in a fixed order."""
    stored = Instance.objects.filter(series__study=study).order_by("sop_instance_uid")
    return [storage.local_file(path) for path in stored.values_list("path", flat=True)]


# --- the doorbell -------------------------------------------------------------------------------


def ready(purpose: Purpose) -> QuerySet[ReadingJob]:
    """Jobs of this purpose that a worker may take, those that wait longest first.

    A shadow that was stopped leaves its jobs behind: they are not taken.
    """
    due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
    waiting = ReadingJob.objects.filter(due, purpose=purpose, state=JobState.WAITING)
    if purpose == Purpose.SHADOW:
        version = {key: OuterRef(key) for key in ("name", "version", "sha256")}
        waiting = waiting.filter(Exists(ModelChoice.objects.filter(role=ModelChoice.Role.SHADOW, **version)))
    return waiting.order_by("state_changed_at", "pk")


def is_free() -> bool:
    """Whether no study waits for a worker or is with one, for a reader: only then goes shadow mode on."""
    running = ReadingJob.objects.for_readers().filter(state=JobState.RUNNING)
    return not (ready(Purpose.FIRST).exists() or ready(Purpose.AGAIN).exists() or running.exists())


def to_ring_for() -> Iterator[uuid.UUID]:
    """Ready jobs that no worker was notified of lately, the most urgent first, each marked as notified."""
    now = timezone.now()
    stale = Q(rung_at__isnull=True) | Q(rung_at__lte=now - timedelta(seconds=RING_AGAIN_SECONDS))
    front = [
        pk for one in (Purpose.FIRST, Purpose.AGAIN) for pk in ready(one).values_list("pk", flat=True)[:RING_AT_MOST]
    ]
    silent = set(ReadingJob.objects.filter(stale, pk__in=front[:RING_AT_MOST]).values_list("pk", flat=True))
    for job_id in front[:RING_AT_MOST]:
        still = ReadingJob.objects.filter(stale, pk=job_id, state=JobState.WAITING)
        if job_id in silent and still.update(rung_at=now):
            yield job_id


# --- the study's state --------------------------------------------------------------------------


def lock(study_id: uuid.UUID) -> Study:
    """The study's row, locked until the transaction ends."""
    return Study.objects.select_for_update().get(pk=study_id)


def follow(study: Study, job: ReadingJob) -> None:
    """Let the study's state follow the job, unless a reader has the study; images come late from now on."""
    if job.purpose == Purpose.SHADOW or study.state in WITH_A_READER:
        return
    move(study, SUMMARY[job.state], late_images=0)


def follow_end(study: Study, job: ReadingJob) -> None:
    """As `follow`; images that came while the study was read are worth another reading."""
    late = study.late_images > 0 and not _saw_all(study, job)
    follow(study, job)
    if late and job.purpose != Purpose.SHADOW and study.state not in WITH_A_READER:
        images_arrived(study)


def state_without_reader(study: Study) -> State:
    """Where a study belongs that its reader hands back: where the newest job stands.

    Call it in the transaction that moves the study: it locks the study's row, which the job's end waits for.
    """
    job = lock(study.pk).latest_job
    return State.FAILED if job is None else SUMMARY[job.state]


def failed_with(code: str) -> QuerySet[Study]:
    """Failed studies whose newest job failed for this reason."""
    newest = ReadingJob.objects.for_readers().filter(study=OuterRef("pk")).order_by("-created_at")
    failed = Study.objects.filter(state=State.FAILED)
    return failed.alias(newest_failure=Subquery(newest.values("failure_code")[:1])).filter(newest_failure=code)


def forget_readings(study: Study) -> None:
    """Delete the rows of all jobs and readings of a study; their files are the caller's matter.

    A worker that has one of the jobs loses its lease with it, and writes nothing.
    """
    readings = MachineReading.objects.filter(study=study)
    shadow = ReadingJob.objects.filter(study=study, purpose=Purpose.SHADOW)
    # What is compared goes before what it is compared with, a reading before its job.
    readings.filter(job__in=shadow).delete()
    shadow.delete()
    readings.delete()
    ReadingJob.objects.filter(study=study).delete()
