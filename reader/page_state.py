"""A review as the page needs it: one JSON document that every answer of the API carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from accounts.models import User
from inference.measures import norms
from inference.result import record, words
from inference.types import LUMBAR_LEVELS, DiscQuestion, Measurement, StudyReading
from reader import actions, contradictions, signing, working_copy
from reader.models import Review, ReviewedFinding, SignedVersion
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
    latest = actions.latest_version(study)
    state: dict[str, Any] = {
        "user": user.get_username(),
        "study_state": study.state,
        "study_state_label": study.get_state_display(),
        "claimed_by": study.claimed_by.get_username() if study.claimed_by else None,
        "mine": study.claimed_by_id == user.pk,
        "may_write": _may_write(study, user),
        "signed_version": latest.number if latest else None,
        "late_images": study.late_images,
        "findings": [],
    }
    if review is None:
        return state
    rows = working_copy.table(review)
    checked = contradictions.check(review, rows)
    marks = _signed_marks(latest) if latest and not review.amends else _marks_now(rows)
    return state | {
        "version": review.version,
        "by_hand": review.machine_reading_id is None,
        "level_shift": review.level_shift,
        "findings": [_finding(row, marks.places) for row in rows],
        "uncertain_below": marks.below,
        "text": review.draft_text,
        "text_is_manual": review.text_is_manual,
        "sentences": review.sentences,
        "suggestions": actions.open_suggestions(review),
        "contradictions": checked.found,
        "text_is_checked": checked.done,
        "has_set_aside_text": bool(review.set_aside_text),
        "late_acknowledged": review.late_acknowledged,
        "read_again": review.read_again,
        "amends": review.amends.number if review.amends else None,
        "saved_at": review.saved_at.isoformat() if review.saved_at else None,
        "saved_by": review.saved_by.get_username() if review.saved_by else None,
        "missing": signing.missing(study, review),
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
        "failure": study.failure_message if reading is None else "",
    }


def _warnings(study: Study, reading: StudyReading | None) -> list[str]:
    """What a reader should know before believing the grades: images that are not in them first."""
    warnings = list(contents.refused_files([study]).get(study.pk, ()))
    if reading is None:
        return warnings
    if study.failure_code:
        warnings.append(f"{NOT_READ_AGAIN} {study.failure_message}")
    return [*warnings, *map(words.notice_words, reading.notices)]


def _measurement(one: Measurement) -> dict[str, Any]:
    values: dict[str, Any] = record.to_dict(one)
    note = words.notice_words(one.notice) if one.notice else ""
    return values | {"note": note, "unusual": words.unusual(norms.side(one))}


def image_series(study: Study) -> list[dict[str, Any]]:
    """The study's series as the viewer chooses from them."""
    return [
        {
            "uid": series.series_instance_uid,
            "description": series.description or "Series without description",
            "number": series.number,
            "modality": series.modality,
            "images": series.instances.count(),
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


def _may_write(study: Study, user: User) -> bool:
    return study.claimed_by_id == user.pk and study.state in (State.IN_REVIEW, State.SIGNED, State.AMENDED)


class Marks(NamedTuple):
    """Which places are marked as uncertain, and below which percentage a grade is."""

    places: set[tuple[str, str]]
    below: int | None


def _marks_now(rows: Sequence[ReviewedFinding]) -> Marks:
    below = shared_settings.uncertain_below()
    return Marks({(row.level, row.site) for row in rows if working_copy.is_uncertain(row, below)}, below)


def _signed_marks(signed: SignedVersion) -> Marks:
    """As they were when it was signed, whatever an administrator has set since."""
    places = {(said["level"], said["site"]) for said in signed.findings if said.get("uncertain")}
    return Marks(places, signed.provenance.get("uncertain_below"))


def _finding(row: ReviewedFinding, uncertain: set[tuple[str, str]]) -> dict[str, Any]:
    return {
        "level": row.level,
        "site": row.site,
        "grade": row.grade,
        "machine_grade": row.machine_grade,
        "rule": row.rule,
        "note": row.note,
        "chance": words.percent(row.probability) if row.probability is not None else "",
        "uncertain": (row.level, row.site) in uncertain,
        "unfamiliar": row.unfamiliar,
        "contradicted": row.contradicted,
        "changed": row.changed,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
        "confirmed_by": row.confirmed_by.get_username() if row.confirmed_by else None,
    }
