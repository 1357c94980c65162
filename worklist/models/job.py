"""The machine's work: one row for each time that a study is to be read."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from worklist.jobs.states import JOB_MOVES, JobState, Purpose
from worklist.models.study import Study

ACTIVE = (JobState.WAITING, JobState.RUNNING)
FOR_READERS = (Purpose.FIRST, Purpose.AGAIN)


class ReadingJobQuerySet(models.QuerySet["ReadingJob"]):
    def for_readers(self) -> ReadingJobQuerySet:
        """Jobs whose readings readers see: all but those of shadow mode."""
        return self.filter(purpose__in=FOR_READERS)

    def active(self) -> ReadingJobQuerySet:
        """Jobs that wait for a worker or are with one."""
        return self.filter(state__in=ACTIVE)


class ReadingJob(models.Model):
    """One reading of one study by the machine: waiting, with a worker, or ended. `worklist.jobs.queue` writes it.

    attempt: how often a worker took it, counted before the work. lease: the token of the worker that has it.
    not_before: when it may be taken (images still arriving, or a pause before a retry).
    rung_at: when the workers were last notified of it.
    compared_with, name, version, sha256: of shadow mode only; the reading that it is compared with, and the version
        that reads in place of the active one.
    """

    MOVES = JOB_MOVES

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reading_jobs")
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.WAITING)
    state_changed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    attempt = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=20, blank=True)
    step_share = models.FloatField(default=0.0)
    not_before = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)

    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)

    compared_with = models.ForeignKey(
        "worklist.MachineReading", null=True, blank=True, on_delete=models.PROTECT, related_name="shadow_jobs"
    )
    name = models.CharField(max_length=32, blank=True)
    version = models.CharField(max_length=32, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ReadingJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(state__in=ACTIVE, purpose__in=FOR_READERS),
                name="one_active_job_for_each_study",
            ),
            models.UniqueConstraint(
                fields=["compared_with", "name", "version", "sha256"],
                condition=Q(purpose=Purpose.SHADOW),
                name="one_shadow_job_for_each_reading",
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.SHADOW, compared_with__isnull=False)
                | Q(purpose__in=FOR_READERS, compared_with__isnull=True),
                name="shadow_jobs_compare",
            ),
        ]
        indexes = [
            # queue.ready: the next to read of one purpose. Few rows wait; most have ended.
            models.Index(
                fields=["purpose", "state_changed_at"], condition=Q(state=JobState.WAITING), name="jobs_waiting"
            ),
            # queue.reap_lost_leases: whose lease has expired; queue.is_free: whether any is with a worker.
            models.Index(fields=["lease_expires_at"], condition=Q(state=JobState.RUNNING), name="jobs_running"),
            # The page Comparison: what one version has read in shadow mode, the last first.
            models.Index(
                fields=["name", "version", "-finished_at"], condition=Q(purpose=Purpose.SHADOW), name="jobs_of_a_shadow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
