"""Where a hand-edited report and its table, or two of its sentences, say different things.

The report reader that finds them can be wrong: what it says is shown beside
the text and acknowledged at the signature, and blocks nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypedDict

from inference.reports import Contradiction, Span, check_against
from reader import working_copy
from reader.models import Review, ReviewedFinding

logger = logging.getLogger(__name__)

#: Longest report that is read, in characters; twenty times a long one. Reading it takes about 0.1 s.
LONGEST_READ = 20_000
#: Longest quote that is shown, in characters.
LONGEST_QUOTE = 240

_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")

Grades = tuple[tuple[tuple[str, str], str], ...]


class Shown(TypedDict):
    """One contradiction as the page shows it.

    start, end: the sentence's place in the text, in UTF-16 units as a browser
    counts. quote: the sentence, shortened where it is long.
    """

    level: str
    site: str
    text_says: str
    table_says: str
    message: str
    start: int
    end: int
    quote: str


class Check(NamedTuple):
    """What reading the report gave; `done` is False when it could not be read."""

    done: bool
    found: tuple[Shown, ...]


#: Of a text that follows its table.
NONE = Check(True, ())


def check(review: Review, rows: Iterable[ReviewedFinding] | None = None) -> Check:
    """The contradictions of a review, in the order of its text.

    A text that follows its table has none, as it is the table in other words.
    """
    if not review.text_is_manual:
        return NONE
    table = working_copy.table(review) if rows is None else rows
    return check_text(review.draft_text, tuple(((row.level, row.site), row.grade) for row in table))


# The page asks every few seconds, and mostly nothing has changed since.
@lru_cache(maxsize=32)
def check_text(text: str, grades: Grades) -> Check:
    """The contradictions between a text and the grades beside it, in the order of the text."""
    if len(text) > LONGEST_READ:
        return Check(False, ())
    try:
        found = check_against(text, dict(grades))
    except Exception as error:  # noqa: BLE001
        # Advice must never stand between a reader and saving. The text itself stays out of the log.
        logger.error("A report could not be read for contradictions: %s", type(error).__name__)
        return Check(False, ())
    return Check(True, tuple(_shown(text, one) for one in _once(found)))


def _once(found: Iterable[Contradiction]) -> list[Contradiction]:
    """Of two sentences that differ, the one that the table agrees with is not at fault."""
    told = tuple(found)
    with_table = {(one.level, one.site) for one in told if one.other is None}
    return [one for one in told if one.other is None or (one.level, one.site) not in with_table]


def _shown(text: str, one: Contradiction) -> Shown:
    sentence = sentence_at(text, one.span)
    return {
        "level": one.level,
        "site": one.site,
        "text_says": one.text_says,
        "table_says": one.table_says,
        "message": one.message,
        "start": _utf16(text[: sentence.start]),
        "end": _utf16(text[: sentence.end]),
        "quote": _shortened(text[sentence.start : sentence.end]),
    }


def sentence_at(text: str, span: Span) -> Span:
    """The sentence, or line, around a span, without the white space at its ends."""
    start, end = 0, len(text)
    for stop in _SENTENCE_END.finditer(text):
        if stop.end() <= span.start:
            start = stop.end()
        elif stop.end() >= span.end:
            end = stop.end()
            break
    said = text[start:end]
    return Span(start + len(said) - len(said.lstrip()), start + len(said.rstrip()))


def _shortened(sentence: str) -> str:
    words = " ".join(sentence.split())
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1].rstrip()}…"


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
