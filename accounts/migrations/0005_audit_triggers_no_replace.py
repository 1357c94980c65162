"""The triggers of 0002 once more: they refuse INSERT OR REPLACE as well now."""

from typing import Any

from django.db import migrations

from accounts.triggers import AUDIT_TRAIL


def reinstall(_apps: Any, schema_editor: Any) -> None:
    AUDIT_TRAIL.remove(schema_editor.connection)
    AUDIT_TRAIL.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_actions_of_apps")]
    operations = [migrations.RunPython(reinstall, migrations.RunPython.noop)]
