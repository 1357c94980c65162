"""manage.py export_training_set OUT [--images]: signed readings as training data that name nobody."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reader.export import training_set


class Command(BaseCommand):
    help = "Write what radiologists signed as a training table, and the images without names; goes on where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, metavar="OUT", help="a new folder, or one that was begun")
        parser.add_argument("--images", action="store_true", help="the DICOM images too, de-identified")

    def handle(self, *_: Any, out: Path, images: bool, **__: Any) -> None:
        try:
            told = training_set.export(out, images, self.stdout.write)
        except training_set.CannotExport as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The export stopped: {error}. Run it again to go on.") from error
        self.stdout.write(f"{told.studies} studies, {told.files} images; see {out / training_set.SHEET}")
        for reason, count in sorted((told.left_out + told.files_left_out).items()):
            self.stdout.write(f"  left out: {count}, {reason}")
