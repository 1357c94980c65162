"""Who may see the worklist, and which studies: the user and the study decide, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts import policy
from worklist.models import Institution, Study

View = Callable[..., HttpResponseBase]

NOT_YOURS = "This study is of an institution that you do not read for. Ask an administrator."


def may_see_worklist(user: Any) -> bool:
    """Radiologists, and administrators who look after the queue."""
    return policy.is_radiologist(user) or policy.may_administer(user)


def visible(user: Any) -> QuerySet[Study]:
    """The studies that a person may know of.

    An institution with readers is theirs alone, and administrators'; all other studies are everybody's who has a role.
    """
    if not may_see_worklist(user):
        return Study.objects.none()
    if policy.may_administer(user):
        return Study.objects.all()
    readers = Institution.readers.through.objects.filter(institution_id=OuterRef("institution_id"))
    return Study.objects.filter(Q(~Exists(readers)) | Exists(readers.filter(user_id=user.pk)))


def may_read(user: Any, study: Study) -> bool:
    """Whether a person may open, claim, review and sign this study."""
    return policy.is_radiologist(user) and visible(user).filter(pk=study.pk).exists()


def readable_study(request: HttpRequest, **named: Any) -> Study:
    """The study that a request names, for reading. Raises Http404, or PermissionDenied with the refusal on record."""
    study = Study.objects.select_related("patient", "institution").filter(**named).first()
    if study is None:
        raise Http404
    _require(may_read(request.user, study), request, study)
    return study


def visible_study(request: HttpRequest, **named: Any) -> Study:
    """The study that a request names, for the queue. Raises as `readable_study` does."""
    study = Study.objects.filter(**named).first()
    if study is None:
        raise Http404
    _require(visible(request.user).filter(pk=study.pk).exists(), request, study)
    return study


def _require(allowed: bool, request: HttpRequest, study: Study) -> None:
    if not allowed:
        policy.record_refusal(request, request.user, study)
        raise PermissionDenied(NOT_YOURS)


def worklist_required(view: View) -> View:
    """403 and an audit event for people without a role; the login page is the middleware's matter."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_worklist(request.user):
            policy.record_refusal(request, request.user)
            raise PermissionDenied("Only radiologists and administrators may see the worklist.")
        return view(request, *args, **kwargs)

    return guarded
