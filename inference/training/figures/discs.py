"""The figures of the model that looks at discs on the patients left out: whole, and its networks and lines alone."""

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
from inference.training.learn.discs import GROUPS, TrainConfig, choose, held_out, tensors
from inference.training.scores import agreement, disc_thresholds
from inference.training.scores.agreement import Figure
from inference.types import DiscQuestion, FloatArray

#: Probabilities are set beside what was so in these steps.
EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Report:
    """Figures of the shipped model and of its networks and its lines alone; how many graded discs were found at all."""

    together: list[Figure]
    networks: list[Figure]
    lines: list[Figure]
    found: int
    graded: int
    patients: int
    reliability: dict[DiscQuestion, list[tuple[int, float, float]]]


def measure(data: Path, cache: Path, weights_root: Path = registry.WEIGHTS) -> Report:
    """Look at the patients left out with the model below `weights_root`. `data` holds ``spider/``."""
    uses = midsagittal.used_for(midsagittal.listed(data))
    left_out = {number for number, use in uses.items() if use is Use.REPORT}
    model = discs.load(weights_root)
    cases = disc_cases.gathered(data, registry.load("segment"), cache, left_out)
    graded = [key for key in disc_cases.gradings(data) if key[0] in left_out]
    chance = {share: _asked(model.network, cases, share) for share in (None, 1.0, 0.0)}
    figures = {
        share: agreement.of(cases.patient, cases.answers, one, model.cuts) if one else []
        for share, one in chance.items()
    }
    return Report(
        figures[None],
        figures[1.0],
        figures[0.0],
        len(cases.patient),
        len(graded),
        len(left_out),
        {q: _reliability(q, k, cases, chance[None][k]) for k, q in enumerate(DiscQuestion)},
    )


def _asked(network: DiscEnsemble, cases: Cases, share: float | None) -> list[FloatArray]:
    """Probabilities with the networks' share as it is shipped (None) or another; nothing where there are none."""
    if share and not len(network.members):
        return []
    asked, (images, present, place, _) = copy.deepcopy(network), tensors(cases)
    if share is not None:
        asked.share.fill_(share)
    with torch.inference_mode():
        return _numbers(asked(inside(images), present, place, disc_regression.table(cases)))


def losses(data: Path, cache: Path) -> str:
    """Lines by each loss, held out group by group of the patients to learn from: a table for docs/figures/discs.md.

    The network's own comparison is that of runs of ``train discs`` by their options.
    """
    uses = midsagittal.used_for(midsagittal.listed(data))
    patients = {number for number, its in uses.items() if its is Use.TRAIN}
    cases, lines = disc_cases.gathered(data, registry.load("segment"), cache, patients), []
    for ordered in (True, False):
        for rare in (0.0, 0.5, 1.0):
            config = TrainConfig(ordered=ordered, rare=rare, members=0)
            held = held_out(cases, groups(patients, GROUPS), config)
            answers, chance = held.cases.answers, choose(DiscEnsemble(config.network), held)
            figures = agreement.of(
                held.cases.patient, answers, chance, disc_thresholds.told_from(chance, answers), draws=1
            )
            kind = "ordered" if ordered else "classes"
            cells = " | ".join(f"{one.balanced:.3f}" for one in figures[1:])
            lines.append(f"| {kind}, rare {rare} | {figures[0].kappa:.3f} | {figures[0].balanced:.3f} | {cells} |")
    names = " | ".join(question.value.replace("_", " ") for question in DiscQuestion)
    return "\n".join((f"| loss | kappa | {names} |", "|" + "---|" * (len(DiscQuestion) + 2), *lines))


def _numbers(chance: list[torch.Tensor]) -> list[FloatArray]:
    return [one.double().numpy() for one in chance]


def _reliability(question: DiscQuestion, k: int, cases: Cases, chance: FloatArray) -> list[tuple[int, float, float]]:
    """Of the probability that there is a finding; for Pfirrmann of a grade of 4 or 5."""
    first, rows = 3 if question is DiscQuestion.PFIRRMANN else 1, cases.answers[:, k] >= 0
    return agreement.reliability(cases.answers[rows, k] >= first, chance[rows, first:].sum(axis=1), EDGES)


def markdown(report: Report) -> str:
    """Tables for docs/figures/discs.md."""
    return "\n\n".join(
        (
            f"{report.found} of {report.graded} graded discs were found, in {report.patients} patients.",
            agreement.markdown(report.together),
            "Networks alone:",
            agreement.markdown(report.networks),
            "Lines through measurements alone:",
            agreement.markdown(report.lines),
            _reliability_table(report),
        )
    )


def _reliability_table(report: Report) -> str:
    steps = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(EDGES)]
    lines = ["| told with a probability of | " + " | ".join(steps) + " |", "|" + "---|" * (len(steps) + 1)]
    for question, bins in report.reliability.items():
        cells = (f"{mean:.2f} → {share:.2f} ({count})" if count else "–" for count, mean, share in bins)
        lines.append(f"| {question.value.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(report: Report) -> dict[str, object]:
    """The figures as they stand in the model card."""
    return {
        "patients_left_out": report.patients,
        "discs_found": f"{report.found} of {report.graded}",
        "together": agreement.plain(report.together),
        "networks_alone": agreement.plain(report.networks),
        "lines_alone": agreement.plain(report.lines),
    }
