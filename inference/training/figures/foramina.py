"""What is measured of foramina against what is true of simulated patients, and where it contradicts the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from inference.grading.thresholds import FAR, FORAMINA, foramen_grades, grades_apart
from inference.measures.canal import lookup
from inference.measures.foramen import opening_of
from inference.simulate.truth.study_truth import LevelTruth, Truth, openings_of
from inference.types import GRADES, DiscLevel, Grade, Notice, StudyReading

_NONE = "not measured"


@dataclass(frozen=True)
class Foramen:
    """One foramen: fat (mm2) and height between the pedicles (mm), true and measured, and its grades.

    by_network: `Grade.NOT_ASSESSED` where the network gave none.
    """

    true_fat_mm2: float
    fat_mm2: float | None
    true_height_mm: float
    height_mm: float | None
    true: Grade
    by_network: Grade

    @property
    def measured(self) -> tuple[Grade, ...]:
        """The grades that the measurements leave; none where there are none."""
        return () if self.fat_mm2 is None else foramen_grades(self.fat_mm2, self.height_mm)[0]


def of_level(reading: StudyReading, truth: Truth, level: str) -> tuple[Foramen, ...]:
    """Both foramina of a level."""
    true, found = truth.level(level), []
    grades = {finding.site: finding.grade for finding in reading.findings if finding.level == level}
    for site, side in FORAMINA.items():
        fat, height = (lookup(reading.measurements, level, f"foramen_{what}_{side}") for what in ("fat", "height"))
        found.append(
            Foramen(
                openings_of(truth.patient)[level].foramina[side].fat_mm2,
                fat.value if fat else None,
                _true_height_mm(truth, true, side),
                height.value if height else None,
                true.grades[site],
                grades[site],
            )
        )
    return tuple(found)


def _true_height_mm(truth: Truth, level: LevelTruth, side: str) -> float:
    """By the product's own rule in the true outlines, not a number where it sees no pedicle there."""
    depth = next(body.depth_mm for body in truth.patient.bodies if body.name == level.level.split("-")[0])
    frame = DiscLevel(level.level, level.centre_mm, level.up, level.anterior, level.left, None, depth, level.height_mm)
    opening = opening_of(truth.labels, frame, side)
    return float("nan") if isinstance(opening, Notice) else float(np.nanmedian(opening.heights_mm))


def markdown(foramina: Sequence[Foramen]) -> list[str]:
    """Summary lines and the measured grades by the true ones. All figures are of simulated patients."""
    fat = np.array([(one.true_fat_mm2, one.fat_mm2) for one in foramina if one.fat_mm2 is not None])
    heights = np.array([(one.true_height_mm, one.height_mm) for one in foramina if one.height_mm is not None])
    heights = heights[np.isfinite(heights).all(axis=1)] if len(heights) else np.empty((0, 2))
    lines = [""]
    if len(fat) > 2:
        rho = float(spearmanr(*fat.T)[0])
        lines.append(f"- perineural fat: measured in {len(fat)} of {len(foramina)} foramina, Spearman {rho:.2f}")
    if len(heights) > 2:
        off, rho = heights[:, 1] - heights[:, 0], float(spearmanr(*heights.T)[0])
        lines.append(
            f"- foramen height between the pedicles: measured in {len(heights)}, median error "
            f"{np.median(np.abs(off)):.1f} mm, bias {off.mean():+.1f} mm, Spearman {rho:.2f}"
        )
    lines += _contradictions(foramina)
    said = [(one.true, " or ".join(one.measured) or _NONE) for one in foramina]
    columns = sorted({what for _, what in said}, key=lambda what: (what == _NONE, _place(what)))
    counts = Counter(said)
    lines += ["", "| foramina, truth \\ measured | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    for true in GRADES:
        lines.append(f"| {true.value} | " + " | ".join(str(counts[true, what]) for what in columns) + " |")
    return lines


def _place(what: str) -> int:
    return -1 if what == _NONE else GRADES.index(Grade(what.split(" ", maxsplit=1)[0]))


def _contradictions(foramina: Sequence[Foramen]) -> list[str]:
    """How often network and measurement are as far apart as is told, and which of them is nearer to the truth then."""
    both = [one for one in foramina if one.measured and one.by_network in GRADES]
    apart = [one for one in both if grades_apart(one.by_network, one.measured) >= FAR]
    network = sum(grades_apart(one.by_network, (one.true,)) < grades_apart(one.true, one.measured) for one in apart)
    measured = sum(grades_apart(one.by_network, (one.true,)) > grades_apart(one.true, one.measured) for one in apart)
    return [
        f"- network and measurement two grades apart: {len(apart)} of {len(both)} foramina; the network nearer to the "
        f"truth in {network}, the measurement in {measured}"
    ]
