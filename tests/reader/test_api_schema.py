"""The API reference tells of every address of the review, and of what the answers hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from reader.api_schema import FindingState, ReviewState
from reader.urls import urlpatterns
from tests.reader.factories import Desk
from worklist.models import Study


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As `manage.py spectacular` writes it; a warning is an error."""
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(file))
    return json.loads(Path(file).read_text())


def test_every_address_of_the_api_is_in_the_reference_with_words(schema: dict[str, Any]) -> None:
    views = [getattr(pattern.callback, "cls", None) for pattern in urlpatterns]
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == {view.__name__ for view in views if view}
    assert [operation["operationId"] for operation in operations if not operation.get("description")] == []


def test_a_write_is_described_with_its_body_and_its_refusal(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/reader/{study_id}/sign/"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert body.endswith("/Signature")
    assert set(operation["responses"]) == {"200", "400", "403", "404", "409"}


def test_an_answer_holds_what_the_reference_says(desk: Desk) -> None:
    state = desk.look()
    assert set(state) == set(ReviewState().fields)
    assert set(state["findings"][0]) == set(FindingState().fields)


def test_a_study_that_nobody_reads_answers_with_the_fields_that_are_always_there(
    study: Study, reader: Any, as_user: Any
) -> None:
    state = as_user(reader).get(f"/reader/{study.pk}/state/").json()
    always = {name for name, field in ReviewState().fields.items() if field.required}
    assert always <= set(state) <= set(ReviewState().fields)


def test_the_reference_is_served_to_those_who_are_logged_in_alone(stranger: Any, as_user: Any) -> None:
    assert Client().get("/api/schema/").status_code in (302, 401, 403)
    assert as_user(stranger).get("/api/schema/").json()["info"]["title"] == "DeepSPINE Reader"
