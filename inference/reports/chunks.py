"""Step three: tokens of a sentence -> chunks, the things that the grammar speaks of.

Kinds: L levels, S site, SD side, G grade, NEG, N normal, P compromise, D disc
lesion, O other thing, COMMA, AND, BUT, SEMI, COLON, OF/AT (prepositions),
COPULA and the lexicon's other glue in capitals. Words without meaning go.
"""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports import levels
from inference.reports.idioms import IDIOMS, Chunk, level_chunk
from inference.reports.lexicon import LEXICON, PLAIN, Word
from inference.reports.sites import Run, site_of
from inference.reports.tokens import Token

__all__ = ["Chunk", "chunk"]

_MARKS = {",": "COMMA", ";": "SEMI", ":": "COLON", "&": "AND", "+": "AND", "/": "AND", "(": "OPEN", ")": "CLOSE"}
_MARKS |= {"|": "SEMI", "=": "COLON", "?": "HEDGE"}
_STRONG = {"normal": 0, "mild": 1, "moderate": 2, "severe": 3}


def chunk(tokens: Sequence[Token]) -> tuple[list[Chunk], list[int]]:
    """The chunks of one sentence, and where words stand whose use is not known."""
    found: list[Chunk] = []
    i, n = 0, len(tokens)
    while i < n:
        token = tokens[i]
        if token.kind == "w":
            i = _word(tokens, i, found)
        elif token.kind == "v":
            i = _vertebra(tokens, i, found)
        elif token.kind == "n":
            i = _number(tokens, i, found)
        else:
            _mark(tokens, i, found)
            i += 1
    others: list[int] = []
    known: list[Chunk] = []
    for c in found:
        if c.kind != "X":
            known.append(c)
            continue
        if known and known[-1].kind == "G" and not (others and others[-1] > known[-1].start):
            known[-1].adjective = True
        others.append(c.start)
    return _joined_levels(_ranges(_without_choices(known))), others


def _mark(tokens: Sequence[Token], i: int, found: list[Chunk]) -> None:
    token = tokens[i]
    kind = _MARKS.get(token.text)
    if token.text in (">", "<", "=") and found and found[-1].kind == "SD":
        kind = "THAN"
    if token.text == "-" and tokens[i - 1].end < token.start:
        kind = "DASH"
    if kind:
        found.append(Chunk(kind, token.text, token.start, token.end))


def _number(tokens: Sequence[Token], i: int, found: list[Chunk]) -> int:
    if any(c.kind == "L" for c in found[-3:]) and (pair := levels.bare_pair(tokens, i)):
        found.append(level_chunk(tokens, i, pair))
        return pair.next_index
    return i + 1


def _vertebra(tokens: Sequence[Token], i: int, found: list[Chunk]) -> int:
    place = levels.parse(tokens, i)
    if place is None:
        return i + 1
    if not place.discs:
        run = site_of(tokens, i)
        if run is not None:
            found.append(_site_chunk(run))
            return run.next_index
    found.append(level_chunk(tokens, i, place))
    return place.next_index


def _site_chunk(run: Run) -> Chunk:
    return Chunk(
        "S", run.value, run.start, run.end, run.form, run.side, run.plural, run.adjective, run.roots, (), run.aside
    )


def _word(tokens: Sequence[Token], i: int, found: list[Chunk]) -> int:
    token = tokens[i]
    text = token.text
    idiom = IDIOMS.get(text)
    if idiom is not None and (made := idiom(tokens, i)) is not None:
        found.append(made[0])
        return made[1]
    meanings = LEXICON.look_up(text)
    if len(meanings) == 1 and (meanings[0].kind in ("W", "SD") or text == "intervertebral"):
        run = site_of(tokens, i)
        if run is not None:
            found.append(_site_chunk(run))
            return run.next_index
    for word in meanings:
        if word is not PLAIN and word.kind:
            _append(tokens, i, word, found)
        elif text not in LEXICON.function_words:
            found.append(Chunk("X", text, token.start, token.end))
    return i + 1


def _append(tokens: Sequence[Token], i: int, word: Word, found: list[Chunk]) -> None:
    token = tokens[i]
    kind, value = word.kind, word.value
    if kind == "W":
        run = site_of(tokens, i, alone=True)
        if run is not None:
            found.append(_site_chunk(run))
        elif value == "central":
            found.append(Chunk("Z", "central", token.start, token.end))
        elif value in ("foraminal", "subarticular"):
            found.append(Chunk("Z", "place", token.start, token.end, form=value))
        return
    if kind == "G" and value == "empty":
        return
    if kind == "G" and _is_adverb_of_other(tokens, i):
        return
    if kind == "ABBREVIATION":
        found.append(Chunk("S", value, token.start, token.end, form="abbreviation", plural=True))
        kind, value, word = "P", "stenosis", Word("P", "stenosis", "noun")
    if kind == "AND":
        value = token.text
    found.append(Chunk(kind, value, token.start, token.end, form=word.form or token.text))


def _is_adverb_of_other(tokens: Sequence[Token], i: int) -> bool:
    """``slightly migrating``, ``moderately dehydrated``: an adverb of a word that is no predicate."""
    if not tokens[i].text.endswith("ly") or i + 1 >= len(tokens) or tokens[i + 1].kind != "w":
        return False
    after = tokens[i + 1].text
    if after.endswith(("causing", "leading", "resulting")):
        return False
    return after[-3:] in ("ing", "ted", "sed", "ned", "ied", "red") and LEXICON.look_up(after)[0].kind in (
        "",
        "EXTEND",
        "D",
        "O",
    )


def _without_choices(found: list[Chunk]) -> list[Chunk]:
    """``normal / mild / moderate / severe`` is a form that nobody filled in."""
    if sum(c.kind == "AND" and c.value == "/" for c in found) < 2:
        return found
    kept: list[Chunk] = []
    i = 0
    while i < len(found):
        k = i
        while k + 2 < len(found) and found[k].kind in "GN" and found[k + 1].value == "/" and found[k + 2].kind in "GN":
            k += 2
        if k - i >= 4:
            i = k + 1
            continue
        kept.append(found[i])
        i += 1
    return kept


def _ranges(found: list[Chunk]) -> list[Chunk]:
    """``mild to moderate`` is its upper end; ``from mild to severe`` is where it ended."""
    result: list[Chunk] = []
    for c in found:
        if c.kind == "G" and len(result) >= 2 and result[-2].kind == "G" and _joins(result[-1]):
            before = result[-2]
            came_from = len(result) >= 3 and result[-3].form == "from"
            if came_from or _STRONG.get(c.value, -1) >= _STRONG.get(before.value, -1):
                before.value, before.form = c.value, c.form
            before.end = c.end
            result.pop()
            continue
        if c.kind == "G" and result and result[-1].kind == "G" and c.start - result[-1].end <= 1:
            if result[-1].value == "normal":
                continue
            if _STRONG.get(c.value, -1) >= _STRONG.get(result[-1].value, -1):
                result[-1].value, result[-1].form = c.value, c.form
            result[-1].end = c.end
            continue
        result.append(c)
    return result


def _joins(c: Chunk) -> bool:
    return (c.kind == "OF" and c.form == "to") or (c.kind == "AND" and c.value in ("or", "/", "-")) or c.kind == "DASH"


def _joined_levels(found: list[Chunk]) -> list[Chunk]:
    """A list of levels is one chunk; ``L4 over L5`` is the level between."""
    result: list[Chunk] = []
    for c in found:
        if c.kind == "L" and (at := _list_start(result)) >= 0:
            first = result[at]
            first.discs = tuple(dict.fromkeys(first.discs + c.discs))
            first.end = c.end
            del result[at + 1 :]
            continue
        if c.kind == "V" and len(result) >= 2 and result[-2].kind == "V" and _on(result[-1]):
            upper, lower = int(result[-2].value), int(c.value)
            if lower == upper + 1:
                result.pop()
                result[-1] = Chunk("L", "slip", result[-1].start, c.end, discs=(upper,))
                continue
        result.append(c)
    return result


def _on(c: Chunk) -> bool:
    return c.kind == "OF" and c.form in ("on", "over", "upon", "to")


def _list_start(result: list[Chunk]) -> int:
    """Where the list of levels begins that a level at the end would go on; -1 for none."""
    at = len(result) - 1
    joined = False
    while at >= 0 and len(result) - at <= 5:
        kind = result[at].kind
        if kind == "L":
            return at if joined or at == len(result) - 1 else -1
        if kind in ("AND", "COMMA", "DASH"):
            joined = True
        elif kind == "LEVEL" or (kind == "OPEN") or (kind == "AT" and joined is False):
            pass
        else:
            return -1
        at -= 1
    return -1
