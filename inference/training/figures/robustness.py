"""Whether the names of discs stay when the same patient is scanned or stored in another way (`rescanned`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import StudyError
from inference.images import geometry
from inference.models.registry import Model
from inference.simulate.truth.study_truth import anatomy_of
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import rescanned, spider, spoilt
from inference.training.figures.segment import FOUND_MM
from inference.types import LUMBAR_LEVELS, FloatArray, Volume

#: Where each disc is, by name, LPS mm.
Places = dict[str, FloatArray]


@dataclass(frozen=True)
class Row:
    """One patient under one change. right: discs of the right name and place, of `discs` within the images.

    told: whether a warning says that names are uncertain or discs missing, or the study was refused.
    """

    change: str
    real: bool
    right: int
    discs: int
    told: bool


def real(model: Model, data: Path, patients: Sequence[int] = spider.REPORT) -> Iterator[Row]:
    """All changes of the real T2 SPACE patients left out; `data` is the folder that holds ``spider/``."""
    for number in patients:
        case = spider.load(data, number)
        places = {disc.level: disc.centre_mm for disc in localise(case.truth).discs if disc.level in LUMBAR_LEVELS}
        yield from _rows(model, case.volume, places, True)


def simulated(model: Model, patients: int, seed: int) -> Iterator[Row]:
    """All changes of simulated patients `seed`, `seed` + 1, ..., scanned as hospitals do."""
    for number in range(seed, seed + patients):
        made = spoilt.make("clean", number)
        layout = anatomy_of(made.patient).layout
        places = {level: layout.discs[level].centre_mm for level in LUMBAR_LEVELS}
        yield from _rows(model, made.volume, places, False)


def _rows(model: Model, volume: Volume, places: Places, real: bool) -> Iterator[Row]:
    for name, change in rescanned.CHANGES.items():
        now = change(volume, np.random.default_rng(7))
        there = {level: geometry.apply(now.moved, place) for level, place in places.items()}
        seen = {level: place for level, place in there.items() if _inside(now.volume, place)}
        try:
            spine = localise(segment(model.run, now.volume))
        except StudyError:
            yield Row(name, real, 0, len(seen), True)
            continue
        found = {disc.level: disc.centre_mm for disc in spine.discs}
        near = [level in found and bool(np.linalg.norm(found[level] - seen[level]) < FOUND_MM) for level in seen]
        yield Row(name, real, sum(near), len(seen), bool(spine.notices))


def _inside(volume: Volume, place: FloatArray) -> bool:
    index = geometry.apply(geometry.inverse(volume.affine), place)
    return bool(((index >= 0) & (index <= np.array(volume.array.shape) - 1)).all())


def markdown(table: list[Row]) -> str:
    """A line per change: discs named rightly, patients with every name right, and of the others how many were told."""
    lines = [
        "| change | real discs | real patients | simulated discs | simulated patients | wrong and not told |",
        "|" + "---|" * 6,
    ]
    for change in dict.fromkeys(row.change for row in table):
        mine = [row for row in table if row.change == change]
        cells = [_cells([row for row in mine if row.real is real]) for real in (True, False)]
        silent = sum(row.right < row.discs and not row.told for row in mine)
        lines.append(f"| {change} | {cells[0]} | {cells[1]} | {silent} |")
    return "\n".join(lines)


def _cells(rows: list[Row]) -> str:
    if not rows:
        return "- | -"
    whole = sum(row.right == row.discs for row in rows)
    return f"{sum(row.right for row in rows)} of {sum(row.discs for row in rows)} | {whole} of {len(rows)}"
