"""The review page, signed reports, one's own second review, and what the viewer lays over the images."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.models import AuditEvent
from accounts.policy import person, radiologist_required
from inference.result import words
from inference.types import LUMBAR_LEVELS, Site
from reader import page_state, working_copy
from reader.signed import document
from reader.signed import page as signed_page
from reader.signed.from_review import name_of
from worklist import storage
from worklist.access import readable_study
from worklist.models import Study

#: Requests of one reader for one study within this time are one view.
ONE_VIEW = timedelta(minutes=15)


@require_safe
@never_cache
@radiologist_required
@ensure_csrf_cookie
def page(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """The reading room for one study."""
    study = readable_study(request, pk=study_id)
    audit.record(request.user, "view", study=study, request=request)
    review = working_copy.review_for(study, person(request))
    context = {
        "study": study,
        "patient": signed_page.banner_of(study),
        "boot": {
            "user": name_of(person(request)),
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
    """One signed report, to read and to print; made from its document alone."""
    study = readable_study(request, pk=study_id)
    reports = list(study.signed_reports.order_by("-number"))
    report = next((one for one in reports if one.number == number), None)
    if report is None:
        raise Http404("There is no such version.")
    audit.record(request.user, "view", study=study, request=request, version=number)
    context = {"study": study, "report": report, "intact": report.intact, "latest": reports[0]}
    try:
        signed = report.read()
    except document.Unreadable:
        return render(request, "reader/damaged.html", context | {"patient": signed_page.banner_of(study)})
    context |= {
        "patient": signed_page.signed_banner(signed),
        "signed": signed,
        "differences": signed_page.differences(signed, study),
        "versions": signed_page.versions(reports),
        "columns": [words.SITE_COLUMNS[Site(site)] for site in signed_page.columns(signed.findings)],
        "rows": signed_page.rows(signed),
    }
    return render(request, "reader/version.html", context)


@require_safe
@never_cache
@radiologist_required
def second_review(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """One's own second review, to read; whoever signed the study does not change it."""
    study = readable_study(request, pk=study_id)
    review = working_copy.second_review_of(study, person(request))
    if review is None:
        raise Http404("You have no second review of this study.")
    audit.record(request.user, "view", study=study, request=request, second_review=True)
    rows = {(row.level, row.site): row for row in working_copy.table(review)}
    context = {
        "study": study,
        "patient": signed_page.banner_of(study),
        "review": review,
        "columns": list(words.SITE_COLUMNS.values()),
        "rows": [
            {"level": level, "cells": [rows.get((level, site.value)) for site in words.SITE_COLUMNS]}
            for level in LUMBAR_LEVELS
        ],
    }
    return render(request, "reader/second.html", context)


@require_safe
@never_cache
@radiologist_required
def mask_index(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    """Which images have a mask, and where in the series' file it lies."""
    study = readable_study(request, pk=study_id)
    record_view(request, study)
    return FileResponse(_file(request, study, "masks/index.json").open("rb"), content_type="application/json")


@require_safe
@never_cache
@radiologist_required
def mask(request: HttpRequest, study_id: UUID, series_uid: str) -> HttpResponseBase:
    """The label images of one series, uint8, one after the other."""
    study = readable_study(request, pk=study_id)
    record_view(request, study)
    # Only a series of this study: the name of a file never comes from the address alone.
    series = get_object_or_404(study.series, series_instance_uid=series_uid)
    stored = _file(request, study, f"masks/{series.series_instance_uid}.bin.gz")
    response = FileResponse(stored.open("rb"), content_type="application/octet-stream")
    response["Content-Encoding"] = "gzip"
    return response


@require_safe
@never_cache
@radiologist_required
def evidence(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    """Where the networks saw what speaks for their answers: `inference.grading.evidence.EvidenceMap`s."""
    study = readable_study(request, pk=study_id)
    record_view(request, study)
    try:
        return FileResponse(_file(request, study, "evidence.json").open("rb"), content_type="application/json")
    except Http404:  # a reading of before there were any, or without a network that answers
        return JsonResponse({"maps": []})


def record_view(request: HttpRequest, study: Study) -> None:
    """A view by the API alone is on record too; an open page that asks every few seconds is one view."""
    recent = timezone.now() - ONE_VIEW
    if not AuditEvent.objects.filter(actor=person(request), action="view", study_id=study.pk, at__gt=recent).exists():
        audit.record(request.user, "view", study=study, request=request)


def _file(request: HttpRequest, study: Study, name: str) -> Path:
    """A file of the reading that the user's review is of. Raises Http404."""
    review = working_copy.review_for(study, person(request))
    reading = review.machine_reading if review else None
    if reading is None:
        raise Http404("The machine has not read this study.")
    path = storage.reading_file(reading.folder, name)
    if not path.is_file():
        raise Http404("The machine's reading holds no such file.")
    return path
