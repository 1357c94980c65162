"""The worklist page: what people see, find and press."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEvent
from tests.worklist.factories import (
    add_image,
    add_job,
    add_reading,
    file_bytes,
    in_state,
    interrupted_after,
    numbered,
    receive,
    received_study,
    study_files,
    zipped,
)
from worklist.intake import archives
from worklist.models import Instance, Patient, Rejection, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_reader(reader: Any, as_user: Any) -> Client:
    browser: Client = as_user(reader)
    return browser


def rows(browser: Client, **asked: str) -> str:
    return str(browser.post("/worklist/rows/", asked).content.decode())


def shown(browser: Client, **asked: str) -> list[str]:
    """The patients' IDs in the order of their lines."""
    return re.findall(r'<span class="quiet">(P-\w+)', rows(browser, **asked))


# --- what is shown ------------------------------------------------------------------------------


def test_a_line_says_who_when_what_and_how_far(as_reader: Client) -> None:
    in_state("running", job={"step": "segmenting", "step_share": 0.4, "attempt": 2})
    page = as_reader.get("/worklist/").content.decode()
    for said in ("Müller, Anna", "P-1", "1960-02-29", "65 years", "2025-03-01", "MRI lumbar spine", "A-1",
                 "Segmenting", "40 %", "Attempt 2."):  # fmt: skip
        assert said in page, said


@pytest.mark.parametrize(("studied", "age"), [("20250228", "64 years"), ("20250301", "65 years")])
def test_the_age_is_the_age_at_the_study_even_for_those_born_on_a_leap_day(
    as_reader: Client, studied: str, age: str
) -> None:
    received_study(StudyDate=studied)
    assert age in rows(as_reader)


def test_a_study_in_review_or_signed_shows_that_it_is_read_again(as_reader: Client) -> None:
    add_job(in_state("in_review"), "running", step="grading", step_share=0.25)
    add_job(in_state("signed"), "waiting")
    body = rows(as_reader)
    assert "Being read again: grading, 25 %." in body
    assert "Waiting to be read again by the machine." in body
    assert "In review by nobody" in body
    assert "Signed" in body


def test_a_failed_study_says_why_and_offers_the_machine_and_the_hand(as_reader: Client) -> None:
    study = in_state("failed", job={"failure_code": "x", "failure_message": "There is no sagittal series. Send it."})
    body = rows(as_reader)
    assert "There is no sagittal series. Send it." in body
    assert f'formaction="/worklist/studies/{study.pk}/queue/"' in body
    assert "Read by hand" in body


@pytest.mark.parametrize(
    "newest",
    [
        {"warnings": ["Read from sagittal T1: the canal's edge is less certain than on T2."]},
        {"format": 2, "notices": [{"code": "read_from_t1", "places": [], "values": {}}]},
    ],
    ids=["format 1", "format 2"],
)
def test_a_drafted_study_shows_what_to_check(as_reader: Client, newest: dict[str, Any]) -> None:
    study = in_state("drafted")
    for reading in ({"warnings": ["An old warning."]}, newest):
        add_reading(study, reading)
    body = rows(as_reader)
    assert "Read from sagittal T1: the canal" in body
    assert "An old warning." not in body


def test_a_study_that_lacks_a_refused_image_says_so_after_the_refusal_was_put_away(as_reader: Client) -> None:
    study = received_study()
    cut = file_bytes(StudyInstanceUID=study.study_instance_uid, SOPInstanceUID="1.2.3.999")[:-100]
    assert [one.code for one in receive(cut).rejected] == ["truncated"]
    Rejection.objects.update(seen=True)
    Study.objects.filter(pk=study.pk).update(state="drafted")
    text = as_reader.get("/worklist/").content.decode()
    assert "1 file of this study could not be taken in." in text


def test_images_after_signing_are_flagged(as_reader: Client) -> None:
    study = in_state("signed")
    add_image(study)
    assert "1 new image came after signing." in rows(as_reader)


def test_a_patients_name_is_text_and_never_markup(as_reader: Client) -> None:
    received_study(PatientName="<script>alert(1)</script>^X")
    assert "<script>alert" not in rows(as_reader)


def test_an_administrator_sees_the_list_and_opens_no_study(administrator: Any, as_user: Any) -> None:
    study = in_state("drafted")
    body = rows(as_user(administrator))
    assert "Müller, Anna" in body
    assert f"/reader/{study.pk}/" not in body


@pytest.mark.parametrize("path", ["/worklist/", "/worklist/rows/"])
def test_people_without_a_role_are_refused_on_record(stranger: Any, as_user: Any, path: str) -> None:
    assert as_user(stranger).get(path).status_code == 403
    assert AuditEvent.objects.filter(actor=stranger, action="refused").count() == 1


@pytest.mark.parametrize("path", ["/worklist/", "/worklist/rows/"])
def test_the_anonymous_are_sent_to_the_login_page(client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/accounts/login/")


# --- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "found"),
    [("müller", 1), ("anna müller", 1), ("P-1", 1), ("-1", 0), ("a-1", 1), ("nobody", 0), ("%", 0), ("_", 0)],
)
def test_the_search_looks_at_name_id_and_accession_number(as_reader: Client, search: str, found: int) -> None:
    received_study()
    assert len(shown(as_reader, q=search)) == found


def test_the_tabs_count_what_the_search_finds(as_reader: Client) -> None:
    in_state("failed")
    in_state("drafted")
    received_study(PatientID="P-other")
    body = rows(as_reader, q="P-1")
    counts = dict(re.findall(r'id="tab-(\w+)".*?class="count">(\d+)<', body, re.DOTALL))
    assert counts == {"all": "2", "waiting": "0", "drafted": "1", "failed": "1", "in_review": "0", "signed": "0"}
    assert len(shown(as_reader, q="P-1", state="failed")) == 1


def test_mine_are_those_that_i_claimed(as_reader: Client, reader: Any, second_reader: Any) -> None:
    in_state("in_review", claimed_by=reader)
    in_state("in_review", claimed_by=second_reader)
    assert len(shown(as_reader, mine="1")) == 1
    assert "In review by you" in rows(as_reader, mine="1")


def test_lines_are_sorted_and_those_without_a_value_come_last(as_reader: Client) -> None:
    for name, day in (("P-a", "20250101"), ("P-b", None), ("P-c", "20240101")):
        received_study(PatientID=name, StudyDate=day)
    assert shown(as_reader, sort="date") == ["P-c", "P-a", "P-b"]
    assert shown(as_reader, sort="-date") == ["P-a", "P-c", "P-b"]


@pytest.mark.parametrize("asked", [{"sort": "password"}, {"state": "x"}, {"page": "x"}, {"page": "-1"}, {"q": "\0"}])
def test_filters_that_make_no_sense_show_the_default(as_reader: Client, asked: dict[str, str]) -> None:
    received_study()
    assert len(shown(as_reader, **asked)) == 1


def test_fifty_studies_fill_a_page(as_reader: Client) -> None:
    for n in range(51):
        patient = Patient.objects.create(patient_id=f"P-{n:03}")
        Study.objects.create(study_instance_uid=f"1.2.{n}", patient=patient, study_date=date(2025, 1, 1))
    first, second = shown(as_reader, sort="patient"), shown(as_reader, sort="patient", page="2")
    assert (len(first), len(second)) == (50, 1)
    assert not set(first) & set(second)


def test_the_number_of_queries_does_not_grow_with_the_list(
    as_reader: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        in_state("drafted")
    with django_assert_max_num_queries(15):
        rows(as_reader)


# --- live ---------------------------------------------------------------------------------------


def test_nothing_is_sent_again_while_nothing_changed(as_reader: Client) -> None:
    study = in_state("running", job={"step": "segmenting", "step_share": 0.1})
    digest = re.findall(r'data-digest="(\w+)"', rows(as_reader))[0]
    assert as_reader.post("/worklist/rows/", {"seen": digest}).status_code == 204
    study.reading_jobs.update(step_share=0.2)
    assert as_reader.post("/worklist/rows/", {"seen": digest}).status_code == 200


def test_what_was_searched_for_is_in_no_address(as_reader: Client) -> None:
    received_study()
    body = rows(as_reader, q="müller", sort="-date", state="waiting")
    assert not re.search(r'href="[^"]*(q=|m%C3%BCller|müller)', body)
    assert len(shown_in(as_reader.get("/worklist/?q=nobody").content.decode())) == 1


def shown_in(body: str) -> list[str]:
    return re.findall(r'<span class="quiet">(P-\w+)', body)


def test_the_page_has_no_script_or_style_of_its_own(as_reader: Client) -> None:
    in_state("failed", job={"failure_message": "x"})
    page = as_reader.get("/worklist/").content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


# --- buttons ------------------------------------------------------------------------------------


def test_retry_queues_and_is_on_record(as_reader: Client, reader: Any) -> None:
    study = in_state("failed", job={"attempt": 3, "failure_code": "x", "failure_message": "y"})
    as_reader.post(f"/worklist/studies/{study.pk}/queue/")
    study.refresh_from_db()
    assert (study.state, study.latest_job.attempt, study.failed_job) == ("queued", 0, None)
    assert study.reading_jobs.count() == 2, "why it failed before is kept"
    assert AuditEvent.objects.filter(action="queue", study_id=study.pk, actor=reader).exists()


@pytest.mark.parametrize("state", ["running", "in_review", "signed"])
def test_retry_comes_too_late_for_a_study_that_moved_on(as_reader: Client, state: str) -> None:
    study = in_state(state)
    answer = as_reader.post(f"/worklist/studies/{study.pk}/queue/", follow=True)
    assert "moved on" in answer.content.decode()
    study.refresh_from_db()
    assert study.state == state


def test_refused_files_are_listed_by_reason_and_can_be_put_away_on_record(as_reader: Client) -> None:
    receive(file_bytes(Modality="CT"), file_bytes(Modality="CT"), b"hello")
    body = rows(as_reader)
    assert "3 files refused" in body
    assert "2 files</strong> from reader" in body
    newest = Rejection.objects.filter(code="wrong_modality").latest("id")
    as_reader.post(f"/worklist/rejections/{newest.pk}/dismiss/")
    assert "1 file refused" in rows(as_reader)
    assert AuditEvent.objects.get(action="dismiss").detail == {"code": "wrong_modality", "files": 2}
    as_reader.post("/worklist/rejections/dismiss/", {"newest": str(Rejection.objects.latest("id").pk)})
    assert "refused" not in rows(as_reader)
    assert Rejection.objects.count() == 3


def test_a_refusal_that_came_after_the_page_was_shown_is_not_put_away_unseen(as_reader: Client) -> None:
    receive(b"one")
    seen = Rejection.objects.latest("id")
    receive(b"two")
    as_reader.post(f"/worklist/rejections/{seen.pk}/dismiss/")
    assert list(Rejection.objects.filter(seen=False).values_list("id", flat=True)) == [seen.pk + 1]


@pytest.mark.parametrize("path", ["/worklist/upload/", "/worklist/rejections/dismiss/"])
def test_nothing_changes_without_the_pages_token(reader: Any, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reader)
    answer = browser.post(path, {"files": SimpleUploadedFile("a.dcm", file_bytes()), "newest": "1"})
    assert answer.status_code == 403
    assert not Instance.objects.exists()


# --- upload -------------------------------------------------------------------------------------


def upload(browser: Client, *files: tuple[str, bytes], source: str = "files") -> Any:
    sent = [SimpleUploadedFile(name, body) for name, body in files]
    return browser.post("/worklist/upload/", {"files": sent, "source": source}, headers={"Accept": "application/json"})


def test_files_and_zips_are_uploaded_together_and_each_refusal_is_told(as_reader: Client, reader: Any) -> None:
    one, two, three = study_files(3)
    archive = zipped({"IM1": two, "IM2": three}).getvalue()
    answer = upload(as_reader, ("a.dcm", one), ("rest.zip", archive), ("notes.txt", b"hello"), ("a.dcm", one)).json()
    assert (answer["stored"], answer["duplicates"], answer["refused"]) == (3, 1, 1)
    assert answer["rejected"][0]["files"] == ["notes.txt"]
    study = Study.objects.get()
    assert answer["studies"] == [str(study.pk)]
    event = AuditEvent.objects.get(action="upload")
    assert (event.study_id, event.actor, event.detail["stored"]) == (study.pk, reader, 3)


def test_an_upload_that_ends_in_the_middle_of_a_zip_leaves_what_it_stored_on_record(
    as_reader: Client, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "receive", interrupted_after(1))
    with pytest.raises(KeyboardInterrupt):
        upload(as_reader, ("study.zip", zipped(dict(numbered(study_files(2)))).getvalue()))
    event = AuditEvent.objects.get(action="upload")
    assert (event.study_id, event.actor, event.detail["stored"]) == (Study.objects.get().pk, reader, 1)


def test_a_folders_other_files_are_passed_over(as_reader: Client) -> None:
    answer = upload(as_reader, ("a.dcm", file_bytes()), ("DICOMDIR", b"x"), ("run.exe", b"MZ"), source="folder").json()
    assert (answer["stored"], answer["skipped"], answer["refused"]) == (1, 2, 0)


def test_an_upload_over_the_limit_is_refused_before_it_is_read(as_reader: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    answer = upload(as_reader, ("a.dcm", file_bytes()))
    assert answer.status_code == 413
    assert not Instance.objects.exists()


def test_people_without_a_role_upload_nothing(stranger: Any, as_user: Any) -> None:
    assert upload(as_user(stranger), ("a.dcm", file_bytes())).status_code == 403
    assert not Instance.objects.exists()


def test_without_javascript_the_upload_comes_back_to_the_page_with_its_summary(as_reader: Client) -> None:
    answer = as_reader.post("/worklist/upload/", {"files": SimpleUploadedFile("a.dcm", file_bytes())}, follow=True)
    assert "1 image stored." in answer.content.decode()
