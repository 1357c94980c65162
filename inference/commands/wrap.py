"""`python -m inference wrap ...`: write a NIfTI volume as a DICOM MR series."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(wrap: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    wrap.add_argument("volume", type=Path, metavar="VOLUME.nii.gz")
    wrap.add_argument("out_dir", type=Path)
    wrap.add_argument("--weighting", choices=("T1", "T2"), default="T2")
    wrap.add_argument("--patient-id", default="", help="default: made from the file name")
    wrap.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from nibabel.filebasedimages import ImageFileError

    from inference.images.wrap import WrapOptions, wrap

    chosen = WrapOptions(weighting=options.weighting, patient_id=options.patient_id)
    try:
        written = wrap(options.volume, options.out_dir, chosen)
    except (OSError, ValueError, ImageFileError) as error:
        print(f"{options.volume} cannot be wrapped: {error}", file=sys.stderr)
        return 2
    print(f"Wrote {len(written)} images -> {options.out_dir}")
    return 0
