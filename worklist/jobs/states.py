"""The states of a study and of a reading job, as tables; a move that is not in its table raises.

The database row is the truth. A move is one conditional UPDATE (compare and
swap on the state), so of two processes that try the same move one wins and
the other gets `LostRace`.

A job's state is the machine's work. A study's state is the summary that the
listing shows: it follows the newest job until a reader takes the study.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class State(models.TextChoices):
    """Of a study."""

    RECEIVED = "received", "Received"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Reading"
    DRAFTED = "drafted", "Drafted"
    FAILED = "failed", "Failed"
    IN_REVIEW = "in_review", "In review"
    SIGNED = "signed", "Signed"
    AMENDED = "amended", "Amended"


class Purpose(models.TextChoices):
    """What a study is read for, the most urgent first."""

    FIRST = "first", "First reading"
    AGAIN = "again", "Reading again"
    SHADOW = "shadow", "Shadow mode"


class JobState(models.TextChoices):
    """Of a reading job."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Reading"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


#: (from, to): when. Nothing leads from the machine's states to SIGNED.
MOVES: dict[tuple[State, State], str] = {
    (State.RECEIVED, State.QUEUED): "quiet long enough with a usable sagittal series, or a person asks",
    (State.RECEIVED, State.FAILED): "no usable series",
    (State.QUEUED, State.RUNNING): "a worker takes the lease",
    (State.RUNNING, State.QUEUED): "the lease was lost and an attempt is left",
    (State.RUNNING, State.DRAFTED): "the reading is stored",
    (State.RUNNING, State.FAILED): "a named error, or no attempt left",
    (State.FAILED, State.QUEUED): "a person asks, or the missing images arrived",
    (State.FAILED, State.IN_REVIEW): "a reader reads it by hand",
    (State.DRAFTED, State.IN_REVIEW): "a reader claims it",
    (State.DRAFTED, State.QUEUED): "late images, or a person asks",
    (State.IN_REVIEW, State.DRAFTED): "the reader releases it",
    (State.IN_REVIEW, State.FAILED): "the reader releases a study that the machine could not read",
    (State.IN_REVIEW, State.QUEUED): "the reader releases a study that waits to be read again",
    (State.IN_REVIEW, State.RUNNING): "the reader releases a study that is being read again",
    (State.IN_REVIEW, State.SIGNED): "the reader signs",
    (State.SIGNED, State.AMENDED): "the reader signs an amendment",
    (State.AMENDED, State.AMENDED): "another amendment",
}

JOB_MOVES: dict[tuple[JobState, JobState], str] = {
    (JobState.WAITING, JobState.RUNNING): "a worker takes the lease",
    (JobState.RUNNING, JobState.WAITING): "the lease was lost or the work failed, with an attempt left; or it gave way",
    (JobState.RUNNING, JobState.DONE): "the reading is stored",
    (JobState.RUNNING, JobState.FAILED): "a named error, or no attempt left",
}

#: A reader has the study, or has signed it: the machine's work moves nothing.
WITH_A_READER = (State.IN_REVIEW, State.SIGNED, State.AMENDED)

#: What the listing shows of a study by the state of its newest job for readers.
SUMMARY: dict[str, State] = {
    JobState.WAITING: State.QUEUED,
    JobState.RUNNING: State.RUNNING,
    JobState.DONE: State.DRAFTED,
    JobState.FAILED: State.FAILED,
}


class ForbiddenMove(Exception):
    """The table has no such move: a bug in the caller."""


class LostRace(Exception):
    """Another process moved the row first; look again before acting."""


def move(row: Any, to: State | JobState, **changes: Any) -> None:
    """Move a study or a job to `to` and set `changes` in the same UPDATE; refreshes `row`.

    Raises ForbiddenMove when the row's table lacks the move, LostRace when the
    row is no longer in the state that it was read with. The keyword `where`
    adds conditions to the UPDATE (for a lease, say).
    """
    if (row.state, to) not in row.MOVES:
        raise ForbiddenMove(f"{row.state} -> {to.value}")
    where = changes.pop("where", {})
    won = (
        type(row)
        .objects.filter(pk=row.pk, state=row.state, **where)
        .update(state=to, state_changed_at=timezone.now(), **changes)
    )
    if not won:
        raise LostRace(f"{row.state} -> {to.value}")
    row.refresh_from_db()
