"""Whether evidence maps of discs point where their findings lie, and whether the networks need what they point at.

Real mid-sagittal images (`disc_cases`). Nobody marked a place in them, so each finding gets the part of the disc
where it is looked for, from the segmenter's labels.
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

#: So much of the disc is its back, mm.
BACK_MM = 3


@dataclass(frozen=True)
class Told:
    """One map. off_mm: of its peak from the finding's part of the disc. by_chance: share of all cells that are near it.

    falls: how much the networks' log odds fall when the strongest tenth of cells is blurred, and when another is.
    """

    question: DiscQuestion
    off_mm: float
    by_chance: float
    falls: tuple[float, float]


def in_own_frame(cases: Cases) -> Shown:
    """Discs of one patient as the product has them, each at the origin of its own frame."""
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
    """LPS mm of the pixels where each finding is looked for, (pixels, 3); nothing where the disc is not labelled."""
    own, places = own_disc(labels == Label.DISC), disc_networks.places(disc, margin=MARGIN)
    if not own.any():
        return {}
    back = own.copy()
    back[:, : np.flatnonzero(own.any(axis=0))[-1] + 1 - BACK_MM] = False
    upper, lower = (own & ~np.roll(own, step, axis=0) for step in (1, -1))
    at = {
        DiscQuestion.PFIRRMANN: own,
        DiscQuestion.NARROWING: own,
        DiscQuestion.BULGING: back,
        DiscQuestion.HERNIATION: back,
        DiscQuestion.SPONDYLOLISTHESIS: back,
        DiscQuestion.UPPER_ENDPLATE: upper,
        DiscQuestion.LOWER_ENDPLATE: lower,
        DiscQuestion.MODIC: upper | lower,
    }
    return {question: places[mask] for question, mask in at.items()}


def told(model: DiscModel, cases: Cases, rng: np.random.Generator) -> list[Told]:
    """The maps of one patient's discs, where the disc is labelled."""
    discs = in_own_frame(cases)
    findings = disc_networks.find(model, discs)
    falls, rows = needed(model, cases, findings, rng), {disc.level: row for row, (disc, _) in enumerate(discs)}
    out = []
    for one in evidence.of_discs(model, discs, findings):
        question, (disc, cuts) = DiscQuestion(one.finding), discs[rows[one.level]]
        part = parts(disc, cuts.labels[0]).get(question)
        if part is not None:
            fall = falls[:, list(DiscQuestion).index(question), rows[one.level]].tolist()
            near = float((_off(_middles(disc), part) <= NEAR_MM).mean())
            out.append(Told(question, float(_off(one.peak_mm[None], part)[0]), near, (fall[0], fall[1])))
    return out


def needed(model: DiscModel, cases: Cases, findings: Sequence[DiscFinding], rng: np.random.Generator) -> FloatArray:
    """(2, questions, discs): how much the networks' log odds fall without the strongest cells, and without others."""
    values = torch.tensor([one.value - FIRST.get(one.finding, 0) for one in findings])
    answers = values.reshape(len(cases.place), len(DiscQuestion))
    images, present, place, _ = tensors(cases)
    images = inside(images)
    plain, given = attribution.smooth(images), attribution.of_discs(model.network, images, present, place, answers)
    falls = torch.zeros(2, len(DiscQuestion), len(answers))
    with torch.inference_mode():
        before = attribution.disc_odds(model.network, images, present, place, answers)
        for number, one in enumerate(given):
            for way, strongest in enumerate((True, False)):
                other = torch.where(_pixels(chosen(one, strongest, rng)), plain, images)
                after = attribution.disc_odds(model.network, other, present, place, answers)[number]
                falls[way, number] = before[number] - after
    return falls.double().numpy()


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


def _off(points: FloatArray, part: FloatArray) -> FloatArray:
    """(points,): mm from the nearest pixel of a part."""
    return np.asarray(np.linalg.norm(points[:, None] - part[None], axis=2).min(axis=1))


def rows(model: DiscModel, cases: Cases) -> Iterator[Told]:
    """All maps, patient by patient."""
    rng = np.random.default_rng(71)
    for number in np.unique(cases.patient).tolist():
        yield from told(model, cases.of({number}), rng)


def markdown(data: Path, cache: Path, use: Use) -> str:
    """A table by question, of the patients for one `use`. `data` holds ``spider/``."""
    patients = {number for number, its in midsagittal.used_for(midsagittal.listed(data)).items() if its is use}
    model, cases = disc_networks.load(), disc_cases.gathered(data, registry.load("segment"), cache, patients)
    found = list(rows(model, cases))
    lines = [
        f"Discs {model.card['version']}, {len(cases.place)} discs of {len(set(cases.patient.tolist()))} real patients "
        f"to {use} on.",
        "",
        f"| finding | maps | within {NEAR_MM:g} mm | by chance | median off | needed: strongest, others |",
        "|" + "---|" * 6,
    ]
    for question in DiscQuestion:
        own = [one for one in found if one.question is question]
        lines.append(f"| {question.value.replace('_', ' ')} | {_cells(own) if own else '0 | – | – | – | –'} |")
    return "\n".join(lines)


def _cells(own: Sequence[Told]) -> str:
    off = np.array([one.off_mm for one in own])
    near, chance = float((off <= NEAR_MM).mean()), float(np.mean([one.by_chance for one in own]))
    strongest, others = np.mean([one.falls for one in own], axis=0)
    return (
        f"{len(own)} | {100 * near:.0f} % | {100 * chance:.0f} % | {np.median(off):.1f} mm | "
        f"{strongest:.2f}, {others:.2f}"
    )
