"""Rules over chunks: words that add nothing are taken out, other words for the same are put in the usual ones.

The old study, the comparison of sides and words for a group of levels would otherwise be read as findings.
"""

from __future__ import annotations

import itertools

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds


def aspect_of_site(chunks: list[Chunk]) -> list[Chunk]:
    """``The ventral aspect of the sac`` is the sac.

    Example: L4-5: Mild impression on the ventral aspect of the thecal sac.
    """
    kept: list[Chunk] = []
    for k, c in enumerate(chunks):
        after = chunks[k + 1 : k + 3] if c.kind is kinds.ASPECT else []
        if [one.kind for one in after] != [kinds.OF, kinds.SITE] or after[0].form != "of":
            kept.append(c)
    return kept


def comma_before_verb(chunks: list[Chunk]) -> list[Chunk]:
    """``L1/2 to L3/4, are normal``: the comma between levels and their verb parts nothing.

    Example: The two upper lumbar levels, L1/2 and L2/3, are normal.
    """
    kept: list[Chunk] = []
    for k, c in enumerate(chunks):
        around = [one.kind for one in chunks[k - 1 : k + 2]] if k and c.kind is kinds.COMMA else []
        if around != [kinds.DISC_LEVEL, kinds.COMMA, kinds.COPULA]:
            kept.append(c)
    return kept


def group_before_levels(chunks: list[Chunk]) -> list[Chunk]:
    """``Upper levels, seen in one plane only: L1-2 and L2-3 ...``: the levels themselves stand behind the colon.

    Example: Upper levels, seen in the sagittal plane: L1-2 and L2-3 canal patent.
    """
    if chunks and chunks[0].kind is kinds.REMAINING:
        for k, (c, after) in enumerate(itertools.pairwise(chunks)):
            if c.kind is kinds.COLON and after.kind is kinds.DISC_LEVEL:
                return chunks[k + 1 :]
    return chunks


_SIDES_COMPARED = [kinds.COMMA, kinds.SIDE, kinds.COMPARISON, kinds.THAN, kinds.SIDE, kinds.COMMA]


def sides_compared(chunks: list[Chunk]) -> list[Chunk]:
    """``..., left more than right, at L4-L5``: between commas it parts nothing.

    Example: Moderate foraminal stenosis, left more than right, at L4-5.
    """
    for i in range(len(chunks) - len(_SIDES_COMPARED)):
        if [c.kind for c in chunks[i : i + len(_SIDES_COMPARED)]] == _SIDES_COMPARED:
            return chunks[:i] + chunks[i + len(_SIDES_COMPARED) :]
    return chunks


_SUBJECT = frozenset((kinds.AND, kinds.SITE, kinds.SIDE, kinds.COMMA))


def further_subject(chunks: list[Chunk]) -> list[Chunk]:
    """``The canal is patent, as is the right foramen``: the later subject stands beside the first.

    Example: L4/5: The canal is patent at this level, as is the right foramen.
    """
    at = next((i for i, c in enumerate(chunks) if c.form == "as is"), -1)
    first = next(
        (i for i in range(at - 1) if chunks[i].kind is kinds.SITE and chunks[i + 1].kind is kinds.COPULA),
        -1,
    )
    if first < 0:
        return chunks
    behind = next((i for i in range(at, len(chunks)) if chunks[i].kind not in _SUBJECT), len(chunks))
    return [*chunks[: first + 1], *chunks[at:behind], *chunks[first + 1 : at], *chunks[behind:]]


def levels_above(chunks: list[Chunk]) -> list[Chunk]:
    """``The discs above this``, ``the levels above``: those not spoken of.

    Example: L3/4: Mild canal stenosis. The levels above are unremarkable.
    """
    for i, c in enumerate(chunks[:-1]):
        after = chunks[i + 1]
        if after.form == "above" and c.kind in (kinds.OTHER_THING, kinds.LEVEL_WORD):
            after.kind, after.value, after.form = kinds.REMAINING, "above", "upper"
            level = Chunk(kinds.LEVEL_WORD, "level", after.end, after.end)
            behind = i + 2
            if behind < len(chunks) and chunks[behind].kind in (kinds.THIS, kinds.DISC_LEVEL):
                level.discs = chunks[behind].discs
                behind += 1
            return [*chunks[: i + 2], level, *chunks[behind:]]
    return chunks


def prior_study(chunks: list[Chunk]) -> list[Chunk]:
    """``Compared with the prior study, when stenosis was moderate``: what was seen then goes.

    Example: Compared with the previous study, when there was severe canal stenosis at L4-5.
    """
    kept: list[Chunk] = []
    past = False
    for c in chunks:
        if c.kind is kinds.WHEN:
            past = past or any(one.kind is kinds.PREVIOUSLY for one in kept)
            continue
        past = past and c.kind not in (kinds.NOW, kinds.SEMICOLON)
        if not past:
            kept.append(c)
    return kept


def adjective_of_site(chunks: list[Chunk]) -> list[Chunk]:
    """``Central stenosis`` is of the canal, a ``central protrusion`` is not; ``foraminal protrusion`` is a place.

    Example: L4-5: Central disc protrusion indenting the thecal sac.
    """
    for i, c in enumerate(chunks):
        if c.kind is kinds.SITE and c.adjective:
            _weigh_adjective(chunks, i)
    return chunks


def _weigh_adjective(chunks: list[Chunk], i: int) -> None:
    c = chunks[i]
    after = _next_noun(chunks, i)
    if after is not None and after.kind is kinds.COMPROMISE and after.form != "ing":
        return
    if c.form == "weak" and (_shares_noun(chunks, i) or (i and chunks[i - 1].kind is kinds.NORMAL)):
        return
    if c.form == "foraminal" and (after is None or after.kind in (kinds.SITE, kinds.NORMAL)):
        return
    if c.form == "neural" and after is not None and after.kind is kinds.NORMAL:
        c.kind = kinds.DROPPED
    elif c.form in ("weak", "neural"):
        c.kind, c.value = kinds.LESION_ZONE, "central"
    else:
        c.kind, c.value, c.form = kinds.LESION_ZONE, "sided" if c.side else "place", c.value


def _shares_noun(chunks: list[Chunk], i: int) -> bool:
    """``mild central and moderate recess stenosis``: the noun of the later site is the earlier one's too."""
    k = i + 1
    if k >= len(chunks) or chunks[k].kind is not kinds.AND:
        return False
    while k < len(chunks) and chunks[k].kind in (kinds.AND, kinds.GRADE, kinds.SIDE):
        k += 1
    if k + 1 >= len(chunks) or chunks[k].kind is not kinds.SITE:
        return False
    return chunks[k + 1].kind is kinds.COMPROMISE and chunks[k + 1].form == "noun"


_NOUNS = frozenset((kinds.DISC_LESION, kinds.OTHER_THING, kinds.COMPROMISE, kinds.NORMAL))
_BEFORE_NOUN = frozenset(
    (kinds.AND, kinds.COMMA, kinds.SIDE, kinds.SITE, kinds.LESION_ZONE, kinds.NEGATION, kinds.GRADE, kinds.DISC_LEVEL,
     kinds.ALL, kinds.REMAINING)
)  # fmt: skip
#: How far, in chunks, the noun of an adjective may stand behind it.
_NOUN_REACH = 7


def _next_noun(chunks: list[Chunk], i: int) -> Chunk | None:
    for c in chunks[i + 1 : i + 1 + _NOUN_REACH]:
        if c.kind in _NOUNS or (c.kind is kinds.SITE and not c.adjective):
            return c
        if c.kind not in _BEFORE_NOUN:
            return None
    return None


def old_grade(chunks: list[Chunk]) -> list[Chunk]:
    """``Previously severe``, ``which was mild, is now moderate``: the old grade goes.

    Example: L4-5: Canal stenosis, previously mild, now moderate.
    """
    has_now = any(c.kind is kinds.NOW for c in chunks)
    for i, c in enumerate(chunks):
        if (c.kind is kinds.PREVIOUSLY and c.form != "previous") or (c.kind is kinds.PAST and has_now):
            for later in chunks[i + 1 : i + 3]:
                if later.kind is kinds.GRADE:
                    later.kind = kinds.DROPPED
    return chunks


def mostly_one_side(chunks: list[Chunk]) -> list[Chunk]:
    """``(largely the left one)`` compares sides; it grades nothing.

    Example: L4-5: Protrusion compressing the exit canals (largely the left one).
    """
    for i, c in enumerate(chunks):
        if c.kind is kinds.GRADE and c.form == "loose":
            after = [one.kind for one in chunks[i + 1 : i + 3]]
            if after[:1] == [kinds.SIDE] and after[1:] in ([], [kinds.CLOSING_BRACKET], [kinds.COMMA]):
                c.kind = kinds.COMPARISON
    return chunks


def grade_compared(chunks: list[Chunk]) -> list[Chunk]:
    """``Moderate on the prior study``, ``more severe``: such a grade does not hold.

    Example: L4-5: Mild canal stenosis, moderate on the prior study.
    """
    for i, c in enumerate(chunks):
        if c.kind is kinds.GRADE and ((i and chunks[i - 1].kind is kinds.COMPARISON) or _is_of_prior(chunks, i)):
            c.kind = kinds.DROPPED
    return chunks


def _is_of_prior(chunks: list[Chunk], i: int) -> bool:
    k = i + 1
    while k < len(chunks) and chunks[k].kind in (kinds.OF, kinds.AT):
        k += 1
    return k > i + 1 and k < len(chunks) and chunks[k].kind is kinds.PREVIOUSLY


def old_narrowing(chunks: list[Chunk]) -> list[Chunk]:
    """``Was severely narrowed and is now moderately so``: the narrowing then goes.

    Example: L5-S1: The left recess was severely narrowed and is now moderately so.
    """
    now = max((i for i, c in enumerate(chunks) if c.kind is kinds.NOW), default=0)
    for i, c in enumerate(chunks[:now]):
        rest = [one for one in chunks[i + 1 : now] if one.kind is not kinds.DROPPED] if c.kind is kinds.PAST else []
        if rest and rest[0].kind is kinds.COMPROMISE and rest[0].form == "ed":
            rest[0].kind = kinds.DROPPED
    return chunks


def previously_narrowed(chunks: list[Chunk]) -> list[Chunk]:
    """``The previously compressed root is now free``: not compressed any more.

    Example: L4-L5: The previously compressed left L5 root is now free.
    """
    for c, after in itertools.pairwise(chunks):
        if c.kind is kinds.PREVIOUSLY and after.kind is kinds.COMPROMISE and after.form == "ed":
            after.kind = kinds.DROPPED
    return chunks
