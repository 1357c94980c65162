"""Step seven: statements -> one label for each level and site (docs/labels.md, "Said twice")."""

from __future__ import annotations

from collections.abc import Iterable

from inference.reports.assertions import BARE
from inference.reports.levels import FIRST
from inference.reports.scope import LUMBAR_DISCS, Statement
from inference.reports.types import LEVELS, SITES, STRENGTH, Grade, Label, Span

Cell = tuple[int, str]
_ORDER = {site: i for i, site in enumerate(SITES)}
_GRADES = {str(grade): grade for grade in Grade}


def merge(statements: Iterable[Statement], spoken: frozenset[int]) -> tuple[Label, ...]:
    """Labels by level, then site. ``spoken``: the discs that the report speaks of."""
    own: dict[Cell, list[Statement]] = {}
    wide: dict[Cell, list[Statement]] = {}
    statements = list(statements)
    statements = _without_bare_stenosis(statements)
    named = {(one.disc, one.site) for one in statements if one.reach == "own"}
    for statement in statements:
        into = own if statement.reach == "own" else wide
        if statement.reach == "remaining" and statement.disc in spoken:
            continue
        if statement.reach == "remaining of site" and (statement.disc, statement.site) in named:
            continue
        for side in statement.sides:
            site = f"{statement.site}_{side}" if side else statement.site
            into.setdefault((statement.disc, site), []).append(statement)
    cells = own | {cell: found for cell, found in wide.items() if cell not in own}
    ordered = sorted(cells, key=_place)
    return tuple(_label(cell, cells[cell]) for cell in ordered)


def _without_bare_stenosis(statements: list[Statement]) -> list[Statement]:
    """``Lesser stenosis at L5-S1``: with no site and no grade it adds nothing to a stenosis said of that level."""
    bare = [one for one in statements if one.rule == BARE and one.grade == Grade.PRESENT]
    if not bare:
        return statements
    graded = {one.disc for one in statements if one.grade != Grade.NORMAL and one.rule != BARE}
    return [one for one in statements if one.disc not in graded or one not in bare]


def _place(cell: Cell) -> tuple[int, int]:
    return cell[0], _ORDER[cell[1]]


def _label(cell: Cell, found: list[Statement]) -> Label:
    best = found[0] if len(found) == 1 else max(found, key=_strength)
    level, site = LEVELS[cell[0] - FIRST], cell[1]
    same = [one for one in found if one.grade == best.grade]
    places = {(one.start, one.end) for one in same}
    spans = tuple(Span(start, end) for start, end in (sorted(places) if len(places) > 1 else places))
    confidence = best.confidence if len(same) == 1 else max(one.confidence for one in same)
    if len(same) != len(found):
        confidence -= 0.1
    if best.reach == "own":
        return Label(level, site, _GRADES[best.grade], round(confidence, 2), best.rule, spans)
    rule = f"{best.rule}, {best.reach}"
    return Label(level, site, _GRADES[best.grade], round(confidence - 0.05, 2), rule, spans)


def _strength(one: Statement) -> int:
    return STRENGTH[one.grade]


__all__ = ["LUMBAR_DISCS", "merge"]
