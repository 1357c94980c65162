"""A review as the page needs it: one JSON document that every answer of the API carries."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from inference.measures import norms
from inference.result import record, words
from inference.types import LUMBAR_LEVELS, DiscQuestion, Measurement, Notice, Rule, StudyReading
from reader import actions, contradictions, signing, working_copy
from reader.models import Review, ReviewedFinding, SignedReport
from reader.signed import document
from reader.signed.document import SignedGrade
from worklist import shared_settings
from worklist.jobs.states import State
from worklist.listing import contents
from worklist.models import Study

NOT_READ_AGAIN = (
    "The machine tried to read this study again and could not. "
    "Its grades are those of the earlier reading and leave out what came later."
)


def review_state(study: Study, review: Review | None, user: User) -> dict[str, Any]:
    """Where the review stands: table, text, suggestions, contradictions, claim, and what signing still needs."""
    latest = actions.latest_report(study)
    state: dict[str, Any] = {
        "user": user.get_username(),
        "study_state": study.state,
        "study_state_label": study.get_state_display(),
        "claimed_by": study.claimed_by.get_username() if study.claimed_by else None,
        "mine": study.claimed_by_id == user.pk,
        "may_write": _may_write(study, review, user),
        "signed_version": latest.number if latest else None,
        "late_images": study.late_images,
        "machine_at_work": study.running_job is not None,
        "findings": [],
        "second_review": _second_review(study, user),
        "damaged_report": latest.number if latest and not latest.intact else None,
    }
    if review is None:
        return state
    return state | {
        "review": review.pk,
        "purpose": review.purpose,
        "version": review.version,
        "by_hand": review.machine_reading_id is None,
        "machine_reading": review.machine_reading_id,
        "newer_reading": _newer_reading(study, review),
        "level_shift": review.level_shift,
        **_table(review, latest),
        "sentences": review.sentences,
        "has_set_aside_text": bool(review.set_aside_text),
        "late_acknowledged": review.late_acknowledged,
        "read_again": review.read_again,
        "amends": review.amends.number if review.amends else None,
        "saved_at": review.saved_at.isoformat() if review.saved_at else None,
        "saved_by": review.saved_by.get_username() if review.saved_by else None,
        "missing": signing.missing(study, review),
    }


def _second_review(study: Study, user: User) -> dict[str, Any] | None:
    """Of the user's own second review: whether it is open, and whose signature closed it, if one did."""
    review = working_copy.second_review_of(study, user)
    if review is None:
        return None
    signature = (
        study.signed_reports.filter(number=1, signed_at__lte=review.closed_at).first() if review.closed_at else None
    )
    return {"state": review.state, "signed_by": signature.signed_by.get_username() if signature else None}


def _newer_reading(study: Study, review: Review) -> dict[str, Any] | None:
    """The newest machine reading, where the review is of an earlier one; the reader decides whether to take it."""
    newer = working_copy.newer_reading(study, review)
    if newer is None:
        return None
    return {
        "id": newer.pk,
        "read_at": newer.created_at.isoformat(),
        "differing_grades": working_copy.differing_grades(review, newer),
    }


def _table(review: Review, latest: SignedReport | None) -> dict[str, Any]:
    """Grades and text: of a signed report as they were signed, else of the working copy."""
    if latest is not None and review.state == Review.State.SIGNED:
        return _signed_table(latest)
    rows = working_copy.table(review)
    checked = contradictions.check(review, rows)
    below = shared_settings.uncertain_below()
    return {
        "findings": [_finding(row, working_copy.is_uncertain(row, below)) for row in rows],
        "uncertain_below": below,
        "text": review.draft_text,
        "text_is_manual": review.text_is_manual,
        "suggestions": actions.open_suggestions(review),
        "contradictions": checked.found,
        "text_is_checked": checked.done,
    }


def _signed_table(report: SignedReport) -> dict[str, Any]:
    """From the document alone; nothing of a document that cannot be read."""
    try:
        signed = report.read()
    except document.Unreadable:
        return _NOTHING
    grades = tuple(((one.level, one.site), one.grade) for one in signed.findings)
    checked = contradictions.check_text(signed.text, grades) if signed.text_is_manual else contradictions.NONE
    return {
        "findings": [_signed_finding(one) for one in signed.findings],
        "uncertain_below": signed.uncertain_below,
        "text": signed.text,
        "text_is_manual": signed.text_is_manual,
        "suggestions": [],
        "contradictions": checked.found,
        "text_is_checked": checked.done,
    }


_NOTHING: dict[str, Any] = {
    "findings": [],
    "uncertain_below": None,
    "text": "",
    "text_is_manual": True,
    "suggestions": [],
    "contradictions": (),
    "text_is_checked": False,
}


def machine_state(study: Study, review: Review | None) -> dict[str, Any]:
    """What the machine found, for overlays and the table; empty when it read nothing."""
    reading = review.machine_reading if review else None
    named = working_copy.reading_of(review) if review else None
    found: dict[str, Any] = record.to_dict(named) if named else {}
    return {
        "discs": found.get("discs", []),
        "measurements": [_measurement(one) for one in named.measurements] if named else [],
        "disc_findings": words.discs_by_level(named.disc_findings) if named else {},
        "axial": found.get("axial", []),
        "roles": {choice["uid"]: choice["role"] for choice in found.get("series", []) if choice["uid"]},
        "warnings": _warnings(study, named),
        "numbering": found.get("numbering"),
        "has_masks": reading is not None,
        "failure": _failure(study) if reading is None else "",
    }


def _warnings(study: Study, reading: StudyReading | None) -> list[str]:
    """What a reader should know before believing the grades: images that are not in them first."""
    warnings = list(contents.arrival_warnings([study]).get(study.pk, ()))
    if reading is None:
        return warnings
    failure = _failure(study)
    if failure:
        warnings.append(f"{NOT_READ_AGAIN} {failure}")
    return [*warnings, *map(words.notice_words, reading.notices)]


def _measurement(one: Measurement) -> dict[str, Any]:
    values: dict[str, Any] = record.to_dict(one)
    note = words.notice_words(one.notice) if one.notice else ""
    return values | {"note": note, "unusual": words.unusual(norms.side(one))}


def _failure(study: Study) -> str:
    """Why the machine could not read the study, the last time; empty when it could or has not ended."""
    job = study.failed_job
    return job.failure_message if job else ""


def image_series(study: Study) -> list[dict[str, Any]]:
    """The study's series as the viewer chooses from them."""
    return [
        {
            "uid": series.series_instance_uid,
            "description": series.description or "Series without description",
            "number": series.number,
            "modality": series.modality,
            "images": series.instance_count,
        }
        for series in study.series.all()
    ]


def vocabulary() -> dict[str, Any]:
    """The words of the table, so that the page and the server say the same."""
    return {
        "levels": list(LUMBAR_LEVELS),
        "sites": [
            {"value": place.value, "label": label, "column": words.SITE_COLUMNS[place]}
            for place, label in words.SITE_LABELS.items()
        ],
        "grades": [{"value": grade.value, "label": label} for grade, label in words.GRADE_LABELS.items()],
        "evidence": [
            *({"value": place.value, "label": label} for place, label in words.SITE_LABELS.items()),
            *({"value": question.value, "label": words.question_label(question)} for question in DiscQuestion),
        ],
        "roles": {role.value: label for role, label in words.ROLE_LABELS.items()},
    }


def _may_write(study: Study, review: Review | None, user: User) -> bool:
    if review is not None and review.purpose == Review.Purpose.SECOND:
        return review.reader_id == user.pk and review.state == Review.State.OPEN
    return study.claimed_by_id == user.pk and study.state in (State.IN_REVIEW, State.SIGNED, State.AMENDED)


def _finding(row: ReviewedFinding, uncertain: bool) -> dict[str, Any]:
    return {
        "level": row.level,
        "site": row.site,
        "grade": row.grade,
        "machine_grade": row.machine_grade,
        "rule": words.rules_words(Rule(**rule) for rule in row.rules),
        "note": words.notices_words(Notice(**notice) for notice in row.notices),
        "chance": words.percent(row.probability) if row.probability is not None else "",
        "uncertain": uncertain,
        "unfamiliar": row.unfamiliar,
        "contradicted": row.contradicted,
        "changed": row.changed,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
        "confirmed_by": row.confirmed_by.get_username() if row.confirmed_by else None,
    }


def _signed_finding(one: SignedGrade) -> dict[str, Any]:
    """The marks are those of the signature, whatever an administrator has set since."""
    return {
        "level": one.level,
        "site": one.site,
        "grade": one.grade,
        "machine_grade": one.machine_grade,
        "rule": one.rule,
        "note": one.note,
        "chance": words.percent(one.probability) if one.probability is not None else "",
        "uncertain": one.uncertain,
        "unfamiliar": one.out_of_distribution,
        "contradicted": one.contradicted,
        "changed": one.changed,
        "confirmed_at": one.confirmed_at.isoformat(),
        "confirmed_by": one.confirmed_by_username,
    }
