"""Signing a review, and amending what was signed.

A signature makes a `SignedVersion` that never changes. An amendment is the
next version: it names the one before and says why.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from inference.result import record, words
from inference.types import LUMBAR_LEVELS
from reader import actions, contradictions, working_copy
from reader.errors import BadValue, Contradicted, NotReady, Stale, WrongState
from reader.models import Review, ReviewedFinding, SignedVersion
from worklist import shared_settings
from worklist.jobs import states
from worklist.jobs.states import State
from worklist.models import Study

SHORTEST_REASON = 5


def missing(study: Study, review: Review) -> list[str]:
    """What the reader has still to do before the report can be signed, one sentence each."""
    unconfirmed = {row.level for row in working_copy.table(review) if row.confirmed_at is None}
    left = [f"Confirm {level}." for level in LUMBAR_LEVELS if level in unconfirmed]
    if study.late_images and study.late_images != review.late_acknowledged:
        left.append(f"Look at the {study.late_images} images that arrived late, and acknowledge them.")
    open_now = len(actions.open_suggestions(review))
    if open_now:
        left.append(f"Use or dismiss the {open_now} suggestion{'s' if open_now > 1 else ''} beside the text.")
    if not review.draft_text.strip():
        left.append("Write the report text.")
    return left


def sign(
    study: Study, user: User, version: int, request: HttpRequest | None = None, *, acknowledged: int = 0
) -> SignedVersion:
    """Sign the review as version 1. Raises NotReady with what is left to do.

    acknowledged: how many contradictions between text and table the reader
        knowingly signs; Contradicted is raised when there are more or fewer.
    """
    with actions.writing(study, user, version) as review:
        if study.state != State.IN_REVIEW:
            raise WrongState("This report is signed already. Sign an amendment instead.")
        _require_ready(study, review)
        open_now = _require_acknowledged(review, acknowledged)
        signed = _write(study, review, user, amends=None, reason="")
        _move(study, review, State.SIGNED, user)
        audit.record(
            user, "sign", study=study, request=request,
            version=signed.number, sha256=signed.sha256, contradictions=open_now,
        )  # fmt: skip
    return signed


def start_amendment(study: Study, user: User, amends: int, request: HttpRequest | None = None) -> None:
    """Open the signed report for a change; the signed version itself stays as it is."""
    study.refresh_from_db()
    latest = actions.latest_version(study)
    if latest is None or study.state not in (State.SIGNED, State.AMENDED):
        raise WrongState("Only a signed report can be amended.")
    if latest.number != amends:
        raise Stale(f"Version {latest.number} has been signed meanwhile. Read it first, then amend that one.")
    if study.claimed_by_id == user.pk:
        return
    with transaction.atomic():
        free = Study.objects.filter(pk=study.pk, state=study.state, claimed_by__isnull=True)
        if not free.update(claimed_by=user, claimed_at=timezone.now()):
            raise Stale("Another reader is amending this report now. Ask them, or take it over.")
        review = Review.objects.select_for_update().get(study=study)
        review.amends = latest
        review.version += 1
        working_copy.complete(review)
        review.save()
        audit.record(user, "claim", study=study, request=request, amends=latest.number)
    study.refresh_from_db()


def discard_amendment(study: Study, user: User, version: int, request: HttpRequest | None = None) -> None:
    """Drop an amendment that was begun; table and text go back to the signed version."""
    with actions.writing(study, user, version) as review:
        latest = review.amends
        if latest is None:
            raise WrongState("No amendment is open.")
        _restore(review, latest)
        Study.objects.filter(pk=study.pk, claimed_by=user).update(claimed_by=None, claimed_at=None)
        audit.record(user, "release", study=study, request=request, amends=latest.number, discarded=True)
    study.refresh_from_db()


def amend(
    study: Study, user: User, version: int, reason: str, request: HttpRequest | None = None, *, acknowledged: int = 0
) -> SignedVersion:
    """Sign the open amendment as the next version, with its reason; `acknowledged` as for `sign`."""
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise BadValue("Say why the report is amended, in a few words.")
    with actions.writing(study, user, version) as review:
        if review.amends is None:
            raise WrongState("No amendment is open. Start one first.")
        _require_ready(study, review)
        open_now = _require_acknowledged(review, acknowledged)
        signed = _write(study, review, user, amends=review.amends, reason=reason)
        _move(study, review, State.AMENDED, user)
        review.amends = None
        audit.record(
            user, "amend", study=study, request=request,
            version=signed.number, amends=signed.number - 1, sha256=signed.sha256, contradictions=open_now,
        )  # fmt: skip
    return signed


def _require_ready(study: Study, review: Review) -> None:
    left = missing(study, review)
    if left:
        raise NotReady(left)


def _require_acknowledged(review: Review, acknowledged: int) -> int | None:
    """How many contradictions are open, all of them acknowledged; None when the text could not be checked."""
    checked = contradictions.check(review)
    if len(checked.found) != acknowledged:
        raise Contradicted(len(checked.found))
    return acknowledged if checked.done else None


def _write(study: Study, review: Review, user: User, amends: SignedVersion | None, reason: str) -> SignedVersion:
    below = shared_settings.uncertain_below()
    signed = SignedVersion(
        study=study,
        number=amends.number + 1 if amends else 1,
        text=review.draft_text,
        findings=[_finding(row, below) for row in working_copy.table(review)],
        measurements=record.to_dict(working_copy.measurements_of(review)),
        provenance=_provenance(review) | {"uncertain_below": below},
        signed_by=user,
        signed_by_name=name_of(user),
        signed_at=timezone.now(),
        amends=amends,
        reason=reason,
    )
    signed.sha256 = signed.digest()
    try:
        with transaction.atomic():
            signed.save()
    except IntegrityError as taken:
        raise Stale("Another version was signed meanwhile. Read it first.") from taken
    return signed


def _finding(row: ReviewedFinding, uncertain_below: int) -> dict[str, object]:
    """uncertain: whether the page marked it so; kept, for the limit may be another one tomorrow."""
    if row.confirmed_by is None or row.confirmed_at is None:
        raise NotReady([f"Confirm {row.level}."])
    return {
        "level": row.level,
        "site": row.site,
        "grade": row.grade,
        "machine_grade": row.machine_grade,
        "rule": row.rule,
        "probability": row.probability,
        "uncertain": working_copy.is_uncertain(row, uncertain_below),
        "unfamiliar": row.unfamiliar,
        "contradicted": row.contradicted,
        "changed": row.changed,
        "confirmed_by": row.confirmed_by.get_username(),
        "confirmed_at": row.confirmed_at.isoformat(),
    }


def _provenance(review: Review) -> dict[str, object]:
    reading = review.machine_reading
    if reading is None:
        return {"machine": None, "read_by_hand": True, "text_is_manual": review.text_is_manual}
    return {
        "machine": record.upgraded(reading.reading)["provenance"],
        "machine_reading": reading.pk,
        "read_by_hand": False,
        "text_is_manual": review.text_is_manual,
        "level_shift": review.level_shift,
    }


def _restore(review: Review, signed: SignedVersion) -> None:
    if review.draft_text != signed.text:
        review.set_aside_text = review.draft_text
    working_copy.move_levels(review, int(signed.provenance.get("level_shift", 0)))
    rows = {(row.level, row.site): row for row in working_copy.table(review)}
    for said in signed.findings:
        row = rows.pop((said["level"], said["site"]))
        row.grade, row.changed = said["grade"], said["changed"]
        row.confirmed_by_id, row.confirmed_at = signed.signed_by_id, signed.signed_at
        row.save()
    for row in rows.values():  # places that the signed table did not have
        row.delete()
    review.beyond = []
    review.draft_text = signed.text
    review.text_is_manual = bool(signed.provenance["text_is_manual"])
    review.sentences = list(working_copy.said_now(review))
    review.amends = None


def _move(study: Study, review: Review, to: State, user: User) -> None:
    """Late images that were acknowledged are in what was signed: those counted from now on came after it."""
    where = {"claimed_by": user, "late_images": study.late_images}
    try:
        states.move(study, to, where=where, claimed_by=None, claimed_at=None, late_images=0)
    except states.LostRace as lost:
        raise Stale("Somebody else was quicker, or new images came. Reload the page to see where it stands.") from lost
    review.late_acknowledged = 0
    review.read_again = False


def name_of(user: User) -> str:
    """How a signature names a person: as they are called, else by their account."""
    return user.get_full_name() or user.get_username()


def in_words(finding: dict[str, Any]) -> dict[str, str]:
    """A signed finding for people: what was signed, what the machine had said where it differs, what was uncertain."""
    machine = finding["machine_grade"]
    differs = machine is not None and machine != finding["grade"]
    return {
        "words": words.grade_word(finding["grade"]),
        "machine_words": words.grade_word(machine) if differs else "",
        "doubt_words": ", ".join(["uncertain", *_doubts(finding)]) if finding.get("uncertain") else "",
    }


def _doubts(finding: dict[str, Any]) -> list[str]:
    """Why the machine's grade was uncertain."""
    chance = finding["probability"]
    reasons = [
        (words.DOUBTS["out_of_distribution"], "unfamiliar"),
        (words.DOUBTS["contradicted"], "contradicted"),
    ]
    return [*([] if chance is None else [words.percent(chance)]), *(why for why, key in reasons if finding.get(key))]
