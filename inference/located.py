"""From the DICOM files of a study to named discs, and the images of every level: what reading and training share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inference.errors import NoSagittalSeriesError, StudyError
from inference.grading.crops import AxialImage
from inference.images import axial
from inference.images.choice import Stack, choose_series, series_stacks
from inference.images.headers import Header, read_headers
from inference.images.volume import load_volume, pixels
from inference.measures.canal import measure
from inference.measures.foramen import measure_foramina
from inference.models import registry
from inference.spine import quality, segment
from inference.spine.localise import Localisation, localise
from inference.types import (
    AxialSlices,
    DiscLevel,
    Measurement,
    QualityFinding,
    Role,
    Segmentation,
    SeriesChoice,
    Volume,
)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Located:
    """A study as far as its discs are named and measured.

    stack, volume: of the leading series, which was segmented. sagittal: it, and beside T2 the T1.
    measurements: without those that a doubt spoils. axial_stacks: of the axial series; slices: which of its
    images show which disc. fit: discs that no doubt spoils. warnings: of the volume alone.
    """

    headers: tuple[Header, ...]
    choices: tuple[SeriesChoice, ...]
    lead: SeriesChoice
    stack: Stack
    volume: Volume
    warnings: tuple[str, ...]
    segmentation: Segmentation
    spine: Localisation
    doubts: tuple[QualityFinding, ...]
    discs: tuple[DiscLevel, ...]
    measurements: tuple[Measurement, ...]
    sagittal: Mapping[Role, Volume]
    axial_stacks: tuple[Stack, ...]
    slices: tuple[AxialSlices, ...]

    @property
    def fit(self) -> list[DiscLevel]:
        return [disc for disc in self.discs if not any(disc.level in doubt.places for doubt in self.doubts)]


def silent(_step: str, _share: float) -> None:
    """No one listens."""


def locate(paths: Sequence[Path], segmenter: registry.Model, progress: Progress = silent) -> Located:
    """Choose the series of one study, segment, name and measure its discs.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    progress("series", 0.0)
    headers = read_headers(paths)
    choices = choose_series(headers)
    lead = _leading(choices)
    stack = series_stacks(headers, lead.uid)[0]
    volume, warnings = load_volume(stack)

    progress("segmenting", 0.0)
    segmentation = segment.segment(segmenter.run, volume, lambda share: progress("segmenting", share))

    progress("localising", 0.0)
    spine = localise(segmentation)
    doubts = quality.assess(stack.head, volume, segmentation, spine)

    progress("grading", 0.0)
    sagittal = _sagittal(headers, choices, lead, volume)
    fatty = with_bright_fat(headers, choices, sagittal, {lead.role: doubts})
    discs, measured = measure(segmentation, spine.discs, spine.vertebrae)
    measurements = (*measured, *measure_foramina(segmentation, discs, fatty))
    axial_uid = choice_of(choices, Role.AXIAL_T2).uid
    axial_stacks = series_stacks(headers, axial_uid)
    planes = tuple(plane for one in axial_stacks for plane in one.slices)
    return Located(
        headers=tuple(headers),
        choices=choices,
        lead=lead,
        stack=stack,
        volume=volume,
        warnings=warnings,
        segmentation=segmentation,
        spine=spine,
        doubts=doubts,
        discs=discs,
        measurements=quality.withheld(measurements, doubts),
        sagittal=sagittal,
        axial_stacks=tuple(axial_stacks),
        slices=axial.assign(discs, planes, axial_uid),
    )


def through(located: Located) -> dict[str, list[AxialImage]]:
    """By level the axial images through its disc, nearest first, as far as they can be read."""
    read: dict[str, AxialImage] = {}
    for stack in located.axial_stacks:
        with suppress(StudyError):
            images = zip(stack.slices, pixels(stack), strict=True)
            read |= {plane.sop_instance_uid: AxialImage(plane, image) for plane, image in images}
    return {one.level: [read[uid] for uid in one.sop_instance_uids if uid in read] for one in located.slices}


def choice_of(choices: Sequence[SeriesChoice], role: Role) -> SeriesChoice:
    """The series that plays a role; without a UID when there is none."""
    return next(choice for choice in choices if choice.role is role)


def with_bright_fat(
    headers: Sequence[Header],
    choices: Sequence[SeriesChoice],
    sagittal: Mapping[Role, Volume],
    doubts: Mapping[Role, Sequence[QualityFinding]],
) -> dict[Role, Volume]:
    """The sagittal series whose fat is not suppressed and that no contrast agent changed.

    doubts: by role what is known of a series beyond its header.
    """
    plain = {}
    for role, volume in sagittal.items():
        uid = choice_of(choices, role).uid
        head = next(header for header in headers if header.series_instance_uid == uid)
        told = {finding.code for finding in (*quality.of_header(head), *doubts.get(role, ()))}
        if not told & set(quality.UNLEARNT):
            plain[role] = volume
    return plain


def _leading(choices: Sequence[SeriesChoice]) -> SeriesChoice:
    """The series that is segmented: sagittal T2, else sagittal T1."""
    for role in (Role.SAGITTAL_T2, Role.SAGITTAL_T1):
        if choice_of(choices, role).uid:
            return choice_of(choices, role)
    raise NoSagittalSeriesError("There is no sagittal T2 or T1 series.")


def _sagittal(
    headers: Sequence[Header], choices: Sequence[SeriesChoice], lead: SeriesChoice, volume: Volume
) -> dict[Role, Volume]:
    """The leading volume, and beside T2 the T1 in the same frame of reference where it can be read."""
    volumes, uid = {lead.role: volume}, choice_of(choices, Role.SAGITTAL_T1).uid
    if lead.role is Role.SAGITTAL_T2 and uid:
        stack = series_stacks(headers, uid)[0]
        # Within one frame of reference the patient lay still; else the same place may be another disc.
        if volume.frame_of_reference_uid and stack.head.frame_of_reference_uid == volume.frame_of_reference_uid:
            # What T1 adds is little: a study whose T1 cannot be read is read without it.
            with suppress(StudyError):
                volumes[Role.SAGITTAL_T1] = load_volume(stack)[0]
    return volumes
