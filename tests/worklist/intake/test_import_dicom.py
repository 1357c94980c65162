"""manage.py import_dicom: folders and zips from the server's own disk."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from tests.worklist.factories import as_folder, interrupted_after, numbered, study_files, zipped
from worklist.intake import archives
from worklist.models import Instance, Rejection

pytestmark = pytest.mark.django_db


def imported(*paths: Path) -> str:
    out = StringIO()
    call_command("import_dicom", *map(str, paths), stdout=out, stderr=out)
    return out.getvalue()


def test_folders_and_zips_are_imported_with_a_summary(tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "one", study_files(3))
    archive = tmp_path / "two.zip"
    archive.write_bytes(zipped({"IM1": study_files(1)[0]}).getvalue())
    assert "2 studies: 4 images stored." in imported(folder, archive)
    assert AuditEvent.objects.filter(action="upload", actor=None).count() == 2


def test_importing_again_stores_nothing_twice(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, study_files(3))
    imported(folder)
    assert "0 images stored, 3 already here." in imported(folder)
    assert Instance.objects.count() == 3


def test_an_import_with_a_refused_file_fails_after_the_others_are_stored(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, [b"not dicom", *study_files(2)])
    with pytest.raises(CommandError) as caught:
        imported(folder)
    assert caught.value.returncode != 0
    assert Instance.objects.count() == 2
    assert Rejection.objects.get().sender == "import_dicom"


def test_an_import_that_is_broken_off_in_a_zip_leaves_what_it_stored_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "study.zip"
    archive.write_bytes(zipped(dict(numbered(study_files(2)))).getvalue())
    monkeypatch.setattr(archives, "receive", interrupted_after(1))
    with pytest.raises(KeyboardInterrupt):
        imported(archive)
    (stored,) = Instance.objects.all()
    assert AuditEvent.objects.get(action="upload").study_id == stored.series.study_id


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        imported(tmp_path / "nowhere")
