"""Levels in rows and sites in columns: lines cut at bars or tabs."""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.layout.state import Topics
from inference.reports.words.sites import site_of
from inference.reports.words.tokens import Token

#: For each column, the sites that its header names.
Columns = list[Topics]


def cells(line: Sequence[Token]) -> list[list[Token]]:
    """The cells of a table's line; empty when the line is no part of a table."""
    texts = [t.text for t in line]
    bar = "|" if "|" in texts else "\t"
    if texts.count(bar) < 2:
        return []
    row: list[list[Token]] = [[]]
    for token in line:
        if token.text == bar:
            row.append([])
        else:
            row[-1].append(token)
    return row if row[0] else row[1:]


def header(row: Sequence[Sequence[Token]]) -> Columns:
    """What each column of a header is about."""
    return [_topics(cell) for cell in row]


def _topics(cell: Sequence[Token]) -> Topics:
    k = 0
    topics: list[tuple[str, str]] = []
    while k < len(cell):
        phrase = site_of(cell, k)
        if phrase is not None:
            topics.append((phrase.value, phrase.side))
            k = phrase.next_index
        else:
            k += 1
    return tuple(topics)
