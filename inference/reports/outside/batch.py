"""Many reports -> labels on disk: all cores, constant memory, resumable.

Reports are read in blocks. A block's lines are appended to each output, then
the ends are noted in a file by the first (`OUT.progress`): a run that was stopped
goes on behind the last whole block, after cutting off what a half-written one
left.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from inference.reports.extract import extract
from inference.reports.outside import files
from inference.reports.outside.files import Row
from inference.reports.outside.rows import Sheet

#: Reports that are read, labelled and written together.
BLOCK = 500


@dataclass(slots=True)
class Done:
    """What a run has done. skipped: rows that are no report."""

    reports: int = 0
    labels: int = 0
    unlabelled: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Block:
    """What one block of reports adds: the text for each sheet, and counts."""

    texts: tuple[str, ...]
    reports: int
    labels: int
    unlabelled: int
    problems: tuple[str, ...]


def run(source: Path, sheets: Sequence[Sheet], *, workers: int = 0) -> Done:
    """Label the reports of ``source`` into every sheet; raises `ReportsError`."""
    rows = files.read(source)
    marker = sheets[0].path.with_name(sheets[0].path.name + ".progress")
    identity = _identity(source, sheets)
    done, begin, sizes = _earlier(marker, identity, sheets)
    with ExitStack() as opened:
        outs = []
        for sheet, size in zip(sheets, sizes, strict=True):
            sheet.path.parent.mkdir(parents=True, exist_ok=True)
            out = opened.enter_context(sheet.path.open("r+" if begin else "w", encoding="utf-8", newline=""))
            out.seek(size)
            out.truncate()
            out.write("" if begin else sheet.header)
            outs.append(out)
        for block in _blocks(itertools.islice(rows, begin, None), sheets, workers or (os.cpu_count() or 1)):
            _write(block, outs, marker, identity, done)
    marker.unlink(missing_ok=True)
    print(file=sys.stderr)
    return done


def _write(block: _Block, outs: Sequence[TextIO], marker: Path, identity: dict[str, object], done: Done) -> None:
    for out, text in zip(outs, block.texts, strict=True):
        out.write(text)
        out.flush()
    done.reports += block.reports
    done.labels += block.labels
    done.unlabelled += block.unlabelled
    done.skipped += len(block.problems)
    for problem in block.problems:
        print(f"\rSkipped {problem}", file=sys.stderr)
    rows = done.reports + done.skipped
    state = identity | {"rows": rows, "sizes": [out.tell() for out in outs], "labels": done.labels}
    state |= {"unlabelled": done.unlabelled, "skipped": done.skipped}
    replacement = marker.with_name(marker.name + ".new")
    replacement.write_text(json.dumps(state), encoding="utf-8")
    replacement.replace(marker)  # a run killed while it notes its place keeps the place before
    print(f"\r{rows} rows, {done.labels} labels", end="", file=sys.stderr, flush=True)


def _identity(source: Path, sheets: Sequence[Sheet]) -> dict[str, object]:
    """What identifies a run: another file, a changed one or other outputs begin anew."""
    status = source.stat()
    size = [status.st_size, status.st_mtime_ns] if source.is_file() else []
    return {
        "source": str(source),
        "size": size,
        "outputs": [[str(one.path), one.header, one.options] for one in sheets],
    }


def _earlier(marker: Path, identity: dict[str, object], sheets: Sequence[Sheet]) -> tuple[Done, int, list[int]]:
    """What an earlier run did: its counts, the rows it read, and how much of each output is whole."""
    nothing = Done(), 0, [0] * len(sheets)
    try:
        state = json.loads(marker.read_text(encoding="utf-8"))
        sizes = [int(size) for size in state["sizes"]]
        whole = len(sizes) == len(sheets) and all(state[key] == value for key, value in identity.items())
        whole = whole and all(one.path.stat().st_size >= size for one, size in zip(sheets, sizes, strict=True))
    except (OSError, ValueError, KeyError, TypeError):
        return nothing
    if not whole:
        return nothing
    skipped = int(state["skipped"])
    done = Done(int(state["rows"]) - skipped, int(state["labels"]), int(state["unlabelled"]), skipped)
    print(f"Going on behind report {state['rows']}.", file=sys.stderr)
    return done, int(state["rows"]), sizes


def _blocks(rows: Iterable[Row], sheets: Sequence[Sheet], workers: int) -> Iterator[_Block]:
    """Labelled blocks in the order of the rows; at most a few wait at any time."""
    rows = iter(rows)
    first = list(itertools.islice(rows, BLOCK))
    if workers == 1 or len(first) < BLOCK:
        while first:
            yield _label(first, sheets)
            first = list(itertools.islice(rows, BLOCK))
        return
    # Spawned, not forked: a fork of a process with threads can hang.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, initializer=_end_with_parent) as pool:
        waiting: deque[Future[_Block]] = deque()
        while first or waiting:
            while first and len(waiting) < 2 * workers:
                waiting.append(pool.submit(_label, first, sheets))
                first = list(itertools.islice(rows, BLOCK))
            yield waiting.popleft().result()


def _end_with_parent() -> None:
    """A worker whose run was killed ends too; it would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _label(rows: list[Row], sheets: Sequence[Sheet]) -> _Block:
    lines: list[list[str]] = [[] for _ in sheets]
    problems: list[str] = []
    labels = unlabelled = 0
    for row in rows:
        if row.problem:
            problems.append(f"{row.report_id}: {row.problem}")
            continue
        result = extract(row.text)
        labels += len(result.labels)
        unlabelled += not result.labels
        for sheet, text in zip(sheets, lines, strict=True):
            text.append(sheet.write(row, result))
    texts = tuple("".join(text) for text in lines)
    return _Block(texts, len(rows) - len(problems), labels, unlabelled, tuple(problems))


def timed(source: Path, sheets: Sequence[Sheet], *, workers: int = 0) -> str:
    """Run, and say in a sentence what was done and how fast."""
    began = time.monotonic()
    done = run(source, sheets, workers=workers)
    seconds = max(time.monotonic() - began, 1e-6)
    return (
        f"{done.reports} reports in {seconds:.1f} s: {done.labels} labels, {done.unlabelled} reports without any, "
        f"{done.skipped} rows skipped -> {', '.join(str(sheet.path) for sheet in sheets)}"
    )
