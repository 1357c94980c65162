"""The states of a study are a table; a person signs, never the machine."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.patience import at_once
from tests.worklist.factories import in_state, received_study
from worklist.jobs.states import MOVES, ForbiddenMove, LostRace, State, move
from worklist.models import Study

MACHINE = (State.RECEIVED, State.QUEUED, State.RUNNING, State.DRAFTED, State.FAILED)
DONE = (State.SIGNED, State.AMENDED)


@given(st.lists(st.sampled_from(list(State)), min_size=1, max_size=12), st.sampled_from(MACHINE))
def test_no_walk_from_the_machine_is_signed_without_a_review(steps: list[State], start: State) -> None:
    walked = [start]
    for step in steps:
        if (walked[-1], step) in MOVES:
            walked.append(step)
    for before, after in pairwise(walked):
        if after in DONE:
            assert before in (State.IN_REVIEW, *DONE)


def test_signed_can_only_be_left_by_an_amendment() -> None:
    assert {after for before, after in MOVES if before in DONE} == {State.AMENDED}


def test_every_state_can_be_reached() -> None:
    reached = {State.RECEIVED}
    while more := {after for before, after in MOVES if before in reached} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.django_db
@pytest.mark.parametrize("start", list(State))
@pytest.mark.parametrize("end", list(State))
def test_a_move_that_is_not_in_the_table_raises_and_changes_nothing(start: State, end: State) -> None:
    study = in_state(start.value)
    if (start, end) in MOVES:
        move(study, end)
        assert study.state == end
        return
    with pytest.raises(ForbiddenMove):
        move(study, end)
    assert Study.objects.get().state == start


@pytest.mark.django_db
def test_a_study_that_moved_meanwhile_is_a_lost_race() -> None:
    study = received_study()
    Study.objects.update(state=State.QUEUED)
    with pytest.raises(LostRace):
        move(study, State.FAILED)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_move_at_once_one_wins() -> None:
    study = in_state("drafted")
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def claim() -> None:
        mine = Study.objects.get(pk=study.pk)
        start.wait()
        try:
            move(mine, State.IN_REVIEW)
            outcomes.append("won")
        except LostRace:
            outcomes.append("lost")
        connection.close()

    at_once([claim] * 6)
    assert sorted(outcomes) == ["lost"] * 5 + ["won"]
