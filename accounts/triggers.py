"""Tables that only grow: database triggers forbid UPDATE and DELETE against SQL, too.

SQLite's INSERT OR REPLACE deletes the row that it replaces without a DELETE trigger, so a key that is taken is
refused before it is inserted again. PostgreSQL's ON CONFLICT DO UPDATE is an UPDATE.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class OnlyGrows:
    """Triggers on one table.

    name: prefix of the triggers' names; message: text of the error; keys: the columns of each unique key.
    """

    table: str
    name: str
    function: str
    message: str
    keys: tuple[tuple[str, ...], ...] = (("id",),)

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Forbid changes. Raises NotImplementedError for a database that is neither SQLite nor PostgreSQL."""
        refused = f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        sqlite = [
            f"CREATE TRIGGER {self.name}_no_{verb.lower()} BEFORE {verb} ON {self.table} {refused}"
            for verb in ("UPDATE", "DELETE")
        ]
        taken = " OR ".join(f"({' AND '.join(f'{column} = NEW.{column}' for column in key)})" for key in self.keys)
        sqlite.append(
            f"CREATE TRIGGER {self.name}_no_replace BEFORE INSERT ON {self.table} "  # noqa: S608 - names of ours
            f"WHEN EXISTS (SELECT 1 FROM {self.table} WHERE {taken}) {refused}"
        )
        postgresql = [
            f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{self.message}'; END $$",
            f"CREATE TRIGGER {self.name}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {self.table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {self.function}()",
        ]
        _run({"sqlite": sqlite, "postgresql": postgresql}, connection)

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """For a migration backwards, and for tests that empty their database."""
        sqlite = [f"DROP TRIGGER IF EXISTS {self.name}_no_{verb}" for verb in ("update", "delete", "replace")]
        postgresql = [
            f"DROP TRIGGER IF EXISTS {self.name}_no_change ON {self.table}",
            f"DROP FUNCTION IF EXISTS {self.function}()",
        ]
        _run({"sqlite": sqlite, "postgresql": postgresql}, connection)


def _run(statements: dict[str, list[str]], connection: BaseDatabaseWrapper) -> None:
    if connection.vendor not in statements:
        raise NotImplementedError(f"no triggers for {connection.vendor}: use SQLite or PostgreSQL")
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


AUDIT_TRAIL = OnlyGrows("accounts_auditevent", "audit", "audit_append_only", "the audit trail is append-only")
