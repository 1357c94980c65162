"""The machine's work gets rows of its own; 0011 fills them, 0012 takes away what they replace."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

ACTIVE = ("waiting", "running")
FOR_READERS = ("first", "again")


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0009_images_purged_at"),
    ]

    operations = [
        migrations.RenameModel("SiteSetting", "SharedSetting"),
        migrations.CreateModel(
            name="ReadingJob",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("first", "First reading"), ("again", "Reading again"), ("shadow", "Shadow mode")],
                        max_length=6,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Reading"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("step", models.CharField(blank=True, max_length=20)),
                ("step_share", models.FloatField(default=0.0)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("rung_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=40)),
                ("failure_message", models.TextField(blank=True)),
                (
                    "compared_with",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shadow_jobs",
                        to="worklist.machinereading",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=32)),
                ("version", models.CharField(blank=True, max_length=32)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reading_jobs", to="worklist.study"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(state="waiting"), fields=["purpose", "state_changed_at"], name="jobs_waiting"
                    ),
                    models.Index(condition=Q(state="running"), fields=["lease_expires_at"], name="jobs_running"),
                    models.Index(
                        condition=Q(purpose="shadow"),
                        fields=["name", "version", "-finished_at"],
                        name="jobs_of_a_shadow",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(purpose__in=FOR_READERS, state__in=ACTIVE),
                        fields=("study",),
                        name="one_active_job_for_each_study",
                    ),
                    models.UniqueConstraint(
                        condition=Q(purpose="shadow"),
                        fields=("compared_with", "name", "version", "sha256"),
                        name="one_shadow_job_for_each_reading",
                    ),
                    models.CheckConstraint(
                        condition=Q(compared_with__isnull=False, purpose="shadow")
                        | Q(compared_with__isnull=True, purpose__in=FOR_READERS),
                        name="shadow_jobs_compare",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="machinereading",
            name="job",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="result",
                to="worklist.readingjob",
            ),
        ),
        migrations.AddField(
            model_name="machinereading",
            name="comparison",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="machinereading",
            name="folder",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="machinereading",
            name="attempt",
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
