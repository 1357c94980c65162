"""A study that the machine could not read is read by hand, on the same page."""

from __future__ import annotations

from typing import Any

import pytest

from reader.models import SignedReport
from tests.reader.factories import Desk, failed_study
from worklist.jobs.states import State
from worklist.models import Study


@pytest.fixture
def failed(db: None) -> Study:
    return failed_study()


def test_a_failed_study_can_be_read_and_signed_by_hand(failed: Study, reader: Any, as_user: Any) -> None:
    desk = Desk(as_user(reader), failed).claim()
    assert {row["grade"] for row in desk.state["findings"]} == {"not_assessed"}
    assert {row["machine_grade"] for row in desk.state["findings"]} == {None}
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("draft/", text="By hand: severe stenosis at L4-L5.")
    desk.confirm_all().sign()
    signed = SignedReport.objects.get().read()
    assert signed.machine is None
    assert "none: read by hand" in desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert signed.text == "By hand: severe stenosis at L4-L5."


def test_a_report_written_by_hand_can_be_signed_when_no_level_was_assessed(
    failed: Study, reader: Any, as_user: Any
) -> None:
    desk = Desk(as_user(reader), failed).claim()
    desk.post("draft/", text="The images are too poor to read.")
    assert desk.state["suggestions"] == []
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("findings/L4-L5/canal/", grade="not_assessed")
    assert desk.post("draft/use-all/").status_code == 200
    desk.confirm_all().sign()


def test_the_page_of_a_failed_study_says_why_and_what_to_do(failed: Study, reader: Any, as_user: Any) -> None:
    page = as_user(reader).get(f"/reader/{failed.pk}/").content.decode()
    assert "There is no sagittal T2 or T1 series." in page


def test_a_failed_study_that_is_released_is_failed_again_and_keeps_the_work(
    failed: Study, reader: Any, as_user: Any
) -> None:
    desk = Desk(as_user(reader), failed).claim()
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("release/")
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    assert desk.claim().grade("L4-L5", "canal")["grade"] == "severe"


def test_grades_given_by_hand_survive_a_later_machine_reading(failed: Study, reader: Any, as_user: Any) -> None:
    from tests.reader.factories import read_by_machine
    from worklist.jobs.states import move

    desk = Desk(as_user(reader), failed).claim()
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("release/")
    failed.refresh_from_db()
    for state in (State.QUEUED, State.RUNNING, State.DRAFTED):
        move(failed, state)
    read_by_machine(failed)
    desk.claim()
    row = desk.grade("L4-L5", "canal")
    assert (row["grade"], row["machine_grade"], row["changed"]) == ("severe", "normal", True)


def test_a_study_that_the_machine_is_still_reading_has_nothing_to_review(
    failed: Study, reader: Any, as_user: Any
) -> None:
    Study.objects.filter(pk=failed.pk).update(state=State.RUNNING)
    desk = Desk(as_user(reader), failed)
    assert desk.state["findings"] == []
    assert desk.post("claim/").status_code == 409
