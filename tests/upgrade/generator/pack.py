"""Write an installation of release 0.1.0 as two small files: its rows as JSON, its data folder as an archive.

Runs with that release's code, see `make_installation`. `tests.upgrade.installation` reads what is written here.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from reader import room, state
from reader.models import Review
from worklist.models import Study
from worklist.states import State

ROWS, DATA = "rows.json.gz", "data.tar.xz"
#: Tables in an order in which no row comes before one that it names.
TABLES = (
    "accounts.User",
    "worklist.Study",
    "worklist.Series",
    "worklist.Instance",
    "worklist.Rejection",
    "worklist.MachineReading",
    "worklist.ModelChoice",
    "worklist.ShadowReading",
    "worklist.SiteSetting",
    "reader.SignedVersion",
    "reader.Review",
    "reader.ReviewedFinding",
    "accounts.AuditEvent",
)
APPS = ("accounts", "worklist", "reader")
#: Large, and of no use to an upgrade: the archive names the weights and keeps their cards.
LEFT_OUT = {".safetensors"}
#: The picture for people is replaced by an empty one: it is most of a reading's size.
EMPTY_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c63600000000200014884f2d10000000049454e44ae426082"
)


def write(out: Path, folder: Path, studies: dict[str, str]) -> None:
    """Write both files to `out`. studies: ids by the names of their stories."""
    out.mkdir(parents=True, exist_ok=True)
    tables = {label: rows(label) for label in TABLES}
    content: dict[str, Any] = {
        "migrations": migrations(),
        "studies": studies,
        "tables": tables,
        "roles": [[user.pk, group.name] for user in User.objects.order_by("pk") for group in user.groups.all()],
    }
    # The pages last: looking opens reviews and is on record.
    content["pages"] = {name: page(pk) for name, pk in studies.items()}
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    (out / ROWS).write_bytes(gzip.compress(body, 9, mtime=0))
    write_folder(out / DATA, folder)


def migrations() -> dict[str, str]:
    """The last migration of each of the product's own applications."""
    applied = MigrationRecorder.Migration.objects.filter(app__in=APPS).order_by("app", "name")
    return {one.app: one.name for one in applied}


def rows(label: str) -> list[dict[str, Any]]:
    """All rows of a table, by the names of the model's columns."""
    model = apps.get_model(label)
    names = [field.attname for field in model._meta.concrete_fields]
    return [
        {name: plain(value) for name, value in row.items()} for row in model._base_manager.order_by("pk").values(*names)
    ]


def plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def page(pk: str) -> dict[str, Any]:
    """What release 0.1.0 shows a reader of a study: the review and what the machine found."""
    study, user = Study.objects.get(pk=pk), User.objects.get(username="reader")
    opens = study.state in (State.IN_REVIEW, State.SIGNED, State.AMENDED, State.DRAFTED, State.FAILED)
    review: Review | None = room.open_review(study) if opens else None
    return json.loads(
        json.dumps(
            {"review": state.review_state(study, review, user), "machine": state.machine_state(study, review)},
            default=str,
        )
    )


def write_folder(archive: Path, folder: Path) -> None:
    """The instances, readings and models of a data folder, the same bytes for the same files."""
    kept = sorted(
        path
        for part in ("instances", "readings", "models")
        for path in (folder / part).rglob("*")
        if path.is_file() and path.suffix not in LEFT_OUT
    )
    # By kind and size: what is alike lies together, and is then stored once.
    kept.sort(key=lambda path: (path.suffix, path.name if path.suffix != ".dcm" else "", path.stat().st_size))
    with tarfile.open(archive, "w:xz", preset=9) as out:
        for path in kept:
            data = EMPTY_PNG if path.suffix == ".png" else path.read_bytes()
            entry = tarfile.TarInfo(str(path.relative_to(folder)))
            entry.size, entry.mode = len(data), 0o640
            out.addfile(entry, io.BytesIO(data))
