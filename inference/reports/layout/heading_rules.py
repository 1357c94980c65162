"""Rules for headings: each takes a heading into the state, or says that there is none.

A rule gives the index behind the heading, `NO_HEADING`, or None when it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from inference.reports.layout import headings
from inference.reports.layout.state import State
from inference.reports.trace import Rule, Trace
from inference.reports.words import kinds
from inference.reports.words.kinds import Kind
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.sites import site_of
from inference.reports.words.tokens import Token

NO_HEADING = 0
#: Longest line, in tokens, that can be a section's name without a colon.
_LONGEST_NAME = 8
_EXAMINATION = frozenset(("mri", "mr", "spine"))
_LUMBAR_EXAMINATION = _EXAMINATION | {"lss"}
_REMAINING_LEVELS = frozenset((kinds.REMAINING, kinds.LEVEL_WORD))
_STATEMENT = frozenset((kinds.NORMAL, kinds.NEGATION, kinds.GRADE, kinds.DISC_LESION, kinds.COPULA))
#: Names of what lies in a place; ``Cord and conus: normal`` says nothing of the canal.
_NO_TOPICS = frozenset(("neural", "cord", "cauda"))
_RECESS_HEADINGS = (["subarticular", "zone"], ["subarticular", "zones"])


class Content(NamedTuple):
    """What a heading's words name: sites, kinds of the other words, a side without a site."""

    topics: list[tuple[str, str]]
    kinds: set[Kind]
    side: str


class Heading:
    """A possible heading: tokens ``first`` to ``end``, with the level's heading that it is, if it is one.

    is_marked: a colon or a dash ends it.
    """

    __slots__ = ("_content", "end", "first", "is_marked", "level", "tokens", "words")

    def __init__(self, tokens: list[Token], i: int) -> None:
        self.tokens = tokens
        self.level = headings.level_heading(tokens, i)
        self.first = self.end = i
        self.words: list[str] = []
        self._content: Content | None = None
        self.is_marked = False
        if self.level is None:
            self.first = headings.first_word(tokens, i)
            self.end = self._end(i)
            self.is_marked = self.first < self.end < len(tokens)
            self.words = [t.text for t in tokens[self.first : self.end] if t.kind == "word"]

    def _end(self, i: int) -> int:
        colon = headings.heading_end(self.tokens, i) or headings.dash_heading(self.tokens, self.first)
        is_short = i == 0 and len(self.tokens) - self.first <= _LONGEST_NAME
        return colon or (len(self.tokens) if is_short else 0)

    @property
    def is_possible(self) -> bool:
        """Whether there is anything that can be a heading."""
        return self.level is not None or bool(self.words)

    @property
    def behind(self) -> int:
        """Index of the token behind the heading's mark."""
        return self.end + 1

    @property
    def content(self) -> Content:
        """What its words name."""
        if self._content is None:
            self._content = _content(self.tokens[self.first : self.end])
        return self._content


Take = Callable[[Heading, State], int | None]


class HeadingRules(NamedTuple):
    """The rules for any heading, and those for one that a colon or a dash ends, tried in this order."""

    names: Sequence[Rule[Take]]
    marked: Sequence[Rule[Take]]


def take_heading(state: State, tokens: list[Token], i: int, rules: HeadingRules, trace: Trace | None) -> int:
    """Take a heading at ``i`` into the state by the first rule that applies; the index behind it, or ``i``."""
    heading = Heading(tokens, i)
    if not heading.is_possible:
        return i
    for group in rules if heading.is_marked else rules[:1]:
        for rule in group:
            behind = rule.apply(heading, state)
            if behind is not None:
                if trace is not None:
                    _note(trace, rule, heading, behind)
                return behind or i
    return i


def _note(trace: Trace, rule: Rule[Take], heading: Heading, behind: int) -> None:
    last = min(behind or heading.end, len(heading.tokens)) - 1
    start, end = heading.tokens[heading.first].start, heading.tokens[max(last, heading.first)].end
    trace.note(rule, "heading" if behind else "no heading", start, end)


def level(heading: Heading, state: State) -> int | None:
    """``L4-L5:``, ``L3-4 and L4-5 -``: the levels hold for what follows.

    Example: L4-L5: Mild canal stenosis.
    """
    if heading.level is None:
        return None
    discs, behind = heading.level
    alone = behind >= len(heading.tokens)
    state.levels, state.topics, state.of_remaining = discs, state.topics_of_block, False
    state.skip = ""
    state.block = alone or state.writes_blocks
    state.level_alone = alone
    state.paragraph += 1
    return behind


def remaining_levels(heading: Heading, state: State) -> int | None:
    """``Remaining levels:``: what follows is said of the levels not spoken of.

    Example: L4-5: Moderate canal stenosis. ¶ Remaining levels: no canal stenosis.
    """
    if not heading.is_marked or not {LEXICON.look_up(word)[0].kind for word in heading.words} >= _REMAINING_LEVELS:
        return None
    state.levels, state.topics, state.of_remaining = (), (), True
    return heading.behind


def other_region(heading: Heading, state: State) -> int | None:
    """``MRI CERVICAL SPINE``: another region is described, and not read.

    Example: MRI CERVICAL SPINE ¶ C5-C6: severe canal stenosis.
    """
    words = set(heading.words)
    if not words & headings.FOREIGN or words & headings.LUMBAR:
        return None
    if not heading.is_marked and not words & _EXAMINATION:
        return NO_HEADING
    state.foreign, state.skip = True, ""
    state.begin_section()
    return heading.behind


def lumbar_region(heading: Heading, state: State) -> int | None:
    """``MRI LUMBAR SPINE``: what follows is read.

    Example: MRI LUMBAR SPINE ¶ L4-5: moderate canal stenosis.
    """
    words = set(heading.words)
    if not words & headings.LUMBAR or not (heading.is_marked or words & _LUMBAR_EXAMINATION):
        return None
    if not headings.is_title(heading.words):
        return None
    state.foreign, state.skip = False, ""
    state.begin_section()
    return heading.behind


def examination_shows(heading: Heading, state: State) -> int | None:
    """``Examination of the spine reveals:``: findings follow, although an examination's name is not read.

    Example: Study reveals: ¶ Moderate canal stenosis at L4-L5.
    """
    if not heading.is_marked or heading.words[-1] not in headings.REVEALS or heading.words[0] not in headings.SKIPPED:
        return None
    state.skip = ""
    state.begin_section()
    return heading.behind


def findings_section(heading: Heading, state: State) -> int | None:
    """``FINDINGS:``, ``Impression -``: the section is read.

    Example: FINDINGS: Mild canal stenosis at L4-5.
    """
    words = set(heading.words)
    if not words & headings.READ or not (heading.is_marked or len(heading.words) <= 2):
        return None
    if words & (headings.SKIPPED - headings.READ) and not headings.leads_to_findings(heading.words):
        return None
    if heading.is_marked and (heading.content.topics or headings.follows_level(heading.tokens, heading.first)):
        return None
    state.skip = ""
    state.begin_section()
    return heading.behind


def unread_section(heading: Heading, state: State) -> int | None:
    """``HISTORY:``, ``Technique:``, ``Comparison:``: the section is not read.

    Example: HISTORY: Severe spinal stenosis at L4-5.
    """
    is_name = heading.words[0] in headings.SKIPPED and (heading.is_marked or len(heading.words) <= 2)
    if not is_name and not (heading.is_marked and heading.words[-1] in headings.SKIPPED):
        return None
    state.skip = "history, technique or comparison"
    state.skip_ends_at_blank = heading.behind < len(heading.tokens)
    state.begin_section()
    return heading.behind


def statement(heading: Heading, _: State) -> int | None:
    """``Stenosis at L4-5: mild``: a colon inside a statement ends no heading.

    Example: L5/S1 canal: adequate.
    """
    content = heading.content
    if content.kinds & _STATEMENT or (kinds.COMPROMISE in content.kinds and not content.topics):
        return NO_HEADING
    if any(t.kind == "vertebra" for t in heading.tokens[heading.first : heading.end]):
        return NO_HEADING
    return None


def side_of_site(heading: Heading, state: State) -> int | None:
    """``Foramina: Left: narrowed. Right: patent``: the site of the heading before, on this side.

    Example: L4-5: Right foramen: patent. Left: mild narrowing.
    """
    content = heading.content
    if not content.side or content.topics or not state.topics or heading.end - heading.first != 1:
        return None
    state.topics = tuple((site, content.side) for site, _ in state.topics)
    return heading.behind


def site(heading: Heading, state: State) -> int | None:
    """``Right neural foramina:``: what follows is said of the site.

    Example: L3-4: Canal: moderately stenosed.
    """
    topics = heading.content.topics
    if not topics:
        return None
    in_turn = bool(state.topics) and not state.levels  # site after site on one line, each with its levels
    state.topics, state.skip = tuple(topics), ""
    state.paragraph += in_turn
    opens = heading.behind >= len(heading.tokens) and (not state.levels or bool(state.topics_of_block))
    state.topics_of_block = state.topics if opens else ()
    state.levels = () if opens else state.levels
    return heading.behind


def behind_level(heading: Heading, _: State) -> int | None:
    """``L4-L5: bulge: none``: a second colon on the line of a level is no heading.

    Example: L4-5: C: moderate.
    """
    return NO_HEADING if headings.follows_level(heading.tokens, heading.first) else None


def part_of_level(heading: Heading, state: State) -> int | None:
    """``Facets: normal``: inside the block of a level, and not said of the level.

    Example: L4-5 ¶ Disc: bulge. ¶ Canal: moderately narrowed.
    """
    if not state.block or not headings.is_part_of_level(heading.tokens[heading.first :]):
        return None
    state.in_part = True
    return heading.behind


def other_heading(heading: Heading, state: State) -> int | None:
    """``Conus: normal``: any other heading ends what was in force and calls no level normal.

    Example: L3-4: Mild canal stenosis. ¶ ¶ Conus: normal.
    """
    state.levels, state.topics, state.block, state.skip, state.topics_of_block = (), (), False, "", ()
    state.in_part = True
    return heading.behind


def _content(tokens: Sequence[Token]) -> Content:
    topics: list[tuple[str, str]] = []
    others: set[Kind] = set()
    side = ""
    k = 0
    while k < len(tokens):
        phrase = site_of(tokens, k)
        if phrase is None and k + 2 == len(tokens) and [t.text for t in tokens[k:]] in _RECESS_HEADINGS:
            return Content([*topics, ("recess", side)], others, side)
        if phrase is not None and phrase.form not in _NO_TOPICS:
            topics.append((phrase.value, phrase.side or side))
            k = phrase.next_index
            continue
        if tokens[k].kind == "word":
            word = LEXICON.look_up(tokens[k].text)[0]
            others.add(word.kind)
            side = word.value if word.kind is kinds.SIDE else side
        k += 1
    return Content(topics, others, side)
