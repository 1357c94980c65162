"""Images whose files do not say how far their pixels are apart: nothing is shown at a made-up place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Tab
from tests.browser.looks import draw_length, picture, slice_of
from tests.patience import wait_until
from worklist.models import Study

pytestmark = pytest.mark.django_db(transaction=True)

SPACING = "00280030"
NOTE = "No geometry: reference lines are off"


@pytest.fixture(params=[None, [0, 0], [-0.5, -0.5], [0.5]], ids=["missing", "zero", "negative", "one number"])
def page(
    new_tab: Callable[..., Tab], drafted: Study, reader: Any, password: str, request: pytest.FixtureRequest
) -> Page:
    """The review page when the sagittal T2 series states no usable pixel spacing."""
    tab = new_tab().log_in(reader, password)
    roles = drafted.machine_readings.get().reading["series"]
    uid = next(choice["uid"] for choice in roles if choice["role"] == "sagittal_t2")

    def spoil(route: Route) -> None:
        instances = route.fetch().json()
        for instance in instances:
            instance.pop(SPACING, None)
            if request.param is not None:
                instance[SPACING] = {"vr": "DS", "Value": request.param}
        route.fulfill(content_type="application/dicom+json", body=json.dumps(instances))

    tab.page.route(f"**/series/{uid}/metadata", spoil)
    return tab.open_study(drafted.pk)


def test_no_line_and_no_position_is_made_up(page: Page) -> None:
    wait_until(lambda: picture(page, "left").std() > 10, "the image")
    expect(page.locator("#left-note")).to_have_text(NOTE)
    for side in ("left", "right"):
        expect(page.locator(f"#{side}-overlay .reference-line")).to_have_count(0)
    expect(page.locator("#left-overlay line")).to_have_count(0)
    expect(page.locator("#left-slice")).not_to_contain_text("mm")
    expect(page.locator("#right-slice")).to_contain_text("mm")
    before = slice_of(page, "left")
    page.keyboard.press("4")
    expect(page.locator("#levels [data-level='L4-L5']")).to_have_attribute("aria-current", "true")
    assert slice_of(page, "left") == before
    expect(page.locator("#right-note")).to_be_hidden()
    expect(page.locator("#left-note")).to_have_text(NOTE)
    # Which way the patient lies is stated all the same.
    expect(page.locator("#left .mark.left")).to_have_text("A")


def test_a_length_is_in_pixels(page: Page) -> None:
    draw_length(page)
    expect(page.locator("#left-screen svg text").first).to_contain_text("px")
