"""What the machine read."""

from __future__ import annotations

from django.db import models

from worklist.models.job import FOR_READERS, ReadingJob
from worklist.models.study import Study


class MachineReadingQuerySet(models.QuerySet["MachineReading"]):
    def for_readers(self) -> MachineReadingQuerySet:
        """All but the readings of shadow mode, which readers never see."""
        return self.filter(job__purpose__in=FOR_READERS)


class MachineReading(models.Model):
    """What a job made of a study; written once, when the job is done, and never changed.

    reading: `inference.result.record.to_dict` of the StudyReading.
    folder: holds segmentation.nii.gz, overview.png, draft.txt and masks/, relative to the data folder; empty for a
        reading of shadow mode, which is only compared.
    comparison: of shadow mode only; `worklist.versions.comparison.compare` of the job's `compared_with` and this one.
    seconds: the time that it took, with writing the files.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="machine_readings")
    job = models.OneToOneField(ReadingJob, on_delete=models.PROTECT, related_name="result")
    created_at = models.DateTimeField(auto_now_add=True)
    reading = models.JSONField()
    comparison = models.JSONField(null=True, blank=True)
    folder = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField()

    objects = MachineReadingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.pk)
