"""An assertion that is being given its levels: what stands around it, and the levels that it gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inference.reports.layout.state import Sentence
from inference.reports.meaning import references
from inference.reports.meaning.context import Context, LevelWords, Reach
from inference.reports.phrases.assertions import Assertion
from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds

NO_DISC_LEVEL = "the place named is not a disc level"


class Part(NamedTuple):
    """Discs with how far the statement reaches. both_sides: a site without a side is meant on both."""

    discs: tuple[int, ...]
    reach: Reach
    both_sides: bool


class Placement(NamedTuple):
    """The levels of an assertion; or why it has none, if that is worth a look (``unclear``)."""

    parts: tuple[Part, ...] = ()
    unclear: str = ""


def at(discs: tuple[int, ...]) -> Placement:
    """These discs, and no others."""
    return Placement((Part(discs, Reach.LEVEL, both_sides=False),))


def everywhere(discs: tuple[int, ...], reach: Reach) -> Placement:
    """These discs, on both sides unless one is stated."""
    return Placement((Part(discs, reach, both_sides=True),))


_CLAUSE_MARKS = frozenset((kinds.SEMICOLON, kinds.BUT))


class Placing:
    """An assertion among what stands around it.

    before, inside, after: level words by chunk index, as they stand to the assertion. behind: all
    chunks after it, when the sentence has the word level.
    """

    def __init__(
        self,
        assertion: Assertion,
        sentence: Sentence,
        words: LevelWords,
        context: Context,
        peers: list[Assertion],
        lesion: str,
    ) -> None:
        self.assertion = assertion
        self.sentence = sentence
        self.words = words
        self.chunks = words.chunks
        self.context = context
        self.peers = peers
        self.lesion = lesion
        first, last = assertion.first, assertion.last
        self.before = [one for one in words.named if one[0] < first]
        self.inside = [c for i, c in words.named if first <= i <= last and c.kind is kinds.DISC_LEVEL]
        self.after = [one for one in words.named if one[0] > last]
        self.behind: Sequence[Chunk] = self.chunks[last + 1 :] if kinds.LEVEL_WORD in words.present else ()
        self._clause: tuple[int, int] | None = None
        self._scope: str | None = None

    @property
    def is_normal(self) -> bool:
        """Whether the assertion denies."""
        return self.assertion.grade == "normal"

    @property
    def in_same_paragraph(self) -> bool:
        """Whether the level in force was named in this paragraph."""
        return self.context.paragraph == self.sentence.paragraph

    @property
    def clause(self) -> tuple[int, int]:
        """First and last chunk of the clause: up to a semicolon or `but` on either side."""
        if self._clause is None:
            first, last = self.assertion.first, self.assertion.last
            while first > 0 and self.chunks[first - 1].kind not in _CLAUSE_MARKS:
                first -= 1
            while last + 1 < len(self.chunks) and self.chunks[last + 1].kind not in _CLAUSE_MARKS:
                last += 1
            self._clause = first, last
        return self._clause

    def at_named(self, discs: tuple[int, ...]) -> Placement:
        """Discs that the sentence names; with the level in force in ``at this level or at L1/2``."""
        if not discs:
            return Placement(unclear=NO_DISC_LEVEL)
        if self.behind and references.adds_to_this_level(self.behind):
            return at((*(self.context.discs or ()), *discs))
        return at(discs)

    # words for all or for the remaining levels

    @property
    def scope(self) -> str:
        """``all``, ``remaining`` or ``elsewhere``, when a word says so of this assertion; or empty."""
        if self._scope is None:
            self._scope = self._find_scope()
        return self._scope

    def _find_scope(self) -> str:
        if self.words.present.isdisjoint(_SCOPE_WORDS):
            return ""
        assertion = self.assertion
        first, last = self.clause
        first = max([first, *(other.last + 1 for other in self.peers if other.last < assertion.first)])
        last = min([last, *(other.first - 1 for other in self.peers if other.first > assertion.last)])
        for i in range(first, last + 1):
            c = self.chunks[i]
            if c.kind not in _SCOPE_WORDS or (c.form == "otherwise" and i > assertion.last):
                continue
            if c.form == "elsewhere" and assertion.chunk is not None and len({one.site for one in self.peers}) == 1:
                return "elsewhere"
            after = [a.kind for a in self.chunks[i + 1 : i + 5]]
            means_levels = kinds.LEVEL_WORD in after or kinds.LUMBAR in after or c.form in _MEAN_LEVELS
            means_levels = means_levels or references.begins_with_other_discs(self.chunks[i : assertion.first])
            if c.kind is kinds.REMAINING:
                if means_levels or (assertion.whole and c.form != "other"):
                    return "remaining"
            elif means_levels and not self._is_each_of_several(c, i) and not _is_partial(after):
                return "all"
        return ""

    def _is_each_of_several(self, c: Chunk, i: int) -> bool:
        """``L2-3 through L4-5: ... at each level``: each of the levels in force, not of the spine."""
        is_each = c.form in ("each", "every")
        if is_each and any(k < i for k, _ in self.words.named):
            return True
        several = self.words.headed or (self.context.discs or () if is_each else ())
        return (is_each or c.form == "all") and len(several) > 1


_SCOPE_WORDS = frozenset((kinds.ALL, kinds.REMAINING))
#: Words that mean levels without saying `level`.
_MEAN_LEVELS = frozenset(("throughout", "elsewhere", "otherwise", "anywhere", "others"))


def _is_partial(after: list[kinds.Kind]) -> bool:
    """``all of these levels``, ``all other levels``, ``all discs``, ``all of L2-L5``: not every level."""
    if kinds.THIS in after[:3] or kinds.REMAINING in after[:3]:
        return True
    return kinds.OTHER_THING in after[:1] or kinds.DISC_LEVEL in after[:2]
