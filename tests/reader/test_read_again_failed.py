"""A drafted study that the machine could not read again, and images that never came in: the page says so."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from reader import page_state, working_copy
from tests.reader.factories import Desk
from tests.worklist.factories import add_job
from worklist.jobs.states import State
from worklist.models import Rejection, Study

MESSAGE = "Two patients are mixed in this study. Send it again."

NO_AXIAL_SERIES = "There is no axial T2 series; everything is read from the sagittal images."


@pytest.fixture
def failed_again(study: Study) -> Study:
    """Drafted, then late images came and the second reading failed."""
    working_copy.open_review(study)
    Study.objects.filter(pk=study.pk).update(state=State.FAILED)
    add_job(study, "failed", failure_code="mixed_study", failure_message=MESSAGE)
    study.refresh_from_db()
    return study


def warnings_of(study: Study) -> list[str]:
    study.refresh_from_db()
    shown: list[str] = page_state.machine_state(study, working_copy.open_review(study))["warnings"]
    return shown


def test_the_page_of_a_study_that_failed_when_read_again_says_so_beside_the_old_grades(
    failed_again: Study, reader: Any, as_user: Any
) -> None:
    desk = Desk(as_user(reader), failed_again).claim()
    assert desk.grade("L4-L5", "canal")["machine_grade"] == "mild"
    assert MESSAGE in as_user(reader).get(desk.base).content.decode()
    told, *others = warnings_of(failed_again)
    assert "earlier reading" in told
    assert others == [NO_AXIAL_SERIES]
    assert AuditEvent.objects.get(action="claim").detail["by_hand"] is False


def test_a_study_that_failed_when_read_again_is_failed_when_it_is_released(
    failed_again: Study, reader: Any, as_user: Any
) -> None:
    desk = Desk(as_user(reader), failed_again).claim()
    assert desk.post("release/").status_code == 200
    failed_again.refresh_from_db()
    assert failed_again.state == State.FAILED
    assert failed_again.failed_job.failure_message == MESSAGE


def test_a_study_that_the_machine_read_is_drafted_when_it_is_released_and_warns_of_no_failure(desk: Desk) -> None:
    assert desk.post("release/").status_code == 200
    desk.study.refresh_from_db()
    assert desk.study.state == State.DRAFTED
    assert warnings_of(desk.study) == [NO_AXIAL_SERIES]


def test_the_page_warns_of_files_that_were_refused(study: Study, reader: Any, as_user: Any) -> None:
    for uid in (study.study_instance_uid, study.study_instance_uid, "9.9"):
        Rejection.objects.create(sender="s", file_name="f", code="c", message="m", study_instance_uid=uid, seen=True)
    text = "2 files of this study could not be taken in."
    assert warnings_of(study)[0] == text
    assert text in as_user(reader).get(f"/reader/{study.pk}/").content.decode()
