"""What the machine said of studies."""

from __future__ import annotations

from django.db import models

from worklist.models.study import Study


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
