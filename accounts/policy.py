"""Rights of users, written once. A refusal is audited before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission

from accounts import audit, roles
from accounts.models import User

View = Callable[..., HttpResponseBase]


def is_radiologist(user: User | AnonymousUser) -> bool:
    """May the user open, claim, review and sign studies at all, superusers included; which ones: `worklist.access`."""
    return roles.RADIOLOGIST in roles.of(user)


def may_administer(user: User | AnonymousUser) -> bool:
    """Whether the user may manage users and models, and view the audit trail."""
    return user.is_active and (user.is_superuser or roles.ADMINISTRATOR in roles.of(user))


def require_administrator(user: User | AnonymousUser) -> None:
    """A check for code that only administrators may run, however it is called. Raises PermissionDenied."""
    if not may_administer(user):
        raise PermissionDenied("Only administrators may do this.")


def person(request: HttpRequest) -> User:
    """The account behind a request of a guarded view. Raises PermissionDenied for the anonymous."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Log in first.")
    return request.user


def record_refusal(request: HttpRequest, user: User | AnonymousUser, study: Any = None) -> None:
    """Audit a refused request. study: a Study or its id, where the URL does not have the id."""
    match = request.resolver_match
    studies = [value for value in match.kwargs.values() if isinstance(value, UUID)] if match else []
    audit.record(
        user,
        "refused",
        study=studies[0] if studies else study,
        request=request,
        view=match.view_name if match else "",
        method=request.method,
    )


def radiologist_required(view: View) -> View:
    """Send the anonymous to the login page; refuse other roles with the 403 page and an audit event."""
    return _guarded(view, is_radiologist, "Only radiologists may read studies.")


def administrator_required(view: View) -> View:
    """As `radiologist_required`, for administrators."""
    return _guarded(view, may_administer, "Only administrators may do this.")


def _guarded(view: View, allowed: Callable[[User | AnonymousUser], bool], refusal: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not allowed(request.user):
            record_refusal(request, request.user)
            raise PermissionDenied(refusal)
        return view(request, *args, **kwargs)

    return guarded


class RadiologistRequired(BasePermission):
    """As `radiologist_required`, for Django REST framework: 403 and an audit event for other roles."""

    message = "Only radiologists may read studies."

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        if is_radiologist(user):
            return True
        record_refusal(request, user)
        return False
