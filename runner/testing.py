"""`make test`: install what is absent, then every check and test, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runner import debian, machine, servers
from runner.environment import PYTHON, ROOT, VENV, make_bundle, make_environment
from runner.steps import Steps, dying_with_us, together

PYTEST = [str(PYTHON), "-m", "pytest", "--durations=10"]
#: The tests that touch a database or a broker; the engine's, the settings' and the pages' own run once.
ON_POSTGRESQL = [
    *("tests/accounts", "tests/worklist", "tests/reader", "tests/upgrade"),
    "tests/browser/test_main_job.py",
]
REPORTS = "tests/inference/reports"
#: The engine's tests in two parts of about the same length; the first has whatever is not in the second.
MADE = ["tests/inference/simulate", REPORTS]
READING = ["tests/inference", *(f"--ignore={path}" for path in MADE)]
#: Say every so many seconds what is still running.
SAY_EVERY_S = 60.0


@dataclass(frozen=True)
class Job:
    """One check or part of the tests.

    more: variables that it gets besides ours. nice: how far it gives way to jobs that wait by the clock for pages and
    workers; none is the same as a process of its own.
    """

    name: str
    command: Sequence[str]
    more: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0


def all_jobs(folder: str, database: str, broker: str) -> list[Job]:
    """In starting order: what is said at once, then the longest first, so that no core is idle at the end.

    Each has a data folder, a database and a broker of its own, and ports that the kernel gives. They share the
    simulated patients that they read, in `folder`.
    """
    settings = {"DEEPSPINE_DATA_DIR": folder}
    on_sqlite = {"DEEPSPINE_TEST_STUDIES": folder}
    on_postgresql = {**on_sqlite, "DATABASE_URL": database, "REDIS_URL": broker}
    # Whatever has no job of its own is in the one that leaves out the others.
    rest = ["--ignore=tests/inference", "--ignore=tests/browser"]
    return [
        Job("Lint", [str(VENV / "bin/ruff"), "check", "--no-cache", "."]),
        Job("Form", [str(VENV / "bin/ruff"), "format", "--check", "."]),
        Job("Tests of the engine's reading", [*PYTEST, *READING], on_sqlite, nice=10),
        Job("Tests of the pages on SQLite", [*PYTEST, "tests/browser"], on_sqlite),
        Job("Tests of simulator and reports", [*PYTEST, *MADE], on_sqlite, nice=10),
        Job("Tests on PostgreSQL and Redis", [*PYTEST, *ON_POSTGRESQL], on_postgresql),
        Job("All other tests on SQLite", [*PYTEST, *rest], on_sqlite),
        Job("Types", [str(VENV / "bin/mypy")], settings, nice=10),
        Job("Import contracts", [str(VENV / "bin/lint-imports")], nice=10),
        Job("Migrations", [str(PYTHON), "manage.py", "makemigrations", "--check", "--dry-run"], settings, nice=10),
    ]


def run_everything() -> None:
    """Run all, one job a core; end with status 1, after all have run, when one failed."""
    began = time.monotonic()
    machine.check_python()
    machine.check_node()
    with tempfile.TemporaryDirectory(prefix="deepspine-setup-") as logs:
        steps = Steps(4, Path(logs))
        together(
            partial(debian.install_missing, steps),
            partial(make_environment, steps, "requirements-dev.txt"),
            partial(make_bundle, steps),
        )
    with (
        tempfile.TemporaryDirectory(prefix="deepspine-checks-") as folder,
        servers.postgres() as database,
        servers.redis() as broker,
    ):
        results = side_by_side(all_jobs(folder, database, broker), len(os.sched_getaffinity(0)))
    finish(results, time.monotonic() - began)


class Running:
    """A job that has begun; what it says goes to a file."""

    def __init__(self, job: Job, log: Path) -> None:
        self.job, self.log, self.began = job, log, time.monotonic()
        command = ["nice", "-n", str(job.nice), *job.command]
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                dying_with_us(command),
                cwd=ROOT,
                env=environment(job.more),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def tell(self) -> bool:
        """Print all that it said, in one piece; True when it succeeded."""
        good, name = self.process.wait() == 0, self.job.name
        print(f"\n=== {name}\n{self.log.read_text(errors='replace')}", end="")
        print(f"=== {name}: {'passed' if good else 'FAILED'} in {time.monotonic() - self.began:.0f} s", flush=True)
        return good


def side_by_side(jobs: Sequence[Job], at_once: int) -> dict[str, bool]:
    """Run the jobs in their order, `at_once` at a time. By name: did it succeed?"""
    waiting, running, results = list(jobs), list[Running](), dict[str, bool]()
    began = said = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deepspine-said-") as logs:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    running.append(Running(waiting.pop(0), Path(logs) / str(len(waiting))))
                time.sleep(0.1)
                for one in [one for one in running if one.process.poll() is not None]:
                    running.remove(one)
                    results[one.job.name] = one.tell()
                if time.monotonic() - said > SAY_EVERY_S:
                    said = time.monotonic()
                    print(f"... {said - began:.0f} s: {', '.join(one.job.name for one in running)}", flush=True)
        finally:
            for one in running:
                one.process.kill()
    return {job.name: results[job.name] for job in jobs}


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours without the product's own variables, and one thread for sums: the other cores have jobs of their own."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("DEEPSPINE_") and key not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return {**clean, "OMP_NUM_THREADS": "1", **more}


def finish(results: dict[str, bool], seconds: float) -> None:
    print(f"\n=== All, in {seconds:.0f} s")
    for name, good in results.items():
        print(f"  {'passed' if good else 'FAILED'}  {name}")
    if not all(results.values()):
        raise SystemExit(1)
