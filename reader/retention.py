"""What is no longer kept: images, readings or whole studies, by the study's state and how long it has been in it.

Signed reports and the audit trail always stay. Files go before their rows: a purge that is broken off leaves rows
that the next one finds again, and never a patient's file that nobody knows of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts import audit
from reader.models import Review, SignedReport
from worklist import storage
from worklist.jobs import queue
from worklist.jobs.states import State
from worklist.models import Instance, MachineReading, Order, Patient, ReadingJob, Series, Study

#: States that a rule may name, and the states of a study that it means. What somebody works on is never purged.
STATES: dict[str, tuple[State, ...]] = {
    "signed": (State.SIGNED, State.AMENDED),
    "unsigned": (State.RECEIVED, State.DRAFTED, State.FAILED),
    "failed": (State.FAILED,),
}
#: What a rule may purge, and of which states: an unsigned study without its images or reading could not be read.
PARTS: dict[str, tuple[str, ...]] = {
    "images": ("signed",),
    "readings": ("signed",),
    "study": ("signed", "unsigned", "failed"),
}
MEANS = "rules such as images:signed:730, readings:signed:730, study:unsigned:365 or study:failed:90, by commas"


class BadRule(ValueError):
    """A rule that means nothing; the message says which there are."""


@dataclass(frozen=True)
class Rule:
    """Purge a part of every study that has been in a state for so many days."""

    part: str
    state: str
    days: int

    @classmethod
    def parse(cls, text: str) -> Rule:
        """``PART:STATE:DAYS``. Raises BadRule."""
        found = re.fullmatch(r"([a-z]+):([a-z]+):([0-9]{1,5})", text.strip())
        if not found or found[2] not in PARTS.get(found[1], ()) or not int(found[3]):
            raise BadRule(f"{text.strip()!r} is no rule of retention; say {MEANS}.")
        return cls(found[1], found[2], int(found[3]))

    def __str__(self) -> str:
        return f"{self.part}:{self.state}:{self.days}"

    def studies(self) -> QuerySet[Study]:
        """Whom it meets now, the oldest first: no reader and no worker has them, and something of that part is left."""
        before = timezone.now() - timedelta(days=self.days)
        due = Study.objects.filter(
            state__in=STATES[self.state], state_changed_at__lt=before, claimed_by__isnull=True
        ).order_by("state_changed_at", "pk")
        due = due.exclude(pk__in=ReadingJob.objects.for_readers().active().values("study"))
        if self.part == "images":
            return due.filter(instance_count__gt=0)
        if self.part == "readings":
            return due.filter(machine_readings__isnull=False).distinct()
        return due if self.state != "signed" else due.exclude(instance_count=0, machine_readings__isnull=True)


@dataclass
class Purged:
    """What a rule purged, or would."""

    rule: Rule
    studies: int = 0
    images: int = 0
    image_bytes: int = 0
    readings: int = 0


def configured() -> list[Rule]:
    """The rules of the setting. Raises BadRule."""
    return [Rule.parse(text) for text in settings.RETENTION]


def plan(rules: list[Rule]) -> list[Purged]:
    """What the rules would purge now; each is counted as if it stood alone."""
    return [_count(rule) for rule in rules]


def _count(rule: Rule) -> Purged:
    purged, studies = Purged(rule), rule.studies()
    purged.studies = studies.count()
    chosen = studies.order_by().values("pk")
    if rule.part != "readings":
        images = Instance.objects.filter(series__study__in=chosen)
        purged.images, purged.image_bytes = images.count(), images.aggregate(size=Sum("size"))["size"] or 0
    if rule.part != "images":
        purged.readings = MachineReading.objects.filter(study__in=chosen).count()
    return purged


def purge(rules: list[Rule]) -> Iterator[Purged]:
    """Purge by each rule in turn; a study at a time, each in a transaction of its own with its audit event."""
    for rule in rules:
        purged = Purged(rule)
        for study_id in list(rule.studies().values_list("pk", flat=True)):
            _purge_study(rule, study_id, purged)
        yield purged


def _purge_study(rule: Rule, study_id: Any, purged: Purged) -> None:
    with transaction.atomic():
        # Again under the lock: somebody may have claimed it, or an image may have come.
        study = Study.objects.select_for_update().filter(pk=study_id).first()
        if study is None or not rule.studies().filter(pk=study_id).exists():
            return
        images = readings = size = 0
        if rule.part != "readings":
            images, size = _purge_images(study)
        if rule.part != "images":
            readings = _purge_readings(study)
        audit.record(None, "purge", study=study, rule=str(rule), images=images, readings=readings)
        if rule.part == "study" and rule.state != "signed":
            _forget(study)
    purged.studies += 1
    purged.images += images
    purged.image_bytes += size
    purged.readings += readings


def _purge_images(study: Study) -> tuple[int, int]:
    """(how many, bytes)."""
    instances = Instance.objects.filter(series__study=study)
    size = 0
    for instance in instances.iterator():
        storage.remove(instance.path)
        size += instance.size
    count, _ = instances.delete()
    Series.objects.filter(study=study).update(instance_count=0)
    Study.objects.filter(pk=study.pk).update(instance_count=0, images_purged_at=timezone.now())
    return count, size


def _purge_readings(study: Study) -> int:
    """All of the machine's readings, those of shadow mode too, and what readers' working copies hold of them."""
    readings = list(MachineReading.objects.filter(study=study))
    for reading in readings:
        if reading.folder:
            storage.discard_reading(reading.folder)
    Review.objects.filter(study=study).update(machine_reading=None)
    queue.forget_readings(study)
    return len(readings)


def _forget(study: Study) -> None:
    """An unsigned study leaves nothing but its audit events; its patient goes with the last study."""
    if SignedReport.objects.filter(study=study).exists():
        raise RuntimeError("a signed study was about to be deleted")
    patient_id, order_id = study.patient.pk, study.order.pk if study.order else None
    Review.objects.filter(study=study).delete()
    Series.objects.filter(study=study).delete()
    study.delete()
    if order_id and not Study.objects.filter(order_id=order_id).exists():
        Order.objects.filter(pk=order_id).delete()
    if not _is_known(patient_id):
        Patient.objects.filter(merged_into=patient_id).delete()
        Patient.objects.filter(pk=patient_id).delete()


def _is_known(patient_id: int) -> bool:
    """Whether anything of a patient is left."""
    rows = [patient_id, *Patient.objects.filter(merged_into=patient_id).values_list("pk", flat=True)]
    return Study.objects.filter(patient__in=rows).exists() or Order.objects.filter(patient__in=rows).exists()


def in_words(purged: Purged) -> str:
    """A line for people."""
    rule = purged.rule
    megabytes = purged.image_bytes / 1e6
    return (
        f"{rule.part} of {rule.state} studies after {rule.days} days: {purged.studies} studies, "
        f"{purged.images} images ({megabytes:.1f} MB), {purged.readings} readings"
    )
