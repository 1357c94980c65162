"""``L3-4 and L4-5: mild and moderate stenosis, respectively``: each level with its own grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference.reports.chunks import Chunk


def unfold(found: list[Chunk], headed: tuple[int, ...]) -> list[Chunk]:
    """The sentence once for each level, with that level and grade alone; as it was when it does not fit.

    headed: discs of the heading in force, for a sentence that names none.
    """
    if found and len(headed) > 1 and not any(c.kind == "L" for c in found):
        found = [Chunk("L", "heading", found[0].start, found[0].start, discs=headed), *found]
    for level in (c for c in found if c.kind == "L" and len(c.discs) > 1):
        run = _grades(found, len(level.discs))
        if not run:
            continue
        first, last = found.index(run[0]), found.index(run[-1])
        unfolded: list[Chunk] = []
        for disc, grade in zip(level.discs, run, strict=True):
            for i, c in enumerate(found):
                if c is level:
                    unfolded.append(replace(c, discs=(disc,)))
                elif c is grade or not first <= i <= last:
                    unfolded.append(replace(c))
            unfolded.append(Chunk("SEMI", ";", found[-1].end, found[-1].end))
        return unfolded
    return found


def _grades(found: Sequence[Chunk], count: int) -> list[Chunk]:
    """The first run of ``count`` grades with nothing but commas and conjunctions between."""
    run: list[Chunk] = []
    for c in found:
        if c.kind == "G":
            run.append(c)
        elif c.kind not in ("COMMA", "AND"):
            if len(run) == count:
                return run
            run = []
    return run if len(run) == count else []
