"""Which report belongs to which study, and which of its labels are trained on: the rule, and what it drops."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.reports import extract
from inference.reports.outside import files
from inference.reports.outside.check import check_against
from inference.reports.types import Label, Observation, ReportLabels
from inference.simulate.causes.records import SITES
from inference.training.archive.index import FolderContents, Study, hashed
from inference.training.data.grade_samples import PRESENT, UNSAID
from inference.types import LUMBAR_LEVELS

#: Labels with a lower confidence of the extractor (0..1, a rank and not a probability) are left out.
LEAST_CONFIDENCE = 0.8
#: Names of the column that reports are matched by.
ACCESSION_COLUMNS = ("accession_number", "accession", "accessionnumber", "report_id", "id", "study_id")
TRUTH_COLUMNS = ("accession_number", "level", "site", "grade")
_CODES = {"normal": 0, "mild": 1, "moderate": 2, "severe": 3}
#: Not the end of a level's name, as in "L3-4 lumbar disc".
_OTHER_COUNT = re.compile(
    r"(?<![-/])\b(four|six|4|6)[ -]+(non-?rib-?bearing[ -]+)?lumbar\b|\bL6\b|\bL5\s*[-/]\s*L?6\b", re.IGNORECASE
)
_NO_OPERATION = r"\b(no|without|denies|not)\b(\W+\w+){0,4}\W+"

#: The rule in words, for the data sheet and the card.
RULE = (
    "A study is matched to the one report with its accession number. Without a number, without a report, with a "
    "number that two studies share, or with reports of that number that differ, it is dropped.",
    "A report that speaks of transitional anatomy or counts other than five lumbar vertebrae is dropped: its levels "
    "may be other discs than the machine's. So is one that speaks of an operation without saying where.",
    "Left out of a report: what it calls present without a grade; what it says twice and differently; labels with a "
    f"confidence under {LEAST_CONFIDENCE:g}; every label of an operated level.",
    "A canal or foramen of which nothing is said is normal where the report speaks of the level; a recess is left out.",
    "A study is dropped when the machine refuses it, doubts its level names, finds a transitional vertebra or an odd "
    "distance between discs, or misses one of the five lumbar discs. Levels that metal spoils and foramina that the "
    "slices do not reach are left out.",
)


@dataclass(frozen=True)
class TaughtLabels:
    """The labels of a report that are trained on. grades: (5, 5) by level and `SITES`: 0..3, `UNSAID`, or `PRESENT` for
    a label that is left out.

    problem: why the report is dropped, empty if it is used. left_out: number of labels by reason.
    """

    grades: NDArray[np.int8]
    problem: str
    left_out: Counter[str]


def read(path: Path) -> tuple[dict[str, set[str]], Counter[str]]:
    """The different report texts by hashed accession number, and the number of rows by kind."""
    texts: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for row in files.read(path, ACCESSION_COLUMNS):
        # A folder's reports are named by their files.
        number = Path(row.report_id).stem if path.is_dir() else row.report_id
        kind = "that are no report" if row.problem else "empty" if not row.text.strip() else "read"
        counts[kind] += 1
        if kind == "read":
            earlier = texts.setdefault(hashed(number.strip()), set())
            counts["repeated word for word"] += row.text in earlier
            earlier.add(row.text)
    return texts, counts


def match(contents: FolderContents, texts: dict[str, set[str]]) -> tuple[list[tuple[Study, str]], Counter[str]]:
    """(study, text of its report) of the matched studies, and the number of the others by reason."""
    matched, dropped = [], Counter[str]()
    for study in contents.studies:
        reports = texts.get(study.accession, set())
        if not study.accession:
            dropped["match: no accession number"] += 1
        elif contents.accessions[study.accession] > 1:
            dropped["match: accession number of two studies"] += 1
        elif not reports:
            dropped["match: no report"] += 1
        elif len(reports) > 1:
            dropped["match: several reports that differ"] += 1
        else:
            matched.append((study, next(iter(reports))))
    return matched, dropped


def taught_labels(text: str) -> TaughtLabels:
    """The labels of a report that are trained on, by `RULE`."""
    labels = extract(text)
    operated = _operated(labels.observations, text)
    problem = _problem(labels, text, operated)
    contradicted = {(contradiction.level, contradiction.site) for contradiction in check_against(text, {})}
    grades = np.full((len(LUMBAR_LEVELS), len(SITES)), UNSAID, dtype=np.int8)
    left_out: Counter[str] = Counter()
    for label in labels.labels:
        if label.level not in LUMBAR_LEVELS:
            continue
        reason = _doubt(label, contradicted, operated)
        left_out[reason] += bool(reason)
        cell = LUMBAR_LEVELS.index(label.level), SITES.index(label.site)
        grades[cell] = PRESENT if reason else _CODES[str(label.grade)]
    for level in operated & set(LUMBAR_LEVELS):
        grades[LUMBAR_LEVELS.index(level)] = PRESENT
    if not problem and not np.isin(grades, list(_CODES.values())).any():
        problem = "report: no label, or none without doubt"
    return TaughtLabels(grades, problem, +left_out)


def _doubt(label: Label, contradicted: set[tuple[str, str]], operated: set[str]) -> str:
    """Why a label is left out; empty if it is trained on."""
    if label.level in operated:
        return "of an operated level"
    if str(label.grade) not in _CODES:
        return "present without a grade"
    if (label.level, label.site) in contradicted:
        return "said twice and differently"
    return "of low confidence" if label.confidence < LEAST_CONFIDENCE else ""


def _problem(labels: ReportLabels, text: str, operated: set[str]) -> str:
    if any(observation.kind == "transitional" for observation in labels.observations):
        return "report: speaks of transitional anatomy"
    if _OTHER_COUNT.search(text):
        return "report: counts other than five lumbar vertebrae"
    return "report: an operation without a place" if "" in operated else ""


def _operated(observations: Sequence[Observation], text: str) -> set[str]:
    """The levels that were operated on; an empty name where the report does not say which."""
    levels: set[str] = set()
    for observation in observations:
        if observation.kind != "postoperative":
            continue
        sentence = text[observation.evidence.start : observation.evidence.end]
        if re.search(_NO_OPERATION + re.escape(observation.detail), sentence, re.IGNORECASE):
            continue
        place = observation.place
        adjacent = {level for level in LUMBAR_LEVELS if place and place in (level, *level.split("-"))}
        levels |= adjacent or {place or ""}
    return levels


def truths(path: Path) -> dict[str, NDArray[np.int8]]:
    """By hashed accession number the true grades, (5, 5), of a simulated archive's ``truth.csv``.

    Raises ValueError for a table of other columns.
    """
    by_accession: dict[str, NDArray[np.int8]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in TRUTH_COLUMNS if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{path.name} is no truth of a simulated archive: it has no column {', '.join(missing)}.")
        for row in rows:
            if row["level"] in LUMBAR_LEVELS and row["site"] in SITES:
                empty = np.full((len(LUMBAR_LEVELS), len(SITES)), UNSAID, dtype=np.int8)
                grades = by_accession.setdefault(hashed(row["accession_number"]), empty)
                grades[LUMBAR_LEVELS.index(row["level"]), SITES.index(row["site"])] = _CODES[row["grade"]]
    return by_accession
