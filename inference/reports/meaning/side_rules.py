"""Rules that give a site its sides (the first that gives one decides), and that say which site a root stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inference.reports.meaning.context import Reach
from inference.reports.meaning.placing import Placing
from inference.reports.phrases.assertions import Assertion
from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds
from inference.reports.words.levels import FIRST

#: left, right, both, or empty when the rule does not apply.
FindSide = Callable[[Placing], str]
#: The site at a disc; empty when nothing is stated of it, None when the rule does not apply.
FindSite = Callable[[Assertion, int, Reach], str | None]


def stated(placing: Placing) -> str:
    """``Left foraminal stenosis``: the side in its words.

    Example: L4-5: Left foraminal stenosis.
    """
    return placing.assertion.side


def negative_of_both(placing: Placing) -> str:
    """``No foraminal stenosis``: a negative without a side is of both.

    Example: L4-5: No foraminal stenosis.
    """
    return "both" if placing.is_normal else ""


def plural(placing: Placing) -> str:
    """``Compressing the exit canals``: a plural without a side is both.

    Example: L4-5: Bulge encroaching the exit canals.
    """
    site = placing.assertion.chunk
    return "both" if site is None or site.plural else ""


def clause_where(placing: Placing) -> str:
    """``Worse on the left, where it narrows the recess``: the side that the clause speaks of.

    Example: L4-5: Bulge, more prominent on the left, where it narrows the lateral recess.
    """
    if kinds.WHERE not in placing.words.present:
        return ""
    for c in reversed(placing.chunks[: placing.assertion.first]):
        if c.kind is kinds.WHERE:
            return c.side
        if c.kind in (kinds.SEMICOLON, kinds.BUT, kinds.SIDE):
            break
    return ""


def lesion_in_sentence(placing: Placing) -> str:
    """``Left paracentral protrusion compressing the root``: the side of the lesion; a central one is of both.

    Example: L4-5: Left paracentral protrusion compressing the exiting root.
    """
    return placing.lesion


def only_side_before(placing: Placing) -> str:
    """``Synovial cyst on the right, narrowing the recess``: the one side that the sentence named before.

    Example: L4-5: Synovial cyst on the right, narrowing the lateral recess.
    """
    sides: set[str] = set()
    chunks = placing.chunks
    for i in range(placing.assertion.first):
        c = chunks[i]
        if c.kind is kinds.SIDE:
            if not _is_compared(chunks, i):
                sides.add(c.value)
        elif c.side and c.kind is kinds.SITE:
            sides.add(c.side)
    return sides.pop() if len(sides) == 1 else ""


_COMPARES = frozenset((kinds.COMPARISON, kinds.THAN))


def _is_compared(chunks: Sequence[Chunk], i: int) -> bool:
    """``more on the left``, ``left more than right``."""
    if i and chunks[i - 1].kind in _COMPARES:
        return True
    return (i > 1 and chunks[i - 2].kind is kinds.COMPARISON) or chunks[i + 1].kind in _COMPARES


def lesion_before(placing: Placing) -> str:
    """``L4-5: left protrusion. The root is compressed.``: the side of the lesion spoken of before.

    Example: L4-5: Left paracentral protrusion. The exiting root is compressed.
    """
    return placing.context.lesion if placing.in_same_paragraph and not placing.words.levels else ""


def both_by_default(_: Placing) -> str:
    """``Compressing the exiting root``, and no side anywhere: both.

    Example: L4-5: Mild foraminal narrowing.
    """
    return "both"


def cord_denied(assertion: Assertion, disc: int, reach: Reach) -> str | None:
    """``No cord compression`` speaks of the levels of the cord that it names, and not of the sac below.

    Example: L4-5: No cord compression.
    """
    is_cord = assertion.chunk is not None and assertion.chunk.form == "cord"
    if is_cord and assertion.grade == "normal" and (reach is not Reach.LEVEL or disc > FIRST + 1):
        return ""
    return None


def root_of_lower_vertebra(assertion: Assertion, disc: int, _: Reach) -> str | None:
    """``S1 root`` at L5-S1: it lies in the recess.

    Example: L5-S1: The right S1 root is compressed.
    """
    return "recess" if assertion.chunk is not None and disc + 1 in assertion.chunk.roots else None


def root_of_upper_vertebra(assertion: Assertion, disc: int, _: Reach) -> str | None:
    """``L5 root`` at L5-S1: it lies in the foramen.

    Example: L5-S1: The right L5 root is compressed.
    """
    return "foramen" if assertion.chunk is not None and disc in assertion.chunk.roots else None


def site_as_named(assertion: Assertion, _: int, __: Reach) -> str | None:
    """``The left foramen is narrow``: the site is what the words say.

    Example: L4-5: Canal stenosis.
    """
    return assertion.site


# the side of the lesion in a sentence

_BEFORE_LESION = frozenset(
    (kinds.SIDE, kinds.GRADE, kinds.LESION_ZONE, kinds.OTHER_THING, kinds.AND, kinds.DISC_LESION, kinds.DISC_LEVEL)
)


def side_of_lesion(chunks: list[Chunk]) -> str:
    """The side of the disc lesion in a sentence; ``both`` for a central or diffuse one, empty for none."""
    sides: set[str] = set()
    has_lesion = False
    for i, c in enumerate(chunks):
        kind = c.kind
        if kind is kinds.SITE:
            if c.value == "canal" and c.side in ("left", "right"):
                return c.side
        elif kind is kinds.LESION_ZONE and c.value in ("central", "diffuse"):
            sides.add("both")
        elif kind is kinds.DISC_LESION or (kind is kinds.LESION_ZONE and c.value in ("sided", "place")):
            has_lesion = True
            if side := c.side or _side_beside(chunks, i):
                sides.add(side)
    if not has_lesion:
        return ""
    return sides.pop() if len(sides) == 1 else "both"


def _side_beside(chunks: list[Chunk], i: int) -> str:
    """The side right before a lesion, or the one that its clause opens with."""
    if i and chunks[i - 1].kind in _BEFORE_LESION:
        return next((one.value for one in chunks[max(0, i - 3) : i] if one.kind is kinds.SIDE), "")
    return _side_in_front(chunks[:i])


_INTRODUCES = frozenset((kinds.THERE, kinds.COPULA, kinds.AT, kinds.COMMA, kinds.GRADE, kinds.OTHER_THING))
_OPENINGS = ([kinds.OF], [kinds.COMMA, kinds.OF], [kinds.SEMICOLON, kinds.OF])


def _side_in_front(before: list[Chunk]) -> str:
    """``On the right there is a protrusion``: the side that a clause opens with; or empty."""
    start = next((k for k in range(len(before) - 1, -1, -1) if before[k].kind is kinds.THERE), 0)
    if not start or not all(c.kind in _INTRODUCES for c in before[start:]):
        return ""
    k = start - 1 - (before[start - 1].kind is kinds.COMMA)
    opening = [c.kind for c in before[max(0, k - 2) : k]]
    return before[k].value if before[k].kind is kinds.SIDE and opening in _OPENINGS else ""
