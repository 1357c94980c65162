"""The real mid-sagittal images of SPIDER: one slice of each T1, T2 and T2 SPACE series of 179 patients, with counts.

SPIDER: van der Graaf et al., Scientific Data 2024, Zenodo 10159290, CC BY 4.0.
No image has labels; ``series.csv`` says how many discs its whole series shows, from L5-S1 upward.
Patients are split once, by number, for all that is learnt from them: `used_for`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import Image

from inference.training.data import spider
from inference.types import FloatArray, Volume

#: One slice has no neighbours: it stands for a slab so thick.
SLICE_MM = 4.0
#: Weighting of the series that `spider` has whole volumes of.
SPACE = "t2_SPACE"


class Use(StrEnum):
    """What a patient's images may be used for."""

    TRAIN = "train"
    TUNE = "tune"
    REPORT = "report"


@dataclass(frozen=True)
class Series:
    """A line of ``series.csv``: name of the image, patient, weighting (``t1``, ``t2``, `SPACE`), size of a pixel.

    discs: how many the series shows. spacing_mm: between rows, between columns.
    """

    name: str
    patient: int
    weighting: str
    spacing_mm: tuple[float, float]
    discs: int


def listed(data: Path) -> list[Series]:
    """Every series below `data`, the folder that holds ``spider/``, by patient."""
    with (data / "spider" / "series.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["new_file_name"]: _series(line) for line in csv.DictReader(file)}
    return sorted((_mended(line, lines) for line in lines.values()), key=lambda line: (line.patient, line.weighting))


def _mended(series: Series, lines: dict[str, Series]) -> Series:
    """Some T2 lines repeat those of the patient's T2 SPACE series, which cannot be: then T1's pixel size holds."""
    if series.weighting != "t2" or f"{series.patient}_t1" not in lines or f"{series.patient}_{SPACE}" not in lines:
        return series
    wrong = series.spacing_mm == lines[f"{series.patient}_{SPACE}"].spacing_mm
    return replace(series, spacing_mm=lines[f"{series.patient}_t1"].spacing_mm) if wrong else series


def _series(line: dict[str, str]) -> Series:
    name = line["new_file_name"]
    between_rows, between_columns = (
        float(part) for part in line["PixelSpacing"].strip("[] ").replace(",", " ").split()
    )
    weighting = name.split("_", 1)[1]
    return Series(name, int(line["patient"]), weighting, (between_rows, between_columns), int(line["num_discs"]))


def used_for(series: list[Series]) -> dict[int, Use]:
    """What each patient of `series` (all that are listed) is used for.

    Those with a T2 SPACE series as in `spider`; of the others every third is reported on.
    """
    with_volume = {one.patient for one in series if one.weighting == SPACE}
    uses = dict.fromkeys(with_volume, Use.TRAIN)
    uses |= dict.fromkeys(spider.TUNE, Use.TUNE) | dict.fromkeys(spider.REPORT, Use.REPORT)
    others = sorted({one.patient for one in series} - with_volume)
    return uses | {number: Use.TRAIN if place % 3 else Use.REPORT for place, number in enumerate(others)}


def load(data: Path, series: Series) -> Volume:
    """The image as a volume of one slice, rows to the feet and columns to the back, intensities 0 to 255."""
    with Image.open(data / "spider" / "midsagittal" / f"{series.name}.png") as image:
        array = np.asarray(image.convert("L"), dtype=np.float32)[None]
    return Volume(array, _affine(series.spacing_mm))


def _affine(spacing_mm: tuple[float, float]) -> FloatArray:
    affine = np.zeros((4, 4))
    affine[0, 0], affine[2, 1], affine[1, 2], affine[3, 3] = SLICE_MM, -spacing_mm[0], spacing_mm[1], 1.0
    return affine
