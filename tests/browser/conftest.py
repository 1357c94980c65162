"""A real Chromium that fails the test when the page complains."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
# Breaches of the content security policy, seen by the page itself.
WATCH_POLICY = """
window.__breaches = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.__breaches.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("The browser tests need Chromium: install Debian's package `chromium`, or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """A page that remembers what it complained of."""

    def __init__(self, browser: Browser, url: str, width: int = 1920, height: int = 1080) -> None:
        self.url = url
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=url)
        context.add_init_script(WATCH_POLICY)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.expected: tuple[str, ...] = ()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in self.expected):
            self.complaints.append(message.text)

    def log_in(self, user: Any, password: str) -> Tab:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("User name").or_(self.page.get_by_label("Username")).fill(user.username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/worklist/**")
        return self

    def open_study(self, study_id: uuid.UUID) -> Page:
        """The review page, once its images and outlines are shown."""
        self.page.goto(f"/reader/{study_id}/")
        self.page.wait_for_selector("body[data-masks=shown]", timeout=60_000)
        return self.page

    def check(self) -> None:
        breaches = self.page.evaluate("window.__breaches ?? []")
        assert self.complaints == []
        assert breaches == []


@pytest.fixture
def new_tab(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end none may have complained."""
    tabs: list[Tab] = []

    def opened(**size: int) -> Tab:
        tabs.append(Tab(chromium, live_server.url, **size))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.check()
        tab.page.context.close()


@pytest.fixture(scope="session")
def machine_result(simulated_study: Path) -> Any:
    """What the engine reads from the simulated patient, made once for the test run."""
    from inference import pipeline

    files = [path for path in sorted((simulated_study / "dicom").rglob("*")) if path.is_file()]
    return pipeline.read_study(files, pipeline.load_models())


@pytest.fixture(scope="session")
def machine_files(machine_result: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the engine writes of it. Copy before changing it."""
    from inference import output

    folder = tmp_path_factory.mktemp("reading")
    output.write(machine_result, folder)
    return folder


@pytest.fixture
def drafted(live_server: Any, simulated_study: Path, machine_result: Any, machine_files: Path) -> Any:
    """The simulated patient, received through the front door and read by the machine."""
    from inference.result import record
    from worklist import storage
    from worklist.intake import archives
    from worklist.jobs.states import State
    from worklist.models import MachineReading, Study

    for _ in archives.receive_folder(simulated_study / "dicom", "test"):
        pass
    study = Study.objects.get()
    folder, relative = storage.new_reading_folder()
    shutil.copytree(machine_files, folder, dirs_exist_ok=True)
    storage.keep_reading(folder, relative)
    reading = record.to_dict(machine_result.reading)
    MachineReading.objects.create(study=study, attempt=1, reading=reading, folder=relative, seconds=1.0)
    Study.objects.filter(pk=study.pk).update(state=State.DRAFTED)
    study.refresh_from_db()
    return study
