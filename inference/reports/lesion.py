"""The side of a disc lesion, which a site without a side takes."""

from __future__ import annotations

from inference.reports.chunks import Chunk


def lesion_side(chunks: list[Chunk]) -> str:
    """The side of the disc lesion in a sentence; ``both`` for a central or diffuse one, empty for none."""
    sides: set[str] = set()
    seen = False
    for i, c in enumerate(chunks):
        if c.kind == "S" and c.value == "canal" and c.side in ("left", "right"):
            return c.side
        if c.kind == "Z" and c.value in ("central", "diffuse"):
            sides.add("both")
        if (c.kind == "Z" and c.value in ("sided", "place")) or c.kind == "D":
            seen = True
            own = c.side or next((b.value for b in chunks[max(0, i - 3) : i] if b.kind == "SD"), "")
            near = c.side or (i and chunks[i - 1].kind in ("SD", "G", "Z", "O", "AND", "D", "L"))
            own = own if near else _side_in_front(chunks[:i])
            if own:
                sides.add(own)
    if not seen:
        return ""
    return sides.pop() if len(sides) == 1 else "both"


_INTRODUCES = frozenset(("THERE", "COPULA", "AT", "COMMA", "G", "O"))


def _side_in_front(before: list[Chunk]) -> str:
    """``On the right there is a protrusion``: the side that a clause opens with; or empty."""
    there = next((k for k in range(len(before) - 1, -1, -1) if before[k].kind == "THERE"), 0)
    if not there or not all(c.kind in _INTRODUCES for c in before[there:]):
        return ""
    k = there - 1 - (before[there - 1].kind == "COMMA")
    opens = [c.kind for c in before[max(0, k - 2) : k]]
    return before[k].value if before[k].kind == "SD" and opens in (["OF"], ["COMMA", "OF"], ["SEMI", "OF"]) else ""


def side_of_clause_where(chunks: list[Chunk], before: int) -> str:
    """``more prominent on the left, where it narrows the recess``: the side that the clause speaks of; or empty."""
    for c in reversed(chunks[:before]):
        if c.kind == "WHERE":
            return c.side
        if c.kind in ("SEMI", "BUT", "SD"):
            break
    return ""


def only_side_before(chunks: list[Chunk], before: int) -> str:
    """The one side that the sentence has spoken of so far (``synovial cyst on the right, narrowing the recess``)."""
    sides = set()
    for i, c in enumerate(chunks[:before]):
        if c.kind == "SD" and not (i and chunks[i - 1].kind in ("COMPARE", "THAN")):
            compared = (i > 1 and chunks[i - 2].kind == "COMPARE") or chunks[i + 1].kind in ("COMPARE", "THAN")
            if not compared:
                sides.add(c.value)
        elif c.kind == "S" and c.side:
            sides.add(c.side)
    return sides.pop() if len(sides) == 1 else ""
