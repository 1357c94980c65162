"""What a radiologist may do with a study, as plain functions.

Every function is given the review and the version of it that the reader saw.
Each raises a `ReviewError` and changes nothing when it cannot be done; each
success is one transaction, one new version and one audit event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from inference.result.renumber import FURTHEST
from inference.types import LUMBAR_LEVELS, Grade, Site
from reader import draft_text, second_reviews, working_copy
from reader.errors import BadValue, NotYours, Stale, WrongState
from reader.models import Review, ReviewedFinding, Seen, SignedReport
from worklist.jobs import queue, states
from worklist.jobs.states import State
from worklist.models import Study

#: Longest report text that is kept, in characters.
LONGEST_TEXT = 50_000
STALE = (
    "This review was changed meanwhile, in another tab or by another reader. "
    "Nothing of yours was saved over it: look at what changed, then do it again."
)


@contextmanager
def writing(study: Study, user: User, seen: Seen) -> Iterator[Review]:
    """The review, locked for one write by its reader.

    Raises NotYours to who is not its reader, Stale when what they saw is not the current version.
    """
    with transaction.atomic():
        study.refresh_from_db()
        seen_review = Review.objects.filter(study=study, pk=seen.review).first()
        if seen_review is not None and seen_review.purpose == Review.Purpose.SECOND:
            second_reviews.require_open(seen_review, user)
        else:
            require_claim(study, user)
        won = Review.objects.filter(study=study, pk=seen.review, version=seen.version, state=Review.State.OPEN).update(
            version=F("version") + 1, saved_at=timezone.now(), saved_by=user
        )
        if not won:
            raise Stale(STALE)
        review = Review.objects.select_related("machine_reading", "amends").get(pk=seen.review)
        yield review
        review.save()


def require_claim(study: Study, user: User) -> None:
    """Raises NotYours unless `user` is reading this study now, WrongState when nobody can."""
    open_for_writing = study.state == State.IN_REVIEW or study.state in (State.SIGNED, State.AMENDED)
    if not open_for_writing:
        raise WrongState(f"The study is {study.get_state_display().lower()}. Start the review first.")
    if study.claimed_by_id == user.pk:
        return
    if study.claimed_by is not None:
        raise NotYours(f"{study.claimed_by.get_username()} is reading this study now. Your change was not saved.")
    if study.state == State.IN_REVIEW:
        raise NotYours("Nobody holds this study. Start the review first.")
    raise WrongState("This report is signed. Start an amendment to change it.")


def claim(study: Study, user: User, request: HttpRequest | None = None) -> None:
    """Start the review. Claiming what one already holds changes nothing."""
    study.refresh_from_db()
    if study.state == State.IN_REVIEW and study.claimed_by_id == user.pk:
        return
    if study.state == State.IN_REVIEW and study.claimed_by is not None:
        raise NotYours(f"{study.claimed_by.get_username()} is reading this study now. Ask them, or take it over.")
    if study.state not in (State.DRAFTED, State.FAILED):
        raise WrongState(f"The study is {study.get_state_display().lower()} and cannot be reviewed now.")
    with transaction.atomic():
        working_copy.open_review(study)
        # What an earlier reader looked at says nothing of the images that come from now on.
        working_copy.primary(study).update(late_acknowledged=0, reader=user)
        second_reviews.close(study, reader=user)
        _move(study, State.IN_REVIEW, claimed_by=user, claimed_at=timezone.now())
        audit.record(user, "claim", study=study, request=request, by_hand=study.latest_reading is None)


def take_over(study: Study, user: User, request: HttpRequest | None = None) -> None:
    """Take a study from the reader who holds it; their work stays, and the audit trail says so."""
    study.refresh_from_db()
    held_by = study.claimed_by
    if held_by is None or study.state not in (State.IN_REVIEW, State.SIGNED, State.AMENDED):
        raise WrongState("Nobody holds this study. Start the review instead.")
    with transaction.atomic():
        won = Study.objects.filter(pk=study.pk, claimed_by=held_by, state=study.state).update(
            claimed_by=user, claimed_at=timezone.now()
        )
        if not won:
            raise Stale(STALE)
        working_copy.primary(study).update(reader=user)
        second_reviews.close(study, reader=user)
        audit.record(user, "claim", study=study, request=request, taken_over_from=held_by.get_username())
    study.refresh_from_db()


def release(study: Study, user: User, request: HttpRequest | None = None) -> None:
    """Hand the study back to the worklist; what was changed, confirmed and written stays.

    Should the machine read the study again, for images that came late, then
    every level must be confirmed again; changed grades and the text stay.
    """
    study.refresh_from_db()
    if study.state != State.IN_REVIEW:
        raise WrongState("Only a study in review can be released.")
    require_claim(study, user)
    with transaction.atomic():
        _move(study, queue.state_without_reader(study), where={"claimed_by": user}, claimed_by=None, claimed_at=None)
        working_copy.primary(study).update(reader=None)
        audit.record(user, "release", study=study, request=request)


def change_grade(
    study: Study, user: User, seen: Seen, place: tuple[str, str], grade: str, request: HttpRequest | None = None
) -> None:
    """Set the reader's grade at (level, site); the level must then be confirmed."""
    if grade not in set(Grade):
        raise BadValue("Choose one of: " + ", ".join(Grade) + ".")
    with writing(study, user, seen) as review:
        row = _row(review, place)
        before, row.grade = row.grade, grade
        row.changed = working_copy.differs(row)
        row.confirmed_at, row.confirmed_by = None, None
        row.save()
        working_copy.follow_table(review)
        record(review, user, "change", request, level=row.level, site=row.site, before=before, after=grade)


def confirm(study: Study, user: User, seen: Seen, place: tuple[str, str], request: HttpRequest | None = None) -> None:
    """Confirm the grade at one site of one level."""
    with writing(study, user, seen) as review:
        _confirm(review, user, [_row(review, place)], request)


def confirm_level(study: Study, user: User, seen: Seen, level: str, request: HttpRequest | None = None) -> None:
    """Confirm the grades of one level, as they stand."""
    with writing(study, user, seen) as review:
        _confirm(review, user, _level(review, level), request)


def reopen_level(study: Study, user: User, seen: Seen, level: str, request: HttpRequest | None = None) -> None:
    """Take back the confirmation of one level."""
    with writing(study, user, seen) as review:
        for row in _level(review, level):
            row.confirmed_at, row.confirmed_by = None, None
            row.save()
        record(review, user, "change", request, level=level, reopened=True)


def edit_text(
    study: Study,
    user: User,
    seen: Seen,
    new_text: str,
    based_on: Sequence[draft_text.Said] | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Save the reader's text. From the first edit on it is theirs and nothing else writes to it.

    based_on: the table's sentences that the edited text began from; they differ
        from the stored ones when the table changed while the reader typed.
    """
    new_text = new_text.replace("\r\n", "\n")
    if len(new_text) > LONGEST_TEXT:
        raise BadValue(f"The text is longer than {LONGEST_TEXT:,} characters. Shorten it.")
    with writing(study, user, seen) as review:
        if not review.text_is_manual and new_text != review.draft_text:
            review.text_is_manual = True
            if based_on is not None:
                review.sentences = list(based_on)
        review.draft_text = new_text
        record(review, user, "edit_draft", request, characters=len(new_text))


def use_suggestion(study: Study, user: User, seen: Seen, key: str, request: HttpRequest | None = None) -> None:
    """Take one of the table's sentences into the text."""
    with writing(study, user, seen) as review:
        now = working_copy.said_now(review)
        suggestion = _suggestion(review, now, key)
        review.draft_text = draft_text.take(review.draft_text, suggestion, now)
        review.sentences = draft_text.settle(review.sentences, now, suggestion)
        record(review, user, "edit_draft", request, suggestion="used", key=key)


def use_all_suggestions(study: Study, user: User, seen: Seen, request: HttpRequest | None = None) -> None:
    """Take all that the table says into the text, sentence by sentence."""
    with writing(study, user, seen) as review:
        now = working_copy.said_now(review)
        waiting = draft_text.suggestions(review.draft_text, review.sentences, now)
        while waiting:
            review.draft_text = draft_text.take(review.draft_text, waiting[0], now)
            review.sentences = draft_text.settle(review.sentences, now, waiting[0])
            waiting = draft_text.suggestions(review.draft_text, review.sentences, now)
        record(review, user, "edit_draft", request, suggestion="all used")


def dismiss_suggestion(study: Study, user: User, seen: Seen, key: str, request: HttpRequest | None = None) -> None:
    """Leave the text as it is and stop suggesting this sentence."""
    with writing(study, user, seen) as review:
        now = working_copy.said_now(review)
        suggestion = _suggestion(review, now, key)
        review.sentences = draft_text.settle(review.sentences, now, suggestion)
        record(review, user, "edit_draft", request, suggestion="dismissed", key=key)


def follow_table(study: Study, user: User, seen: Seen, request: HttpRequest | None = None) -> None:
    """Let the text follow the table again; the hand-edited text is set aside, not thrown away."""
    with writing(study, user, seen) as review:
        if review.text_is_manual:
            review.set_aside_text = review.draft_text
        review.text_is_manual = False
        working_copy.follow_table(review)
        record(review, user, "edit_draft", request, follows_table=True)


def replace_text(study: Study, user: User, seen: Seen, new_text: str, request: HttpRequest | None = None) -> None:
    """Save a text over another that was saved meanwhile; the other one is set aside, not thrown away."""
    with writing(study, user, seen) as review:
        if review.text_is_manual and review.draft_text != new_text:
            review.set_aside_text = review.draft_text
        review.draft_text, review.text_is_manual = new_text.replace("\r\n", "\n"), True
        record(review, user, "edit_draft", request, characters=len(new_text), replaced=True)


def bring_back_text(study: Study, user: User, seen: Seen, request: HttpRequest | None = None) -> None:
    """Put the text that was set aside back in its place; a hand-edited one takes its turn aside."""
    with writing(study, user, seen) as review:
        if not review.set_aside_text:
            raise BadValue("There is no earlier text to bring back.")
        aside = review.draft_text if review.text_is_manual else ""
        review.draft_text, review.set_aside_text = review.set_aside_text, aside
        review.text_is_manual = True
        record(review, user, "edit_draft", request, brought_back=True)


def renumber(study: Study, user: User, seen: Seen, shift: int, request: HttpRequest | None = None) -> None:
    """Take the lowest disc for another one: all names move by `shift` against the machine's."""
    if abs(shift) > FURTHEST:
        raise BadValue(f"Levels can be moved by {FURTHEST} at most.")
    with writing(study, user, seen) as review:
        if review.machine_reading is None:
            raise WrongState("The machine named no levels in this study.")
        before = review.level_shift
        working_copy.move_levels(review, shift)
        record(review, user, "change", request, renumbered_from=before, renumbered_to=shift)


def read_again(study: Study, user: User, request: HttpRequest | None = None) -> None:
    """The machine reads the study once more; what it reads is offered, and changes nothing by itself."""
    study.refresh_from_db()
    if study.state not in (State.IN_REVIEW, State.SIGNED, State.AMENDED):
        raise WrongState(f"The study is {study.get_state_display().lower()}. Read it again from the worklist.")
    try:
        queue.read_again(study, user, request)
    except states.ForbiddenMove as forbidden:
        raise Stale("Somebody else moved this study meanwhile. Look where it stands now.") from forbidden


def use_newer_reading(study: Study, user: User, seen: Seen, reading: int, request: HttpRequest | None = None) -> None:
    """Take what the machine read since; the reader's own grades and text stay, every level must be confirmed again.

    reading: the one that the reader was offered; Stale when the machine has read once more since then.
    """
    with writing(study, user, seen) as review:
        newer = working_copy.newer_reading(study, review)
        if newer is None or newer.pk != reading:
            raise Stale("The machine has read this study once more meanwhile. Look at what it offers now.")
        before = review.machine_reading_id
        working_copy.follow_machine(review, newer)
        record(review, user, "change", request, reading_before=before, reading_after=newer.pk)


def acknowledge_late(study: Study, user: User, seen: Seen, count: int, request: HttpRequest | None = None) -> None:
    """The reader has looked at the images that arrived during the review."""
    with writing(study, user, seen) as review:
        if count != study.late_images:
            raise Stale(f"{study.late_images} images have arrived by now. Look at them, then acknowledge again.")
        review.late_acknowledged = count
        record(review, user, "acknowledge_late", request, images=count)


def close_second_review(study: Study, user: User, seen: Seen, request: HttpRequest | None = None) -> None:
    """The second reader is done; what they graded, confirmed and wrote is kept as it stands."""
    with writing(study, user, seen) as review:
        if review.purpose != Review.Purpose.SECOND:
            raise WrongState("This is not a second review. Release the study instead.")
        review.state, review.closed_at = Review.State.CLOSED, timezone.now()
        record(review, user, "release", request)


def open_suggestions(review: Review) -> list[draft_text.Suggestion]:
    """What the table says and a hand-edited text does not; nothing while the text follows."""
    if not review.text_is_manual:
        return []
    return draft_text.suggestions(review.draft_text, review.sentences, working_copy.said_now(review))


def latest_report(study: Study) -> SignedReport | None:
    """The report that counts now, or None before the first signature."""
    return study.signed_reports.order_by("-number").first()


def record(review: Review, user: User, action: str, request: HttpRequest | None, **detail: Any) -> None:
    """What was done in a review goes into the audit trail, which says of a second review that it is one."""
    second = {"second_review": True} if review.purpose == Review.Purpose.SECOND else {}
    audit.record(user, action, study=review.study_id, request=request, **second, **detail)


def _move(study: Study, to: State, **changes: Any) -> None:
    try:
        states.move(study, to, **changes)
    except states.LostRace as lost:
        raise Stale("Somebody else was quicker with this study. Reload the page to see where it stands.") from lost


def _row(review: Review, place: tuple[str, str]) -> ReviewedFinding:
    level, site = place
    if site not in set(Site):
        raise BadValue("Choose one of: " + ", ".join(Site) + ".")
    row = next((row for row in _level(review, level) if row.site == site), None)
    if row is None:
        raise Stale("The table has got more places meanwhile. Reload the page to see them.")
    return row


def _level(review: Review, level: str) -> list[ReviewedFinding]:
    if level not in LUMBAR_LEVELS:
        raise BadValue("Choose one of: " + ", ".join(LUMBAR_LEVELS) + ".")
    return list(review.findings.filter(level=level))


def _confirm(review: Review, user: User, rows: list[ReviewedFinding], request: HttpRequest | None) -> None:
    now = timezone.now()
    for row in rows:
        row.confirmed_at, row.confirmed_by = now, user
        row.save()
    detail = {row.site: row.grade for row in rows}
    record(review, user, "confirm", request, level=rows[0].level, **detail)


def _suggestion(review: Review, now: Sequence[draft_text.Said], key: str) -> draft_text.Suggestion:
    for suggestion in draft_text.suggestions(review.draft_text, review.sentences, now):
        if suggestion["key"] == key:
            return suggestion
    raise Stale("This suggestion is no longer open. Look at the text again.")
