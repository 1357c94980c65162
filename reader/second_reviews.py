"""A second reader's own review of a study that another reader holds: for agreement, never signed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from reader import working_copy
from reader.errors import NotYours, WrongState
from reader.models import Review
from worklist.jobs.states import State
from worklist.models import Study


def start(study: Study, user: User, request: HttpRequest | None = None) -> Review:
    """Start a second review beside the reader who holds the study, or go on with one's own; the study stays theirs."""
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        if locked.claimed_by_id == user.pk:
            raise WrongState("You are reading this study already.")
        if locked.state != State.IN_REVIEW:
            raise WrongState("A second review can be started while another reader has the study in review.")
        review, is_new = Review.objects.get_or_create(study=locked, reader=user, purpose=Review.Purpose.SECOND)
        if is_new:
            working_copy.follow_machine(review, locked.latest_reading)
        review.state, review.closed_at = Review.State.OPEN, None
        review.save()
        audit.record(user, "claim", study=study, request=request, second_review=True)
    return review


def require_open(review: Review, user: User) -> None:
    """Raises NotYours unless it is the user's, WrongState unless it is open."""
    if review.reader_id != user.pk:
        raise NotYours("This is another reader's second review. Your change was not saved.")
    if review.state != Review.State.OPEN:
        raise WrongState("Your second review is closed and takes no changes.")


def close(study: Study, **where: object) -> None:
    """End the open second reviews of a study, all or those `where`; they are kept as they are."""
    open_now = Review.objects.filter(study=study, purpose=Review.Purpose.SECOND, state=Review.State.OPEN, **where)
    open_now.update(state=Review.State.CLOSED, closed_at=timezone.now(), version=F("version") + 1)
