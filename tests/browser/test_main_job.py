"""The main job in a real browser against a real worker: upload, drafted, change a grade, sign, amend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from reader.models import SignedReport
from tests.browser.conftest import Tab, log_in_on, outlines_are_shown
from tests.browser.looks import picture
from tests.patience import wait_until
from worklist.jobs.states import State
from worklist.models import Study


@pytest.mark.worker
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_radiologist_uploads_reads_signs_and_amends(
    new_tab: Callable[..., Tab],
    celery_worker_process: Any,
    simulated_study: Path,
    reader: Any,
    password: str,
) -> None:
    page = new_tab().page
    log_in_on(page, reader, password)
    upload(page, simulated_study / "dicom")
    open_when_drafted(page)

    for side in ("left", "right"):
        wait_until(lambda side=side: picture(page, side).std() > 10, f"the {side} image")

    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Sign report…")).to_be_visible()
    page.get_by_label("L4-L5 Canal").select_option("severe")
    text = page.get_by_role("textbox", name="Report")
    expect(text).to_have_value(containing("L4-L5: Severe stenosis of the spinal canal"))
    text.press("Control+End")
    text.type("Compared with 2019: unchanged.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.get_by_label("L1-L2 Canal").select_option("moderate")
    expect(page.locator("#suggestions")).to_contain_text("L1-L2: Moderate stenosis")
    page.get_by_role("button", name="Use all").click()
    expect(text).to_have_value(containing("L1-L2: Moderate stenosis"))
    expect(text).to_have_value(containing("Compared with 2019: unchanged."))

    page.get_by_role("button", name="Sign report…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Confirm L1-L2, L2-L3, L3-L4, L4-L5, L5-S1.")
    page.get_by_role("button", name="Back to the review").click()
    for level in ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"):
        page.get_by_role("button", name=f"Confirm {level}").click()
        expect(page.get_by_role("button", name=f"{level} confirmed; take back")).to_be_visible()
    sign(page, "Sign report…", "Sign")
    page.wait_for_url("**/versions/1/")
    expect(page.locator("article")).to_contain_text("Version 1, signed")

    amend(page)
    page.wait_for_url("**/versions/2/")
    expect(page.locator("article")).to_contain_text("Amends version 1. Reason: L5-S1 was misread.")
    first, second = SignedReport.objects.order_by("number")
    assert "L5-S1: Severe stenosis of the spinal canal" in second.read().text
    assert "L5-S1: Severe stenosis of the spinal canal" not in first.read().text
    assert Study.objects.get().state == State.AMENDED


def upload(page: Page, folder: Path) -> None:
    page.get_by_role("button", name="Upload").click()
    page.locator("#folder-input").set_input_files(str(folder))
    expect(page.locator("#upload-result")).to_contain_text("stored")
    page.locator("#close-upload").click()


def open_when_drafted(page: Page) -> None:
    row = page.locator("tr[data-state=drafted]")
    expect(row).to_have_count(1)
    row.get_by_role("link").first.click()
    outlines_are_shown(page)


def sign(page: Page, button: str, confirm: str) -> None:
    page.get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_role("button", name=confirm, exact=True).click()


def amend(page: Page) -> None:
    page.get_by_role("link", name="Amend").click()
    page.get_by_role("button", name="Amend").click()
    expect(page.get_by_text("You are amending version 1")).to_be_visible()
    page.get_by_label("L5-S1 Canal").select_option("severe")
    expect(page.locator("#suggestions")).to_contain_text("L5-S1: Severe stenosis of the spinal canal")
    page.get_by_role("button", name="Use all").click()
    expect(page.locator("#suggestions")).to_be_empty()
    page.get_by_role("button", name="Confirm L5-S1").click()
    expect(page.get_by_role("button", name="L5-S1 confirmed; take back")).to_be_visible()
    page.get_by_role("button", name="Sign amendment…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign amendment").click()
    expect(dialog).to_contain_text("Say why the report is amended")
    dialog.get_by_label("Reason").fill("L5-S1 was misread.")
    dialog.get_by_role("button", name="Sign amendment").click()


def containing(words: str) -> Any:
    import re

    return re.compile(re.escape(words))
