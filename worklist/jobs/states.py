"""The states of a study as a table; a move that is not in it raises.

The database row is the truth. A move is one conditional UPDATE (compare and
swap on the state), so of two processes that try the same move one wins and
the other gets `LostRace`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class State(models.TextChoices):
    RECEIVED = "received", "Received"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Reading"
    DRAFTED = "drafted", "Drafted"
    FAILED = "failed", "Failed"
    IN_REVIEW = "in_review", "In review"
    SIGNED = "signed", "Signed"
    AMENDED = "amended", "Amended"


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
    (State.DRAFTED, State.QUEUED): "late images",
    (State.IN_REVIEW, State.DRAFTED): "the reader releases it",
    (State.IN_REVIEW, State.FAILED): "the reader releases a study that the machine could not read",
    (State.IN_REVIEW, State.SIGNED): "the reader signs",
    (State.SIGNED, State.AMENDED): "the reader signs an amendment",
    (State.AMENDED, State.AMENDED): "another amendment",
}


class ForbiddenMove(Exception):
    """The table has no such move: a bug in the caller."""


class LostRace(Exception):
    """Another process moved the study first; look again before acting."""


def move(study: Any, to: State, **changes: Any) -> None:
    """Move `study` to `to` and set `changes` in the same UPDATE; refreshes `study`.

    Raises ForbiddenMove when the table lacks the move, LostRace when the row
    is no longer in the state that `study` was read with. The keyword `where`
    adds conditions to the UPDATE (for a lease, say).
    """
    state = State(study.state)
    if (state, to) not in MOVES:
        raise ForbiddenMove(f"{state.value} -> {to.value}")
    where = changes.pop("where", {})
    won = (
        type(study)
        .objects.filter(pk=study.pk, state=state, **where)
        .update(state=to, state_changed_at=timezone.now(), **changes)
    )
    if not won:
        raise LostRace(f"{state.value} -> {to.value}")
    study.refresh_from_db()
