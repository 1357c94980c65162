"""python -m inference read | labels | wrap | simulate | train | evaluate"""

from __future__ import annotations

import argparse
import sys

from inference.commands import evaluate, labels, read, simulate, train, wrap
from inference.errors import StudyError
from inference.models.cards import DamagedModelError, MissingModelError


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
    read.add(commands.add_parser("read", help="read the DICOM files of one study"))
    labels.add(commands.add_parser("labels", help="read radiology reports into level-by-level labels"))
    wrap.add(commands.add_parser("wrap", help="write a NIfTI volume as a DICOM MR series"))
    simulate.add(commands.add_parser("simulate", help="write whole DICOM studies of simulated patients"))
    train.add(commands.add_parser("train", help="train a model").add_subparsers(required=True, metavar="MODEL"))
    measured = commands.add_parser("evaluate", help="figures of a model")
    evaluate.add(measured.add_subparsers(required=True, metavar="MODEL"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
