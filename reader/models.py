"""What a radiologist makes of a study: the review in progress and the versions signed.

The machine never writes here. A `Review` is one reader's working copy; a
`SignedReport` and its `SignedFinding` rows are written once and neither Django
nor the database lets them change (the triggers are in migration 0013).
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q

from inference.result import words
from inference.types import Grade
from reader.signed import document
from reader.signed.document import SignedContent
from worklist.models import MachineReading, Study

GRADE_CHOICES = [(grade.value, label) for grade, label in words.GRADE_LABELS.items()]
SITE_CHOICES = [(site.value, label) for site, label in words.SITE_LABELS.items()]


class Seen(NamedTuple):
    """What a writer saw when they decided to write: which review, and its version then."""

    review: int
    version: int


class Review(models.Model):
    """One reader's working copy of a study's reading.

    purpose: a study has one primary review, the only one that can be signed; a second review is another reader's,
        for agreement. It never moves the study.
    state: open, or signed as the study's latest report stands, or closed (a second review that was finished, or that
        a signature ended); a signed or closed review is kept and takes no changes.
    reader: who reads by it now or did last; None while nobody holds a primary review.
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
    amends: the signed report that is being amended, or None.
    level_shift: by how many levels the reader moved the machine's names
        towards the head (towards the feet if negative).
    beyond: grades of the reader's at discs that have no row by these names, as
        ``[{"disc": ..., "site": ..., "grade": ...}]``; they come back with their
        discs. disc: its place among the lumbar levels by the machine's names.
    """

    class Purpose(models.TextChoices):
        PRIMARY = "primary", "Primary"
        SECOND = "second", "Second"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SIGNED = "signed", "Signed"
        CLOSED = "closed", "Closed"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reviews")
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.PRIMARY)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
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
    amends = models.ForeignKey("SignedReport", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            # Two readers who open a study at once make one review (`working_copy.open_review`).
            models.UniqueConstraint(fields=["study"], condition=Q(purpose="primary"), name="one_primary_review"),
            # Of two tabs that start a second review at once (`second_reviews.start`).
            models.UniqueConstraint(
                fields=["study", "reader"], condition=Q(purpose="second"), name="one_second_review_for_each_reader"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} review of {self.study_id}"

    @property
    def seen(self) -> Seen:
        """What a writer names who has just looked at it."""
        return Seen(self.pk, self.version)


class ReviewedFinding(models.Model):
    """One grade of the table: what the machine said, what the reader says, and who confirmed it.

    rules, notices: of the machine's grade, as `record.to_dict` writes those of a `LevelFinding`.
    probability: of the machine's grade, where a network gave it. unfamiliar: on images unlike those it learnt from.
    contradicted: network and measurements are two grades apart.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="findings")
    level = models.CharField(max_length=8)
    site = models.CharField(max_length=16, choices=SITE_CHOICES)
    machine_grade = models.CharField(max_length=16, choices=GRADE_CHOICES, null=True, blank=True)
    rules = models.JSONField(default=list)
    notices = models.JSONField(default=list)
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
    """What was signed was about to change; write an amendment instead."""

    def __init__(self) -> None:
        super().__init__("What was signed cannot change or be deleted. Sign an amendment.")


class Immutable(models.QuerySet[Any]):
    """A query set that reads and appends, and does nothing else."""

    def update(self, **values: Any) -> NoReturn:
        raise ImmutableError

    def delete(self) -> NoReturn:
        raise ImmutableError


class SignedRow(models.Model):
    """A row that is inserted and never changed."""

    objects = Immutable.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only. Raises ImmutableError for a row that exists."""
        if self.pk is not None:
            raise ImmutableError
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableError


class SignedReport(SignedRow):
    """A signed report: number 1, then one more for each amendment.

    content: the whole report as one canonical JSON document (`reader.signed.document`), complete in itself: pages,
        exports and amendments are made from it alone. The other columns find reports and say nothing of their own.
    sha256: of exactly the bytes of `content` in UTF-8, as hexadecimal.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="signed_reports")
    number = models.PositiveIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signed_reports")
    signed_at = models.DateTimeField()
    amends = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="amended_by")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_signed_report_per_number"),
            # Of two people who amend the same report at once, one wins.
            models.UniqueConstraint(fields=["amends"], name="a_report_is_amended_once"),
        ]

    def __str__(self) -> str:
        return f"report {self.number} of {self.study_id}"

    def read(self) -> SignedContent:
        """What was signed. Raises document.Unreadable for content that is no signed report."""
        return document.read(self.content)

    @property
    def unchanged(self) -> bool:
        """Whether the content has the digest of its signature, and is of this row's study and number."""
        if hashlib.sha256(self.content.encode()).hexdigest() != self.sha256:
            return False
        try:
            signed = self.read()
        except document.Unreadable:
            return False
        row = (self.study.study_instance_uid, self.number)
        return (signed.study.study_instance_uid, signed.number) == row

    @property
    def intact(self) -> bool:
        """Whether it is what was signed: unchanged, also before it was brought into this form."""
        if not self.unchanged:
            return False
        converted = self.read().converted
        return converted is None or converted.verified


class SignedFinding(SignedRow):
    """One grade of a signed report, as in its content; for statistics over many reports."""

    report = models.ForeignKey(SignedReport, on_delete=models.PROTECT, related_name="findings")
    level = models.CharField(max_length=8)
    site = models.CharField(max_length=16, choices=SITE_CHOICES)
    grade = models.CharField(max_length=16, choices=GRADE_CHOICES)
    machine_grade = models.CharField(max_length=16, choices=GRADE_CHOICES, null=True, blank=True)
    probability = models.FloatField(null=True, blank=True)
    uncertain = models.BooleanField()
    out_of_distribution = models.BooleanField()
    contradicted = models.BooleanField()
    changed = models.BooleanField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "level", "site"], name="one_signed_grade_per_site")]

    def __str__(self) -> str:
        return f"{self.level} {self.site}: {self.grade}"
