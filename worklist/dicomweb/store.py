"""STOW-RS: store (PS3.18 section 10.5); files are received as from anywhere else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts import audit
from inference.errors import StudyError, WrongModalityError
from worklist.dicomweb import multipart, query, retrieve
from worklist.dicomweb.answers import Problem, dicom_json, endpoint
from worklist.dicomweb.attributes import attribute, url
from worklist.errors import ConflictingInstanceError, ConflictingStudyError, NoImageError, NotStoredError
from worklist.intake import guard, receive
from worklist.models import Instance, Study

#: Failure reasons of PS3.4 table B.2-1 and PS3.18 section 10.5.3.
_CANNOT_UNDERSTAND = 0xC000
_REASONS: tuple[tuple[type[StudyError], int], ...] = (
    (NotStoredError, 0xA700),
    (ConflictingInstanceError, 0x0111),
    (ConflictingStudyError, 0xA900),
    (WrongModalityError, 0x0122),
    (NoImageError, 0x0122),
)


@dataclass(frozen=True)
class Failed:
    """An instance that was not stored; its UIDs are empty if the file does not have them."""

    error: StudyError
    study_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str


@endpoint("GET", "POST")
def studies(request: HttpRequest) -> HttpResponseBase:
    return _store(request, "") if request.method == "POST" else query.studies(request)


@endpoint("GET", "POST")
def study(request: HttpRequest, study: str) -> HttpResponseBase:
    return _store(request, study) if request.method == "POST" else retrieve.instances(request, study=study)


def _store(request: HttpRequest, study: str) -> HttpResponseBase:
    """200 if all instances were stored, 202 if some were, 409 if none was."""
    boundary = _boundary(request)
    taken: list[Instance] = []
    failed: list[Failed] = []
    try:
        for number, (_, content) in enumerate(multipart.parts(request, boundary, settings.INSTANCE_MAX_BYTES), 1):
            if number > settings.ZIP_MAX_MEMBERS:
                raise Problem(413, f"At most {settings.ZIP_MAX_MEMBERS:,} instances are taken at once.")
            outcome = _take(content, study)
            if isinstance(outcome, Instance):
                taken.append(outcome)
            else:
                name = f"instance {number} of a DICOMweb store"
                receive.refuse(name, request.user.get_username(), outcome.error, outcome.study_instance_uid)
                failed.append(outcome)
    except multipart.MalformedBody as error:
        raise Problem(400, str(error)) from error
    finally:
        _audit(request, taken, failed)
    if not taken and not failed:
        raise Problem(400, "The body holds no instance.")
    status = 200 if not failed else 202 if taken else 409
    return dicom_json(_answer(request, taken, failed), status)


def _boundary(request: HttpRequest) -> str:
    kind, parameters = multipart.parameters(request.headers.get("Content-Type", ""))
    if kind != "multipart/related" or parameters.get("type", "").lower() != "application/dicom":
        raise Problem(415, "Send multipart/related of application/dicom.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_MAX_BYTES:
        raise Problem(413, f"At most {settings.UPLOAD_MAX_BYTES >> 20:,} MiB are taken at once.")
    return parameters.get("boundary", "")


def _take(content: Any, study: str) -> Instance | Failed:
    data = b""
    try:
        data = receive.read_bounded(content)
        return receive.take(data, only_study=study).instance
    except StudyError as error:
        return Failed(error, guard.study_of(data), *guard.names_of(data))


def _audit(request: HttpRequest, taken: list[Instance], failed: list[Failed]) -> None:
    for study_id in sorted({instance.series.study_id for instance in taken}):
        count = sum(instance.series.study_id == study_id for instance in taken)
        audit.record(request.user, "upload", study=study_id, request=request, by="dicomweb", instances=count)
    named_studies = Study.objects.filter(study_instance_uid__in={failure.study_instance_uid for failure in failed})
    pk_by_uid = dict(named_studies.values_list("study_instance_uid", "pk"))
    refused = Counter(pk_by_uid.get(failure.study_instance_uid) for failure in failed)
    for study_pk, count in refused.items():
        audit.record(request.user, "upload", study=study_pk, request=request, by="dicomweb", refused=count)


def _answer(request: HttpRequest, taken: list[Instance], failed: list[Failed]) -> dict[str, Any]:
    """The Store Instances Response, table I.2-1 of PS3.18."""
    answer: dict[str, Any] = {}
    if taken:
        series = taken[0].series
        answer.update([attribute("RetrieveURL", url(request, series.study))])
        answer.update([attribute("ReferencedSOPSequence", *(_stored(request, instance) for instance in taken))])
    if failed:
        answer.update([attribute("FailedSOPSequence", *(_failed(failure) for failure in failed))])
    return answer


def _stored(request: HttpRequest, instance: Instance) -> dict[str, Any]:
    return dict(
        [
            attribute("ReferencedSOPClassUID", instance.sop_class_uid),
            attribute("ReferencedSOPInstanceUID", instance.sop_instance_uid),
            attribute("RetrieveURL", url(request, instance.series.study, instance.series, instance)),
        ]
    )


def _failed(failure: Failed) -> dict[str, Any]:
    reason = next((code for kind, code in _REASONS if isinstance(failure.error, kind)), _CANNOT_UNDERSTAND)
    return dict(
        [
            attribute("ReferencedSOPClassUID", failure.sop_class_uid),
            attribute("ReferencedSOPInstanceUID", failure.sop_instance_uid),
            attribute("FailureReason", reason),
            attribute("ErrorComment", failure.error.code),
        ]
    )
