"""The review page, the signed versions, and the masks and evidence that the viewer lays over the images."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.policy import person, radiologist_required
from inference.result import words
from inference.types import LUMBAR_LEVELS, Measurement, Site
from reader import page_state, signing, working_copy
from reader.models import SignedVersion
from worklist import storage
from worklist.models import Study

NOT_MEASURED = "not measured"
#: Requests of one reader for one study within this time are one view.
ONE_VIEW = timedelta(minutes=15)


@require_safe
@never_cache
@radiologist_required
@ensure_csrf_cookie
def page(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """The reading room for one study."""
    study = get_object_or_404(Study, pk=study_id)
    audit.record(request.user, "view", study=study, request=request)
    review = working_copy.open_review(study)
    context = {
        "study": study,
        "patient": _patient(study),
        "boot": {
            "user": signing.name_of(cast("User", request.user)),
            "study_uid": study.study_instance_uid,
            "base": f"/reader/{study.pk}/",
            "dicomweb": "/dicom-web",
            "series": page_state.image_series(study),
            "machine": page_state.machine_state(study, review),
            "words": page_state.vocabulary(),
            "review": page_state.review_state(study, review, person(request)),
        },
        "levels": LUMBAR_LEVELS,
    }
    return render(request, "reader/page.html", context)


@require_safe
@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Who is logged in now, and the token to write with: a login in another tab changes both."""
    return JsonResponse({"user": request.user.get_username(), "token": get_token(request)})


@require_safe
@never_cache
@radiologist_required
def version(request: HttpRequest, study_id: UUID, number: int) -> HttpResponse:
    """One signed version, to read and to print."""
    study = get_object_or_404(Study, pk=study_id)
    signed = get_object_or_404(SignedVersion.objects.select_related("signed_by", "amends"), study=study, number=number)
    audit.record(request.user, "view", study=study, request=request, version=number)
    versions = list(study.signed_versions.select_related("signed_by").order_by("-number"))
    context = {
        "study": study,
        "patient": _patient(study),
        "signed": signed,
        "versions": versions,
        "latest": versions[0],
        "columns": [label for site, label in words.SITE_COLUMNS.items() if site in _signed_sites(signed)],
        "rows": _signed_rows(signed),
    }
    return render(request, "reader/version.html", context)


@require_safe
@never_cache
@radiologist_required
def mask_index(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    """Which images have a mask, and where in the series' file it lies."""
    record_view(request, get_object_or_404(Study, pk=study_id))
    return FileResponse(_file(study_id, "masks/index.json").open("rb"), content_type="application/json")


@require_safe
@never_cache
@radiologist_required
def mask(request: HttpRequest, study_id: UUID, series_uid: str) -> HttpResponseBase:
    """The label images of one series, uint8, one after the other."""
    study = get_object_or_404(Study, pk=study_id)
    record_view(request, study)
    # Only a series of this study: the name of a file never comes from the address alone.
    series = get_object_or_404(study.series, series_instance_uid=series_uid)
    stored = _file(study_id, f"masks/{series.series_instance_uid}.bin.gz")
    response = FileResponse(stored.open("rb"), content_type="application/octet-stream")
    response["Content-Encoding"] = "gzip"
    return response


@require_safe
@never_cache
@radiologist_required
def evidence(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    """Where the networks saw what speaks for their answers: `inference.grading.evidence.EvidenceMap`s."""
    record_view(request, get_object_or_404(Study, pk=study_id))
    try:
        return FileResponse(_file(study_id, "evidence.json").open("rb"), content_type="application/json")
    except Http404:  # a reading of before there were any, or without a network that answers
        return JsonResponse({"maps": []})


def record_view(request: HttpRequest, study: Study) -> None:
    """A view by the API alone is on record too; an open page that asks every few seconds is one view."""
    recent = timezone.now() - ONE_VIEW
    if not AuditEvent.objects.filter(actor=person(request), action="view", study_id=study.pk, at__gt=recent).exists():
        audit.record(request.user, "view", study=study, request=request)


def _file(study_id: UUID, name: str) -> Path:
    """A file of the reading that the review is of. Raises Http404."""
    study = get_object_or_404(Study, pk=study_id)
    review = working_copy.open_review(study)
    reading = review.machine_reading if review else None
    if reading is None:
        raise Http404("The machine has not read this study.")
    path = storage.reading_file(reading.folder, name)
    if not path.is_file():
        raise Http404("The machine's reading holds no such file.")
    return path


def _patient(study: Study) -> dict[str, Any]:
    """Name as people write it, and the age on the day of the study."""
    parts = study.patient_name.split("=")[0].split("^")
    given = " ".join(part for part in parts[1:3] if part)
    born, on = study.patient_birth_date, study.study_date
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born and on else None
    return {"name": f"{parts[0]}, {given}" if given else parts[0], "age": age}


def _signed_sites(signed: SignedVersion) -> list[str]:
    """The sites of its table, which was smaller once, from the canal outwards."""
    said = {finding["site"] for finding in signed.findings}
    return [site.value for site in Site if site in said]


def _amount(signed: dict[str, Any]) -> str:
    values = {name: value for name, value in signed.items() if name not in ("note", "notice")}
    return words.amount(Measurement(**values))


def _signed_rows(signed: SignedVersion) -> list[dict[str, Any]]:
    """By level the cells of the signed table; a cell is None where nothing was signed."""
    said = {(one["level"], one["site"]): one | signing.in_words(one) for one in signed.findings}
    measured = {(item["place"], item["quantity"]): _amount(item) for item in signed.measurements}
    return [
        {
            "level": level,
            "cells": [said.get((level, site)) for site in _signed_sites(signed)],
            "ap": measured.get((level, "canal_ap"), NOT_MEASURED),
            "area": measured.get((level, "canal_area"), NOT_MEASURED),
        }
        for level in LUMBAR_LEVELS
    ]
