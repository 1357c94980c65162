"""How one report was read: its sentences in chunks, the rules that acted by number and name, the labels.

And the rules themselves, as docs/label-rules.md lists them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from inference.reports.extract import extract
from inference.reports.outside import files
from inference.reports.outside.rows import evidence
from inference.reports.rules import STEPS
from inference.reports.trace import SentenceTrace, Step, Trace
from inference.reports.types import ReportLabels


def explain(source: str) -> str:
    """The traces of a file of reports, or of the text itself when there is no such file. Raises `ReportsError`."""
    if not _is_file(source):
        return "\n".join(_lines(source))
    rows = [row for row in files.read_any(Path(source)) if not row.problem]
    return "\n\n".join("\n".join((f"# {row.report_id}", *_lines(row.text))) for row in rows)


def _is_file(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # too long for a path, or a null byte
        return False


def _lines(text: str) -> Iterator[str]:
    trace = Trace(text)
    result = extract(text, trace)
    if trace.page:
        yield "Page"
        yield from _steps(trace.page)
    for number, sentence in enumerate(trace.sentences, 1):
        yield from _sentence(number, sentence)
    if trace.merging:
        yield "All statements"
        yield from _steps(trace.merging)
    yield "Labels"
    yield from _labels(text, result)


def _sentence(number: int, sentence: SentenceTrace) -> Iterator[str]:
    yield f"Sentence {number}: {sentence.words}"
    if sentence.not_read:
        yield f"  not read: {sentence.not_read}"
        return
    if sentence.in_force:
        yield f"  heading in force: {sentence.in_force}"
    yield f"  chunks: {sentence.chunks}"
    yield from _steps(sentence.steps)


def _steps(steps: Iterable[Step]) -> Iterator[str]:
    """A line for each rule; for one that acts on the same words again and again (at each level) one line."""
    for (rule, words), group in itertools.groupby(steps, key=lambda step: (step.rule, step.words)):
        quoted = f' "{words}"' if words else ""
        outcome = "; ".join(dict.fromkeys(step.outcome for step in group))
        yield f"  {rule.number:>3} {rule.name}{quoted}: {outcome}"


def _labels(text: str, result: ReportLabels) -> Iterator[str]:
    for label in result.labels:
        words = evidence(text, label.evidence)
        yield f'  {label.level} {label.site}: {label.grade} ({label.rule}, {label.confidence:.2f}) "{words}"'
    for one in result.unclear:
        yield f'  unclear: {one.reason} "{evidence(text, [one.span])}"'
    if result.reason:
        yield f"  none: {result.reason}"


_HEAD = """# Rules of the report reader

Written by `python -m inference labels --rules`; the code is `inference/reports/rules.py`. A number is a rule's place
in the one order in which all are applied. `python -m inference labels --explain "..."` shows which of them read a
sentence; every example is one in which its rule acts (a line break is written ¶).
"""


def rules_page() -> str:
    """All rules as Markdown, by what they are about: number, name, what it does, example."""
    lines = [_HEAD]
    for step, rules in STEPS.items():
        lines += [f"## {step}", "", "| | rule | what it does | example |", "|---|---|---|---|"]
        for rule in rules:
            example = rule.example.replace("\n", " ¶ ").replace("  ", " ")
            lines.append(f"| {rule.number} | {rule.name} | {rule.description.replace('``', '`')} | {example} |")
        lines.append("")
    return "\n".join(lines)
