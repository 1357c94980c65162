"""Who holds a study, and who may not write to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.models import AuditEvent
from tests.reader.factories import Desk
from worklist.jobs.states import State
from worklist.models import Study


def test_a_claim_puts_the_study_in_review_and_names_the_reader(desk: Desk, study: Study, reader: Any) -> None:
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == (State.IN_REVIEW, reader)
    assert desk.state["may_write"]
    assert AuditEvent.objects.filter(action="claim", actor=reader, study_id=study.pk).count() == 1


def test_a_second_reader_cannot_claim_or_write(desk: Desk, study: Study, second_reader: Any, as_user: Any) -> None:
    other = Desk(as_user(second_reader), study)
    refused = other.post("claim/")
    assert refused.status_code == 409
    assert "reader is reading this study now" in refused.json()["message"]
    assert other.post("findings/L4-L5/canal/", grade="severe").status_code == 409
    assert desk.look()["findings"] == other.look()["findings"]
    assert not other.state["may_write"]


def test_a_study_taken_over_keeps_the_first_readers_work(
    desk: Desk, study: Study, second_reader: Any, as_user: Any
) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    other = Desk(as_user(second_reader), study)
    assert other.post("take-over/").status_code == 200
    assert other.grade("L4-L5", "canal")["grade"] == "severe"
    late = desk.post("findings/L4-L5/canal/", grade="mild")
    assert late.status_code == 409
    assert "second_reader" in late.json()["message"]
    event = AuditEvent.objects.filter(action="claim", actor=second_reader).get()
    assert event.detail["taken_over_from"] == "reader"


def test_a_released_study_goes_back_drafted_with_its_work(desk: Desk, study: Study, reader: Any) -> None:
    desk.post("findings/L4-L5/confirm/")
    assert desk.post("release/").status_code == 200
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == (State.DRAFTED, None)
    assert desk.claim().grade("L4-L5", "canal")["confirmed_by"] == "reader"


def test_nothing_can_be_written_before_the_claim(study: Study, reader: Any, as_user: Callable[[Any], Any]) -> None:
    tab = Desk(as_user(reader), study)
    answer = tab.post("findings/L4-L5/canal/", grade="severe")
    assert answer.status_code == 409
    assert "Start the review first" in answer.json()["message"]
    assert tab.look()["findings"][0]["confirmed_at"] is None
