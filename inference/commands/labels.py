"""`python -m inference labels ...`: read radiology reports into level-by-level labels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(labels: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    labels.add_argument("reports", type=Path, nargs="?", metavar="REPORTS.(csv|jsonl|xlsx|folder)")
    labels.add_argument("--out", type=Path, metavar="labels.(csv|jsonl)")
    labels.add_argument(
        "--explain", metavar="SENTENCE or FILE", help="instead: print which rules read a sentence or a file, and how"
    )
    labels.add_argument(
        "--rules", action="store_true", help="instead: print all rules, as docs/label-rules.md has them"
    )
    labels.add_argument("--html", type=Path, metavar="review.html", help="a page to check the labels by eye")
    labels.add_argument("--findings", type=Path, metavar="findings.csv", help="disc lesions, slips and the rest")
    labels.add_argument("--training", type=Path, metavar="training.csv", help="the DeepSPINE training table")
    labels.add_argument("--present-as", help="with --training: left_out, mild, moderate or severe")
    labels.add_argument("--unmentioned-as", help="with --training: left_out, normal or normal_where_read")
    labels.add_argument("--workers", type=int, default=0, help="processes (default: one for each core)")
    labels.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from inference.reports import PresentAs, UnmentionedAs
    from inference.reports.outside import batch, explain, review, rows

    if options.rules:
        print(explain.rules_page(), end="")
        return 0
    if options.explain is not None:
        print(explain.explain(options.explain))
        return 0
    if options.reports is None or options.out is None:
        print("labels needs REPORTS and --out, or --explain with a sentence or a file.", file=sys.stderr)
        return 2
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
