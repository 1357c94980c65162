"""Every graded disc of SPIDER's mid-sagittal images as small pictures with answers: located by the shipped segmenter.

SPIDER: van der Graaf et al., Scientific Data 2024, Zenodo 10159290, CC BY 4.0. ``disc_gradings.csv`` names a disc by
its place above the sacrum (1: L5-S1). Discs above T12-L1 have no name in the product and are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import StudyError
from inference.grading.discs import FIRST, MARGIN, ROLES, cut, labels_around
from inference.models.registry import Model
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import midsagittal
from inference.training.data.midsagittal import SPACE, Series
from inference.types import LEVELS, DiscLevel, DiscQuestion, Role, Segmentation, Volume

#: Weightings on which discs are located, the best first, and the input channel of each weighting.
LEADING = ("t2", SPACE, "t1")
CHANNEL = {
    "t2": ROLES.index(Role.SAGITTAL_T2),
    SPACE: ROLES.index(Role.SAGITTAL_T2),
    "t1": ROLES.index(Role.SAGITTAL_T1),
}
#: Fields of view of one patient that differ by at most this, mm, are taken to show the same part of the patient.
SAME_SIZE_MM = 1.0
#: Arrays of a disc that are stored between runs.
STORED = ("level", "images", "present", "labels")
#: Column of ``disc_gradings.csv`` by question.
COLUMNS = {
    DiscQuestion.PFIRRMANN: "Pfirrman grade",
    DiscQuestion.NARROWING: "Disc narrowing",
    DiscQuestion.BULGING: "Disc bulging",
    DiscQuestion.HERNIATION: "Disc herniation",
    DiscQuestion.SPONDYLOLISTHESIS: "Spondylolisthesis",
    DiscQuestion.UPPER_ENDPLATE: "UP endplate",
    DiscQuestion.LOWER_ENDPLATE: "LOW endplate",
    DiscQuestion.MODIC: "Modic",
}


@dataclass(frozen=True)
class Cases:
    """Discs, one a row.

    patient, place: (n,) number and index in `LEVELS`. images: float32 (n, 2, rows, columns) with `MARGIN` around;
    present: bool (n, 2). labels: uint8 (n, rows, columns), values of `Label` in the first image there is.
    answers: (n, questions), counted from 0; -1 where nobody answered.
    """

    patient: NDArray[np.int64]
    place: NDArray[np.int64]
    images: NDArray[np.float32]
    present: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    answers: NDArray[np.int64]

    def of(self, patients: set[int]) -> Cases:
        """The discs of some patients."""
        rows = np.isin(self.patient, sorted(patients))
        return Cases(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def joined(cls, parts: Sequence[Cases]) -> Cases:
        """Several `Cases` concatenated."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def gradings(data: Path) -> dict[tuple[int, str], tuple[int, ...]]:
    """The answers of every graded disc by patient and level, counted from 0; -1 for a gap. `data` holds ``spider/``."""
    answers = {}
    with (data / "spider" / "disc_gradings.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            above = int(line["IVD label"])
            if above <= len(LEVELS):
                answers[int(line["Patient"]), LEVELS[-above]] = tuple(
                    int(line[name]) - FIRST.get(question, 0) if line[name].strip() else -1
                    for question, name in COLUMNS.items()
                )
    return answers


def gathered(data: Path, model: Model, cache: Path, patients: set[int]) -> Cases:
    """The graded discs of some patients, located by `model`, or read from `cache` if that model located them before."""
    answers = gradings(data)
    discs = [disc for disc in _located_discs(data, model, cache, patients) if (disc.patient, disc.level) in answers]
    return Cases(
        np.array([disc.patient for disc in discs]),
        np.array([LEVELS.index(disc.level) for disc in discs]),
        np.array([disc.images for disc in discs]),
        np.array([disc.present for disc in discs]),
        np.array([disc.labels for disc in discs]),
        np.array([answers[disc.patient, disc.level] for disc in discs]),
    )


def groups(patients: set[int], count: int) -> list[set[int]]:
    """The patients in `count` groups, in turn by number."""
    ordered = sorted(patients)
    return [set(ordered[k::count]) for k in range(count)]


@dataclass(frozen=True)
class _Disc:
    """A row of `Cases` before its answers are known."""

    patient: int
    level: str
    images: NDArray[np.float32]
    present: NDArray[np.bool_]
    labels: NDArray[np.uint8]


def _located_discs(data: Path, model: Model, cache: Path, patients: set[int]) -> Iterator[_Disc]:
    """The discs of each patient, from the file of the patient below `cache` where there is one."""
    folder = cache / model.sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    series = midsagittal.listed(data)
    for number in sorted(patients):
        path = folder / f"{number}.npz"
        if not path.exists():
            discs = _discs(data, model, [entry for entry in series if entry.patient == number])
            arrays = [np.array([getattr(disc, name) for disc in discs]) for name in STORED]
            part = path.with_suffix(".part.npz")
            np.savez(part, **dict(zip(STORED, arrays, strict=True)))  # type: ignore[arg-type]
            part.replace(path)
        with np.load(path) as stored:
            for level, *arrays in zip(*(stored[name] for name in STORED), strict=True):
                yield _Disc(number, str(level), *arrays)


def _discs(data: Path, model: Model, series: list[Series]) -> list[_Disc]:
    """The discs of one patient on the best series, with crops of the same discs in the other weighting."""
    first, *remaining = sorted(series, key=lambda candidate: LEADING.index(candidate.weighting))
    volume = midsagittal.load(data, first)
    try:
        segmentation, discs = _read(model, volume)
    except StudyError:
        return []
    images = {CHANNEL[first.weighting]: {disc.level: cut(volume, disc, margin=MARGIN) for disc in discs}}
    for partner in (candidate for candidate in remaining if CHANNEL[candidate.weighting] not in images):
        images[CHANNEL[partner.weighting]] = _in_other_weighting(model, midsagittal.load(data, partner), volume, discs)
    return [_disc(first.patient, segmentation, disc, images) for disc in discs]


def _read(model: Model, volume: Volume) -> tuple[Segmentation, tuple[DiscLevel, ...]]:
    segmentation = segment(model.run, volume)
    return segmentation, localise(segmentation).discs


def _in_other_weighting(
    model: Model, volume: Volume, reference: Volume, discs: tuple[DiscLevel, ...]
) -> dict[str, NDArray[np.float32] | None]:
    """The discs in another volume: at the same places if it has the field of view of `reference`, else located."""
    if np.abs(_size_mm(volume) - _size_mm(reference)).max() > SAME_SIZE_MM:
        try:
            discs = _read(model, volume)[1]
        except StudyError:
            return {}
    return {disc.level: cut(volume, disc, margin=MARGIN) for disc in discs}


def _size_mm(volume: Volume) -> NDArray[np.float64]:
    return np.asarray(volume.spacing_mm[1:] * volume.array.shape[1:])


def _disc(
    patient: int,
    segmentation: Segmentation,
    disc: DiscLevel,
    images: dict[int, dict[str, NDArray[np.float32] | None]],
) -> _Disc:
    crops = [images.get(channel, {}).get(disc.level) for channel in range(len(ROLES))]
    labels = labels_around(segmentation, disc)
    blank = np.zeros(labels.shape, np.float32)
    pictures = np.array([blank if crop is None else crop for crop in crops])
    return _Disc(patient, disc.level, pictures, np.array([crop is not None for crop in crops]), labels)
