"""A review for each reader; tables for signed reports as documents. `0012` fills them, `0013` makes them immutable."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SITES = [
    ("canal", "Canal"),
    ("recess_left", "Left recess"),
    ("recess_right", "Right recess"),
    ("foramen_left", "Left foramen"),
    ("foramen_right", "Right foramen"),
]
GRADES = [
    ("normal", "Normal"),
    ("mild", "Mild"),
    ("moderate", "Moderate"),
    ("severe", "Severe"),
    ("not_assessed", "Not assessed"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("reader", "0009_contradicted"),
        ("worklist", "0007_studies_of_patients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="worklist.study"
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="purpose",
            field=models.CharField(
                choices=[("primary", "Primary"), ("second", "Second")], default="primary", max_length=8
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="state",
            field=models.CharField(
                choices=[("open", "Open"), ("signed", "Signed"), ("closed", "Closed")], default="open", max_length=8
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="reader",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(model_name="review", name="closed_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "primary")), fields=("study",), name="one_primary_review"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "second")),
                fields=("study", "reader"),
                name="one_second_review_for_each_reader",
            ),
        ),
        migrations.CreateModel(
            name="SignedReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                (
                    "amends",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amended_by",
                        to="reader.signedreport",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signed_reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signed_reports", to="worklist.study"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "number"), name="one_signed_report_per_number"),
                    models.UniqueConstraint(fields=("amends",), name="a_report_is_amended_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignedFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.CharField(max_length=8)),
                ("site", models.CharField(choices=SITES, max_length=16)),
                ("grade", models.CharField(choices=GRADES, max_length=16)),
                ("machine_grade", models.CharField(blank=True, choices=GRADES, max_length=16, null=True)),
                ("probability", models.FloatField(blank=True, null=True)),
                ("uncertain", models.BooleanField()),
                ("out_of_distribution", models.BooleanField()),
                ("contradicted", models.BooleanField()),
                ("changed", models.BooleanField()),
                ("confirmed_at", models.DateTimeField()),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="reader.signedreport",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("report", "level", "site"), name="one_signed_grade_per_site")
                ],
            },
        ),
    ]
