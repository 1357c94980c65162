"""Rules over chunks right after chunking: choices on a form, ranges of grades, lists of levels."""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.phrases.chunks import Chunk, describe
from inference.reports.trace import Rewrite, Rule, Trace, rewrite
from inference.reports.words import kinds

_STRENGTH = {"normal": 0, "mild": 1, "moderate": 2, "severe": 3}
_CHOICE = frozenset((kinds.GRADE, kinds.NORMAL))
_LIST_MARKS = frozenset((kinds.AND, kinds.COMMA, kinds.DASH))
_LIST_WORDS = frozenset((kinds.LEVEL_WORD, kinds.OPENING_BRACKET))
#: How far back, in chunks, a list of levels is looked for.
_LIST_REACH = 5


def join(chunks: list[Chunk], rules: Sequence[Rule[Rewrite[Chunk]]], trace: Trace | None) -> list[Chunk]:
    """Chunks after each of the rules that join them."""
    return rewrite(rules, chunks, {c.kind for c in chunks}, trace, describe)


def choices(chunks: list[Chunk]) -> list[Chunk]:
    """``Normal / mild / moderate / severe``: a form that nobody filled in.

    Example: L4-5: canal: normal / mild / moderate / severe
    """
    if sum(c.value == "/" and c.kind is kinds.AND for c in chunks) < 2:
        return chunks
    kept: list[Chunk] = []
    i = 0
    while i < len(chunks):
        k = i
        while _chosen(chunks[k : k + 3]):
            k += 2
        if k - i >= 4:
            i = k + 1
            continue
        kept.append(chunks[i])
        i += 1
    return kept


def _chosen(three: Sequence[Chunk]) -> bool:
    return len(three) == 3 and three[0].kind in _CHOICE and three[1].value == "/" and three[2].kind in _CHOICE


def grade_range(chunks: list[Chunk]) -> list[Chunk]:
    """``Mild to moderate`` is its upper end; ``from mild to severe`` is where it ended.

    Example: L4-5: Mild to moderate canal stenosis.
    """
    result: list[Chunk] = []
    for c in chunks:
        if c.kind is not kinds.GRADE or not result:
            result.append(c)
        elif len(result) >= 2 and result[-2].kind is kinds.GRADE and _joins(result[-1]):
            came_from = len(result) >= 3 and result[-3].form == "from"
            if came_from or _is_stronger(c, result[-2]):
                result[-2].value, result[-2].form = c.value, c.form
            result[-2].end = c.end
            result.pop()
        elif result[-1].kind is kinds.GRADE and c.start - result[-1].end <= 1:
            _take_up(result[-1], c)
        else:
            result.append(c)
    return result


def _take_up(grade: Chunk, after: Chunk) -> None:
    """``mild moderate``: two grades side by side are the higher; behind `none` the second says nothing."""
    if grade.value == "normal":
        return
    if _is_stronger(after, grade):
        grade.value, grade.form = after.value, after.form
    grade.end = after.end


def _is_stronger(one: Chunk, other: Chunk) -> bool:
    return _STRENGTH.get(one.value, -1) >= _STRENGTH.get(other.value, -1)


def _joins(c: Chunk) -> bool:
    if c.kind is kinds.OF:
        return c.form == "to"
    return c.kind is kinds.DASH or (c.kind is kinds.AND and c.value in ("or", "/", "-"))


def slip(chunks: list[Chunk]) -> list[Chunk]:
    """``L4 on L5``: the level between.

    Example: Slip of L4 on L5 causing severe canal stenosis.
    """
    result: list[Chunk] = []
    for c in chunks:
        if c.kind is kinds.VERTEBRA and len(result) >= 2 and result[-2].kind is kinds.VERTEBRA and _on(result[-1]):
            upper, lower = int(result[-2].value), int(c.value)
            if lower == upper + 1:
                result.pop()
                result[-1] = Chunk(kinds.DISC_LEVEL, "slip", result[-1].start, c.end, discs=(upper,))
                continue
        result.append(c)
    return result


def _on(c: Chunk) -> bool:
    return c.kind is kinds.OF and c.form in ("on", "over", "upon", "to")


def level_list(chunks: list[Chunk]) -> list[Chunk]:
    """``L3-4, L4-5 and L5-S1``: a list of levels is one; the level of a slip (``L4 on L5``) may begin a list.

    Example: Mild canal stenosis at L2-3, L3-4 and L4-5.
    """
    result: list[Chunk] = []
    for c in chunks:
        if c.kind is kinds.DISC_LEVEL and c.value != "slip" and (at := _list_start(result)) >= 0:
            first = result[at]
            first.discs = tuple(dict.fromkeys(first.discs + c.discs))
            first.end = c.end
            del result[at + 1 :]
        else:
            result.append(c)
    return result


def _list_start(result: list[Chunk]) -> int:
    """Where the list of levels begins that a level at the end would go on; -1 for none."""
    at = len(result) - 1
    joined = False
    while at >= 0 and len(result) - at <= _LIST_REACH:
        kind = result[at].kind
        if kind is kinds.DISC_LEVEL:
            return at if joined or at == len(result) - 1 else -1
        if kind in _LIST_MARKS:
            joined = True
        elif kind not in _LIST_WORDS and (kind is not kinds.AT or joined):
            return -1
        at -= 1
    return -1
