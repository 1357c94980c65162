from typing import Any

from django.db import migrations

from accounts.triggers import AUDIT_TRAIL


def install(_apps: Any, schema_editor: Any) -> None:
    AUDIT_TRAIL.install(schema_editor.connection)


def remove(_apps: Any, schema_editor: Any) -> None:
    AUDIT_TRAIL.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
