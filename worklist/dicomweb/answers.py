"""What the DICOMweb views have in common: checks of user and request, and forms of the response.

References are to DICOM PS3.18.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response

from accounts import audit, policy
from worklist import access
from worklist.intake import structure
from worklist.models import Instance, Study

#: A stored instance never changes, and neither do its frames.
IMMUTABLE = "private, max-age=31536000, immutable"
#: A study or series may grow: clients revalidate each time.
REVALIDATE = "private, no-cache"
#: Seconds in which repeated views of a study in one session are one audit event.
VIEW_SECONDS = 3600

View = Callable[..., HttpResponseBase]


class Problem(Exception):
    """A request that cannot be answered; `status` is the HTTP status, and the text holds no patient data."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def endpoint(*methods: str) -> Callable[[View], View]:
    """A DICOMweb view: radiologists only, well-formed UIDs only, problems as JSON with their status."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, **names: Any) -> HttpResponseBase:
            try:
                _check_user(request, names.get("study", ""))
                _check_method(request, methods)
                _check_uids(names)
                return view(request, **names)
            except Problem as problem:
                response = JsonResponse({"error": problem.text}, status=problem.status)
                if problem.status == 405:
                    response["Allow"] = ", ".join(methods)
                return response

        # Programs cannot follow the redirect to the login page: 401 instead.
        return login_not_required(answered)

    return decorate


def _check_user(request: HttpRequest, study: str) -> None:
    if not request.user.is_authenticated:
        raise Problem(401, "Log in first.")
    named_study = Study.objects.filter(study_instance_uid=study).first() if structure.is_uid(study) else None
    if not policy.is_radiologist(request.user):
        policy.record_refusal(request, request.user, named_study)
        raise Problem(403, "Only radiologists may read studies.")
    if named_study is not None and not access.may_read(request.user, named_study):
        policy.record_refusal(request, request.user, named_study)
        raise Problem(403, access.NOT_YOURS)


def _check_method(request: HttpRequest, methods: tuple[str, ...]) -> None:
    if (request.method or "") not in methods:
        raise Problem(405, "This resource does not take that method.")


def _check_uids(names: dict[str, Any]) -> None:
    for name in ("study", "series", "instance"):
        if name in names and not structure.is_uid(names[name]):
            raise Problem(400, f"The {name} is not named by a valid UID.")


def instances_at(study: str, series: str = "", instance: str = "") -> list[Instance]:
    """The instances of a path, in order. Raises Problem 404 when there are none."""
    rows = Instance.objects.select_related("series__study").filter(series__study__study_instance_uid=study)
    if series:
        rows = rows.filter(series__series_instance_uid=series)
    if instance:
        rows = rows.filter(sop_instance_uid=instance)
    instances = list(rows.order_by("series__number", "series_id", "number", "id"))
    if not instances:
        raise Problem(404, "There is nothing here by that name.")
    return instances


def note_view(request: HttpRequest, study: Study) -> None:
    """One audit event for each study, session and hour; recorded before anything is shown."""
    hour = int(time.time() // VIEW_SECONDS)
    session = hashlib.sha256((request.session.session_key or "").encode()).hexdigest()
    key = f"viewed:{session}:{study.pk}:{hour}"
    if cache.get(key) is None:
        audit.record(request.user, "view", study=study, request=request, by="dicomweb")
        cache.set(key, True, VIEW_SECONDS)


# --- answers ------------------------------------------------------------------------------------


def dicom_json(data: Any, status: int = 200) -> JsonResponse:
    return JsonResponse(data, safe=False, status=status, content_type="application/dicom+json")


def etag_of(kind: str, instances: Iterable[Instance]) -> str:
    digest = hashlib.sha256(kind.encode())
    for instance in instances:
        digest.update(f"{instance.sop_instance_uid} {instance.sha256}\n".encode())
    return f'"{digest.hexdigest()[:32]}"'


def unchanged(request: HttpRequest, etag: str, caching: str) -> HttpResponseBase | None:
    """304 if the client has this version already, else None."""
    response = get_conditional_response(request, etag=etag)
    return cached(response, etag, caching) if response is not None else None


def cached(response: Any, etag: str, caching: str) -> Any:
    response["ETag"] = etag
    response["Cache-Control"] = caching
    response["Vary"] = "Accept, Cookie"
    return response


def check_accepts(request: HttpRequest, *kinds: str) -> None:
    """Raise Problem 406 when the client takes none of `kinds` (media types without parameters)."""
    header = request.GET.get("accept") or request.headers.get("Accept") or "*/*"
    wanted = {part.split(";")[0].strip().lower() for part in header.split(",")}
    families = {f"{kind.split('/')[0]}/*" for kind in kinds}
    if not wanted & ({"*/*", *kinds} | families):
        raise Problem(406, f"This resource comes as {' or '.join(kinds)}.")


def multipart(parts: Iterable[tuple[str, Iterator[bytes]]], kind: str, extra: str = "") -> StreamingHttpResponse:
    """multipart/related (section 8.6.1.2.1); each part is its Content-Type and its bytes in chunks."""
    boundary = uuid.uuid4().hex

    def body() -> Iterator[bytes]:
        for content_type, chunks in parts:
            yield f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
            yield from chunks
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return StreamingHttpResponse(body(), content_type=f'multipart/related; type="{kind}"; boundary={boundary}{extra}')


def empty(status: int) -> HttpResponse:
    return HttpResponse(status=status)
