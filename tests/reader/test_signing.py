"""A signature needs every level confirmed, and makes a version that never changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEvent
from inference.types import LUMBAR_LEVELS
from reader import signing
from reader.models import ImmutableError, SignedReport
from tests.reader.factories import Desk
from worklist.jobs.states import State
from worklist.models import Study


@pytest.fixture
def signed(desk: Desk) -> SignedReport:
    desk.confirm_all().sign()
    return SignedReport.objects.get()


def test_an_unconfirmed_level_blocks_the_signature_and_is_named(desk: Desk, study: Study) -> None:
    for level in LUMBAR_LEVELS[:-1]:
        desk.post(f"findings/{level}/confirm/")
    answer = desk.post("sign/")
    assert answer.status_code == 409
    assert answer.json()["missing"] == ["Confirm L5-S1."]
    study.refresh_from_db()
    assert study.state == State.IN_REVIEW
    assert not SignedReport.objects.exists()


def test_a_site_that_was_not_assessed_must_be_confirmed_too(desk: Desk) -> None:
    desk.confirm_all()
    desk.post("findings/L4-L5/foramen_left/", grade="mild")
    desk.post("findings/L4-L5/foramen_left/", grade="not_assessed")
    assert desk.post("sign/").json()["missing"] == ["Confirm L4-L5."]
    desk.post("findings/L4-L5/foramen_left/confirm/")
    desk.sign()


def test_late_images_block_the_signature_until_they_are_acknowledged(desk: Desk, study: Study) -> None:
    desk.confirm_all()
    Study.objects.filter(pk=study.pk).update(late_images=3)
    assert "3 images that arrived late" in desk.post("sign/").json()["message"]
    too_few = desk.post("late/", count=2)
    assert too_few.status_code == 409
    desk.look()
    assert desk.post("late/", count=3).status_code == 200
    desk.sign()
    assert AuditEvent.objects.get(action="acknowledge_late").detail == {"images": 3}


def test_late_images_that_were_acknowledged_did_not_come_after_the_signature(desk: Desk, study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(late_images=3)
    desk.post("late/", count=3)
    desk.confirm_all().sign()
    assert (desk.state["late_images"], desk.state["late_acknowledged"]) == (0, 0)
    assert "arrived after" not in desk.client.get(f"{desk.base}versions/1/").content.decode()


def test_an_image_that_comes_while_the_report_is_being_signed_blocks_the_signature(
    desk: Desk, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.confirm_all()
    written = signing._write

    def arriving(*args: Any, **kwargs: Any) -> SignedReport:
        Study.objects.filter(pk=study.pk).update(late_images=1)
        return written(*args, **kwargs)

    monkeypatch.setattr(signing, "_write", arriving)
    assert desk.post("sign/").status_code == 409
    assert not SignedReport.objects.exists()


def test_late_images_that_another_reader_acknowledged_are_acknowledged_anew(desk: Desk, study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(late_images=3)
    desk.post("late/", count=3)
    desk.post("release/")
    desk.claim().confirm_all()
    assert "3 images that arrived late" in desk.post("sign/").json()["message"]


def test_an_open_suggestion_blocks_the_signature(desk: Desk) -> None:
    desk.post("draft/", text=desk.state["text"] + "Mine.\n")
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.confirm_all()
    assert "suggestion" in desk.post("sign/").json()["message"]
    desk.post("draft/use-all/")
    desk.sign()


def test_an_empty_report_cannot_be_signed(desk: Desk) -> None:
    desk.confirm_all()
    desk.post("draft/", text=" \n")
    assert desk.post("sign/").json()["missing"] == ["Write the report text."]


def test_the_signed_version_holds_text_grades_measurements_and_who_made_them(
    desk: Desk, study: Study, reader: Any
) -> None:
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.confirm_all().sign()
    report = SignedReport.objects.get()
    assert (report.study, report.number, report.signed_by, report.amends) == (study, 1, reader, None)
    assert report.intact
    signed = report.read()
    assert "L4-L5: Severe stenosis" in signed.text
    row = next(one for one in signed.findings if (one.level, one.site) == ("L4-L5", "canal"))
    assert (row.grade, row.machine_grade, row.confirmed_by, row.confirmed_by_username) == (
        *("severe", "mild"),
        *(reader.pk, "reader"),
    )
    assert signed.measurements[0].unit == "mm"
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == (State.SIGNED, None)
    event = AuditEvent.objects.get(action="sign")
    assert (event.actor, event.detail["sha256"]) == (reader, report.sha256)


def test_a_signed_report_takes_no_more_changes(desk: Desk, signed: SignedReport) -> None:
    for path, body in (("findings/L4-L5/canal/", {"grade": "severe"}), ("draft/", {"text": "Other."}), ("sign/", {})):
        answer = desk.post(path, **body)
        assert answer.status_code == 409
        assert "Start an amendment" in answer.json()["message"]
    assert SignedReport.objects.count() == 1


def test_a_signed_version_cannot_be_saved_or_deleted(signed: SignedReport) -> None:
    signed.content = "Other."
    for change in (signed.save, signed.delete, SignedReport.objects.all().delete):
        with pytest.raises(ImmutableError):
            change()
    with pytest.raises(ImmutableError):
        SignedReport.objects.update(content="Other.")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reader_signedreport SET content = 'Other.'",
        "DELETE FROM reader_signedreport",
        "UPDATE reader_signedfinding SET grade = 'severe'",
        "DELETE FROM reader_signedfinding",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_signed(signed: SignedReport, statement: str) -> None:
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert SignedReport.objects.get().intact


def test_the_digest_tells_when_the_content_is_not_what_was_signed(signed: SignedReport) -> None:
    signed.content = signed.content.replace('"grade":"mild"', '"grade":"severe"')
    assert not signed.intact


def test_the_signed_page_shows_report_and_signature(desk: Desk, signed: SignedReport) -> None:
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert "Version 1" in page
    assert "L4-L5: Mild stenosis" in page
    assert signed.sha256[:16] in page
    assert "Not a medical device" in page


def test_images_that_come_after_the_signature_raise_a_flag_and_change_nothing(
    desk: Desk, study: Study, signed: SignedReport
) -> None:
    Study.objects.filter(pk=study.pk).update(late_images=2)
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert "2 images arrived after" in page
    assert SignedReport.objects.get().intact
