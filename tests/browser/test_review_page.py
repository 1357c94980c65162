"""The table and the report on the page: by keyboard, in two tabs, and when the connection fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inference.types import LUMBAR_LEVELS
from reader import actions, signing
from reader.models import Review, SignedReport
from tests.browser.conftest import Tab
from tests.worklist.factories import add_job
from worklist.jobs.states import State
from worklist.models import Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tab(new_tab: Callable[..., Tab], drafted: Any, reader: Any, password: str) -> Tab:
    tab = new_tab().log_in(reader, password)
    tab.open_study(drafted.pk).get_by_role("button", name="Start review").click()
    expect(tab.page.get_by_role("button", name="Sign report…")).to_be_visible()
    return tab


def text(page: Page) -> Any:
    return page.get_by_role("textbox", name="Report")


def choose_by_arrow(page: Page, site: str) -> None:
    """Go along the row of the current level; where it starts depends on what is uncertain there."""
    for _ in range(5):
        if page.locator(f"tbody.current td.current [data-site={site}]").count():
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"the arrow keys do not reach {site}")


def test_a_study_is_read_and_signed_by_keyboard_alone(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    choose_by_arrow(page, "canal")
    page.keyboard.press("o")
    expect(page.get_by_label("L4-L5 Canal")).to_have_value("moderate")
    choose_by_arrow(page, "foramen_left")
    page.keyboard.press("i")
    expect(page.get_by_label("L4-L5 Left foramen")).to_have_value("mild")
    page.keyboard.press("1")
    expect(page.locator("tbody.current[data-level=L1-L2]")).to_have_count(1)
    for confirmed in range(1, 6):
        page.keyboard.press("Space")
        expect(page.locator("tbody[data-confirmed=true]")).to_have_count(confirmed)
    page.get_by_role("button", name="Sign report…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("You changed:")
    page.keyboard.press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/versions/1/")
    assert "L4-L5: Moderate stenosis" in SignedReport.objects.get().read().text


def test_one_click_names_the_lowest_disc_otherwise_and_table_and_text_follow(tab: Tab, drafted: Study) -> None:
    page = tab.page
    lowest = page.get_by_role("group", name="The lowest disc found is")
    expect(lowest.get_by_role("button", name="L5-S1")).to_have_attribute("aria-pressed", "true")
    before = page.get_by_label("L4-L5 Canal").input_value()
    lowest.get_by_role("button", name="L4-L5").click()
    expect(lowest.get_by_role("button", name="L4-L5")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("L3-L4 Canal")).to_have_value(before)
    expect(page.get_by_label("L5-S1 Canal")).to_have_value("not_assessed")
    expect(text(page)).to_have_value(
        re.compile("L5-S1: Spinal canal, both lateral recesses and both foramina not assessed")
    )
    assert Review.objects.get(study=drafted).level_shift == 1


def test_keys_write_in_the_report_and_not_in_the_table(tab: Tab) -> None:
    page = tab.page
    before = page.get_by_label("L1-L2 Canal").input_value()
    page.keyboard.press("t")
    text(page).press("Control+End")
    page.keyboard.type("noisy images 12345")
    expect(text(page)).to_have_value(re.compile("noisy images 12345"))
    assert page.get_by_label("L1-L2 Canal").input_value() == before


def test_what_was_typed_is_saved_by_itself_and_is_there_after_a_reload(tab: Tab, drafted: Study) -> None:
    page = tab.page
    text(page).fill("By hand only.")
    expect(page.locator("#saved")).to_have_text(re.compile(r"Saved \d\d:\d\d:\d\d"))
    page.reload()
    expect(text(page)).to_have_value("By hand only.")
    expect(page.locator("#text-mode")).to_have_text("edited by hand")


def test_of_two_tabs_the_second_is_told_and_keeps_its_text(
    tab: Tab, new_tab: Callable[..., Tab], reader: Any, password: str, drafted: Study
) -> None:
    other = new_tab().log_in(reader, password)
    other.expected = ("409 (Conflict)",)
    other.open_study(drafted.pk)
    text(tab.page).fill("From the first tab.")
    expect(tab.page.locator("#saved")).to_contain_text("Saved")
    text(other.page).fill("From the second tab.")
    expect(other.page.locator("#conflict")).to_contain_text("The report was changed elsewhere by reader")
    expect(text(other.page)).to_have_value("From the second tab.")
    assert Review.objects.get().draft_text == "From the first tab."
    other.page.get_by_role("button", name="Keep my text").click()
    expect(other.page.locator("#conflict")).to_be_empty()
    review = Review.objects.get()
    assert (review.draft_text, review.set_aside_text) == ("From the second tab.", "From the first tab.")


def test_text_typed_while_the_server_is_away_is_saved_when_it_is_back(tab: Tab) -> None:
    page = tab.page
    tab.expected = ("ERR_FAILED", "ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    text(page).fill("Typed while away.")
    expect(page.locator("#problem")).to_contain_text("cannot be reached")
    expect(page.locator("#saved")).to_have_text("Not saved")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.locator("#problem")).to_be_hidden()
    assert Review.objects.get().draft_text == "Typed while away."


def test_another_reader_can_look_but_not_write(
    tab: Tab, new_tab: Callable[..., Tab], second_reader: Any, password: str, drafted: Study
) -> None:
    page = new_tab().log_in(second_reader, password).open_study(drafted.pk)
    expect(page.locator("#banner")).to_contain_text("reader is reading this study now")
    expect(page.get_by_label("L4-L5 Canal")).to_be_disabled()
    expect(text(page)).not_to_be_editable()
    expect(page.get_by_role("button", name="Take over…")).to_be_visible()


def test_a_failed_study_is_read_by_hand_with_its_images(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    drafted.machine_readings.all().delete()
    Study.objects.filter(pk=drafted.pk).update(state=State.FAILED)
    add_job(drafted, "failed", failure_code="spine_not_found", failure_message="The spine was not found.")
    page = new_tab().log_in(reader, password).open_study(drafted.pk)
    expect(page.locator("#banner")).to_contain_text("The spine was not found.")
    expect(page.locator("#levels")).to_be_hidden()
    expect(page.locator("#left .mark.left")).to_have_text("A")
    page.get_by_role("button", name="Read by hand").click()
    page.get_by_label("L4-L5 Canal").select_option("severe")
    expect(text(page)).to_have_value(re.compile("L4-L5: Severe stenosis"))


def test_images_that_came_after_the_signature_can_be_acknowledged_in_an_amendment(
    tab: Tab, drafted: Any, reader: Any
) -> None:
    for level in LUMBAR_LEVELS:
        actions.confirm_level(drafted, reader, Review.objects.get().seen, level)
    signing.sign(drafted, reader, Review.objects.get().seen)
    Study.objects.filter(pk=drafted.pk).update(late_images=2)
    page = tab.open_study(drafted.pk)
    page.get_by_role("button", name="Amend", exact=True).click()
    expect(page.locator(".left-to-do")).to_contain_text("2 images that arrived late")
    page.get_by_role("button", name="I have looked at them").click()
    expect(page.locator(".left-to-do")).to_contain_text("Ready to sign.")
