"""What the report reader returns. Spans are character offsets in the text as given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from inference.types import LEVELS, LUMBAR_LEVELS

__all__ = ["LEVELS", "LUMBAR_LEVELS", "SITES", "DiscFinding", "Grade", "Label", "Measured", "Observation"]
__all__ += ["ReportLabels", "Span", "Unclear"]

#: The places at a level that a label can stand for, in the order of tables.
SITES = ("canal", "foramen_left", "foramen_right", "recess_left", "recess_right")


class Grade(StrEnum):
    """A label's grade. `PRESENT` is a compromise stated without a grade."""

    NORMAL = "normal"
    PRESENT = "present"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


#: Which of two statements about one site stands: the higher (docs/labels.md, "Stated twice").
STRENGTH: Mapping[str, int] = {"normal": 0, "present": 1, "mild": 2, "moderate": 3, "severe": 4}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the report as given."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label:
    """One cell of the table: what the report says of one site at one level.

    confidence: 0 to 1, a rank for review and not a probability.
    rule: what the grade rests on, in a word or two (grade word, negation ...); not the numbered rules.
    evidence: the words it came from, in the order of the text.
    """

    level: str
    site: str
    grade: Grade
    confidence: float
    rule: str
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class DiscFinding:
    """A disc lesion: kind (bulge, protrusion, extrusion, sequestration) with its zone and side."""

    level: str
    kind: str
    zone: str
    side: str
    evidence: Span


@dataclass(frozen=True, slots=True)
class Observation:
    """Something else the report states.

    kind: listhesis, fracture, postoperative or transitional. place: a level
    (``L4-L5``), a vertebra (``L3``) or empty.
    """

    kind: str
    place: str
    detail: str
    evidence: Span


@dataclass(frozen=True, slots=True)
class Measured:
    """An anteroposterior diameter of the canal, in mm, as the report states it."""

    level: str
    value_mm: float
    evidence: Span


@dataclass(frozen=True, slots=True)
class Unclear:
    """Words that speak of a site and gave no label, and why: for a person to look at."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class ReportLabels:
    """All that was read from one report.

    labels: at most one for each level and site, ordered by level, then site.
    reason: why it has no label; empty when it has one.
    """

    labels: tuple[Label, ...]
    discs: tuple[DiscFinding, ...] = ()
    observations: tuple[Observation, ...] = ()
    diameters: tuple[Measured, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    reason: str = ""

    def table(self) -> dict[str, dict[str, str]]:
        """``{level: {site: grade}}``, the shape of the labelled files."""
        rows: dict[str, dict[str, str]] = {}
        for label in self.labels:
            rows.setdefault(label.level, {})[label.site] = str(label.grade)
        return rows
