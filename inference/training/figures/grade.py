"""The figures of a grader as a table: balanced accuracy, calibration, confusion. All on simulated patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from inference.models import registry
from inference.models.gradenet import HEADS, GradeNet
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import Shown
from inference.training.scores import calibration
from inference.training.scores.grade import Score, answers, balanced_accuracy, by_rule, score
from inference.types import GRADES


def markdown(rendered: Path, models: list[Path], group: grade_cuts.Group, pictures: Path | None = None) -> str:
    """A line for each model, its balanced accuracy by site; of the first also its calibration and confusions.

    pictures: folder for the first model's reliability diagram.
    """
    levels = grade_cuts.load(rendered, group)
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
        calibration.diagram([one.calibration for one in first]).save(pictures / "reliability.png")
    return "\n".join([*lines, "", *_details(first), "", *calibration.markdown([one.calibration for one in first])])


def _details(scores: list[Score]) -> list[str]:
    """Of one model: within one grade, calibration, and what was said for each true grade."""
    lines = ["| site | within one grade | calibration error | " + " | ".join(f"of {grade}" for grade in GRADES) + " |"]
    lines.append("|" + "---|" * (len(GRADES) + 3))
    for one in scores:
        rows = " | ".join(" ".join(str(count) for count in row) for row in one.confusion)
        lines.append(f"| {one.site} | {one.within_one:.2f} | {one.calibration.error:.3f} | {rows} |")
    return [*lines, "", "Cells on the right: how often normal, mild, moderate and severe was said."]
