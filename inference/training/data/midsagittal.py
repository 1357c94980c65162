"""The real mid-sagittal images of SPIDER: one slice of each T1, T2 and T2 SPACE series of 179 patients, with counts.

SPIDER: van der Graaf et al., Scientific Data 2024, Zenodo 10159290, CC BY 4.0.
No image has labels; ``series.csv`` says how many discs its whole series shows, from L5-S1 upward.
Patients are split once, by number, for every model: `used_for`.
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

#: Assumed thickness of the single slice, mm.
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
    """A row of ``series.csv``: name of the image, patient, weighting (``t1``, ``t2``, `SPACE`), size of a pixel.

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
        by_name = {row["new_file_name"]: _series(row) for row in csv.DictReader(file)}
    return sorted((_mended(row, by_name) for row in by_name.values()), key=lambda row: (row.patient, row.weighting))


def _mended(series: Series, by_name: dict[str, Series]) -> Series:
    """Some T2 rows wrongly repeat the pixel size of the patient's T2 SPACE series; they get that of T1."""
    if series.weighting != "t2" or f"{series.patient}_t1" not in by_name or f"{series.patient}_{SPACE}" not in by_name:
        return series
    repeated = series.spacing_mm == by_name[f"{series.patient}_{SPACE}"].spacing_mm
    return replace(series, spacing_mm=by_name[f"{series.patient}_t1"].spacing_mm) if repeated else series


def _series(row: dict[str, str]) -> Series:
    name = row["new_file_name"]
    between_rows, between_columns = (float(part) for part in row["PixelSpacing"].strip("[] ").replace(",", " ").split())
    weighting = name.split("_", 1)[1]
    return Series(name, int(row["patient"]), weighting, (between_rows, between_columns), int(row["num_discs"]))


def used_for(all_series: list[Series]) -> dict[int, Use]:
    """What each patient of `all_series` (every listed series) is used for.

    Those with a T2 SPACE series as in `spider`; of the others every third is reported on.
    """
    with_volume = {series.patient for series in all_series if series.weighting == SPACE}
    uses = dict.fromkeys(with_volume, Use.TRAIN)
    uses |= dict.fromkeys(spider.TUNE, Use.TUNE) | dict.fromkeys(spider.REPORT, Use.REPORT)
    without_volume = sorted({series.patient for series in all_series} - with_volume)
    return uses | {number: Use.TRAIN if place % 3 else Use.REPORT for place, number in enumerate(without_volume)}


def load(data: Path, series: Series) -> Volume:
    """The image as a volume of one slice, rows to the feet and columns to the back, intensities 0 to 255."""
    with Image.open(data / "spider" / "midsagittal" / f"{series.name}.png") as image:
        array = np.asarray(image.convert("L"), dtype=np.float32)[None]
    return Volume(array, _affine(series.spacing_mm))


def _affine(spacing_mm: tuple[float, float]) -> FloatArray:
    affine = np.zeros((4, 4))
    affine[0, 0], affine[2, 1], affine[1, 2], affine[3, 3] = SLICE_MM, -spacing_mm[0], spacing_mm[1], 1.0
    return affine
