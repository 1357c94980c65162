"""What is chosen once a network has learnt: temperatures, and from which probability on a finding is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading.discs import decide
from inference.models.discnet import mixed, tempered
from inference.types import DiscQuestion, FloatArray

#: Temperatures are looked for between these.
RANGE, STEPS = (0.3, 5.0), 81


def balanced_accuracy(truth: NDArray[np.int64], answer: NDArray[np.int64]) -> float:
    """The mean over the classes that there are of the share that was answered rightly."""
    return float(np.mean([np.mean(answer[truth == value] == value) for value in np.unique(truth)]))


def temperatures(make: Callable[[Tensor], Sequence[Tensor]], answers: NDArray[np.int64]) -> Tensor:
    """For each question the temperature with which the truth is likeliest (Guo et al., ICML 2017).

    make: from a temperature for each question to probabilities (n, classes) of discs that were never learnt from.
    answers: (n, questions), -1 where unknown.
    """
    count = answers.shape[1]
    tried = torch.logspace(np.log10(RANGE[0]), np.log10(RANGE[1]), STEPS)
    unlikely = torch.stack([unlikeliness(make(one.expand(count)), answers) for one in tried])
    return tried[unlikely.argmin(dim=0)]


def unlikeliness(chance: Sequence[Tensor], answers: NDArray[np.int64]) -> Tensor:
    """The mean negative logarithm of the truth's probability, (questions,)."""
    out = []
    for told, answer in zip(chance, torch.from_numpy(answers).T, strict=True):
        rows = answer >= 0
        known = answer[rows]
        out.append(-told[rows][torch.arange(len(known)), known].clamp(min=1e-9).log().mean())
    return torch.stack(out)


def sureness(chance: Tensor, answer: NDArray[np.int64]) -> float:
    """The temperature with which the middle grade is given with the probability, in the mean, that it is right.

    chance: (n, grades) of discs that were never learnt from. answer: (n,), -1 where unknown. The likeliest temperature
    is too high for the grade that is given: a few grades far off weigh most in it.
    """
    rows = answer >= 0
    known, off = answer[rows], []
    tried = torch.logspace(np.log10(RANGE[0]), np.log10(RANGE[1]), STEPS)
    for one in tried:
        told = tempered([chance], one[None])[0].double().numpy()[rows]
        given = np.array([decide(row, None) for row in told])
        off.append(abs(float(told[np.arange(len(given)), given].mean() - (given == known).mean())))
    return float(tried[int(np.argmin(off))])


def shares(seen: Sequence[Tensor], measured: Sequence[Tensor], answers: NDArray[np.int64]) -> Tensor:
    """For each question how much the networks count beside the lines: in tenths, where the truth is likeliest."""
    tried = torch.linspace(0, 1, 11)
    each = [unlikeliness(mixed(seen, measured, one.expand(len(seen))), answers) for one in tried]
    return tried[torch.stack(each).argmin(dim=0)]


def told_from(chance: Sequence[FloatArray], answers: NDArray[np.int64]) -> dict[DiscQuestion, float]:
    """For every question of yes and no, and for Modic, the least probability of a finding at which it is told.

    That with the highest balanced accuracy of *there is one*.
    """
    cuts: dict[DiscQuestion, float] = {}
    for question, told, answer in zip(DiscQuestion, chance, answers.T, strict=True):
        if question is DiscQuestion.PFIRRMANN:
            continue
        rows = answer >= 0
        truth, finding = (answer[rows] > 0).astype(np.int64), 1 - told[rows, 0]
        tried = np.quantile(finding, np.linspace(0.02, 0.98, 97))
        # The middle of the best stretch: a single best value is chance.
        scores = np.convolve(
            [balanced_accuracy(truth, (finding >= cut).astype(np.int64)) for cut in tried], np.ones(5) / 5, "same"
        )
        cuts[question] = float(tried[2 + int(np.argmax(scores[2:-2]))])
    return cuts


def decided(chance: Sequence[FloatArray], cuts: dict[DiscQuestion, float]) -> NDArray[np.int64]:
    """The answers that are given, (n, questions), counted from 0."""
    return np.array(
        [[decide(row, cuts.get(q)) for row in told] for q, told in zip(DiscQuestion, chance, strict=True)], np.int64
    ).T
