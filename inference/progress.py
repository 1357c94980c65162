"""How far long work is: told to whoever asked for it, or drawn on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

#: Called with the name of a step and the share of it that is done, 0 to 1.
Progress = Callable[[str, float], None]

_WIDTH = 28
#: Without a terminal, a line at most this often (seconds): logs stay short.
_QUIET_S = 15.0


def silent(_step: str, _share: float) -> None:
    """Progress that nobody follows."""


@dataclass
class Bar:
    """A bar with time gone and time left: one line that is drawn anew, or single lines where there is no terminal.

    already: things that were done before this run, by default those of the first call; they tell nothing about speed.
    """

    what: str
    already: int | None = None
    to: TextIO = field(default_factory=lambda: sys.stderr)
    began: float = field(default_factory=time.monotonic)
    told: float = float("-inf")

    def __call__(self, done: int, of: int) -> None:
        """`done` of `of` things are done."""
        now = time.monotonic()
        self.already = done if self.already is None else self.already
        if self.to.isatty():
            full = _WIDTH * done // max(of, 1)
            bar = "█" * full + "·" * (_WIDTH - full)
            end = "\n" if done == of else ""
            self.to.write(f"\r{bar} {self._line(done, of, now)}\033[K{end}")
        elif done == of or now - self.told >= _QUIET_S:
            self.to.write(self._line(done, of, now) + "\n")
            self.told = now
        self.to.flush()

    def _line(self, done: int, of: int, now: float) -> str:
        gone, own = now - self.began, done - (self.already or 0)
        line = f"{done} of {of} {self.what}, {clock(gone)} gone"
        return f"{line}, {clock(gone / own * (of - done))} left" if own > 0 and done < of else line


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def tell_patients(done: int, of: int) -> None:
    """A line on the terminal's error stream for each patient."""
    print(f"{done} of {of} patients", file=sys.stderr)
