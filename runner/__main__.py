"""`make run` and `make test`, from a machine without the project's packages.

python3 -m runner run|test|setup
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from runner import machine
from runner.environment import PYTHON, ROOT, make_bundle, make_environment
from runner.programs import product
from runner.steps import Steps, together
from runner.supervise import supervise


def data_folder() -> Path:
    folder = Path(os.environ.get("DEEPSPINE_DATA_DIR") or ROOT / "var").absolute()
    os.environ["DEEPSPINE_DATA_DIR"] = str(folder)
    return folder


def run() -> None:
    """Set up what is missing, then hand over to supervisord, which runs the product."""
    machine.check_python()
    machine.check_node()
    port = machine.port_from_environment()
    data_dir = data_folder()
    machine.check_writable(data_dir)
    machine.check_disk(data_dir, machine.GIB)
    machine.check_not_running(data_dir / "runner.pid")
    machine.check_port(port)
    logs = data_dir / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    steps = Steps(5, logs)
    prepare(steps, "requirements.txt")
    migrate = [str(PYTHON), "manage.py", "migrate", "--no-input"]
    steps.run("Database", [migrate], cwd=ROOT, hint="The database may be newer than this code, or be damaged.")
    print(f"{steps.begin('Starting')}: broker, web, two workers and beat; logs in {logs}", flush=True)
    supervise(product(data_dir, port), data_dir)


def prepare(steps: Steps, requirements: str) -> None:
    together(partial(make_environment, steps, requirements), partial(make_bundle, steps))


def setup() -> None:
    """Set up what a developer needs, without starting anything."""
    machine.check_python()
    machine.check_node()
    logs = data_folder() / "logs"
    machine.check_writable(logs)
    prepare(Steps(3, logs), "requirements-dev.txt")


def test() -> None:
    from runner.testing import run_everything

    run_everything()


if __name__ == "__main__":
    commands = {"run": run, "setup": setup, "test": test}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        commands[sys.argv[1]]()
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again to continue.")
