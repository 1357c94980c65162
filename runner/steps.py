"""Steps of a set-up: printed with progress and elapsed time, and skipped when nothing changed."""

from __future__ import annotations

import hashlib
import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: Seconds between progress lines where no terminal line can be rewritten.
REPORT_EVERY_S = 15.0


class Steps:
    """Numbered steps; a step that fails ends the program with its last lines of output."""

    def __init__(self, total: int, log_folder: Path) -> None:
        self.total = total
        self.numbers = itertools.count(1)
        self.log_folder = log_folder

    def begin(self, title: str) -> str:
        return self.label(next(self.numbers), title)

    def label(self, number: int, title: str) -> str:
        return f"[{number}/{self.total}] {title}"

    def skip(self, title: str, reason: str) -> None:
        print(f"{self.begin(title)}: {reason}", flush=True)

    def run(self, title: str, commands: Sequence[Sequence[str]], *, cwd: Path, hint: str) -> None:
        """Run the commands in turn; their full output goes to a log."""
        number = next(self.numbers)
        label, log = self.label(number, title), self.log_folder / f"setup-{number}.log"
        start = time.monotonic()
        print(f"{label} ...", flush=True)
        for command in commands:
            code, tail = watched(command, cwd, log, label, start)
            if code:
                last_lines = "\n".join(f"    {line}" for line in tail)
                raise SystemExit(f"{label} failed (status {code}):\n{last_lines}\n{hint}\nThe whole output: {log}")
        print(f"{label}: done in {time.monotonic() - start:.0f} s", flush=True)


def together(*tasks: Callable[[], None]) -> None:
    """Run independent steps at the same time. Raises the exception of a failed one when all have ended."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        futures = [pool.submit(task) for task in tasks]
    for future in futures:
        future.result()


def watched(
    command: Sequence[str], cwd: Path, log: Path, label: str, start: float, env: Mapping[str, str] | None = None
) -> tuple[int, list[str]]:
    """Run `command`, showing its last line and the elapsed time; return its status and last lines."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    tail: list[str] = []
    with log.open("a") as stream:
        process = subprocess.Popen(
            dying_with_us(command),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        reading = threading.Thread(target=pump, args=(process.stdout, stream, lines), daemon=True)
        reading.start()
        reported_at = time.monotonic()
        while True:
            try:
                line = lines.get(timeout=1.0)
                if line is None:
                    break
                tail = [*tail[-14:], line]
            except queue.Empty:
                pass
            reported_at = show_progress(label, time.monotonic() - start, tail[-1] if tail else "", reported_at)
        reading.join()
    clear_progress()
    return process.wait(), tail


def pump(source: Iterable[str], log: object, lines: queue.SimpleQueue[str | None]) -> None:
    for line in source:
        log.write(line)  # type: ignore[attr-defined]
        if line.strip():
            lines.put(line.strip())
    lines.put(None)


def show_progress(label: str, elapsed: float, last: str, reported_at: float) -> float:
    """Rewrite the terminal's line, or print one every `REPORT_EVERY_S`; return when a line was last printed."""
    now = time.monotonic()
    if sys.stdout.isatty():
        width = os.get_terminal_size().columns if os.isatty(1) else 80
        text = f"{label} {elapsed:4.0f} s  {last}"[: max(20, width - 1)]
        sys.stdout.write(f"\r\x1b[2K{text}")
        sys.stdout.flush()
        return now
    if now - reported_at > REPORT_EVERY_S:
        print(f"{label} {elapsed:4.0f} s  {last[:100]}", flush=True)
        return now
    return reported_at


def clear_progress() -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[2K")
        sys.stdout.flush()


def dying_with_us(command: Sequence[str], signal: str = "KILL") -> list[str]:
    """The command, which gets `signal` from the kernel when the process that started it dies in any way."""
    return ["setpriv", "--pdeathsig", signal, *command]


# --- stamps: digests of the input that a step was last done for -----------------------------------


def digest(paths: Iterable[Path], *words: str) -> str:
    """SHA-256 over words, and the names and contents of files, folders taken whole."""
    total = hashlib.sha256("\0".join(words).encode())
    files = (file for path in paths for file in ([path] if path.is_file() else path.rglob("*")))
    for file in sorted(files):
        if file.is_file():
            total.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    try:
        return stamp.read_text() == value
    except OSError:
        return False
