"""manage.py import_dicom PATH...: files, folders and zips from the server's own disk."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.intake.upload import summary

SENDER = "import_dicom"
TELL_EVERY = 100
MAX_TOLD = 20


class Command(BaseCommand):
    help = "Receive DICOM files, folders and zip files. Fails when anything was refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def handle(self, *_: Any, paths: list[Path], **__: Any) -> None:
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"There is no {', no '.join(missing)}.")
        total = Receipt()
        try:
            for number, receipt in enumerate(self._receipts(paths), 1):
                total.add(receipt)
                if number % TELL_EVERY == 0:
                    self.stdout.write(f"  {number:,} files: {summary(total)}")
        finally:  # also of an import that is broken off: what is stored is on record
            for study in sorted(total.studies):
                audit.record(None, "upload", study=study, by=SENDER)
        self._tell(total)

    def _receipts(self, paths: list[Path]) -> Iterator[Receipt]:
        for path in paths:
            if path.is_dir():
                yield from archives.receive_folder(path, SENDER)
            else:
                yield from archives.receive_path(path, SENDER, path.name)

    def _tell(self, total: Receipt) -> None:
        for one in total.rejected[:MAX_TOLD]:
            self.stderr.write(f"refused {one.file_name}: {one.code}: {one.message}")
        if len(total.rejected) > MAX_TOLD:
            self.stderr.write(f"and {len(total.rejected) - MAX_TOLD:,} more; the worklist shows them all.")
        self.stdout.write(f"{len(total.studies)} studies: {summary(total)}")
        if total.rejected:
            raise CommandError(f"{len(total.rejected):,} files were refused.", returncode=2)
