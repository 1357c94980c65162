"""`make test`: install what is absent, then every check and test, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from runner import debian, machine, servers
from runner.environment import PYTHON, ROOT, VENV, make_bundle, make_environment
from runner.steps import Steps, dying_with_us

CHECKS: dict[str, Sequence[str]] = {
    "Lint": [str(VENV / "bin/ruff"), "check", "--no-cache", "."],
    "Form": [str(VENV / "bin/ruff"), "format", "--check", "."],
    "Types": [str(VENV / "bin/mypy")],
    "Import contracts": [str(VENV / "bin/lint-imports")],
    "Migrations": [str(PYTHON), "manage.py", "makemigrations", "--check", "--dry-run"],
}
PYTEST = [str(PYTHON), "-m", "pytest", "--durations=10"]
#: The tests that touch a database or a broker; the engine's and the pages' own have run once already.
ON_POSTGRESQL = ["tests/accounts", "tests/config", "tests/worklist", "tests/reader", "tests/browser/test_main_job.py"]


def run_everything() -> None:
    """Run all; end with status 1, after all have run, when one failed."""
    began = time.monotonic()
    machine.check_python()
    machine.check_node()
    with tempfile.TemporaryDirectory(prefix="deepspine-setup-") as logs:
        steps = Steps(4, Path(logs))
        debian.install_missing(steps)
        make_environment(steps, "requirements-dev.txt")
        make_bundle(steps)
    results: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="deepspine-checks-") as data_dir:
        for name, command in CHECKS.items():
            results[name] = ran(name, command, {"DEEPSPINE_DATA_DIR": data_dir})
    results["Tests on SQLite"] = ran("Tests on SQLite", PYTEST, {})
    with servers.postgres() as database, servers.redis() as broker:
        name = "Tests on PostgreSQL and Redis"
        results[name] = ran(name, [*PYTEST, *ON_POSTGRESQL], {"DATABASE_URL": database, "REDIS_URL": broker})
    finish(results, time.monotonic() - began)


def ran(name: str, command: Sequence[str], more: dict[str, str]) -> bool:
    """Run one command in the open; True when it succeeded. The product's own variables are not passed on."""
    print(f"\n=== {name}", flush=True)
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("DEEPSPINE_") and key not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    }
    began = time.monotonic()
    code = subprocess.run(dying_with_us(command), cwd=ROOT, env={**clean, **more}, check=False).returncode
    print(f"=== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return code == 0


def finish(results: dict[str, bool], seconds: float) -> None:
    print(f"\n=== All, in {seconds:.0f} s")
    for name, good in results.items():
        print(f"  {'passed' if good else 'FAILED'}  {name}")
    if not all(results.values()):
        raise SystemExit(1)
