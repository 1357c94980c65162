"""Step six: assertions -> statements with levels and sides.

A level comes from the words beside an assertion, the sentence, the heading,
or the sentence before. A negative with no level in force is global.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inference.reports import references
from inference.reports.chunks import Chunk
from inference.reports.grammar import Assertion, Reading
from inference.reports.lesion import lesion_side, only_side_before, side_of_clause_where
from inference.reports.levels import FIRST, LAST
from inference.reports.sections import Sentence

#: The discs that "all levels" and "no stenosis" without a level stand for: L1-L2 to L5-S1.
LUMBAR_DISCS = tuple(range(FIRST + 1, LAST + 1))


@dataclass(slots=True)
class Statement:
    """Sites at one disc with one grade. reach: own, global, remaining (levels not spoken of), or remaining
    of site (levels where nothing was said of that site).
    """

    disc: int
    site: str
    sides: tuple[str, ...]
    grade: str
    rule: str
    confidence: float
    start: int
    end: int
    reach: str = "own"


@dataclass(slots=True)
class Context:
    """What was in force at the end of the sentence before.

    discs: None before any level was named; empty after a vertebra or `multilevel`.
    recent: the two discs last named in the section, the later one last.
    lesion: side of the disc lesion last spoken of, with the discs it belongs to.
    """

    discs: tuple[int, ...] | None = None
    recent: tuple[int, ...] = ()
    paragraph: int = -1
    section: int = -1
    lesion: str = ""
    lesion_place: tuple[int, int] = (-1, -1)
    spoken: set[int] = field(default_factory=set)
    statements: list[Statement] = field(default_factory=list)
    unclear: list[tuple[int, int, str]] = field(default_factory=list)
    sentences: int = 0
    read: int = 0

    def name(self, discs: tuple[int, ...]) -> None:
        """Note discs as the ones last named."""
        self.recent = tuple(dict.fromkeys(reversed((*self.recent, *discs))))[1::-1]


def place(sentence: Sentence, reading: Reading, context: Context) -> None:
    """Give every assertion of a sentence its levels and sides; move the context on."""
    if sentence.section != context.section:
        context.discs, context.section, context.lesion = None, sentence.section, ""
        context.recent = ()
    if sentence.levels and (sentence.fresh or context.paragraph != sentence.paragraph):
        context.discs, context.paragraph, context.lesion = sentence.levels, sentence.paragraph, ""
        context.spoken.update(sentence.levels)
        context.name(sentence.levels)
    in_force = bool(context.discs) and context.paragraph == sentence.paragraph
    marks = _Marks(reading.chunks, sentence.levels, in_force=in_force)
    carried = context.lesion if context.paragraph == sentence.paragraph and not marks.has_levels else ""
    lesion = lesion_side(reading.chunks)
    for assertion in reading.assertions:
        there = side_of_clause_where(reading.chunks, assertion.first) if "WHERE" in marks.words else ""
        side = there or lesion or only_side_before(reading.chunks, assertion.first) or carried
        _place_one(assertion, sentence, marks, context, side, reading.assertions)
    _move_on(sentence, reading, marks, context, lesion)


class _Marks:
    """Level words of a sentence, by chunk index, without those that say where the conus ends."""

    def __init__(self, chunks: list[Chunk], headed: tuple[int, ...], *, in_force: bool) -> None:
        self.chunks = chunks
        self.headed = headed
        self.named: list[tuple[int, Chunk]] = []
        conus = False
        for i, c in enumerate(chunks):
            if c.kind == "CONUS":
                conus = True
            elif c.kind in ("SEMI", "P", "N", "BUT"):
                conus = False
            elif (c.kind == "L" and set(c.discs) <= set(headed) and _compared(chunks, i)) or (
                c.kind == "V" and in_force
            ):
                continue
            elif c.kind in ("L", "V", "MULTILEVEL") and not conus:
                self.named.append((i, c))
        self.words = {c.kind for c in chunks}

    @property
    def has_levels(self) -> bool:
        return any(c.kind == "L" for _, c in self.named)


def _compared(chunks: list[Chunk], i: int) -> bool:
    """``L3-L4, L4-L5: bulges, noticeably at L4-L5``: the heading's levels stay in force."""
    return any(c.kind == "COMPARE" for c in chunks[max(0, i - 2) : i])


def _place_one(
    assertion: Assertion, sentence: Sentence, marks: _Marks, context: Context, lesion: str, peers: list[Assertion]
) -> None:
    if assertion.grade == "present" and marks.chunks[-1].form == "above":
        return  # ``stenosis at L3-L4 as detailed above``: the grades were said there
    scope = (
        assertion.scope
        or ("remaining levels" if sentence.remaining else "")
        or _scope_words(assertion, marks, peers, context)
    )
    if scope.startswith("remaining"):
        _remaining(assertion, sentence, context, marks, scope)
        return
    if scope == "all":
        reach = "global" if assertion.grade == "normal" else "own"
        _state(assertion, LUMBAR_DISCS, reach, context, "both")
        return
    discs: tuple[int, ...] | None = ()
    behind = marks.chunks[assertion.last + 1 :] if "LEVEL" in marks.words else ()
    if behind:
        discs = references.both_levels(assertion.first, behind, marks.named, context.recent)
    discs = discs or _own_levels(assertion, marks, peers)
    if discs and behind and references.adds_to_this_level(behind):
        discs = (*(context.discs or ()), *discs)
    if discs is None:
        discs = _from_context(assertion, sentence, marks, context)
        if discs is None:
            if assertion.grade == "normal":
                _state(assertion, LUMBAR_DISCS, "global", context, "both")
            else:
                context.unclear.append((assertion.start, assertion.end, "no level is named"))
            return
    if not discs:
        context.unclear.append((assertion.start, assertion.end, "the place named is not a disc level"))
        return
    _state(assertion, discs, "own", context, lesion)


#: Words that mean levels without saying `level`.
_ALONE = frozenset(("throughout", "elsewhere", "otherwise", "anywhere", "others"))


def _scope_words(assertion: Assertion, marks: _Marks, peers: list[Assertion], context: Context) -> str:
    """``at any level``, ``the remaining levels``: all or remaining levels, when said of this assertion."""
    lo, hi = _stretch(assertion, marks.chunks, peers)
    if assertion.grade == "normal" and _in_lumbar_spine(assertion, marks.chunks, hi):
        return "all"
    opens = marks.chunks[lo].kind == "REMAINING" and assertion.grade == "normal"
    if opens and references.opens_with_remaining(marks.chunks[lo : assertion.first]):
        return "remaining"
    lo = max([lo, *(other.last + 1 for other in peers if other.last < assertion.first)])
    hi = min([hi, *(other.first - 1 for other in peers if other.first > assertion.last)])
    for i in range(lo, hi + 1):
        c = marks.chunks[i]
        if c.form == "otherwise" and i > assertion.last:
            continue
        if c.kind in ("ALL", "REMAINING"):
            after = [a.kind for a in marks.chunks[i + 1 : i + 5]]
            named = "LEVEL" in after or "LUMBAR" in after or c.form in _ALONE
            named = named or references.says_other_discs(marks.chunks[i : assertion.first])
            if c.form == "elsewhere" and assertion.chunk is not None and len({one.site for one in peers}) == 1:
                return "remaining site"
            if c.kind == "REMAINING" and (named or (assertion.whole and c.form != "other")):
                return "remaining"
            if (
                c.kind == "ALL"
                and named
                and not _each_of_those_named(c, i, marks, context)
                and not {"THIS", "REMAINING"} & set(after[:3])
                and "O" not in after[:1]
                and "L" not in after[:2]
            ):
                return "all"
    return ""


def _each_of_those_named(c: Chunk, i: int, marks: _Marks, context: Context) -> bool:
    """``L2-3 through L4-5: ... at each level``: each of the levels in force, not of the spine."""
    if c.form in ("each", "every") and any(k < i for k, _ in marks.named):
        return True
    several = marks.headed or (context.discs or () if c.form in ("each", "every") else ())
    return c.form in ("each", "every", "all") and len(several) > 1


def _in_lumbar_spine(assertion: Assertion, chunks: list[Chunk], hi: int) -> bool:
    """``no foraminal narrowing in the lumbar spine``: everywhere."""
    for i in range(assertion.last + 1, hi + 1):
        if chunks[i].kind == "LUMBAR" and chunks[i - 1].kind in ("AT", "ALL"):
            return True
        if chunks[i].kind not in ("AT", "SEEN", "ALL", "COPULA"):
            return False
    return False


def _stretch(assertion: Assertion, chunks: list[Chunk], peers: list[Assertion]) -> tuple[int, int]:
    """The clause of an assertion: up to a semicolon or `but` on either side."""
    lo, hi = assertion.first, assertion.last
    while lo > 0 and chunks[lo - 1].kind not in ("SEMI", "BUT"):
        lo -= 1
    while hi + 1 < len(chunks) and chunks[hi + 1].kind not in ("SEMI", "BUT"):
        hi += 1
    return lo, hi


def _own_levels(assertion: Assertion, marks: _Marks, peers: list[Assertion]) -> tuple[int, ...] | None:
    """Levels that the sentence itself gives an assertion; None when it gives none, empty for a vertebra."""
    before = [(i, c) for i, c in marks.named if i < assertion.first]
    inside = [(i, c) for i, c in marks.named if assertion.first <= i <= assertion.last and c.kind == "L"]
    after = [(i, c) for i, c in marks.named if i > assertion.last]
    trailing = _trailing(assertion, after, marks, peers)
    if inside and inside[0][1].discs:
        return inside[0][1].discs
    if trailing is not None:
        added = _added(trailing[0], marks.chunks)
        if added and before and before[-1][1].kind == "L":
            return before[-1][1].discs + trailing[1].discs
        return trailing[1].discs
    if before:
        if before[-1][1].kind == "MULTILEVEL":
            later = [c for _, c in marks.named if c.kind == "L"]
            nothing = None if assertion.grade == "normal" else ()
            return later[0].discs if later else nothing
        if before[-1][1].kind == "V" and any(c.kind == "L" for _, c in before):
            return next(c for _, c in reversed(before) if c.kind == "L").discs
        if before[-1][1].kind == "V" and after and after[0][1].kind == "L":
            return after[0][1].discs
        return before[-1][1].discs
    behind = [(i, c) for i, c in after if c.kind == "L"]
    fronts_another = behind and any(other.last > behind[0][0] for other in peers) and marks.headed
    if behind and not fronts_another and not _own_clause(behind[0][0], assertion, marks.chunks):
        return behind[0][1].discs
    return () if any(c.kind in ("V", "MULTILEVEL") for _, c in after) else None


def _own_clause(i: int, assertion: Assertion, chunks: list[Chunk]) -> bool:
    """Whether a later level stands in a clause of its own, away from the assertion."""
    return any(c.kind in ("SEMI", "BUT") for c in chunks[assertion.last + 1 : i])


def _added(i: int, chunks: list[Chunk]) -> bool:
    """``as well as at L3-L4``: a further level."""
    k = i - 1
    while k >= 0 and chunks[k].kind in ("AT", "COMPARE", "OF", "LEVEL"):
        k -= 1
    return k >= 0 and chunks[k].kind == "AND"


def _trailing(
    assertion: Assertion, after: list[tuple[int, Chunk]], marks: _Marks, peers: list[Assertion]
) -> tuple[int, Chunk] | None:
    """The level said behind an assertion, when it is said of it."""
    if not after or after[0][1].kind != "L":
        return None
    i, level = after[0]
    between = marks.chunks[assertion.last + 1 : i]
    kinds = [c.kind for c in between]
    if any(kind in ("SEMI", "BUT", "D", "O", "COLON", "CONUS", "MULTILEVEL") for kind in kinds):
        return None
    clause = _stretch(assertion, marks.chunks, peers)[0]
    earlier = any(c.kind == "L" for k, c in marks.named if clause <= k < assertion.first)
    for other in peers:
        if assertion.last < other.first < i and (earlier or not _joined_peer(assertion, other, marks.chunks)):
            return None
    if "COMMA" not in kinds and "AND" not in kinds:
        return i, level
    fronted = any(other.last > i for other in peers) and (i == 0 or marks.chunks[i - 1].kind != "COMPARE")
    if fronted or earlier:
        is_added = "AND" in kinds[-4:] and not fronted
        return (i, level) if is_added else None
    return i, level


def _joined_peer(assertion: Assertion, other: Assertion, chunks: list[Chunk]) -> bool:
    """Two assertions joined by `and` or a comma share the level behind them."""
    between = chunks[assertion.last + 1 : other.first]
    return all(c.kind in ("AND", "COMMA", "G", "SD", "OF", "Z", "WITH") for c in between)


def _from_context(assertion: Assertion, sentence: Sentence, marks: _Marks, context: Context) -> tuple[int, ...] | None:
    in_force = context.discs is not None and context.paragraph == sentence.paragraph
    if assertion.grade == "normal" and not in_force and "THIS" not in marks.words:
        return None
    if assertion.grade == "normal" and context.discs == ():
        return None
    return context.discs


def _remaining(assertion: Assertion, sentence: Sentence, context: Context, marks: _Marks, scope: str) -> None:
    """Levels not spoken of; or, of one site, wherever nothing was said of it."""
    site_only = (
        assertion.scope == "remaining"
        or scope == "remaining site"
        or assertion.rule == "grade word, site from before"
        or bool(sentence.topics)
    )
    reach = "global" if site_only else "remaining"
    if assertion.grade != "normal" and reach == "global":
        reach = "remaining"
    elif reach == "global" and sentence.topics and references.says_other_levels(marks.chunks):
        reach = "remaining of site"
    _state(assertion, references.beside_remaining(marks.chunks), "own", context, "both")
    named = references.named_as_remaining(marks.chunks, marks.named)
    discs = named or references.above(marks.chunks, context.discs) or LUMBAR_DISCS
    _state(assertion, discs, reach, context, "both")


def _state(assertion: Assertion, discs: tuple[int, ...], reach: str, context: Context, lesion: str) -> None:
    for disc in dict.fromkeys(discs):
        if FIRST <= disc <= LAST and not _says_nothing_of_sac(assertion, disc, reach):
            site = _site_at(assertion, disc)
            sides = ("",) if site == "canal" else _sides(assertion, lesion)
            context.statements.append(
                Statement(disc, site, sides, assertion.grade, assertion.rule, assertion.confidence, assertion.start,
                          assertion.end, reach)
            )  # fmt: skip
            if reach == "own":
                context.spoken.add(disc)


def _says_nothing_of_sac(assertion: Assertion, disc: int, reach: str) -> bool:
    """``No cord compression`` speaks of the levels of the cord that it names, and not of the sac below."""
    is_cord = assertion.chunk is not None and assertion.chunk.form == "cord"
    return is_cord and assertion.grade == "normal" and (reach != "own" or disc > FIRST + 1)


def _site_at(assertion: Assertion, disc: int) -> str:
    """A root named by its vertebra: the lower one's lies in the recess, the upper one's in the foramen."""
    roots = assertion.chunk.roots if assertion.chunk is not None else ()
    if disc + 1 in roots:
        return "recess"
    if disc in roots:
        return "foramen"
    return assertion.site


def _sides(assertion: Assertion, lesion: str) -> tuple[str, ...]:
    side = assertion.side
    if not side and assertion.grade == "normal":
        side = "both"
    elif not side:
        plural = assertion.chunk is None or assertion.chunk.plural
        side = "both" if plural or lesion not in ("left", "right") else lesion
    return ("left", "right") if side == "both" else (side,)


def _only_measures(sentence: Sentence, reading: Reading, marks: _Marks) -> bool:
    """``L1-2 15 mm, L2-3 14 mm``: a list of numbers sets no level."""
    is_list = sum(len(c.discs) for _, c in marks.named) > 1
    return (
        is_list and not reading.assertions and "D" not in marks.words and any(t.text == "mm" for t in sentence.tokens)
    )


def _move_on(sentence: Sentence, reading: Reading, marks: _Marks, context: Context, side: str) -> None:
    if side:
        context.lesion = side
    if marks.named and any(c.kind == "D" for c in reading.chunks):
        for _, c in marks.named:
            context.spoken.update(c.discs)
    if not marks.named or _only_measures(sentence, reading, marks):
        return
    last = marks.named[-1][1]
    with_levels = [c for _, c in marks.named if c.kind == "L"]
    context.discs = with_levels[-1].discs if with_levels else ()
    context.name(tuple(disc for c in with_levels for disc in c.discs))
    if last.kind == "MULTILEVEL" and not with_levels:
        context.discs = ()
    context.paragraph = sentence.paragraph
    if not side:
        context.lesion = ""
