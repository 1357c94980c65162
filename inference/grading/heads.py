"""The third stage of a reading: what is asked of every level, as a table of heads.

A head is one entry of `HEADS`: how its model is loaded, what it is shown, what it answers, and where in the images it
saw what speaks for the answer. A new one is one more entry; docs/how-to says what belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference.grading import discs, evidence, grader, thresholds
from inference.grading.crops import images_through
from inference.grading.evidence import EvidenceMap
from inference.images.read import StudyImages
from inference.measures.levels import MeasuredLevels, measure_levels, with_shape
from inference.models import registry
from inference.models.cards import Choice
from inference.progress import Progress, silent
from inference.spine import quality
from inference.spine.find import Spine
from inference.types import DiscFinding, LevelFinding, Role, Step


@dataclass(frozen=True)
class LevelData:
    """All that the stages before know of a study's levels."""

    images: StudyImages
    spine: Spine
    measured: MeasuredLevels


@dataclass(frozen=True)
class Findings:
    """What the heads answered, each adding to what those before it did."""

    levels: tuple[LevelFinding, ...] = ()
    discs: tuple[DiscFinding, ...] = ()
    evidence: tuple[EvidenceMap, ...] = ()


@dataclass(frozen=True)
class Head:
    """One thing that is asked of every level.

    name: of its model, and of the head. load: the model that was chosen, None where there is none (yet).
    prepare: what is shown to the model. answer: the findings so far with its own, and whatever `explain` needs.
    explain: a map of every finding that its model gave.
    """

    name: str
    load: Callable[[Choice | None, str, Path | None], Any]
    prepare: Callable[[LevelData], Any]
    answer: Callable[[Any, Any, LevelData, Findings], tuple[Findings, Any]]
    explain: Callable[[Any, Any, Any, Findings], list[EvidenceMap]]


# --- the canal, by published thresholds -----------------------------------------------------------


def _no_model(_choice: Choice | None, _device: str, _models_root: Path | None) -> None:
    return None


def _nothing(_data: LevelData) -> None:
    return None


def _grade_canal(_model: None, _shown: None, data: LevelData, findings: Findings) -> tuple[Findings, None]:
    measured = data.measured
    canals = thresholds.grade_canals(measured.discs, measured.measurements, (data.images.lead,))
    return replace(findings, levels=(*findings.levels, *canals)), None


def _unexplained(_model: None, _shown: None, _answers: None, _findings: Findings) -> list[EvidenceMap]:
    return []


# --- lateral recesses and foramina, by the grader, which also looks at the canal ------------------


def _load_grader(choice: Choice | None, device: str, models_root: Path | None) -> registry.Model | None:
    """None where no grader is chosen or shipped."""
    if choice is None and not any(one.shipped for one in registry.installed("grade")):
        return None
    choice = choice or registry.SHIPPED
    return registry.load("grade", device, version=choice.version, sha256=choice.sha256, models_root=models_root)


def cut_levels(data: LevelData) -> grader.Asked | None:
    """What the grader is shown: every level that no quality finding spoils."""
    measured, images = data.measured, data.images
    whole = [disc for disc in measured.discs if not data.spine.is_spoilt(disc)]
    axial = images_through(images.of(Role.AXIAL_T2).stacks, measured.axial)
    return grader.asked(whole, measured.measurements, images.sagittal, axial)


def _grade_sites(
    model: registry.Model | None, shown: grader.Asked | None, data: LevelData, findings: Findings
) -> tuple[Findings, Mapping[str, thresholds.Opinion] | None]:
    measured = data.measured
    opinions = grader.opinions(model.network, shown, grader.learnt_by(model.card)) if model else None
    sites = thresholds.grade_sites(measured.discs, measured.measurements, opinions)
    canals = thresholds.beside_canals(findings.levels, opinions)
    return replace(findings, levels=thresholds.in_order((*canals, *sites))), opinions


def _explain_grades(
    model: registry.Model,
    shown: grader.Asked | None,
    opinions: Mapping[str, thresholds.Opinion] | None,
    findings: Findings,
) -> list[EvidenceMap]:
    rows, _ = thresholds.in_table(findings.levels)
    return evidence.of_grader(model.network, shown, opinions, rows) if shown and opinions else []


# --- discs -----------------------------------------------------------------------------------------


def _load_discs(choice: Choice | None, _device: str, models_root: Path | None) -> discs.DiscModel:
    return discs.load(chosen=choice or registry.SHIPPED, models_root=models_root)


def _cut_discs(data: LevelData) -> discs.Shown:
    return discs.shown(data.images.sagittal, data.spine.segmentation, data.measured.discs)


def _judge_discs(
    model: discs.DiscModel | None, shown: discs.Shown, data: LevelData, findings: Findings
) -> tuple[Findings, None]:
    answers = discs.find(model, shown) if model else ()
    return replace(findings, discs=quality.withheld_discs(answers, data.spine.quality)), None


def _explain_discs(model: discs.DiscModel, shown: discs.Shown, _answers: None, findings: Findings) -> list[EvidenceMap]:
    return evidence.of_discs(model, shown, findings.discs)


#: In the order in which they answer: the grader's grade of the canal stands beside the measured one.
HEADS: tuple[Head, ...] = (
    Head("canal", _no_model, _nothing, _grade_canal, _unexplained),
    Head("grade", _load_grader, cut_levels, _grade_sites, _explain_grades),
    Head("discs", _load_discs, _cut_discs, _judge_discs, _explain_discs),
)


def load_heads(device: str, chosen: Mapping[str, Choice], models_root: Path | None) -> dict[str, Any]:
    """By head the model that answers; a head without one is left out. Raises as `registry.load` does."""
    models = {head.name: head.load(chosen.get(head.name), device, models_root) for head in HEADS}
    return {name: model for name, model in models.items() if model is not None}


def find_levels(
    images: StudyImages, spine: Spine, models: Mapping[str, Any], progress: Progress = silent
) -> tuple[MeasuredLevels, Findings]:
    """Measure every level and let every head answer. models: of `load_heads`."""
    progress(Step.GRADING, 0.0)
    data = LevelData(images, spine, with_shape(measure_levels(images, spine), spine))
    findings = Findings()
    for number, head in enumerate(HEADS):
        findings = _asked(head, models.get(head.name), data, findings)
        progress(Step.GRADING, (number + 1) / len(HEADS))
    return data.measured, findings


def _asked(head: Head, model: Any, data: LevelData, findings: Findings) -> Findings:
    shown = head.prepare(data) if model is not None else None
    findings, answers = head.answer(model, shown, data, findings)
    maps = head.explain(model, shown, answers, findings) if model is not None else []
    return replace(findings, evidence=(*findings.evidence, *maps))
