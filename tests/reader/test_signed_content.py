"""A signed report is one document, complete in itself: what happens to the records afterwards changes nothing of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from inference.result import words
from inference.types import Site
from reader.models import Review, ReviewedFinding, SignedFinding, SignedReport
from reader.signed import document
from tests.reader.factories import Desk
from worklist.models import MachineReading, Patient, Study

#: A rule that no machine gave.
ANOTHER = [{"code": "as_written", "values": {"text": "Another."}}]


@pytest.fixture
def signed(desk: Desk) -> Desk:
    """Mild at L4-L5 in the machine's draft, signed as severe."""
    desk.post("findings/L4-L5/canal/", grade="severe")
    return desk.confirm_all().sign()


def page_of(desk: Desk, number: int = 1) -> str:
    """The report's own part of the page; the bar above it names who is logged in."""
    page: str = desk.client.get(f"{desk.base}versions/{number}/").content.decode()
    return page[page.index("<article") :]


def tamper(content: str) -> None:
    """What only somebody with the database's own password can do."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("DROP TRIGGER signed_report_no_update")
        cursor.execute("UPDATE reader_signedreport SET content = %s", [content])
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")


# --- the document -------------------------------------------------------------------------------


def test_the_digest_is_of_exactly_the_bytes_that_are_stored(signed: Desk) -> None:
    report = SignedReport.objects.get()
    assert report.sha256 == hashlib.sha256(report.content.encode()).hexdigest()
    assert report.content == document.canonical(json.loads(report.content))


def test_the_document_holds_all_that_was_signed_and_of_whom(desk: Desk, study: Study, reader: Any) -> None:
    reader.first_name, reader.last_name = "Rita", "Reader"
    reader.save()
    Study.objects.filter(pk=study.pk).update(accession_number="A-1")
    desk.confirm_all().sign()
    content = json.loads(SignedReport.objects.get().content)
    assert content["format"] == document.FORMAT
    assert content["study"]["study_instance_uid"] == study.study_instance_uid
    assert content["study"]["accession_number"] == "A-1"
    assert (content["patient"]["id"], content["patient"]["name"]) == ("P-17", "DOE^JANE")
    assert content["signer"] == {"id": reader.pk, "username": "reader", "name": "Rita Reader"}
    assert len(content["findings"]) == 25
    assert content["measurements"][0]["value"] == 13.4
    assert content["machine"]["reading"] == MachineReading.objects.get().pk
    assert content["contradictions"] == 0


def test_every_model_that_took_part_is_in_the_document_and_on_the_page(study: Study, reader: Any, as_user: Any) -> None:
    made = MachineReading.objects.get()
    made.reading["provenance"]["models"] += [
        {"name": "grade", "version": "1.1.0", "sha256": "12" * 32},
        {"name": "discs", "version": "1.0.0", "sha256": "34" * 32},
    ]
    made.save()
    desk = Desk(as_user(reader), study).claim().confirm_all().sign()
    machine = SignedReport.objects.get().read().machine
    assert machine is not None
    assert [(one.name, one.version, one.sha256[:4]) for one in machine.models] == [
        ("segment", "1", "abab"),
        ("grade", "1.1.0", "1212"),
        ("discs", "1.0.0", "3434"),
    ]
    page = page_of(desk)
    for text in ("segment 1 ", "grade 1.1.0 ", "discs 1.0.0 ", "121212121212"):
        assert text in page


def test_rows_for_statistics_say_what_the_document_says(signed: Desk) -> None:
    report = SignedReport.objects.get()
    rows = {(row.level, row.site): row for row in SignedFinding.objects.filter(report=report)}
    assert len(rows) == 25
    for one in report.read().findings:
        row = rows[one.level, one.site]
        assert (row.grade, row.machine_grade, row.probability) == (one.grade, one.machine_grade, one.probability)
        assert (row.changed, row.uncertain, row.confirmed_by_id) == (one.changed, one.uncertain, one.confirmed_by)
        assert row.confirmed_at == one.confirmed_at
    assert (rows["L4-L5", Site.CANAL].grade, rows["L4-L5", Site.CANAL].changed) == ("severe", True)


def test_a_document_of_an_earlier_format_is_read_through_every_step_and_its_bytes_stay(
    signed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SignedReport.objects.get()

    def to_next(raw: dict[str, Any]) -> dict[str, Any]:
        return raw | {"format": raw["format"] + 1, "reason": f"{raw['reason']}+"}

    now = document.FORMAT
    monkeypatch.setattr(document, "FORMAT", now + 2)
    monkeypatch.setattr(document, "UPGRADES", {now: to_next, now + 1: to_next})
    assert report.read().reason == "++"
    assert report.intact


def test_rules_and_notes_are_signed_in_words_and_as_values(signed: Desk) -> None:
    report = document.read(SignedReport.objects.get().content)
    for finding in report.findings:
        assert finding.rule == words.rules_words(finding.rules)
        assert finding.note == words.notices_words(finding.notices)
    assert any(finding.rules and finding.rules[0].code != "as_written" for finding in report.findings)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 99}', '{"format": 1}', "null", "not JSON"])
def test_what_is_no_signed_report_is_unreadable(content: str) -> None:
    with pytest.raises(document.Unreadable):
        document.read(content)


def test_a_document_takes_no_number_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="JSON"):
        document.canonical({"value": float("nan")})


# --- what happens afterwards --------------------------------------------------------------------


def test_renaming_its_signer_neither_breaks_nor_alters_a_report(signed: Desk, reader: Any) -> None:
    before = page_of(signed)
    reader.username, reader.first_name, reader.last_name = "married", "Uma", "Married"
    reader.save()
    assert SignedReport.objects.get().intact
    assert "(reader)" in before
    assert page_of(signed) == before


def test_a_patient_corrected_later_stays_as_signed_and_the_page_says_so(signed: Desk) -> None:
    Patient.objects.update(name="ROE^JANE", patient_id="P-18")
    page = page_of(signed)
    assert "DOE, JANE" in page
    assert "record has changed since" in page
    assert "Name: signed as DOE, JANE, now ROE, JANE" in page
    assert "ID: signed as P-17, now P-18" in page
    assert "does not match" not in page


def test_a_record_that_is_as_it_was_is_not_said_to_differ(signed: Desk) -> None:
    assert "record has changed" not in page_of(signed)


def test_the_working_copy_and_the_reading_can_change_without_changing_the_report(signed: Desk) -> None:
    before, state = page_of(signed), signed.look()
    ReviewedFinding.objects.update(grade="normal", machine_grade="normal", rules=ANOTHER, notices=[])
    Review.objects.update(draft_text="Another.", level_shift=1)
    MachineReading.objects.update(reading={"format": "of another time"})
    assert page_of(signed) == before
    report = SignedReport.objects.get()
    assert report.intact
    assert state["findings"][0]["rule"] == words.rules_words(report.read().findings[0].rules)


def test_the_room_shows_a_signed_study_as_it_was_signed(signed: Desk) -> None:
    before = signed.look()
    ReviewedFinding.objects.update(grade="normal", rules=ANOTHER)
    Review.objects.update(draft_text="Another.")
    after = signed.look()
    assert (after["findings"], after["text"]) == (before["findings"], before["text"])


def test_an_amendment_begins_with_what_was_signed(signed: Desk) -> None:
    before = signed.look()
    ReviewedFinding.objects.update(grade="normal", machine_grade="normal", changed=False, rules=ANOTHER)
    Review.objects.update(draft_text="Another.", text_is_manual=True, sentences=[])
    signed.post("amend/start/", amends=1)
    assert signed.state["findings"] == before["findings"]
    assert signed.state["text"] == before["text"]
    assert signed.state["suggestions"] == []


def test_a_discarded_amendment_leaves_table_and_text_as_they_were_signed(signed: Desk) -> None:
    before = signed.look()
    signed.post("amend/start/", amends=1)
    signed.post("findings/L4-L5/canal/", grade="mild")
    signed.post("draft/", text="Another.")
    signed.post("amend/discard/")
    again = {row["level"]: row for row in signed.look()["findings"]}
    assert again == {row["level"]: row for row in before["findings"]}
    signed.post("amend/start/", amends=1)
    assert signed.state["findings"] == before["findings"]
    assert signed.state["text"] == before["text"]


def test_an_amendment_names_the_report_it_amends_and_its_digest(signed: Desk) -> None:
    signed.post("amend/start/", amends=1)
    assert signed.post("amend/", reason="Level was misread.").status_code == 200
    first, second = SignedReport.objects.order_by("number")
    assert json.loads(second.content)["amends"] == {"number": 1, "sha256": first.sha256}


# --- tampering ----------------------------------------------------------------------------------


def test_a_report_whose_content_was_changed_says_not_to_use_it(signed: Desk) -> None:
    report = SignedReport.objects.get()
    tamper(report.content.replace("Severe stenosis", "No stenosis"))
    page = page_of(signed)
    assert "Do not use it" in page
    assert signed.look()["damaged_report"] == 1
    refused = signed.post("amend/start/", amends=1)
    assert refused.status_code == 409
    assert "does not match the digest" in refused.json()["message"]


def test_a_report_that_can_no_longer_be_read_says_not_to_use_it_and_shows_nothing(signed: Desk) -> None:
    tamper("{")
    page = page_of(signed)
    assert "Do not use it" in page
    assert "can no longer be read" in page
    assert signed.look()["findings"] == []
    assert signed.client.get(signed.base).status_code == 200


def test_a_report_that_was_put_under_another_number_is_not_intact(signed: Desk) -> None:
    report = SignedReport.objects.get()
    report.number = 2
    assert not report.intact


@pytest.mark.parametrize("table", ["reader_signedreport", "reader_signedfinding"])
def test_what_was_signed_is_not_replaced_by_an_insert(signed: Desk, table: str) -> None:
    with connection.cursor() as cursor:
        columns = [one.name for one in connection.introspection.get_table_description(cursor, table)]
    listed = ", ".join(columns)
    insert = {
        "sqlite": f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {listed} FROM {table}",
        "postgresql": f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table} "
        "ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id",
    }[connection.vendor]
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert)


def test_a_second_report_of_the_same_number_does_not_take_its_place(signed: Desk) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite replaces rows by another key than the one that an insert names")
    statement = (
        "INSERT OR REPLACE INTO reader_signedreport (study_id, number, content, sha256, signed_by_id, signed_at) "
        "SELECT study_id, number, 'Other.', sha256, signed_by_id, signed_at FROM reader_signedreport"
    )
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert SignedReport.objects.get().intact


def test_contradictions_that_were_signed_knowingly_stand_in_the_report(desk: Desk) -> None:
    desk.post(
        "draft/",
        text=desk.state["text"].replace("Mild stenosis of the spinal canal", "Severe stenosis of the spinal canal"),
    )
    desk.confirm_all()
    open_now = len(desk.state["contradictions"])
    assert open_now
    assert desk.post("sign/", contradictions=open_now).status_code == 200
    assert SignedReport.objects.get().read().contradictions == open_now
    assert f"signed with {open_now} contradiction" in page_of(desk)
