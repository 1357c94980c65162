"""Rules that give an assertion its levels: the first that applies decides. A negative with no level is global."""

from __future__ import annotations

from collections.abc import Callable

from inference.reports.meaning import references
from inference.reports.meaning.context import LUMBAR_DISCS, Reach
from inference.reports.meaning.placing import NO_DISC_LEVEL, Part, Placement, Placing, at, everywhere
from inference.reports.phrases.assertions import Assertion, Basis
from inference.reports.phrases.chunks import Chunk
from inference.reports.words import kinds

Place = Callable[[Placing], Placement | None]


def detailed_above(placing: Placing) -> Placement | None:
    """``Stenosis at L3-L4 as detailed above``: the grades stand above; nothing new.

    Example: L4-5: Mild left foraminal stenosis. ¶ ¶ IMPRESSION: Foraminal stenosis at L4-5 as detailed above.
    """
    if placing.assertion.grade == "present" and placing.chunks[-1].form == "above":
        return Placement()
    return None


# all, and the remaining levels


def other_sites(placing: Placing) -> Placement | None:
    """``The other foramina are patent``: wherever nothing else is stated of the site.

    Example: L4-5: Moderate left foraminal stenosis. The other foramina are patent.
    """
    return _remaining(placing, of_site=True) if placing.assertion.of_remaining else None


def heading_of_remaining(placing: Placing) -> Placement | None:
    """``Remaining levels: no stenosis.``: the heading speaks of the remaining levels.

    Example: L4-5: Moderate canal stenosis. ¶ Remaining levels: no canal stenosis.
    """
    return _remaining(placing, of_site=_is_of_site(placing)) if placing.sentence.of_remaining else None


_BEFORE_REGION = frozenset((kinds.AT, kinds.ALL))
_TO_REGION = frozenset((kinds.AT, kinds.SEEN, kinds.ALL, kinds.COPULA))


def in_lumbar_spine(placing: Placing) -> Placement | None:
    """``No foraminal narrowing in the lumbar spine``: everywhere.

    Example: There is no foraminal narrowing in the lumbar spine.
    """
    if not placing.is_normal or kinds.LUMBAR not in placing.words.present:
        return None
    for i in range(placing.assertion.last + 1, placing.clause[1] + 1):
        if placing.chunks[i].kind is kinds.LUMBAR and placing.chunks[i - 1].kind in _BEFORE_REGION:
            return everywhere(LUMBAR_DISCS, Reach.EVERY_LEVEL)
        if placing.chunks[i].kind not in _TO_REGION:
            break
    return None


def clause_of_remaining(placing: Placing) -> Placement | None:
    """``The remaining levels show no A, no B and no C``: holds for all that the clause denies.

    Example: L4/5: Severe canal stenosis. The other levels show no stenosis.
    """
    if not placing.is_normal or kinds.REMAINING not in placing.words.present:
        return None
    first = placing.clause[0]
    if placing.chunks[first].kind is not kinds.REMAINING:
        return None
    if not references.begins_with_remaining(placing.chunks[first : placing.assertion.first]):
        return None
    return _remaining(placing, of_site=_is_of_site(placing))


def elsewhere(placing: Placing) -> Placement | None:
    """``No canal stenosis elsewhere``: wherever nothing was stated of the site.

    Example: Moderate foraminal stenosis at L4/5. No foraminal stenosis elsewhere.
    """
    return _remaining(placing, of_site=True) if placing.scope == "elsewhere" else None


def remaining_levels(placing: Placing) -> Placement | None:
    """``No stenosis at the other levels``: the levels not spoken of.

    Example: L4/5: Severe canal stenosis. No stenosis at the other levels.
    """
    return _remaining(placing, of_site=_is_of_site(placing)) if placing.scope == "remaining" else None


def every_level(placing: Placing) -> Placement | None:
    """``No stenosis at any level``: L1-L2 to L5-S1; a negative leaves levels with a statement of their own alone.

    Example: No canal stenosis at any level.
    """
    if placing.scope != "all":
        return None
    return everywhere(LUMBAR_DISCS, Reach.EVERY_LEVEL if placing.is_normal else Reach.LEVEL)


def _is_of_site(placing: Placing) -> bool:
    return placing.assertion.basis is Basis.GRADE_OF_TOPIC or bool(placing.sentence.topics)


def _remaining(placing: Placing, *, of_site: bool) -> Placement:
    """Levels not spoken of; or, of one site, wherever nothing was stated of it."""
    reach = Reach.REMAINING_LEVELS
    if of_site and placing.is_normal:
        by_level = placing.sentence.topics and references.names_other_levels(placing.chunks)
        reach = Reach.REMAINING_OF_SITE if by_level else Reach.EVERY_LEVEL
    joined = references.joined_to_remaining(placing.chunks)
    discs = references.named_as_remaining(placing.chunks, placing.words.named)
    discs = discs or references.above(placing.chunks, placing.context.discs) or LUMBAR_DISCS
    return Placement((Part(joined, Reach.LEVEL, both_sides=True), Part(discs, reach, both_sides=True)))


# levels in the sentence


def either_level(placing: Placing) -> Placement | None:
    """``At either level``, ``at both of these levels``: the two discs named last.

    Example: L4-5: Mild canal stenosis. L5-S1: Bulge. No foraminal narrowing at either level.
    """
    if not placing.behind:
        return None
    first, named = placing.assertion.first, placing.words.named
    discs = references.both_levels(first, placing.behind, named, placing.context.recent)
    return placing.at_named(discs) if discs else None


def level_inside(placing: Placing) -> Placement | None:
    """``Severe L4-5 canal stenosis``: the level among the words of the assertion.

    Example: Severe stenosis of the left L5-S1 neural foramen.
    """
    if not placing.inside or not placing.inside[0].discs:
        return None
    return placing.at_named(placing.inside[0].discs)


def level_behind(placing: Placing) -> Placement | None:
    """``Canal stenosis at L4-5``; ``at L3-4, as well as at L4-5``: the level behind, and one that it is added to.

    Example: There is severe canal stenosis at L4-5.
    """
    behind = _level_behind(placing)
    if behind is None:
        return None
    i, level = behind
    before = placing.before[-1][1] if placing.before else None
    if before is not None and before.kind is kinds.DISC_LEVEL and _is_added(placing.chunks, i):
        return placing.at_named(before.discs + level.discs)
    return placing.at_named(level.discs)


_PARTING = frozenset(
    (kinds.SEMICOLON, kinds.BUT, kinds.DISC_LESION, kinds.OTHER_THING, kinds.COLON, kinds.CONUS, kinds.MULTILEVEL)
)


def _level_behind(placing: Placing) -> tuple[int, Chunk] | None:
    """The level behind an assertion, with its chunk index, when it is stated of it."""
    if not placing.after or placing.after[0][1].kind is not kinds.DISC_LEVEL:
        return None
    assertion, chunks = placing.assertion, placing.chunks
    i, level = placing.after[0]
    between = [c.kind for c in chunks[assertion.last + 1 : i]]
    if not _PARTING.isdisjoint(between):
        return None
    start = placing.clause[0]
    earlier = any(c.kind is kinds.DISC_LEVEL for k, c in placing.before if start <= k)
    for other in placing.peers:
        if assertion.last < other.first < i and (earlier or not _is_joined(assertion, other, chunks)):
            return None
    if kinds.COMMA not in between and kinds.AND not in between:
        return i, level
    heads_next = any(other.last > i for other in placing.peers)
    heads_next = heads_next and (i == 0 or chunks[i - 1].kind is not kinds.COMPARISON)
    if heads_next or (earlier and kinds.AND not in between[-4:]):
        return None
    return i, level


_JOINING = frozenset(
    (kinds.AND, kinds.COMMA, kinds.GRADE, kinds.SIDE, kinds.OF, kinds.LESION_ZONE, kinds.WITH)
)  # fmt: skip


def _is_joined(assertion: Assertion, other: Assertion, chunks: list[Chunk]) -> bool:
    """Two assertions joined by `and` or a comma share the level behind them."""
    return all(c.kind in _JOINING for c in chunks[assertion.last + 1 : other.first])


_BEFORE_ADDED = frozenset((kinds.AT, kinds.COMPARISON, kinds.OF, kinds.LEVEL_WORD))


def _is_added(chunks: list[Chunk], i: int) -> bool:
    """``as well as at L3-L4``: a further level."""
    k = i - 1
    while k >= 0 and chunks[k].kind in _BEFORE_ADDED:
        k -= 1
    return k >= 0 and chunks[k].kind is kinds.AND


def multilevel_before(placing: Placing) -> Placement | None:
    """``Multilevel bulges, mainly at L4-5``: that level alone; with no level, nothing but a negative.

    Example: Multilevel bulges compressing the thecal sac.
    """
    if not placing.before or placing.before[-1][1].kind is not kinds.MULTILEVEL:
        return None
    levels = placing.words.levels
    if levels:
        return placing.at_named(levels[0].discs)
    return None if placing.is_normal else Placement(unclear=NO_DISC_LEVEL)


def vertebra_below_level(placing: Placing) -> Placement | None:
    """``At L4-5 a fragment behind the L5 body compresses the sac``: the level named before the vertebra.

    Example: At L4-5 a fragment behind L5 compresses the thecal sac.
    """
    if not _vertebra_before(placing):
        return None
    level = next((c for _, c in reversed(placing.before) if c.kind is kinds.DISC_LEVEL), None)
    return placing.at_named(level.discs) if level is not None else None


def vertebra_then_level(placing: Placing) -> Placement | None:
    """``A cyst behind L4 narrows the canal at L4-5``: the level named after the vertebra.

    Example: Behind L4 there is canal stenosis from a bulge at L4-5.
    """
    if not _vertebra_before(placing) or not placing.after:
        return None
    level = placing.after[0][1]
    return placing.at_named(level.discs) if level.kind is kinds.DISC_LEVEL else None


def vertebra_alone(placing: Placing) -> Placement | None:
    """``Canal stenosis behind the L4 body``: a vertebra is no disc level; noted as unclear.

    Example: Metastasis in L3 causing severe canal compromise.
    """
    return Placement(unclear=NO_DISC_LEVEL) if _vertebra_before(placing) else None


def _vertebra_before(placing: Placing) -> bool:
    return bool(placing.before) and placing.before[-1][1].kind is kinds.VERTEBRA


def level_before(placing: Placing) -> Placement | None:
    """``At L4-5 there is canal stenosis``: the level named before.

    Example: At L4-5 there is canal stenosis.
    """
    if not placing.before or placing.before[-1][1].kind is not kinds.DISC_LEVEL:
        return None
    return placing.at_named(placing.before[-1][1].discs)


def level_further_behind(placing: Placing) -> Placement | None:
    """``Canal stenosis from a protrusion at L4-5``: a level later in the clause, when none stands before.

    Example: Severe left and moderate right L5/S1 foraminal stenosis.
    """
    levels = [(i, c) for i, c in placing.after if c.kind is kinds.DISC_LEVEL]
    if placing.before or not levels:
        return None
    i, level = levels[0]
    heads_next = placing.words.headed and any(other.last > i for other in placing.peers)
    parted = any(c.kind in (kinds.SEMICOLON, kinds.BUT) for c in placing.chunks[placing.assertion.last + 1 : i])
    return None if heads_next or parted else placing.at_named(level.discs)


def vertebra_behind(placing: Placing) -> Placement | None:
    """``Canal stenosis behind the body of L4``: neither a vertebra nor `multilevel` is a disc level.

    Example: Severe canal compromise from a metastasis in L3.
    """
    if placing.before or not any(c.kind in (kinds.VERTEBRA, kinds.MULTILEVEL) for _, c in placing.after):
        return None
    return Placement(unclear=NO_DISC_LEVEL)


# no level in the sentence


def negative_everywhere(placing: Placing) -> Placement | None:
    """``No canal stenosis``: with no level in force it holds for L1-L2 to L5-S1.

    Example: No canal stenosis.
    """
    if not placing.is_normal:
        return None
    refers_back = placing.in_same_paragraph or kinds.THIS in placing.words.present
    if placing.context.discs and refers_back:
        return None
    return everywhere(LUMBAR_DISCS, Reach.EVERY_LEVEL)


def level_in_force(placing: Placing) -> Placement | None:
    """``L4-5: bulge. Canal stenosis.``: the level of the heading, or of the sentence before.

    Example: L4-5: Bulge. Mild canal stenosis.
    """
    return at(placing.context.discs) if placing.context.discs else None


def no_level(placing: Placing) -> Placement | None:
    """``Protrusion compressing the thecal sac``, and no level at all: noted as unclear.

    Example: Protrusion compressing the thecal sac.
    """
    return Placement(unclear="no level is named" if placing.context.discs is None else NO_DISC_LEVEL)
