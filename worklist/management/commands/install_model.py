"""manage.py install_model FOLDER...: put models beside the shipped ones; an administrator activates them then."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from worklist.versions import choices


class Command(BaseCommand):
    help = "Check a model's card, weights and network, and install it. It reads nothing until it is activated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="holds weights and card")

    def handle(self, *_: Any, folders: list[Path], **__: Any) -> None:
        from inference.models import registry  # torch

        for folder in folders:
            if not folder.is_dir():
                raise CommandError(f"There is no folder {folder}.")
            try:
                one = registry.install(folder, settings.MODELS_DIR)
            except (registry.DamagedModelError, registry.OtherWeightsError) as error:
                raise CommandError(str(error)) from error
            audit.record(
                None, "model_installed", by="install_model", model=one.name, version=one.version, sha256=one.sha256
            )
            if choices.is_chosen(one, choices.Role.ACTIVE):
                waiting = choices.go_on(None)
                self.stdout.write(f"{one.name} {one.version} is installed and active; {waiting} studies go on.")
            else:
                self.stdout.write(f"{one.name} {one.version} is installed. Activate it on the page Models.")
