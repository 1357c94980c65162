"""Uploads through the browser: files, the files of a folder, or zips, in one multipart request.

The limits are checked before Django reads the body: afterwards it is on the
server's disk already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts import audit
from worklist.access import worklist_required
from worklist.intake import archives, receive
from worklist.intake.receive import Receipt, Refused

#: Source of an upload of a folder, whose other files are skipped; a single chosen file that is no image is refused.
FOLDER = "folder"
#: Number of files that are named for each reason of refusal.
EXAMPLES = 3


@csrf_exempt
@require_POST
@worklist_required
def upload(request: HttpRequest) -> HttpResponseBase:
    """Refuse a too large body unread; the token is checked by `_taken`, before anything is stored.

    Without the exemption the middleware would read the whole body, to find the
    token in it, before this view could refuse it.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return _refusal(411, "The upload does not say how large it is.")
    if int(length) > settings.UPLOAD_MAX_BYTES:
        return _refusal(413, f"At most {settings.UPLOAD_MAX_BYTES >> 20:,} MiB can be sent at once. Send it in parts.")
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _taken(request)


@csrf_protect
def _taken(request: HttpRequest) -> HttpResponseBase:
    receipt = Receipt()
    sender = request.user.get_username()
    source = request.POST.get("source", "")
    try:
        for file in request.FILES.getlist("files"):
            for part in _receive(file, sender, source):
                receipt.add(part)
    finally:  # also of an upload that ends in the middle: what is stored is on record
        _audit(request, receipt)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(as_json(receipt))
    messages.info(request, summary(receipt))
    return redirect("worklist:page")


def _receive(file: Any, sender: str, source: str) -> Iterator[Receipt]:
    if archives.is_zip(file):
        yield from archives.receive_zip(file, file.name, sender)
    elif source == FOLDER:
        yield archives.receive_member(file, file.name, sender)
    else:
        yield receive.receive(file, file.name, sender)


def _audit(request: HttpRequest, receipt: Receipt) -> None:
    counts = {"stored": receipt.stored, "duplicates": receipt.duplicates, "refused": len(receipt.rejected)}
    studies: list[Any] = sorted(receipt.studies) or [None]
    for study in studies:
        audit.record(request.user, "upload", study=study, request=request, by="browser", **counts)


def as_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt for the page."""
    return {
        "stored": receipt.stored,
        "duplicates": receipt.duplicates,
        "skipped": receipt.skipped,
        "studies": sorted(str(study) for study in receipt.studies),
        "refused": len(receipt.rejected),
        "rejected": reasons(receipt.rejected),
    }


def reasons(rejected: list[Refused]) -> list[dict[str, Any]]:
    """Each reason once, in the order of its first file, with the number of its files and a few of their names."""
    names: dict[tuple[str, str], list[str]] = {}
    for file in rejected:
        names.setdefault((file.code, file.message), []).append(file.file_name)
    return [
        {"code": code, "message": message, "count": len(files), "files": files[:EXAMPLES]}
        for (code, message), files in names.items()
    ]


def summary(receipt: Receipt) -> str:
    """One line for the user: counts of stored, known, skipped and refused files."""
    parts = [f"{_images(receipt.stored)} stored"]
    if receipt.duplicates:
        parts.append(f"{receipt.duplicates} already here")
    if receipt.skipped:
        parts.append(f"{receipt.skipped} other files skipped")
    if receipt.rejected:
        parts.append(f"{len(receipt.rejected)} refused")
    return ", ".join(parts) + "."


def _images(count: int) -> str:
    return f"{count:,} image" if count == 1 else f"{count:,} images"


def _refusal(status: int, text: str) -> HttpResponse:
    return JsonResponse({"error": text}, status=status)
