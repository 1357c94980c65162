"""Assertions -> statements with levels and sides, by the rules in their order; and what stays in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inference.reports.layout.state import Sentence
from inference.reports.meaning.context import Context, LevelWords, Reach, Statement
from inference.reports.meaning.level_rules import Place
from inference.reports.meaning.placing import Part, Placement, Placing
from inference.reports.meaning.side_rules import FindSide, FindSite, side_of_lesion
from inference.reports.phrases.assertions import Assertion, Reading
from inference.reports.trace import Rule, Trace
from inference.reports.words import kinds
from inference.reports.words.levels import FIRST, LAST
from inference.types import LEVELS


class ScopeRules(NamedTuple):
    """How an assertion gets its levels, its site at each, and its sides."""

    levels: Sequence[Rule[Place]]
    sites: Sequence[Rule[FindSite]]
    sides: Sequence[Rule[FindSide]]


def place(sentence: Sentence, reading: Reading, context: Context, rules: ScopeRules, trace: Trace | None) -> None:
    """Give every assertion of a sentence its levels and sides; move the context on."""
    _enter(sentence, context)
    in_force = bool(context.discs) and context.paragraph == sentence.paragraph
    words = LevelWords(reading.chunks, sentence.levels, in_force=in_force)
    lesion = side_of_lesion(reading.chunks)
    for assertion in reading.assertions:
        placing = Placing(assertion, sentence, words, context, reading.assertions, lesion)
        placement = _placed(placing, rules, trace)
        if placement.unclear:
            context.unclear.append((assertion.start, assertion.end, placement.unclear))
        for part in placement.parts:
            _state(placing, part, rules, trace)
    _move_on(sentence, reading, words, context, lesion)


def _enter(sentence: Sentence, context: Context) -> None:
    """A new section ends what was in force; a heading's levels begin to be."""
    if sentence.section != context.section:
        context.discs, context.section, context.lesion = None, sentence.section, ""
        context.recent = ()
    if sentence.levels and (sentence.after_heading or context.paragraph != sentence.paragraph):
        context.discs, context.paragraph, context.lesion = sentence.levels, sentence.paragraph, ""
        context.mentioned.update(sentence.levels)
        context.name(sentence.levels)


def _placed(placing: Placing, rules: ScopeRules, trace: Trace | None) -> Placement:
    for rule in rules.levels:
        placement = rule.apply(placing)
        if placement is not None:
            if trace is not None:
                trace.note(rule, _in_words(placement), placing.assertion.start, placing.assertion.end)
            return placement
    raise AssertionError("the last rule for levels always applies")


def _in_words(placement: Placement) -> str:
    if placement.unclear:
        return f"unclear: {placement.unclear}"
    words = []
    for discs, reach, _ in placement.parts:
        names = [LEVELS[disc - FIRST] if FIRST <= disc <= LAST else "another level" for disc in discs]
        if names:
            words.append(", ".join(names) + ("" if reach is Reach.LEVEL else f" ({reach})"))
    return "; ".join(words) or "nothing new"


def _state(placing: Placing, part: Part, rules: ScopeRules, trace: Trace | None) -> None:
    assertion, context = placing.assertion, placing.context
    lateral: tuple[str, ...] | None = None
    for disc in dict.fromkeys(part.discs):
        site = _site_at(assertion, disc, part.reach, rules, trace) if FIRST <= disc <= LAST else ""
        if not site:
            continue
        if site != "canal" and lateral is None:
            lateral = _sides(placing, part, rules, trace)
        sides = ("",) if site == "canal" else lateral or ()
        context.statements.append(
            Statement(disc, site, sides, assertion.grade, assertion.basis, assertion.confidence, assertion.start,
                      assertion.end, part.reach)
        )  # fmt: skip
        if part.reach is Reach.LEVEL:
            context.mentioned.add(disc)


def _site_at(assertion: Assertion, disc: int, reach: Reach, rules: ScopeRules, trace: Trace | None) -> str:
    for rule in rules.sites:
        site = rule.apply(assertion, disc, reach)
        if site is not None:
            if trace is not None:
                outcome = f"{site or 'nothing'} at {LEVELS[disc - FIRST]}"
                trace.note(rule, outcome, assertion.start, assertion.end)
            return site
    return assertion.site


_BOTH = ("left", "right")


def _sides(placing: Placing, part: Part, rules: ScopeRules, trace: Trace | None) -> tuple[str, ...]:
    if part.both_sides:
        side = placing.assertion.side
        return (side,) if side in _BOTH else _BOTH
    for rule in rules.sides:
        side = rule.apply(placing)
        if side:
            if trace is not None:
                trace.note(rule, side, placing.assertion.start, placing.assertion.end)
            return (side,) if side in _BOTH else _BOTH
    return _BOTH


def _only_measures(sentence: Sentence, reading: Reading, words: LevelWords) -> bool:
    """``L1-2 15 mm, L2-3 14 mm``: a list of numbers sets no level."""
    if reading.assertions or kinds.DISC_LESION in words.present:
        return False
    return sum(len(c.discs) for _, c in words.named) > 1 and any(t.text == "mm" for t in sentence.tokens)


def _move_on(sentence: Sentence, reading: Reading, words: LevelWords, context: Context, lesion: str) -> None:
    """What is in force for the next sentence."""
    if lesion:
        context.lesion = lesion
    if not words.named:
        return
    if kinds.DISC_LESION in words.present:
        for _, c in words.named:
            context.mentioned.update(c.discs)
    if _only_measures(sentence, reading, words):
        return
    levels = words.levels
    context.discs = levels[-1].discs if levels else ()
    context.name(tuple(disc for c in levels for disc in c.discs))
    context.paragraph = sentence.paragraph
    if not lesion:
        context.lesion = ""
