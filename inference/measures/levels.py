"""Measurements of every level, and its axial images."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.images import axial
from inference.images.read import StudyImages
from inference.measures import norms
from inference.measures.canal import measure
from inference.measures.foramen import measure_foramina
from inference.measures.shape import measure_shape
from inference.spine import quality
from inference.spine.find import Spine
from inference.types import AxialSlices, DiscLevel, Measurement, Role, Volume


@dataclass(frozen=True)
class MeasuredLevels:
    """Discs with their canal, measurements but those withheld for poor images, and the axial images of each disc."""

    discs: tuple[DiscLevel, ...]
    measurements: tuple[Measurement, ...]
    axial: tuple[AxialSlices, ...]


def measure_levels(images: StudyImages, spine: Spine) -> MeasuredLevels:
    """Canal and foramina of every disc."""
    discs, canals = measure(spine.segmentation, spine.levels.discs, spine.levels.vertebrae)
    foramina = measure_foramina(spine.segmentation, discs, bright_fat(images, spine))
    series = images.of(Role.AXIAL_T2)
    return MeasuredLevels(
        discs,
        quality.withheld((*canals, *foramina), spine.quality),
        axial.assign(discs, series.slices, series.choice.uid),
    )


def with_shape(measured: MeasuredLevels, spine: Spine) -> MeasuredLevels:
    """Adds the shape of discs and vertebrae, and compares every number with its usual range."""
    shape = measure_shape(spine.segmentation, measured.discs, spine.levels.vertebrae)
    return replace(measured, measurements=norms.compared((*measured.measurements, *shape)))


def bright_fat(images: StudyImages, spine: Spine) -> dict[Role, Volume]:
    """The sagittal volumes without fat suppression and contrast agent."""
    bright = {}
    for role, volume in images.sagittal.items():
        findings = list(quality.of_header(images.of(role).stacks[0].head))
        if role is images.lead:
            findings += spine.quality
        if not {finding.code for finding in findings} & set(quality.UNLEARNT):
            bright[role] = volume
    return bright
