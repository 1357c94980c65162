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
from inference.training.data.pseudo_labels import slabs as pseudo_labelled_slabs
from inference.training.data.slab import Slab, collate
from inference.training.data.spider import Case
from inference.types import Segmentation, Volume

#: Number of simulated patients held back for tuning.
HELD_BACK = 2


class Source(StrEnum):
    """Which patients a model is trained on."""

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

        The third value, (size,), says which samples' labels include the sacrum.
        """
        chosen = []
        for place in range(size):
            group = self.groups[place % len(self.groups)]
            chosen.append(group[int(rng.integers(len(group)))])
        images, labels = collate([slab.draw(rng, context) for slab in chosen])
        return images, labels, torch.tensor([slab.whole for slab in chosen])


def gather(source: Source, data: Path | None, rendered: Path | None, teacher: Network | None = None) -> Material:
    """Load what `source` needs. A run on simulated patients alone is tuned on simulated patients alone.

    data: folder that holds ``spider/``. rendered: folder of `simulated.write`.
    teacher: network that labels real mid-sagittal images; without one they are not used.
    Raises ValueError when a folder that is needed is not given or is empty.
    """
    real, tune_real = _real(data) if source is not Source.SIMULATED else ([], [])
    rendered_slabs, tune_rendered = _simulated(rendered) if source is not Source.REAL else ([], [])
    pseudo_labelled = list(pseudo_labelled_slabs(data, teacher)) if data is not None and teacher is not None else []
    pseudo_labelled = [ignored_pixels.without_sacrum(slab) for slab in pseudo_labelled]
    # Real volumes are half of the samples of a mixed run, because only their labels were drawn by readers.
    groups = [group for group in (real, real, pseudo_labelled, rendered_slabs) if group]
    return Material(groups, [cases for cases in (tune_real, tune_rendered) if cases])


def _real(data: Path | None) -> tuple[list[Slab], list[Case]]:
    if data is None:
        raise ValueError("Training on real patients needs the folder that holds spider/.")
    train_on, tune_on, _ = spider.split(data)
    cases = (spider.load(data, patient) for patient in train_on)
    slabs = [ignored_pixels.without_sacrum(Slab.of(case.volume, case.truth)) for case in cases]
    return slabs, [spider.load(data, patient) for patient in tune_on]


def _simulated(rendered: Path | None) -> tuple[list[Slab], list[Case]]:
    """Slabs to train on, and those of the last patients to tune on."""
    files = simulated.files(rendered) if rendered is not None else []
    if len(files) <= HELD_BACK:
        raise ValueError(f"Training on simulated patients needs more rendered patients than there are in {rendered}.")
    train_on = [ignored_pixels.without_end_of_sac(slab) for path in files[:-HELD_BACK] for slab in simulated.load(path)]
    held_back = [slab for path in files[-HELD_BACK:] for slab in simulated.load(path)]
    return train_on, [_case(number, slab) for number, slab in enumerate(held_back)]


def _case(number: int, slab: Slab) -> Case:
    return Case(number, Volume(slab.image.astype(np.float32), slab.affine), Segmentation(slab.labels, slab.affine))
