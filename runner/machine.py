"""Checks whether this machine can run the product; each failure says what to do."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

MIN_PYTHON = (3, 11)
MIN_NODE = (20, 19)
GIB = 1024**3


class Unfit(SystemExit):
    """Something is missing; the message goes to standard error and the exit status is 1."""


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:2])) -> None:
    if version < MIN_PYTHON:
        raise Unfit(
            f"Python {version[0]}.{version[1]} is too old; 3.11 or later is needed. "
            "Say which one to use: make run PYTHON=python3.11"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise Unfit("Python's venv module is missing. Install it: apt install python3-venv")
    if shutil.which("setpriv") is None:
        raise Unfit("setpriv is missing. Install it: apt install util-linux")


def check_node() -> None:
    advice = "Install Node.js 20.19 or later with npm: https://nodejs.org/en/download"
    if shutil.which("node") is None:
        raise Unfit(f"Node.js is missing; it builds the viewer. {advice}")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    match = re.match(r"v(\d+)\.(\d+)", version)
    if not match or (int(match[1]), int(match[2])) < MIN_NODE:
        raise Unfit(f"Node.js {version or 'of unknown version'} is too old; it builds the viewer. {advice}")
    if shutil.which("npm") is None:
        raise Unfit(f"Node.js is here, but npm is missing. {advice}")


def check_disk(folder: Path, needed: int) -> None:
    """Raise Unfit when the disk of `folder`, or of its nearest parent that exists, has not `needed` bytes free."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Unfit(
            f"The disk of {folder} has {free / GIB:.1f} GiB free, and {needed / GIB:.1f} GiB are needed. "
            "Free some, or put the data elsewhere: make run DEEPSPINE_DATA_DIR=/another/disk/deepspine"
        )


def check_writable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as problem:
        raise Unfit(f"Cannot write to {folder}: {problem.strerror}. Choose another: DEEPSPINE_DATA_DIR") from problem


def port_from_environment() -> int:
    value = os.environ.get("DEEPSPINE_PORT", "").strip() or "8000"
    if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise Unfit(f"DEEPSPINE_PORT is {value!r}; say a whole number from 1 to 65535.")
    return int(value)


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            if problem.errno == errno.EACCES:
                raise Unfit(f"Port {port} is for root only. Choose another: make run DEEPSPINE_PORT=8001") from problem
            raise Unfit(
                f"Port {port} is in use by another program. Stop that, or choose another: "
                f"make run DEEPSPINE_PORT={port + 1 if port < 65535 else 8001}"
            ) from problem


def check_not_running(pid_file: Path) -> None:
    """Raise Unfit when a runner already serves this data folder."""
    try:
        pid = int(pid_file.read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if b"supervisord" in arguments and str(pid_file.parent).encode() in arguments:
        raise Unfit(f"DeepSPINE Reader already runs on {pid_file.parent} as process {pid}. Stop it: kill {pid}")
