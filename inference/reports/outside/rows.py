"""One report's labels as lines of a file: labels, other findings, the training table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inference.reports.outside.files import ReportsError, Row
from inference.reports.outside.training_table import PresentAs, UnmentionedAs, training_table
from inference.reports.types import SITES, ReportLabels, Span

LABEL_COLUMNS = ("report_id", "level", "site", "grade", "confidence", "rule", "evidence")
FINDING_COLUMNS = ("report_id", "finding", "place", "detail", "side", "evidence")
TRAINING_COLUMNS = ("report_id", "level", *SITES)

Write = Callable[[Row, ReportLabels], str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file to write: its path, its first line, what it writes of one report, and the choices made for it."""

    path: Path
    header: str
    write: Write
    options: str = ""


def labels(path: Path) -> Sheet:
    """A row for each label (.csv), or a line for each report (.jsonl). Raises `ReportsError`."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return Sheet(path, _line(LABEL_COLUMNS), _label_rows)
    if suffix == ".jsonl":
        return Sheet(path, "", _json_row)
    raise ReportsError(f"{path.name}: labels are written as .csv or .jsonl.")


def findings(path: Path) -> Sheet:
    """Disc lesions, listhesis, fractures, surgery, transitional anatomy, diameters, and what was not understood."""
    return Sheet(path, _line(FINDING_COLUMNS), _finding_rows)


def training(path: Path, present_as: PresentAs, unmentioned_as: UnmentionedAs) -> Sheet:
    """The DeepSPINE training table: 0 normal to 3 severe, or nothing, for each site of each level."""
    write = partial(_training_rows, present_as=present_as, unmentioned_as=unmentioned_as)
    return Sheet(path, _line(TRAINING_COLUMNS), write, f"{present_as} {unmentioned_as}")


def evidence(text: str, spans: Iterable[Span]) -> str:
    """The words that spans stand for, joined."""
    return " | ".join(" ".join(text[s.start : s.end].split()) for s in spans)


def _label_rows(row: Row, result: ReportLabels) -> str:
    return "".join(
        _line((_safe(row.report_id), label.level, label.site, str(label.grade), f"{label.confidence:.2f}", label.rule,
               _safe(evidence(row.text, label.evidence))))
        for label in result.labels
    )  # fmt: skip


def _json_row(row: Row, result: ReportLabels) -> str:
    shape: dict[str, object] = {"id": row.report_id, "text": row.text, "labels": result.table()}
    if result.reason:
        shape["reason"] = result.reason
    return json.dumps(shape, ensure_ascii=False) + "\n"


def _finding_rows(row: Row, result: ReportLabels) -> str:
    return "".join(_line((_safe(row.report_id), *map(_safe, cells))) for cells in _findings(row.text, result))


def _findings(text: str, result: ReportLabels) -> Iterator[tuple[str, str, str, str, str]]:
    for disc in result.discs:
        yield disc.kind, disc.level, disc.zone, disc.side, evidence(text, [disc.evidence])
    for other in result.observations:
        yield other.kind, other.place, other.detail, "", evidence(text, [other.evidence])
    for one in result.diameters:
        yield "ap_diameter_mm", one.level, f"{one.value_mm:g}", "", evidence(text, [one.evidence])
    for unclear in result.unclear:
        yield "not_understood", "", unclear.reason, "", evidence(text, [unclear.span])
    if result.reason:
        yield "no_label", "", result.reason, "", ""


def _training_rows(row: Row, result: ReportLabels, present_as: PresentAs, unmentioned_as: UnmentionedAs) -> str:
    table = training_table(result.labels, present_as=present_as, unmentioned_as=unmentioned_as)
    grades = ((one.level, ["" if grade is None else str(grade) for grade in one.grades]) for one in table)
    return "".join(_line((_safe(row.report_id), level, *cells)) for level, cells in grades)


def _safe(cell: str) -> str:
    """A cell that a spreadsheet will not run as a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
