"""The worklist in a real browser: keyboard, live lines, upload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.worklist.factories import as_folder, file_bytes, in_state, study_files
from worklist.models import Instance, Rejection, Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(new_tab: Callable[..., Any], reader: Any, password: str) -> Page:
    opened: Page = new_tab().log_in(reader, password).open_worklist()
    return opened


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('tr')?.id ?? document.activeElement.id"))


def test_the_keyboard_walks_the_lines_opens_searches_and_uploads(page: Page, new_tab: Callable[..., Any]) -> None:
    studies = [in_state("drafted", patient_name=name) for name in ("Adam", "Berg", "Celan")]
    page.goto("/worklist/?sort=patient")
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("j", 2), ("k", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert focused(page) == f"study-{studies[at].pk}", key
    page.keyboard.press("/")
    assert focused(page) == "search"
    page.keyboard.type("juk")
    expect(page.locator("#search")).to_have_value("juk")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#upload")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#upload")).to_be_hidden()


def test_enter_opens_the_study_of_the_line(page: Page) -> None:
    study = in_state("signed")
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reader/{study.pk}/")


def test_progress_shows_by_itself_and_the_focus_stays_where_it_was(page: Page) -> None:
    for _ in range(2):
        in_state("drafted")
    study = in_state("running", job={"step": "segmenting", "step_share": 0.1})
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("j")
    before = focused(page)
    assert before.startswith("study-")
    study.reading_jobs.update(step_share=0.4)
    expect(page.locator(f"#study-{study.pk} .state")).to_contain_text("Segmenting 40 %")
    Study.objects.filter(pk=study.pk).update(state="drafted")
    expect(page.locator(f"#study-{study.pk} .state")).to_contain_text("Drafted")
    assert focused(page) == before


def test_nothing_is_swapped_while_nothing_changes(page: Page) -> None:
    in_state("drafted")  # nothing moves a drafted study by itself, also when a worker of another test still runs
    page.reload()
    page.evaluate("document.getElementById('live-body').dataset.mark = 'same'")
    for _ in range(2):
        with page.expect_response("**/worklist/rows/") as answer:
            pass
        assert answer.value.status == 204
    assert page.evaluate("document.getElementById('live-body').dataset.mark") == "same"


def test_the_search_narrows_the_lines_and_stays_out_of_the_address(page: Page) -> None:
    in_state("drafted", patient_name="Adam^Paul")
    in_state("failed", patient_name="Berg^Paul")
    page.reload()
    page.locator("#search").fill("paul")
    expect(page.locator("#tab-all .count")).to_have_text("2")
    page.locator("#tab-failed").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Berg, Paul")
    expect(page.locator("#search")).to_have_value("paul")
    assert page.url.endswith("/worklist/?state=failed")
    page.locator("#sort-born").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Born")


def test_retry_works_in_place(page: Page) -> None:
    study = in_state("failed", job={"failure_code": "x", "failure_message": "There is no sagittal series. Send it."})
    page.reload()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(f"#study-{study.pk} .state")).to_contain_text("Queued")
    assert page.url.endswith("/worklist/")


def test_files_are_uploaded_with_each_refusal_told_and_the_line_appears(page: Page) -> None:
    page.keyboard.press("u")
    good = [{"name": f"IM{n}", "mimeType": "", "buffer": data} for n, data in enumerate(study_files(2))]
    bad = {"name": "ct.dcm", "mimeType": "", "buffer": file_bytes(Modality="CT")}
    page.locator("#file-input").set_input_files([*good, bad])
    result = page.locator("#upload-result")
    expect(result).to_contain_text("2 images stored in 1 study.")
    expect(result).to_contain_text("ct.dcm")
    expect(result).to_contain_text("not MR")
    page.locator("#close-upload").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("#refusals summary").click()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#refusals")).to_have_count(0)
    assert Rejection.objects.get().seen


def test_files_refused_for_one_reason_are_told_once_also_over_several_batches(page: Page, tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "ct", [*study_files(58, Modality="CT"), b"no DICOM" * 40])
    page.keyboard.press("u")
    page.locator("#folder-input").set_input_files(folder)
    result = page.locator("#upload-result")
    expect(result).to_contain_text("59 files refused:")
    expect(result.locator("li")).to_have_count(2)
    expect(result.locator("li", has_text="modality is CT")).to_contain_text("and 55 more")
    expect(result.locator("li", has_text="not a DICOM file")).to_contain_text("IM0059")


def test_a_folder_of_many_images_goes_in_batches(page: Page, tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "study", study_files(60))
    (folder / "readme.txt").write_text("beside")
    page.keyboard.press("u")
    page.locator("#folder-input").set_input_files(folder)
    expect(page.locator("#upload-result")).to_contain_text("60 images stored in 1 study. 1 other file skipped.")
    assert Instance.objects.count() == 60
