"""Rules over tokens: sides inside abbreviations are spelt out, words broken in two become one again."""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.trace import Rewrite, Rule, Trace, rewrite
from inference.reports.words import kinds
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.tokens import Token

#: Shortest word, in letters, that two halves are joined to.
_SHORTEST = 7
#: A side and a foramen in one word: the side's first letter, then `nf`.
_SIDED = {"rnf": "right", "lnf": "left", "bnf": "both"}
SIDED = frozenset((*_SIDED, "nf"))
_OPPOSITE = {"left": "right", "right": "left"}
_COMPARED = {"contralateral": "other", "opposite": "other", "ipsilateral": "same", "homolateral": "same"}
COMPARED = frozenset(_COMPARED)
_LETTERS = {"r": "right", "l": "left"}


def mend(tokens: list[Token], rules: Sequence[Rule[Rewrite[Token]]], trace: Trace | None) -> list[Token]:
    """Tokens after each of the rules that apply to words."""
    return rewrite(rules, tokens, {token.text for token in tokens}, trace, _describe)


def _describe(token: Token, _: Trace) -> str:
    return token.text


def side_of_abbreviation(tokens: list[Token]) -> list[Token]:
    """``RNF`` and ``R NF`` become ``right nf``, over the same characters; ``B/L NF`` stays.

    Example: L4-5: mild RNF narrowing.
    """
    spelt: list[Token] = []
    for token in tokens:
        _, text, start, end = token
        if text in _SIDED:
            spelt += [Token("word", _SIDED[text], start, start + 1), Token("word", "nf", start + 1, end)]
            continue
        if text == "nf" and spelt and spelt[-1].text in _LETTERS and [t.text for t in spelt[-2:-1]] != ["/"]:
            spelt[-1] = spelt[-1]._replace(text=_LETTERS[spelt[-1].text])
        spelt.append(token)
    return spelt


def opposite_side(tokens: list[Token]) -> list[Token]:
    """``The opposite foramen``, ``the homolateral foramen``: the side is that of the words before, or the other.

    Example: L3-4: Left foramen moderately narrowed, the opposite foramen mildly narrowed.
    """
    named: list[Token] = []
    side = ""
    for i, token in enumerate(tokens):
        if token.kind == "word" and (sides := [w.value for w in LEXICON.look_up(token.text) if w.kind is kinds.SIDE]):
            side = sides[0] if sides[0] in _OPPOSITE else ""
        compared = _COMPARED.get(token.text)
        after = LEXICON.look_up(tokens[i + 1].text)[0].kind if compared and i + 1 < len(tokens) else ""
        if compared and side and after == kinds.SITE_WORD:
            named.append(token._replace(text=_OPPOSITE[side] if compared == "other" else side))
        else:
            named.append(token)
    return named


def word_in_two(tokens: list[Token]) -> list[Token]:
    """``for aminal``, ``fora-`` / ``minal``: halves of a known word are joined when the second is no word itself.

    Example: L4-5: Mild bilateral neural for aminal narrowing.
    """
    listed = LEXICON.listed
    whole: list[Token] = []
    for token in tokens:
        if token.kind == "word" and token.text not in listed and (halves := _halves(whole, token)):
            joined = whole[-halves].text + token.text
            whole[-halves:] = [Token("word", joined, whole[-halves].start, token.end)]
        else:
            whole.append(token)
    return whole


def _halves(before: Sequence[Token], second: Token) -> int:
    """How many tokens at the end of ``before`` make a known word with ``second``; 0 when none do.

    They are a word one blank away, or a word with a hyphen at the end of its line.
    """
    count = 1
    if before and before[-1].kind == "line_end" and len(before) > 2 and before[-2].text == "-":
        count = 3
    first = before[-count] if len(before) >= count else second
    distance = before[-2].start - first.end if count == 3 else second.start - first.end - 1
    whole = first.text + second.text
    known = first.kind == "word" and len(whole) >= _SHORTEST and whole in LEXICON.listed
    return count if known and distance == 0 and LEXICON.look_up(whole)[0].kind else 0
