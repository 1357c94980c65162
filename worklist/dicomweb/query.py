"""QIDO-RS: search (PS3.18 section 10.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from pydicom.datadict import keyword_for_tag

from worklist import access
from worklist.dicomweb.answers import Problem, dicom_json, endpoint
from worklist.dicomweb.attributes import instance_attributes, series_attributes, study_attributes
from worklist.intake import structure
from worklist.models import Instance, Series, Study

MAX_RESULTS = 1000
MAX_WILDCARDS = 4

Match = Callable[[str, str], Q]


def _uid(field: str, value: str) -> Q:
    uids = re.split(r"[,\\]", value)
    if not all(structure.is_uid(uid) for uid in uids):
        raise Problem(400, "A UID to match is not valid.")
    return Q(**{f"{field}__in": uids})


def _text(field: str, value: str) -> Q:
    """Single value and wild card matching (PS3.4 section C.2.2.2.4)."""
    if not any(sign in value for sign in "*?"):
        return Q(**{field: value})
    return _wild(field, value, "regex")


def _name(field: str, value: str) -> Q:
    """Names match in either case."""
    if not any(sign in value for sign in "*?"):
        return Q(**{f"{field}__iexact": value})
    return _wild(field, value, "iregex")


def _wild(field: str, value: str, kind: str) -> Q:
    value = re.sub(r"\*+", "*", value)
    if sum(value.count(sign) for sign in "*?") > MAX_WILDCARDS or len(value) > 64:
        raise Problem(400, f"A value to match may hold {MAX_WILDCARDS} wild cards at most.")
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in value)
    return Q(**{f"{field}__{kind}": f"^{pattern}$"})


def _date(field: str, value: str) -> Q:
    """A day, or a range as `19990101-20001231`, open at one end perhaps."""
    first, dash, last = value.partition("-")
    if not dash:
        return Q(**{field: _day(value)})
    bounds = Q()
    if first:
        bounds &= Q(**{f"{field}__gte": _day(first)})
    if last:
        bounds &= Q(**{f"{field}__lte": _day(last)})
    if not (first or last):
        raise Problem(400, "A date to match is not a date or a range of dates.")
    return bounds


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{8}", text):
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        pass
    raise Problem(400, "A date to match is not a date or a range of dates.")


def _number(field: str, value: str) -> Q:
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise Problem(400, "A number to match is not a whole number.")
    return Q(**{field: int(value)})


_STUDY: dict[str, tuple[str, Match]] = {
    "StudyInstanceUID": ("study_instance_uid", _uid),
    "StudyDate": ("study_date", _date),
    "AccessionNumber": ("accession_number", _text),
    "StudyDescription": ("description", _text),
    "PatientName": ("patient__name", _name),
    "PatientID": ("patient__patient_id", _text),
    "PatientBirthDate": ("patient__birth_date", _date),
    "PatientSex": ("patient__sex", _text),
}
_SERIES: dict[str, tuple[str, Match]] = {
    "SeriesInstanceUID": ("series_instance_uid", _uid),
    "Modality": ("modality", _text),
    "SeriesNumber": ("number", _number),
    "SeriesDescription": ("description", _text),
}
_INSTANCE: dict[str, tuple[str, Match]] = {
    "SOPInstanceUID": ("sop_instance_uid", _uid),
    "SOPClassUID": ("sop_class_uid", _uid),
    "InstanceNumber": ("number", _number),
}


def _below(prefix: str, keys: dict[str, tuple[str, Match]]) -> dict[str, tuple[str, Match]]:
    return {keyword: (f"{prefix}__{field}", match) for keyword, (field, match) in keys.items()}


STUDY_KEYS = _STUDY | {"ModalitiesInStudy": ("series__modality", _text)}
SERIES_KEYS = _below("study", _STUDY) | _SERIES
INSTANCE_KEYS = _below("series__study", _STUDY) | _below("series", _SERIES) | _INSTANCE


def studies(request: HttpRequest) -> HttpResponseBase:
    # A separate query, because a study has many series to match but is one row of the response.
    matching = access.visible(request.user).filter(_matching(request, STUDY_KEYS)).values("pk")
    rows = Study.objects.select_related("patient").filter(pk__in=matching).order_by("-study_date", "pk")
    return _answer(request, rows, study_attributes)


@endpoint("GET")
def series(request: HttpRequest, study: str = "") -> HttpResponseBase:
    rows = Series.objects.select_related("study__patient").filter(_matching(request, SERIES_KEYS))
    rows = rows.filter(study__in=access.visible(request.user))
    if study:
        _require(Study.objects.filter(study_instance_uid=study))
        rows = rows.filter(study__study_instance_uid=study)
    return _answer(request, rows.order_by("study_id", "number", "pk"), series_attributes)


@endpoint("GET")
def instances(request: HttpRequest, study: str = "", series: str = "") -> HttpResponseBase:
    rows = Instance.objects.select_related("series__study__patient").filter(_matching(request, INSTANCE_KEYS))
    rows = rows.filter(series__study__in=access.visible(request.user))
    if study:
        _require(Study.objects.filter(study_instance_uid=study))
        rows = rows.filter(series__study__study_instance_uid=study)
    if series:
        _require(Series.objects.filter(series_instance_uid=series, study__study_instance_uid=study))
        rows = rows.filter(series__series_instance_uid=series)
    return _answer(request, rows.order_by("series_id", "number", "pk"), instance_attributes)


def _require(rows: QuerySet[Any]) -> None:
    if not rows.exists():
        raise Problem(404, "There is nothing here by that name.")


def _matching(request: HttpRequest, keys: dict[str, tuple[str, Match]]) -> Q:
    """The condition of all match parameters that are known here; unknown ones match everything (section 8.3.4.1)."""
    condition = Q()
    for name, value in request.GET.dict().items():
        keyword = keyword_for_tag(name) if re.fullmatch(r"[0-9A-Fa-f]{8}", name) else name
        if keyword in keys and value:
            if "\0" in value:
                raise Problem(400, "A value to match holds a character that no value has.")
            field, match = keys[keyword]
            condition &= match(field, value)
    return condition


def _answer(request: HttpRequest, rows: QuerySet[Any], attributes: Callable[..., Any]) -> HttpResponseBase:
    limit = min(_whole_number(request, "limit", MAX_RESULTS), MAX_RESULTS)
    offset = _whole_number(request, "offset", 0)
    page = list(rows[offset : offset + limit + 1])
    response = dicom_json([attributes(request, row) for row in page[:limit]])
    response["Cache-Control"] = "private, no-store"
    if len(page) > limit:
        response["Warning"] = f'299 {request.get_host()} "There are more results; ask with offset={offset + limit}."'
    return response


def _whole_number(request: HttpRequest, name: str, default: int) -> int:
    value = str(request.GET.get(name, default))
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise Problem(400, f"The {name} is not a whole number.")
    return int(value)
