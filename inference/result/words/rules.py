"""Every `Rule` in words, by its code, with the values that each carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inference.result.words.amounts import listed, percent
from inference.result.words.labels import ROLE_LABELS, grade_word, role_word
from inference.types import Role, Rule

Values = Mapping[str, Any]


def rule_words(rule: Rule) -> str:
    """A rule as a part of a sentence. Raises KeyError for a code without words."""
    return RULES[rule.code](rule.values)


def rules_words(rules: Iterable[Rule]) -> str:
    """What decided, and what else was said, in one line."""
    return "; ".join(rule_words(rule) for rule in rules)


def _chosen(values: Values) -> str:
    """weighting: by the times that are named, else by what the series is described as. others: that could be it too."""
    if "described_as" in values:
        weighting = f"described as {values['described_as']}"
    else:
        weighting = f"echo time {values['echo_time_ms']:.0f} ms"
        if "repetition_time_ms" in values:
            weighting += f", repetition time {values['repetition_time_ms']:.0f} ms"
    others = values["others"]
    preferred = f"; preferred to {others} other{'s' if others > 1 else ''}" if others else ""
    return f"{ROLE_LABELS[Role(values['role'])]} by its geometry and {weighting}; {values['images']} images{preferred}."


def _canal_narrow(values: Values) -> str:
    """Of diameter and area those that are below a threshold, and which: ap_under_mm and ap, area_under_mm2 and area."""
    reasons = []
    if "ap_under_mm" in values:
        reasons.append(f"AP diameter under {values['ap_under_mm']:g} mm ({values['ap']} stenosis)")
    if "area_under_mm2" in values:
        reasons.append(f"canal area under {values['area_under_mm2']:g} mm² ({values['area']} stenosis)")
    return " and ".join(reasons)


def _canal_wide(values: Values) -> str:
    """area_mm2: where the area is known."""
    area = f" and canal area at least {values['area_mm2']:g} mm²" if "area_mm2" in values else ""
    return f"AP diameter at least {values['ap_mm']:g} mm{area}"


def _network_grade(values: Values) -> str:
    roles = listed([role_word(role) for role in values["roles"]])
    return f"network, {_probability(values)}; made from {roles}"


def _network_opinion(values: Values) -> str:
    strange = ", on images unlike those it learnt from" if values["out_of_distribution"] else ""
    return f"the network says {grade_word(values['grade'])}, {_probability(values)}{strange}"


def _probability(values: Values) -> str:
    """probability_above: of a reading that kept no more of it."""
    if "probability_above" in values:
        return f"over {100 * values['probability_above']:.0f} %"
    return percent(values["probability"])


#: What the amount of fat means.
_FAT = {"absent": "hardly any", "reduced": "reduced"}


def _foramen_measured(values: Values) -> str:
    """grades: that it may be. fat: absent, reduced or preserved; the thresholds passed, where one was."""
    grades = " or ".join(grade_word(grade) for grade in values["grades"])
    fat = "all round" if values["fat"] == "preserved" else f"under {values['fat_under_mm2']} mm²: {_FAT[values['fat']]}"
    text = f"measured: {grades}, by perineural fat {values['fat_mm2']:.0f} mm² ({fat})"
    if "height_mm" in values:
        text += f", foramen height {values['height_mm']:.1f} mm"
    if "height_under_mm" in values:
        text += f" (under {values['height_under_mm']:g} mm: low)"
    return text


#: By code what makes the words of a rule's values.
RULES: dict[str, Callable[[Values], str]] = {
    # Read as it was written before facts were kept as values.
    "as_written": lambda values: str(values["text"]),
    # Why a series plays its role.
    "series_chosen": _chosen,
    "series_absent": lambda values: f"No {role_word(values['role'])} series in the study.",
    # What a grade was decided by.
    "canal_narrow": _canal_narrow,
    "canal_wide": _canal_wide,
    "network_grade": _network_grade,
    "by_hand": lambda _: "Read by hand.",
    # What else is known of the same site.
    "network_opinion": _network_opinion,
    "foramen_measured": _foramen_measured,
}
