"""The queue of record: who waits, who is being read and by whom, all in the study's row.

A broker message is only a doorbell. It may be lost, come twice or come late:
a worker takes a study by one conditional UPDATE, counts the attempt before the
work, and holds it by a lease that it must renew. Whoever lost the lease can no
longer write anything.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from inference.errors import StudyError
from worklist import storage
from worklist.jobs.states import ForbiddenMove, LostRace, State, move
from worklist.models import Instance, MachineReading, ShadowReading, Study

log = logging.getLogger(__name__)

INTERNAL = "internal"
INTERNAL_MESSAGE = (
    "The machine failed on this study for a reason of its own. "
    "Queue it again once; if it fails again, read it by hand and tell an administrator."
)
WORKER_LOST = "worker_lost"
WORKER_LOST_MESSAGE = (
    "The reading stopped without an answer each time it was tried. Read the study by hand and tell an administrator."
)

#: A study whose bell was rung is rung for again after this long: the message may be lost.
RING_AGAIN_SECONDS = 60
#: Bells rung at once; those behind them wait in the database for a later tick.
RING_AT_MOST = 50
#: Received studies whose headers are read in one tick: the threads that reap lost leases do it too.
ENQUEUE_AT_MOST = 20
#: The pause before an attempt after an unexpected error, times the attempts made.
RETRY_SECONDS = 5

_CLEAN: dict[str, Any] = {
    "attempt": 0,
    "lease": None,
    "lease_expires_at": None,
    "step": "",
    "step_share": 0.0,
    "rung_at": None,
    "failure_code": "",
    "failure_message": "",
}
_LET_GO: dict[str, Any] = {"lease": None, "lease_expires_at": None, "step": "", "step_share": 0.0, "rung_at": None}


class LeaseLost(Exception):
    """The study was given to someone else; stop and write nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to read one study, until it expires."""

    study_id: uuid.UUID
    token: uuid.UUID
    attempt: int

    @property
    def rows(self) -> Any:
        """The study's row as long as this lease is the one it names."""
        return Study.objects.filter(pk=self.study_id, state=State.RUNNING, lease=self.token)


# --- into the queue -----------------------------------------------------------------------------


def ask(study: Study) -> None:
    """A person asks the machine to read a study now; the attempts start again from none.

    Raises ForbiddenMove when the study is being read, with a reader or signed, LostRace when it moved meanwhile.
    """
    if study.state == State.QUEUED:
        Study.objects.filter(pk=study.pk, state=State.QUEUED).update(not_before=None, rung_at=None, attempt=0)
        study.refresh_from_db()
        return
    if study.state == State.RUNNING:  # in the table for a lost lease, not for a person in a hurry
        raise ForbiddenMove("running -> queued, asked by a person")
    move(study, State.QUEUED, **_CLEAN, not_before=None)


def images_arrived(study: Study) -> None:
    """Late images of a drafted or failed study: read it again when they have all come."""
    now = timezone.now()
    move(study, State.QUEUED, **_CLEAN, not_before=_quiet_from(now), last_instance_at=now)


def wait_for_quiet(study: Study) -> None:
    """Images of a study that is queued already. One that a person asked for still goes at once."""
    now = timezone.now()
    waiting = Study.objects.filter(pk=study.pk)
    waiting.update(last_instance_at=now)
    waiting.filter(not_before__isnull=False).update(not_before=_quiet_from(now))


def _quiet_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.QUIET_SECONDS)


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
        try:
            move(study, State.QUEUED, **_CLEAN, not_before=None, late_images=0)
            moved += 1
        except LostRace:
            continue
    return moved


def _enqueue(study: Study) -> None:
    from inference.images.choice import choose_series
    from inference.images.headers import read_headers

    where = {"last_instance_at": study.last_instance_at}
    try:
        choose_series(read_headers(paths_of(study)))
    except StudyError as error:
        move(study, State.FAILED, where=where, failure_code=error.code, failure_message=error.message)
    except Exception:
        log.exception("the series of study %s could not be chosen", study.pk)
        move(study, State.FAILED, where=where, failure_code=INTERNAL, failure_message=INTERNAL_MESSAGE)
    else:
        move(study, State.QUEUED, where=where, **_CLEAN, not_before=None)


def paths_of(study: Study) -> list[Any]:
    """The study's files, in a fixed order."""
    stored = Instance.objects.filter(series__study=study).order_by("sop_instance_uid")
    return [storage.local_file(path) for path in stored.values_list("path", flat=True)]


# --- the doorbell -------------------------------------------------------------------------------


def ready(now: datetime) -> Any:
    """Studies that a worker may take."""
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return Study.objects.filter(due, state=State.QUEUED).order_by("state_changed_at", "pk")


def to_ring_for() -> Iterator[uuid.UUID]:
    """Ready studies that no worker was told of lately, oldest first, each marked as told."""
    now = timezone.now()
    stale = now - timedelta(seconds=RING_AGAIN_SECONDS)
    told = Q(rung_at__isnull=True) | Q(rung_at__lte=stale)
    front = list(ready(now).values_list("pk", flat=True)[:RING_AT_MOST])
    for study_id in (
        Study.objects.filter(told, pk__in=front).order_by("state_changed_at", "pk").values_list("pk", flat=True)
    ):
        if Study.objects.filter(told, pk=study_id, state=State.QUEUED).update(rung_at=now):
            yield study_id


# --- a worker's lease ---------------------------------------------------------------------------


def take(study_id: uuid.UUID) -> Lease | None:
    """Take a study to read; None when it is not there to be taken.

    The attempt is counted in the same UPDATE: a study that kills its worker
    cannot be tried for ever.
    """
    study = ready(timezone.now()).filter(pk=study_id).first()
    if study is None:
        return None
    lease = Lease(study.pk, uuid.uuid4(), study.attempt + 1)
    try:
        move(
            study,
            State.RUNNING,
            where={"attempt": study.attempt, "not_before": study.not_before},
            attempt=lease.attempt,
            lease=lease.token,
            lease_expires_at=_expiry(),
            step="starting",
            step_share=0.0,
            late_images=0,
        )
    except LostRace:
        return None
    return lease


def renew(lease: Lease, step: str, share: float) -> None:
    """Say that the worker lives and how far it is. Raises LeaseLost."""
    if not lease.rows.update(lease_expires_at=_expiry(), step=step[:20], step_share=min(max(share, 0.0), 1.0)):
        raise LeaseLost


def _expiry() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def finish(lease: Lease, reading: dict[str, Any], folder: str, seconds: float) -> MachineReading:
    """Store the reading and move to drafted, in one transaction. Raises LeaseLost; then nothing was stored."""
    with transaction.atomic():
        study = _held(lease)
        made = MachineReading.objects.create(
            study=study, attempt=lease.attempt, reading=reading, folder=folder, seconds=seconds
        )
        late = study.late_images
        _move_held(study, lease, State.DRAFTED, **_LET_GO, failure_code="", failure_message="", late_images=0)
        if late:  # images came while it was read: the reading stands, and a newer one will follow
            images_arrived(study)
        return made


def fail(lease: Lease, error: StudyError) -> None:
    """A named error: the reader can act, trying again would not help. Raises LeaseLost."""
    with transaction.atomic():
        _give_up(_held(lease), {"lease": lease.token}, error.code, error.message)


def try_again(lease: Lease) -> None:
    """An unexpected error: queue again after a pause, or fail loudly when no attempt is left. Raises LeaseLost."""
    with transaction.atomic():
        study = _held(lease)
        if lease.attempt < settings.MAX_ATTEMPTS:
            pause = timezone.now() + timedelta(seconds=RETRY_SECONDS * lease.attempt)
            _move_held(study, lease, State.QUEUED, **_LET_GO, not_before=pause)
            return
        log.error("study %s failed after %d attempts", study.pk, lease.attempt)
        _give_up(study, {"lease": lease.token}, INTERNAL, INTERNAL_MESSAGE)


def _give_up(study: Study, where: dict[str, Any], code: str, message: str) -> None:
    """Fail a running study; images that came while it was read are worth another reading. Raises LeaseLost."""
    late = study.late_images
    told = {"failure_code": code, "failure_message": message}
    try:
        move(study, State.FAILED, where=where | {"late_images": late}, **_LET_GO, **told, late_images=0)
    except LostRace as error:
        raise LeaseLost from error
    if late:
        images_arrived(study)


def _held(lease: Lease) -> Study:
    study = lease.rows.select_for_update().first()
    if study is None:
        raise LeaseLost
    return study


def _move_held(study: Study, held: Lease, to: State, /, **changes: Any) -> None:
    try:
        move(study, to, where={"lease": held.token}, **changes)
    except LostRace as error:
        raise LeaseLost from error


def reap_lost_leases() -> int:
    """Queue again, or fail, each study whose worker stopped renewing its lease."""
    lost = Study.objects.filter(state=State.RUNNING, lease_expires_at__lt=timezone.now())
    return sum(_reap(study_id) for study_id in lost.values_list("pk", flat=True))


def _reap(study_id: uuid.UUID) -> bool:
    """Whether the study was still lost under its row's lock; it may have been renewed or finished after all."""
    with transaction.atomic():
        lost = Study.objects.filter(pk=study_id, state=State.RUNNING, lease_expires_at__lt=timezone.now())
        study = lost.select_for_update().first()
        if study is None:
            return False
        log.warning("the worker of study %s was lost in attempt %d", study.pk, study.attempt)
        where = {"lease": study.lease, "lease_expires_at": study.lease_expires_at}
        if study.attempt < settings.MAX_ATTEMPTS:
            move(study, State.QUEUED, where=where, **_LET_GO, not_before=None)
        else:
            _give_up(study, where, WORKER_LOST, WORKER_LOST_MESSAGE)
        return True


def forget_readings(study: Study) -> None:
    """Delete the rows of all readings of a study; their files are the caller's matter."""
    ShadowReading.objects.filter(first__study=study).delete()
    MachineReading.objects.filter(study=study).delete()


def count_late(study: Study) -> None:
    """An image for a study that is being read, reviewed or signed: nothing is moved, only counted."""
    Study.objects.filter(pk=study.pk).update(late_images=F("late_images") + 1, last_instance_at=timezone.now())
