"""Step two and a quarter: words broken in two become one again (``for aminal``, ``fora-`` / ``minal``).

Abbreviations that hold a side are spelt out here too (``RNF``).
"""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.lexicon import LEXICON
from inference.reports.tokens import Token

_SHORTEST = 7
#: A side and a foramen in one word: the side's first letter, then `nf`.
_SIDED = {"rnf": "right", "lnf": "left", "bnf": "both"}
_ABBREVIATED = frozenset((*_SIDED, "nf"))
_OTHER = {"left": "right", "right": "left"}
_COMPARED = {"contralateral": "other", "opposite": "other", "ipsilateral": "same", "homolateral": "same"}
_LETTERS = {"r": "right", "l": "left"}


def mended(tokens: list[Token]) -> list[Token]:
    """Tokens with the halves of a known word joined, when the second half is no word of its own."""
    words = {token.text for token in tokens}
    if not words.isdisjoint(_ABBREVIATED):
        tokens = _with_sides_spelt(tokens)
    if not words.isdisjoint(_COMPARED):
        tokens = _with_sides_compared(tokens)
    unknown = words - LEXICON.listed
    whole: list[Token] = []
    for token in tokens:
        if token.kind == "w" and token.text in unknown and (halves := _halves(whole, token)):
            joined = whole[-halves].text + token.text
            whole[-halves:] = [Token("w", joined, whole[-halves].start, token.end)]
        else:
            whole.append(token)
    return whole


def _halves(before: Sequence[Token], second: Token) -> int:
    """How many tokens at the end of ``before`` make a known word with ``second``; 0 when none do.

    They are a word one blank away, or a word with a hyphen at the end of its line.
    """
    count = 1
    if before and before[-1].kind == "e" and len(before) > 2 and before[-2].text == "-":
        count = 3
    first = before[-count] if len(before) >= count else second
    apart = before[-2].start - first.end if count == 3 else second.start - first.end - 1
    whole = first.text + second.text
    known = first.kind == "w" and len(whole) >= _SHORTEST and whole in LEXICON.listed
    return count if known and apart == 0 and LEXICON.look_up(whole)[0].kind else 0


def _with_sides_compared(tokens: Sequence[Token]) -> list[Token]:
    """``the opposite foramen``, ``the homolateral foramen``: the side is that of the words before, or the other."""
    named: list[Token] = []
    side = ""
    for i, token in enumerate(tokens):
        if token.kind == "w" and (sides := [w.value for w in LEXICON.look_up(token.text) if w.kind == "SD"]):
            side = sides[0] if sides[0] in _OTHER else ""
        compared = _COMPARED.get(token.text)
        after = LEXICON.look_up(tokens[i + 1].text)[0].kind if compared and i + 1 < len(tokens) else ""
        if compared and side and after == "W":
            named.append(token._replace(text=_OTHER[side] if compared == "other" else side))
        else:
            named.append(token)
    return named


def _with_sides_spelt(tokens: Sequence[Token]) -> list[Token]:
    """``RNF`` and ``R NF`` become ``right nf``, over the same characters; ``B/L NF`` stays."""
    spelt: list[Token] = []
    for token in tokens:
        _, text, start, end = token
        if text in _SIDED:
            spelt += [Token("w", _SIDED[text], start, start + 1), Token("w", "nf", start + 1, end)]
            continue
        if text == "nf" and spelt and spelt[-1].text in _LETTERS and [t.text for t in spelt[-2:-1]] != ["/"]:
            spelt[-1] = spelt[-1]._replace(text=_LETTERS[spelt[-1].text])
        spelt.append(token)
    return spelt
