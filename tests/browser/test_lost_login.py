"""What was typed is not lost when the login ends, the reader changes or the page goes away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from reader.models import Review
from tests.browser.conftest import Tab, log_in_on
from tests.patience import wait_until
from worklist.models import Study

pytestmark = pytest.mark.django_db(transaction=True)

UNSAVED = "What you wrote last in this tab was not saved."
REFUSED = ("403 (Forbidden)", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


@pytest.fixture
def tab(new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str) -> Tab:
    tab = new_tab().log_in(reader, password)
    tab.expected = REFUSED
    tab.open_study(drafted.pk).get_by_role("button", name="Start review").click()
    expect(tab.page.get_by_role("button", name="Sign report…")).to_be_visible()
    return tab


def text(page: Page) -> Any:
    return page.get_by_role("textbox", name="Report")


def end_login(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def log_in_elsewhere(page: Page, user: Any, password: str) -> None:
    """Another tab of the same browser, which shares the login."""
    end_login(page)
    other = page.context.new_page()
    log_in_on(other, user, password)
    other.close()


def test_text_typed_after_the_login_ended_is_saved_by_itself_after_the_next_login(
    tab: Tab, reader: Any, password: str
) -> None:
    page = tab.page
    end_login(page)
    text(page).fill("Typed without a login.")
    expect(page.locator("#problem")).to_contain_text("Log in in another tab; this tab then saves your text by itself.")
    expect(page.locator("#saved")).to_have_text("Not saved")
    log_in_elsewhere(page, reader, password)
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    expect(page.locator("#problem")).to_be_hidden()
    assert Review.objects.get().draft_text == "Typed without a login."
    page.get_by_label("L1-L2 Canal").select_option("severe")
    expect(page.locator("#suggestions")).to_contain_text("L1-L2: Severe")


def test_nothing_is_saved_under_the_name_of_another_reader(
    tab: Tab, reader: Any, second_reader: Any, password: str
) -> None:
    page = tab.page
    before = Review.objects.get().draft_text
    log_in_elsewhere(page, second_reader, password)
    text(page).fill("The first reader's words.")
    told = "second_reader is logged in now, and this page is reader's. Log in as reader in another tab"
    expect(page.locator("#problem")).to_contain_text(told)
    with page.expect_response("**/draft/") as next_try:  # of its own accord
        pass
    assert next_try.value.status == 403
    assert Review.objects.get().draft_text == before
    log_in_elsewhere(page, reader, password)
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    review = Review.objects.get()
    assert (review.draft_text, review.saved_by) == ("The first reader's words.", reader)


def test_text_that_was_not_saved_is_offered_back_after_a_reload(tab: Tab, reader: Any, password: str) -> None:
    page = tab.page
    page.on("dialog", lambda dialog: dialog.accept())
    end_login(page)
    text(page).fill("Typed without a login.")
    expect(page.locator("#saved")).to_have_text("Not saved")
    log_in_elsewhere(page, reader, password)
    page.route("**/draft/", lambda route: route.abort())  # the last save fails too
    page.reload()
    page.unroute("**/draft/")
    expect(page.locator("#unsaved")).to_contain_text(UNSAVED)
    assert text(page).input_value() != "Typed without a login."
    page.get_by_role("button", name="Put it into the report").click()
    expect(text(page)).to_have_value("Typed without a login.")
    expect(page.locator("#unsaved")).to_be_empty()
    assert Review.objects.get().draft_text == "Typed without a login."
    page.reload()
    expect(text(page)).to_have_value("Typed without a login.")
    expect(page.locator("#unsaved")).to_be_empty()


def test_text_that_was_thrown_away_is_not_offered_again(tab: Tab) -> None:
    page = tab.page
    page.evaluate("sessionStorage.setItem(`unsaved report ${location.pathname} reader`, 'Left behind.')")
    page.reload()
    page.get_by_role("button", name="Throw it away").click()
    expect(page.locator("#unsaved")).to_be_empty()
    page.reload()
    expect(page.locator("#text-mode")).to_have_text("follows the table")
    expect(page.locator("#unsaved")).to_be_empty()


def test_the_unsaved_text_of_another_reader_is_not_shown(tab: Tab) -> None:
    page = tab.page
    page.evaluate("sessionStorage.setItem(`unsaved report ${location.pathname} second_reader`, 'Theirs.')")
    page.reload()
    expect(page.locator("#text-mode")).to_have_text("follows the table")
    assert "Theirs." not in page.content()


def test_what_was_typed_last_is_saved_when_the_page_goes_away(tab: Tab) -> None:
    page = tab.page
    page.on("dialog", lambda dialog: dialog.accept())
    text(page).fill("Typed and left.")
    page.goto("/worklist/")
    wait_until(lambda: Review.objects.get().draft_text == "Typed and left.", "the last words to be saved")
