"""The figures of the disc model on held-out patients: combined, and of its networks and regressions alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

from inference.grading import discs
from inference.grading.discs import inside
from inference.models import registry
from inference.models.discnet import DiscEnsemble
from inference.training.data import disc_cases, midsagittal
from inference.training.data.disc_cases import Cases, groups
from inference.training.data.midsagittal import Use
from inference.training.learn import disc_regression
from inference.training.learn.discs import GROUPS, TrainConfig, calibrate, held_out, tensors
from inference.training.scores import agreement, disc_thresholds
from inference.training.scores.agreement import Figure
from inference.types import DiscQuestion, FloatArray

#: Edges of the bins of the reliability table.
EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Report:
    """Figures of the shipped model, and of its networks and logistic regressions alone.

    discs_found: number of the `graded` discs that were located.
    """

    combined: list[Figure]
    networks: list[Figure]
    regressions: list[Figure]
    discs_found: int
    graded: int
    patients: int
    reliability: dict[DiscQuestion, list[tuple[int, float, float]]]


def measure(data: Path, cache: Path, weights_root: Path = registry.WEIGHTS) -> Report:
    """Evaluate the model below `weights_root` on held-out patients. `data` holds ``spider/``."""
    uses = midsagittal.used_for(midsagittal.listed(data))
    left_out = {number for number, use in uses.items() if use is Use.REPORT}
    model = discs.load(weights_root)
    cases = disc_cases.gathered(data, registry.load("segment"), cache, left_out)
    graded = [key for key in disc_cases.gradings(data) if key[0] in left_out]
    probabilities = {share: _probabilities(model.network, cases, share) for share in (None, 1.0, 0.0)}
    figures = {
        share: agreement.of(cases.patient, cases.answers, answers, model.cuts) if answers else []
        for share, answers in probabilities.items()
    }
    return Report(
        figures[None],
        figures[1.0],
        figures[0.0],
        len(cases.patient),
        len(graded),
        len(left_out),
        {q: _reliability(q, k, cases, probabilities[None][k]) for k, q in enumerate(DiscQuestion)},
    )


def _probabilities(network: DiscEnsemble, cases: Cases, share: float | None) -> list[FloatArray]:
    """Probabilities with the shipped share of the networks (None) or another; empty without networks."""
    if share and not len(network.members):
        return []
    ensemble, (images, present, place, _) = copy.deepcopy(network), tensors(cases)
    if share is not None:
        ensemble.share.fill_(share)
    with torch.inference_mode():
        return _numbers(ensemble(inside(images), present, place, disc_regression.table(cases)))


def losses(data: Path, cache: Path) -> str:
    """Logistic regressions by each loss, cross-validated on training patients: a table for docs/figures/discs.md.

    Networks are compared by runs of ``train discs`` with other options.
    """
    uses = midsagittal.used_for(midsagittal.listed(data))
    patients = {number for number, patient_use in uses.items() if patient_use is Use.TRAIN}
    cases, lines = disc_cases.gathered(data, registry.load("segment"), cache, patients), []
    for ordered in (True, False):
        for rare in (0.0, 0.5, 1.0):
            config = TrainConfig(ordered=ordered, rare=rare, members=0)
            held = held_out(cases, groups(patients, GROUPS), config)
            answers, probabilities = held.cases.answers, calibrate(DiscEnsemble(config.network), held)
            figures = agreement.of(
                held.cases.patient,
                answers,
                probabilities,
                disc_thresholds.decision_thresholds(probabilities, answers),
                draws=1,
            )
            kind = "ordered" if ordered else "classes"
            cells = " | ".join(f"{figure.balanced:.3f}" for figure in figures[1:])
            lines.append(f"| {kind}, rare {rare} | {figures[0].kappa:.3f} | {figures[0].balanced:.3f} | {cells} |")
    names = " | ".join(question.value.replace("_", " ") for question in DiscQuestion)
    return "\n".join((f"| loss | kappa | {names} |", "|" + "---|" * (len(DiscQuestion) + 2), *lines))


def _numbers(probabilities: list[torch.Tensor]) -> list[FloatArray]:
    return [probability.double().numpy() for probability in probabilities]


def _reliability(
    question: DiscQuestion, column: int, cases: Cases, probabilities: FloatArray
) -> list[tuple[int, float, float]]:
    """Reliability of the probability of a finding; for Pfirrmann of a grade of 4 or 5."""
    first, rows = 3 if question is DiscQuestion.PFIRRMANN else 1, cases.answers[:, column] >= 0
    return agreement.reliability_bins(
        cases.answers[rows, column] >= first, probabilities[rows, first:].sum(axis=1), EDGES
    )


def markdown(report: Report) -> str:
    """Tables for docs/figures/discs.md."""
    return "\n\n".join(
        (
            f"{report.discs_found} of {report.graded} graded discs were found, in {report.patients} patients.",
            agreement.markdown(report.combined),
            "Networks alone:",
            agreement.markdown(report.networks),
            "Logistic regressions on measurements alone:",
            agreement.markdown(report.regressions),
            _reliability_table(report),
        )
    )


def _reliability_table(report: Report) -> str:
    steps = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(EDGES)]
    lines = ["| probability of | " + " | ".join(steps) + " |", "|" + "---|" * (len(steps) + 1)]
    for question, bins in report.reliability.items():
        cells = (f"{mean:.2f} → {share:.2f} ({count})" if count else "–" for count, mean, share in bins)
        lines.append(f"| {question.value.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(report: Report) -> dict[str, object]:
    """The figures for the model card."""
    return {
        "patients_left_out": report.patients,
        "discs_found": f"{report.discs_found} of {report.graded}",
        "together": agreement.plain(report.combined),
        "networks_alone": agreement.plain(report.networks),
        "lines_alone": agreement.plain(report.regressions),
    }
