"""`python -m inference evaluate ...`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference.commands.arguments import count, seed
from inference.progress import tell_patients

if TYPE_CHECKING:
    from inference.commands.arguments import Commands


def add(models: Commands) -> None:
    """Add the commands of `evaluate`."""
    new = models.add_parser
    _add_segment(new("segment", help="Dice and disc names on held-out patients"))
    _add_canal(new("canal", help="the canal's size and grade by predicted and given masks, held-out patients"))
    _add_evidence(new("evidence", help="whether evidence maps of the grader point at the findings' places"))
    _add_disc_evidence(new("disc-evidence", help="whether evidence maps of discs point at the findings' places"))
    _add_out_of_distribution(new("out-of-distribution", help="how often a grader marks images as out of distribution"))
    _add_grade(new("grade", help="balanced accuracy of graders on held-out rendered patients"))
    _add_discs(new("discs", help="grades and findings of discs on held-out patients"))
    _add_disc_losses(new("disc-losses", help="logistic regressions on disc measurements by each loss, cross-validated"))
    _add_study(new("study", help="whole readings of simulated patients against their truth"))
    _add_speed(new("speed", help="seconds by each installed runtime, and whether their results agree"))
    _add_simulator(new("simulator", help="sizes and correlations of simulated patients compared with real ones"))
    _add_spine(new("spine", help="curve and instances on true labels of simulated patients"))
    _add_names(new("names", help="names and curve on simulated series, transitional anatomy among them"))
    _add_quality(new("quality", help="detections and false alarms of the quality gate on spoilt and clean series"))
    _add_robustness(
        new("robustness", help="whether level names stay the same when a patient is scanned or stored otherwise")
    )
    _add_norms(new("norms", help="the table of norms, from the given masks of SPIDER's training patients"))
    _add_labels(new("labels", help="F1 of report labels on a labelled file, compared with a simple baseline"))
    _add_label_speed(new("label-speed", help="reports of 100 words a second on one core, and a profile"))


def _add_segment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.add_argument("--weights", type=Path, help="folder that holds segment/ (default: the shipped one)")
    parser.add_argument(
        "--patients",
        choices=("left-out", "all"),
        default="left-out",
        help="all: for a model trained on simulated patients alone",
    )
    parser.add_argument("--pictures", type=Path, help="folder for an overview per patient and the worst images")
    parser.add_argument("--into-card", action="store_true", help="write the figures into the model's card")
    parser.set_defaults(run=_segment)


def _segment(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.data import spider
    from inference.training.figures import midsagittal, segment

    root = options.weights or registry.WEIGHTS
    patients = spider.patients(options.data) if options.patients == "all" else spider.REPORT
    model = registry.load("segment", weights_root=root)
    table = segment.rows(model, options.data, options.pictures, patients)
    print(segment.markdown(table))
    flat = list(midsagittal.rows(model, options.data, pictures=options.pictures))
    print(f"\nMid-sagittal images of other held-out patients:\n\n{midsagittal.markdown(flat)}")
    if options.into_card:
        registry.add_figures("segment", segment.summary(table) | midsagittal.summary(flat), root)
    return 0


def _add_canal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.add_argument("--weights", type=Path, help="folder that holds segment/ (default: the shipped one)")
    parser.add_argument("--grader", type=Path, help="folder of a grader to evaluate as well")
    parser.set_defaults(run=_canal)


def _canal(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.figures import canal

    model = registry.load("segment", weights_root=options.weights or registry.WEIGHTS)
    grader_folder = options.grader
    grader = registry.load_folder(grader_folder, "grade").network if grader_folder else None
    print(canal.markdown(list(canal.rows(model, options.data, grader))))
    return 0


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    parser.add_argument("--group", choices=("tune", "report"), default="report")
    parser.add_argument("--patients", type=count, default=30, help="largest number of patients")
    parser.add_argument("--ways", nargs="+", default=["both"], help="methods of attribution; `all` for every one")
    parser.set_defaults(run=_evidence)


def _evidence(options: argparse.Namespace) -> int:
    from inference.training.data.grade_cuts import Group
    from inference.training.figures import evidence

    ways = list(evidence.WAYS) if options.ways == ["all"] else options.ways
    try:
        print(evidence.markdown(options.rendered, Group(options.group), options.patients, ways))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _add_disc_evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.add_argument("--crops", type=Path, help="folder of crops to use and add to (default: made and thrown away)")
    parser.add_argument("--group", choices=("train", "report"), default="report")
    parser.set_defaults(run=_disc_evidence)


def _disc_evidence(options: argparse.Namespace) -> int:
    from tempfile import TemporaryDirectory

    from inference.training.data.midsagittal import Use
    from inference.training.figures import disc_evidence

    with TemporaryDirectory() as temporary:
        print(disc_evidence.markdown(options.data, options.crops or Path(temporary), Use(options.group)))
    return 0


def _add_out_of_distribution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    parser.add_argument("--weights", type=Path, help="folder of a grader (default: the shipped one)")
    parser.add_argument("--group", choices=("tune", "report"), default="report")
    parser.set_defaults(run=_out_of_distribution)


def _out_of_distribution(options: argparse.Namespace) -> int:
    from inference.training.data.grade_cuts import Group
    from inference.training.figures import out_of_distribution

    try:
        print(out_of_distribution.markdown(options.rendered, Group(options.group), options.weights))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _add_grade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    parser.add_argument("--weights", type=Path, nargs="*", help="folders of models (default: the shipped one)")
    parser.add_argument("--group", choices=("tune", "report"), default="report")
    parser.add_argument("--pictures", type=Path, help="folder for a reliability diagram of the first model")
    parser.set_defaults(run=_grade)


def _grade(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.data.grade_cuts import Group
    from inference.training.figures import grade

    try:
        models = options.weights or [registry.WEIGHTS / "grade"]
        print(grade.markdown(options.rendered, models, Group(options.group), options.pictures))
    except (ValueError, OSError) as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _add_discs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.add_argument("--weights", type=Path, help="folder that holds discs/ (default: the shipped one)")
    parser.add_argument("--crops", type=Path, help="folder of crops to use and add to (default: made and thrown away)")
    parser.add_argument("--into-card", action="store_true", help="write the figures into the model's card")
    parser.set_defaults(run=_discs)


def _discs(options: argparse.Namespace) -> int:
    from tempfile import TemporaryDirectory

    from inference.models import registry
    from inference.training.figures import discs

    root = options.weights or registry.WEIGHTS
    with TemporaryDirectory() as temporary:
        report = discs.measure(options.data, options.crops or Path(temporary), root)
    print(discs.markdown(report))
    if options.into_card:
        registry.add_figures("discs", discs.summary(report), root)
    return 0


def _add_disc_losses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.add_argument("--crops", type=Path, required=True, help="folder of crops to use and add to")
    parser.set_defaults(run=_disc_losses)


def _disc_losses(options: argparse.Namespace) -> int:
    from inference.training.figures import discs

    print(discs.losses(options.data, options.crops))
    return 0


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=10)
    parser.add_argument("--seed", type=seed, default=500)
    parser.add_argument("--severity", choices=("mixed", "normal", "severe", "balanced"), default="mixed")
    parser.add_argument("--grader", type=Path, help="folder of a grader (default: the shipped one, if any)")
    parser.set_defaults(run=_study)


def _study(options: argparse.Namespace) -> int:
    from inference.simulate.causes.options import StudyOptions
    from inference.training.figures import study

    patients = []
    study_options = StudyOptions(severity=options.severity)
    for patient in study.rows(options.patients, options.seed, study_options, options.grader):
        patients.append(patient)
        tell_patients(len(patients), options.patients)
    print(study.markdown(patients))
    return 0


def _add_speed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=count, default=5)
    parser.add_argument("--seed", type=seed, default=501)
    parser.add_argument(
        "--grader", type=Path, help="folder of a grader to read with (default: the shipped one, if any)"
    )
    parser.set_defaults(run=_speed)


def _speed(options: argparse.Namespace) -> int:
    from inference.training.figures import speed

    print(speed.markdown(speed.measure(options.rounds, options.seed, options.grader)))
    return 0


def _add_simulator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=60)
    parser.add_argument("--seed", type=seed, default=700)
    parser.set_defaults(run=_simulator)


def _simulator(options: argparse.Namespace) -> int:
    from inference.progress import Bar
    from inference.simulate.causes.options import StudyOptions
    from inference.simulate.truth.survey import Survey, markdown, survey

    bar, collected = Bar("patients"), Survey({}, {}, {}, {})
    for finished, survey_values in survey(options.patients, options.seed, StudyOptions()):
        collected = survey_values
        bar(finished, options.patients)
    print(markdown(collected))
    return 0


def _add_spine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=20)
    parser.add_argument("--seed", type=seed, default=3200)
    parser.add_argument("--scoliosis", type=float, default=0.0, metavar="MM", help="sideways bend of all patients")
    parser.set_defaults(run=_spine)


def _spine(options: argparse.Namespace) -> int:
    from inference.training.figures import spine

    rows = []
    for row in spine.rows(options.patients, options.seed, options.scoliosis):
        rows.append(row)
        tell_patients(len(rows), options.patients)
    print(spine.markdown(rows))
    return 0


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=8, help="of each kind")
    parser.add_argument("--seed", type=seed, default=4200)
    parser.set_defaults(run=_names)


def _names(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.figures import names

    rows = []
    for row in names.rows(registry.load("segment"), options.patients, options.seed):
        rows.append(row)
        print(f"{row.kind} {row.seed}: {row.right} right{', told' if row.flagged else ''}", file=sys.stderr)
    print(names.markdown(rows))
    return 0


def _add_quality(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=5)
    parser.add_argument("--seed", type=seed, default=4000)
    parser.add_argument(
        "--data", type=Path, help="folder that holds spider/: its training patients must raise no alarm"
    )
    parser.set_defaults(run=_quality)


def _quality(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.figures import quality

    model = registry.load("segment")
    rows = list(quality.real(model, options.data)) if options.data else []
    for row in quality.simulated(model, options.patients, options.seed):
        rows.append(row)
        print(f"{row.kind} {row.patient}: {', '.join(row.alarms) or 'nothing'}", file=sys.stderr)
    print(quality.markdown(rows))
    return 0


def _add_robustness(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=count, default=5)
    parser.add_argument("--seed", type=seed, default=4100)
    parser.add_argument("--data", type=Path, help="folder that holds spider/: its held-out patients are changed too")
    parser.set_defaults(run=_robustness)


def _robustness(options: argparse.Namespace) -> int:
    from inference.models import registry
    from inference.training.figures import robustness

    model = registry.load("segment")
    rows = list(robustness.real(model, options.data)) if options.data else []
    for row in robustness.simulated(model, options.patients, options.seed):
        rows.append(row)
        print(f"{row.change}: {row.right} of {row.discs}", file=sys.stderr)
    print(robustness.markdown(rows))
    return 0


def _add_norms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    parser.set_defaults(run=_norms)


def _norms(options: argparse.Namespace) -> int:
    from inference.training.figures import norms

    print(norms.table([measured for _, measured in norms.rows(options.data)]), end="")
    return 0


def _add_labels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, required=True, metavar="labelled.jsonl")
    parser.set_defaults(run=_labels)


def _labels(options: argparse.Namespace) -> int:
    from inference.reports.outside import evaluate

    try:
        print(evaluate.report(options.file))
    except (OSError, ValueError) as error:
        print(f"{options.file} cannot be measured: {error}", file=sys.stderr)
        return 2
    return 0


def _add_label_speed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, required=True, metavar="labelled.jsonl")
    parser.set_defaults(run=_label_speed)


def _label_speed(options: argparse.Namespace) -> int:
    from inference.reports.outside import speed

    try:
        print(speed.report(options.file))
    except (OSError, ValueError) as error:
        print(f"{options.file} cannot be measured: {error}", file=sys.stderr)
        return 2
    return 0
