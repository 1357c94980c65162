"""What the grammar makes of a sentence, and what it is given of the text around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from inference.reports.phrases.chunks import Chunk


class Basis(StrEnum):
    """What a grade rests on; the ``rule`` of a label begins with it."""

    GRADE_WORD = "grade word"
    GRADE_FOR_SIDE = "grade for each side"
    GRADE_OF_TOPIC = "grade word, site from before"
    GRADE_OF_LATER = "grade word, site from after"
    GRADING_SYSTEM = "grading system"
    NO_GRADE = "no grade given"
    OF_TOPIC = "site from before"
    NO_SITE = "stenosis with no site"
    NEGATION = "negation"
    NORMAL_WORD = "normal word"
    NORMAL_OF_TOPIC = "normal word, site from before"
    NORMAL_LEVEL = "level called normal"
    NOT_NORMAL = "not normal"


@dataclass(slots=True)
class Assertion:
    """Sites of one kind with one grade; ``first`` and ``last`` are chunk indices.

    side: left, right, both, or empty when the words give none. chunk: the site, when the sentence
    names it. whole: a whole level (or study) is meant. of_remaining: holds where nothing else is stated.
    """

    site: str
    side: str
    grade: str
    basis: Basis
    first: int
    last: int
    start: int
    end: int
    chunk: Chunk | None = None
    confidence: float = 0.95
    whole: bool = False
    of_remaining: bool = False


@dataclass(slots=True)
class Reading:
    """One sentence, read: its chunks, its assertions, and what was not understood (start, end, why).

    after_heading: it stands right behind a level's heading. unknown: where words stand whose use is not known.
    """

    chunks: list[Chunk]
    assertions: list[Assertion] = field(default_factory=list)
    unclear: list[tuple[int, int, str]] = field(default_factory=list)
    after_heading: bool = False
    unknown: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a heading or the sentence before spoke of: a site and its side."""

    site: str
    side: str = ""
    plural: bool = True
    heading: bool = False
