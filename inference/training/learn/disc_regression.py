"""Fit logistic regressions on disc measurements."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading.disc_measures import measures
from inference.models.discnet import DiscNetConfig, Lines
from inference.training.data.disc_cases import Cases
from inference.training.learn.disc_loss import class_weights, loss_of

#: Weight of the squared slopes in the loss (ridge penalty).
SHRINK = 0.01


def table(cases: Cases) -> Tensor:
    """(n, measures) of all discs; nan where a measure is missing."""
    rows = [measures(*disc) for disc in zip(cases.images, cases.present, cases.labels, strict=True)]
    return torch.tensor(rows, dtype=torch.float32)


def fit(
    measured: Tensor, place: NDArray[np.int64], answers: NDArray[np.int64], config: DiscNetConfig, rare: float = 0.0
) -> Lines:
    """The likeliest regressions with a penalty of `SHRINK` on squared slopes; rare classes weigh more by a power."""
    regression, truth, places = Lines(config), torch.from_numpy(answers), torch.from_numpy(place)
    for k, column in enumerate(measured.T.numpy()):
        finite = column[np.isfinite(column)]
        regression.middle[k] = float(np.median(finite)) if len(finite) else 0.0
        regression.width[k] = max(float(finite.std()), 1e-6) if len(finite) else 1.0
    weights = class_weights(answers, rare)
    optimiser = torch.optim.LBFGS(regression.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        penalty = torch.stack(
            [slopes.square().sum() for slopes in regression.heads.parameters() if slopes.dim() > 1]
        ).mean()
        loss = loss_of(regression(measured, places), truth, config.ordinal, weights) + SHRINK * penalty
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return regression.eval()
