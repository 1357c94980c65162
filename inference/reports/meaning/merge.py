"""Statements -> one label for each level and site (docs/labels.md, "Stated twice")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from inference.reports.meaning.context import Reach, Statement
from inference.reports.phrases.assertions import Basis
from inference.reports.trace import Rule, Trace
from inference.reports.types import LEVELS, SITES, STRENGTH, Grade, Label, Span
from inference.reports.words.levels import FIRST

#: A disc and a site with its side: the place of a label.
Cell = tuple[int, str]
#: Statements that stand. ``mentioned``: the discs that the report speaks of.
Keep = Callable[[list[Statement], frozenset[int]], list[Statement]]
#: Of the statements of one cell, those that count.
Narrow = Callable[[list[Statement]], list[Statement]]
#: Of those, the one that stands.
Choose = Callable[[list[Statement]], Statement]

_ORDER = {site: i for i, site in enumerate(SITES)}
_GRADES = {str(grade): grade for grade in Grade}
#: What a label loses in confidence when statements differ, and when its statement is not of this level alone.
_DISPUTED, _WIDE = 0.1, 0.05


class MergeRules(NamedTuple):
    """Which statements stand, which of those on one cell count, and which of these decides."""

    keep: Sequence[Rule[Keep]]
    narrow: Rule[Narrow]
    choose: Rule[Choose]


def merge(
    statements: list[Statement], mentioned: frozenset[int], rules: MergeRules, trace: Trace | None
) -> tuple[Label, ...]:
    """Labels by level, then site. ``mentioned``: the discs that the report speaks of."""
    for rule in rules.keep:
        kept = rule.apply(statements, mentioned)
        if trace is not None:
            _note_dropped(rule, statements, kept, trace)
        statements = kept
    cells: dict[Cell, list[Statement]] = {}
    for one in statements:
        for side in one.sides:
            cell = (one.disc, f"{one.site}_{side}" if side else one.site)
            cells.setdefault(cell, []).append(one)
    return tuple(_label(cell, cells[cell], rules, trace) for cell in sorted(cells, key=_place))


def _note_dropped(rule: Rule[Keep], before: list[Statement], kept: list[Statement], trace: Trace) -> None:
    dropped = [one for one in before if one not in kept]
    if dropped:
        names = (f"{one.site} at {LEVELS[one.disc - FIRST]}" for one in dropped)
        outcome = f"{', '.join(dict.fromkeys(names))}: does not count"
        trace.note(rule, outcome, dropped[0].start, dropped[0].end)


def stenosis_without_site(statements: list[Statement], _: frozenset[int]) -> list[Statement]:
    """``Lesser stenosis at L5-S1``: with no site and no grade it adds nothing to a stenosis stated of that level.

    Example: L5-S1: Mild foraminal stenosis. ¶ ¶ IMPRESSION: Lesser stenosis at L5-S1.
    """
    bare = [one for one in statements if one.basis is Basis.NO_SITE and one.grade == Grade.PRESENT]
    if not bare:
        return statements
    graded = {one.disc for one in statements if one.grade != Grade.NORMAL and one.basis is not Basis.NO_SITE}
    return [one for one in statements if one.disc not in graded or one not in bare]


def remaining_levels(statements: list[Statement], mentioned: frozenset[int]) -> list[Statement]:
    """``No stenosis at the other levels`` holds for no level that the report speaks of.

    Example: L4/5: Severe canal stenosis. No stenosis at the other levels.
    """
    return [one for one in statements if one.reach is not Reach.REMAINING_LEVELS or one.disc not in mentioned]


def remaining_of_site(statements: list[Statement], _: frozenset[int]) -> list[Statement]:
    """``Foramina: patent at the other levels`` holds where the report says nothing of that site.

    Example: Canal: mild L3-4 and moderate L4-5 stenosis; remaining levels patent.
    """
    if not any(one.reach is Reach.REMAINING_OF_SITE for one in statements):
        return statements
    named = {(one.disc, one.site) for one in statements if one.reach is Reach.LEVEL}
    return [one for one in statements if one.reach is not Reach.REMAINING_OF_SITE or (one.disc, one.site) not in named]


def own_level(statements: list[Statement]) -> list[Statement]:
    """``No canal stenosis at any level``: a statement of the level itself beats one of every level.

    Example: L4-5: Mild canal stenosis. ¶ ¶ No canal stenosis at any level.
    """
    if len(statements) == 1:
        return statements
    return [one for one in statements if one.reach is Reach.LEVEL] or statements


def higher_grade(statements: list[Statement]) -> Statement:
    """Of two statements the higher grade stands, and any grade beats `present`; the first of two equal ones.

    Example: L4-5: Mild canal stenosis. ¶ ¶ IMPRESSION: Severe canal stenosis at L4-5.
    """
    return statements[0] if len(statements) == 1 else max(statements, key=_strength)


def _strength(one: Statement) -> int:
    return STRENGTH[one.grade]


def _place(cell: Cell) -> tuple[int, int]:
    return cell[0], _ORDER[cell[1]]


def _label(cell: Cell, statements: list[Statement], rules: MergeRules, trace: Trace | None) -> Label:
    counting = rules.narrow.apply(statements)
    best = rules.choose.apply(counting)
    level, site = LEVELS[cell[0] - FIRST], cell[1]
    if trace is not None:
        _note_choice(f"{site} at {level}: {best.grade}", statements, counting, best, rules, trace)
    same = [one for one in counting if one.grade == best.grade]
    places = {(one.start, one.end) for one in same}
    spans = tuple(Span(start, end) for start, end in (sorted(places) if len(places) > 1 else places))
    confidence = best.confidence if len(same) == 1 else max(one.confidence for one in same)
    if len(same) != len(counting):
        confidence -= _DISPUTED
    if best.reach is Reach.LEVEL:
        return Label(level, site, _GRADES[best.grade], round(confidence, 2), str(best.basis), spans)
    rule = f"{best.basis}, {best.reach}"
    return Label(level, site, _GRADES[best.grade], round(confidence - _WIDE, 2), rule, spans)


def _note_choice(
    outcome: str,
    statements: list[Statement],
    counting: list[Statement],
    best: Statement,
    rules: MergeRules,
    trace: Trace,
) -> None:
    if len(counting) < len(statements):
        trace.note(rules.narrow, outcome, best.start, best.end)
    if any(one.grade != best.grade for one in counting):
        trace.note(rules.choose, outcome, best.start, best.end)
