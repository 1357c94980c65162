"""A real Chromium that fails the test when the page complains, and a study to look at, read once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db.models import Model
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.patience import PATIENCE_S, wait_until
from tests.rows import put_back, rows_of

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


expect.set_options(timeout=1000 * PATIENCE_S)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


class WatchedServer(ThreadedWSGIServer):
    """The web server of the tests, which knows when nobody is connected: no request outlives its test."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._count = threading.Lock()
        self.connected = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self._add(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._add(-1)

    def _add(self, connections: int) -> None:
        with self._count:
            self.connected += connections


LiveServerThread.server_class = WatchedServer


@pytest.fixture(scope="session")
def chromium(live_server: Any) -> Iterator[Browser]:
    """Asks for the server, so as to be closed before it."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("The browser tests need Chromium: install Debian's package `chromium`, or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """A page that remembers what it complained of."""

    def __init__(self, browser: Browser, url: str, width: int = 1366, height: int = 768) -> None:
        self.url = url
        self.context = browser.new_context(viewport={"width": width, "height": height}, base_url=url)
        self.context.add_init_script(WATCH_POLICY)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE_S)
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.expected: tuple[str, ...] = ()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in self.expected):
            self.complaints.append(message.text)

    def log_in(self, user: Any, password: str) -> Tab:
        """As the page for it does, without showing it."""
        client = Client()
        answer = client.post("/accounts/login/", {"username": user.username, "password": password})
        assert answer.status_code == 302
        self.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.url}])
        return self

    def open_worklist(self) -> Page:
        self.page.goto("/worklist/")
        return self.page

    def open_study(self, study_id: uuid.UUID) -> Page:
        """The review page, once its images and outlines are shown."""
        self.page.goto(f"/reader/{study_id}/")
        outlines_are_shown(self.page)
        return self.page

    def close(self) -> list[str]:
        """What the page complained of, breaches of its content security policy too."""
        complaints = [*self.complaints, *self.page.evaluate("window.__breaches ?? []")]
        self.context.close()
        return complaints


def outlines_are_shown(page: Page) -> None:
    page.wait_for_selector("body[data-masks=shown]")


def log_in_on(page: Page, user: Any, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(user.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/worklist/**")


@pytest.fixture
def new_tab(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end none may have complained, and the server is left to the next test."""
    tabs: list[Tab] = []

    def opened(**size: int) -> Tab:
        tabs.append(Tab(chromium, live_server.url, **size))
        return tabs[-1]

    yield opened
    complaints = [complaint for tab in tabs for complaint in tab.close()]
    wait_until(lambda: live_server.thread.httpd.connected == 0, "the end of every request")
    assert complaints == []


@pytest.fixture(scope="session")
def machine_files(simulated_result: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what the engine reads from the simulated patient. Copy before changing it."""
    from inference import output

    folder = tmp_path_factory.mktemp("reading")
    output.write(simulated_result, folder)
    return folder


@pytest.fixture(scope="session")
def rows_of_the_drafted() -> list[Model]:
    """The rows of `drafted`, filled when it is asked for first; the files behind them stay in the data folder."""
    return []


@pytest.fixture
def drafted(live_server: Any, simulated_study: Path, machine_files: Path, rows_of_the_drafted: list[Model]) -> Any:
    """The simulated patient, received through the front door and read by the machine."""
    from worklist.models import Study

    if rows_of_the_drafted:
        put_back(rows_of_the_drafted)
    else:
        receive_and_draft(simulated_study / "dicom", machine_files)
        rows_of_the_drafted.extend(rows_of("worklist"))
    return Study.objects.get()


def receive_and_draft(images: Path, machine_files: Path) -> None:
    from tests.worklist.factories import add_reading
    from worklist import storage
    from worklist.intake import archives
    from worklist.jobs.states import State
    from worklist.models import Study

    for _ in archives.receive_folder(images, "test"):
        pass
    study = Study.objects.get()
    folder, relative = storage.new_reading_folder()
    shutil.copytree(machine_files, folder, dirs_exist_ok=True)
    storage.keep_reading(folder, relative)
    reading = json.loads((machine_files / "reading.json").read_text(encoding="utf-8"))
    add_reading(study, reading, relative)
    Study.objects.filter(pk=study.pk).update(state=State.DRAFTED)
