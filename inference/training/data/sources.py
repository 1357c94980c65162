"""Where training samples come from: real patients, simulated ones, or both in equal parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.models.runtime import Network
from inference.training.data import ignored_pixels, simulated, spider
from inference.training.data.pseudo_labels import slabs as taught_slabs
from inference.training.data.slab import Slab, collate
from inference.training.data.spider import Case
from inference.types import Segmentation, Volume

#: Simulated patients kept back to follow a run.
HELD_BACK = 2


class Source(StrEnum):
    """Whose images a model learns from."""

    REAL = "real"
    SIMULATED = "simulated"
    BOTH = "both"


@dataclass(frozen=True)
class Material:
    """groups: slabs that share every batch in equal parts. tune: cases that choose the checkpoint, by origin."""

    groups: list[list[Slab]]
    tune: list[list[Case]]

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


def gather(source: Source, data: Path | None, rendered: Path | None, teacher: Network | None = None) -> Material:
    """Load what `source` needs. Simulated patients alone are tuned on simulated patients alone.

    data: folder that holds ``spider/``. rendered: folder of `simulated.write`.
    teacher: network that labels real mid-sagittal images; without one they are not used.
    Raises ValueError when a folder that is needed is not given or is empty.
    """
    real, tune_real = _real(data) if source is not Source.SIMULATED else ([], [])
    made, tune_made = _made(rendered) if source is not Source.REAL else ([], [])
    taught = list(taught_slabs(data, teacher)) if data is not None and teacher is not None else []
    taught = [ignored_pixels.without_sacrum(slab) for slab in taught]
    # Half of the samples are real volumes where there are others: their labels alone were drawn by people.
    groups = [group for group in (real, real, taught, made) if group]
    return Material(groups, [cases for cases in (tune_real, tune_made) if cases])


def _real(data: Path | None) -> tuple[list[Slab], list[Case]]:
    if data is None:
        raise ValueError("Real patients are wanted, and no folder with spider/ is given.")
    train_on, tune_on, _ = spider.split(data)
    cases = (spider.load(data, patient) for patient in train_on)
    slabs = [ignored_pixels.without_sacrum(Slab.of(case.volume, case.truth)) for case in cases]
    return slabs, [spider.load(data, patient) for patient in tune_on]


def _made(rendered: Path | None) -> tuple[list[Slab], list[Case]]:
    """Slabs to train on, and those of the last patients to tune on."""
    files = simulated.files(rendered) if rendered is not None else []
    if len(files) <= HELD_BACK:
        raise ValueError(f"Simulated patients are wanted, and there are too few rendered in {rendered}.")
    train_on = [ignored_pixels.without_end_of_sac(slab) for path in files[:-HELD_BACK] for slab in simulated.load(path)]
    held = [slab for path in files[-HELD_BACK:] for slab in simulated.load(path)]
    return train_on, [_case(number, slab) for number, slab in enumerate(held)]


def _case(number: int, slab: Slab) -> Case:
    return Case(number, Volume(slab.image.astype(np.float32), slab.affine), Segmentation(slab.labels, slab.affine))
