"""From an archive to a grader: reports matched and labelled, levels located and cropped, a model trained and evaluated.

    python -m inference train grade --archive DICOM_DIR --reports FILE --data-name TEXT --out DIR
    torchrun --nproc-per-node 4 -m inference train grade --archive ...

``OUT/work`` holds the index, the crops and the packed arrays; an interrupted run resumes from it. It has hashes
and paths, and belongs where the archive is. Card and data sheet hold counts alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from inference.errors import StudyError
from inference.grading.grader import learnt_by
from inference.models import registry
from inference.training.archive import cuts, data_sheet, index, labels
from inference.training.archive import levels as archive_levels
from inference.training.archive.levels import Labelled
from inference.training.data.grade_cuts import Group
from inference.training.learn.distributed import joined
from inference.training.learn.grade import Material, TrainConfig, train

LIMITS = (
    "Labels are what an extractor read in radiologists' reports, not a second reading; the figures are against them "
    "unless they say otherwise.",
    "Cut by the segmenter that the product ships; not tested on data of anybody else.",
)


@dataclass(frozen=True)
class ArchiveOptions:
    """What the user gave. data_name: what the data are, real or simulated, in the user's words.

    truth: ``truth.csv`` of a simulated archive, to evaluate against, never to train on.
    """

    archive: Path
    reports: Path
    out: Path
    data_name: str
    truth: Path | None = None
    workers: int = 1

    @property
    def work(self) -> Path:
        return self.out / "work"


@dataclass
class Counts:
    """Counts of what was used and what was dropped, for the data sheet."""

    files: Counter[str] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    matched: int = 0
    used: int = 0


def run(options: ArchiveOptions, config: TrainConfig) -> None:
    """The whole chain, or the part of one process.

    Raises ValueError when there is too little to train on, and when the checkpoint in `out` belongs to other data or
    settings; a StudyError when archive or reports cannot be read at all.
    """
    with joined() as share:
        counts, problem = Counts(), ""
        if share.first:
            try:
                prepare(options, counts)
            except (ValueError, StudyError) as error:
                problem = error.message if isinstance(error, StudyError) else str(error)
        if problem := share.told(problem):
            raise ValueError(problem)
        train(_material(options, config), options.out, config, share)
        if share.first:
            _report(options, config, counts)
        share.wait()


def prepare(options: ArchiveOptions, counts: Counts) -> None:
    """Index, match, label, locate, crop and pack; counts what was used and dropped, and writes the data sheet."""
    if not options.archive.is_dir():
        raise ValueError(f"There is no folder {options.archive}.")
    options.work.mkdir(parents=True, exist_ok=True)
    texts, counts.reports = labels.read(options.reports)
    truths = labels.truths(options.truth) if options.truth else {}
    contents = index.studies(options.archive, options.work / "index.jsonl", options.workers)
    counts.files, counts.studies = contents.files, len(contents.studies) + contents.dropped.total()
    counts.dropped += contents.dropped
    counts.reports["numbers without a study"] = sum(number not in contents.accessions for number in texts)
    matched, dropped = labels.match(contents, texts)
    counts.matched = len(matched)
    counts.dropped += dropped
    taught = {study: labels.taught_labels(text) for study, text in matched}
    counts.dropped += Counter(
        labels_of_report.problem for labels_of_report in taught.values() if labels_of_report.problem
    )
    labelled = [study for study, labels_of_report in taught.items() if not labels_of_report.problem]
    used: list[Labelled] = []
    for study, path, problem in cuts.cut_all(labelled, options.work / "cuts", options.workers):
        if path is None:
            counts.dropped[problem] += 1
            continue
        used.append(Labelled(study, path, taught[study].grades, truths.get(study.accession)))
        counts.left_out += taught[study].left_out + archive_levels.unseen(used[-1])
    counts.used = len(used)
    _pack(options, used, counts)


def _pack(options: ArchiveOptions, used: list[Labelled], counts: Counts) -> None:
    """Pack by group; only the group reported on gets the truth. Raises ValueError when a group has no patient."""
    data_sheet.write(options.out, data_sheet.sheet(options.data_name, vars(counts)))
    for group in Group:
        members = [labelled for labelled in used if labelled.group is group]
        if not members:
            raise ValueError(
                f"There is no patient to {group} on: {counts.used} of {counts.studies} studies can be used. "
                f"{options.out / data_sheet.TEXT} says what was dropped and why."
            )
        if group is not Group.REPORT:
            members = [Labelled(labelled.study, labelled.path, labelled.grades) for labelled in members]
        archive_levels.pack(members, options.work / group)


def _material(options: ArchiveOptions, config: TrainConfig) -> Material:
    levels = {group: archive_levels.opened(options.work / group) for group in Group}
    marks = [(options.work / group / archive_levels.NOTE).read_text(encoding="utf-8") for group in Group]
    mark = hashlib.sha256(f"{marks[:2]} {sorted(asdict(config).items())}".encode()).hexdigest()
    facts: dict[str, object] = {
        "data": options.data_name,
        "patients": {str(group): len(set(group_levels.seed.tolist())) for group, group_levels in levels.items()},
        "rule": list(labels.RULE),
        "data_sheet": data_sheet.TEXT,
    }
    limits = (f"Trained on: {options.data_name}.", *LIMITS)
    version = f"1.0.0+archive.{mark[:8]}"
    return Material(levels[Group.TRAIN], levels[Group.TUNE], facts, limits, mark, version)


def _report(options: ArchiveOptions, config: TrainConfig, counts: Counts) -> None:
    """Write the figures of held-out patients into card and data sheet, and print them."""
    levels = {group: archive_levels.opened(options.work / group) for group in Group}
    model = registry.load_folder(options.out, "grade")
    trained = replace(config, sites=learnt_by(model.card))
    figures: Mapping[str, object] = data_sheet.figures(model.network, levels[Group.REPORT], trained)
    registry.add_figures(options.out.name, dict(figures), options.out.parent)
    sheet = data_sheet.sheet(options.data_name, vars(counts), levels, config.sites, figures)
    data_sheet.write(options.out, sheet)
    print(data_sheet.markdown(sheet))
