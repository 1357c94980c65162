"""Simulated sagittal series with one fault each, to measure what the quality gate detects and its false alarms.

Each kind is the same scan as a hospital's, with a single change of patient,
protocol or planes. ``clean`` and ``ill`` have none: an alarm there is a false one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from inference.images.geometry import stack_affine
from inference.simulate.causes.options import Scale, StudyOptions
from inference.simulate.causes.patient import Patient, draw
from inference.simulate.scanner import acquire
from inference.simulate.scanner.series import Planned, plan
from inference.simulate.truth.study_truth import anatomy_of
from inference.types import Volume

#: Points per pixel: fewer than the simulator's studies have, for speed.
SAMPLES = 2


@dataclass(frozen=True)
class Spoilt:
    """One sagittal series. kind: its fault; patient: who was scanned."""

    kind: str
    patient: Patient
    volume: Volume


Change = Callable[[Planned, np.random.Generator], Planned]


def _same(planned: Planned, _rng: np.random.Generator) -> Planned:
    return replace(planned, protocol=replace(planned.protocol, motion_mm=0.0))


def _protocol(**ranges: tuple[float, float]) -> Change:
    """Another protocol, each value drawn from its range."""

    def change(planned: Planned, rng: np.random.Generator) -> Planned:
        drawn = {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
        still = replace(planned.protocol, motion_mm=0.0)
        return replace(planned, protocol=replace(still, **drawn))  # type: ignore[arg-type]

    return change


def _fewer(count: int) -> Change:
    """Only the middle slices."""

    def change(planned: Planned, rng: np.random.Generator) -> Planned:
        first = (len(planned.planes) - count) // 2
        return _same(replace(planned, planes=planned.planes[first : first + count]), rng)

    return change


def _moved(up_mm: tuple[float, float]) -> Change:
    """The field of view further towards the head."""

    def change(planned: Planned, rng: np.random.Generator) -> Planned:
        shift = np.array([0.0, 0.0, rng.uniform(*up_mm)])
        return _same(replace(planned, planes=[replace(p, origin_mm=p.origin_mm + shift) for p in planned.planes]), rng)

    return change


#: The patient's options and the change of the scan, by kind of fault.
KINDS: dict[str, tuple[StudyOptions, Change]] = {
    "clean": (StudyOptions(), _same),
    "ill": (StudyOptions(severity="severe"), _same),
    "operated": (StudyOptions(surgery="done"), _same),
    "moved": (StudyOptions(), _protocol(motion_mm=(2.5, 5.0))),
    "noisy": (StudyOptions(), _protocol(noise=(0.08, 0.16))),
    "folded": (StudyOptions(), _protocol(wrap=(0.15, 0.25))),
    "suppressed": (StudyOptions(), _protocol(fat_suppression=(0.85, 0.97))),
    "stir": (
        StudyOptions(),
        _protocol(inversion_ms=(150.0, 220.0), repetition_ms=(3600.0, 5200.0), echo_ms=(45.0, 60.0)),
    ),
    "t1": (StudyOptions(), _protocol(repetition_ms=(480.0, 650.0), echo_ms=(9.0, 13.0))),
    "narrow": (StudyOptions(), _fewer(4)),
    "too_high": (StudyOptions(), _moved((75.0, 110.0))),
    "too_low": (StudyOptions(), _moved((-130.0, -100.0))),
    "thoracic": (StudyOptions(), _moved((190.0, 215.0))),
    "scoliotic": (StudyOptions(), _same),
}


#: Anatomy that makes level names doubtful, by kind as `KINDS`.
VARIANTS: dict[str, tuple[StudyOptions, Change]] = {
    "sacralised": (StudyOptions(transition="sacralised"), _same),
    "lumbarised": (StudyOptions(transition="lumbarised"), _same),
    "four": (StudyOptions(lumbar_vertebrae=4), _same),
    "six": (StudyOptions(lumbar_vertebrae=6), _same),
}


def make(kind: str, seed: int, scale: Scale = Scale.FULL) -> Spoilt:
    """One series; the same kind, seed and scale give the same. Raises KeyError for an unknown kind."""
    kinds = KINDS | VARIANTS
    options, change = kinds[kind]
    rng = np.random.default_rng([37, list(kinds).index(kind), seed])
    patient = draw(seed, replace(options, axial="none", sagittal_t1="absent"))
    if kind == "scoliotic":
        patient = replace(patient, scoliosis_mm=float(rng.choice([-1, 1]) * rng.uniform(13, 22)))
    anatomy = anatomy_of(patient)
    # The stack is planned as in a hospital, then changed.
    planned = change(plan(np.random.default_rng([5, seed]), anatomy, StudyOptions(axial="none", scale=scale))[0], rng)
    images = acquire.images(anatomy, planned.planes, [planned.protocol], SAMPLES)[0]
    array = np.stack(images).astype(np.float32)
    return Spoilt(kind, patient, Volume(array, stack_affine(list(planned.planes))))
