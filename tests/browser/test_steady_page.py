"""Nothing moves under the reader's pointer, and what went wrong is always in sight."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inference.result import record, words
from inference.types import LUMBAR_LEVELS, Site
from reader import actions
from reader.models import Review
from tests.browser.conftest import Tab
from tests.worklist.factories import add_reading
from worklist.jobs.states import State, move
from worklist.models import MachineReading, Study

pytestmark = pytest.mark.django_db(transaction=True)


def open_review(new_tab: Callable[..., Tab], study: Study, user: Any, password: str, **size: int) -> Tab:
    tab = new_tab(**size).log_in(user, password)
    tab.open_study(study.pk).get_by_role("button", name="Start review").click()
    expect(tab.page.get_by_role("button", name="Sign report…")).to_be_visible()
    return tab


def click_once(page: Page, name: str) -> None:
    """Press and let go as a hand does, where the button is when the pointer comes to it."""
    box = page.get_by_role("button", name=name).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(60)
    page.mouse.up()


def confirm_all(page: Page) -> None:
    for level in LUMBAR_LEVELS:
        page.get_by_role("button", name=f"Confirm {level}").click()
        expect(page.get_by_role("button", name=f"{level} confirmed; take back")).to_be_visible()


@pytest.mark.parametrize("size", [(1440, 900), (1366, 768), (1920, 1080)])
def test_one_click_confirms_a_level(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str, size: tuple[int, int]
) -> None:
    page = open_review(new_tab, drafted, reader, password, width=size[0], height=size[1]).page
    for level in LUMBAR_LEVELS:
        click_once(page, f"Confirm {level}")
        expect(page.locator(f"tbody[data-level={level}]")).to_have_attribute("data-confirmed", "true")


def test_rows_keep_their_places_whichever_is_current_and_the_rule_can_be_read_in_full(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    page = open_review(new_tab, drafted, reader, password, width=1366, height=768).page
    page.get_by_label("L4-L5 Canal").select_option("severe")
    expect(page.locator("tbody[data-level='L4-L5'] .tag", has_text="changed")).to_be_visible()
    places = []
    for level in LUMBAR_LEVELS:
        page.get_by_role("button", name=f"Confirm {level}").focus()
        expect(page.locator(f"tbody.current[data-level={level}]")).to_have_count(1)
        bodies = page.locator(".findings tbody")
        places.append([bodies.nth(k).bounding_box() for k in range(5)] + [page.locator("#text").bounding_box()])
        if level == "L4-L5":
            said = page.locator("tbody.current .rule", has_text="Machine: ").text_content() or ""
            expect(page.locator(".detail-full")).to_contain_text(re.compile(rf"L4-L5: .*{re.escape(said)}"))
    assert all(place == places[0] for place in places)


def test_what_a_foramens_grade_was_made_from_and_what_was_measured_there_can_be_read(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    reading = MachineReading.objects.get(study=drafted).reading
    findings = record.from_dict(reading).findings
    right = next(one for one in findings if (one.level, one.site) == ("L4-L5", Site.FORAMEN_RIGHT))
    rule = words.rules_words(right.rules)
    fat = {
        one["quantity"]: f"{one['value']:.0f}"
        for one in reading["measurements"]
        if one["place"] == "L4-L5" and one["quantity"].startswith("foramen_fat")
    }
    assert "; measured: " in rule
    page = open_review(new_tab, drafted, reader, password, width=1366, height=768).page
    row = page.locator("tbody[data-level=L4-L5] .detail")
    shown = row.locator(".measure", has_text="Fat")
    expect(shown).to_have_text(f"Fat L {fat['foramen_fat_left']} R {fat['foramen_fat_right']} mm²")
    place, room = shown.bounding_box(), row.bounding_box()
    assert place is not None
    assert room is not None
    assert place["x"] + place["width"] <= room["x"] + room["width"]
    page.get_by_label("L4-L5 Right foramen").focus()
    full = page.locator(".detail-full")
    # In sight without scrolling, however much else is to be said of the level.
    expect(full).to_have_text(re.compile("^L4-L5 right foramen, machine: "))
    expect(full).to_contain_text(rule)
    # What the row cuts off is said here too, and what it shows is not.
    expect(full).to_contain_text(re.compile("L4-L5: .*Machine: "))


def test_what_went_wrong_is_in_sight_however_long_the_panel_is(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    tab = open_review(new_tab, drafted, reader, password, width=1366, height=768)
    page = tab.page
    tab.expected = ("ERR_INTERNET_DISCONNECTED",)
    page.get_by_role("textbox", name="Report").fill("By hand.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    for level in LUMBAR_LEVELS:
        page.get_by_label(f"{level} Canal").select_option("severe")
        expect(page.locator("#suggestions")).to_contain_text(f"{level}: Severe")
    images = page.locator("#left").bounding_box()
    page.locator(".paper").evaluate("(node) => node.scrollTo(0, 0)")
    page.context.set_offline(True)
    page.get_by_label("L1-L2 Canal").select_option("mild")
    expect(page.locator("#problem")).to_contain_text("cannot be reached")
    expect(page.locator("#problem")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Sign report…")).to_be_in_viewport(ratio=1)
    assert page.locator("#left").bounding_box() == images
    page.context.set_offline(False)


def test_going_back_after_signing_shows_the_report_as_signed(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    page = open_review(new_tab, drafted, reader, password).page
    confirm_all(page)
    page.get_by_role("textbox", name="Report").fill("By hand.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.get_by_role("button", name="Sign report…").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign").click()
    page.wait_for_url("**/versions/1/")
    page.go_back()
    expect(page.locator("#banner")).to_contain_text("Signed as version 1.")
    expect(page.get_by_role("textbox", name="Report")).to_have_value("By hand.")
    expect(page.get_by_role("textbox", name="Report")).to_have_attribute("readonly", "")
    page.get_by_role("link", name="Read the signed report").click()
    page.get_by_role("link", name="Open to amend").click()
    expect(page.get_by_role("button", name="Amend")).to_be_focused()


def test_the_page_says_why_confirmations_are_gone(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    actions.claim(drafted, reader)
    actions.confirm_level(drafted, reader, Review.objects.get().seen, "L1-L2")
    actions.release(drafted, reader)
    for state in (State.QUEUED, State.RUNNING, State.DRAFTED):
        move(drafted, state)
    first = MachineReading.objects.get()
    add_reading(drafted, first.reading, first.folder)
    page = open_review(new_tab, drafted, reader, password).page
    why = "The machine read this study again; confirm each level again."
    expect(page.locator("#banner")).to_contain_text(why)
    confirm_all(page)
    expect(page.locator("#banner")).not_to_contain_text(why)


def test_a_grade_where_the_machine_gave_none_is_not_called_a_change(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    machine = MachineReading.objects.get(study=drafted)
    for said in machine.reading["findings"]:
        if said["site"] == "foramen_left":
            said |= {"grade": "not_assessed", "rules": [], "probability": None}
    machine.save()
    page = open_review(new_tab, drafted, reader, password).page
    page.get_by_label("L1-L2 Left foramen").select_option("mild")
    confirm_all(page)
    page.get_by_role("button", name="Sign report…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You changed none of the machine's grades.")
    expect(dialog.get_by_role("listitem").first).to_have_text("L1-L2 left foramen: mild")
    expect(dialog).to_contain_text("You graded:")
    expect(dialog).not_to_contain_text("machine: not assessed")


def test_a_measure_outside_the_usual_range_has_an_arrow_and_the_range_in_its_title(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str
) -> None:
    machine = MachineReading.objects.get(study=drafted)
    place = {"place": "L4-L5", "quantity": "canal_ap", "unit": "mm", "notice": None, "lower_bound": False}
    narrow = place | {"value": 4.1, "plus_minus": 1.0, "usual": [6.0, 17.6], "deviation": -2.6}
    others = [
        one for one in machine.reading["measurements"] if (one["place"], one["quantity"]) != ("L4-L5", "canal_ap")
    ]
    machine.reading["measurements"] = [*others, narrow]
    machine.save()
    page = open_review(new_tab, drafted, reader, password, width=1366, height=768).page
    measure = page.locator("tbody[data-level='L4-L5'] .measure").first
    expect(measure).to_have_text("AP 4.1 mm↓")
    expect(measure).to_have_attribute("title", "± 1.0 mm; below the usual range; usual 6.0 to 17.6 mm")
