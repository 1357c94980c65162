"""python -m inference read | labels | wrap | simulate | train | evaluate"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from inference.errors import NotDicomError, StudyError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did its job, 2 when a person must mend the input."""
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except StudyError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    read = commands.add_parser("read", help="read the DICOM files of one study")
    read.add_argument("dicom_dir", type=Path)
    read.add_argument("--out", type=Path, required=True, help="folder for reading.json and the rest")
    read.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    read.set_defaults(run=_read)

    labels = commands.add_parser("labels", help="read radiology reports into level-by-level labels")
    labels.add_argument("reports", type=Path, metavar="REPORTS.(csv|jsonl|xlsx|folder)")
    labels.add_argument("--out", type=Path, required=True, metavar="labels.(csv|jsonl)")
    labels.add_argument("--html", type=Path, metavar="review.html", help="a page to check the labels by eye")
    labels.add_argument("--findings", type=Path, metavar="findings.csv", help="disc lesions, slips and the rest")
    labels.add_argument("--training", type=Path, metavar="training.csv", help="the DeepSPINE training table")
    labels.add_argument("--present-as", help="with --training: left_out, mild, moderate or severe")
    labels.add_argument("--unmentioned-as", help="with --training: left_out, normal or normal_where_read")
    labels.add_argument("--workers", type=int, default=0, help="processes (default: one for each core)")
    labels.set_defaults(run=_labels)

    wrap = commands.add_parser("wrap", help="write a NIfTI volume as a DICOM MR series")
    wrap.add_argument("volume", type=Path, metavar="VOLUME.nii.gz")
    wrap.add_argument("out_dir", type=Path)
    wrap.add_argument("--weighting", choices=("T1", "T2"), default="T2")
    wrap.add_argument("--patient-id", default="", help="default: made from the file name")
    wrap.set_defaults(run=_wrap)

    _add_simulate(commands.add_parser("simulate", help="write whole DICOM studies of simulated patients"))

    train = commands.add_parser("train", help="train a model").add_subparsers(required=True, metavar="MODEL")
    render = train.add_parser("render", help="simulated patients as training slabs; what is there stays")
    render.add_argument("--patients", type=int, default=160)
    render.add_argument("--out", type=Path, required=True, help="folder for one .npz for each patient")
    render.add_argument("--seed", type=int, default=10000)
    render.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    render.set_defaults(run=_train_render)
    segment = train.add_parser("segment", help="the segmenter, on real or simulated patients or both")
    segment.add_argument("--source", choices=("real", "simulated", "both"), default="real")
    segment.add_argument("--data", type=Path, help="folder that holds spider/")
    segment.add_argument("--rendered", type=Path, help="folder of `train render`")
    segment.add_argument("--out", type=Path, required=True, help="folder for weights, card and checkpoint")
    segment.add_argument("--start", type=Path, help="folder of a model to go on from (default: from nothing)")
    segment.add_argument("--teacher", type=Path, help="folder of a model that labels real mid-sagittal images")
    segment.add_argument("--rate", type=float, default=0.003, help="highest learning rate")
    segment.add_argument("--steps", type=int, default=2600)
    segment.add_argument("--seed", type=int, default=7)
    segment.set_defaults(run=_train_segment)

    _add_train_grade(train)
    _add_train_discs(train.add_parser("discs", help="the network that looks at discs, on real mid-sagittal slices"))

    evaluate = commands.add_parser("evaluate", help="figures of a model").add_subparsers(required=True, metavar="MODEL")
    figures = evaluate.add_parser("segment", help="Dice and disc names on patients left out of training")
    figures.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    figures.add_argument("--weights", type=Path, help="folder that holds segment/ (default: the shipped one)")
    figures.add_argument(
        "--patients",
        choices=("left-out", "all"),
        default="left-out",
        help="all: for a model that learnt from simulated patients alone",
    )
    figures.add_argument("--pictures", type=Path, help="folder for an overview per patient and the worst images")
    figures.add_argument("--into-card", action="store_true", help="write the figures into the model's card")
    figures.set_defaults(run=_evaluate_segment)

    grade = evaluate.add_parser("grade", help="balanced accuracy of graders on rendered patients left out of training")
    grade.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    grade.add_argument("--weights", type=Path, nargs="*", help="folders of models (default: the shipped one)")
    grade.add_argument("--group", choices=("tune", "report"), default="report")
    grade.set_defaults(run=_evaluate_grade)

    discs = evaluate.add_parser("discs", help="grades and findings of discs on patients left out of training")
    discs.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    discs.add_argument("--weights", type=Path, help="folder that holds discs/ (default: the shipped one)")
    discs.add_argument("--crops", type=Path, help="folder of crops to use and add to (default: made and thrown away)")
    discs.add_argument("--into-card", action="store_true", help="write the figures into the model's card")
    discs.set_defaults(run=_evaluate_discs)

    losses = evaluate.add_parser("disc-losses", help="lines through measurements of discs by each loss, held out")
    losses.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    losses.add_argument("--crops", type=Path, required=True, help="folder of crops to use and add to")
    losses.set_defaults(run=_evaluate_disc_losses)

    study = evaluate.add_parser("study", help="whole readings of simulated patients against their truth")
    study.add_argument("--patients", type=int, default=10)
    study.add_argument("--seed", type=int, default=500)
    study.add_argument("--severity", choices=("mixed", "normal", "severe", "balanced"), default="mixed")
    study.add_argument("--grader", type=Path, help="folder of a grader (default: the shipped one, if any)")
    study.set_defaults(run=_evaluate_study)
    speed = evaluate.add_parser("speed", help="seconds by each runtime that is installed, and whether all see the same")
    speed.add_argument("--rounds", type=_count, default=5)
    speed.add_argument("--seed", type=int, default=501)
    speed.set_defaults(run=_evaluate_speed)
    sizes = evaluate.add_parser("simulator", help="sizes and correlations of simulated patients beside real ones")
    sizes.add_argument("--patients", type=_count, default=60)
    sizes.add_argument("--seed", type=int, default=700)
    sizes.set_defaults(run=_evaluate_simulator)
    spine = evaluate.add_parser("spine", help="curve and instances on true labels of simulated patients")
    spine.add_argument("--patients", type=_count, default=20)
    spine.add_argument("--seed", type=int, default=3200)
    spine.add_argument("--scoliosis", type=float, default=0.0, metavar="MM", help="bend all sideways by so much")
    spine.set_defaults(run=_evaluate_spine)
    names = evaluate.add_parser("names", help="names and curve on simulated series, transitional anatomy among them")
    names.add_argument("--patients", type=_count, default=8, help="of each kind")
    names.add_argument("--seed", type=int, default=4200)
    names.set_defaults(run=_evaluate_names)
    gate = evaluate.add_parser("quality", help="what the quality gate tells of spoilt and of clean series")
    gate.add_argument("--patients", type=_count, default=5)
    gate.add_argument("--seed", type=int, default=4000)
    gate.add_argument("--data", type=Path, help="folder that holds spider/: its training patients must raise no alarm")
    gate.set_defaults(run=_evaluate_quality)
    steady = evaluate.add_parser("robustness", help="whether names stay when a patient is scanned or stored otherwise")
    steady.add_argument("--patients", type=_count, default=5)
    steady.add_argument("--seed", type=int, default=4100)
    steady.add_argument("--data", type=Path, help="folder that holds spider/: its patients left out are changed too")
    steady.set_defaults(run=_evaluate_robustness)
    norms = evaluate.add_parser("norms", help="the table of norms, from the given masks of SPIDER's training patients")
    norms.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    norms.set_defaults(run=_evaluate_norms)
    reports = evaluate.add_parser("labels", help="F1 of report labels on a labelled file, beside a simple baseline")
    reports.add_argument("--file", type=Path, required=True, metavar="labelled.jsonl")
    reports.set_defaults(run=_evaluate_labels)
    speed = evaluate.add_parser("label-speed", help="reports of 100 words a second on one core, and a profile")
    speed.add_argument("--file", type=Path, required=True, metavar="labelled.jsonl")
    speed.set_defaults(run=_label_speed)
    return parser


def _add_train_grade(train: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The grader's patients and the grader."""
    render = train.add_parser("render-grade", help="simulated patients for the grader; what is there stays")
    render.add_argument("--patients", type=int, default=240)
    render.add_argument("--out", type=Path, required=True, help="folder for one .npz for each patient")
    render.add_argument("--seed", type=int, default=80000)
    render.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    render.set_defaults(run=_train_render_grade)
    grade = train.add_parser("grade", help="the grader, on simulated patients")
    grade.add_argument("--rendered", type=Path, required=True, help="folder of `train render-grade`")
    grade.add_argument("--out", type=Path, required=True, help="folder for weights, card and checkpoint")
    grade.add_argument("--inputs", choices=("axial", "sagittal", "both"), default="both")
    grade.add_argument("--labels", choices=("truth", "report"), default="truth")
    grade.add_argument("--sites", nargs="+", metavar="SITE", help="learn these alone (default: all five)")
    grade.add_argument("--loss", choices=("plain", "weighted", "ordinal"), default="ordinal")
    grade.add_argument("--steps", type=_count, default=600)
    grade.add_argument("--seed", type=int, default=7)
    grade.set_defaults(run=_train_grade)


def _add_simulate(simulate: argparse.ArgumentParser) -> None:
    """An archive as in a hospital, unless something is wished for."""
    simulate.add_argument("--patients", type=_count, default=1)
    simulate.add_argument("--out", type=Path, required=True, help="folder of the archive; what is complete stays")
    simulate.add_argument("--seed", type=int, default=0)
    simulate.add_argument("--workers", type=_count, help="processes (default: one for each core)")
    simulate.add_argument("--severity", default="mixed", choices=("mixed", "normal", "severe", "balanced"))
    simulate.add_argument("--axial", default="drawn", choices=("blocks", "stack", "none", "drawn"))
    simulate.add_argument("--lumbar", type=int, choices=(4, 5, 6), help="lumbar vertebrae (default: as in people)")
    simulate.add_argument("--transition", default="drawn", choices=("none", "sacralised", "lumbarised", "drawn"))
    simulate.add_argument("--surgery", default="drawn", choices=("none", "done", "drawn"))
    simulate.add_argument("--habit", default="drawn", help="whose scanner: plain, auster, boreal, ... (default: drawn)")
    simulate.add_argument("--distractors", default="drawn", choices=("none", "all", "drawn"))
    simulate.add_argument("--scale", default="full", choices=("full", "small"), help="small: coarse and quick")
    simulate.set_defaults(run=_simulate)


def _add_train_discs(discs: argparse.ArgumentParser) -> None:
    discs.add_argument("--data", type=Path, required=True, help="folder that holds spider/")
    discs.add_argument("--out", type=Path, required=True, help="folder for weights, card, crops and finished members")
    discs.add_argument("--epochs", type=_count, default=30)
    discs.add_argument("--members", type=int, choices=(0, 5), default=5, help="networks; 0: lines alone (default: 5)")
    discs.add_argument("--pfirrmann", choices=("ordered", "classes"), default="ordered", help="loss of the grade")
    discs.add_argument("--rare", type=float, default=0.0, help="0: discs weigh the same; 1: classes do (default: 0)")
    discs.add_argument("--seed", type=int, default=5)
    discs.set_defaults(run=_train_discs)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _read(options: argparse.Namespace) -> int:
    from inference import dicom, output, pipeline

    if not options.dicom_dir.is_dir():
        raise NotDicomError(f"There is no folder {options.dicom_dir}.")
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


def _print_count(done: int, of: int) -> None:
    print(f"{done} of {of} patients", file=sys.stderr)


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


def _evaluate_labels(options: argparse.Namespace) -> int:
    from inference.reports import evaluate

    try:
        print(evaluate.report(options.file))
    except (OSError, ValueError) as error:
        print(f"{options.file} cannot be measured: {error}", file=sys.stderr)
        return 2
    return 0


def _label_speed(options: argparse.Namespace) -> int:
    from inference.reports import speed

    try:
        print(speed.report(options.file))
    except (OSError, ValueError) as error:
        print(f"{options.file} cannot be measured: {error}", file=sys.stderr)
        return 2
    return 0


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


def _train_render(options: argparse.Namespace) -> int:
    from inference.training import simulated

    for done in simulated.write_all(options.out, options.patients, options.seed, options.workers):
        _print_count(done, options.patients)
    return 0


def _train_render_grade(options: argparse.Namespace) -> int:
    from inference.training import grade_samples

    for done in grade_samples.write_all(options.out, options.patients, options.seed, options.workers):
        _print_count(done, options.patients)
    return 0


def _train_grade(options: argparse.Namespace) -> int:
    from inference.models.gradenet import HEADS
    from inference.training.grade_data import Shown
    from inference.training.train_grade import Loss, TrainConfig, train

    sites = tuple(options.sites or HEADS)
    if unknown := set(sites) - set(HEADS):
        print(f"There is no site {', '.join(sorted(unknown))}; there are {', '.join(HEADS)}.", file=sys.stderr)
        return 2
    config = TrainConfig(
        Shown(options.inputs), options.labels, sites, Loss(options.loss), options.steps, seed=options.seed
    )
    try:
        train(options.rendered, options.out, config)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _evaluate_grade(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training import report_grade
    from inference.training.grade_data import Group

    try:
        models = options.weights or [registry.WEIGHTS / "grade"]
        print(report_grade.markdown(options.rendered, models, Group(options.group)))
    except (ValueError, OSError) as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _train_segment(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training.sources import Source
    from inference.training.train_segment import TrainConfig, train

    begun, told = (
        registry.load(folder.name, weights_root=folder.parent).sha256 if folder else ""
        for folder in (options.start, options.teacher)
    )
    source = Source(options.source)
    config = TrainConfig(
        source, options.steps, learning_rate=options.rate, seed=options.seed, start=begun, teacher=told
    )
    try:
        train(options.data, options.rendered, options.out, config, options.start, options.teacher)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def _train_discs(options: argparse.Namespace) -> int:
    from inference.training.train_discs import TrainConfig, train

    config = TrainConfig(
        epochs=options.epochs,
        members=options.members,
        ordered=options.pfirrmann == "ordered",
        rare=options.rare,
        seed=options.seed,
    )
    train(options.data, options.out, config)
    return 0


def _evaluate_discs(options: argparse.Namespace) -> int:
    from tempfile import TemporaryDirectory

    from inference import registry
    from inference.training import report_discs

    root = options.weights or registry.WEIGHTS
    with TemporaryDirectory() as thrown_away:
        report = report_discs.measure(options.data, options.crops or Path(thrown_away), root)
    print(report_discs.markdown(report))
    if options.into_card:
        registry.add_figures("discs", report_discs.summary(report), root)
    return 0


def _evaluate_disc_losses(options: argparse.Namespace) -> int:
    from inference.training import report_discs

    print(report_discs.losses(options.data, options.crops))
    return 0


def _evaluate_segment(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training import report_midsagittal, report_segment, spider

    root = options.weights or registry.WEIGHTS
    patients = spider.patients(options.data) if options.patients == "all" else spider.REPORT
    model = registry.load("segment", weights_root=root)
    table = report_segment.rows(model, options.data, options.pictures, patients)
    print(report_segment.markdown(table))
    flat = list(report_midsagittal.rows(model, options.data, pictures=options.pictures))
    print(f"\nMid-sagittal images of other patients left out:\n\n{report_midsagittal.markdown(flat)}")
    if options.into_card:
        registry.add_figures("segment", report_segment.summary(table) | report_midsagittal.summary(flat), root)
    return 0


def _evaluate_robustness(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training import report_robustness

    model = registry.load("segment")
    rows = list(report_robustness.real(model, options.data)) if options.data else []
    for row in report_robustness.simulated(model, options.patients, options.seed):
        rows.append(row)
        print(f"{row.change}: {row.right} of {row.discs}", file=sys.stderr)
    print(report_robustness.markdown(rows))
    return 0


def _evaluate_study(options: argparse.Namespace) -> int:
    from inference.simulate.options import StudyOptions
    from inference.training import report_study

    done = []
    wishes = StudyOptions(severity=options.severity)
    for patient in report_study.rows(options.patients, options.seed, wishes, options.grader):
        done.append(patient)
        _print_count(len(done), options.patients)
    print(report_study.markdown(done))
    return 0


def _evaluate_speed(options: argparse.Namespace) -> int:
    from inference.training import report_speed

    print(report_speed.markdown(report_speed.measure(options.rounds, options.seed)))
    return 0


def _evaluate_spine(options: argparse.Namespace) -> int:
    from inference.training import report_spine

    done = []
    for row in report_spine.rows(options.patients, options.seed, options.scoliosis):
        done.append(row)
        _print_count(len(done), options.patients)
    print(report_spine.markdown(done))
    return 0


def _evaluate_names(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training import report_names

    done = []
    for row in report_names.rows(registry.load("segment"), options.patients, options.seed):
        done.append(row)
        print(f"{row.kind} {row.seed}: {row.right} right{', told' if row.flagged else ''}", file=sys.stderr)
    print(report_names.markdown(done))
    return 0


def _evaluate_quality(options: argparse.Namespace) -> int:
    from inference import registry
    from inference.training import report_quality

    model = registry.load("segment")
    rows = list(report_quality.real(model, options.data)) if options.data else []
    for row in report_quality.simulated(model, options.patients, options.seed):
        rows.append(row)
        print(f"{row.kind} {row.patient}: {', '.join(row.alarms) or 'nothing'}", file=sys.stderr)
    print(report_quality.markdown(rows))
    return 0


def _evaluate_norms(options: argparse.Namespace) -> int:
    from inference.training import report_norms

    print(report_norms.table([measured for _, measured in report_norms.rows(options.data)]), end="")
    return 0


def _evaluate_simulator(options: argparse.Namespace) -> int:
    from inference.progress import Bar
    from inference.simulate.options import StudyOptions
    from inference.simulate.survey import Survey, markdown, survey

    bar, so_far = Bar("patients"), Survey({}, {}, {}, {})
    for done, found in survey(options.patients, options.seed, StudyOptions()):
        so_far = found
        bar(done, options.patients)
    print(markdown(so_far))
    return 0


if __name__ == "__main__":
    sys.exit(main())
