"""Logins, logouts and failed logins go into the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import User


@receiver(user_logged_in)
def record_login(request: HttpRequest, user: User, **_: Any) -> None:
    audit.record(user, "login", request=request)


@receiver(user_logged_out)
def record_logout(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(user, "logout", request=request)


@receiver(user_login_failed)
def record_failed_login(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Names the account if there is one. The typed name is not stored: people type passwords into that field."""
    account = User.objects.filter(username=credentials.get("username") or "").first()
    audit.record(None, "login_failed", request=request, account=account.pk if account else None)
