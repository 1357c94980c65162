"""A second version of a model reads the same studies in the shade, for administrators to compare.

What is to be read follows from the database alone: every machine reading since
the shadow was started that it has not read yet. The first reading knows
nothing of it. The shadow reads only while no study waits or is being read,
and gives way to one that comes.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inference.errors import StudyError
from worklist.jobs import queue
from worklist.jobs.states import State as StudyState
from worklist.models import MachineReading, ModelChoice, ShadowReading, Study
from worklist.versions import choices, comparison
from worklist.versions.choices import Role

State = ShadowReading.State
ENDED = (State.DONE, State.FAILED)
#: A shadow reading whose worker told nothing for this long was lost with its worker.
LEASE_SECONDS = 600
#: How often a reading looks whether it must give way.
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class GaveWay(Exception):
    """A study waits for its first reading, or the shadow was stopped."""


def is_free() -> bool:
    """Whether no study waits for a worker or is with one."""
    return not (queue.ready(timezone.now()).exists() or Study.objects.filter(state=StudyState.RUNNING).exists())


def due() -> bool:
    """Whether there is something to read in the shade now."""
    shades = list(ModelChoice.objects.filter(role=Role.SHADOW))
    return any(_unread(shade).exists() for shade in shades) and is_free()


def waiting(name: str, version: str) -> int:
    """How many readings this version has still to read; none when it does not read in the shade."""
    shade = ModelChoice.objects.filter(name=name, version=version, role=Role.SHADOW).first()
    return _unread(shade).count() if shade else 0


def _unread(shade: ModelChoice) -> QuerySet[MachineReading]:
    """The first readings that this shadow has still to read, oldest first."""
    of_shade = ShadowReading.objects.filter(name=shade.name, version=shade.version, sha256=shade.sha256)
    running = Q(state=State.RUNNING, lease_expires_at__gte=timezone.now())
    settled = of_shade.filter(running | Q(state__in=ENDED))
    since = MachineReading.objects.filter(created_at__gte=shade.chosen_at)
    return since.exclude(pk__in=settled.values("first")).order_by("created_at", "pk")


def read_next() -> None:
    """Read one study in the shade, if there is one and no study waits for its first reading."""
    if not is_free():
        return
    for shade in ModelChoice.objects.filter(role=Role.SHADOW).order_by("name"):
        first = _unread(shade).first()
        if first is not None:
            taken = _take(shade, first)
            if taken is not None:
                _read(shade, taken)
            return


def _take(shade: ModelChoice, first: MachineReading) -> ShadowReading | None:
    """The row of this reading, leased and the attempt counted; None when another has it or no attempt is left."""
    row, _ = ShadowReading.objects.get_or_create(
        first=first, name=shade.name, version=shade.version, sha256=shade.sha256
    )
    lost = Q(state=State.RUNNING, lease_expires_at__lt=timezone.now())
    free = ShadowReading.objects.filter(Q(state=State.WAITING) | lost, pk=row.pk, attempt=row.attempt)
    if row.attempt >= settings.MAX_ATTEMPTS:
        message = "The worker was lost each time it read this study in the shade."
        free.update(
            state=State.FAILED, failure_code=queue.WORKER_LOST, failure_message=message, finished_at=timezone.now()
        )
        return None
    token = uuid.uuid4()
    if not free.update(state=State.RUNNING, lease=token, lease_expires_at=_expiry(), attempt=F("attempt") + 1):
        return None
    row.refresh_from_db()
    return row


def _read(shade: ModelChoice, row: ShadowReading) -> None:
    from inference import pipeline
    from inference.result import record  # torch: in the worker only

    held = ShadowReading.objects.filter(pk=row.pk, lease=row.lease, state=State.RUNNING)
    started = time.monotonic()
    try:
        networks = choices.shadow_networks(shade, settings.INFERENCE_DEVICE)
        paths = queue.paths_of(row.first.study)
        result = pipeline.read_study(paths, networks, Watch(shade, held).progress)
        reading = record.to_dict(result.reading)
        kept = {"reading": reading, "comparison": comparison.compare(row.first.reading, reading)}
        _end(held, State.DONE, seconds=time.monotonic() - started, **kept)
    except GaveWay:
        held.update(state=State.WAITING, lease=None, attempt=F("attempt") - 1)
    except StudyError as error:
        _end(held, State.FAILED, failure_code=error.code, failure_message=error.message)
    except Exception:
        log.exception("attempt %d at reading %d in the shade failed", row.attempt, row.pk)
        if row.attempt < settings.MAX_ATTEMPTS:
            held.update(state=State.WAITING, lease=None)
        else:
            message = "The machine failed on this study in the shade for a reason of its own; see the worker's log."
            _end(held, State.FAILED, failure_code=queue.INTERNAL, failure_message=message)


def _end(held: QuerySet[ShadowReading], state: str, **values: Any) -> None:
    """Nothing is kept of a reading whose lease went to another meanwhile."""
    held.update(state=state, lease=None, lease_expires_at=None, finished_at=timezone.now(), **values)


def _expiry() -> Any:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)


class Watch:
    """Renews the lease while a reading goes on, and stops it when it must give way."""

    def __init__(self, shade: ModelChoice, held: QuerySet[ShadowReading]) -> None:
        self._shade, self._held = shade, held
        self._looked = 0.0

    def progress(self, _step: str, _share: float) -> None:
        """Called by the work between its steps. Raises GaveWay."""
        if time.monotonic() < self._looked + LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        still = ModelChoice.objects.filter(pk=self._shade.pk, sha256=self._shade.sha256).exists()
        if not (still and is_free() and self._held.update(lease_expires_at=_expiry())):
            raise GaveWay
