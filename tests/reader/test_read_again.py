"""A reader has the machine read a study once more; what it reads is offered when it is done."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from inference.result import record
from inference.types import Grade
from tests.reader.factories import Desk, reading
from worklist.jobs import leases
from worklist.models import Study


def read_now(study: Study) -> None:
    """What a worker does: severe at L3-L4."""
    lease = leases.take()
    assert lease is not None
    newer = record.to_dict(reading(study.study_instance_uid, {"L3-L4": Grade.SEVERE}))
    leases.finish(lease, newer, "readings/newer", 1.0)


def test_a_study_in_review_is_read_again_and_the_newer_reading_is_offered(desk: Desk, study: Study) -> None:
    assert desk.state["reading_again"] is None
    before = desk.grade("L4-L5", "canal")
    assert desk.post("read-again/").status_code == 200
    assert desk.state["reading_again"] == {"state": "waiting", "step": "", "percent": 0}
    assert desk.post("findings/L2-L3/canal/", grade="moderate").status_code == 200
    read_now(study)
    after = desk.look()
    assert (after["reading_again"], after["newer_reading"]["differing_grades"]) == (None, 2)
    assert (after["study_state"], after["mine"]) == ("in_review", True)
    assert desk.grade("L4-L5", "canal") == before
    assert AuditEvent.objects.filter(action="queue", study_id=study.pk).count() == 1


def test_a_signed_study_is_read_again_and_the_report_stays_as_it_is(desk: Desk, study: Study) -> None:
    desk.confirm_all().sign()
    before = desk.look()
    assert desk.post("read-again/").status_code == 200
    read_now(study)
    after = desk.look()
    same = ("study_state", "signed_version", "findings", "text", "version")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["newer_reading"]["differing_grades"] > 0


@pytest.mark.parametrize("state", ["received", "queued", "running"])
def test_a_study_that_was_not_read_yet_cannot_be_read_again(desk: Desk, study: Study, state: str) -> None:
    Study.objects.filter(pk=study.pk).update(state=state, claimed_by=None)
    answer: Any = desk.post("read-again/")
    assert (answer.status_code, answer.json()["error"]) == (409, "wrong_state")
    assert not study.running_job
