"""How good the grades of a grader are: balanced accuracy with its interval, calibration, confusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading.thresholds import canal_grade
from inference.models.gradenet import HEADS, GradeNet
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import AP, AREA, Levels, Shown
from inference.training.scores import agreement, calibration
from inference.training.scores.calibration import Reliability
from inference.types import GRADES

#: Draws of patients for an interval.
DRAWS = 400


def answers(network: GradeNet, levels: Levels, shown: Shown) -> Tensor:
    """Logits (n, 5, 4) of the first cut of every level, divided by the temperatures."""
    out = []
    for start in range(0, len(levels), 50):
        rows = np.arange(start, min(start + 50, len(levels)))
        x = grade_cuts.inputs(
            levels, rows, np.zeros(len(rows), dtype=np.int64), shown, np.random.default_rng([47, start])
        )
        with torch.inference_mode():
            out.append((network(x.on(network.temperature.device)) / network.temperature[:, None]).cpu())
    return torch.cat(out)


def balanced_accuracy(truth: Tensor, said: Tensor) -> float:
    """Mean over the grades that occur of the share of them that was said."""
    recalls = [
        float((said[truth == grade] == grade).float().mean()) for grade in range(len(GRADES)) if (truth == grade).any()
    ]
    return float(np.mean(recalls)) if recalls else 0.0


def calibration_error(truth: Tensor, chances: Tensor) -> float:
    """Expected calibration error of the top grade (Guo et al., ICML 2017). chances: (n, 4)."""
    top, said = chances.max(dim=1)
    return agreement.calibration_error((said == truth).numpy(), top.double().numpy())


@dataclass(frozen=True)
class Score:
    """One site. low, high: of the balanced accuracy, 95 of 100 draws of patients."""

    site: str
    balanced: float
    low: float
    high: float
    within_one: float
    calibration: Reliability
    confusion: NDArray[np.int64]


def score(levels: Levels, logits: Tensor, number: int, against: str = "truth") -> Score:
    """The figures of site `number` of `HEADS`, of levels that have a label there. against: ``truth`` or ``report``."""
    every = grade_cuts.labels(levels, against)[:, number]
    known = every >= 0
    truth, logits = every[known], logits[known]
    said = logits[:, number].argmax(dim=1)
    patients = levels.seed[known.numpy()]
    low, high = _interval(patients, truth, said)
    confusion = np.zeros((len(GRADES), len(GRADES)), dtype=np.int64)
    np.add.at(confusion, (truth.numpy(), said.numpy()), 1)
    return Score(
        HEADS[number],
        balanced_accuracy(truth, said),
        low,
        high,
        float(((truth - said).abs() <= 1).float().mean()),
        calibration.of(HEADS[number], patients, truth.numpy(), logits[:, number].double().softmax(dim=1).numpy()),
        confusion,
    )


def _interval(seeds: NDArray[np.int64], truth: Tensor, said: Tensor) -> tuple[float, float]:
    """Of the balanced accuracy, patients drawn with replacement."""
    rng = np.random.default_rng(53)
    rows = [np.flatnonzero(seeds == seed) for seed in np.unique(seeds)]
    drawn = []
    for _ in range(DRAWS):
        chosen = torch.from_numpy(np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))]))
        drawn.append(balanced_accuracy(truth[chosen], said[chosen]))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def by_rule(levels: Levels) -> Tensor:
    """(n,): the canal's grades by the product's measured thresholds, from true sizes: the best that a rule can do."""
    grades = [str(canal_grade(ap, area)[0]) for ap, area in levels.sizes[:, [AP, AREA]].tolist()]
    return torch.tensor([GRADES.index(grade) for grade in grades])
