"""The figures of whole readings on simulated patients, against the truth they were made from."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inference import pipeline
from inference.errors import StudyError
from inference.images.headers import find_files
from inference.measures.canal import lookup
from inference.models import registry
from inference.simulate.causes.options import StudyOptions
from inference.simulate.study import write_study
from inference.simulate.truth.study_truth import Truth
from inference.training.figures import foramina as foramina_figures
from inference.training.figures.foramina import Foramen
from inference.training.figures.segment import FOUND_MM
from inference.types import GRADES, LUMBAR_LEVELS, Grade, Site, StudyReading


@dataclass(frozen=True)
class Row:
    """One level of one patient. off_mm: None when the level was not named. foramina: true and said, left and right.

    recesses: the same of the lateral recesses. measured: of the foramina.
    """

    off_mm: float | None
    true_ap_mm: float
    ap_mm: float | None
    true_area_mm2: float
    area_mm2: float | None
    true_grade: Grade
    grade: Grade
    foramina: tuple[tuple[Grade, Grade], ...]
    recesses: tuple[tuple[Grade, Grade], ...] = ()
    measured: tuple[Foramen, ...] = ()


def rows(
    patients: int, seed: int, options: StudyOptions, grader: Path | None = None
) -> Iterator[tuple[int, list[Row], float]]:
    """(seed, levels, seconds of reading) of each patient; no levels when the study was refused.

    grader: folder of a grader to use instead of the shipped one.
    """
    models = pipeline.load_models()
    if grader is not None:
        models = replace(models, heads={**models.heads, "grade": registry.load_folder(grader, "grade")})
    for number in range(seed, seed + patients):
        with tempfile.TemporaryDirectory() as folder:
            truth = write_study(Path(folder), number, options)
            started = time.monotonic()
            try:
                reading = pipeline.read_study(find_files(Path(folder) / "dicom"), models).reading
            except StudyError:
                yield number, [], time.monotonic() - started
                continue
            yield number, [_row(reading, truth, level) for level in LUMBAR_LEVELS], time.monotonic() - started


def _row(reading: StudyReading, truth: Truth, level: str) -> Row:
    true = truth.level(level)
    places = {disc.level: disc.centre_mm for disc in reading.discs}
    grades = {finding.site: finding.grade for finding in reading.findings if finding.level == level}
    ap, area = (lookup(reading.measurements, level, quantity) for quantity in ("canal_ap", "canal_area"))
    return Row(
        float(np.linalg.norm(places[level] - true.centre_mm)) if level in places else None,
        true.sac_ap_mm,
        ap.value if ap else None,
        true.sac_area_mm2,
        area.value if area else None,
        true.grades[Site.CANAL],
        grades[Site.CANAL],
        tuple((true.grades[site], grades[site]) for site in (Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT)),
        tuple((true.grades[site], grades[site]) for site in (Site.RECESS_LEFT, Site.RECESS_RIGHT)),
        foramina_figures.of_level(reading, truth, level),
    )


def markdown(patients: list[tuple[int, list[Row], float]]) -> str:
    """Summary lines and the confusion of canal grades. All figures are of simulated patients."""
    levels = [row for _, table, _ in patients for row in table]
    named = sum(row.off_mm is not None and row.off_mm < FOUND_MM for row in levels)
    whole = sum(bool(t) and all(r.off_mm is not None and r.off_mm < FOUND_MM for r in t) for _, t, _ in patients)
    ap = np.array([row.ap_mm - row.true_ap_mm for row in levels if row.ap_mm is not None])
    ratio = [row.area_mm2 / row.true_area_mm2 for row in levels if row.area_mm2 is not None]
    lines = [
        f"- simulated patients: {len(patients)}; every disc named rightly in {whole}; discs {named} of {len(levels)}",
        f"- canal AP: median error {np.median(np.abs(ap)):.1f} mm, bias {ap.mean():+.1f} mm",
        f"- canal area over the true dural sac's: median {np.median(ratio):.2f}",
        f"- seconds a reading, median: {np.median([seconds for _, _, seconds in patients]):.1f}",
    ]
    lines += _table("canal", [(row.true_grade, row.grade) for row in levels])
    for place in ("foramina", "recesses"):
        pairs = [pair for row in levels for pair in getattr(row, place)]
        if any(said is not Grade.NOT_ASSESSED for _, said in pairs):
            lines += _table(place, pairs)
    if foramina := [one for row in levels for one in row.measured]:
        lines += foramina_figures.markdown(foramina)
    return "\n".join(lines)


def _table(place: str, pairs: list[tuple[Grade, Grade]]) -> list[str]:
    """How often each grade was said for each true one, and the mean share of each that was said rightly."""
    counts = Counter(pairs)
    recalls = []
    lines = [
        "",
        f"| {place}, truth \\ machine | " + " | ".join(grade.value for grade in Grade) + " |",
        "|" + "---|" * (len(Grade) + 1),
    ]
    for true in GRADES:
        row = [counts[true, said] for said in Grade]
        lines.append(f"| {true.value} | " + " | ".join(map(str, row)) + " |")
        if sum(row):
            recalls.append(counts[true, true] / sum(row))
    return [*lines, "", f"Balanced accuracy: {np.mean(recalls):.2f}"] if recalls else lines
