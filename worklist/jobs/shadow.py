"""Shadow mode: a second version of a model reads the same studies once more, for administrators to compare.

Each reading for readers leaves a job for each version that reads in shadow
mode (`leases.finish`). It goes through the same queue, after every other job,
and gives way to one that comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from worklist.jobs import queue
from worklist.jobs.states import JobState, Purpose
from worklist.models import ModelChoice, ReadingJob

#: Seconds between two looks at whether a reading must give way.
LOOK_SECONDS = 1.0

Progress = Callable[[str, float], None]


class GaveWay(Exception):
    """A study waits for its reader, or shadow mode was stopped."""


def due() -> bool:
    """Whether there is something to read in shadow mode now."""
    return queue.ready(Purpose.SHADOW).exists() and queue.is_free()


def waiting(name: str, version: str) -> int:
    """How many readings this version has still to read; none when it does not read in shadow mode."""
    return queue.ready(Purpose.SHADOW).filter(name=name, version=version).count()


def forget(name: str) -> None:
    """Drop the jobs of this model that no worker has: shadow mode begins with what is read from now on."""
    ReadingJob.objects.filter(purpose=Purpose.SHADOW, state=JobState.WAITING, name=name).delete()


def giving_way(job: ReadingJob, progress: Progress) -> Progress:
    """`progress` for a job of shadow mode, which raises GaveWay between two steps when the job must give way."""
    looked = float("-inf")

    def watch(step: str, share: float) -> None:
        nonlocal looked
        progress(step, share)
        if time.monotonic() < looked + LOOK_SECONDS:
            return
        looked = time.monotonic()
        chosen = ModelChoice.objects.filter(
            role=ModelChoice.Role.SHADOW, name=job.name, version=job.version, sha256=job.sha256
        )
        if not (chosen.exists() and queue.is_free()):
            raise GaveWay

    return watch
