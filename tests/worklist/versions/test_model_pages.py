"""The page Models: for administrators, and what its buttons do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from inference.models import cards
from inference.result import record
from inference.types import Grade
from tests.reader.factories import drafted_study, reading
from tests.worklist.factories import add_job
from worklist import shared_settings
from worklist.models import MachineReading, ModelChoice
from worklist.versions import card_sections, choices, comparison

pytestmark = pytest.mark.django_db

SHIPPED = cards.read_card(cards.WEIGHTS / "segment")["version"]


@pytest.fixture
def admin(administrator: Any, as_user: Callable[[Any], Client]) -> Client:
    return as_user(administrator)


@pytest.fixture(autouse=True)
def newer(models_dir: Path, tmp_path: Path) -> Path:
    """Version 9.1.0, installed; the pages look at its card and hash, never at its network."""
    source = tmp_path / "newer"
    source.mkdir()
    (source / "weights.safetensors").write_bytes(b"some weights")
    changes = {
        "version": "9.1.0",
        "limits": ["Only for <tests>."],
        "sha256": cards.digest(source / "weights.safetensors"),
    }
    (source / "card.json").write_text(json.dumps(cards.read_card(cards.WEIGHTS / "segment") | changes))
    return cards.install(source, models_dir).folder


@pytest.fixture
def compared() -> MachineReading:
    """What 9.1.0 has read in shadow mode of one study: a grade apart at L4-L5."""
    first = drafted_study({"L4-L5": Grade.MILD}).latest_reading
    assert first is not None
    second = record.to_dict(reading(first.study.study_instance_uid, {"L4-L5": Grade.MODERATE}))
    job = add_job(
        first.study, "done", purpose="shadow", compared_with=first, name="segment", version="9.1.0", sha256="5" * 64
    )
    return MachineReading.objects.create(
        study=first.study, job=job, reading=second, comparison=comparison.compare(first.reading, second), seconds=2.5
    )


def first_of(compared: MachineReading) -> MachineReading:
    assert compared.job.compared_with is not None
    return compared.job.compared_with


PAGES = [
    ("get", "/models/"),
    ("get", "/models/segment/9.1.0/activate/"),
    ("post", "/models/segment/9.1.0/activate/"),
    ("post", "/models/segment/9.1.0/shadow/"),
    ("post", "/models/segment/stop-shadow/"),
    ("get", "/models/segment/9.1.0/compared/"),
    ("get", "/models/compared/1/"),
    ("post", "/models/uncertain-below/"),
]


@pytest.mark.parametrize(("method", "address"), PAGES)
def test_radiologists_and_strangers_are_refused_and_that_is_on_record(
    reader: Any, stranger: Any, as_user: Callable[[Any], Client], method: str, address: str
) -> None:
    for user in (reader, stranger):
        assert getattr(as_user(user), method)(address).status_code == 403
        assert AuditEvent.objects.filter(actor=user, action="refused").count() == 1
    assert getattr(Client(), method)(address).status_code == 302
    assert not ModelChoice.objects.exists()


def test_installed_versions_are_shown_with_their_cards_and_the_active_one_is_marked(admin: Client) -> None:
    page = admin.get("/models/").content.decode()
    for told in (
        SHIPPED,
        "9.1.0",
        "Only for &lt;tests&gt;.",
        "van der Graaf",
        cards.read_card(cards.WEIGHTS / "segment")["sha256"],
    ):
        assert told in page
    names = {path.parent.name for path in cards.WEIGHTS.glob("*/card.json")}
    assert page.count(">Active<") == len(names) == 3
    assert page.index(">Active<") < page.index("Activate<span")


def test_a_version_is_activated_only_after_a_question(admin: Client, administrator: Any) -> None:
    asked = admin.get("/models/segment/9.1.0/activate/").content.decode()
    assert "Activate segment 9.1.0?" in asked
    assert not ModelChoice.objects.exists()
    told = admin.post("/models/segment/9.1.0/activate/", follow=True).content.decode()
    assert "segment 9.1.0 reads from the next study on." in told
    chosen = ModelChoice.objects.get()
    assert (chosen.role, chosen.version, chosen.chosen_by) == ("active", "9.1.0", administrator)
    event = AuditEvent.objects.get(action="model_activated")
    assert (event.actor, event.detail["version"], event.detail["sha256"]) == (administrator, "9.1.0", chosen.sha256)


def test_a_shadow_is_started_and_stopped_and_ends_when_it_is_activated(admin: Client) -> None:
    admin.post("/models/segment/9.1.0/shadow/")
    assert "Shadow mode</span>" in admin.get("/models/").content.decode()
    admin.post("/models/segment/stop-shadow/")
    assert not ModelChoice.objects.filter(role="shadow").exists()
    admin.post("/models/segment/9.1.0/shadow/")
    admin.post("/models/segment/9.1.0/activate/")
    assert list(ModelChoice.objects.values_list("role", "version")) == [("active", "9.1.0")]
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    wanted = ["shadow_started", "shadow_stopped", "shadow_started", "shadow_stopped", "model_activated"]
    assert [action for action in actions if action != "login"] == wanted


def test_the_active_version_cannot_be_its_own_shadow(admin: Client) -> None:
    told = admin.post(f"/models/segment/{SHIPPED}/shadow/", follow=True).content.decode()
    assert "Nothing was changed." in told
    assert not ModelChoice.objects.exists()


def test_a_damaged_active_version_is_told_on_the_page(admin: Client, newer: Path) -> None:
    admin.post("/models/segment/9.1.0/activate/")
    (newer / "weights.safetensors").write_bytes(b"cut off")
    page = admin.get("/models/").content.decode()
    assert "Version 9.1.0 is active and damaged" in page
    assert "until it is installed again or another version is activated" in page
    shutil.rmtree(newer)
    assert "Version 9.1.0 is active and not installed." in admin.get("/models/").content.decode()


@pytest.mark.parametrize(
    "address", ["/models/segment/8.0/activate/", "/models/segment/9.1.0/delete/", "/models/segment/8.0/compared/"]
)
def test_there_is_nothing_for_versions_and_acts_that_are_not_there(admin: Client, address: str) -> None:
    assert admin.get(address).status_code == 404


def test_the_comparison_says_how_often_and_where_the_two_agree(admin: Client, compared: MachineReading) -> None:
    page = admin.get("/models/segment/9.1.0/compared/").content.decode()
    for told in ("4 (80 %)", "5 (100 %)", "1 one grade apart", "same names", "2.5 in shadow mode"):
        assert told in page
    assert "DOE" not in page
    assert f"/models/compared/{compared.pk}/" in page
    study = admin.get(f"/models/compared/{compared.pk}/").content.decode()
    assert study.count('class="differs"') == 1
    assert "one grade apart" in study
    assert AuditEvent.objects.get(action="view").study_id == compared.study_id


def test_answers_about_discs_that_differ_are_shown_and_the_others_counted(
    admin: Client, compared: MachineReading
) -> None:
    asked = [("pfirrmann", 4), ("modic", 0)], [("pfirrmann", 3), ("modic", 0)]
    found = [[{"level": "L4-L5", "finding": q, "value": v, "probability": 0.6} for q, v in one] for one in asked]
    first = first_of(compared)
    first.reading["disc_findings"], compared.reading["disc_findings"] = found
    first.save()
    compared.comparison = comparison.compare(first.reading, compared.reading)
    compared.save()
    page = admin.get("/models/segment/9.1.0/compared/").content.decode()
    for told in ("Modic", "1 (100 %)", "0 (0 %)", "1 findings otherwise"):
        assert told in page
    study = admin.get(f"/models/compared/{compared.pk}/").content.decode()
    assert "<td>Pfirrmann</td><td>4</td><td>3</td>" in study
    assert "Modic" not in study


def test_readers_see_nothing_of_the_shadow(
    compared: MachineReading, reader: Any, as_user: Callable[[Any], Client]
) -> None:
    client = as_user(reader)
    state = client.get(f"/reader/{compared.study_id}/state/").json()
    grades = {(row["level"], row["site"]): row["machine_grade"] for row in state["findings"]}
    assert grades["L4-L5", "canal"] == "mild"
    assert b"/models/" not in client.get("/worklist/").content


def test_a_card_is_told_in_sections_and_nothing_of_it_is_lost() -> None:
    card = {
        "name": "segment", "version": "1", "sha256": "ab", "task": "discs", "limits": ["One.", "Only two."],
        "training": {"config": {"steps": 10}}, "figures": {"dice": {"disc": 0.89314}, "ids": [1, 2]},
    }  # fmt: skip
    told = {section["title"]: section["lines"] for section in card_sections.sections(card)}
    assert told["What it does"] == [("task", "discs")]
    assert told["Figures"] == [("dice, disc", "0.893"), ("ids", "1, 2")]
    assert told["Limits"] == [("", "One."), ("", "Only two.")]
    assert told["Network and training"] == [("training, config, steps", "10")]
    assert choices.installed("segment")[0].card["sha256"]


# --- the uncertain band -------------------------------------------------------------------------


def test_an_administrator_sets_the_uncertain_band_for_every_reader(
    admin: Client, administrator: Any, reader: Any, as_user: Callable[[Any], Client]
) -> None:
    assert shared_settings.uncertain_below() == shared_settings.UNCERTAIN_BELOW_DEFAULT
    admin.post("/models/uncertain-below/", {"uncertain_below": "75"})
    event = AuditEvent.objects.get(action="setting_changed")
    assert (event.actor, event.detail["before"], event.detail["after"]) == (administrator, 60, 75)
    page = as_user(reader).get(f"/reader/{drafted_study().pk}/")
    assert page.context["boot"]["review"]["uncertain_below"] == 75


@pytest.mark.parametrize("typed", ["", "101", "-1", "60.5", "²", "1000"])
def test_a_band_that_is_no_percentage_changes_nothing(admin: Client, typed: str) -> None:
    told = admin.post("/models/uncertain-below/", {"uncertain_below": typed}, follow=True).content.decode()
    assert "Nothing was changed. Say a whole number of percent from 0 to 100." in told
    assert shared_settings.uncertain_below() == 60
    assert not AuditEvent.objects.filter(action="setting_changed").exists()
