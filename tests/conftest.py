"""Fixtures for all tests: people by what they may do, real processes, a simulated patient."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from tests import processes
from tests.patience import wait_until
from tests.patients import made_once

PASSWORD = "correct horse battery staple"

# The same examples everywhere, and none is wrong for being slow: a test says what its code does, not how fast.
hypothesis.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("house")

# Playwright's own event loop makes Django believe that it runs in async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# --- people -------------------------------------------------------------------------------------


@pytest.fixture
def password() -> str:
    return PASSWORD


def make_user(username: str, *roles: str) -> Any:
    from accounts.models import User

    user = User.objects.create_user(username, password=PASSWORD)
    user.groups.set(Group.objects.filter(name__in=roles))
    assert user.groups.count() == len(roles)
    return user


@pytest.fixture
def reader(db: None) -> Any:
    """A radiologist."""
    return make_user("reader", "radiologist")


@pytest.fixture
def second_reader(db: None) -> Any:
    """Another radiologist."""
    return make_user("second_reader", "radiologist")


@pytest.fixture
def administrator(db: None) -> Any:
    """Manages users; is no radiologist."""
    return make_user("administrator", "administrator")


@pytest.fixture
def stranger(db: None) -> Any:
    """Has an account and no role."""
    return make_user("stranger")


@pytest.fixture
def as_user() -> Callable[[Any], Any]:
    """A test client that is logged in as somebody."""
    from django.test import Client

    def client(user: Any) -> Client:
        browser = Client()
        browser.force_login(user)
        return browser

    return client


# --- the database -------------------------------------------------------------------------------


def empty_with_triggers_off(empty: Callable[[Any], None]) -> Callable[[Any], None]:
    """A transactional test ends by emptying all tables, which append-only tables refuse."""

    def emptied(self: Any) -> None:
        if connection.vendor == "postgresql":
            wait_until(is_ours_alone, "every other connection to the database to be closed")
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
            empty(self)
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        empty(self)
        with connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)

    return emptied


def is_ours_alone() -> bool:
    """A process that was ended leaves its connection to PostgreSQL for a moment, with whatever that has locked."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(others)
        return cursor.fetchone() == (0,)


TransactionTestCase._fixture_teardown = empty_with_triggers_off(TransactionTestCase._fixture_teardown)


# --- places and processes -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The data folder of this test run; tests/settings.py makes it and takes it away."""
    return Path(settings.DATA_DIR)


@pytest.fixture(scope="session")
def broker(data_dir: Path) -> Iterator[str]:
    """The broker's URL: the one from the environment, else the quick start's own server."""
    if os.environ.get("REDIS_URL"):
        yield settings.REDIS_URL
        return
    import sys

    server = processes.start(
        [sys.executable, "-m", "runner.broker", str(data_dir)], data_dir / "broker.log", dict(os.environ)
    )
    wait_until((data_dir / "redis.sock").exists, "the broker's socket")
    yield settings.REDIS_URL
    processes.stop(server)


@pytest.fixture
def celery_worker_process(broker: str, data_dir: Path, transactional_db: None) -> Iterator[processes.Workers]:
    """Real Celery workers on the test database, for one test: they would take the studies of the next."""
    workers = processes.Workers(data_dir)
    try:
        workers.start()
        yield workers
    finally:
        workers.stop()


# --- patients -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def simulated_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of DICOM files: one simulated patient, coarse and quick, made once for the test run. Copy before
    changing it."""
    from inference.simulate.causes.options import StudyOptions
    from inference.simulate.study import write_study

    small = StudyOptions(scale="small")
    return made_once("small-7", lambda folder: write_study(folder, 7, small), tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def simulated_result(simulated_study: Path) -> Any:
    """What the engine reads from the simulated patient, read once for the test run."""
    from inference import pipeline
    from inference.images.headers import find_files

    return pipeline.read_study(find_files(simulated_study / "dicom"), pipeline.load_models())


# --- what a machine may lack --------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing is skipped in silence: a browser test without Playwright fails and says so."""
    if importlib.util.find_spec("playwright") is None and any(item.get_closest_marker("browser") for item in items):
        raise pytest.UsageError("The browser tests need Playwright: run `make test`, which installs everything.")
