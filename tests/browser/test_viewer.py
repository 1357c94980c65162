"""What a radiologist does with the images."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.looks import colourful, draw_length, picture, slice_of
from tests.patience import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(new_tab: Callable[..., Tab], drafted: Any, reader: Any, password: str) -> Page:
    return new_tab().log_in(reader, password).open_study(drafted.pk)


def test_the_level_strip_takes_both_images_to_the_disc(page: Page) -> None:
    page.locator("#levels").get_by_text("L3-L4").click()
    start = slice_of(page, "left"), slice_of(page, "right")
    page.locator("#left-screen").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#left-slice")).to_contain_text(f"{start[0] + 3} /")
    page.keyboard.press("5")
    expect(page.locator("#announce")).to_have_text("L5-S1")
    assert slice_of(page, "left") != start[0] + 3
    assert slice_of(page, "right") != start[1]
    page.keyboard.press("3")
    expect(page.locator("#announce")).to_have_text("L3-L4")
    assert (slice_of(page, "left"), slice_of(page, "right")) == start


def test_a_level_without_axial_images_says_so_and_moves_the_sagittal_image(page: Page) -> None:
    page.keyboard.press("1")
    expect(page.locator("#right-note")).to_have_text("No axial slice at L1-L2")
    expect(page.locator("#left-note")).to_be_hidden()
    page.keyboard.press("4")
    expect(page.locator("#right-note")).to_be_hidden()


def test_both_images_show_where_the_other_one_lies_and_follow_it(page: Page) -> None:
    def ends(side: str) -> list[str | None]:
        line = page.locator(f"#{side}-overlay .reference-line")
        return [line.get_attribute(name) for name in ("x1", "y1", "x2", "y2")]

    page.keyboard.press("4")
    left, right = ends("left"), ends("right")
    page.locator("#right-screen").focus()
    page.keyboard.press("ArrowDown")
    wait_until(lambda: ends("left") != left, "the line in the left image")
    page.locator("#left-screen").focus()
    page.keyboard.press("ArrowDown")
    wait_until(lambda: ends("right") != right, "the line in the right image")


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_outlines_can_be_switched_off_in_both_planes(page: Page, side: str) -> None:
    page.keyboard.press("4")
    for lines in ("p", "f"):
        page.keyboard.press(lines)
    wait_until(lambda: colourful(picture(page, side)) > 0.002, "the outlines")
    page.keyboard.press("m")
    wait_until(lambda: colourful(picture(page, side)) == 0, "the image without outlines")
    page.keyboard.press("m")
    wait_until(lambda: colourful(picture(page, side)) > 0.002, "the outlines again")


def test_the_disc_planes_carry_their_names_and_can_be_switched_off(page: Page) -> None:
    names = page.locator("#left-overlay .disc-name")
    for level in ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"):
        expect(names.get_by_text(level)).to_have_count(1)
    page.keyboard.press("p")
    expect(names).to_have_count(0)


def test_the_wheel_scrolls_and_dragging_changes_the_window(page: Page) -> None:
    before = slice_of(page, "left")
    window = page.locator("#left-window").inner_text()
    page.locator("#left-screen").hover()
    page.mouse.wheel(0, 120)
    expect(page.locator("#left-slice")).not_to_contain_text(re.compile(rf"^{before} /"))
    page.mouse.down()
    page.mouse.move(400, 700, steps=4)
    page.mouse.up()
    expect(page.locator("#left-window")).not_to_have_text(window)
    page.keyboard.press("r")
    expect(page.locator("#left-window")).to_have_text(window)


def test_a_length_is_measured_in_millimetres_and_can_be_removed(page: Page) -> None:
    draw_length(page)
    label = page.locator("#left-screen svg text")
    expect(label.first).to_contain_text("mm")
    page.keyboard.press("Delete")
    expect(label).to_have_count(0)


def test_the_markers_name_the_patients_directions(page: Page) -> None:
    marks = {side: page.locator(f"#left .mark.{side}").inner_text() for side in ("left", "right", "top", "bottom")}
    assert [marks[side][0] for side in ("left", "right", "top", "bottom")] == ["A", "P", "H", "F"]
    axial = {side: page.locator(f"#right .mark.{side}").inner_text() for side in ("left", "right", "top", "bottom")}
    assert [axial[side][0] for side in ("left", "right", "top", "bottom")] == ["R", "L", "A", "P"]


def test_the_keyboard_walks_through_the_page_and_is_caught_nowhere(page: Page) -> None:
    page.locator("#left-screen").click()
    visited: list[str] = []
    for _ in range(6):
        visited.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    assert visited[:4] == ["left-screen", "right-series", "right-screen", ""]
    assert page.evaluate("document.activeElement.closest('.paper') !== null")


def test_another_series_can_be_chosen_for_an_image(page: Page) -> None:
    chooser = page.get_by_label("Series in the right image")
    t1 = chooser.locator("option", has_text="Sagittal T1").get_attribute("value")
    chooser.select_option(t1)
    expect(page.locator("#right .mark.left")).to_have_text("A")
    wait_until(lambda: picture(page, "right").std() > 10, "the image")


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768)])
def test_the_images_fit_the_window_without_scrolling(
    new_tab: Callable[..., Tab], drafted: Any, reader: Any, password: str, size: tuple[int, int]
) -> None:
    page = new_tab(width=size[0], height=size[1]).log_in(reader, password).open_study(drafted.pk)
    overflow = "document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(f"[{overflow}]") == [0, 0]
    for side in ("left", "right"):
        box = page.locator(f"#{side}-screen").bounding_box()
        assert box is not None
        assert box["width"] > 400
        assert box["y"] + box["height"] <= size[1]
