"""What is asked of a disc, and what a wrong answer costs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.types import DiscQuestion

#: Classes of each question.
ANSWERS = tuple({DiscQuestion.PFIRRMANN: 5, DiscQuestion.MODIC: 4}.get(question, 2) for question in DiscQuestion)


def class_weights(given: NDArray[np.int64], power: float) -> list[Tensor]:
    """For each question the weights of its classes, 1 in the mean over the discs; the rarer, the more, by a power.

    given: (n, questions) answers counted from 0; -1 where nobody answered.
    """
    out = []
    for answers, classes in zip(given.T, ANSWERS, strict=True):
        counts = np.bincount(answers[answers >= 0], minlength=classes).clip(min=1)
        weights = (1.0 / counts) ** power
        out.append(torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32))
    return out


def loss_of(logits: list[Tensor], answers: Tensor, ordinal: tuple[bool, ...], weights: list[Tensor]) -> Tensor:
    """The mean over the questions of cross-entropy, or of the cuts' binary ones where ordered; -1 is left out.

    answers: (batch, questions).
    """
    losses = []
    for value, answer, ordered, weight in zip(logits, answers.T, ordinal, weights, strict=True):
        given = answer.clamp(min=0)
        if ordered:
            above = (given[:, None] > torch.arange(value.shape[1])).to(value.dtype)
            each = F.binary_cross_entropy_with_logits(value, above, reduction="none").sum(dim=1)
        else:
            each = F.cross_entropy(value, given, reduction="none")
        known = (answer >= 0).to(each.dtype)
        losses.append((each * weight[given] * known).sum() / known.sum().clamp(min=1))
    return torch.stack(losses).mean()
