"""What the machine is unsure of is marked in words and by shape, and the keyboard goes there first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from worklist.models import MachineReading, Study

pytestmark = pytest.mark.django_db(transaction=True)


NETWORK = {"code": "network_grade", "values": {"probability": 0.43, "roles": ["sagittal_t2"]}}


@pytest.fixture
def unsure(drafted: Study) -> Study:
    """Of all that a network could have graded, it graded the left recess of L3-L4, and hardly."""
    machine = MachineReading.objects.get(study=drafted)
    for said in machine.reading["findings"]:
        said["contradicted"] = False
        if said["site"] != "canal":
            said |= {"grade": "not_assessed", "rules": [], "notices": [], "probability": None}
        if (said["level"], said["site"]) == ("L3-L4", "recess_left"):
            said |= {"grade": "mild", "rules": [NETWORK], "probability": 0.43}
    machine.save()
    return drafted


def test_the_level_with_an_uncertain_grade_is_shown_first_and_says_why(
    new_tab: Callable[..., Tab], unsure: Study, reader: Any, password: str
) -> None:
    page = new_tab(width=1366, height=768).log_in(reader, password).open_study(unsure.pk)
    page.get_by_role("button", name="Start review").click()
    expect(page.locator("tbody.current[data-level=L3-L4]")).to_have_count(1)
    expect(page.locator(".doubt:visible")).to_have_text(["?"])
    cell = page.get_by_label("L3-L4 Left recess")
    expect(cell).to_have_attribute("title", re.compile("Uncertain: less likely than 60 %"))
    expect(page.locator("#levels").get_by_role("button", name="L3-L4, uncertain")).to_be_visible()
    expect(page.locator("tbody.current")).to_contain_text("? uncertain Left recess: mild, 43 %")
    expect(page.locator(".table-notes")).to_contain_text("uncertain of (below 60 %): 1, 1 to confirm.")


def test_space_goes_to_the_uncertain_level_before_the_next_one(
    new_tab: Callable[..., Tab], unsure: Study, reader: Any, password: str
) -> None:
    page = new_tab().log_in(reader, password).open_study(unsure.pk)
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Sign report…")).to_be_visible()
    page.keyboard.press("Escape")
    for key, then in (("5", "L3-L4"), ("", "L4-L5"), ("", "L1-L2")):
        if key:
            page.keyboard.press(key)
        page.keyboard.press("Space")
        expect(page.locator(f"tbody.current[data-level={then}]")).to_have_count(1)
    expect(page.locator(".table-notes")).to_contain_text("1, 0 to confirm.")


def test_a_changed_grade_loses_its_mark(new_tab: Callable[..., Tab], unsure: Study, reader: Any, password: str) -> None:
    page = new_tab().log_in(reader, password).open_study(unsure.pk)
    page.get_by_role("button", name="Start review").click()
    page.get_by_label("L3-L4 Left recess").select_option("severe")
    expect(page.locator(".doubt:visible")).to_have_count(0)


def test_a_measured_grade_that_the_network_contradicts_is_marked_and_says_why(
    new_tab: Callable[..., Tab], unsure: Study, reader: Any, password: str
) -> None:
    machine = MachineReading.objects.get(study=unsure)
    for said in machine.reading["findings"]:
        if (said["level"], said["site"]) == ("L4-L5", "canal"):
            said |= {"grade": "normal", "contradicted": True}
    machine.save()
    page = new_tab(width=1366, height=768).log_in(reader, password).open_study(unsure.pk)
    page.get_by_role("button", name="Start review").click()
    expect(page.locator("tbody[data-level=L4-L5] .doubt:visible")).to_have_text(["?"])
    why = "network and measurements are two grades apart"
    expect(page.get_by_label("L4-L5 Canal")).to_have_attribute("title", re.compile(f"Uncertain: {why}"))
    expect(page.locator("tbody[data-level=L4-L5]")).to_contain_text(f"? uncertain Canal: normal, {why}")
    expect(page.locator(".table-notes")).to_contain_text(f"(below 60 %, or {why}): 2, 2 to confirm.")
