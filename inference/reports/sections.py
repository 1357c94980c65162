"""Step two and a half: tokens -> sentences, each with what is in force around it.

In force are: the section (findings are read; history, technique, comparison
and advice are not), the region (lumbar or another), the paragraph, the
levels of a heading and the sites of a heading.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.reports import headings
from inference.reports.lexicon import LEXICON
from inference.reports.sites import site_of
from inference.reports.tables import Columns, cells, header
from inference.reports.tokens import Token

_LONGEST_SENTENCE = 250


@dataclass(slots=True)
class Sentence:
    """Tokens of a sentence and what is in force around it.

    skip: why the sentence is not read, or empty. paragraph: sentences with the
    same number share a paragraph. levels: discs of the heading in force.
    topics: sites of the heading in force, as (site, side).
    """

    tokens: list[Token]
    paragraph: int
    skip: str = ""
    levels: tuple[int, ...] = ()
    heads_block: bool = False
    topics: tuple[tuple[str, str], ...] = ()
    section: int = 0
    fresh: bool = False
    remaining: bool = False


@dataclass(slots=True)
class _State:
    skip: str = ""
    skip_ends_at_blank: bool = False
    foreign: bool = False
    levels: tuple[int, ...] = ()
    topics: tuple[tuple[str, str], ...] = ()
    topics_paragraph: int = -1
    paragraph: int = 0
    section: int = 0
    block: bool = False
    writes_blocks: bool = False
    remaining: bool = False
    part: bool = False
    topics_of_block: tuple[tuple[str, str], ...] = ()
    lumbar_seen: bool = False
    heading_alone: bool = False
    sentences: list[Sentence] = field(default_factory=list)


def split(tokens: Sequence[Token], text: str) -> list[Sentence]:
    """Sentences of a report in order, headings taken off and kept as context."""
    lines = _lines(tokens)
    wrapped = _is_wrapped(lines, text)
    state = _State(writes_blocks=headings.writes_blocks(lines))
    columns: Columns = []
    gap = 0
    before: list[Token] = []
    for line in lines:
        if not line:
            gap += 1
            continue
        goes_on = (
            bool(before) and not gap and _goes_on(before, line, wrapped and text[line[0].start].islower(), wrapped)
        )
        if not goes_on:
            _begin_paragraph(state, line, gap)
        row = cells(line)
        if row:
            columns = _read_row(state, row, columns)
            before, gap = line, 0
            continue
        columns = []
        for sentence in _sentences(line):
            _read_sentence(state, sentence, continued=goes_on and sentence is line)
        if goes_on and state.sentences:
            _rejoin(state, before, line)
        before, gap = line, 0
    return state.sentences


def _read_row(state: _State, row: list[list[Token]], columns: Columns) -> Columns:
    """A line of a table: its header names the sites, its first cell the level."""
    headed = headings.level_heading(row[0], 0) if row[0] else None
    if headed is None:
        return header(row)
    for cell, topic in zip(row[1:], columns[1:], strict=False):
        if cell and topic and not state.skip and not state.foreign:
            state.paragraph += 1
            state.sentences.append(
                Sentence(cell, state.paragraph, "", headed[0], True, topic, state.section, fresh=True)
            )
    return columns


def _lines(tokens: Sequence[Token]) -> list[list[Token]]:
    lines: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "e":
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _length(line: Sequence[Token]) -> int:
    return line[-1].end - line[0].start if line else 0


def _is_wrapped(lines: Sequence[Sequence[Token]], text: str) -> bool:
    """Whether the text was broken at a fixed width: several full lines end in mid-sentence."""
    full = sum(
        1
        for line, after in itertools.pairwise(lines)
        if 60 <= _length(line) <= 130
        and after
        and line[-1].text not in (".", ":", ";", "!")
        and not text[after[0].start].isupper()
    )
    return full >= 3


def _goes_on(before: Sequence[Token], line: Sequence[Token], in_sentence: bool, wrapped: bool) -> bool:
    last, first = before[-1], line[0]
    if last.text in (".", ":", "!") and not wrapped:
        return False
    if first.text in ("-", "*", ".", "|") or "|" in (last.text,) or headings.heading_end(line, 0) > 0:
        return False
    if headings.level_heading(line, 0) is not None:
        return False
    if in_sentence and last.text not in (".", ":", "!"):
        return True
    if wrapped and _length(before) >= 55 and (first.kind != "n" or last.text != "."):
        return True
    if last.text in (".", ":", ";", "!", "?"):
        return False
    return last.text == "," or last.text in headings.JOINING or last.text == "&"


def _rejoin(state: _State, before: Sequence[Token], line: Sequence[Token]) -> None:
    """A sentence broken over two lines becomes one again."""
    if before[-1].text in (".", "!", ":"):
        return
    for k in range(len(state.sentences) - 1, 0, -1):
        sentence = state.sentences[k]
        if sentence.tokens and sentence.tokens[0].start == line[0].start:
            earlier = state.sentences[k - 1]
            if not sentence.fresh and not earlier.skip and not sentence.skip:
                earlier.tokens = earlier.tokens + sentence.tokens
                del state.sentences[k]
            return
        if sentence.tokens and sentence.tokens[0].start < line[0].start:
            return


def _sentences(line: list[Token]) -> list[list[Token]]:
    found: list[list[Token]] = []
    start = 0
    for k, token in enumerate(line):
        if token.text in (".", "!") and _ends(line, k):
            if k > start:
                found.append(line[start:k])
            start = k + 1
        elif token.text == "/" and k + 1 < len(line) and line[k + 1].text == "/" and line[k + 1].start == token.end:
            if k > start:
                found.append(line[start:k])
            start = k + 2
        elif token.text == "/" and start == k:
            start = k + 1
    if start < len(line):
        found.append(line[start:] if start else line)
    return found if len(line) <= _LONGEST_SENTENCE else [piece for one in found for piece in _pieces(one)]


def _pieces(sentence: list[Token]) -> list[list[Token]]:
    """A sentence without end is cut, so that the time a report takes grows with its length alone."""
    cuts = range(0, len(sentence), _LONGEST_SENTENCE)
    return [sentence[at : at + _LONGEST_SENTENCE] for at in cuts]


def _ends(line: Sequence[Token], k: int) -> bool:
    if k == 0:
        return True
    before = line[k - 1]
    if k + 1 == len(line):
        return True
    after = line[k + 1]
    if after.start == line[k].end and after.kind == "n" and before.kind == "n":
        return False
    if before.kind == "w" and before.text in headings.ABBREVIATIONS:
        return False
    return not (before.kind == "n" and k == 1)


def _begin_paragraph(state: _State, line: Sequence[Token], gap: int) -> None:
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
        state.topics, state.remaining = state.topics_of_block, False


def _reads_like_a_finding(line: Sequence[Token]) -> bool:
    """Whether a new line names a level and a lesion: an unheaded reading below ``Clinical: back pain``."""
    if not any(t.kind == "v" for t in line):
        return False
    return any(t.kind == "w" and LEXICON.look_up(t.text)[0].kind in ("P", "D") for t in line)


def _is_site_heading(line: Sequence[Token]) -> bool:
    """``- Canal: ...``, ``Canal - ...``: a line on one site of the level above."""
    end = headings.item_end(line, 0)
    return end > 0 and site_of(line[:end], headings.first_word(line, 0)) is not None


def _is_heading_of_thing(line: Sequence[Token]) -> bool:
    end = headings.heading_end(line, 0)
    if headings.is_part_of_level(line):
        return False
    return end > 0 and site_of(line, headings.first_word(line, 0)) is None


def _read_sentence(state: _State, tokens: list[Token], *, continued: bool) -> None:
    i, fresh, state.part = 0, False, False
    while i < len(tokens):
        moved = _take_heading(state, tokens, i)
        if moved <= i:
            break
        i, fresh = moved, not state.part
    rest = tokens[i:]
    if not rest:
        return
    fresh = fresh or (state.heading_alone and bool(state.levels) and not state.part)
    state.heading_alone = False
    skip = state.skip or ("another region" if _is_foreign(state, rest) else "")
    state.sentences.append(
        Sentence(
            rest, state.paragraph, skip, state.levels, state.block, state.topics, state.section, fresh, state.remaining
        )
    )


def _take_heading(state: _State, tokens: list[Token], i: int) -> int:
    """Take a heading at ``i`` into the state; the index behind it, or ``i``."""
    headed = headings.level_heading(tokens, i)
    if headed is not None:
        alone = headed[1] >= len(tokens)
        state.levels, state.topics, state.remaining = headed[0], state.topics_of_block, False
        state.skip = ""
        state.block = alone or state.writes_blocks
        state.heading_alone = alone
        state.paragraph += 1
        return headed[1]
    first = headings.first_word(tokens, i)
    colon = headings.heading_end(tokens, i)
    end = colon or headings.dash_heading(tokens, first) or (len(tokens) if i == 0 and len(tokens) - first <= 8 else 0)
    if end <= first:
        return i
    return _take_word_heading(state, tokens, first, end, is_marked=end < len(tokens)) or i


def _take_word_heading(state: _State, tokens: list[Token], first: int, end: int, *, is_marked: bool) -> int:
    words = [t.text for t in tokens[first:end] if t.kind == "w"]
    if not words:
        return 0
    known = set(words)
    behind = end + 1
    if is_marked and {"REMAINING", "LEVEL"} <= {LEXICON.look_up(word)[0].kind for word in words}:
        state.levels, state.topics, state.remaining = (), (), True
        return behind
    if known & headings.FOREIGN and not known & headings.LUMBAR:
        if is_marked or known & {"mri", "mr", "spine"}:
            state.foreign, state.skip = True, ""
            _reset(state)
            return behind
        return 0
    if known & headings.LUMBAR and (is_marked or known & {"mri", "mr", "spine", "lss"}) and headings.is_title(words):
        state.foreign, state.lumbar_seen, state.skip = False, True, ""
        _reset(state)
        return behind
    if is_marked and words[-1] in headings.REVEALS and words[0] in headings.SKIPPED:
        state.skip = ""
        _reset(state)
        return behind
    is_read = known & headings.READ and (
        not known & (headings.SKIPPED - headings.READ) or headings.leads_to_findings(words)
    )
    of_level = is_marked and (bool(_topics(tokens[first:end])[0]) or headings.follows_level(tokens, first))
    if is_read and (is_marked or len(words) <= 2) and not of_level:
        state.skip = ""
        _reset(state)
        return behind
    if (words[0] in headings.SKIPPED and (is_marked or len(words) <= 2)) or (
        is_marked and words[-1] in headings.SKIPPED
    ):
        state.skip = "history, technique or comparison"
        state.skip_ends_at_blank = behind < len(tokens)
        _reset(state)
        return behind
    return _take_site_heading(state, tokens, first, end) if is_marked else 0


def _reset(state: _State) -> None:
    state.levels, state.topics, state.block, state.topics_of_block = (), (), False, ()
    state.section += 1


_STATEMENT = frozenset(("N", "NEG", "G", "D", "COPULA"))


def _take_site_heading(state: _State, tokens: list[Token], first: int, end: int) -> int:
    """``Right neural foramina:``; any other short heading ends what was in force."""
    heading = tokens[first:end]
    topics, kinds, side = _topics(heading)
    if kinds & _STATEMENT or any(t.kind == "v" for t in heading) or ("P" in kinds and not topics):
        return 0
    if side and not topics and state.topics and len(heading) == 1:
        state.topics = tuple((site, side) for site, _ in state.topics)
        return end + 1
    if topics:
        in_turn = bool(state.topics) and not state.levels  # site after site on one line, each with its levels
        state.topics, state.skip = tuple(topics), ""
        state.paragraph += in_turn
        opens = end + 1 >= len(tokens) and (not state.levels or bool(state.topics_of_block))
        state.topics_of_block = state.topics if opens else ()
        state.levels = () if opens else state.levels
        return end + 1
    if headings.follows_level(tokens, first):
        return 0
    if state.block and headings.is_part_of_level(tokens[first:]):
        state.part = True
        return end + 1
    state.levels, state.topics, state.block, state.skip, state.topics_of_block = (), (), False, "", ()
    state.part = True  # ``Conus: normal`` calls no level normal
    return end + 1


#: Names of what lies in a place; ``Cord and conus: normal`` says nothing of the canal.
_NO_TOPICS = frozenset(("neural", "cord", "cauda"))
_RECESS_HEADINGS = (["subarticular", "zone"], ["subarticular", "zones"])


def _topics(heading: Sequence[Token]) -> tuple[list[tuple[str, str]], set[str], str]:
    """The sites of a heading with their sides, the kinds of its other words, and a side said alone."""
    topics: list[tuple[str, str]] = []
    kinds: set[str] = set()
    side = ""
    k = 0
    while k < len(heading):
        run = site_of(heading, k)
        if run is None and k + 2 == len(heading) and [t.text for t in heading[k:]] in _RECESS_HEADINGS:
            return [*topics, ("recess", side)], kinds, side
        if run is not None and run.form not in _NO_TOPICS:
            topics.append((run.value, run.side or side))
            k = run.next_index
            continue
        if heading[k].kind == "w":
            word = LEXICON.look_up(heading[k].text)[0]
            kinds.add(word.kind)
            side = word.value if word.kind == "SD" else side
        k += 1
    return topics, kinds, side


def _is_foreign(state: _State, tokens: Sequence[Token]) -> bool:
    words = {t.text for t in tokens if t.kind == "w"}
    if words & headings.LUMBAR:
        return False
    return state.foreign or bool(
        words & {"cervical", "thoracic"} and words & {"spine", "cord", "levels", "level", "canal"}
    )
