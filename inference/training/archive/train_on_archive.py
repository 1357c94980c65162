"""From an archive to a grader: reports matched and labelled, studies located and cut, a model trained and evaluated.

    python -m inference train grade --archive DICOM_DIR --reports FILE --data-name TEXT --out DIR
    torchrun --nproc-per-node 4 -m inference train grade --archive ...

``OUT/work`` holds the index, the cuts and what is packed of them: a run broken off goes on there. It has hashes
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
class Asked:
    """What the person gave. data_name: what the data are, real or simulated, in the person's own words.

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
    """What was used and what was dropped, as the data sheet tells it."""

    files: Counter[str] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    matched: int = 0
    used: int = 0


def run(asked: Asked, config: TrainConfig) -> None:
    """The whole chain, or one process's share of it.

    Raises ValueError when there is not enough to learn from, and when the checkpoint in `out` learnt from something
    else; a StudyError when archive or reports cannot be read at all.
    """
    with joined() as share:
        counts, problem = Counts(), ""
        if share.first:
            try:
                prepare(asked, counts)
            except (ValueError, StudyError) as error:
                problem = error.message if isinstance(error, StudyError) else str(error)
        if problem := share.told(problem):
            raise ValueError(problem)
        train(_material(asked, config), asked.out, config, share)
        if share.first:
            _report(asked, config, counts)
        share.wait()


def prepare(asked: Asked, counts: Counts) -> None:
    """Index, match, label, locate, cut and pack; counts what was used and dropped, and writes the data sheet."""
    if not asked.archive.is_dir():
        raise ValueError(f"There is no folder {asked.archive}.")
    asked.work.mkdir(parents=True, exist_ok=True)
    texts, counts.reports = labels.read(asked.reports)
    truths = labels.truths(asked.truth) if asked.truth else {}
    found = index.studies(asked.archive, asked.work / "index.jsonl", asked.workers)
    counts.files, counts.studies = found.files, len(found.studies) + found.dropped.total()
    counts.dropped += found.dropped
    counts.reports["numbers without a study"] = sum(number not in found.accessions for number in texts)
    matched, dropped = labels.match(found, texts)
    counts.matched = len(matched)
    counts.dropped += dropped
    said = {study: labels.said(text) for study, text in matched}
    counts.dropped += Counter(one.problem for one in said.values() if one.problem)
    wanted = [study for study, one in said.items() if not one.problem]
    used: list[Labelled] = []
    for study, path, problem in cuts.cut_all(wanted, asked.work / "cuts", asked.workers):
        if path is None:
            counts.dropped[problem] += 1
            continue
        used.append(Labelled(study, path, said[study].grades, truths.get(study.accession)))
        counts.left_out += said[study].left_out + archive_levels.unseen(used[-1])
    counts.used = len(used)
    _pack(asked, used, counts)


def _pack(asked: Asked, used: list[Labelled], counts: Counts) -> None:
    """By group; the truth goes to those that are reported on alone. Raises ValueError when a group has no patient."""
    data_sheet.write(asked.out, data_sheet.sheet(asked.data_name, vars(counts)))
    for group in Group:
        members = [one for one in used if one.group is group]
        if not members:
            raise ValueError(
                f"There is no patient to {group} on: {counts.used} of {counts.studies} studies can be used. "
                f"{asked.out / data_sheet.TEXT} says what was dropped and why."
            )
        if group is not Group.REPORT:
            members = [Labelled(one.study, one.path, one.grades) for one in members]
        archive_levels.pack(members, asked.work / group)


def _material(asked: Asked, config: TrainConfig) -> Material:
    levels = {group: archive_levels.opened(asked.work / group) for group in Group}
    marks = [(asked.work / group / archive_levels.NOTE).read_text(encoding="utf-8") for group in Group]
    learnt = hashlib.sha256(f"{marks[:2]} {sorted(asdict(config).items())}".encode()).hexdigest()
    about: dict[str, object] = {
        "data": asked.data_name,
        "patients": {str(group): len(set(one.seed.tolist())) for group, one in levels.items()},
        "rule": list(labels.RULE),
        "data_sheet": data_sheet.TEXT,
    }
    limits = (f"Trained on: {asked.data_name}.", *LIMITS)
    version = f"1.0.0+archive.{learnt[:8]}"
    return Material(levels[Group.TRAIN], levels[Group.TUNE], about, limits, learnt, version)


def _report(asked: Asked, config: TrainConfig, counts: Counts) -> None:
    """The figures on patients left out, into card and data sheet, and told."""
    levels = {group: archive_levels.opened(asked.work / group) for group in Group}
    model = registry.load_folder(asked.out, "grade")
    learnt = replace(config, sites=learnt_by(model.card))
    figures: Mapping[str, object] = data_sheet.figures(model.network, levels[Group.REPORT], learnt)
    registry.add_figures(asked.out.name, dict(figures), asked.out.parent)
    sheet = data_sheet.sheet(asked.data_name, vars(counts), levels, config.sites, figures)
    data_sheet.write(asked.out, sheet)
    print(data_sheet.markdown(sheet))
