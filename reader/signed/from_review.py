"""A review that is ready -> the document of its signed report."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from inference.result import record, words
from inference.types import Measurement, Notice, Rule
from reader import working_copy
from reader.errors import NotReady
from reader.models import Review, ReviewedFinding, SignedReport
from reader.signed.document import FORMAT, Raw
from worklist.models import Study


def content_of(
    study: Study,
    review: Review,
    signer: User,
    signed_at: datetime,
    *,
    reason: str,
    uncertain_below: int,
    contradictions: int | None,
) -> Raw:
    """All that a signature signs. contradictions: how many were acknowledged, None for a text that was not checked."""
    amends = review.amends
    return {
        "format": FORMAT,
        "number": amends.number + 1 if amends else 1,
        "amends": _amended(amends) if amends else None,
        "reason": reason,
        "study": _study(study),
        "order": _order(study),
        "patient": _patient(study),
        "signer": {"id": signer.pk, "username": signer.get_username(), "name": name_of(signer)},
        "signed_at": signed_at.isoformat(),
        "text": review.draft_text,
        "text_is_manual": review.text_is_manual,
        "findings": [_finding(row, uncertain_below) for row in working_copy.table(review)],
        "measurements": [_measurement(one) for one in working_copy.measurements_of(review)],
        "machine": _machine(review),
        "uncertain_below": uncertain_below,
        "contradictions": contradictions,
        "converted": None,
    }


def name_of(user: User) -> str:
    """How a signature names a person: as they are called, else by their account."""
    return user.get_full_name() or user.get_username()


def _amended(report: SignedReport) -> Raw:
    return {"number": report.number, "sha256": report.sha256}


def _study(study: Study) -> Raw:
    return {
        "study_instance_uid": study.study_instance_uid,
        "date": _iso(study.study_date),
        "description": study.description,
        "accession_number": study.accession_number,
        "institution": study.institution.name if study.institution else "",
    }


def _order(study: Study) -> Raw | None:
    order = study.order
    if order is None:
        return None
    return {
        "accession_number": order.accession_number,
        "priority": order.priority,
        "clinical_question": order.clinical_question,
        "referrer": order.referrer,
        "procedure": order.procedure,
    }


def _patient(study: Study) -> Raw:
    patient = study.patient
    return {
        "issuer": patient.issuer,
        "id": patient.patient_id,
        "name": patient.name,
        "birth_date": _iso(patient.birth_date),
        "sex": patient.sex,
    }


def _finding(row: ReviewedFinding, uncertain_below: int) -> Raw:
    """uncertain: whether the page marked it so; kept, for the limit may be another one tomorrow."""
    if row.confirmed_by is None or row.confirmed_at is None:
        raise NotReady([f"Confirm {row.level}."])
    return {
        "level": row.level,
        "site": row.site,
        "grade": row.grade,
        "machine_grade": row.machine_grade,
        "rule": words.rules_words(Rule(**one) for one in row.rules),
        "note": words.notices_words(Notice(**one) for one in row.notices),
        "rules": row.rules,
        "notices": row.notices,
        "probability": row.probability,
        "uncertain": working_copy.is_uncertain(row, uncertain_below),
        "out_of_distribution": row.unfamiliar,
        "contradicted": row.contradicted,
        "changed": row.changed,
        "confirmed_by": {"id": row.confirmed_by.pk, "username": row.confirmed_by.get_username()},
        "confirmed_at": row.confirmed_at.isoformat(),
    }


def _measurement(one: Measurement) -> Raw:
    return {
        "place": one.place,
        "quantity": one.quantity,
        "value": one.value,
        "unit": one.unit,
        "note": words.notice_words(one.notice) if one.notice else "",
        "notice": record.to_dict(one.notice),
        "lower_bound": one.lower_bound,
        "plus_minus": one.plus_minus,
        "usual": list(one.usual) if one.usual else None,
        "deviation": one.deviation,
    }


def _machine(review: Review) -> Raw | None:
    """The machine's part; None for a study read by hand."""
    reading = review.machine_reading
    if reading is None:
        return None
    made_by = record.from_dict(reading.reading).provenance
    return {
        "reading": reading.pk,
        "code_version": made_by.code_version,
        "input_digest": made_by.input_digest,
        "runtime": made_by.runtime,
        "models": record.to_dict(made_by.models),
        "level_shift": review.level_shift,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
