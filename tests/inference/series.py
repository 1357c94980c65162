"""Small DICOM series with geometry but no anatomy, for tests of the door and the choice of series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom

from inference.images.dicom_writer import SeriesTags, StudyTags, uid_of, write_series
from inference.types import Volume

STUDY = StudyTags(uid_of("test", "study"), uid_of("test", "frame"), patient_id="TEST")

#: Directions of (slice, row, column) in LPS.
DIRECTIONS = {
    "sagittal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "axial": ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "coronal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
}


def volume(plane: str, slices: int = 5, spacing: tuple[float, float, float] = (4.4, 1.0, 1.0)) -> Volume:
    """A noise volume of 24 x 20 pixels in a plane."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(DIRECTIONS[plane], dtype=float).T * spacing
    affine[:3, 3] = (-10.0, 5.0, 30.0)
    rng = np.random.default_rng(slices)
    return Volume(rng.integers(0, 900, (slices, 24, 20)).astype(np.float32), affine)


def write(
    out: Path, plane: str, *, slices: int = 5, te: float = 100.0, tr: float = 3500.0, **tags: object
) -> list[Path]:
    """Write one series; T2 by its times unless told otherwise."""
    description = str(tags.pop("description", f"{plane} te {te:.0f}"))
    settings = SeriesTags(
        STUDY, uid_of("test", plane, te, description), description=description, echo_ms=te, repetition_ms=tr
    )
    return write_series(volume(plane, slices), out / f"{plane}_{te:.0f}_{len(description)}", replace(settings, **tags))


def edit(paths: list[Path], **values: object) -> None:
    """Set or (with None) delete elements in files by keyword."""
    for path in paths:
        data = pydicom.dcmread(path)
        for keyword, value in values.items():
            if value is None:
                del data[keyword]
            else:
                setattr(data, keyword, value)
        data.save_as(path)
