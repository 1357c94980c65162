from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inference.types import Grade
from tests.reader.factories import Desk, drafted_study
from worklist.models import Study


@pytest.fixture
def study(db: None) -> Study:
    """Drafted: mild canal stenosis at L4-L5, everything else normal or not assessed."""
    return drafted_study({"L4-L5": Grade.MILD})


@pytest.fixture
def desk(study: Study, reader: Any, as_user: Callable[[Any], Any]) -> Desk:
    """The reader's tab, with the study claimed."""
    return Desk(as_user(reader), study).claim()
