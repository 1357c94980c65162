"""read_study(): the steps of a reading in order, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from inference import __version__
from inference.grading import discs as disc_networks
from inference.grading import evidence, thresholds
from inference.grading.evidence import EvidenceMap
from inference.grading.grader import asked, learnt_by, opinions
from inference.images.choice import series_stacks
from inference.images.headers import digest
from inference.located import Located, Progress, choice_of, locate, silent, through
from inference.measures import norms
from inference.measures.shape import measure_shape
from inference.models import registry
from inference.result import draft
from inference.spine import quality
from inference.spine.instances import InstanceMap, instances
from inference.types import DiscFinding, Provenance, Role, Segmentation, Slice, StudyReading, Volume

#: Steps in the order in which they are reported.
STEPS = ("series", "segmenting", "localising", "grading", "drafting")


@dataclass(frozen=True)
class Models:
    """The networks a worker holds for its lifetime. grader: None where none is installed."""

    segmenter: registry.Model
    grader: registry.Model | None = None
    discs: disc_networks.DiscModel | None = None


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
    discs = disc_networks.load(chosen=chosen.get("discs", registry.SHIPPED), models_root=models_root)
    return Models(load("segment"), load("grade") if there else None, discs)


def read_study(paths: Sequence[Path], models: Models, progress: Progress = silent) -> Result:
    """Read the DICOM files of one study.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    found = locate(paths, models.segmenter, progress)
    headers, choices, doubts, discs = found.headers, found.choices, found.doubts, found.discs
    parts = instances(found.segmentation, found.spine.discs)
    seen: tuple[DiscFinding, ...] = ()
    maps: list[EvidenceMap] = []
    if models.discs:
        cuts = disc_networks.shown(found.sagittal, found.segmentation, discs)
        seen = quality.withheld_discs(disc_networks.find(models.discs, cuts), doubts)
        maps += evidence.of_discs(models.discs, cuts, seen)
    said = None
    if models.grader:
        shown = asked(found.fit, found.measurements, found.sagittal, through(found))
        said = opinions(models.grader.network, shown, learnt_by(models.grader.card))
    findings = thresholds.grade(discs, found.measurements, (found.lead.role,), said)
    if models.grader and shown and said:
        maps += evidence.of_grader(models.grader.network, shown, said, findings)
    shapes = measure_shape(found.segmentation, discs, found.spine.vertebrae)
    measurements = norms.compared((*found.measurements, *shapes))

    progress("drafting", 0.0)
    planes = {found.lead.uid: found.stack.slices}
    for choice in choices:
        if choice.uid and choice.uid not in planes:
            planes[choice.uid] = tuple(s for one in series_stacks(headers, choice.uid) for s in one.slices)
    used = [header.path for header in headers if header.series_instance_uid in planes]
    reading = StudyReading(
        study_instance_uid=headers[0].study_instance_uid,
        series=choices,
        curve=found.spine.curve,
        discs=discs,
        vertebrae=found.spine.vertebrae,
        measurements=measurements,
        findings=findings,
        axial=found.slices,
        draft=draft.compose(findings, measurements),
        provenance=_provenance(models, used),
        warnings=(*found.warnings, *found.spine.warnings, *(doubt.text for doubt in doubts), *_coverage(found)),
        numbering=found.spine.numbering,
        instances=parts.listed(),
        quality=doubts,
        disc_findings=seen,
    )
    return Result(reading, found.volume, found.segmentation, parts, planes, tuple(maps))


def _coverage(found: Located) -> tuple[str, ...]:
    warnings = []
    if not choice_of(found.choices, Role.SAGITTAL_T2).uid:
        warnings.append("Read from sagittal T1: the canal's edge is less certain than on T2.")
    if not choice_of(found.choices, Role.AXIAL_T2).uid:
        warnings.append("There is no axial T2 series; everything is read from the sagittal images.")
    elif not found.slices:
        warnings.append("The axial images pass through none of the discs that were found.")
    return tuple(warnings)


def _provenance(models: Models, used: Sequence[Path]) -> Provenance:
    model = models.segmenter
    others = tuple(one.mark for one in (models.grader, models.discs) if one)
    return Provenance(__version__, model.name, model.version, model.sha256, digest(used), model.run.runtime, others)
