"""What an open page asks after a login in another tab."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.reader.factories import Desk
from worklist.models import Study


def test_a_page_learns_who_is_logged_in_now_and_gets_a_token_that_works(study: Study, reader: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reader)
    answer = browser.get("/reader/session/")
    assert answer.json()["user"] == "reader"
    assert "no-store" in answer["Cache-Control"]
    headers = {"X-CSRFToken": answer.json()["token"]}
    claim = browser.post(f"/reader/{study.pk}/claim/", {}, content_type="application/json", headers=headers)
    assert claim.status_code == 200


def test_without_a_login_there_is_no_token(db: None) -> None:
    assert Client().get("/reader/session/").status_code == 302


def test_each_state_says_whose_it_is(desk: Desk) -> None:
    assert desk.state["user"] == "reader"


def test_broken_json_is_answered_in_the_shape_of_other_errors(desk: Desk) -> None:
    answer = desk.client.post(f"{desk.base}draft/", '{"version": 1, "text"', content_type="application/json")
    assert answer.status_code == 400
    assert answer.json().keys() == {"error", "message"}
    assert answer.json()["error"] == "parse_error"


def test_a_write_without_a_login_is_answered_in_the_shape_of_other_errors(study: Study) -> None:
    answer = Client().post(f"/reader/{study.pk}/claim/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (403, "not_authenticated")
