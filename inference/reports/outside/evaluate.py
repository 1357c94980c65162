"""Figures on a labelled file: F1 of labels, reports exactly right, and which grade is taken for which."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inference.reports.extract import extract
from inference.reports.outside import baseline

Table = dict[str, dict[str, str]]
GRADES = ("normal", "present", "mild", "moderate", "severe", "-")


@dataclass(slots=True)
class Figures:
    """Counts over a file. A label is right when level, site and grade are all right."""

    reports: int = 0
    exact: int = 0
    right: int = 0
    extra: int = 0
    missing: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of labels; 1 when there are none to find."""
        total = 2 * self.right + self.extra + self.missing
        return 2 * self.right / total if total else 1.0

    @property
    def precision(self) -> float:
        """Share of the labels given that are right."""
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def recall(self) -> float:
        """Share of the labels wanted that were given."""
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0


def labelled(path: Path) -> Iterator[tuple[str, str, Table]]:
    """(id, text, labels) of a JSON Lines file; raises ValueError on a line without them."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                yield str(row.get("id", number)), str(row["text"]), dict(row["labels"])
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise ValueError(f"{path}, line {number}: no report with `text` and `labels` ({error})") from error


def measure(path: Path, read: Callable[[str], Table]) -> Figures:
    """Figures of a reader on a labelled file."""
    figures = Figures()
    for name, text, wanted in labelled(path):
        got = read(text)
        cells = {(level, site) for table in (got, wanted) for level, row in table.items() for site in row}
        same = True
        for level, site in cells:
            one, other = wanted.get(level, {}).get(site, "-"), got.get(level, {}).get(site, "-")
            figures.confusion[one, other] += 1
            figures.right += one == other
            figures.missing += one not in (other, "-")
            figures.extra += other not in (one, "-")
            same = same and one == other
        figures.reports += 1
        figures.exact += same
        if not same:
            figures.wrong.append(name)
    return figures


def report(path: Path) -> str:
    """The extractor and the baseline side by side, as Markdown."""
    ours = measure(path, lambda text: extract(text).table())
    simple = measure(path, baseline.read)
    lines = [f"{path.name}: {ours.reports} reports", "", "| | extractor | baseline |", "|---|---|---|"]
    for name, one, other in (
        ("F1 of labels", f"{ours.f1:.4f}", f"{simple.f1:.4f}"),
        ("precision", f"{ours.precision:.4f}", f"{simple.precision:.4f}"),
        ("recall", f"{ours.recall:.4f}", f"{simple.recall:.4f}"),
        ("reports exactly right", _share(ours), _share(simple)),
    ):
        lines.append(f"| {name} | {one} | {other} |")
    lines += ["", "Grades, wanted by row and given by column (-: no label):", "", *_confusion(ours)]
    if ours.wrong:
        lines += ["", "Not exactly right: " + ", ".join(ours.wrong[:40])]
    return "\n".join(lines)


def _share(figures: Figures) -> str:
    return f"{figures.exact} of {figures.reports} ({100 * figures.exact / max(1, figures.reports):.1f} %)"


def _confusion(figures: Figures) -> list[str]:
    lines = ["| wanted | " + " | ".join(GRADES) + " |", "|---" * (len(GRADES) + 1) + "|"]
    for one in GRADES:
        counts = " | ".join(str(figures.confusion[one, other]) for other in GRADES)
        lines.append(f"| {one} | {counts} |")
    return lines
