"""An amendment is a new version that names the old one and says why."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from reader.models import SignedReport
from tests.reader.factories import Desk
from worklist.jobs.states import State
from worklist.models import Study

WHY = "Level was misread."


@pytest.fixture
def amending(desk: Desk) -> Desk:
    desk.confirm_all().sign()
    assert desk.post("amend/start/", amends=1).status_code == 200
    return desk


def test_an_amendment_is_the_next_version_and_leaves_the_first_as_it_was(amending: Desk, study: Study) -> None:
    first = SignedReport.objects.get()
    amending.post("findings/L4-L5/canal/", grade="moderate")
    amending.post("findings/L4-L5/confirm/")
    assert amending.post("amend/", reason=WHY).status_code == 200
    second = SignedReport.objects.get(number=2)
    assert (second.amends, second.read().amends, second.read().reason) == (first, 1, WHY)
    assert "Moderate stenosis" in second.read().text
    assert "Mild stenosis" in SignedReport.objects.get(number=1).read().text
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == (State.AMENDED, None)
    assert AuditEvent.objects.get(action="amend").detail["amends"] == 1


def test_an_amendment_can_be_amended(amending: Desk, study: Study) -> None:
    amending.post("amend/", reason=WHY)
    amending.post("amend/start/", amends=2)
    assert amending.post("amend/", reason="Again.").status_code == 200
    assert list(SignedReport.objects.values_list("number", "amends__number")) == [(1, None), (2, 1), (3, 2)]
    study.refresh_from_db()
    assert study.state == State.AMENDED


def test_an_amendment_needs_a_reason(amending: Desk) -> None:
    answer = amending.post("amend/", reason="  ")
    assert answer.status_code == 400
    assert "Say why" in answer.json()["message"]
    assert SignedReport.objects.count() == 1


def test_a_grade_changed_in_an_amendment_must_be_confirmed_again(amending: Desk) -> None:
    amending.post("findings/L4-L5/canal/", grade="severe")
    assert amending.post("amend/", reason=WHY).json()["missing"] == ["Confirm L4-L5."]


def test_a_discarded_amendment_leaves_the_signed_report(amending: Desk, study: Study) -> None:
    amending.post("findings/L4-L5/canal/", grade="severe")
    assert amending.post("amend/discard/").status_code == 200
    assert amending.grade("L4-L5", "canal")["grade"] == "mild"
    assert "Mild stenosis" in amending.state["text"]
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == (State.SIGNED, None)
    assert SignedReport.objects.count() == 1


def test_two_readers_cannot_amend_at_once(amending: Desk, study: Study, second_reader: Any, as_user: Any) -> None:
    other = Desk(as_user(second_reader), study)
    refused = other.post("amend/start/", amends=1)
    assert refused.status_code == 409
    assert "amending this report now" in refused.json()["message"]


def test_an_amendment_of_an_old_version_is_refused(amending: Desk, study: Study) -> None:
    amending.post("amend/", reason=WHY)
    answer = amending.post("amend/start/", amends=1)
    assert answer.status_code == 409
    assert "Version 2" in answer.json()["message"]


def test_an_old_version_says_that_a_newer_one_counts(amending: Desk) -> None:
    amending.post("amend/", reason=WHY)
    old = amending.client.get(f"{amending.base}versions/1/").content.decode()
    assert "amended by version 2" in old
    new = amending.client.get(f"{amending.base}versions/2/").content.decode()
    assert "Amends version 1" in new
    assert WHY in new
