"""An archive of simulated patients on disk, made by several processes; an interrupted run is resumed.

``OUT/patient_0001/`` and so on as `study.write_study` writes them;
``OUT/truth.csv``, one row a patient, level and site; ``OUT/reports.jsonl``,
one report a line with its labels; ``OUT/archive.json``, the settings.
A patient's folder gets its name when it is complete.
"""

from __future__ import annotations

import csv
import fcntl
import json
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from inference.errors import StudyError
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.report.dictation import dictate
from inference.simulate.study import write_study

COLUMNS = ("patient", "accession_number", "study_instance_uid", "level", "site", "grade", "severity")
#: Is raised when the files of a seed change, so that an old archive is not resumed.
VERSION = 2


class ArchiveError(StudyError):
    """An archive that cannot be written with the given options."""

    code = "archive"
    next_step = "Give another folder, or the same options as before."


class WorkerLostError(StudyError):
    """A process that made patients ended early."""

    code = "worker_lost"
    next_step = "Run the same command again, perhaps with fewer --workers: complete patients are kept."


def _ignore(_done: int, _total: int) -> None:
    """A progress callback that does nothing."""


def write_archive(
    out: Path,
    patients: int,
    seed: int,
    options: StudyOptions,
    workers: int = 1,
    progress: Callable[[int, int], None] = _ignore,
) -> None:
    """Write `patients` patients below `out`, from seeds `seed`, `seed` + 1, ...; complete patients are kept.

    The bytes do not depend on `workers` or on interruptions.
    progress: called with (number done, total), first with the number of existing patients.
    Raises ValueError for fewer than one patient, ArchiveError when `out` holds
    another archive, OSError when it cannot be written.
    """
    if patients < 1 or workers < 1:
        raise ValueError("There must be at least one patient and one worker.")
    with _claimed(out, seed, options):
        missing = [number for number in range(1, patients + 1) if not folder_of(out, number).exists()]
        count = patients - len(missing)
        progress(count, patients)
        for _ in _written(out, missing, seed, options, min(workers, len(missing))):
            count += 1
            progress(count, patients)
        _gather(out, patients, seed, options)


def folder_of(out: Path, number: int) -> Path:
    """Folder of patient `number`, counted from 1."""
    return out / f"patient_{number:04d}"


@contextmanager
def _claimed(out: Path, seed: int, options: StudyOptions) -> Iterator[None]:
    """Hold `out` for this archive alone. Raises ArchiveError when it holds another or another command writes to it."""
    settings = {"version": VERSION, "seed": seed, **asdict(options)}
    out.mkdir(parents=True, exist_ok=True)
    note = out / "archive.json"
    if not note.exists() and any(out.iterdir()):
        raise ArchiveError(f"{out} is not empty and holds no simulated archive.")
    with note.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveError(f"Another command is writing to {out}.") from error
        file.seek(0)
        text, expected = file.read(), json.dumps(settings, indent=1) + "\n"
        if text and text != expected:
            raise ArchiveError(f"{out} holds an archive that was made with another seed or other options.")
        if not text:
            file.write(expected)
            file.flush()
        for leftover in out.glob(".patient_*.partial"):
            shutil.rmtree(leftover)
        yield


def _written(out: Path, numbers: list[int], seed: int, options: StudyOptions, workers: int) -> Iterator[int]:
    """Each number when its patient is complete. All patients are made in processes with one thread each."""
    if not numbers:
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=only_one_thread, max_tasks_per_child=64) as pool:
        waiting: set[Future[int]] = set()
        todo = iter(numbers)
        try:
            while True:
                # Only running work is submitted: memory is constant, and Ctrl-C waits for one patient per process.
                while len(waiting) < workers and (number := next(todo, None)) is not None:
                    waiting.add(pool.submit(_write_patient, out, number, seed + number - 1, options))
                if not waiting:
                    return
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        except BrokenProcessPool as error:
            raise WorkerLostError("A process that made patients ended early, perhaps for want of memory.") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def only_one_thread() -> None:
    """Set up a worker process: one thread, since sums depend on their number, and Ctrl-C is left to the parent."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _write_patient(out: Path, number: int, seed: int, options: StudyOptions) -> int:
    """Write one patient under a hidden name, then rename it."""
    whole = folder_of(out, number)
    part = out / f".{whole.name}.partial"
    try:
        part.mkdir()
        write_study(part, seed, options)
        part.rename(whole)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(part)
        raise
    return number


def _gather(out: Path, patients: int, seed: int, options: StudyOptions) -> None:
    """Write the archive's table of truth and its reports, one patient at a time."""
    table, reports = out / ".truth.csv.partial", out / ".reports.jsonl.partial"
    with table.open("w", encoding="utf-8", newline="") as rows, reports.open("w", encoding="utf-8") as lines:
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number in range(1, patients + 1):
            folder = folder_of(out, number)
            truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
            writer.writerows(_rows(folder.name, truth))
            report = dictate(draw(seed + number - 1, options), seed + number - 1)
            row = {"accession_number": truth["accession_number"], "text": report.text, "labels": report.stated}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    table.replace(out / "truth.csv")
    reports.replace(out / "reports.jsonl")


def _rows(name: str, truth: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for level in truth["levels"]:
        for site, grade in level["grades"].items():
            study = truth["accession_number"], truth["study_instance_uid"]
            yield (name, *study, level["level"], site, grade, level["severity"][site])
