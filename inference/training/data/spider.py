"""The real T2 SPACE volumes of SPIDER, split once by patient.

SPIDER: van der Graaf et al., Scientific Data 2024, Zenodo 10159290, CC BY 4.0.
Labels: 1 vertebra, 2 disc, 3 spinal canal; the sacrum is not labelled.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from inference.images.geometry import RAS_TO_LPS
from inference.types import Segmentation, Volume

#: Every sixth patient from the third on: never trained or tuned on, only reported on.
REPORT = (18, 52, 81, 146, 209)
#: Patients used to choose the checkpoint.
TUNE = (41, 127, 241)


@dataclass(frozen=True)
class Case:
    """One patient's volume with its true labels on the same grid."""

    patient: int
    volume: Volume
    truth: Segmentation


def patients(data: Path) -> list[int]:
    """Patient numbers that have a volume below `data`, in order. Raises FileNotFoundError without the folder."""
    folder = data / "spider" / "t2_space"
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(folder))
    return sorted(int(path.name[:3]) for path in folder.glob("*_image.nii.gz"))


def load(data: Path, patient: int) -> Case:
    """Read one patient. `data` is the folder that holds `spider/`."""
    folder = data / "spider" / "t2_space"
    image = nibabel.load(folder / f"{patient:03d}_image.nii.gz")
    label = nibabel.load(folder / f"{patient:03d}_label.nii.gz")
    affine = RAS_TO_LPS @ np.asarray(image.affine, dtype=np.float64)
    array: NDArray[np.float32] = np.asarray(image.dataobj, dtype=np.float32)
    labels: NDArray[np.uint8] = np.asarray(label.dataobj, dtype=np.uint8)
    return Case(patient, Volume(array, affine), Segmentation(labels, affine))


def split(data: Path) -> tuple[list[int], list[int], list[int]]:
    """(train, tune, report) patient numbers."""
    train = [number for number in patients(data) if number not in REPORT + TUNE]
    return train, list(TUNE), list(REPORT)
