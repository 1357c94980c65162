"""Training data of the grader from rendered patients: crops in memory, split once by patient, augmented each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading import crops
from inference.grading.crops import LevelCrops
from inference.grading.grader import sizes
from inference.models import cards
from inference.models.gradenet import HEADS, MEASURED, Inputs
from inference.training.data import grade_samples
from inference.training.data.grade_samples import PRESENT, UNSAID
from inference.types import LUMBAR_LEVELS

#: Columns of `Levels.sizes`.
AP, AREA, DISC = (list(MEASURED).index(name) for name in ("canal_ap", "canal_area", "disc_height"))
#: Is raised when this code makes other crops, of rendered patients or of an archive, or measures other sizes.
CUTS_VERSION = 4
#: Number of crops made of each level, each with another error of the level's frame.
VARIANTS = 3
#: Scale and offset of the stored bytes, which hold intensities of -0.5 to 1.5, and zero exactly.
BYTE_SCALE, BYTE_ZERO = 120.0, 60
#: Standard deviations, mm: of the measured diameter's error, common to a patient and of each level (together the
#: segmenter's), and of the disc height's error.
COMMON_MM, LEVEL_MM, HEIGHT_SD_MM = 0.7, 1.0, 1.0


class Group(StrEnum):
    """What a patient is used for, by seed alone: of every 20, 13 train, 3 tune and 4 are reported on."""

    TRAIN = "train"
    TUNE = "tune"
    REPORT = "report"


_TUNE, _REPORT = (3, 8, 13), (4, 9, 14, 19)


def group_of(seed: int) -> Group:
    """The group of patient `seed`, now and for ever."""
    place = seed % 20
    return Group.TUNE if place in _TUNE else Group.REPORT if place in _REPORT else Group.TRAIN


class Shown(StrEnum):
    """Which images a network is given."""

    BOTH = "both"
    SAGITTAL = "sagittal"
    AXIAL = "axial"


@dataclass(frozen=True)
class Levels:
    """n levels of several patients, `VARIANTS` crops of each.

    sagittal: uint8 (n, variants, 2, planes, rows, columns). axial: uint8 (n, variants, images, rows, columns);
    height: float16, the same shape; images: (n, variants). series: (n, variants, 2), 1 where a T2, a T1 exists.
    sizes: (n, len(MEASURED)), unscaled, not a number where not known; exact: (n,), 1 where those of canal and disc are
    without error and are given the segmenter's, 0 where the segmenter measured them. truth: (n, 5), 0..3, `UNSAID`
    where unknown.
    report: (n, 5), 0..3, `UNSAID` or `PRESENT`. seed: (n,), of the patient.
    """

    sagittal: NDArray[np.uint8]
    axial: NDArray[np.uint8]
    height: NDArray[np.float16]
    images: NDArray[np.int64]
    series: NDArray[np.uint8]
    sizes: NDArray[np.float64]
    exact: NDArray[np.uint8]
    truth: NDArray[np.int8]
    report: NDArray[np.int8]
    seed: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.seed)


def cut(path: Path) -> Path:
    """Crop a rendered patient's levels into ``cuts/`` next to its file, unless this code version did so before."""
    target = path.parent / "cuts" / path.name
    if not _is_cut(target):
        target.parent.mkdir(exist_ok=True)
        patient = grade_samples.load(path)
        rng = np.random.default_rng([43, patient.seed])
        variants = [grade_samples.cuts(patient, rng) for _ in range(VARIANTS)]
        measurements = grade_samples.measurements(patient, np.random.default_rng([47, patient.seed]))
        arrays = arrays_of([[variant[number] for variant in variants] for number in range(len(LUMBAR_LEVELS))])
        part = target.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                allow_pickle=False,
                **arrays,
                sizes=np.array([sizes(level, measurements) for level in patient.levels]),
                truth=patient.truth,
                report=patient.report,
                exact=np.ones(len(patient.levels), np.uint8),
                seed=np.full(len(patient.levels), patient.seed),
                made_by=np.array(made_by()),
            )
        part.replace(target)
    return target


def _is_cut(path: Path) -> bool:
    if not path.exists():
        return False
    with np.load(path, allow_pickle=False) as arrays:
        return "made_by" in arrays and str(arrays["made_by"]) == made_by()


def made_by() -> str:
    """The versions of code and segmenter that crops and sizes depend on; crops made by others are made again."""
    return f"{CUTS_VERSION} {cards.read_card(cards.WEIGHTS / 'segment')['sha256']}"


def arrays_of(levels: Sequence[Sequence[LevelCrops]]) -> dict[str, NDArray[np.generic]]:
    """By level and variant."""

    def stacked(field: str) -> NDArray[np.float32]:
        return np.stack([[getattr(variant, field) for variant in level] for level in levels])

    axial = stacked("axial")
    return {
        "sagittal": _bytes(stacked("sagittal")),
        "axial": _bytes(axial[:, :, :, 0]),
        "height": axial[:, :, :, 1].astype(np.float16),
        "images": stacked("images").astype(np.int64),
        "series": np.array(
            [[[role in variant.made_from for role in crops.SAGITTAL] for variant in level] for level in levels]
        ).astype(np.uint8),
    }


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (np.round(values.clip(-0.5, 1.5) * BYTE_SCALE) + BYTE_ZERO).astype(np.uint8)


def load(folder: Path, group: Group) -> Levels:
    """All rendered patients of a group. Raises ValueError when there is none."""
    paths = [path for path in sorted(folder.glob("*.npz")) if group_of(int(path.stem)) is group]
    if not paths:
        raise ValueError(f"There is no patient to {group} on in {folder}.")
    names = tuple(Levels.__dataclass_fields__)
    parts: list[dict[str, NDArray[np.generic]]] = []
    for path in paths:
        with np.load(cut(path), allow_pickle=False) as arrays:
            # Crops of older versions lack these arrays; the values are the same for all rendered patients.
            count = len(arrays["seed"])
            defaults = {"series": np.ones((count, VARIANTS, 2), np.uint8), "exact": np.ones(count, np.uint8)}
            parts.append({name: arrays[name] if name in arrays else defaults[name] for name in names})
    return Levels(**{name: np.concatenate([part[name] for part in parts]) for name in names})


def labels(levels: Levels, source: str, sites: Sequence[str] = HEADS) -> Tensor:
    """(n, 5): the grades to train on, -1 for none. source: ``truth``, or ``report`` for what the report's text states.

    A stenosis that the report states without a grade is left out. A canal or foramen that it does not mention is
    normal where it mentions the level (`reports.UnmentionedAs.NORMAL_WHERE_READ`); a recess is left out, because
    most that are not mentioned are narrow (docs/figures/grader.md). Sites other than `sites` are -1.
    """
    grades = levels.truth.astype(np.int64)
    if source == "report":
        read = (levels.report != UNSAID).any(axis=1, keepdims=True)
        silent = np.where(read & ~np.array([site.startswith("recess") for site in HEADS]), 0, -1)
        grades = np.where(levels.report == UNSAID, silent, levels.report).astype(np.int64)
        grades[levels.report == PRESENT] = -1
    for number, site in enumerate(HEADS):
        if site not in sites:
            grades[:, number] = -1
    return torch.from_numpy(grades)


def inputs(
    levels: Levels, rows: NDArray[np.int64], variant: NDArray[np.int64], shown: Shown, rng: np.random.Generator
) -> Inputs:
    """The chosen levels as scanned, with sizes that have the segmenter's error. rng: draws that error."""
    sagittal = _floats(levels.sagittal[rows, variant])
    axial = torch.stack(
        [_floats(levels.axial[rows, variant]), torch.from_numpy(levels.height[rows, variant].astype(np.float32))], dim=2
    )
    axial_seen = (torch.arange(crops.IMAGES) < torch.from_numpy(levels.images[rows, variant])[:, None]).float()
    sagittal_seen = torch.from_numpy(levels.series[rows, variant]).float()
    if shown is Shown.AXIAL:
        sagittal_seen *= 0
    if shown is Shown.SAGITTAL:
        axial_seen *= 0
    measured = _measured(levels, rows, rng)
    return Inputs(sagittal, sagittal_seen, axial, axial_seen, measured.nan_to_num(0.0), (~measured.isnan()).float())


def _floats(values: NDArray[np.uint8]) -> Tensor:
    return (torch.from_numpy(values).float() - BYTE_ZERO) / BYTE_SCALE


def _measured(levels: Levels, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
    """Sac, disc and foramina as the machine would measure them, scaled."""
    sizes, noisy = levels.sizes[rows], levels.exact[rows].astype(np.float64)
    seeds, patient_index = np.unique(levels.seed[rows], return_inverse=True)
    error = noisy * (rng.normal(0, COMMON_MM, len(seeds))[patient_index] + rng.normal(0, LEVEL_MM, len(rows)))
    ap = np.where(noisy > 0, np.maximum(sizes[:, AP] + error, 2.0), sizes[:, AP])
    # An area may be known where the diameter is not.
    area = np.where(noisy > 0, sizes[:, AREA] * ap / np.maximum(sizes[:, AP], 3.0), sizes[:, AREA])
    # The sizes of foramina were measured by the engine and have its error already.
    measured = sizes.copy()
    measured[:, AP] = ap
    measured[:, AREA] = area * np.exp(noisy * rng.normal(0, 0.08, len(rows)))
    measured[:, DISC] += noisy * rng.normal(0, HEIGHT_SD_MM, len(rows))
    middle, spread = np.array(list(MEASURED.values())).T
    return torch.from_numpy(((measured - middle) / spread).astype(np.float32))


def varied(x: Inputs, generator: torch.Generator) -> Inputs:
    """The same levels with intensities as of other scanners, and with images and measurements missing at random."""
    count = len(x.sagittal)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    def mask(share: float, *shape: int) -> Tensor:
        return (torch.rand(shape, generator=generator) < share).float()

    def scanned(images: Tensor, series: tuple[int, ...]) -> Tensor:
        spread = series + (1,) * (images.ndim - len(series))
        gamma = torch.exp(0.15 * normal(*spread))
        images = images.clamp(min=0).pow(gamma) * (1 + 0.12 * normal(*spread)) + 0.04 * normal(*spread)
        return images + 0.04 * torch.rand(spread, generator=generator) * normal(*images.shape)

    sagittal_seen = x.sagittal_seen * torch.stack([mask(0.92, count), mask(0.75, count)], dim=1)
    axial_seen = x.axial_seen * mask(0.7, count, 1) * mask(0.85, *x.axial_seen.shape)
    # At least one image must remain.
    blank = (sagittal_seen.sum(dim=1) + axial_seen.sum(dim=1)) == 0
    sagittal_seen, axial_seen = (
        torch.where(blank[:, None], before, after)
        for before, after in ((x.sagittal_seen, sagittal_seen), (x.axial_seen, axial_seen))
    )
    images = scanned(x.axial[:, :, 0], (count, 1)).unsqueeze(2)
    known = x.known * mask(0.8, count, 1) * mask(0.9, *x.known.shape)
    return Inputs(
        scanned(x.sagittal, (count, 2)),
        sagittal_seen,
        torch.cat([images, x.axial[:, :, 1:]], dim=2),
        axial_seen,
        x.measured * known,
        known,
    )
