"""`python -m inference simulate ...`: write whole DICOM studies of simulated patients."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from inference.commands.arguments import count, seed


def add(simulate: argparse.ArgumentParser) -> None:
    """Add the arguments of the command; the defaults make an archive as in a hospital."""
    simulate.add_argument("--patients", type=count, default=1)
    simulate.add_argument("--out", type=Path, required=True, help="folder of the archive; complete patients are kept")
    simulate.add_argument("--seed", type=seed, default=0)
    simulate.add_argument("--workers", type=count, help="processes (default: one for each core)")
    simulate.add_argument("--severity", default="mixed", choices=("mixed", "normal", "severe", "balanced"))
    simulate.add_argument("--axial", default="drawn", choices=("blocks", "stack", "none", "drawn"))
    simulate.add_argument("--lumbar", type=int, choices=(4, 5, 6), help="lumbar vertebrae (default: as in people)")
    simulate.add_argument("--transition", default="drawn", choices=("none", "sacralised", "lumbarised", "drawn"))
    simulate.add_argument("--surgery", default="drawn", choices=("none", "done", "drawn"))
    simulate.add_argument(
        "--habit", default="drawn", help="habits of a scanner maker: plain, auster, boreal, ... (default: drawn)"
    )
    simulate.add_argument("--distractors", default="drawn", choices=("none", "all", "drawn"))
    simulate.add_argument("--scale", default="full", choices=("full", "small"), help="small: coarse and quick")
    simulate.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from inference.progress import Bar
    from inference.simulate.archive import write_archive
    from inference.simulate.causes.options import StudyOptions

    names = ("severity", "axial", "transition", "surgery", "habit", "distractors", "scale")
    bar, out = Bar("patients"), options.out
    try:
        study_options = StudyOptions(
            lumbar_vertebrae=options.lumbar, **{name: getattr(options, name) for name in names}
        )
        write_archive(out, options.patients, options.seed, study_options, options.workers or _cores(), bar)
    except ValueError as error:
        print(f"That cannot be simulated: {error}.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"\n{out} cannot be written: {error.strerror or error}.", file=sys.stderr)
        print("Complete patients are kept; the same command continues with the others.", file=sys.stderr)
        return 2
    print(f"{options.patients} patients, truth.csv and reports.jsonl -> {out}")
    return 0


def _cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0))
