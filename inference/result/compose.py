"""The last stage of a reading: what the stages before found -> one `StudyReading` and its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference import __version__
from inference.grading import thresholds
from inference.grading.evidence import EvidenceMap
from inference.grading.heads import Findings
from inference.images.headers import digest
from inference.images.read import StudyImages
from inference.measures.levels import MeasuredLevels
from inference.result import draft
from inference.spine import quality
from inference.spine.find import Spine
from inference.spine.instances import InstanceMap, instances
from inference.types import Notice, Provenance, Role, Segmentation, Slice, StudyReading, Volume


@dataclass(frozen=True)
class Result:
    """A reading with the images it was made from.

    planes: for every series used, the slices that the segmentation can be shown on.
    evidence: a map of every finding that a network gave.
    """

    reading: StudyReading
    volume: Volume
    segmentation: Segmentation
    instances: InstanceMap
    planes: dict[str, tuple[Slice, ...]]
    evidence: tuple[EvidenceMap, ...] = ()


def compose(
    images: StudyImages, spine: Spine, measured: MeasuredLevels, findings: Findings, models: Sequence[Any]
) -> Result:
    """All that was found, as one reading. models: the segmenter, then those of the heads that answered."""
    parts = instances(spine.segmentation, spine.levels.discs)
    rows, outside = thresholds.in_table(findings.levels)
    notices = (*images.notices, *spine.levels.notices, *spine.quality, *_coverage(images, measured))
    reading = StudyReading(
        study_instance_uid=images.study_instance_uid,
        series=images.choices,
        curve=spine.levels.curve,
        discs=measured.discs,
        vertebrae=spine.levels.vertebrae,
        measurements=measured.measurements,
        findings=rows,
        axial=measured.axial,
        draft=draft.compose(rows, measured.measurements),
        provenance=_provenance(images, models),
        notices=quality.with_missing_levels(notices, measured.discs),
        numbering=spine.levels.numbering,
        instances=parts.listed(),
        disc_findings=findings.discs,
        outside=outside,
    )
    return Result(reading, images.volume, spine.segmentation, parts, _planes(images), findings.evidence)


def _planes(images: StudyImages) -> dict[str, tuple[Slice, ...]]:
    """Of the leading series the stack that was segmented, of the others every slice."""
    lead = images.of(images.lead)
    planes = {lead.choice.uid: lead.stacks[0].slices}
    for one in images.series:
        if one.stacks:
            planes.setdefault(one.choice.uid, one.slices)
    return planes


def _coverage(images: StudyImages, measured: MeasuredLevels) -> tuple[Notice, ...]:
    notices = []
    if not images.of(Role.SAGITTAL_T2).stacks:
        notices.append(Notice("read_from_t1"))
    if not images.of(Role.AXIAL_T2).stacks:
        notices.append(Notice("no_axial_series"))
    elif not measured.axial:
        notices.append(Notice("axial_misses_discs"))
    return tuple(notices)


def _provenance(images: StudyImages, models: Sequence[Any]) -> Provenance:
    marks = tuple(model.mark for model in models)
    return Provenance(__version__, marks, digest(images.files), models[0].run.runtime)
