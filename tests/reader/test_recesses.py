"""Lateral recesses stand in the table; what was read or signed before they did is kept and can be gone on with."""

from __future__ import annotations

from typing import Any

import pytest

from inference.result import words
from inference.types import LUMBAR_LEVELS, Site
from reader import working_copy
from reader.models import Review, ReviewedFinding, SignedReport
from reader.signed.page import in_words
from tests.reader.factories import Desk
from worklist.models import MachineReading, Study

RECESSES = (Site.RECESS_LEFT, Site.RECESS_RIGHT)
pytestmark = pytest.mark.django_db


@pytest.fixture
def before(study: Study) -> Study:
    """The study as a version of the product without recesses read it."""
    made = MachineReading.objects.get(study=study)
    made.reading["findings"] = [one for one in made.reading["findings"] if one["site"] not in RECESSES]
    made.save()
    return study


@pytest.fixture
def signed_before(before: Study, reader: Any, as_user: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Read and signed by the smaller table."""
    desk = Desk(as_user(reader), before).claim()
    smaller = [row for row in working_copy.table(Review.objects.get()) if row.site not in RECESSES]
    with monkeypatch.context() as old:
        ReviewedFinding.objects.filter(site__in=RECESSES).delete()
        old.setattr(working_copy, "_lacks_places", lambda *_: False)
        desk.look()
        desk.confirm_all().sign()
    assert len(SignedReport.objects.get().read().findings) == len(smaller) == 15
    desk.look()
    return desk


def test_a_recess_that_an_older_reading_did_not_look_at_is_not_assessed_and_says_so(
    before: Study, reader: Any, as_user: Any
) -> None:
    row = Desk(as_user(reader), before).grade("L4-L5", "recess_left")
    assert (row["grade"], row["machine_grade"], row["note"]) == (
        "not_assessed",
        "not_assessed",
        words.notice_words(working_copy.NOT_READ_THEN),
    )


def test_a_review_begun_with_the_smaller_table_gets_the_places_that_it_lacks(desk: Desk) -> None:
    desk.post("findings/L4-L5/confirm/")
    ReviewedFinding.objects.filter(site__in=RECESSES).delete()
    assert len(desk.look()["findings"]) == 25
    assert desk.grade("L4-L5", "canal")["confirmed_at"] is not None
    assert desk.grade("L4-L5", "recess_right")["confirmed_at"] is None
    desk.post("findings/L4-L5/recess_right/", grade="severe")
    assert "Severe stenosis of the right lateral recess at L4-L5." in desk.state["text"]


def test_a_report_signed_with_the_smaller_table_opens_and_is_shown_as_it_was_signed(signed_before: Desk) -> None:
    assert {row["site"] for row in signed_before.state["findings"]} == {"canal", "foramen_left", "foramen_right"}
    page = signed_before.client.get(f"{signed_before.base}versions/1/").content.decode()
    assert "Foramen L" in page
    assert "Recess" not in page
    assert "does not match" not in page
    assert signed_before.client.get(signed_before.base).status_code == 200


def test_its_amendment_asks_for_the_recesses_and_a_dropped_one_takes_them_away(signed_before: Desk) -> None:
    signed_before.post("amend/start/", amends=1)
    assert len(signed_before.state["findings"]) == 25
    assert signed_before.state["missing"] == [f"Confirm {level}." for level in LUMBAR_LEVELS]
    signed_before.post("amend/discard/")
    assert len(signed_before.state["findings"]) == 15
    signed_before.post("amend/start/", amends=1)
    signed_before.post("findings/L4-L5/recess_left/", grade="mild")
    signed_before.confirm_all()
    assert signed_before.post("amend/", reason="The recess was looked at.").status_code == 200
    page = signed_before.client.get(f"{signed_before.base}versions/2/").content.decode()
    assert "Recess L" in page


def test_the_signed_page_has_a_column_for_each_place_and_says_what_the_machine_had_said(desk: Desk) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.confirm_all().sign()
    signed = SignedReport.objects.get()
    canal = [in_words(one) for one in signed.read().findings if (one.level, one.site) == ("L4-L5", "canal")]
    assert [(one["words"], one["machine_words"]) for one in canal] == [("severe", "mild")]
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert page.index("Canal</th>") < page.index("Recess L") < page.index("Recess R") < page.index("Foramen L")
