"""The product's processes, and supervisord's configuration for them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.environment import PYTHON, ROOT
from runner.steps import dying_with_us


@dataclass(frozen=True)
class Program:
    """A process that is restarted when it dies."""

    name: str
    command: Sequence[str]
    stop_signal: str = "TERM"
    stop_wait_s: int = 10
    once: bool = False
    """Runs once to its end, writes to the terminal, and is not restarted."""


def product(data_dir: Path, port: int) -> list[Program]:
    """All processes of the product, in starting order; they are stopped in reverse."""
    python = str(PYTHON)
    celery = [python, "-m", "celery", "-A", "config"]
    quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
    # QUIT abandons the study that is being read: the database knows that it was not finished.
    inference = [*celery, "worker", "-n", "inference@%h", "-Q", "inference", "--pool=solo", *quiet]
    housekeeping = [*celery, "worker", "-n", "housekeeping@%h", "-Q", "default", "--pool=threads", "-c", "2", *quiet]
    broker = [] if os.environ.get("REDIS_URL") else [Program("broker", [python, "-m", "runner.broker", str(data_dir)])]
    return [
        *broker,
        Program("web", [python, "-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]),
        Program("inference", inference, stop_signal="QUIT"),
        Program("housekeeping", housekeeping),
        Program("beat", [*celery, "beat", "--pidfile=", "-l", "INFO"]),
        Program("ready", [python, "-m", "runner.ready", str(port)], once=True),
    ]


def configuration(programs: Sequence[Program], data_dir: Path) -> str:
    """The text of a supervisord.conf for the programs; logs go below `data_dir`."""
    logs = data_dir / "logs"
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"logfile={escaped(str(logs / 'runner.log'))}",
        "logfile_maxbytes=1MB",
        "logfile_backups=1",
        f"pidfile={escaped(str(data_dir / 'runner.pid'))}",
        f"directory={escaped(str(ROOT))}",
        "umask=077",
        # Explicit, so that supervisord does not warn: the quick start runs as the user who starts it.
        *(["user=root"] if os.geteuid() == 0 else []),
    ]
    for order, program in enumerate(programs, 1):
        lines += section(order, program, logs)
    return "\n".join(lines) + "\n"


def section(order: int, program: Program, logs: Path) -> list[str]:
    command = escaped(shlex.join(dying_with_us(program.command)))
    lines = [
        f"[program:{program.name}]",
        f"command={command}",
        f"priority={order}",
        f"stopsignal={program.stop_signal}",
        f"stopwaitsecs={program.stop_wait_s}",
        "redirect_stderr=true",
        'environment=PYTHONUNBUFFERED="1"',
    ]
    if program.once:
        return [*lines, "autorestart=false", "startsecs=0", "stdout_logfile=/dev/stdout", "stdout_logfile_maxbytes=0"]
    log = escaped(str(logs / f"{program.name}.log"))
    return [
        *lines,
        "autorestart=true",
        "startretries=5",
        "startsecs=2",
        f"stdout_logfile={log}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
    ]


def escaped(value: str) -> str:
    """A value in which supervisord finds nothing to expand."""
    return value.replace("%", "%%")
