"""What is chosen after training: temperatures, shares of networks and regressions, and thresholds of probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading.discs import decide
from inference.models.discnet import mixed, tempered
from inference.types import DiscQuestion, FloatArray

#: Range and number of the temperatures that are tried.
RANGE, STEPS = (0.3, 5.0), 81


def balanced_accuracy(truth: NDArray[np.int64], answer: NDArray[np.int64]) -> float:
    """The mean of the classes' shares of right answers; classes without a disc are left out."""
    return float(np.mean([np.mean(answer[truth == value] == value) for value in np.unique(truth)]))


def temperatures(probabilities_at: Callable[[Tensor], Sequence[Tensor]], answers: NDArray[np.int64]) -> Tensor:
    """For each question the temperature with which the truth is likeliest (Guo et al., ICML 2017).

    probabilities_at: from a temperature for each question to probabilities (n, classes) of held-out discs.
    answers: (n, questions), -1 where unknown.
    """
    count = answers.shape[1]
    candidates = torch.logspace(np.log10(RANGE[0]), np.log10(RANGE[1]), STEPS)
    losses = torch.stack(
        [negative_log_likelihood(probabilities_at(temperature.expand(count)), answers) for temperature in candidates]
    )
    return candidates[losses.argmin(dim=0)]


def negative_log_likelihood(probabilities: Sequence[Tensor], answers: NDArray[np.int64]) -> Tensor:
    """The mean negative logarithm of the truth's probability, (questions,)."""
    losses = []
    for probability, answer in zip(probabilities, torch.from_numpy(answers).T, strict=True):
        rows = answer >= 0
        truth = answer[rows]
        losses.append(-probability[rows][torch.arange(len(truth)), truth].clamp(min=1e-9).log().mean())
    return torch.stack(losses)


def confidence_temperature(probabilities: Tensor, answer: NDArray[np.int64]) -> float:
    """The temperature at which the mean probability of the given (median) grade equals the share of right grades.

    chance: (n, grades) of held-out discs. answer: (n,), -1 where unknown. The likeliest temperature is too high for
    the given grade: a few grades far off dominate it.
    """
    rows = answer >= 0
    truth, gaps = answer[rows], []
    candidates = torch.logspace(np.log10(RANGE[0]), np.log10(RANGE[1]), STEPS)
    for temperature in candidates:
        probability = tempered([probabilities], temperature[None])[0].double().numpy()[rows]
        predicted = np.array([decide(row, None) for row in probability])
        gaps.append(abs(float(probability[np.arange(len(predicted)), predicted].mean() - (predicted == truth).mean())))
    return float(candidates[int(np.argmin(gaps))])


def network_shares(
    by_networks: Sequence[Tensor], by_regressions: Sequence[Tensor], answers: NDArray[np.int64]
) -> Tensor:
    """For each question the weight of the networks against the logistic regressions at which the truth is likeliest."""
    candidates = torch.linspace(0, 1, 11)
    losses = [
        negative_log_likelihood(mixed(by_networks, by_regressions, share.expand(len(by_networks))), answers)
        for share in candidates
    ]
    return candidates[torch.stack(losses).argmin(dim=0)]


def decision_thresholds(probabilities: Sequence[FloatArray], answers: NDArray[np.int64]) -> dict[DiscQuestion, float]:
    """For every yes-or-no question, and for Modic, the least probability of a finding at which it is reported.

    It gives the highest balanced accuracy of the finding's presence.
    """
    thresholds: dict[DiscQuestion, float] = {}
    for question, probability, answer in zip(DiscQuestion, probabilities, answers.T, strict=True):
        if question is DiscQuestion.PFIRRMANN:
            continue
        rows = answer >= 0
        truth, finding = (answer[rows] > 0).astype(np.int64), 1 - probability[rows, 0]
        candidates = np.quantile(finding, np.linspace(0.02, 0.98, 97))
        # Smoothed, because a single best value may be chance.
        scores = np.convolve(
            [balanced_accuracy(truth, (finding >= threshold).astype(np.int64)) for threshold in candidates],
            np.ones(5) / 5,
            "same",
        )
        thresholds[question] = float(candidates[2 + int(np.argmax(scores[2:-2]))])
    return thresholds


def predicted_answers(probabilities: Sequence[FloatArray], thresholds: dict[DiscQuestion, float]) -> NDArray[np.int64]:
    """The reported answers, (n, questions), counted from 0."""
    return np.array(
        [
            [decide(row, thresholds.get(question)) for row in probability]
            for question, probability in zip(DiscQuestion, probabilities, strict=True)
        ],
        np.int64,
    ).T
