"""Scores of the disc model: agreement, balanced accuracy, calibration, with confidence intervals over patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.training.scores.disc_thresholds import balanced_accuracy, predicted_answers
from inference.types import DiscQuestion, FloatArray

Ints = NDArray[np.int64]

#: Number of bins of the calibration error, and of draws of the bootstrap.
BINS, DRAWS = 10, 1000


def quadratic_kappa(truth: Ints, answer: Ints, classes: int) -> float:
    """Cohen's kappa with quadratic weights (Cohen, Psychological Bulletin 1968); nan if all discs are of one class."""
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, (truth, answer), 1)
    distance = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    by_chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / max(confusion.sum(), 1)
    expected = float((distance * by_chance).sum())
    return 1 - float((distance * confusion).sum()) / expected if expected else float("nan")


def calibration_error(correct: NDArray[np.bool_], probability: FloatArray) -> float:
    """Expected calibration error of probabilities, ten bins of equal width (Naeini, Cooper, Hauskrecht, AAAI 2015).

    correct: whether the answer that was given with `probability` is true.
    """
    bin_of = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [abs(float(probability[bin_of == b].sum() - correct[bin_of == b].sum())) for b in range(BINS)]
    return sum(gaps) / len(probability)


def reliability_bins(
    truth: NDArray[np.bool_], probability: FloatArray, edges: tuple[float, ...]
) -> list[tuple[int, float, float]]:
    """(count, mean probability, share true) of the answers with a probability between neighbouring edges."""
    bin_of = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    rows = [bin_of == b for b in range(len(edges) - 1)]
    return [
        (int(r.sum()), float(probability[r].mean()), float(truth[r].mean())) if r.any() else (0, 0.0, 0.0) for r in rows
    ]


def area_under_curve(truth: NDArray[np.bool_], probability: FloatArray) -> float:
    """The probability that a disc with the finding has a higher `probability` than one without (Mann-Whitney)."""
    positive, negative = probability[truth], probability[~truth]
    if not len(positive) or not len(negative):
        return float("nan")
    higher = np.sign(np.subtract.outer(positive, negative))
    return float(0.5 + 0.5 * higher.mean())


def spread(patient: Ints, figure: Callable[[Ints], float], draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a figure when whole patients are drawn with replacement (bootstrap).

    figure: function of row numbers, which may repeat.
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(patient == number) for number in np.unique(patient)]
    drawn = [rng.integers(len(rows), size=len(rows)) for _ in range(draws)]
    figures = [figure(np.concatenate([rows[k] for k in patients])) for patients in drawn]
    low, high = np.nanpercentile(figures, (2.5, 97.5))
    return float(low), float(high)


@dataclass(frozen=True)
class Figure:
    """Scores of the answers to one question, some with their 95 % interval over patients.

    with_finding: number of `discs` with the finding (a grade of 4 or 5 for Pfirrmann). auc: of the finding's presence.
    sensitivity, specificity: of the answers given. calibration: expected calibration error of the finding's
    probability; for Pfirrmann of the given grade's.
    """

    question: DiscQuestion
    discs: int
    with_finding: int
    balanced: float
    balanced_spread: tuple[float, float]
    kappa: float
    kappa_spread: tuple[float, float]
    auc: float
    sensitivity: float
    specificity: float
    calibration: float


def of(
    patient: Ints,
    answers: Ints,
    probabilities: Sequence[FloatArray],
    thresholds: dict[DiscQuestion, float],
    draws: int = DRAWS,
) -> list[Figure]:
    """The figures of every question. answers: (n, questions) from 0, -1 unknown. probabilities: each (n, classes)."""
    predicted = predicted_answers(probabilities, thresholds)
    return [
        _figure(question, patient[rows], answers[rows, k], predicted[rows, k], probabilities[k][rows], draws)
        for k, question in enumerate(DiscQuestion)
        for rows in [answers[:, k] >= 0]
    ]


def _figure(
    question: DiscQuestion, patient: Ints, truth: Ints, predicted: Ints, probabilities: FloatArray, draws: int
) -> Figure:
    graded = question is DiscQuestion.PFIRRMANN
    first, classes = 3 if graded else 1, probabilities.shape[1]
    finding, predicted_finding, finding_probability = (
        truth >= first,
        predicted >= first,
        probabilities[:, first:].sum(axis=1),
    )
    # Two Modic types are too rare to be distinguished: only the presence of a change is scored.
    true_class, predicted_class = (
        (truth, predicted) if graded else (finding.astype(np.int64), predicted_finding.astype(np.int64))
    )
    grade_probability = probabilities[np.arange(len(predicted)), predicted]
    return Figure(
        question,
        len(truth),
        int(finding.sum()),
        balanced_accuracy(true_class, predicted_class),
        spread(patient, lambda rows: balanced_accuracy(true_class[rows], predicted_class[rows]), draws),
        quadratic_kappa(truth, predicted, classes),
        spread(patient, lambda rows: quadratic_kappa(truth[rows], predicted[rows], classes), draws),
        area_under_curve(finding, finding_probability),
        float(predicted_finding[finding].mean()) if finding.any() else float("nan"),
        float((~predicted_finding)[~finding].mean()) if not finding.all() else float("nan"),
        calibration_error(truth == predicted, grade_probability)
        if graded
        else calibration_error(finding, finding_probability),
    )


def markdown(figures: Sequence[Figure]) -> str:
    """A table with a row per question."""
    lines = [
        "| finding | discs, with it | balanced accuracy | quadratic kappa | AUC | sensitivity | specificity | ECE |",
        "|" + "---|" * 8,
    ]
    for figure in figures:
        balanced = f"{figure.balanced:.2f} ({figure.balanced_spread[0]:.2f} to {figure.balanced_spread[1]:.2f})"
        kappa = f"{figure.kappa:.2f} ({figure.kappa_spread[0]:.2f} to {figure.kappa_spread[1]:.2f})"
        rates = f"{figure.auc:.2f} | {figure.sensitivity:.2f} | {figure.specificity:.2f} | {figure.calibration:.3f}"
        name = figure.question.value.replace("_", " ")
        lines.append(f"| {name} | {figure.discs}, {figure.with_finding} | {balanced} | {kappa} | {rates} |")
    return "\n".join(lines)


def plain(figures: Sequence[Figure]) -> dict[str, object]:
    """The same scores for the model card."""
    return {
        figure.question.value: {
            "discs": figure.discs,
            "with_finding": figure.with_finding,
            "balanced_accuracy": round(figure.balanced, 3),
            "balanced_accuracy_95": [round(end, 3) for end in figure.balanced_spread],
            "quadratic_kappa": round(figure.kappa, 3),
            "quadratic_kappa_95": [round(end, 3) for end in figure.kappa_spread],
            "auc": round(figure.auc, 3),
            "calibration_error": round(figure.calibration, 3),
        }
        for figure in figures
    }
