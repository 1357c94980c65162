"""The series of a simulated study: their planes and protocols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from inference.images.geometry import unit
from inference.simulate.body.anatomy import Anatomy
from inference.simulate.causes.options import Axial, Distractors, SagittalT1, Scale, StudyOptions
from inference.simulate.causes.patient import Patient
from inference.simulate.scanner import acquire
from inference.simulate.scanner.signal import Protocol
from inference.types import FloatArray, Slice

#: Number of discs with an axial block, from the lowest up.
BLOCKS = 3
#: Share of studies with each kind of axial T2 when it is drawn.
AXIAL = {Axial.BLOCKS: 0.55, Axial.STACK: 0.38, Axial.NONE: 0.07}
#: Share of studies with each distractor when they are drawn.
OFTEN = {"localiser": 0.9, "sagittal_stir": 0.4, "coronal_t2": 0.25, "sagittal_t1_contrast": 0.15, "other_region": 0.12}


class Kind(StrEnum):
    """What a series shows; the first three are `inference.types.Role`."""

    SAGITTAL_T2 = "sagittal_t2"
    SAGITTAL_T1 = "sagittal_t1"
    AXIAL_T2 = "axial_t2"
    LOCALISER = "localiser"
    STIR = "sagittal_stir"
    CORONAL = "coronal_t2"
    CONTRAST = "sagittal_t1_contrast"
    OTHER_REGION = "other_region"


#: Ranges of repetition time, echo time (ms) and echo train length, by weighting.
TIMES = {
    "T2": ((3000, 4200), (95, 115), (14, 22)),
    "T1": ((480, 650), (9, 13), (3, 5)),
    "STIR": ((3600, 5200), (42, 60), (8, 14)),
    "survey": ((160, 260), (4, 5), (1, 2)),
}
#: Share of series with flow of CSF, motion and wrap-around.
FLOW, MOTION, WRAP = 0.4, 0.12, 0.05


@dataclass(frozen=True)
class Planned:
    """One series to be scanned. planes: in the order of acquisition; samples: points per pixel."""

    kind: Kind
    number: int
    protocol: Protocol
    planes: list[Slice]
    samples: int


@dataclass(frozen=True)
class _Matrix:
    """How finely a study is sampled."""

    sagittal_slices: int
    sagittal_fov_mm: float
    sagittal_pixels: int
    axial_fov_mm: float
    axial_pixels: int
    block_slices: int
    coarse_pixels: int
    samples: int


def plan(rng: np.random.Generator, anatomy: Anatomy, options: StudyOptions) -> list[Planned]:
    """The series that a reading uses: sagittal T2 and, by `options`, T1 and axial T2."""
    matrix = _matrix(rng, Scale(options.scale))
    axial = Axial(options.axial)
    if axial is Axial.DRAWN:
        dice = np.random.default_rng([7, anatomy.patient.seed])
        axial = list(AXIAL)[int(dice.choice(len(AXIAL), p=list(AXIAL.values())))]
    return _sagittal(rng, anatomy, matrix, options) + _axial(rng, anatomy, matrix, axial)


def distractors(
    rng: np.random.Generator, anatomy: Anatomy, main: list[Planned], options: StudyOptions
) -> list[Planned]:
    """Series that no reading uses, besides `main`; most are easily mistaken for those that it uses."""
    kinds = _kinds_of(rng, Distractors(options.distractors))
    matrix = _matrix(rng, Scale(options.scale))
    sagittal = main[0]
    series = []
    if Kind.LOCALISER in kinds:
        series.append(_localiser(rng, anatomy, matrix))
    thickness, gap, tesla = sagittal.protocol.thickness_mm, sagittal.protocol.gap_mm, sagittal.protocol.tesla
    if Kind.STIR in kinds:
        stir = replace(_protocol(rng, "STIR", thickness, gap, tesla), inversion_ms=float(rng.integers(205, 221)))
        series.append(Planned(Kind.STIR, 5, stir, sagittal.planes, sagittal.samples))
    if Kind.CONTRAST in kinds:
        enhanced = replace(_protocol(rng, "T1", thickness, gap, tesla), gadolinium=float(rng.uniform(3, 6)))
        series.append(Planned(Kind.CONTRAST, 7, enhanced, sagittal.planes, sagittal.samples))
    if Kind.CORONAL in kinds:
        series.append(_coronal(rng, anatomy, matrix))
    if Kind.OTHER_REGION in kinds:
        series.append(_other_region(rng, anatomy, matrix))
    return series


def _kinds_of(rng: np.random.Generator, distractors: Distractors) -> set[str]:
    dice = rng.random(len(OFTEN))
    if distractors is Distractors.DRAWN:
        return {kind for kind, draw in zip(OFTEN, dice, strict=True) if draw < OFTEN[kind]}
    return set(OFTEN) if distractors is Distractors.ALL else set()


def _matrix(rng: np.random.Generator, scale: Scale) -> _Matrix:
    if scale is Scale.SMALL:
        return _Matrix(9, 280.0, 208, 180.0, 112, 3, 64, 1)
    fov = float(rng.choice([280.0, 290.0, 300.0]))
    pixels = int(rng.choice([384, 400]))
    return _Matrix(15, fov, pixels, float(rng.choice([180.0, 190.0, 200.0])), 320, 5, 256, 4)


def field_tesla(patient: Patient) -> float:
    """Field strength of a patient's scanner, tesla."""
    return float(np.random.default_rng([8, patient.seed]).choice([1.5, 3.0]))


def _protocol(rng: np.random.Generator, weighting: str, thickness: float, gap: float, tesla: float) -> Protocol:
    """A hospital's protocol. Most images are clean; some have motion, flow or wrap-around."""
    repetition, echo, train = TIMES[weighting]
    dice = rng.random(4)
    return Protocol(
        weighting=weighting,
        repetition_ms=float(np.round(rng.uniform(*repetition))),
        echo_ms=float(np.round(rng.uniform(*echo), int(echo[1] < 20))),
        echo_train=int(rng.integers(*train)),
        thickness_mm=thickness,
        gap_mm=gap,
        noise=float(rng.uniform(0.006, 0.013)) * (1.2 if tesla < 2 else 0.8),
        coil_mm=float(rng.uniform(45, 80)),
        floor=float(rng.uniform(0.35, 0.6)),
        saturation=0.75 if dice[0] < 0.5 else 0.0,
        seed=int(rng.integers(2**31)),
        plateau_mm=float(rng.uniform(0, 60)),
        tesla=tesla,
        bandwidth_hz=float(rng.uniform(150, 300)) * (2 if tesla > 2 else 1),
        acquired=(float(rng.uniform(0.6, 0.9)), float(rng.uniform(0.8, 1.0))),
        train_decay=float(rng.uniform(0.1, 0.7)),
        flow=float(rng.uniform(0.2, 0.7)) if weighting == "T2" and dice[1] < FLOW else 0.0,
        motion_mm=float(rng.uniform(0.3, 0.9)) if dice[2] < MOTION else 0.0,
        wrap=float(rng.uniform(0.04, 0.12)) if dice[3] < WRAP else 0.0,
        bias=float(rng.uniform(0.0, 0.08)),
        scale=float(rng.uniform(700, 3300)),
    )


def _middle(anatomy: Anatomy, left_mm: float, back_mm: float, up_mm: float) -> FloatArray:
    """A point beside the spine's middle line, over the lowest disc, LPS mm."""
    lowest = anatomy.layout.discs[anatomy.patient.discs[-1].level].centre_mm
    left = float(np.mean([place.centre_mm[0] for place in anatomy.layout.bodies.values()]))
    return np.array([left + left_mm, back_mm, lowest[2] + up_mm])


def _sagittal(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix, options: StudyOptions) -> list[Planned]:
    """T2 and, by `options`, T1 on the same slices, turned a little as patients lie."""
    step = 4.4 if matrix.sagittal_slices > 9 else 5.5
    protocol = _protocol(rng, "T2", step / 1.1, step - step / 1.1, field_tesla(anatomy.patient))
    yaw, roll = np.deg2rad(rng.uniform(-1.5, 1.5, 2))
    along_row = unit(np.array([-np.sin(yaw), np.cos(yaw), 0.0]))
    down = np.array([np.sin(roll), 0.0, -np.cos(roll)])
    along_column = unit(down - along_row * (down @ along_row))
    centre = _middle(anatomy, rng.uniform(-1.5, 1.5), rng.uniform(2, 14), rng.uniform(72, 84))
    pixels = (matrix.sagittal_pixels, matrix.sagittal_pixels)
    spacing = matrix.sagittal_fov_mm / matrix.sagittal_pixels
    planes = acquire.stack(centre, along_row, along_column, pixels, spacing, matrix.sagittal_slices, protocol)
    series = [Planned(Kind.SAGITTAL_T2, 2, protocol, planes, matrix.samples)]
    if options.sagittal_t1 is SagittalT1.PRESENT:
        second = _protocol(rng, "T1", protocol.thickness_mm, protocol.gap_mm, protocol.tesla)
        series.append(Planned(Kind.SAGITTAL_T1, 3, second, planes, matrix.samples))
    return series


def _axial(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix, axial: Axial) -> list[Planned]:
    """Angled blocks through the lowest discs, or one straight stack over them."""
    if axial is Axial.NONE:
        return []
    tesla = field_tesla(anatomy.patient)
    pixels, spacing = matrix.axial_pixels, matrix.axial_fov_mm / matrix.axial_pixels
    discs = [anatomy.layout.discs[disc.level] for disc in anatomy.patient.discs[-BLOCKS:]]
    if axial is Axial.BLOCKS:
        protocol = _protocol(rng, "T2", 3.5, 0.5, tesla)
        planes = [
            plane
            for disc in discs
            for plane in reversed(acquire.disc_block(disc, pixels, spacing, matrix.block_slices, protocol))
        ]
    else:
        protocol = _protocol(rng, "T2", 4.0, 0.4 if matrix.samples > 1 else 3.0, tesla)
        top, bottom = discs[0].centre_mm, discs[-1].centre_mm
        lean = np.deg2rad(rng.uniform(0, 10))
        back = np.array([0.0, np.cos(lean), np.sin(lean)])
        count = int(np.ceil((top[2] - bottom[2] + 30) / protocol.step_mm))
        centre = (top + bottom) / 2 + 16 * back
        planes = acquire.stack(centre, np.array([1.0, 0, 0]), back, (pixels, pixels), spacing, count, protocol)
        planes = planes[::-1]
    return [Planned(Kind.AXIAL_T2, 4, protocol, planes, matrix.samples)]


def _localiser(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix) -> Planned:
    """Three quick slices in each of three planes, in one series."""
    protocol = _protocol(rng, "survey", 8.0, 12.0, field_tesla(anatomy.patient))
    centre = _middle(anatomy, 0.0, 10.0, 75.0)
    left, back, up = np.eye(3)
    size, spacing = (matrix.coarse_pixels, matrix.coarse_pixels), 400.0 / matrix.coarse_pixels
    planes = [
        plane
        for row, column in ((back, -up), (left, -up), (left, back))
        for plane in acquire.stack(centre, row, column, size, spacing, 3, protocol)
    ]
    return Planned(Kind.LOCALISER, 1, protocol, planes, 1)


def _coronal(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix) -> Planned:
    protocol = _protocol(rng, "T2", 5.0, 1.0, field_tesla(anatomy.patient))
    left, _, up = np.eye(3)
    size, spacing = (matrix.coarse_pixels, matrix.coarse_pixels), 320.0 / matrix.coarse_pixels
    centre = _middle(anatomy, 0.0, 12.0, 70.0)
    return Planned(Kind.CORONAL, 6, protocol, acquire.stack(centre, left, -up, size, spacing, 11, protocol), 1)


def _other_region(rng: np.random.Generator, anatomy: Anatomy, matrix: _Matrix) -> Planned:
    """A sagittal T2 of the lower thoracic spine, with more slices than the lumbar one."""
    protocol = _protocol(rng, "T2", 4.0, 0.4, field_tesla(anatomy.patient))
    _, back, up = np.eye(3)
    size, spacing = (matrix.coarse_pixels, matrix.coarse_pixels), 170.0 / matrix.coarse_pixels
    centre = _middle(anatomy, 0.0, 25.0, 205.0)
    count = matrix.sagittal_slices + 2
    return Planned(Kind.OTHER_REGION, 8, protocol, acquire.stack(centre, back, -up, size, spacing, count, protocol), 1)
