"""What a hand-edited report says otherwise than its table is shown, and signed only knowingly."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from accounts.models import AuditEvent
from reader import contradictions
from reader.models import SignedReport
from tests.reader.factories import Desk

FINDING = "L4-L5: Mild stenosis of the spinal canal"


def write(desk: Desk, text: str) -> list[dict[str, Any]]:
    """Save a text by hand; what the page is then told."""
    answer = desk.post("draft/", text=text)
    assert answer.status_code == 200, answer.content
    return list(desk.state["contradictions"])


def replace(desk: Desk, was: str, now: str) -> list[dict[str, Any]]:
    assert was in desk.state["text"]
    return write(desk, desk.state["text"].replace(was, now, 1))


def test_a_text_that_follows_its_table_has_none(desk: Desk) -> None:
    assert (desk.state["contradictions"], desk.state["text_is_checked"]) == ([], True)
    desk.post("findings/L4-L5/canal/", grade="severe")
    assert desk.state["contradictions"] == []


def test_a_hand_edit_that_changes_no_meaning_has_none(desk: Desk) -> None:
    assert replace(desk, FINDING, "L4-L5: There is mild narrowing of the spinal canal") == []


def test_another_grade_than_the_tables_is_shown_with_its_sentence(desk: Desk) -> None:
    (found,) = replace(desk, FINDING, "L4-L5: Severe stenosis of the spinal canal")
    assert (found["level"], found["site"], found["text_says"], found["table_says"]) == (
        "L4-L5", "canal", "severe", "mild",
    )  # fmt: skip
    assert found["message"] == "The text says severe for the canal at L4-L5; the table says mild."
    assert found["quote"].startswith("L4-L5: Severe stenosis of the spinal canal")
    assert desk.state["text"][found["start"] : found["end"]] == found["quote"]


def test_it_goes_when_the_text_is_mended(desk: Desk) -> None:
    before = desk.state["text"]
    assert replace(desk, FINDING, "L4-L5: Severe stenosis of the spinal canal")
    assert write(desk, before) == []


def test_it_comes_and_goes_with_the_table_too(desk: Desk) -> None:
    assert write(desk, desk.state["text"] + "Mine.\n") == []
    desk.post("findings/L4-L5/canal/", grade="severe")
    assert {row["table_says"] for row in desk.state["contradictions"]} == {"severe"}
    desk.post("findings/L4-L5/canal/", grade="mild")
    assert desk.state["contradictions"] == []


def test_swapped_sides_are_shown_for_either_side(desk: Desk) -> None:
    desk.post("findings/L5-S1/foramen_left/", grade="moderate")
    desk.post("findings/L5-S1/foramen_right/", grade="normal")
    swapped = desk.state["text"].replace("left", "*").replace("right", "left").replace("*", "right")
    write(desk, swapped)
    assert {(row["level"], row["site"], row["text_says"]) for row in desk.state["contradictions"]} == {
        ("L5-S1", "foramen_left", "normal"), ("L5-S1", "foramen_right", "moderate"),
    }  # fmt: skip


def test_a_level_said_twice_differently_is_shown_though_the_table_has_no_such_site(desk: Desk) -> None:
    twice = "Severe stenosis of the spinal canal at T12-L1.\nMild stenosis of the spinal canal at T12-L1.\n"
    (found,) = write(desk, desk.state["text"] + "\n" + twice)
    assert "here, and severe elsewhere" in found["message"]
    assert found["quote"].startswith("Mild")


def test_a_site_that_the_table_has_not_is_no_contradiction(desk: Desk) -> None:
    assert write(desk, desk.state["text"] + "\nSevere stenosis of the spinal canal at T12-L1.\n") == []


def test_a_recess_is_checked_against_the_table_as_the_other_places_are(desk: Desk) -> None:
    desk.post("findings/L4-L5/recess_left/", grade="severe")
    replace(
        desk, "L4-L5: Severe stenosis of the left lateral recess", "L4-L5: Mild stenosis of the left lateral recess"
    )
    (found,) = desk.state["contradictions"]
    assert found["message"] == "The text says mild for the left lateral recess at L4-L5; the table says severe."


def test_a_grade_for_what_was_not_assessed_is_a_contradiction_and_silence_is_none(desk: Desk) -> None:
    assert desk.grade("L4-L5", "foramen_left")["grade"] == "not_assessed"
    (found,) = write(desk, "L4-L5: Mild stenosis of the left foramen.\n")
    assert found["message"] == "The text says mild for the left foramen at L4-L5; the table says not assessed."
    assert write(desk, "Degenerative changes, see below.\n") == []


def test_the_place_is_counted_as_a_browser_counts(desk: Desk) -> None:
    (found,) = write(desk, "😀 Seen.\nL4-L5: Severe canal stenosis.\n")
    units = desk.state["text"].encode("utf-16-le")
    assert units[2 * found["start"] : 2 * found["end"]].decode("utf-16-le") == "L4-L5: Severe canal stenosis."


def test_a_long_sentence_is_quoted_in_part(desk: Desk) -> None:
    (found,) = write(desk, "L4-L5: Severe canal stenosis " + "and further words " * 50)
    assert len(found["quote"]) <= contradictions.LONGEST_QUOTE
    assert found["quote"].endswith("…")


def test_a_text_too_long_to_be_read_is_saved_and_said_not_to_be_checked(desk: Desk) -> None:
    long = "L4-L5: Severe canal stenosis.\n" + "x" * contradictions.LONGEST_READ
    assert write(desk, long) == []
    assert desk.state["text_is_checked"] is False
    desk.confirm_all().sign()
    assert AuditEvent.objects.get(action="sign").detail["contradictions"] is None


def test_a_failure_of_the_report_reader_does_not_stop_a_save_and_logs_no_text(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(text: str, grades: object) -> None:
        raise ValueError(text)

    monkeypatch.setattr(contradictions, "check_against", fails)
    with caplog.at_level(logging.ERROR):
        assert write(desk, "Jane Doe, unread.") == []
    assert desk.look()["text_is_checked"] is False
    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text


def test_a_signature_that_does_not_know_of_a_contradiction_is_refused(desk: Desk) -> None:
    replace(desk, FINDING, "L4-L5: Severe stenosis of the spinal canal")
    desk.confirm_all()
    for unknowing in ({}, {"contradictions": 0}, {"contradictions": 2}):
        answer = desk.post("sign/", **unknowing)
        assert (answer.status_code, answer.json()["error"]) == (409, "contradicted")
        assert "Text and table disagree in one place." in answer.json()["message"]
    assert not SignedReport.objects.exists()


def test_a_reader_may_sign_knowingly_and_the_audit_trail_counts_it_without_words(desk: Desk) -> None:
    replace(desk, FINDING, "L4-L5: Severe stenosis of the spinal canal")
    desk.confirm_all()
    assert desk.post("sign/", contradictions=1).status_code == 200
    detail = AuditEvent.objects.get(action="sign").detail
    assert detail["contradictions"] == 1
    assert "evere" not in str(detail)


def test_an_amendment_is_signed_knowingly_too(desk: Desk) -> None:
    desk.confirm_all().sign()
    assert AuditEvent.objects.get(action="sign").detail["contradictions"] == 0
    desk.post("amend/start/", amends=1)
    replace(desk, FINDING, "L4-L5: Severe stenosis of the spinal canal")
    assert desk.post("amend/", reason="Second look.").json()["error"] == "contradicted"
    assert desk.post("amend/", reason="Second look.", contradictions=1).status_code == 200
    assert AuditEvent.objects.get(action="amend").detail["contradictions"] == 1
