"""Rules over chunks: what each grade and each negation in a sentence belongs to.

A grade belongs to the next thing on its right with no comma, verb or
preposition between (``mild facet arthropathy``); failing that to the thing on
its left (``stenosis is mild``). A grade of a disc or a joint is taken and says
nothing of a site. A negation holds for all that it is joined with.
"""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.phrases.chunks import Chunk, describe
from inference.reports.trace import Rewrite, Rule, Trace, rewrite
from inference.reports.words import kinds

_LACKING = {"free": ("of", "from"), "negative": ("for",)}
_HIGH = frozenset(("moderate", "severe"))
_CLAUSE_ENDS = frozenset((kinds.BUT, kinds.SEMICOLON, kinds.COLON, kinds.THERE, kinds.NOW))


def attach(chunks: list[Chunk], rules: Sequence[Rule[Rewrite[Chunk]]], trace: Trace | None) -> list[Chunk]:
    """Chunks after each of the rules of `rewording` and of this module."""
    return rewrite(rules, chunks, {c.kind for c in chunks}, trace, describe)


def free_of(chunks: list[Chunk]) -> list[Chunk]:
    """``Free of stenosis``, ``negative for stenosis``: a denial.

    Example: L4-5: The canal is free of stenosis.
    """
    for i, c in enumerate(chunks[:-1]):
        if c.kind is kinds.NORMAL and chunks[i + 1].form in _LACKING.get(c.form, ()):
            c.kind, c.value = kinds.NEGATION, "no"
    return chunks


_BETWEEN = frozenset((kinds.REMAINING, kinds.ALL, kinds.COPULA, kinds.OF))
_AFTER_SIGNIFICANT = frozenset((kinds.SEMICOLON, kinds.BUT, kinds.COMMA))


def grade_denied(chunks: list[Chunk]) -> list[Chunk]:
    """``No significant`` is ``no``, ``no high-grade`` says nothing, ``no more than mild`` is mild, ``no change`` goes.

    Example: L4-5: No significant canal stenosis.
    """
    for i, c in enumerate(chunks):
        if c.kind is not kinds.NEGATION or _denies_change(chunks, i):
            continue
        after = [a for a in chunks[i + 1 : i + 6] if a.kind not in _BETWEEN][:3]
        if not after:
            continue
        first = after[0]
        if first.kind is kinds.COMPARISON and any(a.kind is kinds.THAN for a in after):
            c.kind = first.kind = kinds.DROPPED
        elif first.kind is kinds.GRADE and first.value not in ("none", "normal"):
            if first.value in _HIGH and first.form not in ("loose", "emphasis"):
                c.value = "ungraded"
            at_end = i + 2 >= len(chunks) or chunks[i + 2].kind in _AFTER_SIGNIFICANT
            is_predicate = at_end and chunks[i + 1] is first and chunks[i - 1].kind is kinds.COPULA
            # ``is not significant`` is ``is not seen``
            first.kind = kinds.SEEN if is_predicate and c.value != "ungraded" else kinds.DROPPED
    return chunks


def _denies_change(chunks: list[Chunk], i: int) -> bool:
    """``not significantly changed``: negation, grade and change go, and the finding stays."""
    change = next((k for k in range(i + 1, min(len(chunks), i + 4)) if chunks[k].kind is kinds.CHANGE), 0)
    if not change:
        return False
    chunks[i].kind = kinds.DROPPED
    for one in chunks[i + 1 : change + 1]:
        if one.kind in (kinds.GRADE, kinds.CHANGE):
            one.kind = kinds.DROPPED
    return True


def emphasis_denied(chunks: list[Chunk]) -> list[Chunk]:
    """``No herniation or significant stenosis``: the emphasis does not end the negation.

    Example: L4-5: No disc herniation or significant stenosis.
    """
    active = False
    for c in chunks:
        if c.kind is kinds.NEGATION:
            active = True
        elif c.kind in _CLAUSE_ENDS:
            active = False
        elif c.kind is kinds.GRADE:
            if c.form == "emphasis" and active:
                c.kind = kinds.DROPPED
            else:
                active = False
    return chunks


def clearing(chunks: list[Chunk]) -> list[Chunk]:
    """What the rules before dropped is taken out.

    Example: L4-5: No significant canal stenosis.
    """
    return [c for c in chunks if c.kind is not kinds.DROPPED]


_THINGS = frozenset((kinds.DISC_LESION, kinds.OTHER_THING, kinds.COMPROMISE, kinds.SITE, kinds.NORMAL))
_NO_SITES = frozenset((kinds.DISC_LESION, kinds.OTHER_THING))
_THROUGH = frozenset(
    (kinds.SIDE, kinds.LESION_ZONE, kinds.DISC_LEVEL, kinds.WITH, kinds.COMPLETE, kinds.HEDGE, kinds.OPENING_BRACKET,
     kinds.CLOSING_BRACKET, kinds.THAN, kinds.COMPARISON)
)  # fmt: skip
_GOES_ON = frozenset((kinds.GRADE, kinds.SIDE, kinds.LESION_ZONE, kinds.NEGATION))
_NEXT_SUBJECT = [kinds.COPULA, kinds.GRADE, kinds.AND, kinds.SIDE, kinds.SITE, kinds.COMPROMISE]
_LEFT_ENDS = frozenset((kinds.SEMICOLON, kinds.BUT, kinds.COLON))


def thing_of_grade(chunks: list[Chunk]) -> list[Chunk]:
    """``Mild facet arthropathy``: a grade belongs to the thing on its right, or else on its left.

    Example: L4-5: Mild facet arthropathy, canal stenosis.
    """
    for i, c in enumerate(chunks):
        if c.kind is not kinds.GRADE:
            continue
        thing = _thing_right(chunks, i)
        if thing is not None:
            c.attached = "right"
            if thing.kind in _NO_SITES or (thing.kind is kinds.COMPROMISE and _is_of_disc(chunks, thing)):
                c.used = True
        else:
            c.attached = "left"
            thing = _thing_left(chunks, i)
            c.used = c.adjective or (thing is not None and thing.kind in _NO_SITES)
    return chunks


def _thing_right(chunks: list[Chunk], i: int) -> Chunk | None:
    k = i + 1
    while k < len(chunks):
        c = chunks[k]
        if c.kind in _THINGS:
            is_adjective = c.kind is kinds.SITE and c.adjective
            return chunks[k + 1] if is_adjective and k + 1 < len(chunks) and chunks[k + 1].kind in _NO_SITES else c
        if c.kind is kinds.DISC_LEVEL and chunks[k - 1].kind is kinds.AT:
            return None
        if k == i + 1 and [one.kind for one in chunks[i - 1 : i + 5]] == _NEXT_SUBJECT:
            return None  # ``left foraminal stenosis is moderate and right foraminal stenosis is severe``
        if _joins_next(chunks, k):
            k += 2
            continue
        if c.kind not in _THROUGH or c.form == "with":
            return None
        k += 1
    return None


def _joins_next(chunks: list[Chunk], k: int) -> bool:
    """``mild left and moderate right``, ``mild left, moderate right``: a further grade or side of the same thing."""
    if k + 1 >= len(chunks):
        return False
    if chunks[k].kind is kinds.AND:
        return chunks[k + 1].kind in _GOES_ON
    return (
        chunks[k].kind is kinds.COMMA
        and chunks[k - 1].kind is kinds.SIDE
        and chunks[k + 1].kind is kinds.GRADE
    )  # fmt: skip


def _thing_left(chunks: list[Chunk], i: int) -> Chunk | None:
    for k in range(i - 1, -1, -1):
        kind = chunks[k].kind
        if kind in _THINGS:
            return chunks[k]
        if kind in _LEFT_ENDS:
            return None
    return None


def _is_of_disc(chunks: list[Chunk], compromise: Chunk) -> bool:
    """``moderate compression fracture``, ``mildly narrowed disc space``."""
    k = chunks.index(compromise) + 1
    return k < len(chunks) and chunks[k].kind is kinds.OTHER_THING and compromise.form in ("ed", "noun", "adj")


_DENIABLE = frozenset((kinds.SITE, kinds.DISC_LESION, kinds.ABNORMALITY))
_JOINTS = frozenset((kinds.AND, kinds.COMMA))


def reach_of_negation(chunks: list[Chunk]) -> list[Chunk]:
    """``No protrusion, stenosis or compression``: a negation holds for all that it is joined with.

    Example: L4-5: No canal or foraminal stenosis.
    """
    active: Chunk | None = None
    for i, c in enumerate(chunks):
        kind = c.kind
        if kind is kinds.NEGATION:
            active = c
        elif kind in _CLAUSE_ENDS or (kind is kinds.GRADE and not c.used):
            active = None
        elif kind is kinds.COMPROMISE and active is not None:
            if c.form == "verb" and chunks[i - 1] is not active and chunks[i - 1].kind not in _JOINTS:
                active = None
                continue
            c.negated = True
            c.ungraded = active.value == "ungraded"
        elif kind in _DENIABLE and active is not None:
            c.negated = True
        elif kind is kinds.NORMAL:
            _negate_normal(chunks, i)
    return chunks


def _negate_normal(chunks: list[Chunk], i: int) -> None:
    """``not normal``; ``the compression has resolved`` denies the compression before."""
    c = chunks[i]
    if i and chunks[i - 1].kind is kinds.NEGATION:
        c.negated = True
    elif c.form in ("resolved", "relieved"):
        for earlier in chunks[:i]:
            earlier.negated = earlier.negated or earlier.kind is kinds.COMPROMISE


_SENTENCE_PARTS = frozenset((kinds.COMMA, kinds.SEMICOLON, kinds.BUT))
_FINDINGS = frozenset(
    (kinds.COMPROMISE, kinds.SITE, kinds.DISC_LESION, kinds.OTHER_THING, kinds.NORMAL, kinds.DISC_LEVEL, kinds.GRADE)
)
_BACK_ENDS = frozenset((kinds.BUT, kinds.SEMICOLON, kinds.COLON, kinds.NEGATION))


def negation_behind(chunks: list[Chunk]) -> list[Chunk]:
    """``Nerve root compression is not seen``: a negation with nothing after it looks back.

    Example: L4-5: Canal stenosis is not seen.
    """
    for i, c in enumerate(chunks):
        if c.kind is not kinds.NEGATION:
            continue
        rest = [a.kind for a in chunks[i + 1 :]]
        rest = rest[: next((k for k, kind in enumerate(rest) if kind in _SENTENCE_PARTS), len(rest))]
        is_assessment = kinds.ASSESSED in rest
        if (kinds.SEEN not in rest and not is_assessment) or not _FINDINGS.isdisjoint(rest):
            continue
        for k in range(i - 1, -1, -1):
            earlier = chunks[k]
            if earlier.kind in _BACK_ENDS:
                break
            if earlier.kind is kinds.COMPROMISE:
                earlier.negated = True
                earlier.ungraded = earlier.ungraded or is_assessment
    return chunks
