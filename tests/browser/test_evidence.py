"""Evidence is shown when it is asked for, over the images where it lies, and says in words what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Tab, outlines_are_shown
from worklist.models import Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tab(new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str) -> Tab:
    tab = new_tab().log_in(reader, password)
    tab.open_study(drafted.pk).keyboard.press("Escape")
    return tab


@pytest.fixture
def page(tab: Tab) -> Page:
    return tab.page


def choose(page: Page, site: str) -> None:
    for _ in range(5):
        if page.locator(f"tbody.current td.current [data-site={site}]").count():
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"the arrow keys do not reach {site}")


def bar(page: Page) -> Any:
    return page.locator("#evidence")


def test_nothing_is_fetched_or_shown_before_it_is_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("4")
    expect(page.locator("tbody.current[data-level=L4-L5]")).to_have_count(1)
    expect(bar(page)).to_be_hidden()
    assert page.locator("image.evidence").count() == 0
    page.keyboard.press("e")
    expect(bar(page)).to_be_visible()
    assert len([url for url in asked if url.endswith("evidence.json")]) == 1
    page.keyboard.press("e")
    expect(bar(page)).to_be_hidden()
    expect(page.locator("image.evidence")).to_have_count(0)


def test_the_map_lies_on_the_foramens_own_slice_and_goes_with_the_image(page: Page) -> None:
    page.keyboard.press("4")
    choose(page, "foramen_left")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("L4-L5 left foramen: where the network saw what speaks for")
    expect(bar(page)).to_contain_text("No proof: judge the image.")
    left = page.locator("#left-overlay image.evidence")
    expect(left).to_have_count(1)
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    there = page.locator("#left-slice").inner_text()
    choose(page, "foramen_right")
    expect(bar(page)).to_contain_text("L4-L5 right foramen")
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    assert page.locator("#left-slice").inner_text() != there
    for _ in range(2):
        page.keyboard.press("PageDown")
        page.keyboard.press("PageUp")
    before = left.get_attribute("transform")
    page.locator("#left-screen").hover()
    page.keyboard.press("z")
    page.mouse.down()
    page.mouse.move(200, 500, steps=4)
    page.mouse.up()
    expect(left).not_to_have_attribute("transform", before or "")


def test_away_from_the_place_nothing_is_drawn(page: Page) -> None:
    page.keyboard.press("4")
    choose(page, "foramen_left")
    page.keyboard.press("e")
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    page.locator("#left-screen").hover()
    for _ in range(4):
        page.keyboard.press("PageUp")
    expect(page.locator("#left-overlay .ring")).to_have_count(0)


def test_where_no_axial_image_shows_the_place_the_axial_screen_stays_and_says_so(page: Page) -> None:
    page.keyboard.press("4")
    page.keyboard.press("1")
    note, there = page.locator("#right-note"), page.locator("#right-slice")
    expect(note).to_have_text("No axial slice at L1-L2")
    before = there.inner_text()
    choose(page, "foramen_left")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("L1-L2 left foramen: where the network saw")
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    expect(note).to_have_text("No axial slice at L1-L2")
    assert there.inner_text() == before


def test_the_canals_map_says_that_the_draft_is_measured(page: Page) -> None:
    page.keyboard.press("3")
    choose(page, "canal")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("The draft grade of the canal is measured")


def test_shift_e_goes_on_to_what_was_found_at_the_disc(page: Page) -> None:
    page.keyboard.press("4")
    page.keyboard.press("e")
    expect(bar(page).locator("[aria-pressed=true]")).to_have_count(1)
    first = bar(page).locator("[aria-pressed=true]").inner_text()
    names = bar(page).get_by_role("button").all_inner_texts()
    assert "Pfirrmann" in names
    for _ in range(len(names)):
        page.keyboard.press("Shift+E")
        if "pfirrmann" in bar(page).locator("p").inner_text():
            break
    expect(bar(page)).to_contain_text("speaks for grade")
    expect(page.locator("#left-overlay image.evidence")).to_have_count(1)
    bar(page).get_by_role("button", name=first, exact=True).click()
    expect(bar(page).locator("[aria-pressed=true]")).to_have_text(first)


def test_the_map_follows_its_disc_when_the_levels_are_renamed(page: Page) -> None:
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Sign report…")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    choose(page, "canal")
    page.keyboard.press("e")
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    before = page.locator("#left-slice").inner_text()
    with page.expect_navigation():
        page.get_by_role("group", name="The lowest disc found is").get_by_role("button", name="L4-L5").click()
    outlines_are_shown(page)
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    choose(page, "canal")
    page.keyboard.press("e")
    # What was called L5-S1 is L4-L5 now, and has its map still.
    expect(bar(page)).to_contain_text("L4-L5 canal: where the network saw")
    expect(page.locator("#left-overlay .ring")).to_have_count(1)
    assert page.locator("#left-slice").inner_text() == before


def test_a_reading_without_maps_says_so(page: Page) -> None:
    page.route("**/evidence.json", lambda route: route.fulfill(json={"maps": []}))
    page.keyboard.press("4")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("no map. No network gave an answer here.")


def test_while_the_maps_are_loaded_the_page_says_so_and_e_takes_it_back(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/evidence.json", hold)
    page.keyboard.press("4")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("the maps are being loaded")
    button = page.locator("#evidence-toggle")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("e")
    expect(bar(page)).to_be_hidden()
    expect(button).to_have_attribute("aria-pressed", "false")
    held[0].continue_()
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("No proof: judge the image.")


def test_maps_that_could_not_be_loaded_are_asked_for_again(tab: Tab) -> None:
    page, broken = tab.page, "**/evidence.json"
    tab.expected = ("ERR_FAILED",)
    page.route(broken, lambda route: route.abort())
    page.keyboard.press("4")
    page.keyboard.press("e")
    expect(bar(page)).to_contain_text("the maps cannot be loaded. Press E twice to try again.")
    page.unroute(broken)
    page.keyboard.press("e")
    page.keyboard.press("e")
    expect(bar(page).get_by_role("button", name="Pfirrmann")).to_be_visible()
