"""A draft's text against its grade table: what they say differently, sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference.reports.extract import statements
from inference.reports.meaning.context import Reach, Statement
from inference.reports.types import LEVELS, STRENGTH, Span
from inference.reports.words.levels import FIRST

NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A sentence that does not agree with the grade table, or with another sentence.

    text_says, table_says: grades. With ``other`` the text contradicts itself,
    and ``table_says`` is what the other sentence says.
    """

    span: Span
    level: str
    site: str
    text_says: str
    table_says: str
    message: str
    other: Span | None = None


def check_against(text: str, grades: Mapping[tuple[str, str], str]) -> tuple[Contradiction, ...]:
    """Contradictions between ``text`` and ``grades``, in the order of the text.

    grades: ``{(level, site): grade}`` with the table's grades (normal, mild,
    moderate, severe, not_assessed); sites that are not in it are not checked
    against it. `present` in the text agrees with any grade but normal.
    """
    contradictions: list[Contradiction] = []
    earlier: dict[tuple[str, str], Statement] = {}
    stated = statements(text)
    of_level = {(one.disc, site) for one in stated if one.reach is Reach.LEVEL for site in _sites(one)}
    for one in stated:
        for site in _sites(one):
            if one.reach is not Reach.LEVEL and (one.disc, site) in of_level:
                continue
            level = LEVELS[one.disc - FIRST]
            contradictions.extend(_with_table(one, level, site, grades))
            contradictions.extend(_with_text(one, level, site, earlier))
            earlier.setdefault((level, site), one)
    return tuple(dict.fromkeys(sorted(contradictions, key=_place)))


def _place(one: Contradiction) -> tuple[int, str, str]:
    return one.span.start, one.level, one.site


def _sites(one: Statement) -> list[str]:
    return [f"{one.site}_{side}" if side else one.site for side in one.sides]


def _with_table(one: Statement, level: str, site: str, grades: Mapping[tuple[str, str], str]) -> list[Contradiction]:
    table = grades.get((level, site))
    if table is None or _agree(one.grade, str(table)):
        return []
    words = f"The text says {_words(one.grade)} for {name(level, site)}; the table says {_words(str(table))}."
    return [Contradiction(Span(one.start, one.end), level, site, one.grade, str(table), words)]


def _with_text(
    one: Statement, level: str, site: str, earlier: Mapping[tuple[str, str], Statement]
) -> list[Contradiction]:
    before = earlier.get((level, site))
    if before is None or before.start == one.start or _agree(one.grade, before.grade):
        return []
    words = f"The text says {_words(one.grade)} for {name(level, site)} here, and {_words(before.grade)} elsewhere."
    other = Span(before.start, before.end)
    return [Contradiction(Span(one.start, one.end), level, site, one.grade, before.grade, words, other)]


def _agree(one: str, other: str) -> bool:
    if one == other:
        return True
    if NOT_ASSESSED in (one, other):
        return False
    return "present" in (one, other) and STRENGTH[one] > 0 and STRENGTH[other] > 0


def name(level: str, site: str) -> str:
    """``("L4-L5", "foramen_left")`` in words."""
    kind, _, side = site.partition("_")
    return f"the {side} {kind} at {level}".replace("recess", "lateral recess") if side else f"the {kind} at {level}"


def _words(grade: str) -> str:
    return {"present": "a compromise", NOT_ASSESSED: "not assessed"}.get(grade, grade)
