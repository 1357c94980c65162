"""What the rows of `ReadingJob` say is said once."""

import django.db.models.deletion
from django.db import migrations, models

OF_THE_JOB = (
    "attempt",
    "lease",
    "lease_expires_at",
    "step",
    "step_share",
    "not_before",
    "rung_at",
    "failure_code",
    "failure_message",
)


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0011_fill_reading_jobs"),
    ]

    operations = [
        *(migrations.RemoveField(model_name="study", name=name) for name in OF_THE_JOB),
        migrations.RemoveField(model_name="machinereading", name="attempt"),
        migrations.AlterField(
            model_name="machinereading",
            name="job",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="result",
                to="worklist.readingjob",
            ),
        ),
        migrations.DeleteModel(name="ShadowReading"),
    ]
