"""Crops and labels of an archive's studies as `Levels` on disk, memory-mapped, so that an archive may be large.

Patients, not studies, are split once by the hash of their ID: of 20, 13 train, 3 tune and 4 are reported on.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.grading import crops
from inference.models.gradenet import MEASURED
from inference.simulate.causes.records import SITES
from inference.training.archive.index import Study
from inference.training.data.grade_cuts import VARIANTS, Group, Levels, group_of
from inference.training.data.grade_samples import PRESENT, UNSAID

#: Shape of one level and type, for every array of `Levels`.
_SHAPES: Mapping[str, tuple[tuple[int, ...], Any]] = {
    "sagittal": ((VARIANTS, len(crops.SAGITTAL), crops.PLANES, crops.ROWS, crops.COLUMNS), np.uint8),
    "axial": ((VARIANTS, crops.IMAGES, crops.AXIAL_ROWS, crops.AXIAL_COLUMNS), np.uint8),
    "height": ((VARIANTS, crops.IMAGES, crops.AXIAL_ROWS, crops.AXIAL_COLUMNS), np.float16),
    "images": ((VARIANTS,), np.int64),
    "series": ((VARIANTS, len(crops.SAGITTAL)), np.uint8),
    "sizes": ((len(MEASURED),), np.float64),
    "exact": ((), np.uint8),
    "truth": ((len(SITES),), np.int8),
    "report": ((len(SITES),), np.int8),
    "seed": ((), np.int64),
}
#: File next to the arrays that identifies what they were made from.
NOTE = "packed.json"
_FORAMINA = [SITES.index("foramen_left"), SITES.index("foramen_right")]
_NOT_CUT, _NOT_REACHED = "of a level that was not cut", "of a foramen that the slices do not reach"


@dataclass(frozen=True)
class Labelled:
    """A study that is used. path: of its crops. grades: (5, 5) of `labels.TaughtLabels`; truth: the same, if known."""

    study: Study
    path: Path
    grades: NDArray[np.int8]
    truth: NDArray[np.int8] | None = None

    @property
    def patient(self) -> int:
        """A number that stands for the patient, now and for ever."""
        return int(self.study.patient[:15], 16)

    @property
    def group(self) -> Group:
        return group_of(self.patient)


def unseen(labelled: Labelled) -> Counter[str]:
    """Number of labels of the report that the study's crops do not show, by reason."""
    graded = (labelled.grades != UNSAID) & (labelled.grades != PRESENT)
    with np.load(labelled.path, allow_pickle=False) as arrays:
        positions, reached = arrays["level"], arrays["foramina"].astype(bool)
    not_reached = int((graded[positions][:, _FORAMINA] & ~reached).sum())
    return +Counter({_NOT_CUT: int(graded.sum() - graded[positions].sum()), _NOT_REACHED: not_reached})


def pack(used: Sequence[Labelled], folder: Path) -> None:
    """Write the levels of `used` as arrays below `folder`, unless they exist."""
    mark = json.dumps(mark_of(used))
    note = folder / NOTE
    if note.exists() and note.read_text(encoding="utf-8") == mark:
        return
    folder.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    counts = [len(_array(labelled.path, "level")) for labelled in used]
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (sum(counts), *shape))
        for name, (shape, kind) in _SHAPES.items()
    }
    start = 0
    for labelled, count in zip(used, counts, strict=True):
        for name, values in _levels_of(labelled).items():
            arrays[name][start : start + count] = values
        start += count
    for array in arrays.values():
        array.flush()
    note.write_text(mark, encoding="utf-8")


def mark_of(used: Sequence[Labelled]) -> str:
    """A hash that changes when the studies, their crops, labels or truth do."""
    digest = hashlib.sha256()
    for labelled in used:
        digest.update(f"{labelled.path.stem} {labelled.patient}".encode() + labelled.grades.tobytes())
        digest.update(labelled.truth.tobytes() if labelled.truth is not None else b"-")
    return digest.hexdigest()


def opened(folder: Path) -> Levels:
    """What `pack` wrote."""
    return Levels(**{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _SHAPES})


def _array(path: Path, name: str) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as arrays:
        array: NDArray[Any] = arrays[name]
    return array


def _levels_of(labelled: Labelled) -> dict[str, NDArray[Any]]:
    """One study's part of every array."""
    with np.load(labelled.path, allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    positions, unreached = values.pop("level"), ~values.pop("foramina").astype(bool)
    report = labelled.grades[positions]
    truth = labelled.truth[positions] if labelled.truth is not None else np.full_like(report, UNSAID)
    # Foramina that the slices do not reach are neither trained nor evaluated on.
    sides = np.zeros(report.shape, dtype=bool)
    sides[:, _FORAMINA] = unreached
    # A level of which the report says nothing must stay so: PRESENT would make the rest of it normal.
    spoken_of = (report != UNSAID).any(axis=1, keepdims=True)
    return {
        **values,
        "exact": np.zeros(len(positions), np.uint8),
        "report": np.where(sides & spoken_of, PRESENT, report),
        "truth": np.where(sides, UNSAID, truth),
        "seed": np.full(len(positions), labelled.patient),
    }
