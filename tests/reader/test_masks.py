"""The masks that the viewer lays over the images."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import AuditEvent
from tests.reader.factories import UID
from worklist.models import Study

LABELS = bytes([0, 1, 2, 3] * 4)


@pytest.fixture
def masks(study: Study) -> Path:
    folder = Path(settings.DATA_DIR) / "readings" / str(study.pk) / "masks"
    folder.mkdir(parents=True)
    entry = {"sop": f"{UID}.3", "frame": 1, "rows": 4, "columns": 4, "offset": 0}
    (folder / "index.json").write_text(json.dumps({"series": {f"{UID}.2": [entry]}}))
    (folder / f"{UID}.2.bin.gz").write_bytes(gzip.compress(LABELS))
    return folder


def test_the_index_and_the_masks_are_served_as_they_were_written(
    study: Study, masks: Path, reader: Any, as_user: Any
) -> None:
    browser = as_user(reader)
    index = json.loads(b"".join(browser.get(f"/reader/{study.pk}/masks/index.json").streaming_content))
    assert index["series"][f"{UID}.2"][0]["rows"] == 4
    answer = browser.get(f"/reader/{study.pk}/masks/{UID}.2.bin")
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(answer.streaming_content)) == LABELS


@pytest.mark.parametrize("name", ["1.2.3", "..%2F..%2Findex", "%2e%2e"])
def test_only_a_series_of_the_study_names_a_file(
    study: Study, masks: Path, reader: Any, as_user: Any, name: str
) -> None:
    assert as_user(reader).get(f"/reader/{study.pk}/masks/{name}.bin").status_code == 404


def test_evidence_is_served_as_it_was_written_and_its_view_is_on_record(
    study: Study, masks: Path, reader: Any, as_user: Any
) -> None:
    browser, address = as_user(reader), f"/reader/{study.pk}/evidence.json"
    assert browser.get(address).json() == {"maps": []}
    written = {"maps": [{"level": "L4-L5", "finding": "canal"}]}
    (masks.parent / "evidence.json").write_text(json.dumps(written))
    assert json.loads(b"".join(browser.get(address).streaming_content)) == written
    assert AuditEvent.objects.filter(action="view", study_id=study.pk, actor=reader).count() == 1
