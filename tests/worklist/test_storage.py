"""The store hands out files by name, and nobody else knows where they lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from worklist import storage

#: Modules beside the store that may name the data folder: they keep notes of their own there.
ELSEWHERE = {"worklist/storage.py", "worklist/management/commands/demo_studies.py"}


def test_a_kept_file_is_read_by_its_name(settings: object) -> None:
    name = storage.keep(b"bytes of an image", "ab" + "0" * 62)
    assert storage.exists(name)
    assert storage.read(name) == b"bytes of an image"
    storage.local_file(name).unlink()
    assert not storage.exists(name)


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "instances/../secret_key", "secret_key", "readings/a/../../secret_key", "instances/.x"]
)
def test_a_name_that_is_none_of_the_store_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a stored file"):
        storage.local_file(name)


def test_only_the_store_knows_the_data_folder() -> None:
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for room in ("worklist", "reader")
        for path in Path(settings.BASE_DIR, room).rglob("*.py")
        if re.search(r"DATA_DIR|storage\._root", path.read_text(encoding="utf-8"))
    }
    assert found == ELSEWHERE
