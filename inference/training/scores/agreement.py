"""How good answers about discs are: agreement, balanced accuracy, calibration, each with its spread over patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.training.scores.disc_thresholds import balanced_accuracy, decided
from inference.types import DiscQuestion, FloatArray

Ints = NDArray[np.int64]

#: Bins of the calibration error, and draws of the bootstrap.
BINS, DRAWS = 10, 1000


def quadratic_kappa(truth: Ints, answer: Ints, classes: int) -> float:
    """Cohen's kappa with quadratic weights (Cohen, Psychological Bulletin 1968); nan where all is of one class."""
    seen = np.zeros((classes, classes))
    np.add.at(seen, (truth, answer), 1)
    apart = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    by_chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / max(seen.sum(), 1)
    expected = float((apart * by_chance).sum())
    return 1 - float((apart * seen).sum()) / expected if expected else float("nan")


def calibration_error(right: NDArray[np.bool_], told: FloatArray) -> float:
    """Expected calibration error of probabilities, ten bins of equal width (Naeini, Cooper, Hauskrecht, AAAI 2015).

    right: whether what was told with probability `told` is so.
    """
    bin_of = np.minimum((told * BINS).astype(int), BINS - 1)
    gaps = [abs(float(told[bin_of == b].sum() - right[bin_of == b].sum())) for b in range(BINS)]
    return sum(gaps) / len(told)


def reliability(truth: NDArray[np.bool_], told: FloatArray, edges: tuple[float, ...]) -> list[tuple[int, float, float]]:
    """(how many, mean probability, share true) of those told with a probability between neighbouring edges."""
    bin_of = np.clip(np.searchsorted(edges, told, side="right") - 1, 0, len(edges) - 2)
    rows = [bin_of == b for b in range(len(edges) - 1)]
    return [(int(r.sum()), float(told[r].mean()), float(truth[r].mean())) if r.any() else (0, 0.0, 0.0) for r in rows]


def area_under_curve(truth: NDArray[np.bool_], told: FloatArray) -> float:
    """Chance that one with the finding is told with a higher probability than one without (Mann-Whitney)."""
    with_it, without = told[truth], told[~truth]
    if not len(with_it) or not len(without):
        return float("nan")
    higher = np.sign(np.subtract.outer(with_it, without))
    return float(0.5 + 0.5 * higher.mean())


def spread(patient: Ints, figure: Callable[[Ints], float], draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The middle 95 of 100 of a figure when whole patients are drawn with replacement.

    figure: of row numbers, which may come more than once.
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(patient == number) for number in np.unique(patient)]
    drawn = [rng.integers(len(rows), size=len(rows)) for _ in range(draws)]
    figures = [figure(np.concatenate([rows[k] for k in patients])) for patients in drawn]
    low, high = np.nanpercentile(figures, (2.5, 97.5))
    return float(low), float(high)


@dataclass(frozen=True)
class Figure:
    """How good the answers to one question are, each with the middle 95 of 100 over patients where it has one.

    with_finding: how many of `discs` have one (a grade of 4 or 5 for Pfirrmann). auc: of *there is one*.
    sensitivity, specificity: of what is told. calibration: expected error of the probability that there is one; for
    Pfirrmann of the grade that is given.
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
    patient: Ints, answers: Ints, chance: Sequence[FloatArray], cuts: dict[DiscQuestion, float], draws: int = DRAWS
) -> list[Figure]:
    """The figures of every question. answers: (n, questions) from 0; -1 is left out. chance: each (n, classes)."""
    given = decided(chance, cuts)
    return [
        _figure(question, patient[rows], answers[rows, k], given[rows, k], chance[k][rows], draws)
        for k, question in enumerate(DiscQuestion)
        for rows in [answers[:, k] >= 0]
    ]


def _figure(question: DiscQuestion, patient: Ints, truth: Ints, given: Ints, chance: FloatArray, draws: int) -> Figure:
    graded = question is DiscQuestion.PFIRRMANN
    first, classes = 3 if graded else 1, chance.shape[1]
    finding, told, likely = truth >= first, given >= first, chance[:, first:].sum(axis=1)
    # Two Modic types are too rare to be told apart: what is judged is whether there is a change.
    seen, said = (truth, given) if graded else (finding.astype(np.int64), told.astype(np.int64))
    own = chance[np.arange(len(given)), given]
    return Figure(
        question,
        len(truth),
        int(finding.sum()),
        balanced_accuracy(seen, said),
        spread(patient, lambda rows: balanced_accuracy(seen[rows], said[rows]), draws),
        quadratic_kappa(truth, given, classes),
        spread(patient, lambda rows: quadratic_kappa(truth[rows], given[rows], classes), draws),
        area_under_curve(finding, likely),
        float(told[finding].mean()) if finding.any() else float("nan"),
        float((~told)[~finding].mean()) if not finding.all() else float("nan"),
        calibration_error(truth == given, own) if graded else calibration_error(finding, likely),
    )


def markdown(figures: Sequence[Figure]) -> str:
    """A table with a row per question."""
    lines = [
        "| finding | discs, with it | balanced accuracy | quadratic kappa | AUC | sensitivity | specificity | ECE |",
        "|" + "---|" * 8,
    ]
    for one in figures:
        balanced = f"{one.balanced:.2f} ({one.balanced_spread[0]:.2f} to {one.balanced_spread[1]:.2f})"
        kappa = f"{one.kappa:.2f} ({one.kappa_spread[0]:.2f} to {one.kappa_spread[1]:.2f})"
        rates = f"{one.auc:.2f} | {one.sensitivity:.2f} | {one.specificity:.2f} | {one.calibration:.3f}"
        name = one.question.value.replace("_", " ")
        lines.append(f"| {name} | {one.discs}, {one.with_finding} | {balanced} | {kappa} | {rates} |")
    return "\n".join(lines)


def plain(figures: Sequence[Figure]) -> dict[str, object]:
    """The same for the model card."""
    return {
        one.question.value: {
            "discs": one.discs,
            "with_finding": one.with_finding,
            "balanced_accuracy": round(one.balanced, 3),
            "balanced_accuracy_95": [round(end, 3) for end in one.balanced_spread],
            "quadratic_kappa": round(one.kappa, 3),
            "quadratic_kappa_95": [round(end, 3) for end in one.kappa_spread],
            "auc": round(one.auc, 3),
            "calibration_error": round(one.calibration, 3),
        }
        for one in figures
    }
