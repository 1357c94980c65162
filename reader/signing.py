"""Signing a review, and amending what was signed.

A signature makes a `SignedReport` that never changes. An amendment is the
next one: it names the one before and says why.
"""

from __future__ import annotations

import hashlib

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from inference.types import LUMBAR_LEVELS
from reader import actions, contradictions, second_reviews, working_copy
from reader.errors import BadValue, Contradicted, NotReady, Stale, WrongState
from reader.models import Review, Seen, SignedFinding, SignedReport
from reader.signed import document
from reader.signed.document import SignedGrade
from reader.signed.from_review import content_of
from reader.signed.to_review import restore
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
    study: Study, user: User, seen: Seen, request: HttpRequest | None = None, *, acknowledged: int = 0
) -> SignedReport:
    """Sign the primary review as version 1. Raises NotReady with what is left to do.

    acknowledged: how many contradictions between text and table the reader
        knowingly signs; Contradicted is raised when there are more or fewer.
    """
    with actions.writing(study, user, seen) as review:
        if review.purpose == Review.Purpose.SECOND:
            raise WrongState("A second review is not signed. Close it when you are done.")
        if study.state != State.IN_REVIEW:
            raise WrongState("This report is signed already. Sign an amendment instead.")
        _require_ready(study, review)
        open_now = _require_acknowledged(review, acknowledged)
        signed = _write(study, review, user, contradictions=open_now)
        _settle(study, review, State.SIGNED, user)
        audit.record(
            user, "sign", study=study, request=request,
            version=signed.number, sha256=signed.sha256, contradictions=open_now,
        )  # fmt: skip
    return signed


def start_amendment(study: Study, user: User, amends: int, request: HttpRequest | None = None) -> None:
    """Open the signed report for a change; the signed version itself stays as it is."""
    study.refresh_from_db()
    latest = actions.latest_report(study)
    if latest is None or study.state not in (State.SIGNED, State.AMENDED):
        raise WrongState("Only a signed report can be amended.")
    if latest.number != amends:
        raise Stale(f"Version {latest.number} has been signed meanwhile. Read it first, then amend that one.")
    if study.claimed_by_id == user.pk:
        return
    _require_unchanged(latest)
    with transaction.atomic():
        free = Study.objects.filter(pk=study.pk, state=study.state, claimed_by__isnull=True)
        if not free.update(claimed_by=user, claimed_at=timezone.now()):
            raise Stale("Another reader is amending this report now. Ask them, or take it over.")
        review = working_copy.primary(study).select_for_update().get()
        restore(review, latest)
        review.state, review.reader, review.amends = Review.State.OPEN, user, latest
        review.version += 1
        working_copy.complete(review)
        review.save()
        audit.record(user, "claim", study=study, request=request, amends=latest.number)
    study.refresh_from_db()


def discard_amendment(study: Study, user: User, seen: Seen, request: HttpRequest | None = None) -> None:
    """Drop an amendment that was begun; table and text go back to the signed version."""
    with actions.writing(study, user, seen) as review:
        latest = review.amends
        if latest is None:
            raise WrongState("No amendment is open.")
        _require_unchanged(latest)
        restore(review, latest)
        review.state, review.reader, review.amends = Review.State.SIGNED, latest.signed_by, None
        Study.objects.filter(pk=study.pk, claimed_by=user).update(claimed_by=None, claimed_at=None)
        audit.record(user, "release", study=study, request=request, amends=latest.number, discarded=True)
    study.refresh_from_db()


def amend(
    study: Study, user: User, seen: Seen, reason: str, request: HttpRequest | None = None, *, acknowledged: int = 0
) -> SignedReport:
    """Sign the open amendment as the next version, with its reason; `acknowledged` as for `sign`."""
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise BadValue("Say why the report is amended, in a few words.")
    with actions.writing(study, user, seen) as review:
        if review.amends is None:
            raise WrongState("No amendment is open. Start one first.")
        _require_ready(study, review)
        open_now = _require_acknowledged(review, acknowledged)
        signed = _write(study, review, user, reason=reason, contradictions=open_now)
        _settle(study, review, State.AMENDED, user)
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


def _write(study: Study, review: Review, user: User, *, reason: str = "", contradictions: int | None) -> SignedReport:
    """The review as the next signed report: its document, the digest of exactly that, and a row for each grade."""
    now = timezone.now()
    content = content_of(
        study,
        review,
        user,
        now,
        reason=reason,
        uncertain_below=shared_settings.uncertain_below(),
        contradictions=contradictions,
    )
    text = document.canonical(content)
    report = SignedReport(
        study=study,
        number=content["number"],
        content=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        signed_by=user,
        signed_at=now,
        amends=review.amends,
    )
    try:
        with transaction.atomic():
            report.save()
            SignedFinding.objects.bulk_create(_row(report, one) for one in report.read().findings)
    except IntegrityError as taken:
        raise Stale("Another version was signed meanwhile. Read it first.") from taken
    return report


def _row(report: SignedReport, one: SignedGrade) -> SignedFinding:
    return SignedFinding(
        report=report,
        level=one.level,
        site=one.site,
        grade=one.grade,
        machine_grade=one.machine_grade,
        probability=one.probability,
        uncertain=one.uncertain,
        out_of_distribution=one.out_of_distribution,
        contradicted=one.contradicted,
        changed=one.changed,
        confirmed_by_id=one.confirmed_by,
        confirmed_at=one.confirmed_at,
    )


def _require_unchanged(report: SignedReport) -> None:
    if not report.unchanged:
        raise WrongState(
            f"Version {report.number} does not match the digest it was signed with. "
            "Do not use it; tell an administrator."
        )


def _settle(study: Study, review: Review, to: State, user: User) -> None:
    """The study and its reviews once the report is written.

    Late images that were acknowledged are in what was signed: those counted from now on came after it.
    """
    where = {"claimed_by": user, "late_images": study.late_images}
    try:
        states.move(study, to, where=where, claimed_by=None, claimed_at=None, late_images=0)
    except states.LostRace as lost:
        raise Stale("Somebody else was quicker, or new images came. Reload the page to see where it stands.") from lost
    review.state, review.amends = Review.State.SIGNED, None
    review.late_acknowledged = 0
    review.read_again = False
    second_reviews.close(study)
