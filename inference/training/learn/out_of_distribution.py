"""Fit the out-of-distribution detector of a grader on its training images (`inference.models.out_of_distribution`).

python -m inference train grade-out-of-distribution --rendered DIR --weights DIR --version 1.0.1
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.models import registry
from inference.models.gradenet import GradeNet, Inputs
from inference.models.out_of_distribution import KEYS, SERIES, WITHIN, numbers_of, seen_of
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import Levels, Shown

#: Number of levels in a batch.
BATCH = 128
SEED = 71

Numbers = dict[tuple[str, str], Tensor]


def fit(folder: Path, levels: Levels, tune: Levels, version: str | None = None) -> None:
    """Fit the distributions of the grader in `folder` and write it back, as `version` if given.

    Images are augmented as in training: those of another scanner are not out of distribution.
    """
    model = registry.load_folder(folder, "grade")
    network: GradeNet = model.network
    network.familiar.fit(numbers(network, levels, as_varied(SEED)), numbers(network, tune, as_varied(SEED + 1)))
    facts = {"within": WITHIN, "limits_by": f"{len(tune)} tuning levels, varied as in training", "series": list(SERIES)}
    card = {**model.card, "familiar": facts, "version": version or model.version}
    registry.save(network, card, folder)


def as_varied(seed: int) -> Callable[[Inputs], Inputs]:
    """Images as other scanners would show them, nothing missing."""
    generator = torch.Generator().manual_seed(seed)

    def change(x: Inputs) -> Inputs:
        varied = grade_cuts.varied(x, generator)
        return replace(x, sagittal=varied.sagittal, axial=varied.axial)

    return change


def batches(levels: Levels, change: Callable[[Inputs], Inputs]) -> list[Inputs]:
    """The first crop of every level, changed."""
    parts = np.array_split(np.arange(len(levels)), -(-len(levels) // BATCH))
    return [
        change(grade_cuts.inputs(levels, rows, np.zeros(len(rows), np.int64), Shown.BOTH, np.random.default_rng(0)))
        for rows in parts
    ]


def numbers(network: GradeNet, levels: Levels, change: Callable[[Inputs], Inputs]) -> Numbers:
    """The features of the levels that have the series, by series and kind of feature (`KEYS`)."""
    by_key: dict[tuple[str, str], list[Tensor]] = {key: [] for key in KEYS}
    for x in batches(levels, change):
        present, level_numbers = seen_of(x), numbers_of(network, x)
        for key in KEYS:
            by_key[key].append(level_numbers[key][present[:, SERIES.index(key[0])]])
    return {key: torch.cat(parts) for key, parts in by_key.items()}
