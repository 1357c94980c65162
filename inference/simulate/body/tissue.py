"""Tissues: a code for every point, and the relaxation and proton density of every code.

Codes from `DISC` on carry a level of hydration, codes from `MUSCLE` on a level
of fat, in `LEVELS` steps. Relaxation: SyMRI (PMC7410772) and de Bazelaire at
3 T; T2 of fat and marrow as fast spin echo shows them, longer than measured.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.types import Label

LEVELS = 32


class Tissue(IntEnum):
    """Codes of plain tissues."""

    AIR = 0
    FAT = 1
    MARROW = 2
    POSTERIOR_MARROW = 3
    CORTEX = 4
    SACRUM_MARROW = 5
    SACRUM_CORTEX = 6
    CSF = 7
    ROOT = 8
    CORD = 9
    FLAVUM = 10
    EPIDURAL_FAT = 11
    BLOOD = 12
    BOWEL = 13
    BOWEL_FLUID = 14
    GAS = 15
    SKIN = 16
    LIGAMENT = 17
    FACET_FLUID = 18
    NERVE = 19
    KIDNEY = 20
    FASCIA = 21
    VEIN = 22
    SACRAL_DISC = 23
    ENDPLATE = 24
    VESSEL_WALL = 25
    OTHER_BONE = 26
    CORTEX_OTHER = 27
    STOOL = 28
    LIVER = 29
    PANCREAS = 30
    DURA = 31
    OEDEMA = 32
    FATTY_MARROW = 33
    SCLEROSIS = 34
    HAEMANGIOMA = 35
    METAL = 36


DISC, MUSCLE = 64, 128
CODES = 256

#: Tissues within vertebrae.
BONE = (
    Tissue.MARROW,
    Tissue.POSTERIOR_MARROW,
    Tissue.VEIN,
    Tissue.OEDEMA,
    Tissue.FATTY_MARROW,
    Tissue.SCLEROSIS,
    Tissue.HAEMANGIOMA,
)

#: T1 ms, T2 ms, proton density, texture (share of the signal).
_PROPERTIES: dict[Tissue, tuple[float, float, float, float]] = {
    Tissue.AIR: (1000, 1, 0.0, 0.0),
    Tissue.FAT: (310, 135, 0.95, 0.05),
    Tissue.MARROW: (560, 96, 0.86, 0.14),
    Tissue.POSTERIOR_MARROW: (550, 96, 0.86, 0.14),
    Tissue.CORTEX: (900, 18, 0.30, 0.10),
    Tissue.SACRUM_MARROW: (560, 96, 0.86, 0.12),
    Tissue.SACRUM_CORTEX: (900, 18, 0.30, 0.10),
    Tissue.CSF: (4000, 1200, 1.07, 0.0),
    Tissue.ROOT: (900, 85, 0.75, 0.0),
    Tissue.CORD: (850, 90, 0.72, 0.02),
    Tissue.FLAVUM: (900, 26, 0.6, 0.1),
    Tissue.EPIDURAL_FAT: (320, 120, 0.9, 0.04),
    Tissue.BLOOD: (1500, 12, 0.5, 0.1),
    Tissue.BOWEL: (1000, 60, 0.8, 0.25),
    Tissue.BOWEL_FLUID: (2600, 300, 1.0, 0.1),
    Tissue.GAS: (1000, 6, 0.1, 0.0),
    Tissue.SKIN: (600, 40, 0.6, 0.0),
    Tissue.LIGAMENT: (800, 30, 0.55, 0.25),
    Tissue.FACET_FLUID: (1500, 110, 0.85, 0.0),
    Tissue.NERVE: (1000, 60, 0.8, 0.0),
    Tissue.KIDNEY: (1200, 100, 0.9, 0.08),
    Tissue.STOOL: (700, 60, 0.7, 0.45),
    Tissue.LIVER: (700, 45, 0.75, 0.08),
    Tissue.PANCREAS: (650, 70, 0.85, 0.2),
    Tissue.DURA: (900, 35, 0.5, 0.0),
    Tissue.OEDEMA: (1050, 105, 0.9, 0.10),
    Tissue.FATTY_MARROW: (340, 118, 0.92, 0.10),
    Tissue.SCLEROSIS: (900, 30, 0.4, 0.15),
    Tissue.HAEMANGIOMA: (420, 150, 0.95, 0.25),
    Tissue.METAL: (1000, 1, 0.0, 0.0),
    Tissue.FASCIA: (800, 22, 0.5, 0.0),
    Tissue.VEIN: (1400, 90, 0.85, 0.0),
    Tissue.SACRAL_DISC: (900, 45, 0.6, 0.1),
    Tissue.ENDPLATE: (900, 18, 0.25, 0.1),
    Tissue.VESSEL_WALL: (900, 35, 0.5, 0.0),
    Tissue.OTHER_BONE: (500, 95, 0.85, 0.12),
    Tissue.CORTEX_OTHER: (900, 18, 0.30, 0.10),
}
_FAT_SHARE = {
    Tissue.FAT: 0.97,
    Tissue.EPIDURAL_FAT: 0.95,
    Tissue.MARROW: 0.5,
    Tissue.POSTERIOR_MARROW: 0.5,
    Tissue.SACRUM_MARROW: 0.5,
    Tissue.OTHER_BONE: 0.6,
    Tissue.FATTY_MARROW: 0.9,
    Tissue.HAEMANGIOMA: 0.5,
    Tissue.OEDEMA: 0.15,
}
#: Disc from dry to wet, muscle and fat.
_DRY, _WET = (620, 42, 0.56, 0.10), (1200, 115, 0.86, 0.05)
_LEAN, _FAT = (950, 42, 0.78, 0.10), (310, 120, 0.92, 0.08)


def disc_code(water: Tensor) -> Tensor:
    """Codes of disc points with hydration 0..1, uint8."""
    return (DISC + water.clamp(0, 0.999) * LEVELS).to(torch.uint8)


def muscle_code(fat: Tensor) -> Tensor:
    """Codes of muscle points with a share of fat 0..1, uint8."""
    return (MUSCLE + fat.clamp(0, 0.999) * LEVELS).to(torch.uint8)


def muscle(fat: float) -> int:
    """The code of muscle with one share of fat."""
    return int(MUSCLE + min(max(fat, 0.0), 0.999) * LEVELS)


def properties() -> NDArray[np.float64]:
    """(256, 4) table of T1, T2, proton density and texture by code."""
    table = np.zeros((CODES, 4))
    table[:, 0], table[:, 1] = 1000, 1
    for tissue, row in _PROPERTIES.items():
        table[tissue] = row
    share = (np.arange(LEVELS) / (LEVELS - 1))[:, None]
    table[DISC : DISC + LEVELS] = np.array(_DRY) * (1 - share) + np.array(_WET) * share
    table[MUSCLE : MUSCLE + LEVELS] = np.array(_LEAN) * (1 - share) + np.array(_FAT) * share
    return table


def fat_share() -> NDArray[np.float32]:
    """(256,) share of a tissue's signal that comes from fat."""
    table = np.zeros(CODES, dtype=np.float32)
    for tissue, share in _FAT_SHARE.items():
        table[tissue] = share
    table[MUSCLE : MUSCLE + LEVELS] = np.arange(LEVELS) / (LEVELS - 1)
    return table


def labels() -> NDArray[np.uint8]:
    """(256,) `Label` by code.

    As in the volumes that the segmenter is trained on (SPIDER), bone is labelled
    where it is marrow: the dark shell, which no reader can distinguish from
    ligament, belongs to no class.
    """
    table = np.zeros(CODES, dtype=np.uint8)
    for tissue in BONE:
        table[tissue] = Label.VERTEBRA
    table[DISC : DISC + LEVELS] = Label.DISC
    for tissue in (Tissue.CSF, Tissue.ROOT, Tissue.CORD, Tissue.DURA):
        table[tissue] = Label.CANAL
    table[Tissue.SACRUM_MARROW] = Label.SACRUM
    return table
