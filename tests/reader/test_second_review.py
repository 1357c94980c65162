"""A second reader reads a study that another one holds, in a review of their own that is never signed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from reader.models import Review, SignedReport
from tests.reader.factories import Desk, read_by_machine
from worklist.jobs.states import State
from worklist.models import Study

SECOND = Review.Purpose.SECOND


@pytest.fixture
def second(desk: Desk, study: Study, second_reader: Any, as_user: Any) -> Desk:
    """The second reader's tab, beside the desk of the reader who holds the study."""
    other = Desk(as_user(second_reader), study)
    assert other.post("second/start/").status_code == 200
    return other


def test_a_second_review_has_the_machines_grades_and_a_text_of_its_own(desk: Desk, second: Desk) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    second.look()
    assert (second.state["purpose"], second.state["may_write"]) == ("second", True)
    assert second.grade("L4-L5", "canal")["grade"] == "mild"
    second.post("findings/L4-L5/canal/", grade="moderate")
    second.post("draft/", text="The second reader's own words.")
    desk.look()
    assert desk.grade("L4-L5", "canal")["grade"] == "severe"
    assert "Severe stenosis" in desk.state["text"]
    assert second.look()["text"] == "The second reader's own words."


def test_a_second_review_moves_neither_the_study_nor_its_reader(desk: Desk, second: Desk, reader: Any) -> None:
    second.post("findings/L4-L5/canal/", grade="severe")
    second.confirm_all()
    second.post("second/close/")
    desk.study.refresh_from_db()
    assert (desk.study.state, desk.study.claimed_by) == (State.IN_REVIEW, reader)
    assert desk.look()["may_write"]


def test_a_second_review_is_not_signed(second: Desk) -> None:
    second.confirm_all()
    refused = second.post("sign/")
    assert refused.status_code == 409
    assert "second review is not signed" in refused.json()["message"]
    assert not SignedReport.objects.exists()


@pytest.mark.parametrize("path", ["release/", "amend/"])
def test_a_second_reader_can_neither_release_nor_amend_the_study(second: Desk, path: str) -> None:
    assert second.post(path, reason="Because of it.").status_code == 409
    second.study.refresh_from_db()
    assert second.study.state == State.IN_REVIEW


def test_a_signature_closes_the_second_review_and_tells_its_reader(desk: Desk, second: Desk) -> None:
    second.post("findings/L4-L5/canal/", grade="severe")
    desk.confirm_all().sign()
    late = second.post("findings/L4-L5/canal/", grade="mild")
    assert late.status_code == 409
    second.look()
    assert (second.state["purpose"], second.state["may_write"]) == ("primary", False)
    assert second.state["second_review"] == {"state": "closed", "signed_by": "reader"}
    review = Review.objects.get(purpose=SECOND)
    assert (review.state, review.findings.get(level="L4-L5", site="canal").grade) == ("closed", "severe")


def test_a_closed_second_review_can_be_read_by_its_reader_alone(desk: Desk, second: Desk) -> None:
    second.post("findings/L4-L5/canal/", grade="severe")
    second.post("draft/", text="The second reader's own words.")
    desk.confirm_all().sign()
    page = second.client.get(f"{second.base}second/")
    assert page.status_code == 200
    assert "The second reader&#x27;s own words." in page.content.decode()
    assert "severe" in page.content.decode()
    assert desk.client.get(f"{desk.base}second/").status_code == 404


def test_a_second_review_closed_by_its_reader_takes_no_changes_and_can_be_gone_on_with(second: Desk) -> None:
    second.post("findings/L4-L5/canal/", grade="severe")
    seen = {"review": second.state["review"], "version": second.state["version"] + 1}
    assert second.post("second/close/").status_code == 200
    assert second.state["second_review"] == {"state": "closed", "signed_by": None}
    assert second.post("findings/L4-L5/canal/", grade="mild", **seen).status_code == 409
    assert second.post("second/start/").status_code == 200
    assert second.grade("L4-L5", "canal")["grade"] == "severe"
    assert second.post("findings/L4-L5/canal/", grade="mild").status_code == 200
    assert Review.objects.filter(purpose=SECOND).count() == 1


def test_nobody_writes_in_another_readers_second_review(desk: Desk, second: Desk) -> None:
    theirs = {"review": second.state["review"], "version": second.state["version"]}
    refused = desk.post("findings/L4-L5/canal/", grade="severe", **theirs)
    assert refused.status_code == 409
    assert "another reader's second review" in refused.json()["message"]
    assert second.look()
    assert second.grade("L4-L5", "canal")["grade"] == "mild"


def test_a_second_readers_stale_tab_never_writes_in_the_primary_review(desk: Desk, second: Desk) -> None:
    """Both reviews may stand at the same version; a write names the review that it saw."""
    Review.objects.update(version=7)
    second.look()
    stale = {"review": second.state["review"], "version": 7}
    assert second.post("take-over/").status_code == 200
    Review.objects.update(version=7)
    assert second.post("findings/L4-L5/canal/", grade="severe", **stale).status_code == 409
    assert second.look()
    assert second.grade("L4-L5", "canal")["grade"] == "mild"


def test_taking_the_study_over_closes_ones_own_second_review(desk: Desk, second: Desk, second_reader: Any) -> None:
    assert second.post("take-over/").status_code == 200
    assert (second.state["purpose"], second.state["mine"]) == ("primary", True)
    assert Review.objects.get(purpose=SECOND).state == Review.State.CLOSED
    assert Review.objects.get(purpose="primary").reader == second_reader


def test_the_reader_who_holds_the_study_needs_no_second_review(desk: Desk) -> None:
    refused = desk.post("second/start/")
    assert refused.status_code == 409
    assert "already" in refused.json()["message"]


@pytest.mark.parametrize("state", [State.DRAFTED, State.QUEUED, State.SIGNED])
def test_a_second_review_starts_beside_a_study_in_review_only(
    study: Study, second_reader: Any, as_user: Any, state: State
) -> None:
    Study.objects.filter(pk=study.pk).update(state=state)
    assert Desk(as_user(second_reader), study).post("second/start/").status_code == 409
    assert not Review.objects.filter(purpose=SECOND).exists()


def test_the_audit_trail_says_of_a_second_review_that_it_is_one(second: Desk, second_reader: Any) -> None:
    second.post("findings/L4-L5/canal/", grade="severe")
    second.post("findings/L4-L5/confirm/")
    second.post("draft/", text="Mine.")
    second.post("second/close/")
    events = AuditEvent.objects.filter(
        actor=second_reader, action__in=("claim", "change", "confirm", "edit_draft", "release")
    )
    assert {event.action for event in events} == {"claim", "change", "confirm", "edit_draft", "release"}
    assert all(event.detail["second_review"] is True for event in events)


def test_the_readers_own_events_do_not_say_second_review(desk: Desk, reader: Any) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    assert "second_review" not in AuditEvent.objects.get(actor=reader, action="change").detail


def test_the_database_holds_one_primary_review_for_each_study(desk: Desk, study: Study) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(study=study)


def test_the_database_holds_one_second_review_for_each_reader(second: Desk, study: Study, second_reader: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(study=study, purpose=SECOND, reader=second_reader)


def test_a_second_reader_is_offered_a_newer_reading_too(second: Desk, study: Study) -> None:
    newer = read_by_machine(study)
    assert second.look()["newer_reading"]["id"] == newer.pk
    assert second.post("newer-reading/", reading=newer.pk).status_code == 200
    assert second.grade("L4-L5", "canal")["machine_grade"] == "normal"
