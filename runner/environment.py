"""The virtual environment and the viewer's bundle, made once, and again when their pins change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from runner import machine
from runner.steps import Steps, digest, is_stamped

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NETWORK_HINT = "Is the network there, and are proxies set? Run the same command again to continue."


def make_environment(steps: Steps, requirements: str) -> None:
    """`.venv` with the pins of `requirements`. Raises Unfit without disk, SystemExit when pip fails."""
    title = "Python packages"
    pins = [ROOT / "requirements.txt", ROOT / requirements]
    stamp = VENV / f".stamp-{requirements}"
    value = digest(pins, sys.version)
    if is_stamped(stamp, value) and works(PYTHON):
        steps.skip(title, "as pinned")
        return
    machine.check_disk(ROOT, 3 * machine.GIB)
    make = [] if works(PYTHON) else [[sys.executable, "-m", "venv", "--clear", str(VENV)]]
    install = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    steps.run(title, [*make, [*install, "-r", requirements]], cwd=ROOT, hint=NETWORK_HINT)
    stamp.write_text(value)


def works(python: Path) -> bool:
    """Whether the environment works; one of a clone that was moved does not."""
    if not python.exists():
        return False
    probe = [str(python), "-c", "import pip, sys; print(sys.prefix)"]
    process = subprocess.run(probe, capture_output=True, text=True, check=False)
    return process.returncode == 0 and Path(process.stdout.strip()).resolve() == VENV.resolve()


def make_bundle(steps: Steps) -> None:
    """`node_modules` and `static/build`. Raises Unfit without disk, SystemExit when npm fails."""
    install_packages(steps)
    title = "Viewer bundle"
    built = ROOT / "static" / "build"
    stamp = built / ".stamp"
    sources = [ROOT / "package-lock.json", ROOT / "vite.config.mjs", ROOT / "static" / "src"]
    value = digest(sources)
    if is_stamped(stamp, value) and (built / "manifest.json").exists():
        steps.skip(title, "as built before")
        return
    steps.run(title, [["npm", "run", "build"]], cwd=ROOT, hint="This is a fault in static/src; see the output above.")
    stamp.write_text(value)


def install_packages(steps: Steps) -> None:
    title = "Viewer packages"
    stamp = ROOT / "node_modules" / ".stamp"
    value = digest([ROOT / "package-lock.json"])
    if is_stamped(stamp, value):
        steps.skip(title, "as pinned")
        return
    machine.check_disk(ROOT, machine.GIB)
    steps.run(title, [["npm", "ci", "--no-audit", "--no-fund"]], cwd=ROOT, hint=NETWORK_HINT)
    stamp.write_text(value)
