"""Folders and zips: every member through the same door, nothing taken from names."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.worklist.factories import as_folder, codes, file_bytes, study_files, zipped
from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.models import Instance, Rejection

pytestmark = pytest.mark.django_db


def sent(body: io.BytesIO) -> Receipt:
    assert archives.is_zip(body)
    receipt = Receipt()
    for part in archives.receive_zip(body, "study.zip", "reader"):
        receipt.add(part)
    return receipt


def test_a_zip_is_received_and_files_that_are_no_images_are_skipped() -> None:
    first, second = study_files(2)
    members = {"a/IM1": first, "a/IM2.dcm": second, "DICOMDIR": b"x", "__MACOSX/._IM1": b"x", "viewer/start.exe": b"MZ",
               "readme.txt": b"hello", ".DS_Store": b"x"}  # fmt: skip
    receipt = sent(zipped(members))
    assert (receipt.stored, receipt.skipped, codes(receipt)) == (2, 5, [])


def test_a_member_that_says_it_is_an_image_and_is_none_is_refused_by_name() -> None:
    receipt = sent(zipped({"IM1.dcm": b"no image", "IM2": study_files(1)[0]}))
    assert (receipt.stored, codes(receipt)) == (1, ["not_dicom"])
    assert Rejection.objects.get().file_name == "IM1.dcm"


@pytest.mark.parametrize("name", ["../../evil.dcm", "/etc/evil", "C:\\evil.dcm", "a/../../evil"])
def test_a_members_name_never_becomes_a_path(name: str) -> None:
    before = files_on_disk()
    receipt = sent(zipped({name: file_bytes()}))
    assert receipt.stored == 1
    assert files_on_disk() - before == {Path(settings.DATA_DIR) / Instance.objects.get().path}


def files_on_disk() -> set[Path]:
    base = Path(settings.DATA_DIR).parent
    return {
        path
        for folder in (Path(settings.DATA_DIR), Path("/etc"))
        for path in folder.glob("**/*" if folder != Path("/etc") else "*")
        if path.is_file() and (base in path.parents or path.name.startswith("evil"))
        if not path.name.startswith("test.sqlite3")
    }


def test_a_zip_bomb_is_stopped_where_the_limit_is(settings: Any) -> None:
    settings.ZIP_MAX_BYTES = 3_000_000
    good = study_files(1)[0]
    receipt = sent(zipped({"IM0": good, **{f"IM{n}": b"\0" * 1_000_000 for n in range(1, 9)}}))
    assert receipt.stored == 1
    assert codes(receipt)[-1] == "archive_too_large"
    assert codes(receipt).count("not_dicom") <= 3


def test_a_member_over_the_instance_limit_is_refused_and_the_next_one_stored(settings: Any) -> None:
    settings.INSTANCE_MAX_BYTES = 100_000
    receipt = sent(zipped({"IM1": b"\0" * 5_000_000, "IM2": study_files(1)[0]}))
    assert (receipt.stored, codes(receipt)) == (1, ["too_large"])


def test_a_size_that_the_zip_lies_about_is_not_believed(settings: Any) -> None:
    settings.INSTANCE_MAX_BYTES = 100_000
    body = zipped({"IM1": b"\0" * 5_000_000}).getvalue()
    real = struct.pack("<I", 5_000_000)
    assert body.count(real) == 2
    receipt = sent(io.BytesIO(body.replace(real, struct.pack("<I", 900))))
    assert receipt.stored == 0
    assert len(receipt.rejected) == 1


def test_too_many_members_are_refused_before_any_is_read(settings: Any) -> None:
    settings.ZIP_MAX_MEMBERS = 3
    receipt = sent(zipped({f"IM{n}": b"x" for n in range(4)}))
    assert (receipt.stored, codes(receipt)) == (0, ["archive_too_large"])


def test_a_directory_that_claims_millions_of_entries_is_refused_unparsed() -> None:
    body = bytearray(zipped({"IM1": b"x"}).getvalue())
    at = body.rfind(b"PK\x05\x06")
    body[at + 10 : at + 12] = struct.pack("<H", 60_000)
    assert codes(sent(io.BytesIO(bytes(body)))) == ["archive_too_large"]


def test_a_cut_zip_is_one_refusal() -> None:
    body = zipped({"IM1": study_files(1)[0]}).getvalue()
    assert codes(sent(io.BytesIO(body[:-30]))) == ["bad_archive"]


def test_a_damaged_member_is_refused_and_the_next_one_stored() -> None:
    first, second = study_files(2)
    body = bytearray(zipped({"IM1": first, "IM2": second}).getvalue())
    body[80:90] = b"\xff" * 10
    receipt = sent(io.BytesIO(bytes(body)))
    assert (receipt.stored, codes(receipt)) == (1, ["bad_archive"])


def test_a_locked_zip_says_so() -> None:
    body = bytearray(zipped({"IM1": study_files(1)[0]}).getvalue())
    body[6] |= 1
    body[body.rfind(b"PK\x01\x02") + 8] |= 1
    receipt = sent(io.BytesIO(bytes(body)))
    assert "password" in receipt.rejected[0].message


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_member_compressed_by_another_method_is_refused_and_the_next_one_stored(method: int) -> None:
    first, second = study_files(2)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("IM1", first)
        archive.writestr("IM2", second, zipfile.ZIP_DEFLATED)
    body.seek(0)
    receipt = sent(body)
    assert (receipt.stored, codes(receipt)) == (1, ["bad_archive"])
    assert "method" in receipt.rejected[0].message


def test_what_a_damaged_member_unpacks_to_counts_against_the_zip(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ZIP_MAX_BYTES = 25_000
    monkeypatch.setattr(archives, "CHUNK_BYTES", 5000)
    body = bytearray(zipped({f"IM{n}": bytes(20_000) for n in range(3)}).getvalue())
    for entry in range(3):  # a wrong checksum shows only when everything is unpacked
        at = -1
        for _ in range(entry + 1):
            at = body.index(b"PK\x01\x02", at + 1)
        body[at + 16] ^= 0xFF
    receipt = sent(io.BytesIO(bytes(body)))
    assert codes(receipt) == ["bad_archive", "archive_too_large"]


def test_a_zip_inside_a_zip_is_not_opened() -> None:
    inner = zipped({"IM1": study_files(1)[0]}).getvalue()
    receipt = sent(zipped({"inner.zip": inner}))
    assert (receipt.stored, codes(receipt)) == (0, ["nested_archive"])
    assert "Unpack the inner zip" in receipt.rejected[0].message


def test_an_empty_zip_is_refused_with_a_reason() -> None:
    receipt = sent(zipped({}))
    assert codes(receipt) == ["bad_archive"]
    assert "holds no files" in receipt.rejected[0].message


def test_a_folder_is_walked_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "study" / "series", study_files(3))
    (folder / "notes.txt").write_text("beside")
    outside = tmp_path / "outside.dcm"
    outside.write_bytes(file_bytes())
    (folder / "link.dcm").symlink_to(outside)
    receipt = Receipt()
    for part in archives.receive_folder(tmp_path / "study", "reader"):
        receipt.add(part)
    assert (receipt.stored, receipt.skipped, codes(receipt)) == (3, 1, [])


def test_stored_members_are_counted_against_no_real_name() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        for number, data in enumerate(study_files(3)):
            archive.writestr(f"IM{number}", data)
    body.seek(0)
    assert sent(body).stored == 3
