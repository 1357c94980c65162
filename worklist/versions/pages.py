"""The page Models, for administrators only: what is installed, what reads, and what would read otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.policy import administrator_required, person
from inference.models import cards
from inference.models.cards import Installed
from inference.result import record
from worklist import shared_settings
from worklist.errors import ModelUnusableError
from worklist.jobs import queue, shadow
from worklist.jobs.states import JobState, Purpose
from worklist.models import MachineReading, ModelChoice, ReadingJob
from worklist.versions import card_sections, choices, comparison
from worklist.versions.choices import NotPossible, Role

STUDIES_ON_A_PAGE = 50


@require_safe
@never_cache
@administrator_required
def page(request: HttpRequest) -> HttpResponse:
    installed = choices.installed()
    context = {
        "kinds": [_kind(name, installed) for name in sorted({one.name for one in installed})],
        "uncertain_below": shared_settings.uncertain_below(),
        "waiting_for_a_model": queue.failed_with(ModelUnusableError.code).count(),
    }
    return render(request, "worklist/models.html", context)


@require_POST
@administrator_required
def set_uncertain_below(request: HttpRequest) -> HttpResponseBase:
    try:
        value = shared_settings.set_uncertain_below(request.POST.get("uncertain_below", ""), person(request), request)
    except shared_settings.BadSetting as error:
        messages.error(request, f"Nothing was changed. {error}")
    else:
        messages.success(request, f"Grades below {value} % are uncertain now.")
    return redirect("worklist:models")


def _kind(name: str, installed: tuple[Installed, ...]) -> dict[str, Any]:
    """All versions of one model, which of them reads, and what is wrong with that one."""
    versions = [_version(one) for one in installed if one.name == name]
    active = choices.chosen(name, Role.ACTIVE)
    reads = next((one for one in versions if one["active"]), None)
    problem = ""
    if active and reads is None:
        problem = f"Version {active.version} is active and not installed."
    elif reads and reads["problem"]:
        problem = f"Version {reads['version']} is active and damaged: {reads['problem']}"
    return {"name": name, "versions": versions, "active": active, "problem": problem}


def _version(one: Installed) -> dict[str, Any]:
    active, shadows = choices.is_chosen(one, Role.ACTIVE), choices.is_chosen(one, Role.SHADOW)
    problem = one.problem
    if not problem and (active or shadows):
        try:
            cards.check(one.folder)
        except cards.DamagedModelError as error:
            problem = str(error)
    return {
        "name": one.name,
        "version": one.version,
        "shipped": one.shipped,
        "active": active,
        "shadow": shadows,
        "compared": _jobs(one.name, one.version).exists(),
        "problem": problem,
        "card": card_sections.sections(one.card) if one.card else [],
    }


#: What a button does: (what the page asks, what is done then).
ACTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "activate": ("Activate", choices.activate),
    "shadow": ("Shadow mode with", choices.start_shadow),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@administrator_required
def act(request: HttpRequest, name: str, version: str, verb: str) -> HttpResponseBase:
    """Asks once (GET), then does it (POST)."""
    if verb not in ACTS:
        raise Http404
    title, do = ACTS[verb]
    if request.method != "POST":
        if not any(one.version == version for one in choices.installed(name)):
            raise Http404
        active = choices.chosen(name, Role.ACTIVE)
        context = {"name": name, "version": version, "verb": verb, "title": title, "active": active}
        return render(request, "worklist/model_confirm.html", context)
    try:
        went_on = do(name, version, person(request), request)
    except NotPossible as error:
        messages.error(request, f"Nothing was changed. {error}")
        return redirect("worklist:models")
    if verb == "activate":
        waiting = f" {went_on} studies that waited for a model are queued again." if went_on else ""
        messages.success(request, f"{name} {version} reads from the next study on.{waiting}")
    else:
        messages.success(request, f"{name} {version} reads in shadow mode from the next study on.")
    return redirect("worklist:models")


@require_POST
@administrator_required
def stop_shadow(request: HttpRequest, name: str) -> HttpResponseBase:
    choices.stop_shadow(name, person(request), request)
    messages.success(request, f"No version of {name} reads in shadow mode now. What was compared is kept.")
    return redirect("worklist:models")


@require_safe
@never_cache
@administrator_required
def compared(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """How a version in shadow mode agreed with what readers see, in sum and for each study."""
    jobs = _jobs(name, version)
    running = ModelChoice.objects.filter(name=name, version=version, role=Role.SHADOW).first()
    if running is None and not jobs.exists():
        raise Http404
    ended = jobs.filter(state__in=(JobState.DONE, JobState.FAILED)).select_related("study", "result")
    page = Paginator(ended.order_by("-finished_at", "-pk"), STUDIES_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "name": name,
        "version": version,
        "running": running,
        "waiting": shadow.waiting(name, version),
        "total": comparison.total(jobs),
        "page": page,
        "rows": [_row(job) for job in page],
    }
    return render(request, "worklist/comparison.html", context)


def _jobs(name: str, version: str) -> QuerySet[ReadingJob]:
    return ReadingJob.objects.filter(purpose=Purpose.SHADOW, name=name, version=version)


def _row(job: ReadingJob) -> dict[str, Any]:
    """One line of the list of studies: where the two differ, or why there is nothing to compare."""
    if job.state == JobState.FAILED:
        return {"job": job, "failure": job.failure_message}
    compared = job.result.comparison or {}
    if not compared["same_images"]:
        grades = "Images came between"
    elif not compared.get("same_others", True):
        grades = "Another model changed between"
    else:
        grades = comparison.grades_in_words(compared)
    return {"job": job, "reading": job.result, "grades": grades, "discs": comparison.discs_in_words(compared)}


@require_safe
@never_cache
@administrator_required
def compared_study(request: HttpRequest, reading_id: int) -> HttpResponse:
    """Both readings of one study, site by site."""
    readings = MachineReading.objects.select_related("study", "job__compared_with")
    second = get_object_or_404(readings, pk=reading_id, job__purpose=Purpose.SHADOW)
    first = second.job.compared_with
    if first is None:
        raise Http404
    audit.record(request.user, "view", study=second.study_id, request=request, shadow_reading=second.pk)
    context = {
        "job": second.job,
        "study": second.study,
        "maker": record.upgraded(first.reading)["provenance"]["models"][0],
        "rows": comparison.side_by_side(first.reading, second.reading),
        "discs": comparison.discs(first.reading, second.reading),
        "answers": [row for row in comparison.answers(first.reading, second.reading) if row["says"] != "exact"],
    }
    return render(request, "worklist/compared_study.html", context)
