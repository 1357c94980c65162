"""A whole simulated study on disk: DICOM series and their truth.

``OUT/dicom/<series>/IM0001.dcm`` and, beside it, ``OUT/truth.json``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.geometry import unit
from inference.simulate import acquire
from inference.simulate.anatomy import Anatomy
from inference.simulate.options import Axial, SagittalT1, Scale, Severity, StudyOptions
from inference.simulate.patient import Patient, draw
from inference.simulate.signal import Protocol
from inference.simulate.truth import Truth, anatomy_of, measure, truth_segmentation
from inference.types import Role, Slice
from inference.wrap import SeriesTags, SliceImage, StudyTags, uid_of, write_series

__all__ = [
    "Axial",
    "SagittalT1",
    "Scale",
    "Severity",
    "StudyOptions",
    "Truth",
    "truth_segmentation",
    "write_patients",
    "write_study",
]

#: The axial blocks' discs, counted from the lowest.
BLOCKS = 3


@dataclass(frozen=True)
class _Matrix:
    """How finely a study is sampled."""

    sagittal_slices: int
    sagittal_fov_mm: float
    sagittal_pixels: int
    axial_fov_mm: float
    axial_pixels: int
    block_slices: int
    samples: int


@dataclass(frozen=True)
class _Series:
    """One series to be written."""

    role: Role
    folder: str
    number: int
    description: str
    protocol: Protocol
    planes: list[Slice]


def _ignore(_done: int, _total: int) -> None:
    """No one listens."""


def write_patients(
    out: Path,
    patients: int,
    seed: int,
    options: StudyOptions | None = None,
    progress: Callable[[int, int], None] = _ignore,
) -> list[Truth]:
    """Write `patients` studies below ``out/patient_0001`` and so on, from seeds `seed`, `seed` + 1, ...

    progress: called with (done, of how many) after each study.
    """
    truths = []
    for number in range(patients):
        truths.append(write_study(out / f"patient_{number + 1:04d}", seed + number, options))
        progress(number + 1, patients)
    return truths


def write_study(out_dir: Path, seed: int, options: StudyOptions | None = None) -> Truth:
    """Draw, scan and write one patient. The same seed and options write the same bytes.

    Files go to ``out_dir/dicom/<series>/``; the truth to ``out_dir/truth.json``.
    """
    options = options or StudyOptions()
    patient = draw(seed, options)
    anatomy = anatomy_of(patient)
    rng = np.random.default_rng([5, seed])
    matrix = _matrix(rng, Scale(options.scale))
    series = _sagittal(rng, anatomy, matrix, options) + _axial(rng, anatomy, matrix, options)
    study = _study_tags(rng, patient, options)
    uids: dict[str, str] = {}
    for planes, together in _by_planes(series):
        stacks = acquire.images(anatomy, planes, [one.protocol for one in together], matrix.samples)
        for one, pixels in zip(together, stacks, strict=True):
            tags = _series_tags(study, one)
            frames = [SliceImage(plane, image) for plane, image in zip(planes, pixels, strict=True)]
            write_series(frames, out_dir / "dicom" / one.folder, tags)
            uids[one.role.value] = tags.series_instance_uid
    truth = Truth(seed, patient, study.study_instance_uid, study.frame_of_reference_uid, uids, measure(patient))
    truth.save(out_dir / "truth.json")
    return truth


def _by_planes(series: list[_Series]) -> list[tuple[list[Slice], list[_Series]]]:
    """Series that share their slices are scanned together: the anatomy is evaluated once."""
    groups: list[tuple[list[Slice], list[_Series]]] = []
    for one in series:
        for planes, together in groups:
            if planes is one.planes:
                together.append(one)
                break
        else:
            groups.append((one.planes, [one]))
    return groups


def _matrix(rng: np.random.Generator, scale: Scale) -> _Matrix:
    if scale is Scale.SMALL:
        return _Matrix(9, 280.0, 208, 180.0, 112, 3, 1)
    fov = float(rng.choice([280.0, 290.0, 300.0]))
    return _Matrix(15, fov, int(rng.choice([384, 400])), float(rng.choice([180.0, 190.0, 200.0])), 320, 5, 4)


def _protocol(rng: np.random.Generator, weighting: str, thickness: float, gap: float) -> Protocol:
    t2 = weighting == "T2"
    return Protocol(
        weighting=weighting,
        repetition_ms=float(np.round(rng.uniform(3000, 4200) if t2 else rng.uniform(480, 650))),
        echo_ms=float(np.round(rng.uniform(95, 115) if t2 else rng.uniform(9, 13), 1)),
        echo_train=int(rng.integers(14, 22) if t2 else rng.integers(3, 5)),
        thickness_mm=thickness,
        gap_mm=gap,
        noise=float(rng.uniform(0.006, 0.013)),
        coil_mm=float(rng.uniform(45, 80)),
        floor=float(rng.uniform(0.35, 0.6)),
        saturation=float(rng.choice([0.0, 0.75])),
        seed=int(rng.integers(2**31)),
    )


def _sagittal(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix, options: StudyOptions) -> list[_Series]:
    """T2 and, if wanted, T1 on the same slices, turned a little as the patient lay."""
    step = 4.4 if matrix.sagittal_slices > 9 else 5.5
    protocol = _protocol(rng, "T2", step / 1.1, step - step / 1.1)
    yaw, roll = np.deg2rad(rng.uniform(-1.5, 1.5, 2))
    along_row = unit(np.array([-np.sin(yaw), np.cos(yaw), 0.0]))
    down = np.array([np.sin(roll), 0.0, -np.cos(roll)])
    along_column = unit(down - along_row * (down @ along_row))
    lowest = anatomy.layout.discs[anatomy.patient.discs[-1].level].centre_mm
    middle = np.mean([place.centre_mm[0] for place in anatomy.layout.bodies.values()])
    centre = np.array([middle + rng.uniform(-1.5, 1.5), rng.uniform(2, 14), lowest[2] + rng.uniform(72, 84)])
    pixels = (matrix.sagittal_pixels, matrix.sagittal_pixels)
    spacing = matrix.sagittal_fov_mm / matrix.sagittal_pixels
    planes = acquire.stack(centre, along_row, along_column, pixels, spacing, matrix.sagittal_slices, protocol)
    series = [_Series(Role.SAGITTAL_T2, "sagittal_t2", 2, "T2 TSE SAG", protocol, planes)]
    if options.sagittal_t1 is SagittalT1.PRESENT:
        second = _protocol(rng, "T1", protocol.thickness_mm, protocol.gap_mm)
        series.append(_Series(Role.SAGITTAL_T1, "sagittal_t1", 3, "T1 TSE SAG", second, planes))
    return series


def _axial(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix, options: StudyOptions) -> list[_Series]:
    """Angled blocks through the lowest discs, or one straight stack over them."""
    if options.axial is Axial.NONE:
        return []
    pixels, spacing = matrix.axial_pixels, matrix.axial_fov_mm / matrix.axial_pixels
    discs = [anatomy.layout.discs[disc.level] for disc in anatomy.patient.discs[-BLOCKS:]]
    if options.axial is Axial.BLOCKS:
        protocol = _protocol(rng, "T2", 3.5, 0.5)
        planes = [
            plane
            for disc in discs
            for plane in reversed(acquire.disc_block(disc, pixels, spacing, matrix.block_slices, protocol))
        ]
    else:
        protocol = _protocol(rng, "T2", 4.0, 0.4 if matrix.samples > 1 else 3.0)
        top, bottom = discs[0].centre_mm, discs[-1].centre_mm
        lean = np.deg2rad(rng.uniform(0, 10))
        back = np.array([0.0, np.cos(lean), np.sin(lean)])
        count = int(np.ceil((top[2] - bottom[2] + 30) / protocol.step_mm))
        centre = (top + bottom) / 2 + 16 * back
        planes = acquire.stack(centre, np.array([1.0, 0, 0]), back, (pixels, pixels), spacing, count, protocol)
        planes = planes[::-1]
    return [_Series(Role.AXIAL_T2, "axial_t2", 4, "T2 TSE AX", protocol, planes)]


def _study_tags(rng: np.random.Generator, patient: Patient, options: StudyOptions) -> StudyTags:
    key = ("simulated study", patient.seed, options)
    size = 1.66 if patient.sex == "F" else 1.79
    return StudyTags(
        study_instance_uid=uid_of(*key),
        frame_of_reference_uid=uid_of(*key, "frame"),
        patient_name=patient.name,
        patient_id=f"SIM{patient.seed:06d}",
        birth_date=f"{2024 - patient.age}{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}",
        sex=patient.sex,
        age=f"{patient.age:03d}Y",
        weight_kg=round(48 + 24 * patient.size * (size - 1.0) + 1.1 * patient.fat_mm, 1),
        size_m=round(size * patient.size / (0.96 if patient.sex == "F" else 1.03), 2),
        accession_number=f"SIM{int(uid_of(*key)[5:]) % 10**8:08d}",
        study_id=f"{patient.seed % 10**6}",
        date=f"2025{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}",
        time=f"{int(rng.integers(7, 19)):02d}{int(rng.integers(60)):02d}{int(rng.integers(60)):02d}",
        study_description="MRI LUMBAR SPINE (SIMULATED)",
        institution="Simulated Hospital",
        manufacturer="DeepSPINE simulator",
        model_name="Simulated MR",
        field_tesla=float(rng.choice([1.5, 3.0])),
    )


def _series_tags(study: StudyTags, one: _Series) -> SeriesTags:
    return SeriesTags(
        study=study,
        series_instance_uid=uid_of(study.study_instance_uid, one.role),
        series_number=one.number,
        description=one.description,
        sequence=("SE",),
        variant=("SK",),
        repetition_ms=one.protocol.repetition_ms,
        echo_ms=one.protocol.echo_ms,
        echo_train=one.protocol.echo_train,
        flip_deg=150.0,
        thickness_mm=round(one.protocol.thickness_mm, 3),
        spacing_between_mm=round(one.protocol.step_mm, 3),
        image_type=("ORIGINAL", "PRIMARY", "OTHER"),
        comments="Simulated patient: not a person.",
    )
