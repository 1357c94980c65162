"""manage.py purge [RULE ...] [--delete]: what is no longer to be kept; without --delete it only counts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reader import retention


class Command(BaseCommand):
    help = "Purge images, readings or studies by age and state; signed reports and the audit trail stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "rules", nargs="*", metavar="PART:STATE:DAYS", help="default: the setting DEEPSPINE_RETENTION"
        )
        parser.add_argument("--delete", action="store_true", help="purge; without it nothing is changed")

    def handle(self, *_: Any, rules: list[str], delete: bool, **__: Any) -> None:
        try:
            chosen = [retention.Rule.parse(rule) for rule in rules] or retention.configured()
        except retention.BadRule as error:
            raise CommandError(str(error)) from error
        if not chosen:
            raise CommandError(f"There is no rule. Set DEEPSPINE_RETENTION, or say {retention.MEANS}.")
        for purged in retention.purge(chosen) if delete else retention.plan(chosen):
            self.stdout.write(f"{'Purged' if delete else 'Would purge'} {retention.in_words(purged)}.")
        if not delete:
            self.stdout.write("Nothing was changed. Add --delete to purge.")
