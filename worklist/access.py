"""Who may see and feed the worklist. Reading studies is a narrower right: `accounts.policy.may_read`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from accounts import policy

View = Callable[..., HttpResponseBase]


def may_see_worklist(user: Any) -> bool:
    """Radiologists, and administrators who look after the queue."""
    return policy.may_read(user) or policy.may_administer(user)


def worklist_required(view: View) -> View:
    """403 and an audit event for people without a role; the login page is the middleware's matter."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_worklist(request.user):
            policy.record_refusal(request, request.user)
            raise PermissionDenied("Only radiologists and administrators may see the worklist.")
        return view(request, *args, **kwargs)

    return guarded
