"""`make test`: install what is missing, then every check and test, on SQLite and on PostgreSQL with Redis."""

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
#: The engine's tests in parts of about the same length; the last has whatever is not in the others.
SIMULATOR = ["tests/inference/simulate", "tests/inference/reports"]
TRAINING = ["tests/inference/training"]
READING = ["tests/inference", *(f"--ignore={path}" for path in SIMULATOR + TRAINING)]
#: How long the tests wait for what must come (tests/patience.py): all that they take from our environment.
PATIENCE = "DEEPSPINE_TEST_PATIENCE"
#: Seconds between lines that name the running jobs.
REPORT_EVERY_S = 60.0


@dataclass(frozen=True)
class Job:
    """One check or part of the tests.

    extra_environment: variables besides those of `environment`. nice: lower priority than jobs that wait by the clock
    for pages and workers.
    """

    name: str
    command: Sequence[str]
    extra_environment: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0


def all_jobs(folder: str, database: str, broker: str) -> list[Job]:
    """In starting order: quick checks, then the longest first, so that no core is idle at the end.

    Each job has its own data folder, database and broker, and ports given by the kernel. They share the simulated
    patients that they read, in `folder`.
    """
    settings = {"DEEPSPINE_DATA_DIR": folder}
    on_sqlite = {"DEEPSPINE_TEST_STUDIES": folder}
    on_postgresql = {**on_sqlite, "DATABASE_URL": database, "REDIS_URL": broker}
    # Tests without a job of their own are in the one that leaves out the others.
    rest = ["--ignore=tests/inference", "--ignore=tests/browser"]
    return [
        Job("Lint", [str(VENV / "bin/ruff"), "check", "--no-cache", "."]),
        Job("Form", [str(VENV / "bin/ruff"), "format", "--check", "."]),
        Job("Tests of the pages on SQLite", [*PYTEST, "tests/browser"], on_sqlite),
        Job("Tests on PostgreSQL and Redis", [*PYTEST, *ON_POSTGRESQL], on_postgresql),
        Job("Tests of the engine's training", [*PYTEST, *TRAINING], on_sqlite, nice=10),
        Job("Tests of the engine's reading", [*PYTEST, *READING], on_sqlite, nice=10),
        Job("All other tests on SQLite", [*PYTEST, *rest], on_sqlite),
        Job("Tests of simulator and reports", [*PYTEST, *SIMULATOR], on_sqlite, nice=10),
        Job("Types", [str(VENV / "bin/mypy")], settings, nice=10),
        Job("Import contracts", [str(VENV / "bin/lint-imports")], nice=10),
        Job("Migrations", [str(PYTHON), "manage.py", "makemigrations", "--check", "--dry-run"], settings, nice=10),
    ]


def run_everything() -> None:
    """Run all jobs, one per core; exit with status 1 after all have run if one failed."""
    start = time.monotonic()
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
    finish(results, time.monotonic() - start)


class Running:
    """A started job; its output goes to a file."""

    def __init__(self, job: Job, log: Path) -> None:
        self.job, self.log, self.began = job, log, time.monotonic()
        command = ["nice", "-n", str(job.nice), *job.command]
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                dying_with_us(command),
                cwd=ROOT,
                env=environment(job.extra_environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def report(self) -> bool:
        """Print its output in one piece; True if it succeeded."""
        passed, name = self.process.wait() == 0, self.job.name
        print(f"\n=== {name}\n{self.log.read_text(errors='replace')}", end="")
        print(f"=== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - self.began:.0f} s", flush=True)
        return passed


def side_by_side(jobs: Sequence[Job], at_once: int) -> dict[str, bool]:
    """Run the jobs in their order, `at_once` at a time; returns whether each succeeded, by name."""
    waiting, running, results = list(jobs), list[Running](), dict[str, bool]()
    start = reported_at = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deepspine-said-") as logs:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    running.append(Running(waiting.pop(0), Path(logs) / str(len(waiting))))
                time.sleep(0.1)
                for job_run in [job_run for job_run in running if job_run.process.poll() is not None]:
                    running.remove(job_run)
                    results[job_run.job.name] = job_run.report()
                if time.monotonic() - reported_at > REPORT_EVERY_S:
                    reported_at = time.monotonic()
                    print(
                        f"... {reported_at - start:.0f} s: {', '.join(job_run.job.name for job_run in running)}",
                        flush=True,
                    )
        finally:
            for job_run in running:
                job_run.process.kill()
    return {job.name: results[job.name] for job in jobs}


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours without the product's own variables, and one thread for sums: the other cores have jobs of their own."""
    others = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    products = {key for key in os.environ if key in others or (key.startswith("DEEPSPINE_") and key != PATIENCE)}
    clean = {key: value for key, value in os.environ.items() if key not in products}
    return {**clean, "OMP_NUM_THREADS": "1", **more}


def finish(results: dict[str, bool], seconds: float) -> None:
    print(f"\n=== All, in {seconds:.0f} s")
    for name, passed in results.items():
        print(f"  {'passed' if passed else 'FAILED'}  {name}")
    if not all(results.values()):
        raise SystemExit(1)
