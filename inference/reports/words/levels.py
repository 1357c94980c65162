"""Level expressions over tokens: ``L4/5``, ``L45``, ``L3-S1``, ``L1-2 through L3-4``, ``D12/L1``.

A vertebra is numbered C1 = 1 ... C7 = 7, T1 = 8 ... T12 = 19, L1 = 20 ...
L5 = 24, S1 = 25; a disc by the vertebra above it. Lumbar discs are 19 (T12-L1)
to 24 (L5-S1). A sixth lumbar vertebra is out of the scheme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from inference.reports.words.tokens import Token
from inference.types import LEVELS

FIRST, LAST = 19, 24
_BASE = {"c": 0, "t": 7, "d": 7, "th": 7, "l": 19, "s": 24}
_TOP = {"c": 7, "t": 12, "d": 12, "th": 12, "l": 5, "s": 3}
_SEPARATORS = frozenset("-/_\\")
_TO = frozenset(("to", "through", "thru", "till", "until"))
_UNITS = frozenset(("mm", "cm", "weeks", "months", "years"))
OUT_OF_SCHEME = 99


@dataclass(slots=True)
class Place:
    """What a level expression names: discs (by upper vertebra), or a vertebra when there are none."""

    discs: tuple[int, ...]
    vertebra: int
    next_index: int
    is_range: bool = False

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the lumbar discs among them."""
        return tuple(LEVELS[disc - FIRST] for disc in self.discs if FIRST <= disc <= LAST)


@cache
def _parts(text: str) -> tuple[str, str]:
    """Letter and digits of a vertebra's name: few are possible, so all are kept."""
    letter = text.rstrip("0123456789")
    return letter.strip(" ."), text[len(letter) :]


def number(text: str) -> int:
    """A vertebra's number in the spine; `OUT_OF_SCHEME` for an L6 and the like."""
    letter, digits = _parts(text)
    value = int(digits)
    return _BASE[letter] + value if 1 <= value <= _TOP[letter] else OUT_OF_SCHEME


def parse(tokens: Sequence[Token], i: int) -> Place | None:
    """The level expression that starts at token ``i`` (a vertebra), or None."""
    first = _single(tokens, i)
    if first is None:
        return None
    after = first.next_index
    if _text(tokens, after) in ("level", "levels", "disc"):
        after += 1
    if (_text(tokens, after) in _TO or (_text(tokens, after) == "-" and first.discs)) and after + 1 < len(tokens):
        skip = after + 1 + (_text(tokens, after + 1) == "the")
        second = _single(tokens, skip) or (_numbers(tokens, skip) if first.discs else None)
        if second is not None and (spanned := _between(first, second)) is not None:
            return spanned
    if first.discs and _text(tokens, after) in ("and", "or") and _text(tokens, after + 1) in ("below", "above"):
        low, high = first.discs[0], first.discs[-1]
        span = (low, LAST) if _text(tokens, after + 1) == "below" else (FIRST + 1, high)
        return Place(tuple(range(span[0], span[1] + 1)), 0, after + 2, is_range=True)
    return first


def bare_pair(tokens: Sequence[Token], i: int) -> Place | None:
    """``4-5`` or ``5/1`` in a list that began with a full level."""
    return _numbers(tokens, i)


COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4}
ENDS = {"lower": 1, "lowest": 1, "lowermost": 1, "last": 1, "bottom": 1, "caudal": 1}
ENDS |= {"upper": -1, "uppermost": -1, "top": -1, "first": -1, "highest": -1}
#: The words that a count of levels can begin with.
COUNTED = frozenset((*ENDS, *COUNTS))
_OF_LEVELS = frozenset(("lumbar", "disc", "disk", "intervertebral", "spinal"))
_LEVELS = frozenset(("levels", "discs", "disks", "segments", "interspaces", "spaces"))


def counted(tokens: Sequence[Token], i: int) -> Place | None:
    """``lower three lumbar levels``, ``two lowest discs``: levels counted from an end of L1-L2 to L5-S1."""
    one, other = _text(tokens, i), _text(tokens, i + 1)
    end, count = (ENDS.get(one, 0), COUNTS.get(other)) if one in ENDS else (ENDS.get(other, 0), COUNTS.get(one))
    j = i + 2
    while _text(tokens, j) in _OF_LEVELS:
        j += 1
    if not end or count is None or _text(tokens, j) not in _LEVELS:
        return None
    j -= _text(tokens, j) != "levels" and _text(tokens, j) != "segments"  # `discs` remains a separate word
    discs = range(LAST + 1 - count, LAST + 1) if end > 0 else range(FIRST + 1, FIRST + 1 + count)
    return Place(tuple(discs), 0, j + 1, is_range=True)


def _between(first: Place, second: Place) -> Place | None:
    start = first.discs[0] if first.discs else first.vertebra
    end = second.discs[-1] if second.discs else second.vertebra - 1
    if OUT_OF_SCHEME in (start, end, second.vertebra) or end < start:
        return None
    return Place(tuple(range(start, end + 1)), 0, second.next_index, is_range=True)


def _text(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].text if i < len(tokens) else ""


def _single(tokens: Sequence[Token], i: int) -> Place | None:
    if i >= len(tokens) or tokens[i].kind != "vertebra":
        return None
    text = tokens[i].text
    letter, digits = _parts(text)
    if letter == "l" and len(digits) == 2:
        return _run_together(digits, i + 1)
    upper = number(text)
    if upper == OUT_OF_SCHEME:
        return _skip_partner(tokens, i + 1)
    j = i + 1
    if _text(tokens, j) in _SEPARATORS and j + 1 < len(tokens):
        partner = _partner(tokens, j + 1, letter, upper)
        if partner is not None:
            return _chain(tokens, partner)
    elif j < len(tokens) and tokens[j].kind == "vertebra" and number(tokens[j].text) == upper + 1:
        return Place((upper,), 0, j + 1)
    return Place((), upper, j)


def _run_together(digits: str, j: int) -> Place:
    upper, lower = int(digits[0]), int(digits[1])
    if 1 <= upper <= 5 and (lower == upper + 1 <= 5 or (upper, lower) == (5, 1)):
        return Place((_BASE["l"] + upper,), 0, j)
    return Place((), OUT_OF_SCHEME, j)


def _skip_partner(tokens: Sequence[Token], j: int) -> Place:
    """An out-of-scheme vertebra swallows its partner, so that L6-S1 is not taken for S1."""
    if _text(tokens, j) in _SEPARATORS and j + 1 < len(tokens) and tokens[j + 1].kind in ("vertebra", "number"):
        j += 2
    return Place((OUT_OF_SCHEME,), OUT_OF_SCHEME, j)


def _partner(tokens: Sequence[Token], j: int, letter: str, upper: int) -> Place | None:
    if _text(tokens, j) in ("-", "/") and j + 1 < len(tokens):
        j += 1
    token = tokens[j]
    lower = 0
    if token.kind == "vertebra":
        lower = number(token.text)
        if lower == OUT_OF_SCHEME:
            return Place((OUT_OF_SCHEME,), OUT_OF_SCHEME, j + 1)
    elif token.kind == "number" and token.text.isdigit() and _text(tokens, j + 1) not in _UNITS:
        lower = _by_digit(int(token.text), letter, upper)
    elif token.text in ("si", "sl") and upper == LAST:
        lower = LAST + 1
    if lower == upper + 1:
        return Place((upper,), 0, j + 1)
    if upper < lower <= upper + 8 and lower != OUT_OF_SCHEME:
        return Place(tuple(range(upper, lower)), 0, j + 1, is_range=True)
    return Place((OUT_OF_SCHEME,), OUT_OF_SCHEME, j + 1) if lower == OUT_OF_SCHEME else None


def _by_digit(value: int, letter: str, upper: int) -> int:
    if value == 1 and upper in (FIRST, LAST, 7):
        return upper + 1
    if letter == "l" and value == 6:
        return OUT_OF_SCHEME
    return _BASE[letter] + value if 1 <= value <= _TOP[letter] else 0


def _chain(tokens: Sequence[Token], place: Place) -> Place:
    """``L3/4/5`` goes on to the next disc."""
    j, discs = place.next_index, list(place.discs)
    while (
        len(discs) < 6
        and _text(tokens, j) == "/"
        and j + 1 < len(tokens)
        and tokens[j + 1].kind in ("number", "vertebra")
        and _text(tokens, j + 2) not in _SEPARATORS
    ):
        token = tokens[j + 1]
        lower = (
            number(token.text) if token.kind == "vertebra" else _by_digit(int(float(token.text)), "l", discs[-1] + 1)
        )
        if lower != discs[-1] + 2:
            break
        discs.append(discs[-1] + 1)
        j += 2
    return Place(tuple(discs), 0, j, is_range=len(discs) > 1)


def _numbers(tokens: Sequence[Token], i: int) -> Place | None:
    if i + 2 >= len(tokens) or tokens[i].kind != "number" or tokens[i + 1].text not in ("-", "/"):
        return None
    first, second, after = tokens[i].text, tokens[i + 2].text, _text(tokens, i + 3)
    if len(first) != 1 or after in _UNITS or after == "/":
        return None
    upper = _BASE["l"] + int(first)
    if not 20 <= upper <= LAST:
        return None
    if (second == f"{int(first) + 1}" and upper < LAST) or (upper == LAST and second in ("1", "s1")):
        return Place((upper,), 0, i + 3)
    return None
