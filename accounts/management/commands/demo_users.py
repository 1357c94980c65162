"""A demo administrator and a demo radiologist for the quick start."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.roles import ADMINISTRATOR, RADIOLOGIST

DEMO = {"demo-administrator": ADMINISTRATOR, "demo-radiologist": RADIOLOGIST}
RESET = "manage.py demo_users --reset"


#: Without letters that are easily confused.
LETTERS = "abcdefghkmnpqrstwxyz23456789"


def generated_password() -> str:
    """120 bits, in five groups of five."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(5))


class Command(BaseCommand):
    help = "Make the demo users and print their generated passwords, once; --reset gives them new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="generate and print new passwords")

    def handle(self, *args: Any, reset: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo users are not for production. Make people's accounts in the admin.")
        existing = set(User.objects.filter(username__in=DEMO).values_list("username", flat=True))
        printed = [name for name in DEMO if reset or name not in existing]
        for name in printed:
            password = generated_password()
            user, _ = User.objects.get_or_create(username=name)
            user.set_password(password)
            user.save()
            user.groups.set([Group.objects.get(name=DEMO[name])])
            self.stdout.write(f"  {name:<20} {password}")
        if printed:
            self.stdout.write("These passwords are not stored and not shown again.")
        if len(printed) < len(DEMO):
            self.stdout.write(f"The demo users exist. Forgot a password? .venv/bin/python {RESET}")
