"""The command line of the engine."""

from __future__ import annotations

import subprocess
import sys


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    told = "import sys; from inference.__main__ import _parser; _parser(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "inference.training.commands.train" in loaded
    assert not loaded & {"torch", "numpy", "pydicom", "inference.training.train_segment", "inference.pipeline"}
