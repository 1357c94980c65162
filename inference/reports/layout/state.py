"""A sentence with what is in force around it, and the state that reading the page moves on."""

from __future__ import annotations

from dataclasses import dataclass, field

from inference.reports.words.tokens import Token

#: Sites that a heading names, as (site, side).
Topics = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Sentence:
    """Tokens of a sentence and what is in force around it.

    skip: why the sentence is not read, or empty. paragraph: sentences with the same
    number share a paragraph. levels: discs of the heading in force. topics: sites of the
    heading in force. section: sections have numbers. after_heading: it stands right
    behind a heading. of_remaining: the heading speaks of the remaining levels.
    """

    tokens: list[Token]
    paragraph: int
    skip: str = ""
    levels: tuple[int, ...] = ()
    topics: Topics = ()
    section: int = 0
    after_heading: bool = False
    of_remaining: bool = False


@dataclass(slots=True)
class State:
    """What is in force while the page is read, line by line.

    skip_ends_at_blank: the section that is not read ends at a blank line. foreign: another
    region is described. block: the lines below belong to a level's heading; writes_blocks:
    this report is laid out in such blocks. in_part: a heading inside a block names a part
    of the level (``Facets:``). topics_of_block: sites of a heading line above levels.
    level_alone: the level's heading was a line by itself.
    """

    writes_blocks: bool = False
    skip: str = ""
    skip_ends_at_blank: bool = False
    foreign: bool = False
    levels: tuple[int, ...] = ()
    topics: Topics = ()
    topics_of_block: Topics = ()
    of_remaining: bool = False
    paragraph: int = 0
    section: int = 0
    block: bool = False
    in_part: bool = False
    level_alone: bool = False
    sentences: list[Sentence] = field(default_factory=list)

    def begin_section(self) -> None:
        """A new section: the headings of the one before no longer hold."""
        self.levels, self.topics, self.block, self.topics_of_block = (), (), False, ()
        self.section += 1

    def add(self, tokens: list[Token], skip: str, *, after_heading: bool) -> None:
        """A sentence with what is in force now."""
        self.sentences.append(
            Sentence(tokens, self.paragraph, skip, self.levels, self.topics, self.section, after_heading,
                     self.of_remaining)
        )  # fmt: skip
