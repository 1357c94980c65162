"""Plain text -> tokens (vertebrae, numbers, words, marks, line ends), each with its place."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Longest text that is read, in characters: no report is that long, and a broken export should not hold a worker.
LONGEST = 4_000_000

_TOKEN = re.compile(
    r"""(?P<vertebra>(?<![A-Za-z'])(?:[Tt][Hh]|[TDLSCtdlsc])[ .]?\d{1,2}(?!\d))"""
    r"""|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<word>[Ww]/[Oo](?![A-Za-z])|[Rr]/[Oo](?![A-Za-z])|[A-Za-z]+(?:'[a-z]+)?)"""
    r"""|(?P<line_end>\n)"""
    r"""|(?P<mark>[-.,;:/\\&+()?!|\[\]=<>_~*\t])"""
)


class Token(NamedTuple):
    """kind: vertebra, number, word, line_end or mark (punctuation); text is lower case."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """All tokens of a clean text, in order; linear in its length."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters of other scripts grow when lowered
        lower = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    new = tuple.__new__  # a third faster than Token(...), and this is the busiest line of all
    result: list[Token] = [
        new(Token, (match.lastgroup, match[0], *match.span()))
        for match in _TOKEN.finditer(lower, 0, min(len(text), LONGEST))
    ]
    for i, token in enumerate(result):
        if token.text in ("l", "r") and text[token.start] == token.text and not _is_bilateral(result, i):
            result[i] = token._replace(text="")  # only a capital is a side
    return _unglued(result, text)


def _is_bilateral(tokens: list[Token], i: int) -> bool:
    """``b/l`` in small letters."""
    return [token.text for token in tokens[max(0, i - 2) : i]] == ["b", "/"]


def _unglued(tokens: list[Token], text: str) -> list[Token]:
    """``atL4/L5``: the vertebra separate from the word that it was run into."""
    separate: list[Token] = []
    for token in tokens:
        if token.kind == "number" and separate and separate[-1].kind == "word" and _is_glued(separate[-1], token, text):
            word = separate.pop()
            separate.append(Token("word", word.text[:-1], word.start, word.end - 1))
            separate.append(Token("vertebra", word.text[-1] + token.text, word.end - 1, token.end))
        else:
            separate.append(token)
    return separate


def _is_glued(word: Token, digits: Token, text: str) -> bool:
    return (
        word.end == digits.start
        and len(word.text) > 2
        and text[word.end - 1] in "LS"
        and text[word.end - 2].islower()
        and len(digits.text) == 1
    )
