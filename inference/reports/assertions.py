"""What the grammar makes of a sentence, and what it is told of the text around it."""

from __future__ import annotations

from dataclasses import dataclass, field

from inference.reports.chunks import Chunk

#: The rule of a stenosis that is said without its site.
BARE = "stenosis with no site"


@dataclass(slots=True)
class Assertion:
    """Sites of one kind with one grade; ``first`` and ``last`` are chunk indices.

    side: left, right, both, or empty when the words give none. whole: a whole
    level (or study) is meant. scope: ``remaining`` or ``all`` when said.
    """

    site: str
    side: str
    grade: str
    rule: str
    first: int
    last: int
    start: int
    end: int
    chunk: Chunk | None = None
    confidence: float = 0.95
    whole: bool = False
    scope: str = ""


@dataclass(slots=True)
class Reading:
    """One sentence, read: its chunks, its assertions, and what was not understood (start, end, why)."""

    chunks: list[Chunk]
    assertions: list[Assertion] = field(default_factory=list)
    unclear: list[tuple[int, int, str]] = field(default_factory=list)
    headed: bool = False
    others: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a heading or the sentence before spoke of: a site and its side."""

    site: str
    side: str = ""
    plural: bool = True
    heading: bool = False
