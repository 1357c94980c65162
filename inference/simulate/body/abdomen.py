"""Bowel, mesentery, kidneys and other organs as a coarse grid before the spine.

They are background for a reader or a network; nothing in them is graded.
Bowel is drawn where smooth noise is high: its loops wind, touch and differ in
content, as they do in a slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom
from torch import Tensor

from inference.simulate.body.tissue import Tissue, muscle
from inference.simulate.causes.patient import Patient

Codes = NDArray[np.uint8]
Field = NDArray[np.float32]
Triple = tuple[float, float, float]

PITCH_MM = 1.5
LOW_X_MM, LOW_FRONT_MM = -141.0, -42.0
COUNT_X, COUNT_FRONT = 189, 140
#: Grid steps of the noise that bowel is cut from.
COARSE = 3
#: Contents of bowel besides chyme, and the share of bowel with each.
CONTENTS = ((Tissue.STOOL, 0.20), (Tissue.BOWEL_FLUID, 0.10), (Tissue.GAS, 0.13))


@dataclass(frozen=True)
class Abdomen:
    """codes[x, front, z] from (`LOW_X_MM`, `LOW_FRONT_MM`, low_z_mm) every `PITCH_MM`, relative to the spine."""

    codes: Tensor
    low_z_mm: float

    def paint(self, codes: Tensor, dx: Tensor, front: Tensor, z: Tensor) -> None:
        """Fill points at `dx` to the left and `front` before the spine's centre line, at height z."""
        index = []
        for value, low, size in zip(
            (dx, front, z), (LOW_X_MM, LOW_FRONT_MM, self.low_z_mm), self.codes.shape, strict=True
        ):
            index.append(((value - low) * (1 / PITCH_MM)).round().long().clamp(0, size - 1))
        codes[:] = self.codes[index[0], index[1], index[2]]


@dataclass(frozen=True)
class Ground:
    """The grid while it is drawn. height: level of the spine at each z step, see `soft.Surroundings`."""

    grid: Codes
    height: NDArray[np.float64]
    rng: np.random.Generator

    def z_mm(self, level: float) -> float:
        """Height above the grid's lower end at which the spine has a level."""
        return float(np.argmin(np.abs(self.height - level))) * PITCH_MM

    def organ(self, centre: Triple, radii: Triple, content: int, wall: int, wall_mm: float) -> None:
        """An ellipsoid, a little dented, with a wall. centre: dx, front, z above the grid's lower end, mm."""
        size, middle = np.array(radii), np.array(centre)
        grid_low = np.array([LOW_X_MM, LOW_FRONT_MM, 0.0])
        start = np.clip(np.floor((middle - 1.2 * size - grid_low) / PITCH_MM).astype(int), 0, self.grid.shape)
        stop = np.clip(np.ceil((middle + 1.2 * size - grid_low) / PITCH_MM).astype(int) + 1, 0, self.grid.shape)
        x, y, z = (
            ((grid_low[k] + np.arange(start[k], stop[k]) * PITCH_MM - centre[k]) / size[k]).astype(np.float32)
            for k in range(3)
        )
        a, b, c = self.rng.uniform(0, 6.3, 3)
        dent = 0.10 * (
            np.sin(3 * x + a)[:, None, None] + np.sin(3 * y + b)[None, :, None] + np.sin(4 * z + c)[None, None, :]
        )
        radial = np.square(x)[:, None, None] + np.square(y)[None, :, None] + np.square(z)[None, None, :] + dent
        part = self.grid[start[0] : stop[0], start[1] : stop[1], start[2] : stop[2]]
        part[radial < 1] = wall
        part[radial < (1 - wall_mm / size.min()) ** 2] = content


def fill(patient: Patient, low_z_mm: float, level: NDArray[np.float64], rng: np.random.Generator) -> Abdomen:
    """Draw one patient's abdomen. level: at every millimetre of z from `low_z_mm`, see `soft.Surroundings`."""
    count_z = int(len(level) / PITCH_MM)
    grid = np.full((COUNT_X, COUNT_FRONT, count_z), Tissue.FAT, dtype=np.uint8)
    ground = Ground(grid, np.interp(np.arange(count_z) * PITCH_MM, np.arange(len(level)), level), rng)
    _bowel(ground, patient)
    _organs(ground, patient)
    return Abdomen(torch.from_numpy(grid), low_z_mm)


def empty(_patient: Patient, low_z_mm: float, level: NDArray[np.float64], _rng: np.random.Generator) -> Abdomen:
    """Fat alone, without the time of drawing: for images that show only what lies behind the spine."""
    grid = np.full((COUNT_X, COUNT_FRONT, int(len(level) / PITCH_MM)), Tissue.FAT, dtype=np.uint8)
    return Abdomen(torch.from_numpy(grid), low_z_mm)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], smooth_mm: Triple) -> Field:
    """Smooth noise of unit variance on the grid."""
    coarse = [int(np.ceil(size / COARSE)) + 1 for size in shape]
    sigma = [length / (PITCH_MM * COARSE) for length in smooth_mm]
    field = gaussian_filter(rng.standard_normal(coarse, dtype=np.float32), sigma)
    large = zoom(field / field.std(), COARSE, order=1)[: shape[0], : shape[1], : shape[2]]
    return np.asarray(large, dtype=np.float32)


def _bowel(ground: Ground, patient: Patient) -> None:
    """Loops of small bowel and colon before the great vessels, vessels of the mesentery in the fat between."""
    grid, rng = ground.grid, ground.rng
    loops = _noise(rng, grid.shape, (9.0, 8.0, 9.0))
    strand = _noise(rng, grid.shape, (14.0, 12.0, 16.0))
    front = (LOW_FRONT_MM + np.arange(COUNT_FRONT) * PITCH_MM)[None, :, None]
    lateral = np.abs(LOW_X_MM + np.arange(COUNT_X) * PITCH_MM)[:, None, None]
    # The retroperitoneum before the spine holds fat and vessels; loops come nearer in the pelvis.
    limit_front = (
        46.0 - 10.0 * patient.visceral_fat - 18.0 * np.clip(ground.height - 6.0, 0, 1)[None, None, :] - 0.12 * lateral
    )
    limit = -0.75 + 1.35 * patient.visceral_fat + np.clip((limit_front - front) / 9.0, 0, 9)
    above_limit = loops - limit.astype(np.float32)
    grid[(np.abs(strand) < 0.045) & (above_limit < -0.25) & (front > 30)] = muscle(0.45)
    grid[above_limit > 0] = Tissue.BOWEL
    for content, share in CONTENTS:
        filled = _noise(rng, grid.shape, (15.0, 13.0, 15.0)) > NormalDist().inv_cdf(1 - share)
        grid[filled & (above_limit > 0)] = content
    between = np.abs(_noise(rng, grid.shape, (11.0, 11.0, 11.0)))
    grid[(above_limit > 0) & ((above_limit < 0.17) | (between < 0.13))] = muscle(0.2)
    grid[(above_limit > 0) & (between < 0.05)] = Tissue.FAT


def _organs(ground: Ground, patient: Patient) -> None:
    """Kidneys, pancreas, liver and stomach above; bladder, uterus or prostate and rectum below."""
    rng = ground.rng
    for side in (-1, 1):
        z = ground.z_mm(rng.uniform(1.2, 1.9))
        ground.organ((side * 67.0, 0.0, z), (26.0, 26.0, 52.0), Tissue.KIDNEY, muscle(0.4), 1.0)
        ground.organ((side * 58.0, 2.0, z), (11.0, 10.0, 26.0), Tissue.FAT, Tissue.BOWEL_FLUID, 1.2)
    size = float(rng.uniform(0.8, 1.1))
    reach = float(rng.uniform(-78, -48))
    liver = (78.0 * size, 52.0 * size, 62.0 * size)
    ground.organ((reach, 92.0, ground.z_mm(-1.6)), liver, Tissue.LIVER, Tissue.VESSEL_WALL, 1.0)
    stomach = (38.0 * size, 30.0 * size, 34.0)
    content = int(rng.choice([Tissue.BOWEL_FLUID, Tissue.BOWEL, Tissue.GAS]))
    ground.organ((48.0, 88.0, ground.z_mm(-0.6)), stomach, content, muscle(0.1), 4.0)
    ground.organ((6.0, 47.0, ground.z_mm(rng.uniform(0.9, 1.7))), (58.0, 10.0, 15.0), Tissue.PANCREAS, muscle(0.7), 1.5)
    low = ground.z_mm(9.5)
    full = float(rng.uniform(18, 38))
    if patient.sex == "F":
        ground.organ((float(rng.uniform(-8, 8)), 46.0, low + 22), (24.0, 18.0, 27.0), Tissue.BOWEL, muscle(0.2), 5.0)
    else:
        ground.organ((0.0, 62.0, low - 34), (22.0, 17.0, 18.0), Tissue.PANCREAS, muscle(0.3), 1.5)
    ground.organ((0.0, 92.0, low), (full, full * 0.8, full * 0.8), Tissue.BOWEL_FLUID, muscle(0.1), 3.5)
    for level, ahead in ((8.4, 22.0), (9.2, 20.0), (10.0, 19.0), (10.8, 18.0)):
        content = int(rng.choice([Tissue.STOOL, Tissue.GAS, Tissue.STOOL]))
        place = (float(rng.normal(0, 4)), ahead, ground.z_mm(level))
        ground.organ(place, (14.0, float(rng.uniform(9, 14)), 19.0), content, muscle(0.15), 2.5)
