"""The patient of a study; corrections and merges, each audited.

A person with two IDs has one row with the studies, and one that points to it.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import audit, policy
from accounts.models import User
from worklist.models import Order, Patient, Study
from worklist.orders.identity import Identity, Match, compare

#: Fields that `correct` may change.
FIELDS = ("issuer", "patient_id", "name", "birth_date", "sex")


class CannotMerge(Exception):
    """The two rows cannot become one patient; the message says why."""


def identity_of(patient: Patient) -> Identity:
    """The identity of a patient's row."""
    return Identity(patient.patient_id, patient.name, patient.birth_date, patient.sex, patient.issuer)


def root(patient: Patient) -> Patient:
    """The row that has the studies of this person."""
    while patient.merged_into is not None:
        patient = patient.merged_into
    return patient


def patient_of(given: Identity) -> Patient:
    """The patient of a new study, created if no known one matches."""
    if not given.id:
        return Patient.objects.create(**_fields(given))
    while True:
        alike = list(Patient.objects.filter(patient_id=given.id, issuer=given.issuer).order_by("namesake"))
        for patient in alike:
            if compare(identity_of(patient), given) is not Match.OTHER:
                return root(patient)
        try:
            with transaction.atomic():
                return Patient.objects.create(**_fields(given), namesake=len(alike))
        except IntegrityError:  # another delivery made the same patient a moment before
            continue


def match(patient: Patient, given: Identity) -> Match:
    """Whether an image with identity `given` belongs to a study of `patient`, by that row or one merged into it."""
    matches = [compare(identity_of(row), given) for row in (patient, *patient.merged.all())]
    return next((candidate for candidate in (Match.SAME, Match.CORRECTED) if candidate in matches), Match.OTHER)


def _fields(given: Identity) -> dict[str, Any]:
    return {
        "issuer": given.issuer,
        "patient_id": given.id,
        "name": given.name,
        "birth_date": given.birth_date,
        "sex": given.sex,
    }


def correct(patient: Patient, changes: dict[str, Any], by: User, request: HttpRequest | None = None) -> Patient:
    """Correct a patient's data; an earlier ID still leads to it. Returns the row that has the studies.

    Raises PermissionDenied for others than administrators, ValueError for a field that patients do not have.
    """
    policy.require_administrator(by)
    unknown = changes.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"not a patient's: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=root(patient).pk)
        values = {field: getattr(patient, field) for field in FIELDS} | changes
        if (values["issuer"], values["patient_id"]) != (patient.issuer, patient.patient_id):
            into = patient_of(
                Identity(values["patient_id"], values["name"], values["birth_date"], values["sex"], values["issuer"])
            )
            _move(patient, into)
            patient = into
        Patient.objects.filter(pk=patient.pk).update(
            **{field: values[field] for field in ("name", "birth_date", "sex")}
        )
        for study in patient.studies.all():
            audit.record(by, "patient_corrected", study=study, request=request, fields=sorted(changes))
        patient.studies.update(differing_identity=None)
        patient.refresh_from_db()
    return patient


def merge(duplicate: Patient, into: Patient, by: User, request: HttpRequest | None = None) -> Patient:
    """Two rows are one person: studies and orders of `duplicate` go to `into`, and so do later ones under its ID.

    Raises PermissionDenied for others than administrators, CannotMerge when both are one row already.
    """
    policy.require_administrator(by)
    with transaction.atomic():
        duplicate, into = root(duplicate), root(into)
        if duplicate == into:
            raise CannotMerge("They are one patient already.")
        moved = list(duplicate.studies.values_list("pk", flat=True))
        _move(duplicate, into)
        for study_id in moved:
            audit.record(by, "patient_merged", study=study_id, request=request, merged=duplicate.pk, into=into.pk)
        Study.objects.filter(pk__in=moved).update(differing_identity=None)
    return into


def _move(duplicate: Patient, into: Patient) -> None:
    """Studies, orders and earlier IDs of one row to another; an order that both have becomes one."""
    for order in duplicate.orders.all():
        same = Order.objects.filter(patient=into, accession_number=order.accession_number).first()
        if same is None:
            Order.objects.filter(pk=order.pk).update(patient=into)
        else:
            Study.objects.filter(order=order).update(order=same)
            order.delete()
    duplicate.studies.update(patient=into)
    Patient.objects.filter(merged_into=duplicate).update(merged_into=into)
    Patient.objects.filter(pk=duplicate.pk).update(merged_into=into)
