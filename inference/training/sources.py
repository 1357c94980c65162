"""Where training samples come from: real patients, simulated ones, or both in equal parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.training import simulated, spider
from inference.training.slab import Slab, collate
from inference.training.spider import Case
from inference.types import Segmentation, Volume

#: Simulated slabs kept back to follow a run that must not look at real patients.
HELD_BACK = 4


class Source(StrEnum):
    """Whose images a model learns from."""

    REAL = "real"
    SIMULATED = "simulated"
    BOTH = "both"


@dataclass(frozen=True)
class Material:
    """groups: slabs that share every batch in equal parts. tune: cases that choose the checkpoint."""

    groups: list[list[Slab]]
    tune: list[Case]

    def batch(self, rng: np.random.Generator, size: int, context: int) -> tuple[Tensor, Tensor, Tensor]:
        """`size` random samples as (size, context, rows, columns) and (size, rows, columns).

        The third answer, (size,), says whose labels know the sacrum.
        """
        chosen = []
        for place in range(size):
            group = self.groups[place % len(self.groups)]
            chosen.append(group[int(rng.integers(len(group)))])
        images, labels = collate([slab.draw(rng, context) for slab in chosen])
        return images, labels, torch.tensor([slab.whole for slab in chosen])


def gather(source: Source, data: Path | None, rendered: Path | None) -> Material:
    """Load what `source` needs. Simulated patients alone are tuned on simulated patients alone.

    data: folder that holds ``spider/``. rendered: folder of `simulated.write`.
    Raises ValueError when a folder that is needed is not given or is empty.
    """
    real, tune = _real(data) if source is not Source.SIMULATED else ([], [])
    made = _made(rendered) if source is not Source.REAL else []
    if source is Source.SIMULATED:
        made, held = made[:-HELD_BACK], made[-HELD_BACK:]
        tune = [_case(number, slab) for number, slab in enumerate(held)]
    # Two of three samples are real where there are both: simulated patients teach what the real ones lack.
    return Material([group for group in (real, real, made) if group], tune)


def _real(data: Path | None) -> tuple[list[Slab], list[Case]]:
    if data is None:
        raise ValueError("Real patients are wanted, and no folder with spider/ is given.")
    train_on, tune_on, _ = spider.split(data)
    cases = (spider.load(data, patient) for patient in train_on)
    return [Slab.of(case.volume, case.truth) for case in cases], [spider.load(data, patient) for patient in tune_on]


def _made(rendered: Path | None) -> list[Slab]:
    slabs = simulated.load(rendered) if rendered is not None else []
    if len(slabs) <= HELD_BACK:
        raise ValueError(f"Simulated patients are wanted, and there are too few rendered in {rendered}.")
    return slabs


def _case(number: int, slab: Slab) -> Case:
    return Case(number, Volume(slab.image.astype(np.float32), slab.affine), Segmentation(slab.labels, slab.affine))
