"""A report that says otherwise than its table, as the reader sees it while writing and at the signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import AuditEvent
from inference.types import LUMBAR_LEVELS
from reader import actions
from reader.models import Review
from tests.browser.conftest import Tab, outlines_are_shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(new_tab: Callable[..., Tab], drafted: Any, reader: Any, password: str) -> Page:
    """The review of a study with a moderate canal stenosis and a moderate one of the left foramen at L4-L5."""
    page = new_tab().log_in(reader, password).open_study(drafted.pk)
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Sign report…")).to_be_visible()
    for site, grade in (("canal", "moderate"), ("foramen_left", "moderate"), ("foramen_right", "normal")):
        actions.change_grade(drafted, reader, Review.objects.get().seen, ("L4-L5", site), grade)
    page.reload()
    outlines_are_shown(page)
    expect(report(page)).to_be_editable()
    return page


def report(page: Page) -> Any:
    return page.get_by_role("textbox", name="Report")


def told(page: Page) -> Any:
    return page.get_by_role("region", name="Contradictions between text and table")


def rewrite(page: Page, was: str, now: str) -> str:
    """Replace words of the report by hand; its text before."""
    before: str = report(page).input_value()
    assert was in before
    report(page).fill(before.replace(was, now, 1))
    return before


def test_another_grade_is_shown_beside_the_text_and_goes_when_it_is_mended(page: Page) -> None:
    expect(told(page).get_by_role("status")).to_be_empty()
    top = report(page).bounding_box()["y"]
    before = rewrite(page, "L4-L5: Moderate", "L4-L5: Severe")
    expect(told(page).get_by_role("status")).to_have_text("1 contradiction between text and table")
    expect(told(page)).to_contain_text("The text says severe for the canal at L4-L5; the table says moderate.")
    expect(told(page).locator("q")).to_contain_text("L4-L5: Severe stenosis of the spinal canal")
    assert report(page).bounding_box()["y"] == top
    report(page).fill(before)
    expect(told(page).get_by_role("listitem")).to_have_count(0)
    expect(told(page).get_by_role("status")).to_be_empty()


def test_swapped_sides_are_shown(page: Page) -> None:
    text = report(page).input_value()
    report(page).fill(text.replace("left", "*").replace("right", "left").replace("*", "right"))
    expect(told(page)).to_contain_text("The text says moderate for the right foramen at L4-L5; the table says normal.")
    expect(told(page)).to_contain_text("The text says normal for the left foramen at L4-L5; the table says moderate.")


def test_its_button_puts_the_cursor_at_the_sentence_by_keyboard_though_the_text_moved(page: Page) -> None:
    rewrite(page, "L4-L5: Moderate", "L4-L5: Severe")
    expect(told(page).get_by_role("listitem")).to_have_count(1)
    report(page).fill("Compared with 😀 2019.\n" + report(page).input_value())
    report(page).press("Tab")
    expect(told(page).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(report(page)).to_be_focused()
    at = report(page).evaluate("(area) => area.value.slice(area.selectionStart)")
    assert at.startswith("L4-L5: Severe")
    assert report(page).evaluate("(area) => area.selectionStart === area.selectionEnd")


def test_the_signature_lists_what_is_open_and_says_on_its_button_how_many(page: Page) -> None:
    rewrite(page, "L4-L5: Moderate", "L4-L5: Severe")
    expect(told(page).get_by_role("listitem")).to_have_count(1)
    for level in LUMBAR_LEVELS:
        page.locator(f"tbody[data-level={level}] .confirm").click()
        expect(page.locator(f"tbody[data-level={level}]")).to_have_attribute("data-confirmed", "true")
    page.get_by_role("button", name="Sign report…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The text says severe for the canal at L4-L5; the table says moderate.")
    expect(dialog.get_by_role("button", name="Sign", exact=True)).to_have_count(0)
    dialog.get_by_role("button", name="Back to the report").click()
    page.get_by_role("button", name="Sign report…").click()
    dialog.get_by_role("button", name="Sign with 1 contradiction").click()
    page.wait_for_url("**/versions/1/")
    assert AuditEvent.objects.get(action="sign").detail["contradictions"] == 1
