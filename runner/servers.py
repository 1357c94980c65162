"""A throwaway PostgreSQL and a throwaway Redis, each in a temporary folder, ended by their own ids."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.debian import postgres_folder
from runner.steps import dying_with_us

PATIENCE_S = 60.0
ACCOUNT = "deepspine"


@contextmanager
def postgres() -> Iterator[str]:
    """The DATABASE_URL of a new cluster that listens on a Unix socket only."""
    programs = postgres_folder()
    assert programs is not None, "checked by debian.install_missing"
    # PostgreSQL refuses to run as root, so root starts it as another user.
    user = unprivileged() if os.geteuid() == 0 else None
    identity = ["--reuid", user, "--regid", group_of(user), "--clear-groups"] if user else []
    with folder("deepspine-pg-", user) as base:
        data = base / "data"
        initdb = [str(programs / "initdb"), "-D", str(data), "-U", ACCOUNT, "-A", "trust", "-E", "UTF8"]
        create = ["setpriv", "--pdeathsig", "KILL", *identity, *initdb, "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL, cwd=base)
        # The kernel resets the parent-death signal at a change of user: one setpriv does both, in that order.
        # INT is PostgreSQL's fast shutdown.
        command = ["setpriv", "--pdeathsig", "INT", *identity, str(programs / "postgres"), "-D", str(data)]
        for option in ("listen_addresses=", f"unix_socket_directories={base}", "fsync=off", "max_connections=60"):
            command += ["-c", option]
        with running(command, base / "log", signal.SIGINT) as process:
            wait_for(process, lambda: "ready to accept" in (base / "log").read_text(), base / "log")
            yield f"postgresql://{ACCOUNT}@/postgres?host={base}"


@contextmanager
def redis() -> Iterator[str]:
    """The REDIS_URL of a new server on a Unix socket."""
    with folder("deepspine-redis-", None) as base:
        socket = base / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(base), "--save", "", "--appendonly", "no"]
        with running(dying_with_us(["redis-server", *options]), base / "log", signal.SIGTERM) as process:
            wait_for(process, socket.exists, base / "log")
            yield f"redis+socket://{socket}"


@contextmanager
def folder(prefix: str, user: str | None) -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        if user is not None:
            shutil.chown(base, user)
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def running(command: list[str], log: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of a `with`: it gets the signal `stop` at the end, and is killed if it does not stop."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, cwd=log.parent)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], condition: object, log: Path) -> None:
    assert callable(condition)
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{process.args!r} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise SystemExit("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.")


def group_of(user: str) -> str:
    return str(pwd.getpwnam(user).pw_gid)
