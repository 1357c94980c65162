"""Studies and their patients: found again, corrected, merged."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEvent
from tests.worklist.factories import codes, file_bytes, receive
from worklist.listing.contents import arrival_warnings
from worklist.models import Order, Patient, Study
from worklist.orders import patients

pytestmark = pytest.mark.django_db


def study_of(uid: str, **tags: Any) -> Study:
    """A study of one image, received through the front door."""
    assert codes(receive(file_bytes(StudyInstanceUID=uid, **tags))) == []
    return Study.objects.get(study_instance_uid=uid)


def test_two_studies_with_one_id_are_of_one_patient() -> None:
    assert study_of("1.2.1").patient == study_of("1.2.2").patient


def test_studies_without_an_id_are_of_patients_of_their_own() -> None:
    assert study_of("1.2.1", PatientID="").patient != study_of("1.2.2", PatientID="").patient


def test_two_people_who_were_sent_with_one_id_are_two_patients() -> None:
    first = study_of("1.2.1")
    second = study_of("1.2.2", PatientName="Berg^Paul", PatientBirthDate="19700101")
    assert (first.patient.namesake, second.patient.namesake) == (0, 1)
    assert study_of("1.2.3", PatientName="Berg^Paul", PatientBirthDate="19700101").patient == second.patient


def test_a_study_counts_its_series_and_images() -> None:
    study_of("1.2.1", SeriesInstanceUID="1.2.1.1")
    study_of("1.2.1", SeriesInstanceUID="1.2.1.1")
    study = study_of("1.2.1", SeriesInstanceUID="1.2.1.2")
    receive(file_bytes(StudyInstanceUID="1.2.1", PatientName="Berg", PatientID="P-9"))  # refused, not counted
    study.refresh_from_db()
    assert (study.series_count, study.instance_count) == (2, 3)
    assert sorted(study.series.values_list("instance_count", flat=True)) == [1, 2]


def test_a_study_belongs_to_the_order_and_institution_that_its_images_name() -> None:
    study = study_of(
        "1.2.1",
        AccessionNumber="A-7",
        InstitutionName="North Clinic",
        ReferringPhysicianName="Who^Doctor",
        RequestedProcedureDescription="MRI lumbar spine",
        ReasonForTheRequestedProcedure="claudication",
    )
    order = study.order
    assert order is not None
    assert (order.accession_number, order.referrer, order.procedure) == ("A-7", "Who^Doctor", "MRI lumbar spine")
    assert (order.clinical_question, order.state) == ("claudication", Order.State.PERFORMED)
    assert study.institution is not None
    assert study.institution.name == "North Clinic"
    assert study_of("1.2.2", AccessionNumber="A-7").order == order


@pytest.mark.parametrize("later", [{"PatientName": "Schmidt^Anna"}, {"PatientID": "P-100"}, {"PatientBirthDate": ""}])
def test_later_images_of_a_patient_who_was_corrected_are_taken_in(later: dict[str, str]) -> None:
    study_of("1.2.1")
    study = study_of("1.2.1", **later)
    assert study.instance_count == 2
    assert study.patient.name == "Müller^Anna"


def test_what_later_images_say_otherwise_is_told_until_the_patient_is_corrected(administrator: Any) -> None:
    study_of("1.2.1")
    study = study_of("1.2.1", PatientName="Schmidt^Anna")
    assert "name Schmidt Anna" in arrival_warnings([study])[study.pk][0]
    patients.correct(study.patient, {"name": "Schmidt^Anna"}, administrator)
    study.refresh_from_db()
    assert study.patient.name == "Schmidt^Anna"
    assert arrival_warnings([study])[study.pk] == ()
    event = AuditEvent.objects.get(action="patient_corrected")
    assert (event.actor, event.study_id, event.detail) == (administrator, study.pk, {"fields": ["name"]})


def test_images_under_the_earlier_id_still_find_a_corrected_patient(administrator: Any) -> None:
    study = study_of("1.2.1")
    corrected = patients.correct(study.patient, {"patient_id": "P-100"}, administrator)
    study.refresh_from_db()
    assert (study.patient, corrected.patient_id) == (corrected, "P-100")
    assert study_of("1.2.1").instance_count == 2
    assert study_of("1.2.2").patient == corrected


def test_merged_patients_are_one_with_all_studies_and_orders(administrator: Any) -> None:
    kept = study_of("1.2.1", AccessionNumber="A-1")
    moved = study_of("1.2.2", PatientID="P-2", PatientName="Müller^Anni", AccessionNumber="A-1")
    patients.merge(moved.patient, kept.patient, administrator)
    moved.refresh_from_db()
    assert (moved.patient, moved.order) == (kept.patient, kept.order)
    assert study_of("1.2.3", PatientID="P-2", PatientName="Müller^Anni").patient == kept.patient
    event = AuditEvent.objects.get(action="patient_merged")
    assert (event.actor, event.study_id) == (administrator, moved.pk)


def test_one_patient_cannot_be_merged_with_itself(administrator: Any) -> None:
    patient = study_of("1.2.1").patient
    with pytest.raises(patients.CannotMerge):
        patients.merge(patient, patient, administrator)


def test_only_administrators_correct_and_merge(reader: Any) -> None:
    patient, other_patient = study_of("1.2.1").patient, study_of("1.2.2", PatientID="P-2", PatientName="B").patient
    with pytest.raises(PermissionDenied):
        patients.correct(patient, {"name": "X"}, reader)
    with pytest.raises(PermissionDenied):
        patients.merge(patient, other_patient, reader)
    assert Patient.objects.filter(merged_into__isnull=False).count() == 0
    assert not AuditEvent.objects.filter(action__startswith="patient_").exists()


def test_an_administrator_corrects_and_merges_in_the_administration(
    administrator: Any, reader: Any, as_user: Any
) -> None:
    kept = study_of("1.2.1").patient
    moved = study_of("1.2.2", PatientID="P-2", PatientName="B")
    path = f"/admin/worklist/patient/{moved.patient.pk}/change/"
    body = {"issuer": "", "patient_id": "P-2", "name": "Müller^Anna", "birth_date": "1960-02-29", "sex": "F"}
    assert as_user(reader).post(path, body | {"same_as": kept.pk}).status_code in (302, 403)
    moved.refresh_from_db()
    assert moved.patient != kept
    assert as_user(administrator).post(path, body | {"same_as": kept.pk}).status_code == 302
    moved.refresh_from_db()
    assert moved.patient == kept
    assert AuditEvent.objects.filter(study_id=moved.pk, action="patient_corrected").exists()
    assert AuditEvent.objects.filter(study_id=moved.pk, action="patient_merged").exists()


def test_the_administration_finds_patients_and_says_what_cannot_be_merged(administrator: Any, as_user: Any) -> None:
    patient = study_of("1.2.1").patient
    browser = as_user(administrator)
    assert "Müller^Anna" in browser.get("/admin/worklist/patient/?q=Müller").content.decode()
    body = {"patient_id": "P-1", "name": "Müller^Anna", "birth_date": "1960-02-29", "sex": patient.sex}
    page = browser.post(f"/admin/worklist/patient/{patient.pk}/change/", body | {"same_as": patient.pk}, follow=True)
    assert "They are one patient already." in page.content.decode()
