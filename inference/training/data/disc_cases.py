"""Every graded disc of SPIDER's mid-sagittal images as small pictures with answers: found by the shipped segmenter.

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

#: What the disc is found on, the best first, and which channel each weighting is.
LEADING = ("t2", SPACE, "t1")
CHANNEL = {
    "t2": ROLES.index(Role.SAGITTAL_T2),
    SPACE: ROLES.index(Role.SAGITTAL_T2),
    "t1": ROLES.index(Role.SAGITTAL_T1),
}
#: Images of one patient whose sizes differ by less are taken to show the same part of the patient, mm.
SAME_SIZE_MM = 1.0
#: What is kept of a disc between runs.
KEPT = ("level", "images", "present", "labels")
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
        """Several after each other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def gradings(data: Path) -> dict[tuple[int, str], tuple[int, ...]]:
    """The answers of every graded disc by patient and level, counted from 0; -1 for a gap. `data` holds ``spider/``."""
    found = {}
    with (data / "spider" / "disc_gradings.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            above = int(line["IVD label"])
            if above <= len(LEVELS):
                found[int(line["Patient"]), LEVELS[-above]] = tuple(
                    int(line[name]) - FIRST.get(question, 0) if line[name].strip() else -1
                    for question, name in COLUMNS.items()
                )
    return found


def gathered(data: Path, model: Model, cache: Path, patients: set[int]) -> Cases:
    """The graded discs of some patients, found by `model`; what is in `cache` by the same model is not found anew."""
    answers = gradings(data)
    rows = [disc for disc in _found(data, model, cache, patients) if (disc.patient, disc.level) in answers]
    return Cases(
        np.array([disc.patient for disc in rows]),
        np.array([LEVELS.index(disc.level) for disc in rows]),
        np.array([disc.images for disc in rows]),
        np.array([disc.present for disc in rows]),
        np.array([disc.labels for disc in rows]),
        np.array([answers[disc.patient, disc.level] for disc in rows]),
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


def _found(data: Path, model: Model, cache: Path, patients: set[int]) -> Iterator[_Disc]:
    """The discs of each patient, from the file of the patient below `cache` where there is one."""
    folder = cache / model.sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    listed = midsagittal.listed(data)
    for number in sorted(patients):
        path = folder / f"{number}.npz"
        if not path.exists():
            discs = _discs(data, model, [one for one in listed if one.patient == number])
            arrays = [np.array([getattr(disc, name) for disc in discs]) for name in KEPT]
            part = path.with_suffix(".part.npz")
            np.savez(part, **dict(zip(KEPT, arrays, strict=True)))  # type: ignore[arg-type]
            part.replace(path)
        with np.load(path) as kept:
            for level, *arrays in zip(*(kept[name] for name in KEPT), strict=True):
                yield _Disc(number, str(level), *arrays)


def _discs(data: Path, model: Model, series: list[Series]) -> list[_Disc]:
    """The discs of one patient on the best series, with the other weighting's picture of the same discs."""
    first, *others = sorted(series, key=lambda one: LEADING.index(one.weighting))
    volume = midsagittal.load(data, first)
    try:
        segmentation, discs = _read(model, volume)
    except StudyError:
        return []
    images = {CHANNEL[first.weighting]: {disc.level: cut(volume, disc, margin=MARGIN) for disc in discs}}
    for other in (one for one in others if CHANNEL[one.weighting] not in images):
        images[CHANNEL[other.weighting]] = _other(model, midsagittal.load(data, other), volume, discs)
    return [_disc(first.patient, segmentation, disc, images) for disc in discs]


def _read(model: Model, volume: Volume) -> tuple[Segmentation, tuple[DiscLevel, ...]]:
    segmentation = segment(model.run, volume)
    return segmentation, localise(segmentation).discs


def _other(
    model: Model, other: Volume, first: Volume, discs: tuple[DiscLevel, ...]
) -> dict[str, NDArray[np.float32] | None]:
    """The discs in another image: at the same places where it is as large as the first, else where they are found."""
    if np.abs(_size_mm(other) - _size_mm(first)).max() > SAME_SIZE_MM:
        try:
            discs = _read(model, other)[1]
        except StudyError:
            return {}
    return {disc.level: cut(other, disc, margin=MARGIN) for disc in discs}


def _size_mm(volume: Volume) -> NDArray[np.float64]:
    return np.asarray(volume.spacing_mm[1:] * volume.array.shape[1:])


def _disc(
    patient: int,
    segmentation: Segmentation,
    disc: DiscLevel,
    images: dict[int, dict[str, NDArray[np.float32] | None]],
) -> _Disc:
    seen = [images.get(channel, {}).get(disc.level) for channel in range(len(ROLES))]
    labels = labels_around(segmentation, disc)
    blank = np.zeros(labels.shape, np.float32)
    pictures = np.array([blank if one is None else one for one in seen])
    return _Disc(patient, disc.level, pictures, np.array([one is not None for one in seen]), labels)
