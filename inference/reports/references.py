"""Levels that are not said by name: ``either level``, ``this level``, ``the levels above``, ``the others``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from inference.reports.chunks import Chunk
from inference.reports.levels import FIRST

Named = Sequence[tuple[int, Chunk]]


def both_levels(first: int, behind: Sequence[Chunk], named: Named, recent: tuple[int, ...]) -> tuple[int, ...]:
    """``at either level``, ``at both of these levels``: the two discs last named.

    first, behind: where the assertion begins, and what stands behind it.
    """
    words = [c for c in behind if c.kind not in ("OF", "THIS", "AT")][:2]
    if [c.kind for c in words] != ["SD", "LEVEL"] or words[0].value != "both":
        return ()
    said = (disc for i, c in named if i < first for disc in c.discs)
    two = tuple(dict.fromkeys((*recent, *said)))[-2:]
    return two if len(two) == 2 else ()


def adds_to_this_level(behind: Sequence[Chunk]) -> bool:
    """``at this level or at L1/2``: the level in force and the one named."""
    kinds = [c.kind for c in behind if c.kind != "AT"][:4]
    return kinds == ["THIS", "LEVEL", "AND", "L"]


def says_other_levels(chunks: Sequence[Chunk]) -> bool:
    """``at the other levels`` is said of levels, ``the others`` of foramina."""
    return any(c.kind == "REMAINING" and after.kind == "LEVEL" for c, after in itertools.pairwise(chunks))


def above(chunks: Sequence[Chunk], in_force: tuple[int, ...] | None) -> tuple[int, ...]:
    """``the levels above``: the discs above the one spoken of last."""
    for c, after in itertools.pairwise(chunks):
        discs = after.discs or in_force
        if c.kind == "REMAINING" and c.value == "above" and discs:
            return tuple(range(FIRST + 1, min(discs)))
    return ()


def says_other_discs(words: Sequence[Chunk]) -> bool:
    """``The remaining discs are without compromise of the canal``: a clause that begins with the other discs."""
    kinds = [(c.kind, c.value) for c in words[:5] if c.kind not in ("OF", "LUMBAR")]
    return [kind for kind, _ in kinds[:1]] == ["REMAINING"] and kinds[1:2] == [("O", "disc")] and kinds[2:] != []


def opens_with_remaining(clause: Sequence[Chunk]) -> bool:
    """``The remaining levels show no A, no B and no C``: holds for all that the clause denies."""
    kinds = [c.kind for c in clause if c.kind not in ("LUMBAR", "OF", "AT")]
    return kinds[:3] == ["REMAINING", "LEVEL", "COPULA"] and "L" not in kinds


def beside_remaining(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    """``L5/S1 and the levels above``: the discs named before the word and joined with it."""
    for i, c in enumerate(chunks):
        if c.kind == "REMAINING":
            words = [one for one in chunks[:i] if one.kind not in ("LEVEL", "AT", "O")]
            if [one.kind for one in words[-2:]] == ["L", "AND"]:
                return words[-2].discs
    return ()


def named_as_remaining(chunks: Sequence[Chunk], named: Named) -> tuple[int, ...]:
    """``the remaining levels L1-L2 to L3-L4``: the discs named behind the word."""
    at = next((i for i, c in enumerate(chunks) if c.kind == "REMAINING"), -1)
    return next((c.discs for i, c in named if c.kind == "L" and at < i <= at + 4), ()) if at >= 0 else ()
