"""Statements (a site at a disc with a grade), what is in force from sentence to sentence, the level words of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds
from inference.reports.words.kinds import Kind
from inference.reports.words.levels import FIRST, LAST

#: The discs that "all levels" and "no stenosis" without a level stand for: L1-L2 to L5-S1.
LUMBAR_DISCS = tuple(range(FIRST + 1, LAST + 1))


class Reach(StrEnum):
    """How far a statement reaches. The value is added to the rule of a label that is not of one level."""

    LEVEL = "level"
    EVERY_LEVEL = "global"
    REMAINING_LEVELS = "remaining"
    REMAINING_OF_SITE = "remaining of site"


@dataclass(slots=True)
class Statement:
    """Sites at one disc with one grade, from characters ``start`` to ``end``.

    reach: for this level, every level, levels not spoken of, or levels where nothing was stated of that site.
    """

    disc: int
    site: str
    sides: tuple[str, ...]
    grade: str
    basis: str
    confidence: float
    start: int
    end: int
    reach: Reach = Reach.LEVEL


@dataclass(slots=True)
class Context:
    """What was in force at the end of the sentence before, and what the report has stated.

    discs: None before any level was named; empty after a vertebra or `multilevel`. recent: the two
    discs named last in the section, the later one last. lesion: side of the disc lesion spoken of last.
    mentioned: the discs that the report speaks of. sentences, read: how many there were, and were read.
    """

    discs: tuple[int, ...] | None = None
    recent: tuple[int, ...] = ()
    paragraph: int = -1
    section: int = -1
    lesion: str = ""
    mentioned: set[int] = field(default_factory=set)
    statements: list[Statement] = field(default_factory=list)
    unclear: list[tuple[int, int, str]] = field(default_factory=list)
    sentences: int = 0
    read: int = 0

    def name(self, discs: tuple[int, ...]) -> None:
        """Note discs as the ones named last."""
        self.recent = tuple(dict.fromkeys(reversed((*self.recent, *discs))))[1::-1]


_AFTER_CONUS = frozenset((kinds.SEMICOLON, kinds.COMPROMISE, kinds.NORMAL, kinds.BUT))
_NAMES = frozenset((kinds.DISC_LEVEL, kinds.VERTEBRA, kinds.MULTILEVEL))


class LevelWords:
    """Level words of a sentence, by chunk index, without those that say where the conus ends.

    headed: discs of the heading in force. present: the kinds of all chunks.
    """

    __slots__ = ("chunks", "headed", "named", "present")

    def __init__(self, chunks: list[Chunk], headed: tuple[int, ...], *, in_force: bool) -> None:
        self.chunks = chunks
        self.headed = headed
        self.present: set[Kind] = {c.kind for c in chunks}
        self.named: list[tuple[int, Chunk]] = []
        if self.present.isdisjoint(_NAMES):
            return
        is_conus = False
        for i, c in enumerate(chunks):
            kind = c.kind
            if kind is kinds.CONUS:
                is_conus = True
            elif kind in _AFTER_CONUS:
                is_conus = False
            elif kind in _NAMES and not is_conus and not self._stays_in_force(i, in_force):
                self.named.append((i, c))

    def _stays_in_force(self, i: int, in_force: bool) -> bool:
        """Whether what is in force stays: ``L3-L4, L4-L5: bulges, noticeably at L4-L5``; a vertebra below a level."""
        c = self.chunks[i]
        if c.kind is kinds.VERTEBRA:
            return in_force
        is_compared = any(one.kind is kinds.COMPARISON for one in self.chunks[max(0, i - 2) : i])
        return is_compared and c.kind is kinds.DISC_LEVEL and set(c.discs) <= set(self.headed)

    @property
    def levels(self) -> Sequence[Chunk]:
        """The disc levels among them."""
        return [c for _, c in self.named if c.kind is kinds.DISC_LEVEL]
