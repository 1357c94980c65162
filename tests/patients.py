"""Simulated patients that several test processes read."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

#: Where `make test` lets its processes share what they make; without it each has its own.
SHARED = "DEEPSPINE_TEST_STUDIES"


def made_once(name: str, make: Callable[[Path], object], own: Path) -> Path:
    """The folder that `make` fills, for reading only: the first process that asks makes it, the others wait for it.

    own: the temporary folder of this process's tests, where it lies when nothing is shared.
    """
    root = Path(os.environ.get(SHARED) or own)
    whole, part = root / name, root / f"{name}.partial"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(whole)
    return whole
