"""How long a test waits for what must come: no test passes or fails by how quick its machine is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

#: In seconds. Far more than anything here takes on a slow and busy machine: only what never comes costs that long.
PATIENCE_S = float(os.environ.get("DEEPSPINE_TEST_PATIENCE", "300"))
LOOK_EVERY_S = 0.05


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return once `condition` is true. Raises AssertionError, naming `what` was waited for, when it never is."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE_S:g} s for {what}")
        time.sleep(LOOK_EVERY_S)


def at_once(works: Sequence[Callable[[], None]]) -> None:
    """Do all of these in threads of their own, and return when each has ended."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), f"a thread is at work after {PATIENCE_S:g} s"
