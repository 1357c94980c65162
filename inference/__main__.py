"""python -m inference read | labels | wrap | simulate | train | evaluate"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from inference.arguments import count, device, seed
from inference.cards import DamagedModelError, MissingModelError
from inference.errors import NotDicomError, StudyError
from inference.training.commands import evaluate, train


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did its job, 2 when a person must mend the input."""
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except StudyError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 2
    except (DamagedModelError, MissingModelError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Not done: {_said(error)}. Check the files and folders that the command names.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return result


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_read(commands.add_parser("read", help="read the DICOM files of one study"))
    _add_labels(commands.add_parser("labels", help="read radiology reports into level-by-level labels"))
    _add_wrap(commands.add_parser("wrap", help="write a NIfTI volume as a DICOM MR series"))
    _add_simulate(commands.add_parser("simulate", help="write whole DICOM studies of simulated patients"))
    train.add(commands.add_parser("train", help="train a model").add_subparsers(required=True, metavar="MODEL"))
    measured = commands.add_parser("evaluate", help="figures of a model")
    evaluate.add(measured.add_subparsers(required=True, metavar="MODEL"))
    return parser


def _add_read(read: argparse.ArgumentParser) -> None:
    read.add_argument("dicom_dir", type=Path)
    read.add_argument("--out", type=Path, required=True, help="folder for reading.json and the rest")
    read.add_argument("--device", default="cpu", type=device, help="cpu, cuda or cuda:0 (default: cpu)")
    read.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:
    from torch import cuda

    from inference import dicom, output, pipeline

    if not options.dicom_dir.is_dir():
        raise NotDicomError(f"There is no folder {options.dicom_dir}.")
    if options.device != "cpu" and int(options.device.partition(":")[2] or 0) >= cuda.device_count():
        print(f"There is no device {options.device} here. Leave --device out to read on the CPU.", file=sys.stderr)
        return 2
    started = time.monotonic()
    paths = dicom.find_files(options.dicom_dir)
    result = pipeline.read_study(paths, pipeline.load_models(options.device), _print_progress)
    output.write(result, options.out)
    for warning in result.reading.warnings:
        print(f"Note: {warning}", file=sys.stderr)
    print(f"Read {len(paths)} files in {time.monotonic() - started:.1f} s -> {options.out}")
    return 0


def _print_progress(step: str, share: float) -> None:
    print(f"{step} {100 * share:.0f} %", file=sys.stderr)


def _add_labels(labels: argparse.ArgumentParser) -> None:
    labels.add_argument("reports", type=Path, metavar="REPORTS.(csv|jsonl|xlsx|folder)")
    labels.add_argument("--out", type=Path, required=True, metavar="labels.(csv|jsonl)")
    labels.add_argument("--html", type=Path, metavar="review.html", help="a page to check the labels by eye")
    labels.add_argument("--findings", type=Path, metavar="findings.csv", help="disc lesions, slips and the rest")
    labels.add_argument("--training", type=Path, metavar="training.csv", help="the DeepSPINE training table")
    labels.add_argument("--present-as", help="with --training: left_out, mild, moderate or severe")
    labels.add_argument("--unmentioned-as", help="with --training: left_out, normal or normal_where_read")
    labels.add_argument("--workers", type=int, default=0, help="processes (default: one for each core)")
    labels.set_defaults(run=_labels)


def _labels(options: argparse.Namespace) -> int:
    from inference.reports import PresentAs, UnmentionedAs, batch, review, rows

    sheets = [rows.labels(options.out)]
    if options.findings:
        sheets.append(rows.findings(options.findings))
    if options.training:
        try:
            choices = PresentAs(options.present_as), UnmentionedAs(options.unmentioned_as)
        except ValueError as error:
            print(f"--training needs --present-as and --unmentioned-as (docs/labels.md): {error}.", file=sys.stderr)
            return 2
        sheets.append(rows.training(options.training, *choices))
    print(batch.timed(options.reports, sheets, workers=options.workers))
    if options.html:
        print(f"{review.write(options.reports, options.html)} reports -> {options.html}")
    return 0


def _add_wrap(wrap: argparse.ArgumentParser) -> None:
    wrap.add_argument("volume", type=Path, metavar="VOLUME.nii.gz")
    wrap.add_argument("out_dir", type=Path)
    wrap.add_argument("--weighting", choices=("T1", "T2"), default="T2")
    wrap.add_argument("--patient-id", default="", help="default: made from the file name")
    wrap.set_defaults(run=_wrap)


def _wrap(options: argparse.Namespace) -> int:
    from nibabel.filebasedimages import ImageFileError

    from inference import wrap

    chosen = wrap.WrapOptions(weighting=options.weighting, patient_id=options.patient_id)
    try:
        written = wrap.wrap(options.volume, options.out_dir, chosen)
    except (OSError, ValueError, ImageFileError) as error:
        print(f"{options.volume} cannot be wrapped: {error}", file=sys.stderr)
        return 2
    print(f"Wrote {len(written)} images -> {options.out_dir}")
    return 0


def _add_simulate(simulate: argparse.ArgumentParser) -> None:
    """An archive as in a hospital, unless something is wished for."""
    simulate.add_argument("--patients", type=count, default=1)
    simulate.add_argument("--out", type=Path, required=True, help="folder of the archive; what is complete stays")
    simulate.add_argument("--seed", type=seed, default=0)
    simulate.add_argument("--workers", type=count, help="processes (default: one for each core)")
    simulate.add_argument("--severity", default="mixed", choices=("mixed", "normal", "severe", "balanced"))
    simulate.add_argument("--axial", default="drawn", choices=("blocks", "stack", "none", "drawn"))
    simulate.add_argument("--lumbar", type=int, choices=(4, 5, 6), help="lumbar vertebrae (default: as in people)")
    simulate.add_argument("--transition", default="drawn", choices=("none", "sacralised", "lumbarised", "drawn"))
    simulate.add_argument("--surgery", default="drawn", choices=("none", "done", "drawn"))
    simulate.add_argument("--habit", default="drawn", help="whose scanner: plain, auster, boreal, ... (default: drawn)")
    simulate.add_argument("--distractors", default="drawn", choices=("none", "all", "drawn"))
    simulate.add_argument("--scale", default="full", choices=("full", "small"), help="small: coarse and quick")
    simulate.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from inference.progress import Bar
    from inference.simulate.archive import write_archive
    from inference.simulate.options import StudyOptions

    names = ("severity", "axial", "transition", "surgery", "habit", "distractors", "scale")
    bar, out = Bar("patients"), options.out
    try:
        wishes = StudyOptions(lumbar_vertebrae=options.lumbar, **{name: getattr(options, name) for name in names})
        write_archive(out, options.patients, options.seed, wishes, options.workers or _cores(), bar)
    except ValueError as error:
        print(f"That cannot be simulated: {error}.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"\n{out} cannot be written: {error.strerror or error}.", file=sys.stderr)
        print("Complete patients stay; the same command goes on with the others.", file=sys.stderr)
        return 2
    print(f"{options.patients} patients, truth.csv and reports.jsonl -> {out}")
    return 0


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main())
