"""read_study(): the steps of a reading in order, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from inference import __version__, axial, dicom, disc_findings, draft, grade, norms, quality, registry, segment
from inference.crops import AxialImage
from inference.errors import NoSagittalSeriesError, StudyError
from inference.instances import InstanceMap, instances
from inference.localise import localise
from inference.measure import measure
from inference.opinion import learnt_by, opinions
from inference.shape import measure_shape
from inference.types import (
    AxialSlices,
    Provenance,
    Role,
    Segmentation,
    SeriesChoice,
    Slice,
    StudyReading,
    Volume,
)
from inference.volume import load_volume, pixels

#: Steps in the order in which they are reported.
STEPS = ("series", "segmenting", "localising", "grading", "drafting")

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Models:
    """The networks a worker holds for its lifetime. grader: None where none is installed."""

    segmenter: registry.Model
    grader: registry.Model | None = None
    discs: disc_findings.DiscModel | None = None


@dataclass(frozen=True)
class Result:
    """A reading with the images it was made from.

    planes: for every series used, the slices that the segmentation can be shown on.
    """

    reading: StudyReading
    volume: Volume
    segmentation: Segmentation
    instances: InstanceMap
    planes: dict[str, tuple[Slice, ...]]


def load_models(
    device: str = "cpu", chosen: Mapping[str, registry.Choice] = MappingProxyType({}), models_root: Path | None = None
) -> Models:
    """Load the models once: those `chosen` by name from `models_root`, the shipped ones otherwise.

    Raises registry.DamagedModelError and registry.MissingModelError.
    """

    def load(name: str) -> registry.Model:
        which = chosen.get(name, registry.SHIPPED)
        return registry.load(name, device, version=which.version, sha256=which.sha256, models_root=models_root)

    there = "grade" in chosen or any(one.shipped for one in registry.installed("grade"))
    discs = disc_findings.load(chosen=chosen.get("discs", registry.SHIPPED), models_root=models_root)
    return Models(load("segment"), load("grade") if there else None, discs)


def _silent(_step: str, _share: float) -> None:
    """No one listens."""


def read_study(paths: Sequence[Path], models: Models, progress: Progress = _silent) -> Result:
    """Read the DICOM files of one study.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    progress("series", 0.0)
    headers = dicom.read_headers(paths)
    choices = dicom.choose_series(headers)
    lead = _leading(choices)
    stack = dicom.series_stacks(headers, lead.uid)[0]
    volume, warnings = load_volume(stack)

    progress("segmenting", 0.0)
    segmentation = segment.segment(models.segmenter.run, volume, lambda share: progress("segmenting", share))

    progress("localising", 0.0)
    spine = localise(segmentation)
    doubts = quality.assess(stack.head, volume, segmentation, spine)
    parts = instances(segmentation, spine.discs)
    axial_stacks = dicom.series_stacks(headers, _of(choices, Role.AXIAL_T2).uid)
    axial_planes = tuple(plane for one in axial_stacks for plane in one.slices)

    progress("grading", 0.0)
    discs, measurements = measure(segmentation, spine.discs, spine.vertebrae)
    measurements = quality.withheld(measurements, doubts)
    sagittal = _sagittal(headers, choices, lead, volume)
    seen = disc_findings.find(models.discs, sagittal, segmentation, discs) if models.discs else ()
    slices = axial.assign(discs, axial_planes, _of(choices, Role.AXIAL_T2).uid)
    fit = [disc for disc in discs if not any(disc.level in doubt.places for doubt in doubts)]
    said = None
    if models.grader:
        through, learnt = _through(axial_stacks, slices), learnt_by(models.grader.card)
        said = opinions(models.grader.network, fit, measurements, sagittal, through, learnt)
    findings = grade.grade(discs, measurements, (lead.role,), said)
    measurements = norms.compared((*measurements, *measure_shape(segmentation, discs, spine.vertebrae)))

    progress("drafting", 0.0)
    planes = {lead.uid: stack.slices}
    for choice in choices:
        if choice.uid and choice.uid not in planes:
            planes[choice.uid] = tuple(s for one in dicom.series_stacks(headers, choice.uid) for s in one.slices)
    used = [header.path for header in headers if header.series_instance_uid in planes]
    reading = StudyReading(
        study_instance_uid=headers[0].study_instance_uid,
        series=choices,
        curve=spine.curve,
        discs=discs,
        vertebrae=spine.vertebrae,
        measurements=measurements,
        findings=findings,
        axial=slices,
        draft=draft.compose(findings, measurements),
        provenance=_provenance(models, used),
        warnings=(*warnings, *spine.warnings, *(doubt.text for doubt in doubts), *_coverage(choices, slices)),
        numbering=spine.numbering,
        instances=parts.listed(),
        quality=doubts,
        disc_findings=quality.withheld_discs(seen, doubts),
    )
    return Result(reading, volume, segmentation, parts, planes)


def _through(stacks: Sequence[dicom.Stack], axial: Sequence[AxialSlices]) -> dict[str, list[AxialImage]]:
    """By level the axial images through its disc, nearest first, as far as they can be read."""
    read: dict[str, AxialImage] = {}
    for stack in stacks:
        with suppress(StudyError):
            images = zip(stack.slices, pixels(stack), strict=True)
            read |= {plane.sop_instance_uid: AxialImage(plane, image) for plane, image in images}
    return {one.level: [read[uid] for uid in one.sop_instance_uids if uid in read] for one in axial}


def _leading(choices: Sequence[SeriesChoice]) -> SeriesChoice:
    """The series that is segmented: sagittal T2, else sagittal T1."""
    for role in (Role.SAGITTAL_T2, Role.SAGITTAL_T1):
        if _of(choices, role).uid:
            return _of(choices, role)
    raise NoSagittalSeriesError("There is no sagittal T2 or T1 series.")


def _sagittal(
    headers: Sequence[dicom.Header], choices: Sequence[SeriesChoice], lead: SeriesChoice, volume: Volume
) -> dict[Role, Volume]:
    """The leading volume, and beside T2 the T1 in the same frame of reference where it can be read."""
    volumes, uid = {lead.role: volume}, _of(choices, Role.SAGITTAL_T1).uid
    if lead.role is Role.SAGITTAL_T2 and uid:
        stack = dicom.series_stacks(headers, uid)[0]
        # Within one frame of reference the patient lay still; else the same place may be another disc.
        if volume.frame_of_reference_uid and stack.head.frame_of_reference_uid == volume.frame_of_reference_uid:
            # What T1 adds is little: a study whose T1 cannot be read is read without it.
            with suppress(StudyError):
                volumes[Role.SAGITTAL_T1] = load_volume(stack)[0]
    return volumes


def _of(choices: Sequence[SeriesChoice], role: Role) -> SeriesChoice:
    return next(choice for choice in choices if choice.role is role)


def _coverage(choices: Sequence[SeriesChoice], slices: Sequence[object]) -> tuple[str, ...]:
    warnings = []
    if not _of(choices, Role.SAGITTAL_T2).uid:
        warnings.append("Read from sagittal T1: the canal's edge is less certain than on T2.")
    if not _of(choices, Role.AXIAL_T2).uid:
        warnings.append("There is no axial T2 series; everything is read from the sagittal images.")
    elif not slices:
        warnings.append("The axial images pass through none of the discs that were found.")
    return tuple(warnings)


def _provenance(models: Models, used: Sequence[Path]) -> Provenance:
    model, digest = models.segmenter, dicom.digest(used)
    others = tuple(one.mark for one in (models.grader, models.discs) if one)
    return Provenance(__version__, model.name, model.version, model.sha256, digest, model.run.runtime, others)
