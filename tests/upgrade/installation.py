"""Release 0.1.0's installation in an empty database and data folder, brought to today's state by the migrations.

The database of the other tests is left alone: the installation gets one of its own, and the tests that use it look
into that one. It is written by the models as they were at that release (the migrations know them), so that it lies
in SQLite and in PostgreSQL as that release would have written it.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

RELEASE = Path(__file__).parent / "release_0_1_0"
#: Applications of Django and others, brought up in full before the old rows come.
OTHERS = ("admin", "auth", "axes", "contenttypes", "sessions")

Row = dict[str, Any]


@dataclass(frozen=True)
class Installation:
    """What release 0.1.0 had: rows by its own names of tables and columns, and what its pages showed.

    folder: the data folder, as settings.DATA_DIR names it while the installation is there.
    """

    content: dict[str, Any]
    folder: Path

    def rows(self, table: str) -> list[Row]:
        """All rows of a table of that release, as ``reader.SignedVersion``, by key; dates and ids are texts."""
        rows: list[Row] = self.content["tables"][table]
        return rows

    @property
    def studies(self) -> dict[str, str]:
        """The studies' ids by the names of their stories."""
        return dict(self.content["studies"])

    def story(self, study_id: object) -> str:
        """The name of a study's story, for messages that can be understood."""
        return next(name for name, pk in self.studies.items() if pk == str(study_id))

    def page(self, story: str) -> dict[str, Any]:
        """What that release showed the reader: ``review`` and ``machine``, its `reader.state` in JSON."""
        page: dict[str, Any] = self.content["pages"][story]
        return page


def read(folder: Path) -> Installation:
    """The installation as it was packed; `folder` gets its files."""
    with tarfile.open(RELEASE / "data.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return Installation(json.loads(gzip.decompress((RELEASE / "rows.json.gz").read_bytes())), folder)


@contextmanager
def upgraded(folder: Path) -> Iterator[Installation]:
    """The installation after `manage.py migrate`. Needs access to the test database, outside a transaction."""
    places = {"DATA_DIR": folder, "MODELS_DIR": folder / "models", "INCOMING_DIR": folder / "incoming"}
    with override_settings(**places), a_database_of_its_own(folder):
        old = read(folder)
        load(old)
        call_command("migrate", verbosity=0)
        yield old


@contextmanager
def a_database_of_its_own(folder: Path) -> Iterator[None]:
    """An empty database behind the default connection, for as long as the `with` lasts."""
    before, is_file = connection.settings_dict["NAME"], connection.vendor == "sqlite"
    name = str(folder / "installation.sqlite3") if is_file else f"{before}_upgrade"
    if not is_file:
        _run(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    _connect_to(name)
    try:
        yield
    finally:
        _connect_to(before)
        if not is_file:
            _run(f'DROP DATABASE "{name}"')


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def load(old: Installation) -> None:
    """Migrate an empty database to where release 0.1.0 stood, and put its rows in."""
    executor = MigrationExecutor(connection)
    targets = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in OTHERS]
    targets += old.content["migrations"].items()
    executor.migrate(targets)
    models = executor.loader.project_state(targets).apps
    written = [models.get_model(table) for table in old.content["tables"]]
    with transaction.atomic():
        for model, rows in zip(written, old.content["tables"].values(), strict=True):
            for row in rows:
                _insert(model, row)
        user, group = models.get_model("accounts.User"), models.get_model("auth.Group")
        for user_id, role in old.content["roles"]:
            user.groups.through.objects.create(user_id=user_id, group=group.objects.get_or_create(name=role)[0])
    _run(*connection.ops.sequence_reset_sql(no_style(), written))


def _insert(model: Any, row: Row) -> None:
    """As it is: `raw` keeps the times that fields would set to now."""
    columns = {field.attname: field for field in model._meta.concrete_fields}
    model(**{name: columns[name].to_python(value) for name, value in row.items()}).save_base(
        raw=True, force_insert=True
    )
