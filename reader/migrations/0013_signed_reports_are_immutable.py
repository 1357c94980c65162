"""Signed reports take the place of signed versions, and the database refuses to change them."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts.triggers import OnlyGrows

VERSIONS = OnlyGrows("reader_signedversion", "signed", "signed_immutable", "a signed version is immutable")
REPORTS = OnlyGrows(
    "reader_signedreport",
    "signed_report",
    "signed_report_immutable",
    "a signed report is immutable",
    (("id",), ("study_id", "number"), ("amends_id",)),
)
FINDINGS = OnlyGrows(
    "reader_signedfinding",
    "signed_finding",
    "signed_finding_immutable",
    "a signed finding is immutable",
    (("id",), ("report_id", "level", "site")),
)


def let_go(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    VERSIONS.remove(editor.connection)


def install(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for table in (REPORTS, FINDINGS):
        table.install(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("reader", "0012_signed_documents")]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="amends",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reader.signedreport",
            ),
        ),
        migrations.RunPython(let_go),
        migrations.DeleteModel(name="SignedVersion"),
        migrations.RunPython(install),
    ]
