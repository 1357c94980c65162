"""Receives one file: validated, written to disk, then to the database; only then is success reported.

Files may come twice, at the same time, and in any order. Duplicates are detected by
SOP Instance UID. A refused file becomes a `Rejection` that the worklist shows, and
does not stop the files after it.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from inference.errors import StudyError
from worklist import storage
from worklist.errors import ConflictingInstanceError, ConflictingStudyError, NotStoredError
from worklist.intake import guard, structure
from worklist.intake.guard import Inspected
from worklist.jobs import queue
from worklist.jobs.states import State
from worklist.models import Instance, Rejection, Series, Study
from worklist.orders.identity import Match, compare
from worklist.orders.orders import institution_of, order_of
from worklist.orders.patients import identity_of, match, patient_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    """A file that was not stored, and why."""

    file_name: str
    code: str
    message: str


@dataclass
class Receipt:
    """Results of the files of one upload; `skipped` counts those that are no images by their names."""

    stored: int = 0
    duplicates: int = 0
    skipped: int = 0
    rejected: list[Refused] = field(default_factory=list)
    studies: set[uuid.UUID] = field(default_factory=set)

    def add(self, part: Receipt) -> None:
        self.stored += part.stored
        self.duplicates += part.duplicates
        self.skipped += part.skipped
        self.rejected += part.rejected
        self.studies |= part.studies


@dataclass(frozen=True)
class Taken:
    """A stored file; `new` is False for one that was stored before."""

    instance: Instance
    new: bool


def receive(stream: BinaryIO, file_name: str, sender: str) -> Receipt:
    """Receive one DICOM file. A fault of the file is in the receipt, not an exception."""
    data = b""
    try:
        data = read_bounded(stream)
        taken = take(data)
    except StudyError as error:
        return refuse(file_name, sender, error, guard.study_of(data))
    receipt = Receipt(studies={taken.instance.series.study_id})
    if taken.new:
        receipt.stored = 1
    else:
        receipt.duplicates = 1
    return receipt


def refuse(file_name: str, sender: str, error: StudyError, study_instance_uid: str = "") -> Receipt:
    """Record a refused file, for the sender to see in the worklist, and for the study that lacks it."""
    name = printable_name(file_name)
    Rejection.objects.create(
        sender=sender[:150],
        file_name=name,
        code=error.code,
        message=error.message,
        study_instance_uid=study_instance_uid,
    )
    return Receipt(rejected=[Refused(name, error.code, error.message)])


def printable_name(file_name: str) -> str:
    """A name that can be shown and stored. It is never used as a path."""
    return "".join(c for c in str(file_name).replace("\\", "/") if c.isprintable())[-255:] or "(no name)"


def read_bounded(stream: BinaryIO) -> bytes:
    """The whole stream. Raises FileTooLargeError when it is larger than the limit, of which it reads one byte more."""
    data = stream.read(settings.INSTANCE_MAX_BYTES + 1)
    if len(data) > settings.INSTANCE_MAX_BYTES:
        raise guard.too_large()
    return data


def take(data: bytes, only_study: str = "") -> Taken:
    """Validate, store and record one file, of the study `only_study` if that is not empty. Raises StudyError."""
    inspected = guard.inspect(data)
    if only_study not in ("", inspected.study_instance_uid):
        raise ConflictingStudyError("The file belongs to another study than the one it was sent to.")
    digest = hashlib.sha256(data).hexdigest()
    try:
        stored = Instance.objects.select_related("series").filter(sop_instance_uid=inspected.sop_instance_uid).first()
        if stored is not None:
            return _duplicate(stored, inspected, data, digest)
        _check_conflicts(inspected)  # again under the lock; here so that no refused file is left on the disk
        path = storage.keep(data, digest)
        return _record(inspected, path, data, digest)
    except (OSError, DatabaseError) as error:
        log.exception("a received file could not be stored")
        raise NotStoredError(f"The file could not be stored ({type(error).__name__}).") from error


def _record(inspected: Inspected, path: str, data: bytes, digest: str) -> Taken:
    """Rows for the study, the series and the instance, in one transaction under the study's row lock."""
    with transaction.atomic():
        study = _study(inspected)
        series = _series(study, inspected)
        try:
            with transaction.atomic():
                instance = Instance.objects.create(
                    series=series,
                    sop_instance_uid=inspected.sop_instance_uid,
                    sop_class_uid=inspected.sop_class_uid,
                    transfer_syntax_uid=inspected.transfer_syntax_uid,
                    number=inspected.instance_number,
                    frames=inspected.image.frames,
                    rows=inspected.image.rows,
                    columns=inspected.image.columns,
                    frame_bytes=inspected.image.frame_bytes,
                    path=path,
                    sha256=digest,
                    size=len(data),
                )
        except IntegrityError:  # another delivery of the same instance was a moment faster
            stored = Instance.objects.select_related("series").get(sop_instance_uid=inspected.sop_instance_uid)
            return _duplicate(stored, inspected, data, digest)
        Study.objects.filter(pk=study.pk).update(instance_count=F("instance_count") + 1)
        Series.objects.filter(pk=series.pk).update(instance_count=F("instance_count") + 1)
        _arrived(study)
        return Taken(instance, new=True)


def _study(inspected: Inspected) -> Study:
    """The study's row, locked; made when it is the first image. Raises ConflictingStudyError."""
    rows = Study.objects.select_for_update(of=("self",)).select_related("patient")
    named = rows.filter(study_instance_uid=inspected.study_instance_uid)
    study = named.first()
    if study is None:
        try:
            with transaction.atomic():
                return _new_study(inspected)
        except IntegrityError:  # another delivery of the same study was a moment faster
            study = named.get()
    if _check_patient(study, inspected) is Match.CORRECTED:
        Study.objects.filter(pk=study.pk).update(differing_identity=inspected.patient.as_json())
    return study


def _new_study(inspected: Inspected) -> Study:
    patient = patient_of(inspected.patient)
    differs = compare(identity_of(patient), inspected.patient) is not Match.SAME
    return Study.objects.create(
        study_instance_uid=inspected.study_instance_uid,
        patient=patient,
        order=order_of(patient, inspected),
        institution=institution_of(inspected.institution),
        accession_number=inspected.accession_number,
        study_date=inspected.study_date,
        description=inspected.study_description,
        differing_identity=inspected.patient.as_json() if differs else None,
    )


def _check_conflicts(inspected: Inspected) -> None:
    studies = Study.objects.select_related("patient")
    study = studies.filter(study_instance_uid=inspected.study_instance_uid).first()
    if study is not None:
        _check_patient(study, inspected)
    series = Series.objects.select_related("study").filter(series_instance_uid=inspected.series_instance_uid).first()
    if series is not None:
        _check_series(series, inspected)


def _check_patient(study: Study, inspected: Inspected) -> Match:
    """How the file's patient compares with the study's. Raises ConflictingStudyError for another person."""
    result = match(study.patient, inspected.patient)
    if result is Match.OTHER:
        raise ConflictingStudyError("The file belongs to a known study, yet names another patient.")
    return result


def _check_series(series: Series, inspected: Inspected) -> None:
    """By the study's UID, which the series' own row leads to: the study may be made between two queries."""
    if series.study.study_instance_uid != inspected.study_instance_uid:
        raise ConflictingStudyError("The file's series belongs to another study.")


def _series(study: Study, inspected: Inspected) -> Series:
    series, created = Series.objects.get_or_create(
        series_instance_uid=inspected.series_instance_uid,
        defaults={
            "study": study,
            "modality": inspected.modality,
            "number": inspected.series_number,
            "description": inspected.series_description,
        },
    )
    _check_series(series, inspected)
    if created:
        Study.objects.filter(pk=study.pk).update(series_count=F("series_count") + 1)
    return series


def _arrived(study: Study) -> None:
    """A new image restarts the quiet time of a study that is being received; later it counts as late, by state."""
    if study.state == State.RECEIVED:
        Study.objects.filter(pk=study.pk).update(last_instance_at=timezone.now())
    elif study.state in (State.DRAFTED, State.FAILED):
        queue.images_arrived(study)
    elif study.state == State.QUEUED:
        queue.wait_for_quiet(study)
    else:  # being read, in review or signed
        queue.count_late(study)


def _duplicate(stored: Instance, inspected: Inspected, data: bytes, digest: str) -> Taken:
    """The same image again changes nothing; another image with the same UID is refused.

    The file meta information may differ, since each archive writes its own:
    the data sets are compared.
    """
    if stored.sha256 != digest and not _same_dataset(stored, data):
        raise ConflictingInstanceError("Another image with the same SOP Instance UID is already here.")
    if stored.series.series_instance_uid != inspected.series_instance_uid:
        raise ConflictingInstanceError("The same image is already here in another series.")
    if not storage.exists(stored.path) and stored.sha256 == digest:
        storage.keep(data, digest)  # the file was lost from the disk and is restored
    return Taken(stored, new=False)


def _same_dataset(stored: Instance, data: bytes) -> bool:
    try:
        stored_bytes = storage.read(stored.path)
        stored_outline, outline = structure.outline(stored_bytes), structure.outline(data)
    except (OSError, StudyError):
        return False
    same_encoding = stored_outline.transfer_syntax_uid == outline.transfer_syntax_uid
    return same_encoding and stored_bytes[stored_outline.dataset_at :] == data[outline.dataset_at :]


def receive_all(files: Iterable[tuple[BinaryIO, str]], sender: str) -> Receipt:
    """Receive several files; a refused one does not stop the others."""
    receipt = Receipt()
    for stream, name in files:
        receipt.add(receive(stream, name, sender))
    return receipt
