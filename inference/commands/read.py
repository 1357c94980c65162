"""`python -m inference read ...`: read the DICOM files of one study."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from inference.commands.arguments import device
from inference.errors import NotDicomError


def add(read: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    read.add_argument("dicom_dir", type=Path)
    read.add_argument("--out", type=Path, required=True, help="folder for reading.json and the rest")
    read.add_argument("--device", default="cpu", type=device, help="cpu, cuda or cuda:0 (default: cpu)")
    read.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from torch import cuda

    from inference import output, pipeline
    from inference.images.headers import find_files
    from inference.result import words

    if not options.dicom_dir.is_dir():
        raise NotDicomError(f"There is no folder {options.dicom_dir}.")
    if options.device != "cpu" and int(options.device.partition(":")[2] or 0) >= cuda.device_count():
        print(f"There is no device {options.device} here. Leave --device out to read on the CPU.", file=sys.stderr)
        return 2
    started = time.monotonic()
    paths = find_files(options.dicom_dir)
    result = pipeline.read_study(paths, pipeline.load_models(options.device), _print_progress)
    output.write(result, options.out)
    for notice in result.reading.notices:
        print(f"Note: {words.notice_words(notice)}", file=sys.stderr)
    print(f"Read {len(paths)} files in {time.monotonic() - started:.1f} s -> {options.out}")
    return 0


def _print_progress(step: str, share: float) -> None:
    print(f"{step} {100 * share:.0f} %", file=sys.stderr)
