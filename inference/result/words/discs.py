"""What the machine found at a disc, in words."""

from __future__ import annotations

from collections.abc import Iterable

from inference.result.words.amounts import percent
from inference.types import DiscFinding, DiscQuestion

#: Where the answer is yes; Pfirrmann and Modic carry their number.
_PRESENT = {
    DiscQuestion.NARROWING: "narrowed",
    DiscQuestion.BULGING: "bulging",
    DiscQuestion.HERNIATION: "herniation",
    DiscQuestion.SPONDYLOLISTHESIS: "listhesis",
    DiscQuestion.UPPER_ENDPLATE: "upper endplate changed",
    DiscQuestion.LOWER_ENDPLATE: "lower endplate changed",
}


def discs_by_level(findings: Iterable[DiscFinding]) -> dict[str, dict[str, str]]:
    """For each level a line of what there is (``text``) and every question with its probability (``title``)."""
    levels: dict[str, list[DiscFinding]] = {}
    for finding in findings:
        levels.setdefault(finding.level, []).append(finding)
    return {level: {"text": _line(disc), "title": "; ".join(map(_in_full, disc))} for level, disc in levels.items()}


def question_label(question: DiscQuestion) -> str:
    """``Upper endplate``."""
    return question.value.replace("_", " ").capitalize()


def _line(findings: Iterable[DiscFinding]) -> str:
    """``Pfirrmann 4 (71 %), narrowed (88 %), bulging (64 %)``: the grade, and each finding that is listed."""
    return ", ".join(f"{_name(one)} ({percent(one.probability)})" for one in findings if one.is_listed)


def _name(one: DiscFinding) -> str:
    return _PRESENT.get(one.finding) or f"{one.finding.value.capitalize()} {one.value}"


def _in_full(one: DiscFinding) -> str:
    negation = "not " if one.finding in _PRESENT and not one.value else ""
    return f"{negation}{_name(one)} {percent(one.probability)}"
