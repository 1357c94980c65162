"""Many reports -> labels on disk: all cores, constant memory, resumable.

Reports are read in blocks. A block's labels are appended to the output, then
its end is noted beside it (`OUT.progress`): a run that was stopped goes on
behind the last whole block, after cutting off what a half-written one left.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from inference.reports import files
from inference.reports.extract import extract
from inference.reports.files import ReportsError, Row
from inference.reports.types import ReportLabels, Span

BLOCK = 500
COLUMNS = ("report_id", "level", "site", "grade", "confidence", "rule", "evidence")


@dataclass(slots=True)
class Done:
    """What a run has done. skipped: (report, problem) for the rows that are no report."""

    reports: int = 0
    labels: int = 0
    unlabelled: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    reports: int
    labels: int
    unlabelled: int
    problems: tuple[str, ...]


def run(source: Path, out: Path, *, workers: int = 0) -> Done:
    """Label the reports of ``source`` into ``out`` (.csv or .jsonl); raises `ReportsError`."""
    if out.suffix.lower() not in (".csv", ".jsonl"):
        raise ReportsError(f"{out.name}: labels are written as .csv or .jsonl.")
    rows = files.read(source)
    marker = out.with_name(out.name + ".progress")
    done, begin, size = _where(marker, source, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("r+" if begin else "w", encoding="utf-8", newline="") as file:
        file.seek(size)
        file.truncate()
        if not begin and out.suffix.lower() == ".csv":
            file.write(_line(COLUMNS))
        for block in _blocks(itertools.islice(rows, begin, None), out.suffix.lower(), workers or (os.cpu_count() or 1)):
            _write(block, file, marker, source, done)
    marker.unlink(missing_ok=True)
    print(file=sys.stderr)
    return done


def _write(block: _Block, file: io.TextIOWrapper, marker: Path, source: Path, done: Done) -> None:
    file.write(block.text)
    file.flush()
    done.reports += block.reports
    done.labels += block.labels
    done.unlabelled += block.unlabelled
    done.skipped += len(block.problems)
    for problem in block.problems:
        print(f"\rSkipped {problem}", file=sys.stderr)
    rows = done.reports + done.skipped
    state = {"source": str(source), "rows": rows, "size": file.tell(), "labels": done.labels}
    state |= {"unlabelled": done.unlabelled, "skipped": done.skipped}
    marker.write_text(json.dumps(state), encoding="utf-8")
    print(f"\r{rows} reports, {done.labels} labels", end="", file=sys.stderr, flush=True)


def _where(marker: Path, source: Path, out: Path) -> tuple[Done, int, int]:
    """What an earlier run did: its counts, the rows it read, and how much of the output is whole."""
    try:
        state = json.loads(marker.read_text(encoding="utf-8"))
        whole = out.is_file() and out.stat().st_size >= state["size"] and state["source"] == str(source)
    except (OSError, ValueError, KeyError):
        return Done(), 0, 0
    if not whole:
        return Done(), 0, 0
    skipped = int(state["skipped"])
    done = Done(int(state["rows"]) - skipped, int(state["labels"]), int(state["unlabelled"]), skipped)
    print(f"Going on behind report {state['rows']}.", file=sys.stderr)
    return done, int(state["rows"]), int(state["size"])


def _blocks(rows: Iterable[Row], suffix: str, workers: int) -> Iterator[_Block]:
    """Labelled blocks in the order of the rows; at most a few wait at any time."""
    rows = iter(rows)
    first = list(itertools.islice(rows, BLOCK))
    if workers == 1 or len(first) < BLOCK:
        while first:
            yield _label(first, suffix)
            first = list(itertools.islice(rows, BLOCK))
        return
    # Spawned, not forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[_Block]] = deque()
        while first or waiting:
            while first and len(waiting) < 2 * workers:
                waiting.append(pool.submit(_label, first, suffix))
                first = list(itertools.islice(rows, BLOCK))
            yield waiting.popleft().result()


def _label(rows: list[Row], suffix: str) -> _Block:
    lines: list[str] = []
    problems: list[str] = []
    labels = unlabelled = 0
    for row in rows:
        if row.problem:
            problems.append(f"{row.report_id}: {row.problem}")
            continue
        result = extract(row.text)
        labels += len(result.labels)
        unlabelled += not result.labels
        lines.append(_csv_rows(row, result) if suffix == ".csv" else _json_row(row, result))
    return _Block("".join(lines), len(rows) - len(problems), labels, unlabelled, tuple(problems))


def evidence(text: str, spans: Iterable[Span]) -> str:
    """The words that spans stand for, joined."""
    return " | ".join(" ".join(text[s.start : s.end].split()) for s in spans)


def _csv_rows(row: Row, result: ReportLabels) -> str:
    return "".join(
        _line((_safe(row.report_id), label.level, label.site, str(label.grade), f"{label.confidence:.2f}", label.rule,
               _safe(evidence(row.text, label.evidence))))
        for label in result.labels
    )  # fmt: skip


def _safe(cell: str) -> str:
    """A cell that a spreadsheet will not run as a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _json_row(row: Row, result: ReportLabels) -> str:
    shape: dict[str, object] = {"id": row.report_id, "text": row.text, "labels": result.table()}
    if result.reason:
        shape["reason"] = result.reason
    return json.dumps(shape, ensure_ascii=False) + "\n"


def timed(source: Path, out: Path, *, workers: int = 0) -> str:
    """Run, and say in a sentence what was done and how fast."""
    began = time.monotonic()
    done = run(source, out, workers=workers)
    seconds = max(time.monotonic() - began, 1e-6)
    return (
        f"{done.reports} reports in {seconds:.1f} s: {done.labels} labels, {done.unlabelled} reports without any, "
        f"{done.skipped} rows skipped -> {out}"
    )
