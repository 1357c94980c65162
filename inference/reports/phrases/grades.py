"""The grade of a predicate, where it stands and which one it is when no word gives it."""

from __future__ import annotations

from inference.reports.phrases.arguments import Taken
from inference.reports.phrases.chunks import Chunk
from inference.reports.phrases.sides import side_after
from inference.reports.words import kinds

#: How far before a predicate, in chunks, its grade may stand.
_REACH = 5
_BEFORE_PREDICATE = frozenset(
    (kinds.SIDE, kinds.SITE, kinds.COPULA, kinds.COMPLETE, kinds.HEDGE, kinds.SEEN, kinds.LESION_ZONE, kinds.DISC_LEVEL,
     kinds.AT, kinds.WITH, kinds.COLON)
)  # fmt: skip
_BEFORE_SITES = frozenset(
    (kinds.SIDE, kinds.COMPLETE, kinds.HEDGE, kinds.DISC_LEVEL, kinds.LESION_ZONE, kinds.OF, kinds.THAN,
     kinds.COMPARISON)
)  # fmt: skip
_BEFORE_LATE_GRADE = frozenset(
    (kinds.COPULA, kinds.COLON, kinds.OPENING_BRACKET, kinds.COMMA, kinds.SEEN, kinds.PREVIOUSLY, kinds.OF, kinds.NOW,
     kinds.PAST, kinds.DASH)
)  # fmt: skip
_BEHIND_LATE_GRADE = frozenset(
    ("", kinds.COMMA, kinds.SEMICOLON, kinds.AT, kinds.CLOSING_BRACKET, kinds.AND, kinds.OF, kinds.WITH, kinds.BUT)
)


def grade_of(chunks: list[Chunk], i: int, taken: Taken) -> Chunk | None:
    """The grade of a predicate: before it, before its sites, or after both."""
    for k in range(i - 1, max(-1, i - 1 - _REACH), -1):
        c = chunks[k]
        if c.kind is kinds.GRADE:
            if not c.used:
                return c
            break
        if c.kind not in _BEFORE_PREDICATE:
            break
    start = min((k for k, _ in taken.sites), default=i)
    k = min(start, i) - 1
    while k >= 0 and chunks[k].kind in _BEFORE_SITES:
        k -= 1
    if k >= 0 and chunks[k].kind is kinds.GRADE and not chunks[k].used and chunks[k].attached == "right":
        return chunks[k]
    return _grade_after(chunks, max(i, taken.last))


def _grade_after(chunks: list[Chunk], last: int) -> Chunk | None:
    k = last + 1
    while k < len(chunks) and chunks[k].kind in _BEFORE_LATE_GRADE:
        k += 1
    if k >= len(chunks) or chunks[k].kind is not kinds.GRADE or chunks[k].attached != "left" or chunks[k].used:
        return None
    after = chunks[k + 1].kind if k + 1 < len(chunks) else ""
    if chunks[k - 1].kind is kinds.COMMA and after not in _BEHIND_LATE_GRADE:
        return None
    return None if side_after(chunks, k) or chunks[k - 1].kind is kinds.SIDE else chunks[k]


def paired_grades(chunks: list[Chunk], taken: Taken, i: int) -> list[tuple[Chunk, str]]:
    """``moderate left and mild right`` before a site, or between it and its predicate at ``i``."""
    first, last = taken.sites[0][0], taken.sites[-1][0]
    pairs = _pairs(chunks, first - 1, chunks[first].side)
    return pairs or (_pairs(chunks, i - 1, "", last) if last < i - 4 else [])


def _pairs(chunks: list[Chunk], k: int, side: str, stop: int = -1) -> list[tuple[Chunk, str]]:
    """Grades with their sides, read leftward from ``k``; nothing unless there are two with different sides."""
    parts: list[tuple[Chunk | None, str]] = []
    grade: Chunk | None = None
    while k > stop:
        c = chunks[k]
        if c.kind is kinds.GRADE and grade is None and not c.used:
            grade = c
        elif c.kind is kinds.SIDE and not side:
            side = c.value
        elif c.kind in (kinds.AND, kinds.COMMA) and side:
            parts.append((grade, side))
            side, grade = "", None
        else:
            break
        k -= 1
    if side:
        parts.append((grade, side))
    graded = [(one, its_side) for one, its_side in parts if one is not None]
    return graded if len(graded) > 1 and len({its_side for _, its_side in graded}) > 1 else []


def is_joined(chunks: list[Chunk], taken: Taken, i: int) -> bool:
    """Whether a noun predicate is joined by ``and`` to the one before, with no grade of its own."""
    k = min(taken.first, i) - 1
    while k >= 0 and chunks[k].kind in (kinds.SIDE, kinds.LESION_ZONE):
        k -= 1
    joined = k >= 1 and chunks[k].kind is kinds.AND and chunks[k - 1].kind is kinds.COMPROMISE
    return joined and chunks[i].form == "noun"


def default_grade(chunks: list[Chunk], i: int, site: Chunk | None) -> str:
    """The grade of a predicate that stands without one (docs/labels.md, "Which grade")."""
    effect = chunks[i].value
    on_canal = site is not None and site.value == "canal"
    complete = i > 0 and chunks[i - 1].kind is kinds.COMPLETE
    if effect == "contact":
        return "mild"
    if effect == "efface":
        return ("severe" if complete else "mild") if on_canal else "present"
    if effect == "obliterate":
        return "severe" if complete and site is not None and on_canal and site.form in ("sac", "canal") else "present"
    return "present"


_BEFORE_SIDED_GRADE = frozenset((kinds.COMMA, kinds.OPENING_BRACKET, kinds.DASH, kinds.COLON, kinds.COPULA))
_SIDED_CLAUSE = [kinds.COMMA, kinds.OF, kinds.SIDE, kinds.COPULA, kinds.GRADE]


def is_graded_by_side(chunks: list[Chunk], i: int) -> bool:
    """``stenosis, moderate on the right``, ``..., which on the right is moderate``: only that side is meant."""
    if [c.kind for c in chunks[i + 1 : i + 6]] == _SIDED_CLAUSE:
        return True
    k = i + 1
    while k < len(chunks) and chunks[k].kind in _BEFORE_SIDED_GRADE:
        k += 1
    return i + 1 < k < len(chunks) and chunks[k].kind is kinds.GRADE and bool(side_after(chunks, k))


def is_graded_by_level(chunks: list[Chunk], i: int) -> bool:
    """``foraminal narrowing: none at L1-L2, mild at L3-L4``: each level has its own grade behind."""
    k = next((k for k in range(i + 1, min(len(chunks), i + 5)) if chunks[k].kind is kinds.COLON), 0)
    return bool(k) and [c.kind for c in chunks[k + 1 : k + 4]] == [kinds.GRADE, kinds.AT, kinds.DISC_LEVEL]
