"""The two roles, as Django groups."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, Permission

from accounts.models import User

RADIOLOGIST = "radiologist"
ADMINISTRATOR = "administrator"
ROLES = (RADIOLOGIST, ADMINISTRATOR)

ADMINISTRATOR_PERMISSIONS = ("add_user", "change_user", "view_user", "view_auditevent")


def of(user: User | AnonymousUser) -> frozenset[str]:
    """The names of the user's roles; none for the anonymous and for closed accounts."""
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    return frozenset(user.groups.filter(name__in=ROLES).values_list("name", flat=True))


def create_groups(**_: Any) -> None:
    """Make the groups and their permissions in the admin.

    Runs after each `migrate` and not inside a migration: the permissions exist
    only then, and a test database that was flushed gets them back.
    """
    for name in ROLES:
        Group.objects.get_or_create(name=name)
    allowed = Permission.objects.filter(content_type__app_label="accounts", codename__in=ADMINISTRATOR_PERMISSIONS)
    Group.objects.get(name=ADMINISTRATOR).permissions.set(allowed)
