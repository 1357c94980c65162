"""Studies as they arrive, wait, are read and signed; see `states` for the moves."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from worklist.jobs.states import State


class Study(models.Model):
    """One examination of one patient, and where it stands."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_instance_uid = models.CharField(max_length=64, unique=True)
    accession_number = models.CharField(max_length=64, blank=True, db_index=True)
    patient_id = models.CharField(max_length=64, blank=True, db_index=True)
    patient_name = models.CharField(max_length=324, blank=True)
    patient_birth_date = models.DateField(null=True, blank=True)
    patient_sex = models.CharField(max_length=1, blank=True)
    study_date = models.DateField(null=True, blank=True, db_index=True)
    description = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED, db_index=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)
    last_instance_at = models.DateTimeField(auto_now_add=True)

    # The lease of the worker that reads the study now.
    attempt = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=20, blank=True)
    step_share = models.FloatField(default=0.0)
    # When a queued study may be taken (images still arriving, or a pause before a retry),
    # and when a worker was last told of it.
    not_before = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)

    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)

    # The reader who has it, and what arrived behind their back.
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="claimed_studies"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    late_images = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return str(self.id)

    @property
    def latest_reading(self) -> MachineReading | None:
        """The newest machine reading, or None when the machine never finished one."""
        return self.machine_readings.order_by("-created_at").first()


class Series(models.Model):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64, unique=True)
    modality = models.CharField(max_length=16, blank=True)
    number = models.IntegerField(null=True, blank=True)
    description = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["number", "id"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.description or str(self.pk)


class Instance(models.Model):
    """One stored DICOM file; `path` is relative to the data folder and made from the digest."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    sop_class_uid = models.CharField(max_length=64)
    number = models.IntegerField(null=True, blank=True)
    frames = models.PositiveIntegerField(default=1)
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    frame_bytes = models.PositiveBigIntegerField(default=0)  # of one frame, decoded
    transfer_syntax_uid = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number", "id"]

    def __str__(self) -> str:
        return str(self.pk)


class Rejection(models.Model):
    """A file that was refused at the door, kept on record for the sender."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    sender = models.CharField(max_length=150)
    file_name = models.CharField(max_length=255)
    code = models.CharField(max_length=40)
    message = models.TextField()
    seen = models.BooleanField(default=False)
    # The study that the file says it belongs to, where that could still be read; perhaps none of ours.
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.code} {self.pk}"


class MachineReading(models.Model):
    """What the machine said of a study, once; never changed afterwards.

    `reading` is `inference.result.record.to_dict` of the StudyReading; `folder` holds
    segmentation.nii.gz, overview.png, draft.txt and masks/, relative to the data folder.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="machine_readings")
    created_at = models.DateTimeField(auto_now_add=True)
    attempt = models.PositiveSmallIntegerField()
    reading = models.JSONField()
    folder = models.CharField(max_length=200)
    seconds = models.FloatField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.pk)


class ModelChoice(models.Model):
    """An administrator's choice: which version of a model reads the studies, or reads them again in the shade.

    No row: the shipped version reads, and none in the shade. `worklist.versions.choices` writes it.
    """

    class Role(models.TextChoices):
        ACTIVE = "active", "Active"
        SHADOW = "shadow", "Shadow"

    name = models.CharField(max_length=32)
    role = models.CharField(max_length=8, choices=Role.choices)
    version = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    chosen_at = models.DateTimeField()
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "role"], name="one_model_for_each_role")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}, {self.role}"


class ShadowReading(models.Model):
    """What a version in the shade said of a study that another version had read before. Readers never see it.

    first: the reading that it is compared with.
    reading: as in `MachineReading`; comparison: `worklist.versions.comparison.compare` of both.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Reading"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    first = models.ForeignKey(MachineReading, on_delete=models.PROTECT, related_name="shadow_readings")
    name = models.CharField(max_length=32)
    version = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING, db_index=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    reading = models.JSONField(null=True, blank=True)
    comparison = models.JSONField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "name", "version", "sha256"], name="one_shadow_reading_for_each_first"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def grades_in_words(self) -> str:
        """How many grades differ, for the list of studies."""
        sites = (self.comparison or {}).get("sites", {}).values()
        counts = [
            (sum(site.get("near", 0) for site in sites), "one grade apart"),
            (sum(site.get("far", 0) for site in sites), "further apart"),
            (sum(site.get("one", 0) for site in sites), "by one only"),
        ]
        return ", ".join(f"{count} {words}" for count, words in counts if count) or "none"

    @property
    def discs_in_words(self) -> str:
        found = self.comparison or {}
        answered = sum(counts.get("other", 0) for counts in found.get("answers", {}).values())
        counts = [
            (found.get("renamed", 0), "named otherwise"),
            (found.get("unmatched", 0), "found by one only"),
            (answered, "findings otherwise"),
        ]
        return ", ".join(f"{count} {words}" for count, words in counts if count) or "same names"


class SiteSetting(models.Model):
    """What an administrator set for everybody; no row: the default of `worklist.shared_settings`, which writes it."""

    name = models.CharField(max_length=40, unique=True)
    value = models.IntegerField()
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
