"""`python -m inference train ...`"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.commands.arguments import count, seed
from inference.progress import tell_patients

if TYPE_CHECKING:
    from inference.commands.arguments import Commands
    from inference.training.learn.grade import TrainConfig


def add(models: Commands) -> None:
    """Add the commands of `train`: training, and rendering of patients to train on."""
    new = models.add_parser
    _add_render(new("render", help="simulated patients as training slabs; existing files are kept"))
    _add_segment(new("segment", help="the segmenter, on real or simulated patients or both"))
    _add_render_grade(new("render-grade", help="simulated patients for the grader; existing files are kept"))
    _add_grade(new("grade", help="the grader, on simulated patients, or on an archive with its reports"))
    _add_grade_temperatures(new("grade-temperatures", help="fit a grader's calibration again on the tuning patients"))
    _add_grade_out_of_distribution(
        new("grade-out-of-distribution", help="fit a grader's detector of images that differ from its training images")
    )
    _add_discs(new("discs", help="the disc model, on real mid-sagittal slices"))


def _add_render(render: argparse.ArgumentParser) -> None:
    render.add_argument("--patients", type=count, default=160)
    render.add_argument("--out", type=Path, required=True, help="folder for one .npz for each patient")
    render.add_argument("--seed", type=seed, default=10000)
    render.add_argument("--workers", type=count, default=2, help="processes (default: 2)")
    render.set_defaults(run=_render)


def _render(options: argparse.Namespace) -> int:
    from inference.training.data import simulated

    for finished in simulated.write_all(options.out, options.patients, options.seed, options.workers):
        tell_patients(finished, options.patients)
    return 0


def _add_segment(segment: argparse.ArgumentParser) -> None:
    segment.add_argument("--source", choices=("real", "simulated", "both"), default="real")
    segment.add_argument("--data", type=Path, help="folder that holds spider/")
    segment.add_argument("--rendered", type=Path, help="folder of `train render`")
    segment.add_argument("--out", type=Path, required=True, help="folder for weights, card and checkpoint")
    segment.add_argument("--start", type=Path, help="folder of a model to start from (default: from scratch)")
    segment.add_argument("--teacher", type=Path, help="folder of a model that labels real mid-sagittal images")
    segment.add_argument("--rate", type=float, default=0.003, help="highest learning rate")
    segment.add_argument("--steps", type=count, default=2600)
    segment.add_argument("--seed", type=seed, default=7)
    segment.set_defaults(run=_segment)


def _segment(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.data.sources import Source
    from inference.training.learn.segment import TrainConfig, train

    start_hash, teacher_hash = (
        registry.load_folder(folder, "segment").sha256 if folder else "" for folder in (options.start, options.teacher)
    )
    source = Source(options.source)
    config = TrainConfig(
        source, options.steps, learning_rate=options.rate, seed=options.seed, start=start_hash, teacher=teacher_hash
    )
    try:
        train(options.data, options.rendered, options.out, config, options.start, options.teacher)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _add_render_grade(render: argparse.ArgumentParser) -> None:
    render.add_argument("--patients", type=count, default=240)
    render.add_argument("--out", type=Path, required=True, help="folder for one .npz for each patient")
    render.add_argument("--seed", type=seed, default=80000)
    render.add_argument("--workers", type=count, default=2, help="processes (default: 2)")
    render.set_defaults(run=_render_grade)


def _render_grade(options: argparse.Namespace) -> int:
    from inference.training.data import grade_samples

    for finished in grade_samples.write_all(options.out, options.patients, options.seed, options.workers):
        tell_patients(finished, options.patients)
    return 0


def _add_grade(grade: argparse.ArgumentParser) -> None:
    source = grade.add_mutually_exclusive_group(required=True)
    source.add_argument("--rendered", type=Path, help="folder of `train render-grade`")
    source.add_argument("--archive", type=Path, metavar="DICOM_DIR", help="with --reports and --data-name")
    grade.add_argument("--reports", type=Path, metavar="REPORTS.(csv|jsonl|xlsx|folder)", help="of the archive")
    grade.add_argument("--data-name", help="description of the data, real or simulated: for card and data sheet")
    grade.add_argument("--truth", type=Path, help="truth.csv of a simulated archive: for evaluation only")
    grade.add_argument("--workers", type=count, default=1, help="processes that read the archive (default: 1)")
    grade.add_argument("--out", type=Path, required=True, help="folder for weights, card and checkpoint")
    grade.add_argument("--inputs", choices=("axial", "sagittal", "both"), default="both")
    grade.add_argument("--labels", choices=("truth", "report"), default="truth", help="of rendered patients")
    grade.add_argument("--sites", nargs="+", metavar="SITE", help="sites to train (default: all five)")
    grade.add_argument("--loss", choices=("plain", "weighted", "ordinal"), default="ordinal")
    grade.add_argument("--steps", type=count, default=600)
    grade.add_argument("--seed", type=seed, default=7)
    grade.set_defaults(run=_grade)


def _grade(options: argparse.Namespace) -> int:
    from inference.models.gradenet import HEADS
    from inference.training.data.grade_cuts import Shown
    from inference.training.learn.distributed import joined
    from inference.training.learn.grade import Loss, TrainConfig, rendered_material, train

    sites = tuple(options.sites or HEADS)
    if unknown := set(sites) - set(HEADS):
        print(f"There is no site {', '.join(sorted(unknown))}; there are {', '.join(HEADS)}.", file=sys.stderr)
        return 2
    config = TrainConfig(
        Shown(options.inputs), options.labels, sites, Loss(options.loss), options.steps, seed=options.seed
    )
    try:
        if options.archive:
            _grade_from_archive(options, config)
        else:
            with joined() as share:
                train(rendered_material(options.rendered, config), options.out, config, share)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _grade_from_archive(options: argparse.Namespace, config: TrainConfig) -> None:
    from inference.training.archive import train_on_archive

    if not (options.reports and options.data_name):
        raise ValueError("--archive needs --reports and --data-name.")
    files = options.archive, options.reports, options.out
    archive_options = train_on_archive.ArchiveOptions(*files, options.data_name, options.truth, options.workers)
    train_on_archive.run(archive_options, replace(config, labels="report", tuned_by="report"))


def _add_grade_temperatures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the grader; it is written back")
    parser.set_defaults(run=_grade_temperatures)


def _grade_temperatures(options: argparse.Namespace) -> int:
    from inference.models.gradenet import HEADS
    from inference.training.learn.grade import recalibrate

    try:
        temperatures = recalibrate(options.rendered, options.weights)
    except (ValueError, OSError) as error:
        print(str(error), file=sys.stderr)
        return 2
    print(", ".join(f"{site} {value:.2f}" for site, value in zip(HEADS, temperatures.tolist(), strict=True)))
    return 0


def _add_grade_out_of_distribution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the grader; it is written back")
    parser.add_argument("--version", help="version of the grader that is written (default: the same)")
    parser.set_defaults(run=_grade_out_of_distribution)


def _grade_out_of_distribution(options: argparse.Namespace) -> int:
    from inference.training.data import grade_cuts
    from inference.training.data.grade_cuts import Group
    from inference.training.learn import out_of_distribution

    try:
        levels, tune = (grade_cuts.load(options.rendered, group) for group in (Group.TRAIN, Group.TUNE))
        out_of_distribution.fit(options.weights, levels, tune, options.version)
    except (ValueError, OSError) as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _add_discs(discs: argparse.ArgumentParser) -> None:
    discs.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    discs.add_argument("--out", type=Path, required=True, help="folder for weights, card, crops and finished networks")
    discs.add_argument("--epochs", type=count, default=30)
    discs.add_argument(
        "--members",
        type=int,
        choices=(0, 5),
        default=5,
        help="number of networks; 0: logistic regressions alone (default: 5)",
    )
    discs.add_argument("--pfirrmann", choices=("ordered", "classes"), default="ordered", help="loss of the grade")
    discs.add_argument("--rare", type=float, default=0.0, help="0: discs weigh the same; 1: classes do (default: 0)")
    discs.add_argument("--seed", type=seed, default=5)
    discs.set_defaults(run=_discs)


def _discs(options: argparse.Namespace) -> int:
    from inference.training.learn.discs import TrainConfig, train

    config = TrainConfig(
        epochs=options.epochs,
        members=options.members,
        ordered=options.pfirrmann == "ordered",
        rare=options.rare,
        seed=options.seed,
    )
    train(options.data, options.out, config)
    return 0
