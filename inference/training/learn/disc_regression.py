"""Fit the straight lines through measurements of discs (logistic regression)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading.disc_measures import measures
from inference.models.discnet import DiscNetConfig, Lines
from inference.training.data.disc_cases import Cases
from inference.training.learn.disc_loss import class_weights, loss_of

#: Costs of squared slopes beside the loss.
SHRINK = 0.01


def table(cases: Cases) -> Tensor:
    """(n, measures) of all discs; nan where something was not seen."""
    rows = [measures(*one) for one in zip(cases.images, cases.present, cases.labels, strict=True)]
    return torch.tensor(rows, dtype=torch.float32)


def fit(
    measured: Tensor, place: NDArray[np.int64], answers: NDArray[np.int64], config: DiscNetConfig, rare: float = 0.0
) -> Lines:
    """The likeliest lines with a penalty of `SHRINK` on their squared slopes; rare classes weigh more by a power."""
    lines, known, at = Lines(config), torch.from_numpy(answers), torch.from_numpy(place)
    for k, column in enumerate(measured.T.numpy()):
        seen = column[np.isfinite(column)]
        lines.middle[k] = float(np.median(seen)) if len(seen) else 0.0
        lines.width[k] = max(float(seen.std()), 1e-6) if len(seen) else 1.0
    weights = class_weights(answers, rare)
    optimiser = torch.optim.LBFGS(lines.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        penalty = torch.stack([slopes.square().sum() for slopes in lines.heads.parameters() if slopes.dim() > 1]).mean()
        loss = loss_of(lines(measured, at), known, config.ordinal, weights) + SHRINK * penalty
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return lines.eval()
