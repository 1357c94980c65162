"""A whole simulated study on disk: DICOM series, their truth and a report.

``OUT/dicom/<series>/IM0001.dcm`` and, beside it, ``OUT/truth.json`` and ``OUT/report.txt``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.images.dicom_writer import SeriesTags, SliceImage, StudyTags, datasets_of, save, uid_of
from inference.simulate.causes.options import Axial, SagittalT1, Scale, Severity, StudyOptions
from inference.simulate.causes.patient import Patient, draw
from inference.simulate.report.dictation import report_text
from inference.simulate.scanner import acquire
from inference.simulate.scanner.series import Kind, Planned, distractors, field_tesla, plan
from inference.simulate.scanner.vendors import Maker, dress, in_order, maker_of
from inference.simulate.truth.study_truth import Truth, anatomy_of, measure, truth_segmentation
from inference.types import Role, Slice

__all__ = [
    "Axial",
    "SagittalT1",
    "Scale",
    "Severity",
    "StudyOptions",
    "Truth",
    "truth_segmentation",
    "write_study",
]


@dataclass(frozen=True)
class _Desk:
    """What all series of a study share: its tags, its maker and a random generator."""

    study: StudyTags
    maker: Maker
    rng: np.random.Generator


def write_study(out_dir: Path, seed: int, options: StudyOptions | None = None) -> Truth:
    """Draw, scan, write and report one patient. The same seed and options write the same bytes.

    Files go to ``out_dir/dicom/<series>/``; the truth to ``out_dir/truth.json``,
    a radiologist's report to ``out_dir/report.txt``. Raises OSError when they cannot be written.
    """
    options = options or StudyOptions()
    patient = draw(seed, options)
    anatomy = anatomy_of(patient)
    rng, extra_rng = np.random.default_rng([5, seed]), np.random.default_rng([6, seed])
    maker = maker_of(options.habit, extra_rng)
    series = plan(rng, anatomy, options)
    series += distractors(extra_rng, anatomy, series, options)
    desk = _Desk(_study_tags(rng, patient, options, maker), maker, extra_rng)
    uids: dict[str, str] = {}
    for group in _by_planes(series):
        stacks = acquire.images(anatomy, group[0].planes, [planned.protocol for planned in group], group[0].samples)
        for planned, pixels in zip(group, stacks, strict=True):
            frames = [SliceImage(plane, image) for plane, image in zip(planned.planes, pixels, strict=True)]
            uids[planned.kind.value] = _write_series(out_dir / "dicom" / planned.kind.value, desk, planned, frames)
    truth = Truth(
        seed=seed,
        patient=patient,
        accession_number=desk.study.accession_number,
        study_instance_uid=desk.study.study_instance_uid,
        frame_of_reference_uid=desk.study.frame_of_reference_uid,
        series={role.value: uids.pop(role.value) for role in Role if role.value in uids},
        other_series=uids,
        levels=measure(patient),
    )
    truth.save(out_dir / "truth.json")
    (out_dir / "report.txt").write_text(report_text(patient, seed), encoding="utf-8")
    return truth


def _write_series(folder: Path, desk: _Desk, planned: Planned, frames: list[SliceImage]) -> str:
    """Write one series in its maker's way. Returns its UID."""
    tags = _series_tags(desk, planned)
    datasets = datasets_of(in_order(frames, desk.maker.order), tags)
    save(dress(datasets, desk.maker, planned.kind, desk.rng), folder, desk.maker.file_name)
    return tags.series_instance_uid


def _by_planes(series: list[Planned]) -> list[list[Planned]]:
    """Series that share their slices are scanned together: the anatomy is evaluated once."""
    groups: list[tuple[list[Slice], list[Planned]]] = []
    for planned in series:
        for planes, group in groups:
            if planes is planned.planes:
                group.append(planned)
                break
        else:
            groups.append((planned.planes, [planned]))
    return [group for _, group in groups]


def _study_tags(rng: np.random.Generator, patient: Patient, options: StudyOptions, maker: Maker) -> StudyTags:
    key = ("simulated study", patient.seed, options)
    size = 1.66 if patient.sex == "F" else 1.79
    given = patient.name.partition("^")[2]
    return StudyTags(
        study_instance_uid=uid_of(*key),
        frame_of_reference_uid=uid_of(*key, "frame"),
        patient_name=maker.person.format(given=given, GIVEN=given.upper()),
        patient_id=f"SIM{patient.seed:06d}",
        birth_date=f"{2024 - patient.age}{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}",
        sex=patient.sex,
        age=f"{patient.age:03d}Y",
        weight_kg=round(48 + 24 * patient.size * (size - 1.0) + 1.1 * patient.fat_mm, 1),
        size_m=round(size * patient.size / (0.96 if patient.sex == "F" else 1.03), 2),
        accession_number=f"SIM{int(uid_of(*key)[5:]) % 10**12:012d}",
        study_id=f"{patient.seed % 10**6}",
        date=f"2025{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}",
        time=f"{int(rng.integers(7, 19)):02d}{int(rng.integers(60)):02d}{int(rng.integers(60)):02d}",
        study_description=maker.study,
        institution=maker.institution,
        manufacturer=maker.manufacturer,
        model_name=maker.models[patient.seed % len(maker.models)],
        software=maker.software,
        field_tesla=field_tesla(patient),
        character_set=maker.character_set,
    )


def _series_tags(desk: _Desk, planned: Planned) -> SeriesTags:
    maker, survey = desk.maker, planned.kind is Kind.LOCALISER
    extra: dict[str, object] = {}
    sequence: tuple[str, ...] = ("GR",) if survey else ("SE",)
    if planned.kind is Kind.STIR:
        sequence, extra = ("SE", "IR"), {"InversionTime": f"{planned.protocol.inversion_ms:.0f}"}
    if planned.kind is Kind.CONTRAST:
        extra = {"ContrastBolusAgent": "Gadolinium (simulated)"}
    return SeriesTags(
        study=desk.study,
        series_instance_uid=uid_of(desk.study.study_instance_uid, planned.kind),
        series_number=planned.number * maker.series_step + int(maker.series_step > 1),
        description=maker.words[planned.kind],
        body_part="TSPINE" if planned.kind is Kind.OTHER_REGION and maker.body_part != "SPINE" else maker.body_part,
        sequence=sequence,
        variant=("SK",),
        repetition_ms=planned.protocol.repetition_ms,
        echo_ms=planned.protocol.echo_ms,
        echo_train=planned.protocol.echo_train,
        flip_deg=20.0 if survey else 150.0,
        thickness_mm=round(planned.protocol.thickness_mm, 3),
        spacing_between_mm=round(planned.protocol.step_mm, 3),
        image_type=maker.survey_type if survey else maker.image_type,
        comments="Simulated patient: not a person.",
        extra=extra,
    )
