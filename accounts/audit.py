"""The only way to write to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.models import AuditEvent, User

#: Patient data stay out of the trail; the study's id leads to them.
FORBIDDEN_DETAILS = frozenset(
    {"patient", "patient_name", "patient_id", "patient_birth_date", "patient_sex", "name", "birth_date", "password"}
)


#: Label of an action by code; every app registers its own.
_ACTIONS: dict[str, str] = {}


def register(actions: Mapping[str, str]) -> None:
    """Actions of an app, by code, for its `ready`. Raises ValueError for a code that has another label already."""
    for code, label in actions.items():
        if _ACTIONS.setdefault(code, label) != label:
            raise ValueError(f"audit action {code!r} is {_ACTIONS[code]!r} already")


def label(action: str) -> str:
    """The label of an action; its code if no app registers it any more."""
    return _ACTIONS.get(action, action)


def labels() -> dict[str, str]:
    """All actions, by code."""
    return dict(_ACTIONS)


def record(
    actor: User | AnonymousUser | None,
    action: str,
    study: Any = None,
    request: HttpRequest | None = None,
    **detail: Any,
) -> AuditEvent:
    """Append an event.

    `study` is a Study or its id; `detail` is what JSON can hold. Raises
    ValueError for an unknown action and for details that name a patient.
    """
    if action not in _ACTIONS:
        raise ValueError(f"unknown audit action {action!r}")
    named = FORBIDDEN_DETAILS & detail.keys()
    if named:
        raise ValueError(f"not in an audit event: {', '.join(sorted(named))}")
    study_id: UUID | None = getattr(study, "pk", study)
    return AuditEvent.objects.create(
        actor=actor if actor is not None and actor.is_authenticated else None,
        action=action,
        study_id=study_id,
        address=address_of(request),
        detail=detail,
    )


def address_of(request: HttpRequest | None) -> str | None:
    """The address that the web server received the request from; forwarded headers can be forged and are not read."""
    return (request.META.get("REMOTE_ADDR") or None) if request is not None else None
