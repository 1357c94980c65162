"""Studies as they arrive, wait, are read and signed; see `states` for the moves."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from worklist.jobs.states import MOVES, JobState, State
from worklist.models.patient import Institution, Order, Patient

if TYPE_CHECKING:
    from worklist.models.job import ReadingJob
    from worklist.models.reading import MachineReading


class Study(models.Model):
    """One examination of one patient, and where it stands."""

    MOVES = MOVES

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_instance_uid = models.CharField(max_length=64, unique=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="studies")
    institution = models.ForeignKey(
        Institution, null=True, blank=True, on_delete=models.PROTECT, related_name="studies"
    )
    accession_number = models.CharField(max_length=64, blank=True, db_index=True)
    study_date = models.DateField(null=True, blank=True, db_index=True)
    description = models.CharField(max_length=64, blank=True)
    # Counted as images arrive, under the study's lock: no page counts rows.
    series_count = models.PositiveIntegerField(default=0)
    instance_count = models.PositiveIntegerField(default=0)
    # When its images were purged (`reader.retention`), if they were.
    images_purged_at = models.DateTimeField(null=True, blank=True)
    # Who images say that the study is of, where that is not what is known of the patient; an administrator decides.
    differing_identity = models.JSONField(null=True, blank=True)

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED, db_index=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)
    last_instance_at = models.DateTimeField(auto_now_add=True)

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
        """The newest machine reading, or None when the machine never finished one; never one of shadow mode."""
        return self.machine_readings.for_readers().order_by("-created_at").first()

    @property
    def latest_job(self) -> ReadingJob | None:
        """The newest first or further reading that was asked of the machine, in whatever state it is."""
        return self.reading_jobs.for_readers().order_by("-created_at").first()

    @property
    def running_job(self) -> ReadingJob | None:
        """The job that waits to be read or is being read, if there is one; never one of shadow mode."""
        return self.reading_jobs.for_readers().active().first()

    @property
    def failed_job(self) -> ReadingJob | None:
        """The newest job when it failed: why the machine could not read the study, or not once more."""
        job = self.latest_job
        return job if job is not None and job.state == JobState.FAILED else None


class Series(models.Model):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64, unique=True)
    modality = models.CharField(max_length=16, blank=True)
    number = models.IntegerField(null=True, blank=True)
    description = models.CharField(max_length=64, blank=True)
    instance_count = models.PositiveIntegerField(default=0)

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
