"""Step two and a quarter: words broken in two become one again (``for aminal``, ``fora-`` / ``minal``)."""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.lexicon import LEXICON
from inference.reports.tokens import Token

_SHORTEST = 7


def mended(tokens: list[Token]) -> list[Token]:
    """Tokens with the halves of a known word joined, when the second half is no word of its own."""
    known = LEXICON.is_listed
    _spell_sides(tokens)
    starts = [k for k in range(1, len(tokens)) if tokens[k].kind == "w" and not known(tokens[k].text)]
    for k in reversed(starts):
        first = _first_half(tokens, k)
        if first < 0:
            continue
        whole = tokens[first].text + tokens[k].text
        if len(whole) >= _SHORTEST and known(whole) and LEXICON.look_up(whole)[0].kind:
            tokens[first : k + 1] = [Token("w", whole, tokens[first].start, tokens[k].end)]
    return tokens


#: A side and a foramen in one word: the side's first letter, then `nf`.
_SIDED = {"rnf": "right", "lnf": "left", "bnf": "both"}


def _spell_sides(tokens: list[Token]) -> None:
    """``RNF`` becomes ``right nf``, over the same characters."""
    for k in range(len(tokens) - 1, -1, -1):
        side = _SIDED.get(tokens[k].text)
        if side:
            _, _, start, end = tokens[k]
            tokens[k : k + 1] = [Token("w", side, start, start + 1), Token("w", "nf", start + 1, end)]
        elif tokens[k].text in ("r", "l") and _stands_before_nf(tokens, k):
            tokens[k] = tokens[k]._replace(text="right" if tokens[k].text == "r" else "left")


def _stands_before_nf(tokens: Sequence[Token], k: int) -> bool:
    """Whether a lone capital stands before ``NF``, and is not the end of ``B/L``."""
    return k + 1 < len(tokens) and tokens[k + 1].text == "nf" and not (k and tokens[k - 1].text == "/")


def _first_half(tokens: Sequence[Token], k: int) -> int:
    """Index of the word right before ``k``, over one blank or a hyphen at the end of a line; -1 for none."""
    first = k - 1
    if tokens[first].kind == "e" and k > 2 and tokens[first - 1].text == "-":
        first -= 2
        if tokens[first].end != tokens[first + 1].start:
            return -1
    elif tokens[k].start - tokens[first].end > 1:
        return -1
    return first if tokens[first].kind == "w" else -1
