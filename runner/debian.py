"""Debian packages that the tests need, installed when missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from runner.machine import Unfit
from runner.steps import Steps


def postgres_folder() -> Path | None:
    """The folder of initdb and postgres, which Debian keeps off the PATH; of several versions the newest."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return candidates[-1].parent if candidates else None


#: A check whether a package is installed, by package.
NEEDED: dict[str, Callable[[], object]] = {
    "chromium": lambda: shutil.which("chromium"),
    "postgresql": postgres_folder,
    "redis-server": lambda: shutil.which("redis-server"),
    "dicom3tools": lambda: shutil.which("dciodvfy"),
}
#: Installed with Chromium, so that pages in tests have a font.
WITH_CHROMIUM = ("fonts-dejavu-core",)


def install_missing(steps: Steps) -> None:
    """Install missing packages. Raises Unfit when this user has no right to."""
    title = "Debian packages"
    missing = [name for name, is_installed in NEEDED.items() if not is_installed()]
    if not missing:
        steps.skip(title, "all installed")
        return
    packages = [*missing, *(WITH_CHROMIUM if "chromium" in missing else ())]
    if shutil.which("apt-get") is None:
        raise Unfit(f"The tests need {', '.join(missing)}, and this is no Debian. Install them by hand.")
    root = as_root(packages)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    steps.run(
        f"{title} ({', '.join(missing)})",
        [
            [*root, "apt-get", "update", "-q"],
            # The tests start their own servers: no default cluster, no service.
            [*root, *quiet, "apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
        ],
        cwd=Path("/"),
        hint=f"Install them by hand: apt-get install {' '.join(packages)}",
    )
    not_found = [name for name, is_installed in NEEDED.items() if not is_installed()]
    if not_found:
        raise Unfit(f"apt-get succeeded, yet {', '.join(not_found)} cannot be found.")


def as_root(packages: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    raise Unfit(f"The tests need Debian packages. Install them: sudo apt-get install {' '.join(packages)}")
