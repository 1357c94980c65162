"""Only radiologists read; a refusal is on record."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from tests.reader.factories import UID
from worklist.models import Study

READ = ("", "state/", "masks/index.json", f"masks/{UID}.2.bin", "evidence.json", "versions/1/", "second/")
WRITE = (
    "claim/", "take-over/", "release/", "findings/L4-L5/canal/", "findings/L4-L5/confirm/", "findings/L4-L5/reopen/",
    "findings/L4-L5/canal/confirm/", "draft/", "draft/use/", "draft/use-all/", "draft/dismiss/", "draft/follow/",
    "draft/replace/", "draft/bring-back/", "late/", "sign/",
    "second/start/", "second/close/", "newer-reading/", "read-again/", "amend/start/", "amend/discard/", "amend/",
)  # fmt: skip


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("who", ["stranger", "administrator"])
def test_whoever_is_no_radiologist_sees_nothing_and_is_on_record(
    study: Study, who: str, path: str, request: pytest.FixtureRequest, as_user: Any
) -> None:
    user = request.getfixturevalue(who)
    assert as_user(user).get(f"/reader/{study.pk}/{path}").status_code == 403
    event = AuditEvent.objects.get(action="refused")
    assert (event.actor, event.study_id) == (user, study.pk)


@pytest.mark.parametrize("path", WRITE)
def test_a_stranger_can_write_nothing_and_is_on_record(study: Study, stranger: Any, as_user: Any, path: str) -> None:
    answer = as_user(stranger).post(
        f"/reader/{study.pk}/{path}", {"version": 1, "review": 1}, content_type="application/json"
    )
    assert answer.status_code == 403
    assert AuditEvent.objects.filter(action="refused", actor=stranger, study_id=study.pk).count() == 1


@pytest.mark.parametrize("path", READ)
def test_without_a_login_nothing_is_shown(study: Study, path: str) -> None:
    answer = Client().get(f"/reader/{study.pk}/{path}")
    assert answer.status_code in (302, 403)
    assert b"DOE" not in answer.content


def test_a_write_without_the_csrf_token_is_refused(study: Study, reader: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reader)
    answer = browser.post(f"/reader/{study.pk}/claim/", {}, content_type="application/json")
    assert answer.status_code == 403
    study.refresh_from_db()
    assert study.claimed_by is None


def test_opening_a_study_is_on_record(study: Study, reader: Any, as_user: Any) -> None:
    assert as_user(reader).get(f"/reader/{study.pk}/").status_code == 200
    event = AuditEvent.objects.get(action="view")
    assert (event.actor, event.study_id) == (reader, study.pk)


def test_reading_the_review_by_the_api_alone_is_on_record_too(study: Study, reader: Any, as_user: Any) -> None:
    browser = as_user(reader)
    for _ in range(3):
        browser.get(f"/reader/{study.pk}/state/")
    assert AuditEvent.objects.filter(action="view", actor=reader, study_id=study.pk).count() == 1


@pytest.mark.parametrize("path", ["take-over/", "late/", "sign/"])
def test_a_refused_write_shows_the_review_and_is_on_record_as_a_view(
    study: Study, reader: Any, as_user: Any, path: str
) -> None:
    body = {"version": 1, "review": 1, "count": 0}
    answer = as_user(reader).post(f"/reader/{study.pk}/{path}", body, content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["state"]["findings"]
    assert AuditEvent.objects.filter(action="view", actor=reader, study_id=study.pk).count() == 1


@pytest.mark.parametrize("path", ["", "state/"])
def test_no_browser_keeps_a_page_with_a_patient_on_its_disk(study: Study, reader: Any, as_user: Any, path: str) -> None:
    assert "no-store" in as_user(reader).get(f"/reader/{study.pk}/{path}")["Cache-Control"]


def test_a_body_that_nests_without_end_is_a_bad_request(study: Study, reader: Any, as_user: Any) -> None:
    answer = as_user(reader).post(f"/reader/{study.pk}/draft/", "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400


def test_an_unknown_study_is_not_found(reader: Any, as_user: Any) -> None:
    assert as_user(reader).get("/reader/00000000-0000-4000-8000-000000000000/").status_code == 404
