"""The side that a site, a grade or a predicate is stated of."""

from __future__ import annotations

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds


def side_of_site(chunks: list[Chunk], k: int, near: str) -> str:
    """The side of the site at ``k`` by the words around it; ``near`` was met on the way to it."""
    before = chunks[k - 1] if k else chunks[k]
    side = near or chunks[k].side
    if not side and before.kind is kinds.DISC_LEVEL and k >= 2 and chunks[k - 2].kind is kinds.SIDE:
        side = chunks[k - 2].value
    if not side and before.kind is kinds.SIDE:
        side = before.value
        if k >= 2 and chunks[k - 2].kind is kinds.THAN:
            return "both"
    if side and before.kind is kinds.THAN:
        return "both"
    side = side or side_after(chunks, k)
    other = _side_joined_before(chunks, k)
    return "both" if other and side and other != side else side


def _side_joined_before(chunks: list[Chunk], k: int) -> str:
    """The first side of ``right and left foramina``."""
    if k < 2 or chunks[k - 1].kind is not kinds.AND or chunks[k - 2].kind is not kinds.SIDE:
        return ""
    if k >= 3 and chunks[k - 3].kind in (kinds.OF, kinds.GRADE) and chunks[k - 3].form == "on":
        return ""
    return chunks[k - 2].value


_BEFORE_SIDE = frozenset(
    (kinds.OF, kinds.AT, kinds.OPENING_BRACKET, kinds.CLOSING_BRACKET, kinds.SEEN, kinds.COPULA, kinds.DISC_LEVEL,
     kinds.LEVEL_WORD)
)  # fmt: skip
#: Behind a side, these take it, or a grade of its own.
_TAKES_SIDE = frozenset(
    (kinds.SITE, kinds.LESION_ZONE, kinds.DISC_LESION, kinds.COMPROMISE, kinds.OTHER_THING, kinds.GRADE)
)


def side_after(chunks: list[Chunk], last: int) -> str:
    """A side right behind: ``on the left``, ``bilaterally``; not ``more on the left``."""
    k = last + 1
    while k < len(chunks) and chunks[k].kind in _BEFORE_SIDE:
        k += 1
    if k >= len(chunks) or chunks[k].kind is not kinds.SIDE:
        return ""
    after = chunks[k + 1].kind if k + 1 < len(chunks) else ""
    if after in _TAKES_SIDE:
        return ""
    if after in (kinds.COMPARISON, kinds.THAN):
        return "both"
    if after == kinds.AND and k + 2 < len(chunks) and chunks[k + 2].kind is kinds.SIDE:
        return "both"
    return chunks[k].value


_BETWEEN = frozenset(
    (kinds.GRADE, kinds.COPULA, kinds.DISC_LEVEL, kinds.AT, kinds.AND, kinds.PAST, kinds.NOW, kinds.COMPLETE)
)
_SIDE_OF_CLAUSE = (
    [kinds.COMMA, kinds.OF, kinds.SIDE, kinds.COPULA],
    [kinds.SEMICOLON, kinds.OF, kinds.SIDE, kinds.COPULA],
)


def side_near(chunks: list[Chunk], i: int) -> str:
    """The side that a lone grade or predicate is stated of."""
    after = side_after(chunks, i)
    if after:
        return after
    if [c.kind for c in chunks[max(0, i - 2) : i]] == [kinds.SIDE, kinds.OPENING_BRACKET]:
        return chunks[i - 2].value  # ``on the left (mild)``
    k = i - 1
    while k >= 0 and chunks[k].kind in _BETWEEN:
        k -= 1
    if k >= 0 and chunks[k].kind is kinds.SIDE and (k == 0 or chunks[k - 1].kind not in (kinds.COMPARISON, kinds.OF)):
        return chunks[k].value
    if [c.kind for c in chunks[max(0, k - 2) : k + 2]] in _SIDE_OF_CLAUSE:
        return chunks[k].value  # ``narrowing, which on the left is moderate``
    if i + 1 < len(chunks) and chunks[i + 1].kind is kinds.SIDE:
        return chunks[i + 1].value
    return ""


_CLAUSE_STARTS = frozenset((kinds.COMMA, kinds.AND, kinds.BUT, kinds.SEMICOLON))


def side_of_clause(chunks: list[Chunk], i: int) -> str:
    """The side that the clause of ``i`` begins with: ``..., on the left free``, ``and the right is patent``."""
    k = i - 1
    while k >= 0 and (chunks[k].kind in (kinds.COPULA, kinds.OPENING_BRACKET) or chunks[k].form == "of"):
        k -= 1
    if k < 1 or chunks[k].kind is not kinds.SIDE:
        return ""
    before = k - 1 - (chunks[k - 1].kind is kinds.OF)
    before -= before > 0 and chunks[before].form == "that"  # ``; that on the right is preserved``
    return chunks[k].value if before >= 0 and chunks[before].kind in _CLAUSE_STARTS else ""


def side_before_comma(chunks: list[Chunk], i: int) -> str:
    """``greatest on the right, moderate``: the side in the words before."""
    ends = i + 1 == len(chunks) or chunks[i + 1].kind in (kinds.SEMICOLON, kinds.BUT, kinds.CLOSING_BRACKET)
    if ends and i > 2 and [c.kind for c in chunks[i - 3 : i]] == [kinds.OF, kinds.SIDE, kinds.COMMA]:
        return chunks[i - 2].value
    return ""


_OTHER_SIDE_GRADED = (
    [kinds.SIDE, kinds.AND, kinds.GRADE],
    [kinds.SIDE, kinds.BUT, kinds.GRADE],
    [kinds.SIDE, kinds.COMMA, kinds.GRADE],
)


def side_denied_alone(chunks: list[Chunk], i: int) -> str:
    """``no right but moderate left ...``: the side that is denied before another has a grade; or empty."""
    after = chunks[i + 1 : i + 4]
    return after[0].value if [c.kind for c in after] in _OTHER_SIDE_GRADED else ""


_PLACE = frozenset((kinds.OF, kinds.AT, kinds.SIDE, kinds.DISC_LEVEL, kinds.SEEN))
_LIST_ENDS = frozenset((kinds.SEMICOLON, kinds.BUT, kinds.CLOSING_BRACKET, kinds.COMMA))


def places_listed_after(chunks: list[Chunk], i: int) -> list[int]:
    """Where further sides with levels stand: ``on the left at L5-S1 and on the right at L4-L5``."""
    k = _place_end(chunks, i + 1)
    places: list[int] = []
    while k and k < len(chunks) and chunks[k].kind in (kinds.AND, kinds.COMMA):
        start = k + 1
        k = _place_end(chunks, start)
        if k:
            places.append(next(m for m in range(start, k) if chunks[m].kind is kinds.SIDE))
    return places if not k or k == len(chunks) or chunks[k].kind in _LIST_ENDS else []


def _place_end(chunks: list[Chunk], k: int) -> int:
    """Index behind ``on the left at L5-S1`` (or ``at L5-S1 on the left``) at ``k``, or 0."""
    sides = levels = 0
    while k < len(chunks) and chunks[k].kind in _PLACE:
        sides += chunks[k].kind is kinds.SIDE
        levels += chunks[k].kind is kinds.DISC_LEVEL
        k += 1
    return k if sides == levels == 1 else 0


def is_pronoun_both(chunks: list[Chunk], i: int) -> bool:
    """``canal stenosis at L3-L4 and L4-L5, both severe``: both levels, not both sides."""
    before = [c.kind for c in chunks[max(0, i - 3) : i]]
    return before == [kinds.DISC_LEVEL, kinds.COMMA, kinds.SIDE] and len(chunks[i - 3].discs) == 2


_LISTED_PLACES = _PLACE | {kinds.AND, kinds.COMMA, kinds.LEVEL_WORD}


def places_both_graded(chunks: list[Chunk], i: int) -> list[int]:
    """``on the right at L3-L4 and on the left at L5-S1, both severe``: where the sides of both places stand."""
    if i < 4 or [c.kind for c in chunks[i - 2 : i]] != [kinds.COMMA, kinds.SIDE] or chunks[i - 1].value != "both":
        return []
    first = i - 2
    while first > 0 and chunks[first - 1].kind in _LISTED_PLACES:
        first -= 1
    places = [k for k in range(first, i - 2) if chunks[k].kind is kinds.SIDE]
    levels = sum(chunks[k].kind is kinds.DISC_LEVEL for k in range(first, i - 2))
    return places if len(places) == levels > 1 else []
