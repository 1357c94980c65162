"""Figures of curve and instances on the true labels of simulated patients: what `localise` and `instances` add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.errors import StudyError
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import Patient, draw
from inference.simulate.truth.parts import part_map
from inference.simulate.truth.study_truth import anatomy_of, truth_segmentation
from inference.spine.instances import IDS, instances
from inference.spine.localise import Localisation, localise
from inference.training.scores.overlap import dice
from inference.types import LUMBAR_LEVELS, VERTEBRAE, FloatArray, Label, Segmentation

LUMBAR = VERTEBRAE[2:7]


@dataclass(frozen=True)
class Grid:
    """A sagittal stack, a hospital's by default: slices, rows, columns and their distances in mm."""

    shape: tuple[int, int, int] = (21, 330, 220)
    spacing_mm: tuple[float, float, float] = (4.4, 0.8, 0.8)


HOSPITAL = Grid()


@dataclass(frozen=True)
class Row:
    """One patient. curve_mm: distance of each true disc and body centre to the curve; empty if refused."""

    seed: int
    cobb_deg: float
    curve_mm: tuple[float, ...]
    vertebrae: tuple[float, ...]
    discs: tuple[float, ...]
    named: int


def rows(patients: int, seed: int, scoliosis_mm: float, grid: Grid = HOSPITAL) -> Iterator[Row]:
    """Figures of patients `seed`, `seed` + 1, ...; scoliosis_mm: sideways bend of all patients, 0 for the drawn one."""
    for number in range(seed, seed + patients):
        person = draw(number, StudyOptions())
        if scoliosis_mm:
            person = replace(person, scoliosis_mm=scoliosis_mm * (-1) ** number)
        yield _row(number, person, grid)


def _row(seed: int, person: Patient, grid: Grid) -> Row:
    layout = anatomy_of(person).layout
    aside = float(np.mean([place.centre_mm[0] for place in layout.bodies.values()]))
    affine = _affine(grid, np.array([aside, *layout.discs["L2-L3"].centre_mm[1:]]))
    truth = truth_segmentation(person, affine, grid.shape)
    centres = {name: place.centre_mm for name, place in (layout.discs | layout.bodies).items()}
    cobb = cobb_deg([layout.bodies[name].axes[2] for name in LUMBAR])
    try:
        spine = localise(truth)
    except StudyError:
        return Row(seed, cobb, (), (), (), 0)
    names = (*LUMBAR_LEVELS, *LUMBAR)
    distances = [float(np.linalg.norm(spine.curve.points_mm - centres[name], axis=1).min()) for name in names]
    places = {disc.level: disc.centre_mm for disc in spine.discs}
    named = sum(name in places and float(np.linalg.norm(places[name] - centres[name])) < 8.0 for name in LUMBAR_LEVELS)
    return Row(seed, cobb, tuple(distances), *_instances(person, truth, spine), named)


def _affine(grid: Grid, middle: FloatArray) -> FloatArray:
    affine = np.zeros((4, 4))
    between_slices, down, across = grid.spacing_mm
    affine[:3, :3] = np.array([[between_slices, 0, 0], [0, 0, across], [0, -down, 0]])
    affine[:3, 3] = middle + np.array([0, 20, -25]) - affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2)
    affine[3, 3] = 1
    return affine


def cobb_deg(ups: list[FloatArray]) -> float:
    """The largest angle between two vertebrae in the coronal plane."""
    tilts = np.rad2deg([np.arctan2(up[0], up[2]) for up in ups])
    return float(np.ptp(tilts))


def _instances(
    person: Patient, truth: Segmentation, spine: Localisation
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Dice of each lumbar vertebra and disc."""
    labelled = instances(truth, spine.discs)
    parts = part_map(anatomy_of(person), truth.affine, truth.labels.shape)

    def score(name: str, label: Label) -> float:
        # Cartilage and similar tissue belong to a part but to no class.
        mask: NDArray[np.bool_] = parts.mask(name) & (truth.labels == label)
        return dice(labelled.labels == IDS[name], mask)

    return tuple(score(name, Label.VERTEBRA) for name in LUMBAR), tuple(
        score(name, Label.DISC) for name in LUMBAR_LEVELS
    )


def markdown(table: list[Row]) -> str:
    """A list item for each figure. All are of simulated patients."""
    read = [row for row in table if row.curve_mm]
    distances = np.concatenate([row.curve_mm for row in read])
    bone, disc = (np.concatenate([getattr(row, name) for row in read]) for name in ("vertebrae", "discs"))
    worst = [max(row.curve_mm) for row in read]
    return "\n".join(
        [
            f"- simulated patients: {len(table)}, refused {len(table) - len(read)}; Cobb angle L1 to L5: "
            f"{min(row.cobb_deg for row in table):.0f} to {max(row.cobb_deg for row in table):.0f} degrees",
            f"- curve to true disc and body centres: mean {distances.mean():.2f} mm, "
            f"95th percentile {np.percentile(distances, 95):.2f} mm, largest {distances.max():.2f} mm; "
            f"all within 2 mm in {sum(distance <= 2.0 for distance in worst)} of {len(read)} patients",
            f"- discs named rightly: {sum(row.named for row in table)} of {len(table) * len(LUMBAR_LEVELS)}",
            f"- instances, mean Dice: vertebra {bone.mean():.3f} (lowest {bone.min():.3f}), "
            f"disc {disc.mean():.3f} (lowest {disc.min():.3f})",
        ]
    )
