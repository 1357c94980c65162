"""Levels that are meant and not named: ``either level``, ``this level``, ``the levels above``, ``the others``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds
from inference.reports.words.levels import FIRST

Named = Sequence[tuple[int, Chunk]]


def both_levels(first: int, behind: Sequence[Chunk], named: Named, recent: tuple[int, ...]) -> tuple[int, ...]:
    """``at either level``, ``at both of these levels``: the two discs named last.

    first, behind: where the assertion begins, and what stands behind it.
    """
    words = [c for c in behind if c.kind not in (kinds.OF, kinds.THIS, kinds.AT)][:2]
    if [c.kind for c in words] != [kinds.SIDE, kinds.LEVEL_WORD] or words[0].value != "both":
        return ()
    before = (disc for i, c in named if i < first for disc in c.discs)
    two = tuple(dict.fromkeys((*recent, *before)))[-2:]
    return two if len(two) == 2 else ()


_THIS_OR = [kinds.THIS, kinds.LEVEL_WORD, kinds.AND, kinds.DISC_LEVEL]


def adds_to_this_level(behind: Sequence[Chunk]) -> bool:
    """``at this level or at L1/2``: the level in force and the one named."""
    return [c.kind for c in behind if c.kind is not kinds.AT][:4] == _THIS_OR


def names_other_levels(chunks: Sequence[Chunk]) -> bool:
    """``at the other levels`` is said of levels, ``the others`` of foramina."""
    return any(c.kind is kinds.REMAINING and after.kind is kinds.LEVEL_WORD for c, after in itertools.pairwise(chunks))


def above(chunks: Sequence[Chunk], in_force: tuple[int, ...] | None) -> tuple[int, ...]:
    """``the levels above``: the discs above the one spoken of last."""
    for c, after in itertools.pairwise(chunks):
        if c.kind is kinds.REMAINING and c.value == "above" and (discs := after.discs or in_force):
            return tuple(range(FIRST + 1, min(discs)))
    return ()


_FILLERS = frozenset((kinds.OF, kinds.LUMBAR, kinds.AT))


def begins_with_other_discs(words: Sequence[Chunk]) -> bool:
    """``The remaining discs are without compromise of the canal``: a clause that begins with the other discs."""
    parts = [c for c in words[:5] if c.kind not in (kinds.OF, kinds.LUMBAR)]
    if len(parts) < 3 or parts[0].kind is not kinds.REMAINING:
        return False
    return parts[1].kind is kinds.OTHER_THING and parts[1].value == "disc"


def begins_with_remaining(clause: Sequence[Chunk]) -> bool:
    """``The remaining levels show no A, no B and no C``: holds for all that the clause denies."""
    order = [c.kind for c in clause if c.kind not in _FILLERS]
    is_subject = order[:3] == [kinds.REMAINING, kinds.LEVEL_WORD, kinds.COPULA]
    return is_subject and kinds.DISC_LEVEL not in order


def joined_to_remaining(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    """``L5/S1 and the levels above``: the discs named before the word and joined with it."""
    for i, c in enumerate(chunks):
        if c.kind is kinds.REMAINING:
            words = [one for one in chunks[:i] if one.kind not in (kinds.LEVEL_WORD, kinds.AT, kinds.OTHER_THING)]
            if [one.kind for one in words[-2:]] == [kinds.DISC_LEVEL, kinds.AND]:
                return words[-2].discs
    return ()


def named_as_remaining(chunks: Sequence[Chunk], named: Named) -> tuple[int, ...]:
    """``the remaining levels L1-L2 to L3-L4``: the discs named behind the word."""
    at = next((i for i, c in enumerate(chunks) if c.kind is kinds.REMAINING), -1)
    if at < 0:
        return ()
    return next((c.discs for i, c in named if c.kind is kinds.DISC_LEVEL and at < i <= at + 4), ())
