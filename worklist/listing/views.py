"""The worklist page and its live part.

What a person searches for is patient data and travels in the body of a POST,
never in an address: addresses end up in logs and histories.
"""

from __future__ import annotations

import hashlib
import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from worklist.access import visible_study, worklist_required
from worklist.intake.upload import upload
from worklist.jobs import queue
from worklist.jobs.states import ForbiddenMove
from worklist.listing import contents
from worklist.listing.contents import Filters
from worklist.models import Rejection

__all__ = ["dismiss", "dismiss_all", "page", "queue_study", "rows", "upload"]


@require_safe
@never_cache
@worklist_required
def page(request: HttpRequest) -> HttpResponse:
    filters = Filters.of({name: str(value) for name, value in request.GET.items() if name != "q"})
    return render(request, "worklist/page.html", {"filters": filters, **_live(request, filters)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@worklist_required
def rows(request: HttpRequest) -> HttpResponse:
    """The live part of the page, or 204 when the page shows just that already: nothing then flickers."""
    asked = request.POST if request.method == "POST" else request.GET
    live = _live(request, Filters.of(asked))
    if asked.get("seen") == live["digest"]:
        return HttpResponse(status=204)
    return HttpResponse(live["live"])


def _live(request: HttpRequest, filters: Filters) -> dict[str, str]:
    body = render_to_string("worklist/_live.html", {"listing": contents.build(filters, request.user)}, request=request)
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    return {"digest": digest, "live": format_html('<div id="live-body" data-digest="{}">{}</div>', digest, body)}


@require_POST
@worklist_required
def queue_study(request: HttpRequest, study_id: uuid.UUID) -> HttpResponseBase:
    """A person asks the machine to read a study, now or once more."""
    study = visible_study(request, pk=study_id)
    try:
        queue.ask(study)
    except ForbiddenMove:
        messages.warning(request, "The study has moved on meanwhile; look at its line again.")
        return redirect("worklist:page")
    audit.record(request.user, "queue", study=study, request=request)
    return redirect("worklist:page")


@require_POST
@worklist_required
def dismiss(request: HttpRequest, rejection_id: int) -> HttpResponseBase:
    """Put away a refusal, and the earlier ones with the same reason and sender."""
    named = Rejection.objects.filter(pk=rejection_id).first()
    if named is None:
        raise Http404
    alike = Rejection.objects.filter(
        seen=False, pk__lte=named.pk, sender=named.sender, code=named.code, message=named.message
    )
    _put_away(request, alike, named.code)
    return redirect("worklist:page")


@require_POST
@worklist_required
def dismiss_all(request: HttpRequest) -> HttpResponseBase:
    """Put away every refusal up to the newest one that the page showed."""
    newest = request.POST.get("newest", "")
    if not newest.isdecimal():
        raise Http404
    _put_away(request, Rejection.objects.filter(seen=False, pk__lte=int(newest[:18])), "")
    return redirect("worklist:page")


def _put_away(request: HttpRequest, rejections: object, code: str) -> None:
    count = rejections.update(seen=True)  # type: ignore[attr-defined]
    if count:
        audit.record(request.user, "dismiss", request=request, code=code, files=count)
