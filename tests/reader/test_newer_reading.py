"""The machine read a study again while a reader has it, or after the signature: offered, never taken silently."""

from __future__ import annotations

import pytest

from accounts.models import AuditEvent
from inference.types import Grade
from reader.models import Review, SignedReport
from tests.reader.factories import Desk, read_by_machine
from worklist.models import Study


def test_a_newer_reading_is_offered_with_how_many_grades_differ_and_changes_nothing(desk: Desk, study: Study) -> None:
    before = desk.look()
    assert before["newer_reading"] is None
    newer = read_by_machine(study, {"L3-L4": Grade.SEVERE})
    after = desk.look()
    assert (after["newer_reading"]["id"], after["newer_reading"]["differing_grades"]) == (newer.pk, 2)
    assert (after["findings"], after["text"], after["version"]) == (
        *(before["findings"], before["text"]),
        before["version"],
    )


def test_a_newer_reading_that_is_taken_leaves_the_readers_grades_and_text_and_takes_confirmations(
    desk: Desk, study: Study
) -> None:
    desk.post("findings/L2-L3/canal/", grade="moderate")
    desk.post("draft/", text=desk.state["text"] + "Mine.\n")
    desk.confirm_all()
    newer = read_by_machine(study, {"L3-L4": Grade.SEVERE})
    assert desk.post("newer-reading/", reading=newer.pk).status_code == 200
    assert desk.grade("L3-L4", "canal")["grade"] == "severe"
    assert desk.grade("L4-L5", "canal")["grade"] == "normal"
    own = desk.grade("L2-L3", "canal")
    assert (own["grade"], own["machine_grade"], own["changed"]) == ("moderate", "normal", True)
    assert "Mine." in desk.state["text"]
    assert not any(row["confirmed_at"] for row in desk.state["findings"])
    assert desk.state["newer_reading"] is None
    detail = AuditEvent.objects.filter(action="change", study_id=study.pk).latest("pk").detail
    assert detail["reading_after"] == newer.pk


def test_a_report_can_be_signed_without_taking_the_newer_reading(desk: Desk, study: Study) -> None:
    first = Review.objects.get().machine_reading
    desk.confirm_all()
    read_by_machine(study, {"L3-L4": Grade.SEVERE})
    desk.look()
    desk.sign()
    machine = SignedReport.objects.get().read().machine
    assert first is not None
    assert machine is not None
    assert machine.reading == first.pk


def test_a_reading_that_was_replaced_by_a_still_newer_one_is_not_taken(desk: Desk, study: Study) -> None:
    offered = read_by_machine(study, {"L3-L4": Grade.SEVERE})
    desk.look()
    read_by_machine(study)
    answer = desk.post("newer-reading/", reading=offered.pk)
    assert answer.status_code == 409
    assert "once more" in answer.json()["message"]
    assert desk.look()
    assert desk.grade("L4-L5", "canal")["grade"] == "mild"


def test_after_signing_a_newer_reading_is_offered_and_taken_within_an_amendment_only(desk: Desk, study: Study) -> None:
    desk.confirm_all().sign()
    newer = read_by_machine(study, {"L3-L4": Grade.SEVERE})
    desk.look()
    assert desk.state["newer_reading"]["id"] == newer.pk
    refused = desk.post("newer-reading/", reading=newer.pk)
    assert refused.status_code == 409
    assert "Start an amendment" in refused.json()["message"]
    desk.post("amend/start/", amends=1)
    assert desk.grade("L3-L4", "canal")["grade"] == "normal"
    assert desk.post("newer-reading/", reading=newer.pk).status_code == 200
    assert desk.grade("L3-L4", "canal")["grade"] == "severe"


def test_a_discarded_amendment_goes_back_to_the_reading_that_was_signed(desk: Desk, study: Study) -> None:
    first = Review.objects.get().machine_reading
    desk.confirm_all().sign()
    newer = read_by_machine(study, {"L3-L4": Grade.SEVERE})
    desk.post("amend/start/", amends=1)
    desk.post("newer-reading/", reading=newer.pk)
    desk.post("amend/discard/")
    assert Review.objects.get().machine_reading == first
    assert desk.grade("L3-L4", "canal")["grade"] == "normal"
    assert desk.state["newer_reading"]["id"] == newer.pk


@pytest.mark.parametrize("path", ["", "state/"])
def test_looking_at_a_study_that_nobody_holds_takes_the_newest_reading(desk: Desk, study: Study, path: str) -> None:
    """As long as no reader has it, there is nothing of theirs to keep out of the machine's way."""
    desk.post("release/")
    read_by_machine(study, {"L3-L4": Grade.SEVERE})
    desk.client.get(f"{desk.base}{path}")
    assert desk.look()["newer_reading"] is None
    assert desk.grade("L3-L4", "canal")["machine_grade"] == "severe"


def test_a_reader_asks_the_machine_to_read_again_and_keeps_the_study_as_it_is(desk: Desk, study: Study) -> None:
    before = desk.look()
    assert before["machine_at_work"] is False
    assert desk.post("read-again/").status_code == 200
    assert desk.state["machine_at_work"] is True
    assert (desk.state["study_state"], desk.state["findings"]) == ("in_review", before["findings"])
    assert AuditEvent.objects.get(action="queue").study_id == study.pk


def test_a_signed_study_is_read_again_and_stays_signed(desk: Desk, study: Study) -> None:
    desk.confirm_all().sign()
    assert desk.post("read-again/").status_code == 200
    study.refresh_from_db()
    assert study.state == "signed"
    assert SignedReport.objects.get().intact


def test_a_study_that_nobody_has_is_read_again_from_the_worklist(desk: Desk) -> None:
    desk.post("release/")
    refused = desk.post("read-again/")
    assert refused.status_code == 409
    assert "from the worklist" in refused.json()["message"]
