from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts.triggers import OnlyGrows

SIGNED = OnlyGrows("reader_signedversion", "signed", "signed_immutable", "a signed version is immutable")


def install(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    SIGNED.install(editor.connection)


def remove(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    SIGNED.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("reader", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
