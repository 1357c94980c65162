"""Log lines say where it went wrong and of what kind it was, and nothing of the patient."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import numpy as np
import pytest
from openjpeg.utils import encode_array

from config.logs import logging_for
from inference.errors import NotDicomError

PATIENT = "DOE^JANE"


def logged(error: Exception, capsys: pytest.CaptureFixture[str], production: bool) -> str:
    """What the handler writes for an error that is raised while another one is handled."""
    handler_of = logging_for(production=production)
    logging.config.dictConfig(handler_of | {"root": {}, "loggers": {"told": {"handlers": ["stderr"], "level": "INFO"}}})
    try:
        try:
            float(PATIENT)
        except ValueError as cause:
            raise error from cause
    except Exception:
        logging.getLogger("told").exception("attempt %d failed", 2)
    return capsys.readouterr().err


@pytest.fixture(autouse=True)
def _restored(settings: object) -> object:
    yield
    logging.config.dictConfig(settings.LOGGING)  # type: ignore[attr-defined]


@pytest.mark.parametrize("production", [True, False])
def test_a_logged_error_tells_its_kind_and_place_and_quotes_no_value(
    capsys: pytest.CaptureFixture[str], production: bool
) -> None:
    line = logged(KeyError(PATIENT), capsys, production)
    assert "DOE" not in line
    for part in ("attempt 2 failed", "ValueError, text withheld", "KeyError, text withheld", "test_logs.py", "cause"):
        assert part in line


def test_an_error_of_ours_and_one_of_the_system_tell_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert "NotDicomError: The file is not a DICOM file." in logged(
        NotDicomError("The file is not a DICOM file."), capsys, True
    )
    line = logged(OSError(28, "No space left on device", f"/in/{PATIENT}"), capsys, True)
    assert "OSError: No space left on device" in line
    assert "DOE" not in line


def test_a_compressed_image_is_not_a_line_in_the_log(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)
    capsys.readouterr()
    encode_array(np.zeros((64, 64), dtype=np.uint16))
    assert capsys.readouterr().err == ""
