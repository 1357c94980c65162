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
            near = i and chunks[i - 1].kind in ("SD", "G", "Z", "O", "AND", "D", "L")
            if own and near:
                sides.add(own)
    if not seen:
        return ""
    return sides.pop() if len(sides) == 1 else "both"


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
