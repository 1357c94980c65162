"""The rule for ``respectively``: each level with its own grade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds

Unfold = Callable[[list[Chunk], tuple[int, ...]], list[Chunk]]


def each_its_grade(chunks: list[Chunk], headed: tuple[int, ...]) -> list[Chunk]:
    """``L3-4 and L4-5: mild and moderate stenosis, respectively``: the sentence once for each level, with its grade.

    Example: L4-5 and L5-S1: mild and moderate canal stenosis, respectively.

    headed: discs of the heading in force, for a sentence that names none. Nothing is
    unfolded when levels and grades do not match one to one.
    """
    if chunks and len(headed) > 1 and not any(c.kind is kinds.DISC_LEVEL for c in chunks):
        chunks = [Chunk(kinds.DISC_LEVEL, "heading", chunks[0].start, chunks[0].start, discs=headed), *chunks]
    for level in (c for c in chunks if c.kind is kinds.DISC_LEVEL and len(c.discs) > 1):
        grades = _grades(chunks, len(level.discs))
        if grades:
            return _unfolded(chunks, level, grades)
    return chunks


def _unfolded(chunks: Sequence[Chunk], level: Chunk, grades: Sequence[Chunk]) -> list[Chunk]:
    first, last = chunks.index(grades[0]), chunks.index(grades[-1])
    unfolded: list[Chunk] = []
    for disc, grade in zip(level.discs, grades, strict=True):
        for i, c in enumerate(chunks):
            if c is level:
                unfolded.append(replace(c, discs=(disc,)))
            elif c is grade or not first <= i <= last:
                unfolded.append(replace(c))
        unfolded.append(Chunk(kinds.SEMICOLON, ";", chunks[-1].end, chunks[-1].end))
    return unfolded


def _grades(chunks: Sequence[Chunk], count: int) -> list[Chunk]:
    """The first run of ``count`` grades with nothing but commas and conjunctions between."""
    run: list[Chunk] = []
    for c in chunks:
        if c.kind is kinds.GRADE:
            run.append(c)
        elif c.kind not in (kinds.COMMA, kinds.AND):
            if len(run) == count:
                return run
            run = []
    return run if len(run) == count else []
