"""Which version of each model reads, as an administrator chose it, and the networks that a worker holds for it.

The choice is a row in the database, looked at when a study begins. A version
that cannot be used fails the study by name; no other version takes its place.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, policy
from accounts.models import User
from inference.models import cards
from inference.models.cards import Choice, Installed
from worklist.errors import ModelUnusableError
from worklist.jobs import queue, shadow
from worklist.jobs.states import ForbiddenMove
from worklist.models import ModelChoice, ReadingJob

Role = ModelChoice.Role
#: By name of the model.
Choices = dict[str, Choice]

log = logging.getLogger(__name__)


class NotPossible(Exception):
    """What an administrator asked cannot be done; the message says why."""


# --- what is installed and chosen ---------------------------------------------------------------


def installed(name: str | None = None) -> tuple[Installed, ...]:
    return cards.installed(name, settings.MODELS_DIR)


def of(role: str) -> Choices:
    """What administrators chose; the shipped version of a model that is not named reads."""
    return {row.name: Choice(row.version, row.sha256) for row in ModelChoice.objects.filter(role=role)}


def chosen(name: str, role: str) -> ModelChoice | None:
    return ModelChoice.objects.filter(name=name, role=role).first()


def is_chosen(one: Installed, role: str) -> bool:
    """Whether this installed model has the role; without a choice the shipped one is active."""
    row = chosen(one.name, role)
    if row is None:
        return role == Role.ACTIVE and one.shipped
    return (row.version, row.sha256) == (one.version, one.sha256)


# --- an administrator's acts --------------------------------------------------------------------


def activate(name: str, version: str, by: User, request: HttpRequest | None = None) -> int:
    """Let this version read from the next study on. Tells how many studies that a bad model had failed go on.

    Raises NotPossible when it is not installed or damaged, PermissionDenied for who is no administrator.
    """
    policy.require_administrator(by)
    one = _usable(name, version)
    with transaction.atomic():
        compared = chosen(name, Role.SHADOW)
        if compared and (compared.version, compared.sha256) == (one.version, one.sha256):
            stop_shadow(name, by, request)  # it would be compared with itself
        _choose(one, Role.ACTIVE, by)
        audit.record(by, "model_activated", request=request, model=name, version=version, sha256=one.sha256)
    return go_on(by, request)


def start_shadow(name: str, version: str, by: User, request: HttpRequest | None = None) -> None:
    """Let this version read every study once more, from now on, for comparison. Raises as `activate` does."""
    policy.require_administrator(by)
    one = _usable(name, version)
    if is_chosen(one, Role.ACTIVE):
        raise NotPossible(f"{name} {version} is active. Choose another version for shadow mode.")
    with transaction.atomic():
        shadow.forget(name)
        _choose(one, Role.SHADOW, by)
        audit.record(by, "shadow_started", request=request, model=name, version=version, sha256=one.sha256)


def stop_shadow(name: str, by: User, request: HttpRequest | None = None) -> None:
    """No version of this model reads in shadow mode any more; what was read stays. Raises PermissionDenied."""
    policy.require_administrator(by)
    with transaction.atomic():
        row = ModelChoice.objects.select_for_update().filter(name=name, role=Role.SHADOW).first()
        if row is None:
            return
        row.delete()
        audit.record(by, "shadow_stopped", request=request, model=name, version=row.version, sha256=row.sha256)


def _usable(name: str, version: str) -> Installed:
    """The installed version, its weights checked, as a copy that an update of the product leaves alone."""
    one = next((one for one in installed(name) if one.version == version and not one.problem), None)
    if one is None:
        raise NotPossible(f"Model {name} {version} is not installed.")
    try:
        if one.shipped:
            cards.install(one.folder, settings.MODELS_DIR)
        else:
            cards.check(one.folder)
    except (cards.DamagedModelError, cards.OtherWeightsError, OSError) as error:
        raise NotPossible(str(error)) from error
    return one


def _choose(one: Installed, role: str, by: User) -> None:
    values = {"version": one.version, "sha256": one.sha256, "chosen_by": by, "chosen_at": timezone.now()}
    ModelChoice.objects.update_or_create(name=one.name, role=role, defaults=values)


def go_on(by: User | None, request: HttpRequest | None = None) -> int:
    """Queue the studies again that failed for want of a usable model."""
    queued = 0
    for study in queue.failed_with(ModelUnusableError.code):
        try:
            queue.ask(study)
        except ForbiddenMove:
            continue  # a reader took it to read by hand
        audit.record(by, "queue", study=study, request=request, reason="model")
        queued += 1
    return queued


# --- the networks of this process ---------------------------------------------------------------


@dataclass(frozen=True)
class _Held:
    key: object
    networks: Any


#: What this worker loaded last for a role; loading takes seconds, looking at the choice does not.
_held: dict[str, _Held] = {}


def networks(device: str) -> Any:
    """The `inference.pipeline.Models` that read now. Raises ModelUnusableError."""
    if not ModelChoice.objects.filter(role=Role.SHADOW).exists():
        _held.pop(Role.SHADOW, None)
    return _networks(Role.ACTIVE, of(Role.ACTIVE), device)


def shadow_networks(version: ModelChoice | ReadingJob, device: str) -> Any:
    """The active ones, with the version that reads in shadow mode in its place. Raises ModelUnusableError."""
    return _networks(Role.SHADOW, of(Role.ACTIVE) | {version.name: Choice(version.version, version.sha256)}, device)


def _networks(role: str, wanted: Choices, device: str) -> Any:
    from inference import pipeline  # torch: in the worker only

    key = (device, sorted(wanted.items(), key=lambda item: item[0]))
    if role not in _held or _held[role].key != key:
        _held.pop(role, None)  # never two of a role in memory
        try:
            _held[role] = _Held(key, pipeline.load_models(device, wanted, settings.MODELS_DIR))
        except (cards.DamagedModelError, cards.MissingModelError) as error:
            log.error("a model cannot be used: %s", error)
            raise ModelUnusableError(str(error)) from error
    return _held[role].networks
