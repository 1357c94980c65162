"""The last stage of a reading: what the stages before found -> one `StudyReading` and its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference import __version__
from inference.grading.evidence import EvidenceMap
from inference.grading.heads import Findings
from inference.images.headers import digest
from inference.images.read import StudyImages
from inference.measures.levels import MeasuredLevels
from inference.result import draft
from inference.spine.find import Spine
from inference.spine.instances import InstanceMap, instances
from inference.types import Provenance, Role, Segmentation, Slice, StudyReading, Volume


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
    reading = StudyReading(
        study_instance_uid=images.study_instance_uid,
        series=images.choices,
        curve=spine.levels.curve,
        discs=measured.discs,
        vertebrae=spine.levels.vertebrae,
        measurements=measured.measurements,
        findings=findings.levels,
        axial=measured.axial,
        draft=draft.compose(findings.levels, measured.measurements),
        provenance=_provenance(images, models),
        warnings=(
            *images.warnings,
            *spine.levels.warnings,
            *(finding.text for finding in spine.quality),
            *_coverage(images, measured),
        ),
        numbering=spine.levels.numbering,
        instances=parts.listed(),
        quality=spine.quality,
        disc_findings=findings.discs,
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


def _coverage(images: StudyImages, measured: MeasuredLevels) -> tuple[str, ...]:
    warnings = []
    if not images.of(Role.SAGITTAL_T2).stacks:
        warnings.append("Read from sagittal T1: the canal's edge is less certain than on T2.")
    if not images.of(Role.AXIAL_T2).stacks:
        warnings.append("There is no axial T2 series; everything is read from the sagittal images.")
    elif not measured.axial:
        warnings.append("The axial images pass through none of the discs that were found.")
    return tuple(warnings)


def _provenance(images: StudyImages, models: Sequence[Any]) -> Provenance:
    segmenter, *others = models
    return Provenance(
        __version__,
        segmenter.name,
        segmenter.version,
        segmenter.sha256,
        digest(images.files),
        segmenter.run.runtime,
        tuple(model.mark for model in others),
    )
