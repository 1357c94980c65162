"""The data sheet of a training run on an archive: what was used, what was dropped and why, and the figures.

Counts alone: no name, no identifier, no date, no word of a report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference import __version__
from inference.models import cards
from inference.models.gradenet import HEADS, GradeNet
from inference.training.archive.labels import RULE
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import Group, Levels
from inference.training.learn.grade import TrainConfig
from inference.training.scores.grade import answers, balanced_accuracy, score
from inference.types import GRADES

TABLE, TEXT = "datasheet.json", "datasheet.md"

Sheet = dict[str, Any]


def sheet(
    data_name: str,
    counts: Mapping[str, Any],
    levels: Mapping[Group, Levels] | None = None,
    sites: Sequence[str] = HEADS,
    figures: Mapping[str, object] | None = None,
) -> Sheet:
    """All that the data sheet says. levels, figures: once there are some."""
    segmenter = cards.read_card(cards.WEIGHTS / "segment")
    return {
        "data": data_name,
        "code_version": __version__,
        "segmenter": f"{segmenter['version']} {segmenter['sha256']}",
        "rule": list(RULE),
        **counts,
        "groups": {str(group): _group(one, sites) for group, one in (levels or {}).items()},
        "figures": dict(figures or {}),
    }


def _group(levels: Levels, sites: Sequence[str]) -> dict[str, Any]:
    """How many patients, levels and labels of each site and grade."""
    target = grade_cuts.labels(levels, "report", sites)
    stated = torch.from_numpy(np.asarray(levels.report)) >= 0
    stated &= torch.from_numpy(np.asarray(levels.report)) < len(GRADES)
    return {
        "patients": len(set(levels.seed.tolist())),
        "levels": len(levels),
        "labels": {
            site: {
                **{name: int((target[:, k] == grade).sum()) for grade, name in enumerate(GRADES)},
                "of them not spoken of": int(((target[:, k] >= 0) & ~stated[:, k]).sum()),
            }
            for k, site in enumerate(HEADS)
            if site in sites
        },
    }


def figures(network: GradeNet, levels: Levels, config: TrainConfig) -> dict[str, Any]:
    """Of the patients left out: against reports, and against the truth where it is known."""
    logits = answers(network, levels, config.inputs)
    found: dict[str, Any] = {}
    for against in ("report", "truth"):
        truth = grade_cuts.labels(levels, against, config.sites)
        known = [k for k in range(len(HEADS)) if (truth[:, k] >= 0).any()]
        if known:
            scores = [score(levels, logits, k, against) for k in known]
            found[f"against_{against}"] = {
                one.site: {
                    "balanced_accuracy": round(one.balanced, 3),
                    "interval": [round(one.low, 3), round(one.high, 3)],
                    "within_one_grade": round(one.within_one, 3),
                    "calibration_error": round(one.calibration.error, 3),
                    "confusion": one.confusion.tolist(),
                    "labels": int(one.confusion.sum()),
                }
                for one in scores
            }
    if "against_truth" in found:
        found["reports_against_truth"] = _reports(levels, config.sites)
    return found


def _reports(levels: Levels, sites: Sequence[str]) -> dict[str, Any]:
    """What the labels themselves reach against the truth, on the levels that have both."""
    taught_labels, truth = (grade_cuts.labels(levels, which, sites) for which in ("report", "truth"))
    found = {}
    for k, site in enumerate(HEADS):
        both = (taught_labels[:, k] >= 0) & (truth[:, k] >= 0)
        if both.any():
            found[site] = {
                "balanced_accuracy": round(balanced_accuracy(truth[both, k], taught_labels[both, k]), 3),
                "labels": int(both.sum()),
            }
    return found


def write(out: Path, content: Sheet) -> None:
    """``datasheet.json`` and ``datasheet.md`` in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / TABLE).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / TEXT).write_text(markdown(content) + "\n", encoding="utf-8")


def markdown(content: Sheet) -> str:
    """The data sheet for people."""
    lines = ["# Data sheet", "", f"Data: {content['data']}.", "", *(f"- {line}" for line in content["rule"]), ""]
    lines += [
        f"Studies: {content['studies']}; matched to a report: {content['matched']}; used: {content['used']}. "
        "Counts only; no patient can be found from this sheet.",
        "",
    ]
    for title, name in (
        ("studies dropped", "dropped"),
        ("labels left out of studies used", "left_out"),
        ("files", "files"),
        ("reports", "reports"),
    ):
        lines += [f"| {title} | |", "|---|---|"]
        lines += [f"| {what} | {count} |" for what, count in sorted(content[name].items())] + [""]
    if content["groups"]:
        lines += _groups(content["groups"])
    if content["figures"]:
        lines += _figures(content["figures"])
    return "\n".join(lines).rstrip()


def _groups(groups: Mapping[str, Any]) -> list[str]:
    lines = [
        "Labels by site: normal, mild, moderate, severe (of them normal because the report speaks of the level alone).",
        "",
        "| patients to | patients | levels | " + " | ".join(HEADS) + " |",
        "|" + "---|" * (len(HEADS) + 3),
    ]
    for name, group in groups.items():
        lines.append(_row(f"{name} | {group['patients']} | {group['levels']}", group["labels"], _counted))
    return [*lines, ""]


def _figures(found: Mapping[str, Any]) -> list[str]:
    """Balanced accuracy over four grades, with 95 of 100 draws of patients."""
    lines = [
        "Balanced accuracy on the patients to report on (95 of 100 draws of patients), and the number of labels:",
        "",
        "| | " + " | ".join(HEADS) + " |",
        "|" + "---|" * (len(HEADS) + 1),
    ]
    lines += [_row(_NAMES[name], rows, _scored) for name, rows in found.items()]
    return lines


def _row(head: str, by_site: Mapping[str, Any], cell: Callable[[Any], str]) -> str:
    """A line of a table with a column for each site; a dash where there is nothing."""
    return f"| {head} | {' | '.join(cell(by_site[site]) if site in by_site else '–' for site in HEADS)} |"


def _counted(labels: Any) -> str:
    return f"{' '.join(str(labels[grade]) for grade in GRADES)} ({labels['of them not spoken of']})"


def _scored(one: Any) -> str:
    between = f" ({one['interval'][0]:.2f}-{one['interval'][1]:.2f})" if "interval" in one else ""
    return f"{one['balanced_accuracy']:.2f}{between}, {one['labels']}"


_NAMES = {
    "against_report": "machine against reports",
    "against_truth": "machine against truth",
    "reports_against_truth": "reports against truth",
}
