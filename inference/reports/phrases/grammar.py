"""Chunks of a sentence -> assertions (these sites, this grade): runs the rules of the sentence in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from inference.reports.phrases.assertions import Reading, Topic
from inference.reports.phrases.attachment import attach
from inference.reports.phrases.chunks import Chunk
from inference.reports.phrases.clause import Clause
from inference.reports.trace import Rewrite, Rule, Trace
from inference.reports.words import kinds

#: A rule for a whole sentence: True when nothing of it is to be read.
Stops = Callable[[Clause], bool]
#: A rule for the chunk at an index: True when it decides what becomes of it.
Decides = Callable[[Clause, int], bool]
ByKind = Mapping[str, Sequence[Rule[Decides]]]


class GrammarRules(NamedTuple):
    """What is done with a sentence, in this order.

    attaching: to its chunks. sentence: before it is read. first: for each chunk from left to right, by
    its kind. left_over: for each again, when all of the sentence has been read once.
    """

    attaching: Sequence[Rule[Rewrite[Chunk]]]
    sentence: Sequence[Rule[Stops]]
    first: ByKind
    left_over: ByKind


def read(
    chunks: list[Chunk],
    unknown: list[int],
    topics: tuple[Topic, ...],
    rules: GrammarRules,
    trace: Trace | None,
    *,
    after_heading: bool,
) -> Reading:
    """The assertions of one sentence; ``topics`` are those in force from headings and before.

    unknown: where words stand whose use is not known. after_heading: the sentence stands right
    behind a level's heading.
    """
    reading = Reading(attach(chunks, rules.attaching, trace), after_heading=after_heading, unknown=unknown)
    calls_level_normal = after_heading and any(c.kind is kinds.GRADE and c.value == "normal" for c in reading.chunks)
    if not calls_level_normal and not _is_worth_reading(reading.chunks, topics):
        return reading
    clause = Clause(reading, topics)
    for rule in rules.sentence:
        if _stops(rule, clause, trace):
            return reading
    _decide(clause, rules.first, trace)
    _decide(clause, rules.left_over, trace)
    return reading


_FINDINGS = frozenset((kinds.COMPROMISE, kinds.NORMAL, kinds.GRADING_SCALE))
_DENIED = frozenset((kinds.SITE, kinds.ABNORMALITY))


def _is_worth_reading(chunks: list[Chunk], topics: tuple[Topic, ...]) -> bool:
    present = {c.kind for c in chunks}
    if not present.isdisjoint(_FINDINGS):
        return True
    if kinds.GRADE in present and (topics or kinds.SITE in present):
        return True
    return kinds.NEGATION in present and (not present.isdisjoint(_DENIED) or any(t.heading for t in topics))


def _decide(clause: Clause, rules: ByKind, trace: Trace | None) -> None:
    """For each chunk in turn, the first rule for its kind that applies."""
    for i, c in enumerate(clause.chunks):
        group = rules.get(c.kind)
        if group is None or c.used:
            continue
        if trace is None:
            for rule in group:
                if rule.apply(clause, i):
                    break
        else:
            _decide_traced(clause, i, group, trace)


def _decide_traced(clause: Clause, i: int, group: Sequence[Rule[Decides]], trace: Trace) -> None:
    c = clause.chunks[i]
    for rule in group:
        before = _Before(clause.reading)
        if rule.apply(clause, i):
            trace.note(rule, before.news(), c.start, c.end)
            break


def _stops(rule: Rule[Stops], clause: Clause, trace: Trace | None) -> bool:
    if trace is None:
        return rule.apply(clause)
    before = _Before(clause.reading)
    length = len(clause.chunks)
    stops = rule.apply(clause)
    if stops or len(clause.chunks) < length:
        trace.note(rule, before.news())
    return stops


class _Before:
    """What a sentence had given before a rule ran, to tell what the rule added."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.assertions = len(reading.assertions)
        self.unclear = len(reading.unclear)

    def news(self) -> str:
        """The assertions and doubts since then, in words."""
        made = [
            f"{' '.join(word for word in (one.side, one.site) if word)} {one.grade} ({one.basis})"
            for one in self.reading.assertions[self.assertions :]
        ]
        made += [f"unclear: {why}" for _, _, why in self.reading.unclear[self.unclear :]]
        return "; ".join(made) or "says nothing of a site"
