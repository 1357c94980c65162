"""Real processes for tests: a broker, and Celery workers on the test database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parent.parent
#: A process that was asked to end and has not is killed: nothing that a test looks at depends on which.
GRACE_S = 10.0


def test_database_url() -> str:
    """The test database, as another process reads it from DATABASE_URL."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    account = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    return f"postgresql://{account}@/{values['NAME']}?host={quote(values['HOST'])}&port={values['PORT']}"


def environment(**more: str) -> dict[str, str]:
    """What a worker needs to serve the tests' database and data folder, at the tests' speed."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": test_database_url(),
        "DEEPSPINE_DATA_DIR": str(settings.DATA_DIR),
        "REDIS_URL": settings.REDIS_URL,
        "DEEPSPINE_QUIET_SECONDS": "1",
        "DEEPSPINE_TICK_SECONDS": "1",
        "DEEPSPINE_LEASE_SECONDS": "6",
        "DEEPSPINE_HEARTBEAT_SECONDS": "1",
        **more,
    }


def start(arguments: list[str], log: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that dies with the test run, even when that is killed."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *arguments],
            cwd=ROOT, env=env, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE_S)


def serving(data_dir: Path) -> list[int]:
    """The Celery processes, by whomever they were started, that work on this data folder."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit()
        and b"\0celery\0" in command_line(int(process.name))
        and f"DEEPSPINE_DATA_DIR={data_dir}\0".encode() in _of_process(int(process.name), "environ")
    ]


def command_line(pid: int) -> bytes:
    """Nothing when the process has ended, whether or not its parent has looked."""
    return _of_process(pid, "cmdline")


def _of_process(pid: int, file: str) -> bytes:
    try:
        return (Path("/proc") / str(pid) / file).read_bytes()
    except OSError:
        return b""


class Workers:
    """Beat and the two Celery workers of the quick start; `inference` may be killed and started again."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.inference: subprocess.Popen[bytes] | None = None
        self.housekeeping: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.start_inference()
        self.housekeeping = self._worker("housekeeping", "default")
        # Not inside a worker: there it is a child that outlives a worker which is killed.
        self.beat = self._celery("beat", "beat", "--pidfile=", "-s", str(self.logs / "beat-schedule"))
        from config.celery import app

        wait_until(lambda: len(app.control.ping(timeout=0.5)) >= 2, f"both workers; see {self.logs}")

    def start_inference(self) -> None:
        self.inference = self._worker("inference", "inference")

    def kill_inference(self) -> None:
        """kill -9, as a machine that loses power would."""
        assert self.inference is not None
        self.inference.kill()
        self.inference.wait(PATIENCE_S)

    def _worker(self, name: str, queue: str) -> subprocess.Popen[bytes]:
        quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
        return self._celery(name, "worker", "-Q", queue, "--pool=solo", "-n", f"{name}@test", *quiet)

    def _celery(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments]
        return start(command, self.logs / f"{name}.log", environment())

    def stop(self) -> None:
        for process in (self.beat, self.inference, self.housekeeping):
            if process is not None:
                stop(process)
