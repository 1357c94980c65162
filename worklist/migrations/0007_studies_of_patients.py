"""A study without a patient is none any more; what stood in its own columns stands in the patient's row."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0006_fill_patients"),
    ]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="worklist.patient"
            ),
        ),
        migrations.RemoveField(model_name="study", name="old_patient_id"),
        migrations.RemoveField(model_name="study", name="patient_name"),
        migrations.RemoveField(model_name="study", name="patient_birth_date"),
        migrations.RemoveField(model_name="study", name="patient_sex"),
    ]
