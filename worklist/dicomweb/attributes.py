"""The DICOM JSON model (PS3.18 annex F), from rows and from files."""

from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

from django.http import HttpRequest
from pydicom import dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from worklist import storage
from worklist.models import Instance, Series, Study

log = logging.getLogger(__name__)

#: Largest binary value in metadata, bytes; larger ones (private records, overlays) are left out.
MAX_INLINE_BYTES = 1024
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_AVAILABLE_TRANSFER_SYNTAX = "00083002"
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


def attribute(keyword: str, *values: Any) -> tuple[str, dict[str, Any]]:
    """(tag, element) of a standard attribute; empty and None values make an element without value."""
    tag = int(tag_for_keyword(keyword) or 0)
    vr = dictionary_VR(tag)
    encoded = [_plain(vr, value) for value in values if value not in (None, "")]
    return f"{tag:08X}", {"vr": vr, "Value": encoded} if encoded else {"vr": vr}


def _plain(vr: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if vr == "PN":
        groups = zip(("Alphabetic", "Ideographic", "Phonetic"), str(value).split("="), strict=False)
        return {name: text for name, text in groups if text}
    return value


def study_attributes(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Section 10.6.3.3.1."""
    return dict(
        [
            attribute("SpecificCharacterSet", "ISO_IR 192"),
            attribute("StudyDate", study.study_date),
            attribute("StudyTime"),
            attribute("AccessionNumber", study.accession_number),
            attribute("InstanceAvailability", "ONLINE"),
            attribute("ModalitiesInStudy", "MR"),
            attribute("ReferringPhysicianName"),
            attribute("StudyDescription", study.description),
            attribute("RetrieveURL", url(request, study)),
            attribute("PatientName", study.patient.name),
            attribute("PatientID", study.patient.patient_id),
            attribute("PatientBirthDate", study.patient.birth_date),
            attribute("PatientSex", study.patient.sex),
            attribute("StudyInstanceUID", study.study_instance_uid),
            attribute("StudyID"),
            attribute("NumberOfStudyRelatedSeries", study.series_count),
            attribute("NumberOfStudyRelatedInstances", study.instance_count),
        ]
    )


def series_attributes(request: HttpRequest, series: Series) -> dict[str, Any]:
    """Section 10.6.3.3.2."""
    return study_attributes(request, series.study) | dict(
        [
            attribute("Modality", series.modality),
            attribute("SeriesDescription", series.description),
            attribute("RetrieveURL", url(request, series.study, series)),
            attribute("SeriesInstanceUID", series.series_instance_uid),
            attribute("SeriesNumber", series.number),
            attribute("NumberOfSeriesRelatedInstances", series.instance_count),
        ]
    )


def instance_attributes(request: HttpRequest, instance: Instance) -> dict[str, Any]:
    """Section 10.6.3.3.3."""
    series = instance.series
    return series_attributes(request, series) | dict(
        [
            attribute("SOPClassUID", instance.sop_class_uid),
            attribute("SOPInstanceUID", instance.sop_instance_uid),
            attribute("RetrieveURL", url(request, series.study, series, instance)),
            attribute("AvailableTransferSyntaxUID", instance.transfer_syntax_uid),
            attribute("InstanceNumber", instance.number),
            attribute("Rows", instance.rows),
            attribute("Columns", instance.columns),
            attribute("NumberOfFrames", instance.frames),
        ]
    )


def url(request: HttpRequest, study: Study, series: Series | None = None, instance: Instance | None = None) -> str:
    path = f"/dicom-web/studies/{study.study_instance_uid}"
    if series is not None:
        path += f"/series/{series.series_instance_uid}"
    if instance is not None:
        path += f"/instances/{instance.sop_instance_uid}"
    return request.build_absolute_uri(path)


def file_attributes(instance: Instance) -> dict[str, Any]:
    """All attributes of a stored file but its pixels and large binaries; section 10.4.1.1.2."""
    data = dcmread(storage.local_file(instance.path), stop_before_pixels=True)
    attributes = {_AVAILABLE_TRANSFER_SYNTAX: {"vr": "UI", "Value": [instance.transfer_syntax_uid]}}
    for tag in data.keys():  # noqa: SIM118 - a data set is no dict: this gives tags and converts nothing
        if tag in _PIXELS:
            continue
        try:
            element = _element(data, tag)
        except Exception as error:  # noqa: BLE001 - one odd private value must not hide the image
            log.warning("an attribute of instance %s cannot be encoded: %s", instance.pk, type(error).__name__)
            continue
        if element is not None:
            attributes[f"{int(tag):08X}"] = element
    return dict(sorted(attributes.items()))


def _element(data: Dataset, tag: Any) -> dict[str, Any] | None:
    element = data[tag]
    if element.VR in _BINARY and len(element.value or b"") > MAX_INLINE_BYTES:
        return None
    encoded = dict(element.to_json_dict(None, MAX_INLINE_BYTES))
    # JSON has no NaN: one would make the whole answer unreadable. Raises ValueError, also for one in a sequence.
    json.dumps(encoded, allow_nan=False)
    return encoded
