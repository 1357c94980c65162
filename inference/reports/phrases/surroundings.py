"""What stands around a predicate or a grade: the thing that is called so, a level, a place, a site to come."""

from __future__ import annotations

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds

_BEFORE_DISC = frozenset((kinds.GRADE, kinds.COPULA, kinds.AND, kinds.LESION_ZONE, kinds.SIDE))


def is_of_disc(chunks: list[Chunk], i: int) -> bool:
    """``disc space narrowing``, ``compression fracture``, ``narrowed L5/S1 level``."""
    form = chunks[i].form
    after = chunks[i + 1].kind if i + 1 < len(chunks) else ""
    if form in ("ed", "noun", "adj") and after == kinds.OTHER_THING:
        return True
    is_apposed = i == 0 or chunks[i - 1].kind not in (kinds.SITE, kinds.COPULA, kinds.GRADE)
    if form in ("ed", "adj") and after == kinds.DISC_LEVEL and is_apposed:
        return True
    if form not in ("ed", "noun") or after in (kinds.SITE, kinds.OF, kinds.SIDE):
        return False
    before = i - 1
    while before >= 0 and chunks[before].kind in _BEFORE_DISC:
        before -= 1
    return before >= 0 and chunks[before].kind is kinds.OTHER_THING


_THINGS_BEFORE = frozenset((kinds.OTHER_THING, kinds.DISC_LESION, kinds.CONUS, kinds.SITE))
_ENDS_BEFORE = frozenset((kinds.SEMICOLON, kinds.COLON, kinds.COMMA, kinds.BUT, kinds.WITH))
_THINGS_BEHIND = frozenset((kinds.OTHER_THING, kinds.DISC_LESION, kinds.CONUS))
_ENDS_BEHIND = frozenset((kinds.SEMICOLON, kinds.COMMA, kinds.BUT, kinds.COLON))


def is_of_thing(chunks: list[Chunk], i: int) -> bool:
    """Whether what is called normal or narrowed is a disc, a joint or the like."""
    for k in range(i - 1, -1, -1):
        kind = chunks[k].kind
        if kind in _THINGS_BEFORE:
            return True
        if kind in _ENDS_BEFORE:
            break
    for c in chunks[i + 1 : i + 4]:
        if c.kind in _THINGS_BEHIND:
            return True
        if c.kind in _ENDS_BEHIND:
            break
    return False


_LEVEL_STARTS = frozenset((kinds.SEMICOLON, kinds.COLON, kinds.BUT, kinds.COMMA))
_LEVEL_ENDS = frozenset((kinds.SEMICOLON, kinds.COMMA, kinds.BUT, kinds.WITH))
_NOT_OF_LEVEL = frozenset(
    (kinds.SITE, kinds.DISC_LESION, kinds.OTHER_THING, kinds.CONUS, kinds.COMPROMISE, kinds.VERTEBRA, kinds.LESION_ZONE)
)
#: How far behind a sentence's last chunk, in characters, a word of unknown use still belongs to it.
_TAIL = 60


def speaks_of_level(chunks: list[Chunk], unknown: list[int], i: int, *, after_heading: bool) -> bool:
    """Whether the words around are a level (or the study) and nothing else.

    unknown: where words stand whose use is not known. after_heading: the sentence stands right
    behind a level's heading.
    """
    first, last = i, i
    while first > 0 and chunks[first - 1].kind not in _LEVEL_STARTS:
        first -= 1
    while last + 1 < len(chunks) and chunks[last + 1].kind not in _LEVEL_ENDS:
        last += 1
    present = {c.kind for c in chunks[first : last + 1]}
    if not present.isdisjoint(_NOT_OF_LEVEL):
        return False
    start = chunks[first].start if first else 0
    end = chunks[last].end if last + 1 < len(chunks) else chunks[-1].end + _TAIL
    if any(start <= place < end for place in unknown):
        return False
    if kinds.DISC_LEVEL in present or after_heading or kinds.WHOLE_STUDY in present:
        return True
    return kinds.LEVEL_WORD in present and (kinds.ALL in present or kinds.REMAINING in present)


def place_before(chunks: list[Chunk], i: int) -> int | None:
    """A site named as a place earlier in the sentence (``into the left foramen with narrowing``)."""
    for k in range(i - 1, -1, -1):
        if chunks[k].kind is kinds.SITE and not chunks[k].adjective:
            return k
        if chunks[k].kind in (kinds.SEMICOLON, kinds.BUT):
            break
    return None


def has_own_level(chunks: list[Chunk], i: int) -> bool:
    """``and mild narrowing at L1-L2``: a level right behind."""
    after = [c.kind for c in chunks[i + 1 : i + 3]]
    return after[:1] == [kinds.DISC_LEVEL] or after == [kinds.AT, kinds.DISC_LEVEL]


_OF_PRONOUN = frozenset(
    (kinds.AT, kinds.DISC_LEVEL, kinds.COPULA, kinds.GRADE, kinds.AND, kinds.COMMA, kinds.LEVEL_WORD, kinds.THIS,
     kinds.THERE)
)  # fmt: skip


def is_of_pronoun(chunks: list[Chunk], unknown: list[int], i: int) -> bool:
    """``At L4-5 it is moderately narrowed``: no thing is named in the clause that could be narrowed.

    After ``except at L4-5, where there is`` a noun may stand instead.
    """
    start = next((k + 1 for k in range(i - 1, -1, -1) if chunks[k].kind in (kinds.BUT, kinds.SEMICOLON)), 0)
    clause = chunks[start:i]
    excepted = start > 0 and chunks[start - 1].kind is kinds.BUT and any(c.kind is kinds.DISC_LEVEL for c in clause)
    with_copula = chunks[i].form == "ed" and any(c.kind is kinds.COPULA for c in chunks[max(0, i - 2) : i])
    if not with_copula and not (excepted and chunks[i].form == "noun"):
        return False
    if any(chunks[start].start <= place < chunks[i].start for place in unknown):
        return False
    return all(c.kind in _OF_PRONOUN for c in clause)


_NEXT_GRADED = ([kinds.COMMA, kinds.GRADE], [kinds.AND, kinds.GRADE], [kinds.BUT, kinds.GRADE])


def is_denied_alone(chunks: list[Chunk], i: int) -> bool:
    """``no canal, mild foraminal stenosis``: a denied site before one with a grade."""
    after = [c.kind for c in chunks[i + 1 : i + 3]]
    return i > 0 and chunks[i - 1].kind is kinds.NEGATION and after in _NEXT_GRADED


def is_outdone_by_next(chunks: list[Chunk], i: int) -> bool:
    """``displaces and compresses the root``: of two joined verbs without a grade the compression says more."""
    if i and chunks[i - 1].kind is kinds.GRADE:
        return False
    after = [(c.kind, c.value, c.negated) for c in chunks[i + 1 : i + 3]]
    return after == [(kinds.AND, "and", False), (kinds.COMPROMISE, "compromise", False)]


_IN_LIST = frozenset(
    (kinds.SIDE, kinds.GRADE, kinds.OF, kinds.AND, kinds.COMMA, kinds.LESION_ZONE, kinds.DISC_LESION, kinds.OTHER_THING,
     kinds.SITE, kinds.COMPROMISE)
)  # fmt: skip
_BEFORE_SITE = frozenset(
    (kinds.SIDE, kinds.GRADE, kinds.OF, kinds.NEGATION, kinds.REMAINING, kinds.ALL, kinds.AND)
)  # fmt: skip


def is_of_remaining(chunks: list[Chunk], first: int, last: int) -> bool:
    """``other foramina``, ``rest of the canal``: holds where nothing else is stated."""
    if chunks[last].negated and _denies_others(chunks, first):
        return True
    start = first
    while start > 0 and chunks[start - 1].kind in _BEFORE_SITE:
        start -= 1
    return any(c.kind is kinds.REMAINING for c in chunks[start : last + 1])


def _denies_others(chunks: list[Chunk], first: int) -> bool:
    """``no other disc protrusion, canal stenosis or root compression``: `other` holds for the whole list."""
    k = first
    while k > 0 and chunks[k].kind in _IN_LIST:
        k -= 1
    c = chunks[k]
    return k > 0 and c.kind is kinds.REMAINING and c.form == "other" and chunks[k - 1].kind is kinds.NEGATION


def lateral_site_after(chunks: list[Chunk], i: int) -> int | None:
    """``narrowing of the left, moderate narrowing of the right foramen``: the site that comes later."""
    for k in range(i + 1, min(len(chunks), i + 12)):
        if chunks[k].kind is kinds.SITE:
            return k if chunks[k].value != "canal" else None
        if chunks[k].kind in (kinds.SEMICOLON, kinds.BUT, kinds.NEGATION):
            break
    return None


def site_of_lone_grade(chunks: list[Chunk], i: int) -> int | None:
    """``..., moderate of the foramina``: the site behind a grade and a preposition."""
    k = i + 1
    if k >= len(chunks) or chunks[k].kind is not kinds.OF:
        return None
    while k < len(chunks) and chunks[k].kind in (kinds.OF, kinds.SIDE):
        k += 1
    return k if k < len(chunks) and chunks[k].kind is kinds.SITE and chunks[k].form != "root" else None


def site_behind_grade(chunks: list[Chunk], i: int) -> int | None:
    """The site that a grade stands directly before, when no predicate follows."""
    k = i + 1
    while k < len(chunks) and chunks[k].kind is kinds.SIDE:
        k += 1
    return k if k < len(chunks) and chunks[k].kind is kinds.SITE else None
