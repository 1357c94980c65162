"""What a radiologist makes of a study: the review in progress and the versions signed.

The machine never writes here. A `Review` is the reader's working copy; a
`SignedVersion` is written once and neither Django nor the database lets it
change (the triggers are in migration 0002).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from inference.result import words
from inference.types import Grade
from worklist.models import MachineReading, Study

GRADE_CHOICES = [(grade.value, label) for grade, label in words.GRADE_LABELS.items()]
SITE_CHOICES = [(site.value, label) for site, label in words.SITE_LABELS.items()]


class Review(models.Model):
    """The working copy of one study's reading.

    version: grows with every write; a writer names the version they saw, so a
        second tab can never overwrite what it has not read.
    sentences: the table's sentences that the reader has seen in the text or
        dismissed, as ``[{"key": ..., "text": ...}]``. Where the table now says
        something else, that is a suggestion.
    set_aside_text: the hand-edited text that was last replaced on request, so
        that it can be brought back.
    late_acknowledged: how many late images the reader said they had looked at.
    read_again: the machine read the study again and so took a reader's
        confirmations back; until the next signature.
    amends: the signed version that is being amended, or None.
    level_shift: by how many levels the reader moved the machine's names
        towards the head (towards the feet if negative).
    beyond: grades of the reader's at discs that have no row by these names, as
        ``[{"disc": ..., "site": ..., "grade": ...}]``; they come back with their
        discs. disc: its place among the lumbar levels by the machine's names.
    """

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="review")
    machine_reading = models.ForeignKey(MachineReading, null=True, blank=True, on_delete=models.PROTECT)
    version = models.PositiveIntegerField(default=1)
    draft_text = models.TextField(blank=True)
    text_is_manual = models.BooleanField(default=False)
    sentences = models.JSONField(default=list)
    set_aside_text = models.TextField(blank=True)
    late_acknowledged = models.PositiveIntegerField(default=0)
    read_again = models.BooleanField(default=False)
    level_shift = models.SmallIntegerField(default=0)
    beyond = models.JSONField(default=list)
    amends = models.ForeignKey("SignedVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return f"review of {self.study_id}"


class ReviewedFinding(models.Model):
    """One grade of the table: what the machine said, what the reader says, and who confirmed it.

    probability: of the machine's grade, where a network gave it. unfamiliar: on images unlike those it learnt from.
    contradicted: network and measurements are two grades apart.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="findings")
    level = models.CharField(max_length=8)
    site = models.CharField(max_length=16, choices=SITE_CHOICES)
    machine_grade = models.CharField(max_length=16, choices=GRADE_CHOICES, null=True, blank=True)
    rule = models.TextField(blank=True)
    note = models.TextField(blank=True)
    probability = models.FloatField(null=True, blank=True)
    unfamiliar = models.BooleanField(default=False)
    contradicted = models.BooleanField(default=False)
    grade = models.CharField(max_length=16, choices=GRADE_CHOICES, default=Grade.NOT_ASSESSED.value)
    changed = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "level", "site"], name="one_grade_per_site")]

    def __str__(self) -> str:
        return f"{self.level} {self.site}: {self.grade}"


class ImmutableError(Exception):
    """A signed version was about to change; write an amendment instead."""


class SignedVersions(models.QuerySet["SignedVersion"]):
    """A query set that reads and appends, and does nothing else."""

    def update(self, **values: Any) -> NoReturn:
        raise ImmutableError("A signed version cannot change. Sign an amendment.")

    def delete(self) -> NoReturn:
        raise ImmutableError("A signed version cannot be deleted. Sign an amendment.")


class SignedVersion(models.Model):
    """A signed report: number 1, then one more for each amendment."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="signed_versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    findings = models.JSONField()
    measurements = models.JSONField()
    provenance = models.JSONField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signed_versions")
    signed_by_name = models.CharField(max_length=320)
    signed_at = models.DateTimeField()
    amends = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="amended_by")
    reason = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)

    objects = SignedVersions.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_signed_version_per_number"),
            # Of two people who amend the same version at once, one wins.
            models.UniqueConstraint(fields=["amends"], name="a_version_is_amended_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.study_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only. Raises ImmutableError for a version that exists."""
        if self.pk is not None:
            raise ImmutableError("A signed version cannot change. Sign an amendment.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError("A signed version cannot be deleted. Sign an amendment.")

    def digest(self) -> str:
        """SHA-256 of everything that was signed, as hexadecimal."""
        content = {
            "study_instance_uid": self.study.study_instance_uid,
            "number": self.number,
            "text": self.text,
            "findings": self.findings,
            "measurements": self.measurements,
            "provenance": self.provenance,
            "signed_by": self.signed_by.get_username(),
            "signed_by_name": self.signed_by_name,
            "signed_at": self.signed_at.isoformat(),
            "amends": self.amends.number if self.amends else None,
            "reason": self.reason,
        }
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def intact(self) -> bool:
        """Whether the content still has the digest it was signed with."""
        return self.digest() == self.sha256
