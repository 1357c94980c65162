"""The figures of a grader: balanced accuracy over four grades, calibration, confusion. All on simulated patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference import registry
from inference.grade import canal_grade
from inference.models.gradenet import HEADS, MEASURED, GradeNet
from inference.training import disc_figures, grade_data, reliability
from inference.training.grade_data import AP, AREA, Levels, Shown
from inference.training.reliability import Reliability

GRADES = ("normal", "mild", "moderate", "severe")
#: Draws of patients for an interval.
DRAWS = 400


def answers(network: GradeNet, levels: Levels, shown: Shown) -> Tensor:
    """Logits (n, 5, 4) of the first cut of every level, divided by the temperatures."""
    out = []
    for start in range(0, len(levels), 50):
        rows = np.arange(start, min(start + 50, len(levels)))
        x = grade_data.inputs(
            levels, rows, np.zeros(len(rows), dtype=np.int64), shown, np.random.default_rng([47, start])
        )
        with torch.inference_mode():
            out.append((network(x.on(network.temperature.device)) / network.temperature[:, None]).cpu())
    return torch.cat(out)


def balanced_accuracy(truth: Tensor, said: Tensor) -> float:
    """Mean over the grades that occur of the share of them that was said."""
    recalls = [
        float((said[truth == grade] == grade).float().mean()) for grade in range(len(GRADES)) if (truth == grade).any()
    ]
    return float(np.mean(recalls)) if recalls else 0.0


def calibration_error(truth: Tensor, chances: Tensor) -> float:
    """Expected calibration error of the top grade (Guo et al., ICML 2017). chances: (n, 4)."""
    top, said = chances.max(dim=1)
    return disc_figures.calibration_error((said == truth).numpy(), top.double().numpy())


@dataclass(frozen=True)
class Score:
    """One site. low, high: of the balanced accuracy, 95 of 100 draws of patients."""

    site: str
    balanced: float
    low: float
    high: float
    within_one: float
    calibration: Reliability
    confusion: NDArray[np.int64]


def score(levels: Levels, logits: Tensor, number: int, against: str = "truth") -> Score:
    """The figures of site `number` of `HEADS`, of levels that have a label there. against: ``truth`` or ``report``."""
    every = grade_data.labels(levels, against)[:, number]
    known = every >= 0
    truth, logits = every[known], logits[known]
    said = logits[:, number].argmax(dim=1)
    patients = levels.seed[known.numpy()]
    low, high = _interval(patients, truth, said)
    confusion = np.zeros((len(GRADES), len(GRADES)), dtype=np.int64)
    np.add.at(confusion, (truth.numpy(), said.numpy()), 1)
    return Score(
        HEADS[number],
        balanced_accuracy(truth, said),
        low,
        high,
        float(((truth - said).abs() <= 1).float().mean()),
        reliability.of(HEADS[number], patients, truth.numpy(), logits[:, number].double().softmax(dim=1).numpy()),
        confusion,
    )


def _interval(seeds: NDArray[np.int64], truth: Tensor, said: Tensor) -> tuple[float, float]:
    """Of the balanced accuracy, patients drawn with replacement."""
    rng = np.random.default_rng(53)
    rows = [np.flatnonzero(seeds == seed) for seed in np.unique(seeds)]
    drawn = []
    for _ in range(DRAWS):
        chosen = torch.from_numpy(np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))]))
        drawn.append(balanced_accuracy(truth[chosen], said[chosen]))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def by_rule(levels: Levels) -> Tensor:
    """(n,): the canal's grades by the product's measured thresholds, from true sizes: the best that a rule can do."""
    grades = [str(canal_grade(ap, area)[0]) for ap, area in levels.sizes[:, [AP, AREA]].tolist()]
    return torch.tensor([GRADES.index(grade) for grade in grades])


def markdown(rendered: Path, models: list[Path], group: grade_data.Group, pictures: Path | None = None) -> str:
    """A line for each model, its balanced accuracy by site; of the first also its calibration and confusions.

    pictures: folder for the first model's reliability diagram.
    """
    levels = grade_data.load(rendered, group)
    counts = [
        f"{site} " + " ".join(str((levels.truth[:, k] == g).sum()) for g in range(4)) for k, site in enumerate(HEADS)
    ]
    lines = [
        f"Simulated patients: {len(np.unique(levels.seed))} to {group}, {len(levels)} levels.",
        f"Normal, mild, moderate, severe: {'; '.join(counts)}.",
        "",
        "| model | shown | " + " | ".join(HEADS) + " |",
        "|" + "---|" * (len(HEADS) + 2),
    ]
    first: list[Score] = []
    for place, folder in enumerate(models):
        model = registry.load_folder(folder, "grade")
        network: GradeNet = model.network
        trained = model.card["training"]["config"]
        for shown in Shown if place == 0 else (Shown(trained["inputs"]),):
            logits = answers(network, levels, shown)
            scores = [score(levels, logits, k) for k in range(len(HEADS))]
            first = first or [one for one in scores if one.site in trained["sites"]]
            cells = [
                f"{one.balanced:.2f} ({one.low:.2f}-{one.high:.2f})" if one.site in trained["sites"] else "–"
                for one in scores
            ]
            lines.append(f"| {folder.parent.name} | {shown} | " + " | ".join(cells) + " |")
    truth = torch.from_numpy(levels.truth[:, 0].astype(np.int64))
    lines.append(f"| thresholds on true sizes | – | {balanced_accuracy(truth, by_rule(levels)):.2f} | – | – | – | – |")
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        reliability.diagram([one.calibration for one in first]).save(pictures / "reliability.png")
    return "\n".join([*lines, "", *_details(first), "", *reliability.markdown([one.calibration for one in first])])


def _details(scores: list[Score]) -> list[str]:
    """Of one model: within one grade, calibration, and what was said for each true grade."""
    lines = ["| site | within one grade | calibration error | " + " | ".join(f"of {grade}" for grade in GRADES) + " |"]
    lines.append("|" + "---|" * (len(GRADES) + 3))
    for one in scores:
        rows = " | ".join(" ".join(str(count) for count in row) for row in one.confusion)
        lines.append(f"| {one.site} | {one.within_one:.2f} | {one.calibration.error:.3f} | {rows} |")
    return [*lines, "", "Cells on the right: how often normal, mild, moderate and severe was said."]


__all__ = ["MEASURED", "answers", "balanced_accuracy", "by_rule", "calibration_error", "markdown", "score"]
