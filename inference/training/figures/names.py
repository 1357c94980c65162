"""Names of discs and the curve on sagittal series of simulated patients, ordinary ones and those hard to number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference.errors import StudyError
from inference.models.registry import Model
from inference.simulate.truth.study_truth import anatomy_of
from inference.spine import designate
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import spoilt
from inference.training.figures.segment import FOUND_MM
from inference.training.figures.spine import LUMBAR
from inference.types import LUMBAR_LEVELS, Numbering

#: Series in which five ordinary lumbar vertebrae and the sacrum are seen.
ORDINARY = ("clean", "ill", "operated", "suppressed", "stir", "t1", "scoliotic")


@dataclass(frozen=True)
class Row:
    """One series. right: discs of the right name and place, of five; curve_mm: largest distance of a true disc or body
    centre of the lumbar spine to the curve; flagged: whether the numbering is said to be doubtful."""

    kind: str
    seed: int
    right: int
    curve_mm: float
    flagged: bool
    refused: bool = False


def rows(model: Model, patients: int, seed: int) -> Iterator[Row]:
    """Patients `seed`, `seed` + 1, ... of every kind; other patients in each."""
    for place, kind in enumerate((*ORDINARY, *spoilt.VARIANTS)):
        first = seed + place * patients
        yield from (_row(model, spoilt.make(kind, number), number) for number in range(first, first + patients))


def _row(model: Model, made: spoilt.Spoilt, seed: int) -> Row:
    layout = anatomy_of(made.patient).layout
    centres = {name: place.centre_mm for name, place in (layout.discs | layout.bodies).items()}
    try:
        spine = localise(segment(model.run, made.volume))
    except StudyError:
        return Row(made.kind, seed, 0, float("nan"), True, refused=True)
    places = {disc.level: disc.centre_mm for disc in spine.discs}
    near = [
        bool(np.linalg.norm(places[level] - centres[level]) < FOUND_MM)
        for level in LUMBAR_LEVELS
        if level in places and level in centres
    ]
    wanted = [centres[name] for name in (*LUMBAR_LEVELS, *LUMBAR) if name in centres]
    miss = max(float(np.linalg.norm(spine.curve.points_mm - centre, axis=1).min()) for centre in wanted)
    return Row(made.kind, seed, sum(near), miss, flagged(spine.numbering))


def flagged(numbering: Numbering) -> bool:
    """Whether a reader is told to check the count."""
    doubtful = numbering.alternative_probability >= designate.LEAST_REPORTED
    return bool(numbering.transitional) or doubtful or numbering.lowest != LUMBAR_LEVELS[-1]


def markdown(table: list[Row]) -> str:
    """A line per kind, and all ordinary ones together. All are of simulated patients."""
    lines = [
        "| series | patients | every name right | told to check | curve, largest error, median (worst) mm |",
        "|---" * 5 + "|",
    ]
    kinds = list(dict.fromkeys(row.kind for row in table))
    lines += [_line(kind, [row for row in table if row.kind == kind]) for kind in kinds if kind in ORDINARY]
    lines.append(_line("**all ordinary**", [row for row in table if row.kind in ORDINARY]))
    lines += [_line(kind, [row for row in table if row.kind == kind]) for kind in kinds if kind not in ORDINARY]
    return "\n".join(lines)


def _line(name: str, rows: list[Row]) -> str:
    whole = sum(row.right == len(LUMBAR_LEVELS) for row in rows)
    told = sum(row.flagged for row in rows)
    miss = np.array([row.curve_mm for row in rows])
    return f"| {name} | {len(rows)} | {whole} | {told} | {np.nanmedian(miss):.1f} ({np.nanmax(miss):.1f}) |"
