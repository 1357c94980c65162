"""Bowel, mesentery, kidneys and pelvic organs as a coarse grid before the spine.

They are there so that a reader or a network meets them, not to be read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.simulate.patient import Patient
from inference.simulate.tissue import Tissue, muscle

Codes = NDArray[np.uint8]

PITCH_MM = 1.5
LOW_X_MM, LOW_FRONT_MM = -110.0, -42.0
COUNT_X, COUNT_FRONT = 147, 118


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
            index.append(((value - low) * (1 / PITCH_MM)).long().clamp(0, size - 1))
        codes[:] = self.codes[index[0], index[1], index[2]]


def fill(
    patient: Patient, low_z_mm: float, level: NDArray[np.float64], noise: NDArray[np.float32], rng: np.random.Generator
) -> Abdomen:
    """Draw one patient's abdomen. level: by millimetre of z from `low_z_mm`, see
    `soft.Surroundings`. noise: its fine field."""
    count_z = int(len(level) / PITCH_MM)
    grid = np.full((COUNT_X, COUNT_FRONT, count_z), Tissue.FAT, dtype=np.uint8)
    _mesentery(grid, noise)
    height = np.interp(np.arange(count_z) * PITCH_MM, np.arange(len(level)), level)
    loops = int(55 + 60 * (1 - patient.visceral_fat))
    for _ in range(loops):
        low_down = rng.random() < 0.35
        place_level = rng.uniform(6.3, 10.0) if low_down else rng.uniform(-2.0, 6.0)
        nearest = 22.0 if low_down else 52.0 - 14 * patient.visceral_fat
        z = int(np.argmin(np.abs(height - place_level)))
        centre = (rng.uniform(-95, 95), nearest + rng.gamma(2.0, 17.0), z * PITCH_MM)
        size = rng.uniform(8, 15) * np.array([rng.uniform(0.8, 1.9), 1.0, rng.uniform(0.8, 1.7)])
        content = rng.choice([Tissue.BOWEL, Tissue.BOWEL_FLUID, Tissue.GAS], p=[0.6, 0.17, 0.23])
        _organ(grid, centre, size, int(content), muscle(0.15), 1.8)
    _large_organs(grid, patient, height, rng)
    return Abdomen(torch.from_numpy(grid), low_z_mm)


def _mesentery(grid: Codes, noise: NDArray[np.float32]) -> None:
    """Small vessels and strands in the fat, mostly running up and down. noise: periodic, unit variance."""
    size = len(noise)
    x, y, z = (np.arange(count) for count in grid.shape)
    field = noise[np.ix_(x % size, y % size, (z // 3 + 40) % size)]
    front = LOW_FRONT_MM + y * PITCH_MM
    limit = np.where(front > 30, 2.1, 2.8)[None, :, None]
    grid[field > limit] = muscle(0.5)
    grid[field > limit + 0.4] = muscle(0.2)


def _large_organs(grid: Codes, patient: Patient, height: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Kidneys beside the upper levels, liver or stomach high up, bladder or uterus in the pelvis."""
    for side in (-1, 1):
        z = float(np.argmin(np.abs(height - rng.uniform(1.2, 1.9)))) * PITCH_MM
        _organ(grid, (side * 67.0, 0.0, z), np.array([26.0, 26.0, 52.0]), Tissue.KIDNEY, muscle(0.4), 1.0)
        _organ(grid, (side * 58.0, 2.0, z), np.array([11.0, 10.0, 26.0]), Tissue.FAT, Tissue.BOWEL_FLUID, 1.2)
    top = float(np.argmin(np.abs(height + 2.0))) * PITCH_MM
    liver = np.array([70.0, 55.0, 60.0]) * rng.uniform(0.8, 1.1)
    _organ(grid, (-70.0, 85.0, top), liver, muscle(0.25), Tissue.VESSEL_WALL, 1.0)
    low = float(np.argmin(np.abs(height - 9.5))) * PITCH_MM
    size = rng.uniform(22, 38)
    if patient.sex == "F":
        uterus = np.array([24.0, 18.0, 26.0])
        _organ(grid, (rng.uniform(-8, 8), 48.0, low + 20), uterus, Tissue.BOWEL, muscle(0.2), 3.0)
    bladder = np.array([size, size * 0.8, size * 0.8])
    _organ(grid, (0.0, 95.0, low), bladder, Tissue.BOWEL_FLUID, muscle(0.1), 3.0)


def _organ(
    grid: Codes, centre: tuple[float, float, float], radii: NDArray[np.float64], content: int, wall: int, wall_mm: float
) -> None:
    """Draw an ellipsoid with a wall into the grid. centre: dx, front, z from the lowest, mm."""
    low = np.array([LOW_X_MM, LOW_FRONT_MM, 0.0])
    start = np.floor((np.array(centre) - radii - low) / PITCH_MM).astype(int)
    stop = np.ceil((np.array(centre) + radii - low) / PITCH_MM).astype(int) + 1
    start, stop = np.clip(start, 0, grid.shape), np.clip(stop, 0, grid.shape)
    axes = [
        np.square((low[k] + np.arange(start[k], stop[k]) * PITCH_MM - centre[k]) / radii[k]).astype(np.float32)
        for k in range(3)
    ]
    reach = axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]
    part = grid[start[0] : stop[0], start[1] : stop[1], start[2] : stop[2]]
    part[reach < 1] = wall
    part[reach < (1 - wall_mm / radii.min()) ** 2] = content
