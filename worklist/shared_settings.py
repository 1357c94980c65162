"""Settings for everybody that an administrator changes while the product runs; each change is audited."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from accounts import audit, policy
from accounts.models import User
from worklist.models import SharedSetting

UNCERTAIN_BELOW = "uncertain_below"
#: A grade with a lower probability than this many percent is shown as uncertain; 0 shows none so.
UNCERTAIN_BELOW_DEFAULT = 60


class BadSetting(ValueError):
    """The value is not one that the setting can have; the message says which it can."""


def uncertain_below() -> int:
    """The width of the uncertain band, in percent."""
    row = SharedSetting.objects.filter(name=UNCERTAIN_BELOW).first()
    return UNCERTAIN_BELOW_DEFAULT if row is None else row.value


def set_uncertain_below(text: str, by: User, request: HttpRequest | None = None) -> int:
    """Takes what was typed. Raises BadSetting, PermissionDenied for who is no administrator."""
    policy.require_administrator(by)
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 100):
        raise BadSetting("Say a whole number of percent from 0 to 100.")
    value = int(text)
    with transaction.atomic():
        before = uncertain_below()
        SharedSetting.objects.update_or_create(name=UNCERTAIN_BELOW, defaults={"value": value, "changed_by": by})
        audit.record(by, "setting_changed", request=request, setting=UNCERTAIN_BELOW, before=before, after=value)
    return value
