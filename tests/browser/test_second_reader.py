"""Two readers at one study, and a newer machine reading while one of them reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from inference.types import LUMBAR_LEVELS
from reader import actions, signing
from reader.models import Review
from tests.browser.conftest import Tab
from tests.worklist.factories import add_reading
from worklist.models import MachineReading, Study

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_second_reader_reads_beside_the_first_and_is_told_of_the_signature(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, second_reader: Any, password: str
) -> None:
    actions.claim(drafted, reader)
    page = new_tab().log_in(second_reader, password).open_study(drafted.pk)
    page.get_by_role("button", name="Start a second review").click()
    expect(page.locator("#banner")).to_contain_text("This is your second review")
    page.get_by_label("L1-L2 Canal").select_option("severe")
    expect(page.get_by_role("textbox", name="Report")).to_have_value(re.compile("L1-L2: Severe stenosis"))
    for level in LUMBAR_LEVELS:
        actions.confirm_level(drafted, reader, Review.objects.get(purpose="primary").seen, level)
    signing.sign(drafted, reader, Review.objects.get(purpose="primary").seen)
    expect(page.locator("#banner")).to_contain_text("reader signed this study", timeout=20_000)
    page.get_by_role("link", name="Read your second review").click()
    expect(page.get_by_role("heading", name="Your second review")).to_be_visible()
    expect(page.get_by_role("row", name="L1-L2")).to_contain_text("severe")


def test_a_newer_reading_is_offered_and_taken_by_a_button(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    actions.claim(drafted, reader)
    first = MachineReading.objects.get()
    changed = dict(first.reading)
    changed["findings"] = [
        one | {"grade": "severe"} if (one["level"], one["site"]) == ("L1-L2", "canal") else one
        for one in first.reading["findings"]
    ]
    add_reading(drafted, changed, first.folder)
    page = new_tab().log_in(reader, password).open_study(drafted.pk)
    expect(page.locator("#banner")).to_contain_text("1 grade differs")
    expect(page.get_by_label("L1-L2 Canal")).not_to_have_value("severe")
    page.get_by_role("button", name="Use the newer reading").click()
    expect(page.get_by_label("L1-L2 Canal")).to_have_value("severe")
    expect(page.locator("#banner")).not_to_contain_text("A newer machine reading")
    page.wait_for_selector("body[data-masks=shown]", timeout=60_000)
