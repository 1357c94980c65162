"""Patients, orders and institutions get rows of their own; `0006` fills them from the studies."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0004_site_setting"),
    ]

    operations = [
        migrations.CreateModel(
            name="Institution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(blank=True, max_length=64)),
                ("patient_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("namesake", models.PositiveSmallIntegerField(default=0)),
                ("name", models.CharField(blank=True, max_length=324)),
                ("birth_date", models.DateField(blank=True, null=True)),
                ("sex", models.CharField(blank=True, max_length=1)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="worklist.patient",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.UniqueConstraint(
                condition=models.Q(("patient_id", ""), _negated=True),
                fields=("issuer", "patient_id", "namesake"),
                name="one_patient_for_each_id",
            ),
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accession_number", models.CharField(db_index=True, max_length=64)),
                (
                    "priority",
                    models.CharField(
                        choices=[("routine", "Routine"), ("urgent", "Urgent"), ("stat", "Stat")],
                        default="routine",
                        max_length=8,
                    ),
                ),
                ("clinical_question", models.TextField(blank=True)),
                ("referrer", models.CharField(blank=True, max_length=324)),
                ("procedure", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("scheduled", "Scheduled"), ("performed", "Performed"), ("cancelled", "Cancelled")],
                        default="scheduled",
                        max_length=10,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="worklist.patient"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("patient", "accession_number"), name="one_order_for_each_accession_number"
            ),
        ),
        # The new column is called patient_id too, and its index as the old one's.
        migrations.AlterField(model_name="study", name="patient_id", field=models.CharField(blank=True, max_length=64)),
        migrations.RenameField(model_name="study", old_name="patient_id", new_name="old_patient_id"),
        migrations.AddField(
            model_name="study",
            name="patient",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="worklist.patient"
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="order",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="studies",
                to="worklist.order",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="institution",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="studies",
                to="worklist.institution",
            ),
        ),
        migrations.AddField(model_name="study", name="series_count", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="study", name="instance_count", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(
            model_name="study", name="differing_identity", field=models.JSONField(blank=True, null=True)
        ),
        migrations.AddField(model_name="series", name="instance_count", field=models.PositiveIntegerField(default=0)),
    ]
