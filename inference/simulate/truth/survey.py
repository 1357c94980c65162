"""Tables that compare the sizes of simulated patients with those of real ones.

Real: `SPIDER` are medians and quartiles measured by the same rules on the given
masks of 25 patients of SPIDER's T2 SPACE volumes (none of those that figures are
reported on); `POPULATION` are published means of 87 patients (per patient, L2
to L5); `CORRELATIONS` are those between grades (up to mild, moderate, severe) in
1,975 studies, all levels together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.simulate.body.anatomy import Anatomy
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import dimensions, draw
from inference.simulate.causes.records import SITES, Body, DiscCause, Patient
from inference.simulate.truth import openings
from inference.types import FloatArray, Label

Quartiles = tuple[float, float, float]
STEP_MM = 0.1

#: Lower quartile, median and upper quartile, mm, by place and quantity.
SPIDER: dict[str, dict[str, Quartiles]] = {
    "L5": {"depth": (29.7, 31.0, 33.8), "height": (21.6, 23.9, 25.5), "sac AP": (11.6, 12.8, 15.1)},
    "L4": {"depth": (29.4, 32.1, 35.4), "height": (22.2, 24.1, 25.1), "sac AP": (11.9, 13.0, 14.8)},
    "L3": {"depth": (31.5, 32.9, 34.3), "height": (23.4, 24.5, 25.4), "sac AP": (11.8, 13.4, 15.2)},
    "L2": {"depth": (30.3, 31.8, 35.1), "height": (23.2, 24.8, 26.3), "sac AP": (12.7, 14.4, 15.6)},
    "L1": {"depth": (28.8, 29.9, 33.0), "height": (22.9, 24.2, 25.5), "sac AP": (13.6, 14.4, 15.1)},
    "T12": {"depth": (27.9, 30.7, 33.2), "height": (20.7, 22.1, 23.6), "sac AP": (13.2, 13.9, 15.0)},
    "L5-S1": {"AP": (33.5, 36.3, 39.4), "sac AP": (11.4, 13.3, 14.6)},
    "L4-L5": {"AP": (35.6, 37.7, 39.3), "sac AP": (8.8, 11.7, 12.7)},
    "L3-L4": {"AP": (35.0, 36.7, 41.2), "sac AP": (9.3, 11.1, 12.7)},
    "L2-L3": {"AP": (35.2, 36.3, 38.7), "sac AP": (10.4, 11.7, 13.2)},
    "L1-L2": {"AP": (31.3, 33.4, 37.7), "sac AP": (11.5, 12.5, 14.4)},
    "T12-L1": {"AP": (29.9, 31.6, 34.2), "sac AP": (13.1, 13.8, 14.6)},
}
#: Median height of the disc's mask at a tenth, the middle and nine tenths of its AP from the front, mm.
DISC_HEIGHTS: dict[str, tuple[float, float, float]] = {
    "L5-S1": (10.1, 7.5, 5.5),
    "L4-L5": (9.9, 9.5, 5.9),
    "L3-L4": (8.2, 9.2, 5.4),
    "L2-L3": (7.2, 8.2, 5.2),
    "L1-L2": (6.3, 6.6, 4.4),
    "T12-L1": (4.5, 6.2, 3.8),
}
#: Mean, lowest and highest of 87 patients' means (morphable lumbar model, MIT), mm and degrees.
POPULATION: dict[str, Quartiles] = {
    "width": (46.7, 39, 59),
    "depth": (35.0, 30, 42),
    "height": (27.8, 23.5, 32.3),
    "canal depth": (16.7, 13.0, 20.4),
    "canal width": (26.7, 21.5, 31.8),
    "disc height": (7.1, 3.1, 11.4),
    "disc wedge": (6.4, 0.4, 11.6),
}
CORRELATIONS: dict[tuple[str, str], float] = {
    ("canal", "recess_left"): 0.57,
    ("foramen_left", "foramen_right"): 0.44,
    ("recess_left", "recess_right"): 0.58,
    ("canal", "foramen_left"): 0.28,
}
#: Reference limits of each opening for normal, mild, moderate and severe, mm unless stated.
OPENINGS: dict[str, tuple[str, str, str, str]] = {
    "foramen height": (">= 15", "12-15", "8-12", "< 8"),
    "foramen width": (">= 4", "3-4", "2-3", "< 2"),
    "perineural fat, mm²": ("all round", "lost on two sides", "none", "none"),
    "recess depth": ("> 5", "", "", "< 3"),
}
#: Number of patients drawn for the statistics of causes per measured patient, and the first of their seeds.
CAUSES_EACH, CAUSES_FROM = 20, 100_000


@dataclass(frozen=True)
class Survey:
    """By (place, quantity): one value a patient, mm. means: by quantity of `POPULATION`. severity: by site.

    openings: by quantity of `OPENINGS` and grade 0 to 3, one value a level and side.
    """

    sizes: dict[tuple[str, str], list[float]]
    means: dict[str, list[float]]
    severity: dict[str, list[float]]
    openings: dict[tuple[str, int], list[float]]


def survey(patients: int, seed: int, options: StudyOptions) -> Iterator[tuple[int, Survey]]:
    """Measure patients `seed`, `seed` + 1, ... in their label function; yields (number of patients, their values)."""
    collected = Survey(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list))
    for count in range(1, patients + 1):
        patient = draw(seed + count - 1, options)
        anatomy = Anatomy(patient)
        for body, disc in zip(patient.bodies[-6:], patient.discs[-6:], strict=True):
            _measure(collected, anatomy, body, disc)
        for body, disc in zip(patient.bodies[-5:], patient.discs[-5:], strict=True):
            _add_openings(collected, anatomy, body, disc)
        for extra in range(CAUSES_EACH):
            _add_causes(collected, draw(CAUSES_FROM + count * CAUSES_EACH + extra, options))
        yield count, collected


def _measure(collected: Survey, anatomy: Anatomy, body: Body, disc: DiscCause) -> None:
    layout = anatomy.layout
    place = layout.bodies[body.name]
    across = _line(anatomy, place.centre_mm, place.axes[1])
    collected.sizes[body.name, "depth"].append(_run(across == Label.VERTEBRA))
    collected.sizes[body.name, "height"].append(_run(_line(anatomy, place.centre_mm, place.axes[2]) == Label.VERTEBRA))
    collected.sizes[body.name, "sac AP"].append(_length(across == Label.CANAL))
    place = layout.discs[disc.level]
    across = _line(anatomy, place.centre_mm, place.axes[1])
    inside = np.flatnonzero(across == Label.DISC)
    collected.sizes[disc.level, "sac AP"].append(_length(across == Label.CANAL))
    if not len(inside):
        return
    front, back = (index * STEP_MM - REACH_MM for index in (inside[0], inside[-1]))
    collected.sizes[disc.level, "AP"].append(back - front)
    for name, share in (("front", 0.1), ("middle", 0.5), ("back", 0.9)):
        start = place.world(0, front + share * (back - front), 0)
        collected.sizes[disc.level, name].append(_run(_line(anatomy, start, place.axes[2]) == Label.DISC))


def _add_openings(collected: Survey, anatomy: Anatomy, body: Body, disc: DiscCause) -> None:
    level_openings = openings.measure(anatomy, body, disc)
    for side, foramen in level_openings.foramina.items():
        grade = min(int(disc.severity(f"foramen_{side}")), 3)
        collected.openings["foramen height", grade].append(foramen.height_mm)
        collected.openings["foramen width", grade].append(foramen.width_mm)
        collected.openings["perineural fat, mm²", grade].append(foramen.fat_mm2)
        grade = min(int(disc.severity(f"recess_{side}")), 3)
        collected.openings["recess depth", grade].append(level_openings.recess_mm[side])


REACH_MM = 45.0


def _line(anatomy: Anatomy, middle: FloatArray, along: FloatArray) -> NDArray[np.uint8]:
    offsets = np.arange(-REACH_MM, REACH_MM, STEP_MM)
    return anatomy.labels(middle + offsets[:, None] * along)


def _length(inside: NDArray[np.bool_]) -> float:
    return float(inside.sum() * STEP_MM)


def _run(inside: NDArray[np.bool_]) -> float:
    """Length of the true run around the middle, mm; 0 if the middle is not true."""
    middle = len(inside) // 2
    if not inside[middle]:
        return 0.0
    before, after = np.flatnonzero(~inside[:middle]), np.flatnonzero(~inside[middle:])
    first = before[-1] + 1 if len(before) else 0
    last = middle + after[0] if len(after) else len(inside)
    return float((last - first) * STEP_MM)


def _add_causes(collected: Survey, patient: Patient) -> None:
    for quantity, value in dimensions(patient)["mean"].items():
        collected.means[quantity].append(value)
    for disc in patient.discs[-5:]:
        for site in SITES:
            collected.severity[site].append(disc.severity(site))


def markdown(survey_values: Survey) -> str:
    """The tables, simulated next to real."""
    lines = ["| place | quantity | simulated: median [quartiles] | real: median [quartiles] |", "|---|---|---|---|"]
    for place, quantities in SPIDER.items():
        for quantity, (low, median, high) in quantities.items():
            simulated = _quartiles(survey_values.sizes[place, quantity])
            lines.append(f"| {place} | {quantity} | {simulated} | {median:.1f} [{low:.1f}-{high:.1f}] |")
    lines += ["", "| disc | height in front, middle, behind: simulated medians | real medians |", "|---|---|---|"]
    for level, heights in DISC_HEIGHTS.items():
        simulated = " / ".join(
            f"{np.median(survey_values.sizes[level, part]):.1f}" for part in ("front", "middle", "back")
        )
        lines.append(f"| {level} | {simulated} | {' / '.join(f'{height:.1f}' for height in heights)} |")
    lines += ["", "| mean of L2 to L5 | simulated: mean [range] | 87 real patients |", "|---|---|---|"]
    for quantity, (mean, low, high) in POPULATION.items():
        values = survey_values.means[quantity]
        simulated = f"{np.mean(values):.1f} [{min(values):.1f}-{max(values):.1f}]"
        lines.append(f"| {quantity} | {simulated} | {mean:.1f} [{low:.1f}-{high:.1f}] |")
    lines += ["", "| opening | normal | mild | moderate | severe |", "|---|---|---|---|---|"]
    for quantity, limits in OPENINGS.items():
        graded = [_quartiles(survey_values.openings[quantity, grade]) for grade in range(4)]
        lines.append(f"| {quantity}: simulated | {' | '.join(graded)} |")
        lines.append(f"| {quantity}: reference | {' | '.join(limits)} |")
    lines += ["", "| grades | simulated | 1,975 real studies |", "|---|---|---|"]
    for (first, second), real in CORRELATIONS.items():
        lines.append(f"| {first} and {second} | {_correlation(survey_values, first, second):.2f} | {real:.2f} |")
    return "\n".join(lines)


def _quartiles(values: list[float]) -> str:
    if not values:
        return "none"
    low, median, high = np.percentile(values, (25, 50, 75))
    return f"{median:.1f} [{low:.1f}-{high:.1f}]"


def _correlation(survey_values: Survey, first: str, second: str) -> float:
    """Between the steps up to mild, moderate and severe."""
    steps = [np.clip(np.floor(survey_values.severity[site]) - 1, 0, 2) for site in (first, second)]
    return float(np.corrcoef(steps)[0, 1])
