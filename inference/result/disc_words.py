"""What the machine found at a disc, in words."""

from __future__ import annotations

from collections.abc import Iterable

from inference.types import DiscFinding, DiscQuestion

#: What is said where the answer is yes; Pfirrmann and Modic carry their number.
_SAID = {
    DiscQuestion.NARROWING: "narrowed",
    DiscQuestion.BULGING: "bulging",
    DiscQuestion.HERNIATION: "herniation",
    DiscQuestion.SPONDYLOLISTHESIS: "listhesis",
    DiscQuestion.UPPER_ENDPLATE: "upper endplate changed",
    DiscQuestion.LOWER_ENDPLATE: "lower endplate changed",
}


def by_level(findings: Iterable[DiscFinding]) -> dict[str, dict[str, str]]:
    """For each level a line of what is there (``text``) and of every question with its probability (``title``)."""
    levels: dict[str, list[DiscFinding]] = {}
    for finding in findings:
        levels.setdefault(finding.level, []).append(finding)
    return {level: {"text": line(own), "title": "; ".join(map(_in_full, own))} for level, own in levels.items()}


def line(findings: Iterable[DiscFinding]) -> str:
    """``Pfirrmann 4 (71 %), narrowed (88 %), bulging (64 %)``: the grade, and each finding that is listed."""
    return ", ".join(f"{_name(one)} ({_percent(one.probability)})" for one in findings if one.is_listed)


def title(question: DiscQuestion) -> str:
    """``Upper endplate``: what is asked."""
    return question.value.replace("_", " ").capitalize()


def _name(one: DiscFinding) -> str:
    said = _SAID.get(one.finding)
    return said if said is not None else f"{one.finding.value.capitalize()} {one.value}"


def _in_full(one: DiscFinding) -> str:
    chance = _percent(one.probability)
    if one.finding in _SAID:
        return f"{'' if one.value else 'not '}{_SAID[one.finding]} {chance}"
    return f"{_name(one)} {chance}"


def _percent(share: float) -> str:
    """Never certain."""
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"
