"""A reader names the lowest disc otherwise with one click, and everything follows."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from reader import page_state, working_copy
from reader.models import Review, SignedReport
from tests.reader.factories import Desk, failed_study
from worklist.models import Study


def machine_of(desk: Desk) -> dict[str, Any]:
    """What the page is given to draw the planes from."""
    desk.study.refresh_from_db()
    return page_state.machine_state(desk.study, working_copy.open_review(desk.study))


def test_grades_text_and_planes_follow_the_new_names(desk: Desk) -> None:
    before = {disc["level"]: disc["centre_mm"] for disc in machine_of(desk)["discs"]}
    assert desk.post("renumber/", shift=1).status_code == 200
    assert desk.grade("L3-L4", "canal")["grade"] == "mild"
    assert desk.grade("L4-L5", "canal")["grade"] == "normal"
    assert desk.grade("L5-S1", "canal")["grade"] == "not_assessed"
    assert "L3-L4: Mild stenosis of the spinal canal" in desk.state["text"]
    after = {disc["level"]: disc["centre_mm"] for disc in machine_of(desk)["discs"]}
    assert after["L3-L4"] == before["L4-L5"]
    assert "L5-S1" not in after


def test_the_readers_own_grade_goes_with_its_disc_and_is_confirmed_again(desk: Desk) -> None:
    desk.post("findings/L3-L4/canal/", grade="severe")
    desk.confirm_all()
    desk.post("renumber/", shift=-1)
    row = desk.grade("L4-L5", "canal")
    assert (row["grade"], row["machine_grade"], row["changed"]) == ("severe", "normal", True)
    assert not any(row["confirmed_at"] for row in desk.state["findings"])


def test_taking_it_back_is_as_before(desk: Desk) -> None:
    before = (desk.state["findings"], desk.state["text"])
    desk.post("renumber/", shift=1)
    desk.post("renumber/", shift=0)
    assert (desk.state["findings"], desk.state["text"]) == before


@pytest.mark.parametrize(("level", "shift"), [("L5-S1", -1), ("L1-L2", 1)])
def test_the_readers_grade_of_a_disc_that_leaves_the_table_comes_back_with_it(
    desk: Desk, level: str, shift: int
) -> None:
    desk.post(f"findings/{level}/foramen_left/", grade="severe")
    desk.post("renumber/", shift=shift)
    assert "severe" not in {row["grade"] for row in desk.state["findings"]}
    assert "severe stenosis of the left foramen" not in desk.state["text"].lower()
    desk.post("renumber/", shift=0)
    row = desk.grade(level, "foramen_left")
    assert (row["grade"], row["changed"], row["confirmed_at"]) == ("severe", True, None)
    assert Review.objects.get().beyond == []


def test_what_an_amendment_put_out_of_sight_is_dropped_with_it(desk: Desk) -> None:
    desk.confirm_all().sign()
    desk.post("amend/start/", amends=1)
    desk.post("findings/L5-S1/canal/", grade="severe")
    desk.post("renumber/", shift=-1)
    desk.post("amend/discard/")
    assert Review.objects.get().beyond == []
    desk.post("amend/start/", amends=1)
    assert desk.grade("L5-S1", "canal")["grade"] == "normal"


def test_a_text_edited_by_hand_stays_and_suggestions_say_what_moved(desk: Desk) -> None:
    desk.post("draft/", text=desk.state["text"] + "Seen with the clinicians.\n")
    desk.post("renumber/", shift=1)
    assert "Seen with the clinicians." in desk.state["text"]
    assert any("L3-L4: Mild" in one["now"] for one in desk.state["suggestions"])


def test_the_signature_and_the_audit_trail_say_it(desk: Desk, reader: Any) -> None:
    desk.post("renumber/", shift=1)
    desk.confirm_all().sign()
    assert SignedReport.objects.get().read().machine.level_shift == 1
    event = AuditEvent.objects.filter(actor=reader, action="change").latest("pk")
    assert (event.detail["renumbered_from"], event.detail["renumbered_to"]) == (0, 1)


def test_an_amendment_that_is_dropped_takes_its_names_back(desk: Desk) -> None:
    desk.confirm_all().sign()
    desk.post("amend/start/", amends=1)
    desk.post("renumber/", shift=1)
    desk.post("amend/discard/")
    assert desk.grade("L4-L5", "canal")["grade"] == "mild"
    assert Review.objects.get().level_shift == 0


@pytest.mark.parametrize("shift", [2, -2])
def test_names_move_by_one_level_at_most(desk: Desk, shift: int) -> None:
    refused = desk.post("renumber/", shift=shift)
    assert refused.status_code == 400
    assert "by 1 at most" in refused.json()["message"]
    assert desk.grade("L4-L5", "canal")["grade"] == "mild"


@pytest.mark.django_db
def test_a_study_read_by_hand_has_no_names_of_the_machines_to_move(reader: Any, as_user: Any) -> None:
    study: Study = failed_study()
    refused = Desk(as_user(reader), study).claim().post("renumber/", shift=1)
    assert refused.status_code == 409
    assert "named no levels" in refused.json()["message"]
