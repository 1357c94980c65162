"""Whether evidence maps of discs point at the place of their findings, and whether the networks depend on that place.

Real mid-sagittal images (`disc_cases`). No reader marked a place in them, so each finding gets the part of the disc
where it occurs, from the segmenter's labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading import attribution, evidence
from inference.grading import discs as disc_networks
from inference.grading.disc_measures import own_disc
from inference.grading.discs import FIRST, MARGIN, Cuts, DiscModel, Shown, inside
from inference.models import registry
from inference.training.data import disc_cases, midsagittal
from inference.training.data.disc_cases import Cases
from inference.training.data.midsagittal import Use
from inference.training.figures.evidence import NEAR_MM, chosen
from inference.training.learn.discs import tensors
from inference.types import LEVELS, DiscFinding, DiscLevel, DiscQuestion, FloatArray, Label

#: Length of the part of the disc that counts as its back, mm.
BACK_MM = 3


@dataclass(frozen=True)
class MapResult:
    """One map. distance_mm: of its peak from the finding's part of the disc. share_near: share of all cells near it.

    drops: how much the networks' log odds drop when the strongest tenth of cells is blurred, and when a random one is.
    """

    question: DiscQuestion
    distance_mm: float
    share_near: float
    drops: tuple[float, float]


def in_own_frame(cases: Cases) -> Shown:
    """Discs of one patient in the form that the product uses, each at the origin of its own frame."""
    left, back, up = np.eye(3)
    return tuple(
        (
            DiscLevel(LEVELS[place], np.zeros(3), up, -back, left, None, 0.0, 0.0),
            Cuts(images[None], present[None], labels[None], (0.0,)),
        )
        for place, images, present, labels in zip(
            cases.place.tolist(), cases.images, cases.present, cases.labels, strict=True
        )
    )


def parts(disc: DiscLevel, labels: NDArray[np.uint8]) -> dict[DiscQuestion, FloatArray]:
    """LPS mm of the pixels where each finding occurs, (pixels, 3); empty where the disc is not labelled."""
    disc_pixels, places = own_disc(labels == Label.DISC), disc_networks.places(disc, margin=MARGIN)
    if not disc_pixels.any():
        return {}
    back = disc_pixels.copy()
    back[:, : np.flatnonzero(disc_pixels.any(axis=0))[-1] + 1 - BACK_MM] = False
    upper, lower = (disc_pixels & ~np.roll(disc_pixels, step, axis=0) for step in (1, -1))
    masks = {
        DiscQuestion.PFIRRMANN: disc_pixels,
        DiscQuestion.NARROWING: disc_pixels,
        DiscQuestion.BULGING: back,
        DiscQuestion.HERNIATION: back,
        DiscQuestion.SPONDYLOLISTHESIS: back,
        DiscQuestion.UPPER_ENDPLATE: upper,
        DiscQuestion.LOWER_ENDPLATE: lower,
        DiscQuestion.MODIC: upper | lower,
    }
    return {question: places[mask] for question, mask in masks.items()}


def map_results(model: DiscModel, cases: Cases, rng: np.random.Generator) -> list[MapResult]:
    """The maps of one patient's discs, where the disc is labelled."""
    discs = in_own_frame(cases)
    findings = disc_networks.find(model, discs)
    all_drops, rows = (
        log_odds_drops(model, cases, findings, rng),
        {disc.level: row for row, (disc, _) in enumerate(discs)},
    )
    results = []
    for evidence_map in evidence.of_discs(model, discs, findings):
        question, (disc, cuts) = DiscQuestion(evidence_map.finding), discs[rows[evidence_map.level]]
        part = parts(disc, cuts.labels[0]).get(question)
        if part is not None:
            drops = all_drops[:, list(DiscQuestion).index(question), rows[evidence_map.level]].tolist()
            share_near = float((_distance_mm(_middles(disc), part) <= NEAR_MM).mean())
            results.append(
                MapResult(
                    question, float(_distance_mm(evidence_map.peak_mm[None], part)[0]), share_near, (drops[0], drops[1])
                )
            )
    return results


def log_odds_drops(
    model: DiscModel, cases: Cases, findings: Sequence[DiscFinding], rng: np.random.Generator
) -> FloatArray:
    """(2, questions, discs): drop of the networks' log odds without the strongest cells, and without random ones."""
    values = torch.tensor([finding.value - FIRST.get(finding.finding, 0) for finding in findings])
    answers = values.reshape(len(cases.place), len(DiscQuestion))
    images, present, place, _ = tensors(cases)
    images = inside(images)
    blurred, attributions = (
        attribution.smooth(images),
        attribution.of_discs(model.network, images, present, place, answers),
    )
    drops = torch.zeros(2, len(DiscQuestion), len(answers))
    with torch.inference_mode():
        before = attribution.disc_odds(model.network, images, present, place, answers)
        for number, cells in enumerate(attributions):
            for column, strongest in enumerate((True, False)):
                changed = torch.where(_pixels(chosen(cells, strongest, rng)), blurred, images)
                after = attribution.disc_odds(model.network, changed, present, place, answers)[number]
                drops[column, number] = before[number] - after
    return drops.double().numpy()


def _pixels(cells: Tensor) -> Tensor:
    """Bool (n, 1, rows, columns) from bool cells (n, rows, columns)."""
    size = attribution.DISC_CELL
    return cells[:, None].repeat_interleave(size, dim=2).repeat_interleave(size, dim=3)


def _middles(disc: DiscLevel) -> FloatArray:
    """LPS mm of the middles of all cells of the disc's own plane, (cells, 3)."""
    size = attribution.DISC_CELL
    places = disc_networks.places(disc)
    rows, columns = places.shape[0] // size, places.shape[1] // size
    return np.asarray(places.reshape(rows, size, columns, size, 3).mean(axis=(1, 3)).reshape(-1, 3))


def _distance_mm(points: FloatArray, part: FloatArray) -> FloatArray:
    """(points,): mm from the nearest pixel of a part."""
    return np.asarray(np.linalg.norm(points[:, None] - part[None], axis=2).min(axis=1))


def rows(model: DiscModel, cases: Cases) -> Iterator[MapResult]:
    """All maps, patient by patient."""
    rng = np.random.default_rng(71)
    for number in np.unique(cases.patient).tolist():
        yield from map_results(model, cases.of({number}), rng)


def markdown(data: Path, cache: Path, use: Use) -> str:
    """A table by question, of the patients for one `use`. `data` holds ``spider/``."""
    patients = {
        number for number, patient_use in midsagittal.used_for(midsagittal.listed(data)).items() if patient_use is use
    }
    model, cases = disc_networks.load(), disc_cases.gathered(data, registry.load("segment"), cache, patients)
    results = list(rows(model, cases))
    lines = [
        f"Discs {model.card['version']}, {len(cases.place)} discs of {len(set(cases.patient.tolist()))} real patients "
        f"to {use} on.",
        "",
        f"| finding | maps | within {NEAR_MM:g} mm | by chance | median off | needed: strongest, others |",
        "|" + "---|" * 6,
    ]
    for question in DiscQuestion:
        question_results = [result for result in results if result.question is question]
        cells = _cells(question_results) if question_results else "0 | – | – | – | –"
        lines.append(f"| {question.value.replace('_', ' ')} | {cells} |")
    return "\n".join(lines)


def _cells(results: Sequence[MapResult]) -> str:
    distances = np.array([result.distance_mm for result in results])
    near, by_chance = float((distances <= NEAR_MM).mean()), float(np.mean([result.share_near for result in results]))
    strongest, random = np.mean([result.drops for result in results], axis=0)
    return (
        f"{len(results)} | {100 * near:.0f} % | {100 * by_chance:.0f} % | {np.median(distances):.1f} mm | "
        f"{strongest:.2f}, {random:.2f}"
    )
