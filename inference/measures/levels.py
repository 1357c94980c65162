"""What is measured at every level, and which axial images show it."""

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
    """Discs with their canal, measurements without those that poor images spoil, and the axial images of each disc."""

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
    """The shape of discs and vertebrae beside what was measured, and how far each number is from what is usual."""
    shape = measure_shape(spine.segmentation, measured.discs, spine.levels.vertebrae)
    return replace(measured, measurements=norms.compared((*measured.measurements, *shape)))


def bright_fat(images: StudyImages, spine: Spine) -> dict[Role, Volume]:
    """The sagittal volumes whose fat is not suppressed and that no contrast agent changed."""
    bright = {}
    for role, volume in images.sagittal.items():
        findings = list(quality.of_header(images.of(role).stacks[0].head))
        if role is images.lead:
            findings += spine.quality
        if not {finding.code for finding in findings} & set(quality.UNLEARNT):
            bright[role] = volume
    return bright
