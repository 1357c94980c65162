"""Rules for turns of phrase: words that are one chunk together, or that mean something else in their company."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inference.reports.phrases.chunks import Chunk, level_chunk
from inference.reports.words import kinds, levels
from inference.reports.words.lexicon import LEXICON, Word
from inference.reports.words.tokens import Token

#: Schizas (canal) and Lee (foramen) grades as grades of the scheme.
SCHIZAS = {"a": "normal", "b": "moderate", "c": "severe", "d": "severe"}
LEE = {"0": "normal", "1": "mild", "2": "moderate", "3": "severe"}

#: The chunk that begins at a token, and the index behind it; or None.
Made = tuple[Chunk, int] | None


@dataclass(frozen=True)
class Turn:
    """A turn of phrase: what it reads, from one of the words that it can begin with."""

    words: tuple[str, ...]
    read: Callable[[Sequence[Token], int], Made]

    def __call__(self, tokens: Sequence[Token], i: int) -> Made:
        """The chunk of the turn of phrase at token ``i``, or None."""
        return self.read(tokens, i)


def begins_with(*words: str) -> Callable[[Callable[[Sequence[Token], int], Made]], Turn]:
    """Make a function a turn of phrase; it is tried at each of ``words``."""

    def turn(read: Callable[[Sequence[Token], int], Made]) -> Turn:
        made = Turn(words, read)
        object.__setattr__(made, "__doc__", read.__doc__)
        return made

    return turn


def _text(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].text if i < len(tokens) else ""


def _meanings(token: Token) -> tuple[Word, ...]:
    return LEXICON.look_up(token.text) if token.kind == "word" else ()


@begins_with("contact")
def contact_with(tokens: Sequence[Token], i: int) -> Made:
    """``In contact with the root``: the `with` joins no second finding.

    Example: L5-S1: The protrusion makes contact with the right S1 root.
    """
    if _text(tokens, i + 1) != "with":
        return None
    return Chunk(kinds.COMPROMISE, "contact", tokens[i].start, tokens[i].end, form="noun"), i + 2


@begins_with("as")
def as_is(tokens: Sequence[Token], i: int) -> Made:
    """``As is the right foramen``, ``as are both recesses``: joins a further subject.

    Example: L4/5: The canal is patent, as is the right foramen.
    """
    if _text(tokens, i + 1) not in ("is", "are", "was", "were"):
        return None
    return Chunk(kinds.AND, "and", tokens[i].start, tokens[i + 1].end, form="as is"), i + 2


_EXTENT = frozenset(("amplitude", "calibre", "caliber", "size", "diameter", "width", "area", "dimension", "dimensions"))
_REDUCE = dict.fromkeys(("reduction", "decrease", "diminution"), "noun")
_REDUCE |= dict.fromkeys(("reduces", "decreases", "diminishes", "reduce"), "verb")
_REDUCE |= dict.fromkeys(("reducing", "decreasing", "diminishing"), "ing")
_PLACES = frozenset(("canal", "canals", "foramen", "foramina", "recess", "recesses"))


@begins_with(*_REDUCE)
def reduction(tokens: Sequence[Token], i: int) -> Made:
    """``Reduction of the calibre of the canal``, ``reduces the left foramen``: a narrowing of it.

    Example: L4-5: Marked reduction of the left neural foramen.
    """
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
    return Chunk(kinds.COMPROMISE, "compromise", tokens[i].start, tokens[j - 1].end, form=form), j


@begins_with("with")
def of_extent(tokens: Sequence[Token], i: int) -> Made:
    """``Canal with normal dimensions``: the canal is of normal dimensions.

    Example: L3-4: Canal with normal dimensions.
    """
    if _text(tokens, i + 2) not in _EXTENT or [one.kind for one in _meanings(tokens[i + 1])] != [kinds.NORMAL]:
        return None
    return Chunk(kinds.COPULA, "copula", tokens[i].start, tokens[i].end, form="with"), i + 1


def _is_graded(tokens: Sequence[Token], i: int) -> bool:
    """Whether a grade stands right before (``mild R and mod L``)."""
    return i > 0 and tokens[i - 1].kind == "word" and LEXICON.look_up(tokens[i - 1].text)[0].kind is kinds.GRADE


_BEHIND_LETTER = frozenset(
    (kinds.SITE_WORD, kinds.LESION_ZONE, kinds.DISC_LESION, kinds.GRADE, kinds.COPULA, kinds.COMPROMISE)
)


@begins_with("l", "r")
def letter(tokens: Sequence[Token], i: int) -> Made:
    """A lone L or R is a side only before a site, a zone, a grade and the like, or behind a grade.

    Example: L4-5: Mild L foraminal narrowing.
    """
    after = _text(tokens, i + 1)
    if after not in (">", "<", "=") and not _is_graded(tokens, i):
        if i + 1 >= len(tokens) or tokens[i + 1].kind not in ("word", "vertebra"):
            return None
        if tokens[i + 1].kind == "word" and LEXICON.look_up(after)[0].kind not in _BEHIND_LETTER:
            return None
    side = "left" if tokens[i].text == "l" else "right"
    return Chunk(kinds.SIDE, side, tokens[i].start, tokens[i].end), i + 1


@begins_with("b")
def bilateral(tokens: Sequence[Token], i: int) -> Made:
    """``B/L``: both sides.

    Example: L2-3: Mild B/L foraminal stenosis.
    """
    if (_text(tokens, i + 1), _text(tokens, i + 2)) != ("/", "l"):
        return None
    return Chunk(kinds.SIDE, "both", tokens[i].start, tokens[i + 2].end), i + 3


@begins_with("wide", "widely")
def wide_based(tokens: Sequence[Token], i: int) -> Made:
    """``Wide-based protrusion``: a diffuse lesion, and no wide canal.

    Example: L4-5: Wide-based protrusion narrowing the canal.
    """
    if _text(tokens, i + 1) not in ("base", "based", "disc", "-"):
        return None
    return Chunk(kinds.LESION_ZONE, "diffuse", tokens[i].start, tokens[i].end), i + 1


@begins_with("high")
def high_grade(tokens: Sequence[Token], i: int) -> Made:
    """``High-grade stenosis``: severe.

    Example: L4-5: High-grade canal stenosis.
    """
    j = i + 1 + (_text(tokens, i + 1) == "-")
    if _text(tokens, j) != "grade":
        return None
    return Chunk(kinds.GRADE, "severe", tokens[i].start, tokens[j].end), j + 1


@begins_with("lumbosacral")
def junction(tokens: Sequence[Token], i: int) -> Made:
    """``The lumbosacral junction``: L5-S1.

    Example: Mild canal stenosis at the lumbosacral junction.
    """
    if _text(tokens, i + 1) not in ("junction", "level", "disc"):
        return None
    return Chunk(kinds.DISC_LEVEL, "junction", tokens[i].start, tokens[i + 1].end, discs=(levels.LAST,)), i + 2


@begins_with("schizas", "lee")
def scale(tokens: Sequence[Token], i: int) -> Made:
    """``Schizas B``, ``Lee grade 2``: the grade of the scheme that docs/labels.md gives.

    Example: L3-4: Canal stenosis, Schizas C.
    """
    j = i + 1 + (_text(tokens, i + 1) == "grade")
    text = _text(tokens, j)
    if tokens[i].text == "schizas":
        grade, site = SCHIZAS.get(text[:1]), "canal"
    else:
        grade, site = LEE.get(text), "foramen"
    return (Chunk(kinds.GRADING_SCALE, grade, tokens[i].start, tokens[j].end, form=site), j + 1) if grade else None


@begins_with(*sorted(levels.COUNTED))
def counted_levels(tokens: Sequence[Token], i: int) -> Made:
    """``The lower three levels``: counted from an end of L1-L2 to L5-S1.

    Example: Mild canal stenosis at the lower three levels.
    """
    place = levels.counted(tokens, i)
    return (level_chunk(tokens, i, place), place.next_index) if place else None


@begins_with("above", "below")
def levels_beyond(tokens: Sequence[Token], i: int) -> Made:
    """``Above L4-L5 the canal is ...``: the levels beyond the one named.

    Example: Below L3-4 there is no canal stenosis.
    """
    place = levels.parse(tokens, i + 1) if i == 0 else None
    if place is None or not place.discs:
        return None
    low, high = levels.FIRST + 1, levels.LAST
    discs = range(low, place.discs[0]) if tokens[i].text == "above" else range(place.discs[-1] + 1, high + 1)
    return level_chunk(tokens, i, replace(place, discs=tuple(discs), is_range=True)), place.next_index


@begins_with("tight")
def tight(tokens: Sequence[Token], i: int) -> Made:
    """``A tight stenosis`` is a severe one; a canal that is tight is narrow, with no grade.

    Example: L4/5: Tight canal stenosis.
    """
    ahead = [LEXICON.look_up(t.text)[0] for t in tokens[i + 1 : i + 5] if t.kind == "word"]
    start, end = tokens[i].start, tokens[i].end
    if any((one.kind, one.form) == (kinds.COMPROMISE, "noun") for one in ahead):
        return Chunk(kinds.GRADE, "severe", start, end), i + 1
    return Chunk(kinds.COMPROMISE, "compromise", start, end, form="adj"), i + 1


@begins_with("changed", "altered", "different", "progressed", "worsened", "increased", "decreased", "improved")
def unchanged(tokens: Sequence[Token], i: int) -> Made:
    """``Not significantly changed``, ``has not progressed``: only the change is denied.

    Example: L3-4: Mild canal stenosis, not significantly changed.
    """
    before = (LEXICON.look_up(token.text)[0].kind for token in tokens[max(0, i - 3) : i] if token.kind == "word")
    return (Chunk(kinds.CHANGE, "change", tokens[i].start, tokens[i].end), i + 1) if kinds.NEGATION in before else None


@begins_with("it", "them")
def pronoun(tokens: Sequence[Token], i: int) -> Made:
    """``..., mildly narrowing it``: a pronoun behind a verb stands for the site before.

    Example: L4-5: A left facet cyst projects into the foramen and compresses it.
    """
    meanings = _meanings(tokens[i - 1]) if i else ()
    if not any(one.kind is kinds.COMPROMISE and one.form in ("verb", "ing") for one in meanings):
        return None
    return Chunk(kinds.IT, "it", tokens[i].start, tokens[i].end), i + 1


@begins_with("where")
def where(tokens: Sequence[Token], i: int) -> Made:
    """``Worse on the left, where it narrows the recess``: the clause speaks of that side.

    Example: L4-5: Bulge, more prominent on the left, where it narrows the lateral recess.
    """
    before = _meanings(tokens[i - 2]) if i > 1 and tokens[i - 1].text == "," else ()
    if not before or before[0].kind is not kinds.SIDE:
        return None
    return Chunk(kinds.WHERE, "where", tokens[i].start, tokens[i].end, side=before[0].value), i + 1
