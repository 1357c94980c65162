"""Tokens -> sentences, each with what is in force around it.

In force are: the section (findings are read; history, technique, comparison
and advice are not), the region (lumbar or another), the paragraph, the
levels of a heading and the sites of a heading.
"""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.layout import headings
from inference.reports.layout.heading_rules import HeadingRules, take_heading
from inference.reports.layout.lines import continues, is_wrapped, lines_of, sentences_of
from inference.reports.layout.state import Sentence, State
from inference.reports.layout.tables import Columns, cells, header
from inference.reports.trace import Trace
from inference.reports.words import kinds
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.sites import site_of
from inference.reports.words.tokens import Token

_LESION = frozenset((kinds.COMPROMISE, kinds.DISC_LESION))


def split(tokens: Sequence[Token], text: str, rules: HeadingRules, trace: Trace | None) -> list[Sentence]:
    """Sentences of a report in order, headings taken off and kept as context."""
    lines = lines_of(tokens)
    wrapped = is_wrapped(lines, text)
    state = State(writes_blocks=headings.writes_blocks(lines))
    columns: Columns = []
    gap = 0
    before: list[Token] = []
    for line in lines:
        if not line:
            gap += 1
            continue
        goes_on = bool(before) and not gap and continues(before, line, text, wrapped=wrapped)
        if not goes_on:
            _begin_paragraph(state, line, gap)
        row = cells(line)
        if row:
            columns = _read_row(state, row, columns)
            before, gap = line, 0
            continue
        columns = []
        for sentence in sentences_of(line):
            _read_sentence(state, sentence, rules, trace)
        if goes_on and state.sentences:
            _rejoin(state, before, line)
        before, gap = line, 0
    return state.sentences


def _read_row(state: State, row: list[list[Token]], columns: Columns) -> Columns:
    """A line of a table: its header names the sites, its first cell the level."""
    level = headings.level_heading(row[0], 0) if row[0] else None
    if level is None:
        return header(row)
    for cell, topics in zip(row[1:], columns[1:], strict=False):
        if cell and topics and not state.skip and not state.foreign:
            state.paragraph += 1
            state.sentences.append(
                Sentence(cell, state.paragraph, "", level[0], topics, state.section, after_heading=True)
            )
    return columns


def _rejoin(state: State, before: Sequence[Token], line: Sequence[Token]) -> None:
    """A sentence broken over two lines becomes one again."""
    if before[-1].text in (".", "!", ":"):
        return
    for k in range(len(state.sentences) - 1, 0, -1):
        sentence = state.sentences[k]
        if sentence.tokens and sentence.tokens[0].start == line[0].start:
            earlier = state.sentences[k - 1]
            if not sentence.after_heading and not earlier.skip and not sentence.skip:
                earlier.tokens = earlier.tokens + sentence.tokens
                del state.sentences[k]
            return
        if sentence.tokens and sentence.tokens[0].start < line[0].start:
            return


def _begin_paragraph(state: State, line: Sequence[Token], gap: int) -> None:
    """A new line is a new paragraph, unless it stands in the block of a level's heading."""
    if gap:
        state.topics_of_block = ()
    in_block = state.block and not gap and not _is_heading_of_thing(line)
    if state.levels and not gap and not state.topics_of_block and _is_site_heading(line):
        in_block = state.block = True
    state.block = state.block and (state.writes_blocks or not in_block or headings.item_end(line, 0) > 0)
    if not in_block:
        state.block = False
        state.paragraph += 1
    if state.levels and not in_block:
        state.levels = ()
    if state.skip and state.skip_ends_at_blank and (gap or _reads_like_a_finding(line)):
        state.skip = ""
    if not in_block:
        state.topics, state.of_remaining = state.topics_of_block, False


def _reads_like_a_finding(line: Sequence[Token]) -> bool:
    """Whether a new line names a level and a lesion: an unheaded reading below ``Clinical: back pain``."""
    if not any(t.kind == "vertebra" for t in line):
        return False
    return any(t.kind == "word" and LEXICON.look_up(t.text)[0].kind in _LESION for t in line)


def _is_site_heading(line: Sequence[Token]) -> bool:
    """``- Canal: ...``, ``Canal - ...``: a line on one site of the level above."""
    end = headings.item_end(line, 0)
    return end > 0 and site_of(line[:end], headings.first_word(line, 0)) is not None


def _is_heading_of_thing(line: Sequence[Token]) -> bool:
    end = headings.heading_end(line, 0)
    if headings.is_part_of_level(line):
        return False
    return end > 0 and site_of(line, headings.first_word(line, 0)) is None


def _read_sentence(state: State, tokens: list[Token], rules: HeadingRules, trace: Trace | None) -> None:
    i, after_heading, state.in_part = 0, False, False
    while i < len(tokens):
        behind = take_heading(state, tokens, i, rules, trace)
        if behind <= i:
            break
        i, after_heading = behind, not state.in_part
    rest = tokens[i:]
    if not rest:
        return
    after_heading = after_heading or (state.level_alone and bool(state.levels) and not state.in_part)
    state.level_alone = False
    skip = state.skip or ("another region" if _is_foreign(state, rest) else "")
    state.add(rest, skip, after_heading=after_heading)


def _is_foreign(state: State, tokens: Sequence[Token]) -> bool:
    words = {t.text for t in tokens if t.kind == "word"}
    if words & headings.LUMBAR:
        return False
    return state.foreign or bool(
        words & {"cervical", "thoracic"} and words & {"spine", "cord", "levels", "level", "canal"}
    )
