"""What a rule is, and the trace of what the rules did to a report."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Apply = TypeVar("Apply", bound=Callable[..., Any])
Item = TypeVar("Item")

_EXAMPLE = "Example: "


@dataclass(frozen=True, slots=True)
class Rule(Generic[Apply]):
    """One rule of the table in `rules.py`.

    number: its place in the one order of all rules. apply: the function; the first paragraph of its
    docstring says what it does, another one gives an example. on: the rule is tried only where something
    of these kinds is in the sentence; empty: always.
    """

    number: int
    name: str
    apply: Apply
    on: frozenset[str] = frozenset()

    @property
    def description(self) -> str:
        """What the rule does, in a line."""
        return self._paragraphs[0]

    @property
    def example(self) -> str:
        """A report in which the rule acts."""
        example = next(one for one in self._paragraphs if one.startswith(_EXAMPLE))
        return example.removeprefix(_EXAMPLE).replace(" ¶", "\n").replace("\n ", "\n")

    @property
    def _paragraphs(self) -> list[str]:
        return [" ".join(one.split()) for one in (self.apply.__doc__ or "").split("\n\n")]


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that acted: on which words (empty: the sentence), and what came of it."""

    rule: Rule[Any]
    words: str
    outcome: str


@dataclass(slots=True)
class SentenceTrace:
    """What happened in one sentence: its words, what is in force around it, its chunks, the rules that acted.

    not_read: why it was not read; empty when it was.
    """

    words: str
    in_force: str
    chunks: str = ""
    not_read: str = ""
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """What the rules did to a report: to the page, sentence by sentence, and to all statements at last.

    Reading a report with a trace gives the same labels as without; it is only slower.
    """

    text: str
    page: list[Step] = field(default_factory=list)
    sentences: list[SentenceTrace] = field(default_factory=list)
    merging: list[Step] = field(default_factory=list)
    _current: list[Step] = field(init=False)

    def __post_init__(self) -> None:
        self._current = self.page

    def begin_sentence(self, sentence: SentenceTrace) -> None:
        """From here on, rules act on this sentence."""
        self.sentences.append(sentence)
        self._current = sentence.steps

    def begin_merging(self) -> None:
        """From here on, rules act on the statements of the whole report."""
        self._current = self.merging

    def note(self, rule: Rule[Any], outcome: str, start: int = 0, end: int = 0) -> None:
        """Add a rule that acted, with what became of the characters ``start`` to ``end``."""
        self._current.append(Step(rule, self.words(start, end), outcome))

    def words(self, start: int, end: int) -> str:
        """The words between two characters, on one line."""
        return " ".join(self.text[start:end].split())

    @property
    def steps(self) -> list[Step]:
        """All rules that acted, in the order in which they did."""
        return [*self.page, *(step for one in self.sentences for step in one.steps), *self.merging]


Rewrite = Callable[[list[Item]], list[Item]]


def rewrite(
    rules: Sequence[Rule[Rewrite[Item]]],
    items: list[Item],
    present: set[str],
    trace: Trace | None,
    describe: Callable[[Item, Trace], str],
) -> list[Item]:
    """Tokens or chunks after each of ``rules`` in turn.

    present: what occurs among the items at first, for ``on``. describe: an item as the trace writes it.
    """
    if trace is None:
        for rule in rules:
            if not rule.on or not present.isdisjoint(rule.on):
                items = rule.apply(items)
        return items
    for rule in rules:
        if rule.on and present.isdisjoint(rule.on):
            continue
        before = [describe(item, trace) for item in items]
        items = rule.apply(items)
        after = [describe(item, trace) for item in items]
        if after != before:
            trace.note(rule, changes(before, after))
    return items


def changes(before: Sequence[str], after: Sequence[str]) -> str:
    """What became of the items that a rule changed: ``grade[mild] -> dropped[mild]``."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return "; ".join(
        f"{' '.join(before[i:j]) or 'nothing'} -> {' '.join(after[k:m]) or 'nothing'}"
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    )
