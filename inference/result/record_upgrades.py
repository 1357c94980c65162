"""Readings of earlier formats -> the next one, as plain JSON values, one function for each step.

Format 1 (it had no number) kept facts as sentences. Its sentences were made from a few templates, which stand here as
patterns: a sentence that fits one becomes values again, any other is kept word for word under the code ``as_written``.
Nothing else in the product reads a sentence. An upgrade never changes once it is released.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = dict[str, Any]
#: Makes a value of what a named group of a pattern matched.
Reader = Callable[[str], Any]

_NAME = r"[TLS]\d+(?:-[TLS]\d+)?"
_NAMES = rf"(?P<places>{_NAME}(?:(?:, | and ){_NAME})*)"
_GRADE = r"normal|mild|moderate|severe"
_ROLE = r"(?:sagittal T[12]|axial T2)"
_ROLES = rf"(?P<roles>{_ROLE}(?:(?:, | and ){_ROLE})*)"
_CHANCE = r"(?P<chance>over 99 %|\d+ %)"


def _parts(text: str) -> list[str]:
    return re.split(r", | and | or ", text)


def _role(text: str) -> str:
    return text.lower().replace(" ", "_")


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)


#: How groups are read; what is not here is text.
_READERS: dict[str, Reader] = {
    "grades": _parts,
    "measured_grades": _parts,
    "roles": lambda text: [_role(part) for part in _parts(text)],
    "role": _role,
    "probability": lambda text: int(text) / 100,
    "alternative_probability": lambda text: int(text) / 100,
    "side": str.lower,
    "fat_to_csf": lambda _: None,  # the sentence does not say it
    "out_of_distribution": bool,
    **dict.fromkeys(
        (
            "count", "images", "noise_percent", "angle_deg", "depth_mm", "height_mm", "residual_mm", "echo_time_ms",
            "repetition_time_ms", "ap_mm", "area_mm2", "ap_under_mm", "area_under_mm2", "fat_mm2", "fat_under_mm2",
            "height_under_mm",
        ),
        _number,
    ),
}  # fmt: skip


def _templates(*pairs: tuple[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(code, re.compile(pattern)) for code, pattern in pairs]


#: Whole sentences that carry no values.
_PLAIN = {
    "Read from sagittal T1: the canal's edge is less certain than on T2.": "read_from_t1",
    "There is no axial T2 series; everything is read from the sagittal images.": "no_axial_series",
    "The axial images pass through none of the discs that were found.": "axial_misses_discs",
    "The series was made after a contrast agent. Check the grades.": "contrast",
    "Fat is suppressed in this series: the canal's edge is less certain. Check the grades.": "fat_suppressed",
    "The series is named T1, but its CSF is bright. Check what was sent.": "unexpected_contrast",
    "Ghosts or ripples run through the vertebrae: the patient may have moved. Check the grades.": "motion",
    "The images end just below the lowest disc: the sacrum is cut off. Check the level names.": "sacrum_cut_off",
    "The canal was not seen here.": "canal_not_seen",
    "The canal reaches the edge of the imaged slab; the area within it is given.": "canal_cut_off",
    "Not measured: the images are spoilt here, as by metal.": "spoilt",
    "It was not seen well enough to be measured.": "not_seen_well",
    "A vertebra beside the disc was not seen.": "vertebra_not_seen",
    "L1 or the lowest disc was not seen.": "lordosis_ends_not_seen",
    "The sagittal slices do not reach this foramen.": "foramen_not_reached",
    "The pedicle above was not seen.": "upper_pedicle_not_seen",
    "The pedicle below was not seen.": "lower_pedicle_not_seen",
    "Fat is not bright in any sagittal series: it is suppressed, or a contrast agent was given.": "fat_not_bright",
    "Too little bone marrow was seen to compare with.": "too_little_marrow",
    "This level was not found in the images.": "level_not_found",
    "The canal was not seen at this level.": "level_without_canal",
    "Graded from the diameter alone: the area is not complete.": "area_incomplete",
    "Lateral recesses and foramina are not graded: no grader is installed.": "no_grader",
    "No axial T2 image goes through this disc; the lateral recesses are not graded without one.": "no_axial_image",
    "The installed grader has not learnt to grade this.": "not_learnt",
    "The grader gave no grade at this level.": "no_grade_given",
    "The machine did not look at this yet when it read the study.": "not_looked_at",
}
_NOTICES = _templates(
    *((code, re.escape(text)) for text, code in _PLAIN.items()),
    ("fat_suppressed", r"Fat is dark(?P<fat_to_csf>): it seems to be suppressed in this series\. Check the grades\."),
    ("slices_missing", r"(?P<count>\d+) slices? (?:is|are) missing inside the sagittal series; neighbours stand in for "
                       r"(?:it|them)\."),
    ("levels_missing", rf"Not in the images, or not found: {_NAMES}\. They are not assessed\."),
    ("discs_too_near", r"(?P<count>\d+) mark\(s\) of disc lay too near to another to be a disc of their own\. "
                       r"Check the levels\."),
    ("discs_estimated", r"(?P<count>\d+) disc\(s\) were not seen between their neighbours; their place is estimated\. "
                        r"Check the levels\."),
    ("names_uncertain", rf"The level names are uncertain: the lowest disc found is taken for (?P<lowest>{_NAME}) "
                        rf"\((?P<probability>\d+)%\), it may be (?P<alternative>{_NAME}) "
                        r"\((?P<alternative_probability>\d+)%\)\. Check the count\."),
    ("lowest_disc_named", rf"The lowest disc that was found is taken for (?P<lowest>{_NAME})\. "
                          r"Check the level names\."),
    ("small_lowest_disc", r"The lowest disc is small \((?P<depth_mm>\d+) mm deep, (?P<height_mm>[\d.]+) mm high\): "
                          r"a transitional vertebra is possible\.(?: Check the count\.)?"),
    ("disc_in_sacrum", r"There is a disc within the sacrum \((?P<depth_mm>\d+) mm deep\): "
                       r"S1 may be a lumbar vertebra, a transitional one\.(?: Check the count\.)?"),
    ("noise", r"The images are noisy \((?P<noise_percent>\d+)% of the marrow's signal\)\. "
              r"Check canal and levels by eye\."),
    ("metal", rf"Signal voids as beside metal at {_NAMES}\. "
              r"Canal and foramina are not measured there: read these levels by hand\."),
    ("narrow_slab", rf"The slices do not reach the foramina on both sides at {_NAMES}\."),
    ("scoliosis", r"Scoliosis: the spine turns by about (?P<angle_deg>\d+)° seen from the front\. "
                  r"Check levels and planes\."),
    ("curve_residual", r"Discs and bodies lie (?P<residual_mm>[\d.]+) mm off a smooth curve\. "
                       r"Check that every disc was found and named rightly\."),
    ("odd_spacing", rf"Unusual distance between {_NAMES}: a disc may be misplaced\. Check the levels\."),
    ("listhesis", r"(?P<kind>anterolisthesis|retrolisthesis), Meyerding grade (?P<meyerding>I{1,3}|IV|V)"),
    ("out_of_distribution", rf"Unlike the images that the grader learnt from: {_ROLES}\. "
                            r"Its grades may be wrong whatever their probability\."),
    ("canal_contradicted", rf"The network says (?P<network>{_GRADE}), the measurements (?P<measured>{_GRADE}): "
                           r"look at this level yourself\."),
    ("foramen_contradicted", rf"(?P<side>Left|Right) foramen: the network says (?P<network>{_GRADE}), "
                             rf"the measurements (?P<measured_grades>(?:{_GRADE})(?: or (?:{_GRADE}))*): "
                             r"look at it yourself\."),
)  # fmt: skip
_RULES = _templates(
    ("canal_narrow", r"AP diameter under (?P<ap_under_mm>[\d.]+) mm \((?P<ap>absolute|relative) stenosis\)"
                     r"(?: and canal area under (?P<area_under_mm2>[\d.]+) mm² "
                     r"\((?P<area>absolute|relative) stenosis\))?"),
    ("canal_narrow", r"canal area under (?P<area_under_mm2>[\d.]+) mm² \((?P<area>absolute|relative) stenosis\)"),
    ("canal_wide", r"AP diameter at least (?P<ap_mm>[\d.]+) mm"
                   r"(?: and canal area at least (?P<area_mm2>[\d.]+) mm²)?"),
    ("network_grade", rf"network, {_CHANCE}; made from {_ROLES}"),
    ("by_hand", r"Read by hand\."),
    ("network_opinion", rf"the network says (?P<grade>{_GRADE}), {_CHANCE}"
                        r"(?P<out_of_distribution>, on images unlike those it learnt from)?"),
    ("foramen_measured", rf"measured: (?P<grades>(?:{_GRADE})(?: or (?:{_GRADE}))*), by perineural fat "
                         r"(?P<fat_mm2>\d+) mm² \((?:all round|under (?P<fat_under_mm2>\d+) mm²: "
                         r"(?P<fat>hardly any|reduced))\)(?:, foramen height (?P<height_mm>[\d.]+) mm"
                         r"(?: \(under (?P<height_under_mm>[\d.]+) mm: low\))?)?"),
    ("series_absent", rf"No (?P<role>{_ROLE}) series in the study\."),
    ("series_chosen", r"(?P<role>Sagittal T[12]|Axial T2) by its geometry and "
                      r"(?:described as (?P<described_as>\w+)|echo time (?P<echo_time_ms>\d+) ms"
                      r"(?:, repetition time (?P<repetition_time_ms>\d+) ms)?); (?P<images>\d+) images"
                      r"(?:; preferred to (?P<others>\d+) others?)?\."),
)  # fmt: skip


def notices_of(text: str) -> list[Json]:
    """The notices that a text of format 1 says; what fits no template is kept as it was written."""
    notices, place = [], 0
    while place < len(text):
        notice, end = _next_notice(text, place)
        notices.append(notice)
        place = end + 1  # a space stood between two sentences
    return notices


def _next_notice(text: str, start: int) -> tuple[Json, int]:
    for code, pattern in _NOTICES:
        match = pattern.match(text, start)
        if match and text[match.end() : match.end() + 1] in ("", " "):
            values = _values(match)
            places = _parts(values.pop("places", "")) if "places" in values else []
            if "measured_grades" in values:
                values["measured"] = values.pop("measured_grades")
            return {"code": code, "places": places, "values": values}, match.end()
    return {"code": "as_written", "places": [], "values": {"text": text[start:]}}, len(text)


def rules_of(text: str, probability: float | None = None) -> list[Json]:
    """The rules that a text of format 1 says. probability: of the network's grade, which the text only rounds."""
    return [_rule(part, probability) for part in re.split(r"; (?!made from |preferred |\d+ images)", text) if part]


def _rule(text: str, probability: float | None) -> Json:
    for code, pattern in _RULES:
        match = pattern.fullmatch(text)
        if match:
            return {"code": code, "values": _finished(code, _values(match), probability)}
    return {"code": "as_written", "values": {"text": text}}


def _values(match: re.Match[str]) -> Json:
    found = {name: text for name, text in match.groupdict().items() if text is not None}
    return {name: _READERS.get(name, str)(text) for name, text in found.items()}


def _finished(code: str, values: Json, probability: float | None) -> Json:
    """A rule's values with what its words leave out."""
    if "chance" in values:
        chance = values.pop("chance")
        if code == "network_grade" and probability is not None:
            values["probability"] = probability
        elif chance.startswith("over"):
            values["probability_above"] = 0.99
        else:
            values["probability"] = int(chance.split()[0]) / 100
    if code == "network_opinion":
        values.setdefault("out_of_distribution", False)
    if code == "foramen_measured":
        values["fat"] = {"hardly any": "absent"}.get(values.get("fat", "preserved"), values.get("fat", "preserved"))
    if code == "series_chosen":
        values["others"] = int(values.get("others", 0))
    return values


# --- 1 -> 2: facts as values ----------------------------------------------------------------------

#: What the figure of a quality finding was, where its sentence did not say it.
_FIGURES = {
    "motion": "ripple_percent",
    "unexpected_contrast": "csf_to_marrow",
    "fat_suppressed": "fat_to_csf",
    "metal": "void_mm3",
    "sacrum_cut_off": "room_mm",
}


def facts_as_values(old: Json) -> Json:
    """Format 1 -> 2. Raises KeyError for what is no reading."""
    kept = {name: item for name, item in old.items() if name not in ("warnings", "quality")}
    return kept | {
        "format": 2,
        "series": [_without(one, "why") | {"rule": _rule(one["why"], None)} for one in old["series"]],
        "measurements": [_measurement(one) for one in old["measurements"]],
        "findings": [_finding(one) for one in old["findings"]],
        "provenance": _provenance(old["provenance"]),
        "numbering": _numbering(old.get("numbering")),
        "notices": warnings_as_notices(old.get("warnings", ()), old.get("quality", ()), old.get("numbering")),
        "outside": [],
    }


def warnings_as_notices(
    warnings: Iterable[str], quality: Iterable[Json] = (), numbering: Json | None = None
) -> list[Json]:
    """The notices of a reading of format 1, missing levels first."""
    figures = {one["text"]: one.get("figure") for one in quality}
    notices = []
    for text in warnings:
        for notice in notices_of(text):
            _add_figure(notice, figures.get(text))
            if notice["code"] == "names_uncertain" and numbering:
                notice["values"] = {name: numbering[name] for name in notice["values"]}
            notices.append(notice)
    return sorted(notices, key=lambda notice: notice["code"] != "levels_missing")


def _add_figure(notice: Json, figure: float | None) -> None:
    if figure is not None and notice["code"] in _FIGURES:
        notice["values"][_FIGURES[notice["code"]]] = figure


def _without(item: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in item.items() if name not in names}


def _measurement(old: Json) -> Json:
    notices = notices_of(old.get("note", ""))
    return _without(old, "note") | {"notice": notices[0] if notices else None}


def _finding(old: Json) -> Json:
    return _without(old, "rule", "note", "unfamiliar") | {
        "rules": rules_of(old["rule"], old.get("probability")),
        "notices": notices_of(old.get("note", "")),
        "out_of_distribution": old.get("unfamiliar", False),
    }


def _numbering(old: Json | None) -> Json | None:
    if old is None:
        return None
    notices = notices_of(old.get("transitional", ""))
    return old | {"transitional": notices[0] if notices else None}


def _provenance(old: Json) -> Json:
    segmenter = f"{old['model_name']} {old['model_version']} {old['model_sha256']}"
    marks = [dict(zip(("name", "version", "sha256"), mark.split(), strict=True))
             for mark in (segmenter, *old.get("others", ()))]  # fmt: skip
    return {
        "code_version": old["code_version"],
        "models": marks,
        "input_digest": old["input_digest"],
        "runtime": old.get("runtime", ""),
    }


#: The upgrade of format 1, of format 2 and so on.
UPGRADES: tuple[Callable[[Json], Json], ...] = (facts_as_values,)
