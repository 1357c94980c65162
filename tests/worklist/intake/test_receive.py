"""Receiving: stored before success is told, known again, and never stopped by a bad neighbour."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pydicom.uid import generate_uid

from tests.patience import at_once
from tests.worklist.factories import add_image, codes, file_bytes, in_state, receive, received_study, study_files
from worklist import storage
from worklist.intake.receive import Receipt
from worklist.models import Instance, Rejection, Series, Study


@pytest.mark.django_db
def test_a_received_image_lies_whole_under_its_digest_and_in_the_database() -> None:
    body = file_bytes()
    receipt = receive(body)
    assert (receipt.stored, receipt.duplicates, receipt.rejected) == (1, 0, [])
    digest = hashlib.sha256(body).hexdigest()
    instance = Instance.objects.get()
    assert instance.path == f"instances/{digest[:2]}/{digest}.dcm"
    assert (Path(settings.DATA_DIR) / instance.path).read_bytes() == body
    study = instance.series.study
    assert (study.patient.name, study.state, study.accession_number) == ("Müller^Anna", "received", "A-1")
    assert receipt.studies == {study.pk}


@pytest.mark.django_db
def test_nothing_half_written_is_left_behind() -> None:
    receive(file_bytes(), b"not dicom")
    assert not list((Path(settings.DATA_DIR) / "incoming").glob("*.tmp"))


@pytest.mark.django_db
def test_the_same_file_again_is_a_duplicate_and_no_news() -> None:
    body = file_bytes()
    receive(body)
    again = receive(body)
    assert (again.stored, again.duplicates, again.rejected) == (0, 1, [])
    assert Instance.objects.count() == 1


@pytest.mark.django_db
def test_the_same_image_with_another_archives_file_meta_is_a_duplicate() -> None:
    body = file_bytes()
    other_meta = body.replace(b"\0" * 128, b"other archive" + b"\0" * 115, 1)
    assert body != other_meta
    receive(body)
    assert receive(other_meta).duplicates == 1


@pytest.mark.django_db
def test_another_image_under_a_known_uid_is_refused_and_the_first_kept() -> None:
    names = {"SOPInstanceUID": "1.2.3.4", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1"}
    first = file_bytes(**names)
    receive(first)
    receipt = receive(file_bytes(**names, InstanceNumber=7))
    assert codes(receipt) == ["conflicting_instance"]
    instance = Instance.objects.get()
    assert (Path(settings.DATA_DIR) / instance.path).read_bytes() == first


@pytest.mark.django_db
def test_a_series_of_another_study_is_refused_and_makes_no_study() -> None:
    receive(file_bytes(SeriesInstanceUID="1.2.9"))
    stranger = file_bytes(SeriesInstanceUID="1.2.9")
    assert codes(receive(stranger)) == ["conflicting_study"]
    assert not (Path(settings.DATA_DIR) / storage.instance_path(hashlib.sha256(stranger).hexdigest())).exists()
    assert (Study.objects.count(), Series.objects.count(), Instance.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "P-2", "PatientName": "Berg^Paul"},
        {"PatientID": "P-2", "PatientBirthDate": "19700101"},
        {"PatientName": "Berg^Paul", "PatientBirthDate": "19700101"},
    ],
)
def test_a_study_of_two_patients_is_refused(other: dict[str, str]) -> None:
    receive(file_bytes(StudyInstanceUID="1.2.9"))
    assert codes(receive(file_bytes(StudyInstanceUID="1.2.9", **other))) == ["conflicting_study"]


@pytest.mark.django_db
def test_a_refused_file_is_on_record_and_the_files_after_it_are_stored() -> None:
    receipt = receive(file_bytes(Modality="CT"), b"hello", *study_files(2))
    assert receipt.stored == 2
    assert codes(receipt) == ["wrong_modality", "not_dicom"]
    kept = list(Rejection.objects.order_by("id").values_list("code", "sender", "file_name"))
    assert kept == [("wrong_modality", "reader", "image1.dcm"), ("not_dicom", "reader", "image2.dcm")]
    assert all("send" in refused.message.lower() for refused in receipt.rejected)


@pytest.mark.django_db
def test_a_hostile_file_name_is_only_ever_text() -> None:
    import io

    from worklist.intake.receive import receive as receive_one

    name = "../../../etc/\x1b[31mpasswd\0" + "x" * 400
    receipt = receive_one(io.BytesIO(b"no"), name, "reader")
    assert len(receipt.rejected[0].file_name) == 255
    assert receipt.rejected[0].file_name.isprintable()


@pytest.mark.django_db
def test_a_store_that_fails_is_told_and_leaves_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full_disk)
    receipt = receive(file_bytes())
    assert codes(receipt) == ["not_stored"]
    assert not Instance.objects.exists()
    assert not Study.objects.exists()


@pytest.mark.django_db
def test_a_file_lost_from_the_disk_comes_back_with_a_duplicate() -> None:
    body = file_bytes()
    receive(body)
    path = Path(settings.DATA_DIR) / Instance.objects.get().path
    path.unlink()
    assert receive(body).duplicates == 1
    assert path.read_bytes() == body


@pytest.mark.django_db(transaction=True)
def test_the_same_study_sent_by_many_at_once_is_stored_once() -> None:
    files = study_files(4)
    receipts: list[Receipt] = []
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        receipts.append(receive(*files))
        connection.close()

    at_once([send] * 4)
    assert [codes(receipt) for receipt in receipts] == [[]] * 4
    assert sum(receipt.stored for receipt in receipts) == 4
    assert sum(receipt.duplicates for receipt in receipts) == 12
    assert (Study.objects.count(), Series.objects.count(), Instance.objects.count()) == (1, 1, 4)


@pytest.mark.django_db
def test_a_study_that_another_delivery_makes_between_two_looks_is_no_conflict() -> None:
    first, second = study_files(2)
    receipts: list[Receipt] = []

    def another_delivery_comes_first(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if not receipts and sql.startswith("SELECT") and 'FROM "worklist_study"' in sql:
            receipts.append(Receipt())  # before the delivery, whose own looks must not start another
            receipts.append(receive(second))
        return result

    with connection.execute_wrapper(another_delivery_comes_first):
        receipt = receive(first)
    assert receipts[1].stored == 1
    assert (codes(receipt), receipt.stored) == ([], 1)


@pytest.mark.django_db(transaction=True)
def test_two_images_under_one_uid_sent_at_once_leave_one_and_refuse_one() -> None:
    names = {"SOPInstanceUID": "1.2.3.4", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1"}
    files = [file_bytes(**names, InstanceNumber=number) for number in (1, 2)]
    receipts: list[Receipt] = []
    start = threading.Barrier(2)

    def send() -> None:
        start.wait()
        receipts.append(receive(files.pop()))
        connection.close()

    at_once([send] * 2)
    assert sorted(receipt.stored for receipt in receipts) == [0, 1]
    assert [code for receipt in receipts for code in codes(receipt)] == ["conflicting_instance"]
    assert Instance.objects.count() == 1


@pytest.mark.django_db
def test_every_folder_above_a_new_file_is_on_the_disk_before_success_is_told(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    synced: list[Path] = []
    monkeypatch.setattr(storage, "_sync_folder", synced.append)
    receive(file_bytes())
    file = tmp_path / Instance.objects.get().path
    assert synced.count(file.parent) == 1
    assert {file.parent.parent, tmp_path} <= set(synced)


# --- late images, in each state -----------------------------------------------------------------


@pytest.mark.django_db
def test_an_image_of_a_study_that_is_coming_in_moves_its_clock() -> None:
    study = received_study()
    before = study.last_instance_at
    add_image(study)
    study.refresh_from_db()
    assert study.state == "received"
    assert study.last_instance_at > before
    assert study.late_images == 0


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["drafted", "failed"])
def test_a_late_image_of_a_finished_study_queues_it_again_once_all_have_come(state: str) -> None:
    study = in_state(state)
    add_image(study)
    study.refresh_from_db()
    waits_until = study.running_job.not_before
    assert (study.state, study.running_job.attempt, study.failed_job) == ("queued", 0, None)
    assert waits_until > study.last_instance_at
    receive(file_bytes(StudyInstanceUID=study.study_instance_uid, SeriesInstanceUID=generate_uid()))
    assert study.running_job.not_before > waits_until


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["running", "in_review", "signed", "amended"])
def test_a_late_image_moves_nothing_under_anyones_hands(state: str) -> None:
    study = in_state(state)
    add_image(study)
    study.refresh_from_db()
    assert (study.state, study.late_images) == (state, 1)


@pytest.mark.django_db
def test_a_late_image_of_a_study_that_a_person_queued_does_not_hold_it_up() -> None:
    study = in_state("queued")
    add_image(study)
    study.refresh_from_db()
    assert (study.state, study.running_job.not_before) == ("queued", None)


@pytest.mark.django_db
def test_a_duplicate_is_not_a_late_image() -> None:
    study = in_state("in_review")
    body = (Path(settings.DATA_DIR) / Instance.objects.filter(series__study=study)[0].path).read_bytes()
    receive(body)
    study.refresh_from_db()
    assert study.late_images == 0
