"""Step three and a half: turns of phrase of two words and more that are one chunk; and the chunk itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inference.reports import levels
from inference.reports.lexicon import LEXICON, Word
from inference.reports.tokens import Token

#: Schizas (canal) and Lee (foramen) grades as grades of the scheme.
SCHIZAS = {"a": "normal", "b": "moderate", "c": "severe", "d": "severe"}
LEE = {"0": "normal", "1": "mild", "2": "moderate", "3": "severe"}


@dataclass(slots=True, eq=False)
class Chunk:
    """One meaningful stretch of a sentence.

    side: left, right, both or empty. roots: vertebra numbers that name a
    nerve root. adjective: the site is only the adjective of a noun to come
    (``foraminal``). levels: discs that an L names, by upper vertebra.
    """

    kind: str
    value: str
    start: int
    end: int
    form: str = ""
    side: str = ""
    plural: bool = False
    adjective: bool = False
    roots: tuple[int, ...] = ()
    discs: tuple[int, ...] = ()
    aside: str = ""
    negated: bool = False
    used: bool = False


def level_chunk(tokens: Sequence[Token], i: int, place: levels.Place) -> Chunk:
    kind = "L" if place.discs else "V"
    last = tokens[place.next_index - 1]
    value = "range" if place.is_range else str(place.vertebra)
    return Chunk(kind, value, tokens[i].start, last.end, discs=place.discs)


def _text(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].text if i < len(tokens) else ""


def _contact_with(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``in contact with the root``: the `with` joins no second finding."""
    if _text(tokens, i + 1) != "with":
        return None
    return Chunk("P", "contact", tokens[i].start, tokens[i].end, form="noun"), i + 2


def _as_is(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``as is the right foramen``, ``as are both recesses``."""
    if _text(tokens, i + 1) not in ("is", "are", "was", "were"):
        return None
    return Chunk("AND", "and", tokens[i].start, tokens[i + 1].end, form="as is"), i + 2


_EXTENT = frozenset(("amplitude", "calibre", "caliber", "size", "diameter", "width", "area", "dimension", "dimensions"))
_REDUCE = dict.fromkeys(("reduction", "decrease", "diminution"), "noun")
_REDUCE |= dict.fromkeys(("reduces", "decreases", "diminishes", "reduce"), "verb")
_REDUCE |= dict.fromkeys(("reducing", "decreasing", "diminishing"), "ing")
_PLACES = frozenset(("canal", "canals", "foramen", "foramina", "recess", "recesses"))


def _reduction(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``reduction of the calibre of the canal``, ``reduces the left foramen``: a narrowing of it."""
    form = _REDUCE[tokens[i].text]
    j = i + 1
    if form == "noun":
        if _text(tokens, j) not in ("of", "in"):
            return None
        j += 1
    j += _text(tokens, j) in ("the", "sagittal", "ap")
    if _text(tokens, j) in _EXTENT:
        j += 1
    elif any(one.value in _PLACES for token in tokens[j : j + 4] for one in _meanings(token)[:1]):
        j = i + 1
    else:
        return None
    return Chunk("P", "compromise", tokens[i].start, tokens[j - 1].end, form=form), j


def _of_extent(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``canal with normal dimensions``: the canal is of normal dimensions."""
    if _text(tokens, i + 2) not in _EXTENT or [one.kind for one in _meanings(tokens[i + 1])] != ["N"]:
        return None
    return Chunk("COPULA", "copula", tokens[i].start, tokens[i].end, form="with"), i + 1


def _is_graded(tokens: Sequence[Token], i: int) -> bool:
    """Whether a grade stands right before (``mild R and mod L``)."""
    return i > 0 and tokens[i - 1].kind == "w" and LEXICON.look_up(tokens[i - 1].text)[0].kind == "G"


def _letter(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """A lone L or R is a side only before a site, a zone, a grade and the like, or behind a grade."""
    after = _text(tokens, i + 1)
    if after not in (">", "<", "=") and not _is_graded(tokens, i):
        if i + 1 >= len(tokens) or tokens[i + 1].kind not in "wv":
            return None
        if tokens[i + 1].kind == "w" and LEXICON.look_up(after)[0].kind not in ("W", "Z", "D", "G", "COPULA", "P"):
            return None
    side = "left" if tokens[i].text == "l" else "right"
    return Chunk("SD", side, tokens[i].start, tokens[i].end), i + 1


def _both(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    if (_text(tokens, i + 1), _text(tokens, i + 2)) != ("/", "l"):
        return None
    return Chunk("SD", "both", tokens[i].start, tokens[i + 2].end), i + 3


def _wide(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    if _text(tokens, i + 1) not in ("base", "based", "disc", "-"):
        return None
    return Chunk("Z", "diffuse", tokens[i].start, tokens[i].end), i + 1


def _high_grade(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    j = i + 1 + (_text(tokens, i + 1) == "-")
    if _text(tokens, j) != "grade":
        return None
    return Chunk("G", "severe", tokens[i].start, tokens[j].end), j + 1


def _junction(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    if _text(tokens, i + 1) not in ("junction", "level", "disc"):
        return None
    return Chunk("L", "junction", tokens[i].start, tokens[i + 1].end, discs=(levels.LAST,)), i + 2


def _scale(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``Schizas B``, ``Lee grade 2``."""
    j = i + 1 + (_text(tokens, i + 1) == "grade")
    text = _text(tokens, j)
    if tokens[i].text == "schizas":
        grade, site = SCHIZAS.get(text[:1]), "canal"
    else:
        grade, site = LEE.get(text), "foramen"
    return (Chunk("SCALE", grade, tokens[i].start, tokens[j].end, form=site), j + 1) if grade else None


def _counted(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    place = levels.counted(tokens, i)
    return (level_chunk(tokens, i, place), place.next_index) if place else None


def _beyond(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``Above L4-L5 the canal is ...``: the levels beyond the one named."""
    place = levels.parse(tokens, i + 1) if i == 0 else None
    if place is None or not place.discs:
        return None
    low, high = levels.FIRST + 1, levels.LAST
    discs = range(low, place.discs[0]) if tokens[i].text == "above" else range(place.discs[-1] + 1, high + 1)
    return level_chunk(tokens, i, replace(place, discs=tuple(discs), is_range=True)), place.next_index


def _tight(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``a tight stenosis`` is a severe one; a canal that is tight is narrow, with no grade."""
    ahead = [LEXICON.look_up(t.text)[0] for t in tokens[i + 1 : i + 5] if t.kind == "w"]
    kind, form = ("G", "") if any((one.kind, one.form) == ("P", "noun") for one in ahead) else ("P", "adj")
    value = "severe" if kind == "G" else "compromise"
    return Chunk(kind, value, tokens[i].start, tokens[i].end, form=form), i + 1


def _unchanged(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``not significantly changed``, ``has not progressed``: only behind a negation."""
    before = (LEXICON.look_up(token.text)[0].kind for token in tokens[max(0, i - 3) : i] if token.kind == "w")
    return (Chunk("CHANGE", "change", tokens[i].start, tokens[i].end), i + 1) if "NEG" in before else None


def _object(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``..., mildly narrowing it``: a pronoun behind a verb stands for the site before."""
    if i == 0 or not any((one.kind, one.form in ("verb", "ing")) == ("P", True) for one in _meanings(tokens[i - 1])):
        return None
    return Chunk("IT", "it", tokens[i].start, tokens[i].end), i + 1


def _meanings(token: Token) -> tuple[Word, ...]:
    return LEXICON.look_up(token.text) if token.kind == "w" else ()


def _where(tokens: Sequence[Token], i: int) -> tuple[Chunk, int] | None:
    """``worse on the left, where it narrows the recess``: the clause speaks of that side."""
    before = _meanings(tokens[i - 2]) if i > 1 and tokens[i - 1].text == "," else ()
    if not before or before[0].kind != "SD":
        return None
    return Chunk("WHERE", "where", tokens[i].start, tokens[i].end, side=before[0].value), i + 1


_Idiom = Callable[[Sequence[Token], int], tuple[Chunk, int] | None]
IDIOMS: dict[str, _Idiom] = {
    "l": _letter, "r": _letter, "b": _both, "wide": _wide, "widely": _wide, "high": _high_grade,
    "lumbosacral": _junction, "contact": _contact_with, "with": _of_extent,
    "schizas": _scale, "lee": _scale, "tight": _tight,
    "above": _beyond, "below": _beyond, "as": _as_is,
    "it": _object, "them": _object, "where": _where,
}  # fmt: skip
IDIOMS.update(dict.fromkeys(levels.COUNTED, _counted))
_CHANGED = ("changed", "altered", "different", "progressed", "worsened", "increased", "decreased", "improved")
IDIOMS.update(dict.fromkeys(_CHANGED, _unchanged))
IDIOMS.update(dict.fromkeys(_REDUCE, _reduction))
