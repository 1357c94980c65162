"""What the tests need from Debian's packages, installed when absent."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from runner.machine import Unfit
from runner.steps import Steps


def postgres_folder() -> Path | None:
    """Where initdb and postgres lie; Debian keeps them off the PATH. The newest of several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


#: Package: is it there?
NEEDED: dict[str, Callable[[], object]] = {
    "chromium": lambda: shutil.which("chromium"),
    "postgresql": postgres_folder,
    "redis-server": lambda: shutil.which("redis-server"),
    "dicom3tools": lambda: shutil.which("dciodvfy"),
}
#: Comes along with Chromium, so that pages in tests have letters.
ALONG = ("fonts-dejavu-core",)


def install_missing(steps: Steps) -> None:
    """Install the absent packages. Raises Unfit when that needs rights that we lack."""
    title = "Debian packages"
    missing = [name for name, there in NEEDED.items() if not there()]
    if not missing:
        steps.skip(title, "all there")
        return
    packages = [*missing, *(ALONG if "chromium" in missing else ())]
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
    still = [name for name, there in NEEDED.items() if not there()]
    if still:
        raise Unfit(f"apt-get succeeded, yet {', '.join(still)} cannot be found.")


def as_root(packages: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    raise Unfit(f"The tests need Debian packages. Install them: sudo apt-get install {' '.join(packages)}")
