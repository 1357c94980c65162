"""Two tabs on one review: the later one is told, and neither loses anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reader.factories import Desk
from worklist.models import Study


@pytest.fixture
def other(desk: Desk, study: Study) -> Desk:
    """The same reader's second tab, loaded before the first one writes."""
    return Desk(desk.client, study)


def test_a_write_from_a_tab_that_has_not_seen_the_last_change_is_refused(desk: Desk, other: Desk) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    answer = other.post("findings/L4-L5/canal/", grade="normal")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["error"] == "stale"
    assert "changed meanwhile" in problem["message"]
    assert desk.look()["findings"] == problem["state"]["findings"]
    assert desk.grade("L4-L5", "canal")["grade"] == "severe"


def test_a_text_from_a_stale_tab_never_overwrites_the_saved_one(desk: Desk, other: Desk) -> None:
    desk.post("draft/", text="From the first tab.")
    answer = other.post("draft/", text="From the second tab.")
    assert answer.status_code == 409
    assert answer.json()["state"]["text"] == "From the first tab."


def test_of_two_texts_that_met_neither_is_lost(desk: Desk, other: Desk) -> None:
    desk.post("draft/", text="From the first tab.")
    other.look()
    other.post("draft/replace/", text="From the second tab.")
    assert other.state["text"] == "From the second tab."
    other.post("draft/bring-back/")
    assert other.state["text"] == "From the first tab."
    other.post("draft/bring-back/")
    assert other.state["text"] == "From the second tab."


def test_after_looking_again_the_second_tab_can_write(desk: Desk, other: Desk) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    other.look()
    assert other.post("findings/L4-L5/canal/", grade="normal").status_code == 200


def test_a_signature_from_a_stale_tab_is_refused(desk: Desk, other: Desk) -> None:
    desk.confirm_all()
    assert other.post("sign/").status_code == 409


def test_a_write_without_a_version_is_refused(desk: Desk) -> None:
    answer = desk.client.post(f"{desk.base}findings/L4-L5/canal/", {"grade": "mild"}, content_type="application/json")
    assert answer.status_code == 400
    assert "version" in answer.json()["message"]


def test_a_write_that_does_not_name_its_review_is_refused(desk: Desk) -> None:
    body = {"grade": "mild", "version": desk.state["version"]}
    answer = desk.client.post(f"{desk.base}findings/L4-L5/canal/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "review" in answer.json()["message"]


def test_a_failed_write_changes_nothing_at_all(desk: Desk, study: Study, other: Any) -> None:
    before = desk.look()
    desk.post("sign/")
    desk.post("findings/L4-L5/canal/", grade="awful")
    assert desk.look() == before
