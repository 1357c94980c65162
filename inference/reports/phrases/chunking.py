"""Tokens of a sentence -> chunks, the things that the rules speak of. Words without meaning go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference.reports.phrases.chunks import Chunk, level_chunk, site_chunk
from inference.reports.phrases.turns import Turn
from inference.reports.trace import Rule, Trace
from inference.reports.words import kinds, levels
from inference.reports.words.lexicon import LEXICON, PLAIN, Word
from inference.reports.words.sites import site_of, site_of_word
from inference.reports.words.tokens import Token

_MARKS = {",": kinds.COMMA, ";": kinds.SEMICOLON, ":": kinds.COLON, "|": kinds.SEMICOLON, "=": kinds.COLON}
_MARKS |= {"(": kinds.OPENING_BRACKET, ")": kinds.CLOSING_BRACKET, "?": kinds.HEDGE}
_MARKS |= dict.fromkeys("&+/", kinds.AND)
#: How far back, in chunks, a full level may stand for ``3-4`` to be a level too.
_LIST_REACH = 3
_PARTICIPLES = ("ing", "ted", "sed", "ned", "ied", "red")
_NO_PREDICATE = frozenset((kinds.PLAIN, kinds.EXTENSION, kinds.DISC_LESION, kinds.OTHER_THING))
_STARTS_SITE = frozenset((kinds.SITE_WORD, kinds.SIDE))

Turns = Mapping[str, Rule[Turn]]


def chunk(tokens: Sequence[Token], turns: Turns, trace: Trace | None) -> tuple[list[Chunk], list[int]]:
    """The chunks of one sentence, and where words stand whose use is not known.

    turns: the rule for turns of phrase that begin with a word.
    """
    chunks: list[Chunk] = []
    i, n = 0, len(tokens)
    while i < n:
        kind = tokens[i].kind
        if kind == "word":
            i = _word(tokens, i, chunks, turns, trace)
        elif kind == "vertebra":
            i = _vertebra(tokens, i, chunks)
        elif kind == "number":
            i = _number(tokens, i, chunks)
        else:
            _mark(tokens, i, chunks)
            i += 1
    return _without_unknown(chunks)


def _without_unknown(chunks: list[Chunk]) -> tuple[list[Chunk], list[int]]:
    """Known chunks, and the places of the others; a grade before an unknown word is its adverb."""
    known: list[Chunk] = []
    places: list[int] = []
    for c in chunks:
        if c.kind is not kinds.UNKNOWN:
            known.append(c)
            continue
        if known and known[-1].kind is kinds.GRADE and not (places and places[-1] > known[-1].start):
            known[-1].adjective = True
        places.append(c.start)
    return known, places


def _mark(tokens: Sequence[Token], i: int, chunks: list[Chunk]) -> None:
    token = tokens[i]
    kind = _MARKS.get(token.text)
    if token.text in (">", "<", "=") and chunks and chunks[-1].kind is kinds.SIDE:
        kind = kinds.THAN
    if token.text == "-" and tokens[i - 1].end < token.start:
        kind = kinds.DASH
    if kind:
        chunks.append(Chunk(kind, token.text, token.start, token.end))


def _number(tokens: Sequence[Token], i: int, chunks: list[Chunk]) -> int:
    in_list = any(c.kind is kinds.DISC_LEVEL for c in chunks[-_LIST_REACH:])
    if in_list and (pair := levels.bare_pair(tokens, i)):
        chunks.append(level_chunk(tokens, i, pair))
        return pair.next_index
    return i + 1


def _vertebra(tokens: Sequence[Token], i: int, chunks: list[Chunk]) -> int:
    place = levels.parse(tokens, i)
    if place is None:
        return i + 1
    if not place.discs:
        phrase = site_of(tokens, i)
        if phrase is not None:
            chunks.append(site_chunk(phrase))
            return phrase.next_index
    chunks.append(level_chunk(tokens, i, place))
    return place.next_index


def _word(tokens: Sequence[Token], i: int, chunks: list[Chunk], turns: Turns, trace: Trace | None) -> int:
    token = tokens[i]
    text = token.text
    rule = turns.get(text)
    if rule is not None and (made := rule.apply.read(tokens, i)) is not None:
        if trace is not None:
            trace.note(rule, made[0].kind, token.start, tokens[made[1] - 1].end)
        chunks.append(made[0])
        return made[1]
    meanings = LEXICON.look_up(text)
    if len(meanings) == 1 and (meanings[0].kind in _STARTS_SITE or text == "intervertebral"):
        phrase = site_of(tokens, i)
        if phrase is not None:
            chunks.append(site_chunk(phrase))
            return phrase.next_index
    for word in meanings:
        if word is not PLAIN and word.kind:
            _append(tokens, i, word, chunks)
        elif text not in LEXICON.function_words:
            chunks.append(Chunk(kinds.UNKNOWN, text, token.start, token.end))
    return i + 1


def _append(tokens: Sequence[Token], i: int, word: Word, chunks: list[Chunk]) -> None:
    token = tokens[i]
    kind, value = word.kind, word.value
    if kind is kinds.SITE_WORD:
        _append_site_word(tokens, i, value, chunks)
        return
    if kind is kinds.GRADE and (value == "empty" or _is_adverb_of_other(tokens, i)):
        return
    if kind is kinds.ABBREVIATION:
        chunks.append(Chunk(kinds.SITE, value, token.start, token.end, form="abbreviation", plural=True))
        kind, value, word = kinds.COMPROMISE, "stenosis", Word(kinds.COMPROMISE, "stenosis", "noun")
    if kind is kinds.AND:
        value = token.text
    chunks.append(Chunk(kind, value, token.start, token.end, form=word.form or token.text))


def _append_site_word(tokens: Sequence[Token], i: int, value: str, chunks: list[Chunk]) -> None:
    """A word of site phrases that begins none: a site by itself, the zone of a lesion, or nothing."""
    token = tokens[i]
    phrase = site_of_word(tokens, i)
    if phrase is not None:
        chunks.append(site_chunk(phrase))
    elif value == "central":
        chunks.append(Chunk(kinds.LESION_ZONE, "central", token.start, token.end))
    elif value in ("foraminal", "subarticular"):
        chunks.append(Chunk(kinds.LESION_ZONE, "place", token.start, token.end, form=value))


def _is_adverb_of_other(tokens: Sequence[Token], i: int) -> bool:
    """``slightly migrating``, ``moderately dehydrated``: an adverb of a word that is no predicate."""
    if not tokens[i].text.endswith("ly") or i + 1 >= len(tokens) or tokens[i + 1].kind != "word":
        return False
    after = tokens[i + 1].text
    if after.endswith(("causing", "leading", "resulting")):
        return False
    return after.endswith(_PARTICIPLES) and LEXICON.look_up(after)[0].kind in _NO_PREDICATE
