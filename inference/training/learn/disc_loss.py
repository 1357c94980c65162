"""The questions about a disc, and the loss of their answers."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.types import DiscQuestion

#: Number of classes of each question.
ANSWERS = tuple({DiscQuestion.PFIRRMANN: 5, DiscQuestion.MODIC: 4}.get(question, 2) for question in DiscQuestion)


def class_weights(answers: NDArray[np.int64], power: float) -> list[Tensor]:
    """For each question the weights of its classes, 1 in the mean over the discs; the rarer, the more, by a power.

    answers: (n, questions), counted from 0; -1 where unknown.
    """
    weights_by_question = []
    for column, classes in zip(answers.T, ANSWERS, strict=True):
        counts = np.bincount(column[column >= 0], minlength=classes).clip(min=1)
        weights = (1.0 / counts) ** power
        weights_by_question.append(torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32))
    return weights_by_question


def loss_of(logits: list[Tensor], answers: Tensor, ordinal: tuple[bool, ...], weights: list[Tensor]) -> Tensor:
    """The mean over the questions of cross-entropy, or where ordered of the cumulative logits' binary ones.

    answers: (batch, questions); -1 is left out.
    """
    losses = []
    for value, answer, ordered, weight in zip(logits, answers.T, ordinal, weights, strict=True):
        target = answer.clamp(min=0)
        if ordered:
            above = (target[:, None] > torch.arange(value.shape[1])).to(value.dtype)
            per_disc = F.binary_cross_entropy_with_logits(value, above, reduction="none").sum(dim=1)
        else:
            per_disc = F.cross_entropy(value, target, reduction="none")
        known = (answer >= 0).to(per_disc.dtype)
        losses.append((per_disc * weight[target] * known).sum() / known.sum().clamp(min=1))
    return torch.stack(losses).mean()
