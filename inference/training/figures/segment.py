"""The figures of a segmenter on the patients left out: a Markdown table and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import StudyError
from inference.grading import thresholds
from inference.measures.canal import lookup, measure
from inference.models.registry import Model
from inference.result import draft, overview
from inference.spine.localise import Localisation, localise
from inference.spine.segment import segment
from inference.training.data import spider
from inference.training.scores.overlap import SCORED, dice, surface_mm
from inference.types import LUMBAR_LEVELS, Measurement, Provenance, Role, Segmentation, StudyReading

#: A disc is found when its centre lies this near to the true one of the same name.
FOUND_MM = 8.0


@dataclass(frozen=True)
class Row:
    """One patient's figures: Dice of vertebra, disc and canal and the 95th percentile of the distances of their
    surfaces in mm; names right of all; canal AP errors in mm."""

    patient: int
    dice: tuple[float, ...]
    surface_mm: tuple[float, ...]
    right: int
    discs: int
    ap_errors_mm: tuple[float, ...]


def rows(model: Model, data: Path, pictures: Path | None = None, patients: Sequence[int] = spider.REPORT) -> list[Row]:
    """Figures of the patients, by default those left out; an overview of each goes to `pictures`.

    A model that learnt from simulated patients alone has seen none, so that all may be asked of it.
    """
    out = []
    for number in patients:
        case = spider.load(data, number)
        predicted = segment(model.run, case.volume)
        scores = tuple(dice(predicted.labels == value, case.truth.labels == value) for value in SCORED)
        edges = tuple(
            surface_mm(predicted.labels == value, case.truth.labels == value, case.volume.spacing_mm)
            for value in SCORED
        )
        try:
            out.append(Row(number, scores, edges, *compare(predicted, case.truth)))
            if pictures is not None:
                _picture(case, predicted, pictures)
        except StudyError:
            # The labels are too poor to be read: no disc has its name, and none counts as absent.
            out.append(Row(number, scores, edges, 0, len(LUMBAR_LEVELS), ()))
    return out


def summary(table: list[Row]) -> dict[str, object]:
    """The figures of all patients together, as they stand in the model card."""
    mean, edges = (np.mean([getattr(row, name) for row in table], axis=0) for name in ("dice", "surface_mm"))
    names = [value.name.lower() for value in SCORED]
    return {
        "patients_left_out": [row.patient for row in table],
        "dice": dict(zip(names, (round(float(x), 3) for x in mean), strict=True)),
        "surface_95_mm": dict(zip(names, (round(float(x), 1) for x in edges), strict=True)),
        "discs_named_rightly": f"{sum(row.right for row in table)} of {sum(row.discs for row in table)}",
        "canal_ap_error_median_mm": round(_median([e for row in table for e in row.ap_errors_mm]), 1),
    }


def markdown(table: list[Row]) -> str:
    """A table with a row per patient and one for all; each structure with its Dice and surface distance."""
    lines = [
        "| patient | vertebra | disc | canal | discs named rightly | canal AP error, median mm |",
        "|" + "---|" * 6,
    ]
    for row in table:
        named = f"{row.right} of {row.discs} | {_median(row.ap_errors_mm):.1f}"
        lines.append(f"| {row.patient} | {_scores(row.dice, row.surface_mm)} | {named} |")
    mean, edges = (np.mean([getattr(row, name) for row in table], axis=0) for name in ("dice", "surface_mm"))
    together = summary(table)
    named = f"{together['discs_named_rightly']} | {together['canal_ap_error_median_mm']}"
    return "\n".join([*lines, f"| **all** | {_scores(mean, edges)} | {named} |"])


def _scores(dice: Sequence[float], surface: Sequence[float]) -> str:
    return " | ".join(f"{score:.3f}, {edge:.1f} mm" for score, edge in zip(dice, surface, strict=True))


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def compare(predicted: Segmentation, truth: Segmentation) -> tuple[int, int, tuple[float, ...]]:
    """(discs with the right name and place, discs there are, absolute canal AP errors in mm).

    Names of the truth: its lowest disc is L5-S1.
    """
    found, real = localise(predicted), localise(truth)
    places = {disc.level: disc.centre_mm for disc in found.discs}
    wanted = [disc for disc in real.discs if disc.level in LUMBAR_LEVELS]
    right = [d for d in wanted if d.level in places and np.linalg.norm(places[d.level] - d.centre_mm) < FOUND_MM]
    ours, theirs = _measurements(predicted, found), _measurements(truth, real)
    errors = []
    for level in LUMBAR_LEVELS:
        mine, true = lookup(ours, level, "canal_ap"), lookup(theirs, level, "canal_ap")
        if mine is not None and true is not None and mine.value is not None and true.value is not None:
            errors.append(abs(mine.value - true.value))
    return len(right), len(wanted), tuple(errors)


def _measurements(segmentation: Segmentation, spine: Localisation) -> tuple[Measurement, ...]:
    return measure(segmentation, spine.discs, spine.vertebrae)[1]


def _picture(case: spider.Case, predicted: Segmentation, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    spine = localise(predicted)
    discs, measurements = measure(predicted, spine.discs, spine.vertebrae)
    findings = thresholds.grade(discs, measurements, (Role.SAGITTAL_T2,))
    reading = StudyReading(
        study_instance_uid="",
        series=(),
        curve=spine.curve,
        discs=discs,
        vertebrae=spine.vertebrae,
        measurements=measurements,
        findings=findings,
        axial=(),
        draft=draft.compose(findings, measurements),
        provenance=Provenance("", (), ""),
    )
    overview.draw(case.volume, predicted, reading).save(folder / f"{case.patient:03d}.png")
