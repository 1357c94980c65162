"""Lines of a report and the sentences in them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from inference.reports.layout import headings
from inference.reports.words.tokens import Token

#: Longest sentence, in tokens; a longer one is cut, so that time grows with the length of the text alone.
_LONGEST_SENTENCE = 250
#: Length in characters of a full line in a text broken at a fixed width, and of one that may go on below.
_FULL = (60, 130)
_NEARLY_FULL = 55
#: Lines that end in mid-sentence before a text counts as broken at a fixed width.
_WRAPPED_LINES = 3


def lines_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens by line; an empty line is an empty list."""
    lines: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "line_end":
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _length(line: Sequence[Token]) -> int:
    return line[-1].end - line[0].start if line else 0


def is_wrapped(lines: Sequence[Sequence[Token]], text: str) -> bool:
    """Whether the text was broken at a fixed width: several full lines end in mid-sentence."""
    full = sum(
        1
        for line, after in itertools.pairwise(lines)
        if _FULL[0] <= _length(line) <= _FULL[1]
        and after
        and line[-1].text not in (".", ":", ";", "!")
        and not text[after[0].start].isupper()
    )
    return full >= _WRAPPED_LINES


def continues(before: Sequence[Token], line: Sequence[Token], text: str, *, wrapped: bool) -> bool:
    """Whether ``line`` goes on with the sentence that the line before it began."""
    last, first = before[-1], line[0]
    if last.text in (".", ":", "!") and not wrapped:
        return False
    if first.text in ("-", "*", ".", "|") or last.text == "|" or headings.heading_end(line, 0) > 0:
        return False
    if headings.level_heading(line, 0) is not None:
        return False
    if wrapped and text[first.start].islower() and last.text not in (".", ":", "!"):
        return True
    if wrapped and _length(before) >= _NEARLY_FULL and (first.kind != "number" or last.text != "."):
        return True
    if last.text in (".", ":", ";", "!", "?"):
        return False
    return last.text == "," or last.text in headings.JOINING or last.text == "&"


def sentences_of(line: list[Token]) -> list[list[Token]]:
    """The sentences of a line, without their full stops."""
    sentences: list[list[Token]] = []
    start = 0
    for k, token in enumerate(line):
        if token.text in (".", "!") and _ends_sentence(line, k):
            if k > start:
                sentences.append(line[start:k])
            start = k + 1
        elif token.text == "/" and k + 1 < len(line) and line[k + 1].text == "/" and line[k + 1].start == token.end:
            if k > start:
                sentences.append(line[start:k])
            start = k + 2
        elif token.text == "/" and start == k:
            start = k + 1
    if start < len(line):
        sentences.append(line[start:] if start else line)
    if len(line) <= _LONGEST_SENTENCE:
        return sentences
    return [piece for sentence in sentences for piece in _pieces(sentence)]


def _pieces(sentence: list[Token]) -> list[list[Token]]:
    starts = range(0, len(sentence), _LONGEST_SENTENCE)
    return [sentence[start : start + _LONGEST_SENTENCE] for start in starts]


def _ends_sentence(line: Sequence[Token], k: int) -> bool:
    """Whether the full stop at ``k`` is no decimal point, abbreviation or list number."""
    if k == 0:
        return True
    before = line[k - 1]
    if k + 1 == len(line):
        return True
    after = line[k + 1]
    if after.start == line[k].end and after.kind == "number" and before.kind == "number":
        return False
    if before.kind == "word" and before.text in headings.ABBREVIATIONS:
        return False
    return not (before.kind == "number" and k == 1)
