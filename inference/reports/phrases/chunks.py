"""A chunk: one meaningful stretch of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.reports.trace import Trace
from inference.reports.words import kinds, levels
from inference.reports.words.kinds import Kind
from inference.reports.words.sites import SitePhrase
from inference.reports.words.tokens import Token


@dataclass(slots=True, eq=False)
class Chunk:
    """One meaningful stretch of a sentence: characters ``start`` to ``end`` of the report.

    value: the site, grade, side, effect or the like. form: the word, or the form of a word
    that decides its use (verb, noun, ing, ed; sac, root ...). side: left, right, both or empty.
    adjective: a site that is only the adjective of a noun to come (``foraminal``), or a grade
    before a word of unknown use. roots: numbers of the vertebrae that name a nerve root.
    discs: what a disc level names, by upper vertebra. attached: the side, left or right, on
    which the thing stands that a grade belongs to. negated: denied. ungraded: only a high grade is
    denied, or it cannot be assessed. used: a grade that something has taken.
    """

    kind: Kind
    value: str
    start: int
    end: int
    form: str = ""
    side: str = ""
    plural: bool = False
    adjective: bool = False
    roots: tuple[int, ...] = ()
    discs: tuple[int, ...] = ()
    attached: str = ""
    negated: bool = False
    ungraded: bool = False
    used: bool = False


def level_chunk(tokens: Sequence[Token], i: int, place: levels.Place) -> Chunk:
    """The chunk of a level expression that begins at token ``i``."""
    kind = kinds.DISC_LEVEL if place.discs else kinds.VERTEBRA
    last = tokens[place.next_index - 1]
    value = "range" if place.is_range else str(place.vertebra)
    return Chunk(kind, value, tokens[i].start, last.end, discs=place.discs)


def site_chunk(phrase: SitePhrase) -> Chunk:
    """The chunk of a site phrase."""
    return Chunk(
        kinds.SITE, phrase.value, phrase.start, phrase.end, phrase.form, phrase.side, phrase.plural, phrase.adjective,
        phrase.roots,
    )  # fmt: skip


#: Kinds whose value differs from their words, and is worth showing beside them.
_VALUED = frozenset((kinds.SITE, kinds.GRADE, kinds.SIDE, kinds.GRADING_SCALE, kinds.LESION_ZONE))


def describe(c: Chunk, trace: Trace) -> str:
    """A chunk as a trace writes it: ``compromise[stenosis: negated]``."""
    words = trace.words(c.start, c.end)
    notes = [c.value] if c.kind in _VALUED and c.value != words.lower() else []
    notes += [c.side] if c.side and c.kind is kinds.SITE else []
    notes += [f"discs {', '.join(map(_disc_name, c.discs))}"] if len(c.discs) > 1 or (c.discs and not words) else []
    notes += [f"of what stands {c.attached}"] if c.attached else []
    notes += ["only a high grade denied, or not assessed" if c.ungraded else "negated"] if c.negated else []
    notes += ["taken"] if c.used else []
    return f"{c.kind}[{words}{': ' if notes else ''}{'; '.join(notes)}]"


def _disc_name(disc: int) -> str:
    named = levels.Place((disc,), 0, 0).levels
    return named[0] if named else "another"
