"""The installation of release 0.1.0, upgraded once for all tests here; each test's own changes are rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade import installation
from tests.upgrade.installation import Installation


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """What release 0.1.0 had; database and data folder are as today's migrations left them.

    The tests that use it are marked `django_db` without `transaction=True`, which would empty the tables behind them.
    """
    folder: Path = tmp_path_factory.mktemp("upgrade")
    with django_db_blocker.unblock(), installation.upgraded(folder) as old:
        yield old
