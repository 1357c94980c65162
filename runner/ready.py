"""The last step of `make run`: wait for the web server, fill the worklist, print its address.

    python -m runner.ready PORT

Runs once, as a child of the runner, and ends it if the product does not start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from runner.environment import ROOT
from runner.steps import dying_with_us

PATIENCE_S = 90


def manage(*arguments: str) -> int:
    """Run a management command, which ends when this process does."""
    command = dying_with_us([sys.executable, "manage.py", *arguments], "TERM")
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    began = time.monotonic()
    while not answers(f"{url}accounts/login/"):
        if time.monotonic() - began > PATIENCE_S:
            give_up()
        time.sleep(0.5)
    print(f"The web server answers after {time.monotonic() - began:.0f} s.", flush=True)
    failed = manage("demo_studies")
    print(flush=True)
    manage("demo_users")
    if failed:
        print("\nThe demo studies could not be made; see above. The reader itself runs.", flush=True)
    print(f"\nDeepSPINE Reader is ready: {url}\nStop it with Ctrl-C.", flush=True)


def give_up() -> None:
    data_dir = os.environ.get("DEEPSPINE_DATA_DIR") or str(ROOT / "var")
    log = Path(data_dir) / "logs" / "web.log"
    tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    print(f"The web server did not answer within {PATIENCE_S} s. Its last lines:", *tail, sep="\n    ", flush=True)
    os.kill(os.getppid(), signal.SIGTERM)
    raise SystemExit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
