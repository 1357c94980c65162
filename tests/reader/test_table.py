"""Grades: the machine's, the reader's, and what is confirmed."""

from __future__ import annotations

from accounts.models import AuditEvent
from inference.result import record, words
from inference.types import DiscFinding, DiscQuestion, Grade
from reader import working_copy
from reader.page_state import machine_state
from tests.reader.factories import RULE, Desk, read_by_machine
from worklist.jobs.states import State, move
from worklist.models import Study


def test_the_table_starts_with_the_machines_grades_and_rules(desk: Desk) -> None:
    assert len(desk.state["findings"]) == 25
    row = desk.grade("L4-L5", "canal")
    assert (row["grade"], row["machine_grade"], row["rule"]) == ("mild", "mild", words.rule_words(RULE))
    assert desk.grade("L4-L5", "foramen_left")["grade"] == "not_assessed"


def test_a_changed_grade_keeps_the_machines_beside_it_and_must_be_confirmed_again(desk: Desk, study: Study) -> None:
    desk.post("findings/L4-L5/confirm/")
    desk.post("findings/L4-L5/canal/", grade="moderate")
    row = desk.grade("L4-L5", "canal")
    assert (row["grade"], row["machine_grade"], row["changed"]) == ("moderate", "mild", True)
    assert row["confirmed_at"] is None
    assert desk.grade("L4-L5", "foramen_left")["confirmed_at"] is not None
    detail = AuditEvent.objects.get(action="change", study_id=study.pk).detail
    assert (detail["before"], detail["after"]) == ("mild", "moderate")


def test_a_confirmed_level_says_who_and_when_and_leaves_the_others(desk: Desk) -> None:
    desk.post("findings/L4-L5/confirm/")
    confirmed = {row["level"] for row in desk.state["findings"] if row["confirmed_by"] == "reader"}
    assert confirmed == {"L4-L5"}


def test_one_site_can_be_confirmed_by_itself(desk: Desk) -> None:
    desk.post("findings/L4-L5/canal/confirm/")
    confirmed = [(row["level"], row["site"]) for row in desk.state["findings"] if row["confirmed_at"]]
    assert confirmed == [("L4-L5", "canal")]


def test_a_confirmation_can_be_taken_back(desk: Desk) -> None:
    desk.post("findings/L4-L5/confirm/")
    desk.post("findings/L4-L5/reopen/")
    assert desk.grade("L4-L5", "canal")["confirmed_at"] is None


def test_an_unknown_grade_level_or_site_is_refused_and_says_what_there_is(desk: Desk) -> None:
    for path, grade in (("L4-L5/canal", "awful"), ("L9-L10/canal", "mild"), ("L4-L5/spleen", "mild")):
        answer = desk.post(f"findings/{path}/", grade=grade)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Choose one of:")
    assert not AuditEvent.objects.filter(action="change").exists()


def test_a_new_machine_reading_never_replaces_a_grade_that_the_reader_changed(desk: Desk, study: Study) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("findings/L3-L4/confirm/")
    desk.post("release/")
    study.refresh_from_db()
    for state in (State.QUEUED, State.RUNNING, State.DRAFTED):
        move(study, state)
    read_by_machine(study, {"L4-L5": Grade.NORMAL, "L3-L4": Grade.MODERATE})
    desk.claim()
    assert desk.grade("L4-L5", "canal")["grade"] == "severe"
    assert desk.grade("L4-L5", "canal")["machine_grade"] == "normal"
    assert desk.grade("L3-L4", "canal")["grade"] == "moderate"
    assert desk.grade("L3-L4", "canal")["confirmed_at"] is None


def test_the_page_is_told_that_a_new_machine_reading_took_the_confirmations_back(desk: Desk, study: Study) -> None:
    desk.post("findings/L3-L4/confirm/")
    assert desk.state["read_again"] is False
    read_again(desk, study)
    assert desk.state["read_again"] is True
    desk.confirm_all().sign()
    assert desk.look()["read_again"] is False


def test_a_new_machine_reading_before_any_confirmation_is_nothing_to_tell(desk: Desk, study: Study) -> None:
    desk.post("findings/L3-L4/canal/", grade="mild")
    read_again(desk, study)
    assert desk.state["read_again"] is False


def read_again(desk: Desk, study: Study) -> None:
    """The reader hands the study back, the machine reads it once more, the reader claims it."""
    desk.post("release/")
    study.refresh_from_db()
    for state in (State.QUEUED, State.RUNNING, State.DRAFTED):
        move(study, state)
    read_by_machine(study)
    desk.claim()


def test_the_table_says_what_is_usual_and_what_is_not(study: Study) -> None:
    reading = study.latest_reading
    assert reading is not None
    usual = {"usual": [8.0, 16.0], "deviation": 0.0, "plus_minus": 1.0}
    for one in reading.reading["measurements"]:
        one.update(usual | ({"value": 6.0, "deviation": -3.0} if one["place"] == "L4-L5" else {}))
    reading.save()
    review = working_copy.open_review(study)
    told = {one["place"]: one["unusual"] for one in machine_state(study, review)["measurements"]}
    assert told["L4-L5"] == "below the usual range"
    assert told["L3-L4"] == ""


def test_what_the_machine_found_of_a_disc_stands_at_its_level_under_the_readers_name(study: Study) -> None:
    reading = read_by_machine(study)
    found = (DiscFinding("L4-L5", DiscQuestion.PFIRRMANN, 4, 0.71), DiscFinding("L4-L5", DiscQuestion.BULGING, 1, 0.64))
    reading.reading["disc_findings"] = record.to_dict(found)
    reading.save()
    review = working_copy.open_review(study)
    assert machine_state(study, review)["disc_findings"]["L4-L5"]["text"] == "Pfirrmann 4 (71 %), bulging (64 %)"
    working_copy.move_levels(review, 1)
    assert set(machine_state(study, review)["disc_findings"]) == {"L3-L4"}
