"""Who a study is of, who asked for it, and where it was made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Institution(models.Model):
    """Where images are made, by the name that they carry (0008,0080).

    readers: who alone may read its studies; everybody with the role where nobody is named. See `worklist.access`.
    """

    name = models.CharField(max_length=64, unique=True)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="institutions")

    def __str__(self) -> str:
        return str(self.pk)


class Patient(models.Model):
    """A person, by the ID that an institution gave them.

    issuer: who gave the ID (0010,0021), empty where the images do not say. patient_id: (0010,0020); a patient without
    one has one study. namesake: 0, or the next number for another person who was sent with the same issuer and ID.
    merged_into: the row of the same person that took its place; it keeps the studies, and this one the earlier ID,
    so that later images under it still find their patient. `worklist.orders.patients` writes all of it.
    """

    issuer = models.CharField(max_length=64, blank=True)
    patient_id = models.CharField(max_length=64, blank=True, db_index=True)
    namesake = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=324, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "patient_id", "namesake"], condition=~Q(patient_id=""), name="one_patient_for_each_id"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Order(models.Model):
    """A request for an examination, by its accession number; made from the images where no order came before them."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        PERFORMED = "performed", "Performed"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.TextChoices):
        ROUTINE = "routine", "Routine"
        URGENT = "urgent", "Urgent"
        STAT = "stat", "Stat"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="orders")
    accession_number = models.CharField(max_length=64, db_index=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.ROUTINE)
    clinical_question = models.TextField(blank=True)
    referrer = models.CharField(max_length=324, blank=True)
    procedure = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCHEDULED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "accession_number"], name="one_order_for_each_accession_number")
        ]

    def __str__(self) -> str:
        return str(self.pk)
