"""Which sites a predicate (``compressing``, ``narrowing``, ``patent``) speaks of.

A verb looks for them on its right, a noun or an adjective on its left first.
"""

from __future__ import annotations

from typing import NamedTuple

from inference.reports.phrases.chunks import Chunk
from inference.reports.phrases.sides import side_after, side_of_site
from inference.reports.words import kinds


class Taken(NamedTuple):
    """Sites of a predicate as (chunk index, side), and the stretch of chunks they take up."""

    sites: list[tuple[int, str]]
    first: int
    last: int


_SKIP_RIGHT = frozenset(
    (kinds.OF, kinds.SIDE, kinds.AT, kinds.COMPARISON, kinds.OPENING_BRACKET, kinds.CLOSING_BRACKET, kinds.REMAINING,
     kinds.ALL, kinds.THIS, kinds.DISC_LEVEL)
)  # fmt: skip
_SKIP_LEFT = frozenset(
    (kinds.GRADE, kinds.COPULA, kinds.SIDE, kinds.AT, kinds.DISC_LEVEL, kinds.LEVEL_WORD, kinds.SEEN, kinds.COMPARISON,
     kinds.PAST, kinds.NOW, kinds.HEDGE, kinds.COMPLETE, kinds.NEGATION, kinds.OF, kinds.OPENING_BRACKET,
     kinds.CLOSING_BRACKET, kinds.PREVIOUSLY, kinds.ALL, kinds.LESION_ZONE, kinds.THIS, kinds.CONUS, kinds.WHOLE_STUDY,
     kinds.ASPECT, kinds.DASH, kinds.REMAINING)
)  # fmt: skip
_LIST_MARKS = frozenset((kinds.AND, kinds.COMMA, kinds.AT, kinds.WITH))
_IN_LIST = frozenset(
    (kinds.SIDE, kinds.OPENING_BRACKET, kinds.CLOSING_BRACKET, kinds.OF, kinds.COMPARISON, kinds.ALL)
)  # fmt: skip
#: How far, in chunks, the next site of a list may stand, on the right and on the left.
_LIST_REACH = 6, 5
#: How far, in chunks, the predicate of a later site may stand behind it.
_PREDICATE_REACH = 5


def sites_of_compromise(chunks: list[Chunk], i: int, claimed: set[int]) -> Taken:
    """Sites that a compromise speaks of."""
    if chunks[i].form in ("ing", "verb"):
        return _right(chunks, i, claimed) or _left(chunks, i, claimed) or Taken([], i, i)
    left = _left(chunks, i, claimed)
    right = _right(chunks, i, claimed)
    if left is None:
        return right or Taken([], i, i)
    if right is not None and chunks[i + 1].kind is kinds.OF and left.last != i - 1:
        return right
    return left


def sites_of_normal(chunks: list[Chunk], i: int, claimed: set[int]) -> Taken:
    """Sites that are called normal, adequate, patent."""
    return _left(chunks, i, claimed) or _right(chunks, i, claimed) or Taken([], i, i)


def sites_of_next_verb(chunks: list[Chunk], i: int) -> Taken | None:
    """``abuts but does not compress the root``: the sites of the verb after."""
    for k in range(i + 1, min(len(chunks), i + 6)):
        c = chunks[k]
        if c.kind is kinds.COMPROMISE:
            start = k + (k + 1 < len(chunks) and chunks[k + 1].kind is kinds.COMMA)
            return _right(chunks, start, set()) if c.form in ("verb", "ing") else None
        if c.kind not in _BETWEEN_VERBS:
            return None
    return None


_BETWEEN_VERBS = frozenset(
    (kinds.AND, kinds.BUT, kinds.COMMA, kinds.NEGATION, kinds.GRADE, kinds.HEDGE, kinds.COPULA)
)  # fmt: skip


def _right(chunks: list[Chunk], i: int, claimed: set[int]) -> Taken | None:
    k = i + 1
    side = ""
    while k < len(chunks) and chunks[k].kind in _SKIP_RIGHT:
        if chunks[k].kind is kinds.SIDE:
            side = chunks[k].value
        elif chunks[k].kind is kinds.AT and chunks[k].form not in ("in", "within", "involving"):
            return None
        k += 1
    if k >= len(chunks) or chunks[k].kind is not kinds.SITE or k in claimed:
        return None
    sites = [(k, side)]
    last = k
    while (after := _next_listed(chunks, last)) >= 0:
        if _has_predicate(chunks, after) or after in claimed:
            break
        if chunks[last].form == "root" and _lies_in(chunks, last, after):
            if chunks[after].value == "recess":
                chunks[last].value, chunks[last].form = "recess", "recess"
        else:
            sites.append((after, ""))
        last = after
    return _with_sides(chunks, sites, i, last)


def _lies_in(chunks: list[Chunk], k: int, after: int) -> bool:
    """``the root in the recess``: the later site is the place of the earlier."""
    return any(chunks[m].kind is kinds.AT for m in range(k + 1, after))


def _next_listed(chunks: list[Chunk], k: int) -> int:
    """The next site of a list after ``k``, or -1."""
    joined = k + 1 < len(chunks) and chunks[k + 1].kind is kinds.SITE and chunks[k + 1].start - chunks[k].end <= 1
    m = k + 1
    while m < len(chunks) and m - k <= _LIST_REACH[0]:
        kind = chunks[m].kind
        if kind is kinds.SITE:
            return m if joined else -1
        if kind in _LIST_MARKS or chunks[m].form == "nor":
            if kind is kinds.WITH and chunks[m].form != "with":
                return -1
            joined = True
        elif kind not in _IN_LIST:
            return -1
        m += 1
    return -1


_BEFORE_PREDICATE = frozenset((kinds.SIDE, kinds.GRADE, kinds.COPULA, kinds.AND, kinds.SITE))


def _has_predicate(chunks: list[Chunk], k: int) -> bool:
    """Whether a predicate to the right of site ``k`` takes it."""
    m = k + 1
    while m < len(chunks) and m - k <= _PREDICATE_REACH:
        c = chunks[m]
        if c.kind is kinds.COMPROMISE:
            return c.form == "noun" or (c.form in ("ed", "adj") and not _site_after(chunks, m))
        if c.kind is kinds.NORMAL:
            return True
        if c.kind not in _BEFORE_PREDICATE or (c.kind is kinds.AND and chunks[m - 1].kind is not kinds.SITE):
            return False
        if c.kind is kinds.SITE and not c.adjective and not chunks[k].adjective:
            return False
        m += 1
    return False


def _site_after(chunks: list[Chunk], m: int) -> bool:
    return m + 1 < len(chunks) and chunks[m + 1].kind in (kinds.SITE, kinds.OF)


def _left(chunks: list[Chunk], i: int, claimed: set[int]) -> Taken | None:
    k = i - 1
    if [c.kind for c in chunks[max(0, i - 2) : i]] == [kinds.SITE, kinds.COLON]:
        k -= 1  # ``L5/S1 canal: adequate``
    late = ""
    while k >= 0 and (chunks[k].kind in _SKIP_LEFT or _joins_sides(chunks, k)):
        if chunks[k].kind is kinds.SIDE:
            late = chunks[k].value
        k -= 1
    if k < 0 or chunks[k].kind is not kinds.SITE or k in claimed:
        return None
    sites = [(k, late)]
    first = k
    while (before := _listed_before(chunks, first)) >= 0 and before not in claimed:
        sites.insert(0, (before, ""))
        first = before
    return _with_sides(chunks, sites, first, max(i, sites[-1][0]))


def _listed_before(chunks: list[Chunk], k: int) -> int:
    """The site of a list before ``k``, or -1."""
    joined = False
    m = k - 1
    while m >= 0 and k - m <= _LIST_REACH[1]:
        kind = chunks[m].kind
        if kind is kinds.SITE:
            return m if joined and not _is_place_of_another(chunks, m) else -1
        if kind in (kinds.AND, kinds.COMMA) or chunks[m].form == "nor":
            joined = True
        elif kind is not kinds.SIDE and not (kind is kinds.OTHER_THING and joined):
            return -1
        m -= 1
    return -1


def _is_place_of_another(chunks: list[Chunk], m: int) -> bool:
    """``one root compressed in the foramen and another ...``: the foramen belongs to the predicate before it."""
    k = m - 1
    while k > 0 and chunks[k].kind in (kinds.DISC_LEVEL, kinds.SIDE):
        k -= 1
    return k > 0 and chunks[k].kind is kinds.AT and chunks[k - 1].kind is kinds.COMPROMISE


def _with_sides(chunks: list[Chunk], sites: list[tuple[int, str]], first: int, last: int) -> Taken:
    """``narrowing of the foramen on the left``, ``right and left foramina``."""
    late = side_after(chunks, last)
    sided = [(k, side_of_site(chunks, k, near) or late) for k, near in sites]
    return Taken(sided, min(first, sites[0][0]), last)


def _joins_sides(chunks: list[Chunk], k: int) -> bool:
    """The ``and`` of ``moderate right and mild left``, or of ``is infiltrated and narrowed``."""
    if chunks[k].kind is not kinds.AND or not 0 < k < len(chunks) - 1:
        return False
    around = {chunks[k - 1].kind, chunks[k + 1].kind}
    return around <= {kinds.SIDE, kinds.GRADE} or kinds.COPULA in around
