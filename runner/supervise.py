"""Replace this process by supervisord."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runner.environment import PYTHON
from runner.programs import Program, configuration


def supervise(programs: Sequence[Program], data_dir: Path) -> None:
    """Write the configuration and exec supervisord in the foreground. Does not return."""
    (data_dir / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    file = data_dir / "supervisord.conf"
    file.write_text(configuration(programs, data_dir))
    # Clients would wait on the socket that a killed broker left behind.
    (data_dir / "redis.sock").unlink(missing_ok=True)
    os.execv(PYTHON, [str(PYTHON), "-m", "supervisor.supervisord", "-n", "-c", str(file)])
