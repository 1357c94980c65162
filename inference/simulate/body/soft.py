"""Tissue around the spine at any points: skin, fat, muscles, vessels, bowel, pelvis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter
from torch import Tensor

from inference.simulate.body.abdomen import Abdomen, fill
from inference.simulate.body.layout import Layout
from inference.simulate.body.shapes import indices
from inference.simulate.body.tissue import Tissue, muscle, muscle_code
from inference.simulate.causes.patient import Patient

Z_MM = 1.0
NOISE_SIZE = 128


@dataclass(frozen=True)
class Surroundings:
    """Profiles along z (one value a millimetre from `low_mm`), noise fields, abdomen.

    centre_x, centre_y: the spine's bodies; fascia_y: behind the muscles;
    skin_y: the back's skin; belly_y: centre of the abdominal wall; level: 0 at T12, 1 at L1 ... 5 at the lowest
    lumbar vertebra, 6 at S1. fine, broad: noise of unit variance, periodic.
    """

    patient: Patient
    low_mm: float
    shift: int
    centre_x: Tensor
    centre_y: Tensor
    fascia_y: Tensor
    skin_y: Tensor
    belly_y: float
    level: Tensor
    fine: Tensor
    broad: Tensor
    abdomen: Abdomen

    def row(self, z: Tensor) -> Tensor:
        """Index into the profiles for heights z."""
        return ((z - self.low_mm) * (1 / Z_MM)).long().clamp(0, len(self.centre_x) - 1)

    def grain(self, points: Tensor, pitch_mm: float, salt: int, noise: Tensor | None = None) -> Tensor:
        """Noise of unit variance at points; features of about 3 `pitch_mm`, or 12 with `noise` the broad field."""
        field = self.fine if noise is None else noise
        x, y, z = ((points * (1 / pitch_mm)).int() + (salt + self.shift) & NOISE_SIZE - 1).unbind(1)
        return field[x, y, z]


def _lines(patient: Patient, layout: Layout) -> tuple[FloatLines, float]:
    """(x, y, fascia, skin, level) by z, and the lowest z."""
    spots, levels = [], []
    lumbar = len([body for body in patient.bodies if body.name.startswith("L")])
    for body in patient.bodies:
        number = int(body.name[1:])
        spots.append(layout.bodies[body.name].centre_mm)
        levels.append(5.0 - (lumbar - number) if body.name.startswith("L") else float(number - 12))
    for number, name in enumerate(layout.sacrum):
        spots.append(layout.sacrum[name].centre_mm)
        levels.append(6.0 + number)
    points = np.array(spots)[::-1]
    low = float(points[0, 2] - 60)
    z = np.arange(low, points[-1, 2] + 60, Z_MM)
    x = np.interp(z, points[:, 2], points[:, 0])
    y = gaussian_filter1d(np.interp(z, points[:, 2], points[:, 1]), 6)
    tips = [layout.bodies[body.name].world(0, body.depth_mm / 2 + 47 * patient.size, -8) for body in patient.bodies]
    tips += [layout.sacrum[name].world(0, deep * patient.size, 0) for name, deep in (("S2", 28), ("S4", 20))]
    back = np.array(tips)
    back = back[np.argsort(back[:, 2])]
    tip_y = np.interp(z, back[:, 2], back[:, 1])
    fascia = np.maximum(gaussian_filter1d(tip_y, 20, mode="nearest"), tip_y - 1) + 2.5
    fascia = gaussian_filter1d(fascia, 4, mode="nearest")
    fat = patient.fat_mm * (0.6 + 0.6 / (1 + np.exp((z - points[5, 2]) / 22)))
    # The skin of a supine patient is flatter than the spine.
    skin = np.maximum(gaussian_filter1d(fascia + fat, 42, mode="nearest"), fascia + 5)
    return (x, y, fascia, skin, np.interp(z, points[:, 2], np.array(levels)[::-1])), low


@lru_cache(maxsize=1)
def _fields() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(fine, broad) noise of unit variance, periodic; the same for all patients, at another offset for each."""
    rng = np.random.default_rng(11)
    fields = []
    for size in (3, 11):
        noise = rng.standard_normal((NOISE_SIZE,) * 3, dtype=np.float32)
        for _ in range(2):
            noise = uniform_filter(noise, size, mode="wrap")
        fields.append((noise / noise.std()).astype(np.float32))
    return fields[0], fields[1]


FloatLines = tuple[NDArray[np.float64], ...]


def surroundings(
    patient: Patient, layout: Layout, device: torch.device, inner: Callable[..., Abdomen] = fill
) -> Surroundings:
    """Prepare the profiles, the noise and the abdomen for one patient, on a device. inner: draws the abdomen."""
    (x, y, fascia, skin, level), low = _lines(patient, layout)
    rng = np.random.default_rng([11, patient.roots_seed])
    fine, broad = _fields()
    inside = inner(patient, low, level, rng)

    def tensor(values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device)

    return Surroundings(
        patient=patient,
        low_mm=low,
        centre_x=tensor(x),
        centre_y=tensor(y),
        shift=int(rng.integers(NOISE_SIZE)),
        fascia_y=tensor(fascia),
        skin_y=tensor(skin),
        belly_y=float(np.mean(y[(level > 0) & (level < 6)])),
        level=tensor(level),
        fine=tensor(fine),
        broad=tensor(broad),
        abdomen=replace(inside, codes=inside.codes.to(device)),
    )


def paint(codes: Tensor, around: Surroundings, points: Tensor) -> None:
    """Paint the tissue around the spine at every point."""
    patient = around.patient
    row = around.row(points[:, 2])
    dx = points[:, 0] - around.centre_x[row]
    front = around.centre_y[row] - points[:, 1]
    side, level = torch.abs(dx), around.level[row]
    mound = (side * 0.09).clamp(max=3.0) - torch.square(side * (1 / 34.0))
    fascia = around.fascia_y[row] + mound - points[:, 1]
    skin = around.skin_y[row] - torch.square(side * (1 / 36.0)) - points[:, 1]
    around.abdomen.paint(codes, dx, front, points[:, 2])
    flank = _walls(codes, around, points, dx, level)
    _back_muscles(codes, around, points, side, front, fascia, level)
    _psoas(codes, around, points, side, front, level)
    _vessels(codes, dx, front, level, patient)
    _pelvis(codes, side, front, level, fascia)
    _under_the_skin(codes, around, points, fascia, skin)
    codes[(torch.abs(fascia) < 0.6) & (side < 68)] = Tissue.FASCIA
    codes[(skin < 1.6) | (flank > -0.02)] = Tissue.SKIN
    codes[(skin < 0) | (flank > 0)] = Tissue.AIR


def _walls(codes: Tensor, around: Surroundings, points: Tensor, dx: Tensor, level: Tensor) -> Tensor:
    """The abdominal wall's muscles and the fat outside them. Returns a function that is 0 at the skin, -1 inside."""
    patient = around.patient
    # The abdomen does not follow the spine's curve.
    forward_mm = around.belly_y - points[:, 1] - 25
    # Below the fifth disc the pelvis takes the place of the wall.
    forward, backward = forward_mm.clamp(min=0), forward_mm.clamp(max=0) * (5.6 - level).clamp(0, 1)
    skin = torch.square(dx / (165 * patient.size)) + torch.square(forward / (112 + patient.fat_mm)) - 1
    wide, deep = (140 - 0.4 * patient.fat_mm) * patient.size, 102 * (0.75 + 0.5 * patient.visceral_fat)
    cavity = torch.sqrt(torch.square(dx / wide) + torch.square(forward / deep) + torch.square(backward / 64))
    codes[cavity > 1] = Tissue.FAT
    lateral = (dx.abs() / wide).clamp(max=1)
    thick = 0.075 + 0.06 * lateral
    depth = (cavity - 1) / thick
    wall = (
        (depth > 0)
        & (depth < 1)
        & (forward_mm > -72)
        & ((level < 5.6) | (forward_mm > 0))
        & ((dx.abs() > 3.0) | (forward_mm < 0))
    )
    # Three flat muscles at the flank with fat between them; the rectus in front is one.
    layers = (((depth * 3) % 1 - 0.5).abs() > 0.4) & (lateral > 0.5)
    codes[wall] = muscle(0.10)
    codes[wall & layers] = muscle(0.6)
    return skin


def _under_the_skin(codes: Tensor, around: Surroundings, points: Tensor, fascia: Tensor, skin: Tensor) -> None:
    """The membranous layer in the fat of the back."""
    rows = indices((fascia < -1) & (skin > 1))
    share = -fascia[rows] / (skin[rows] - fascia[rows])
    waves = around.grain(points[rows] * torch.tensor([1, 1, 0.35], device=points.device), 1.6, 61, around.broad)
    layer = (share - 0.45 - 0.06 * waves).abs() * (skin[rows] - fascia[rows]) < 0.35
    codes[rows[layer]] = muscle(0.5)


def _back_muscles(
    codes: Tensor, around: Surroundings, points: Tensor, side: Tensor, front: Tensor, fascia: Tensor, level: Tensor
) -> None:
    """Multifidus, erector spinae and quadratus lumborum, with fat that grows downward and inward."""
    reach = 76 - 12 * (level - 4.6).clamp(0, 2.5)
    edge = (
        torch.square(side / reach)
        + torch.square((front + 40).clamp(max=0) / 52)
        + torch.square((front + 40).clamp(min=0) / 90)
    )
    before = -17.0 - 0.006 * torch.square((side - 35).clamp(min=0)) + 0.9 * around.grain(points, 2.2, 83, around.broad)
    erector = (fascia > 0.6) & (front < before) & (edge < 1)
    rows = indices(erector)
    muscle_points, s, f, deep = points[rows], side[rows], front[rows], level[rows]
    along = torch.tensor([1, 0.7, 0.22], device=points.device)
    streaks = around.grain(muscle_points * along, 0.34, 3, around.broad)
    broad = around.grain(muscle_points, 1.2, 17, around.broad)
    fat = around.patient.muscle_fat
    share = fat * (0.35 + 0.25 * (deep - 2).clamp(0, 4)) * (0.7 + 0.8 * torch.exp(-s / 16))
    # Streaks run along the fibres; multifidus, next to the spine, has most.
    share += (0.25 + 0.5 * fat) * (streaks - 1.0 + 0.5 * torch.exp(-s / 20)).clamp(0, 1.2) + 0.12 * fat * broad
    for place in (25.0, 48.0):
        plane = s - place - 0.25 * (f + 45) - 0.004 * torch.square(f + 45) - 2.5 * broad
        share += 0.8 * torch.exp(-torch.square(plane / 1.0)) * (0.12 + fat)
    # Lobules of fat between multifidus, the spinous processes and the laminae.
    lobules = around.grain(muscle_points * torch.tensor([1, 1, 0.5], device=points.device), 0.55, 71, around.broad)
    share += (0.5 + 1.2 * fat) * (lobules - 0.75 + 0.9 * fat).clamp(0, 1) * torch.exp(-s / 11)
    codes[rows] = muscle_code(share)
    middle = rows[s < 2.6]
    # Interspinous ligament: dark fibres with fat between them.
    fibres = around.grain(points[middle] * torch.tensor([0.3, 1, 1], device=points.device), 0.22, 91, around.broad)
    codes[middle] = muscle_code(0.16 + 0.45 * fat + 0.26 * fibres)
    quadratus = torch.square((side - 60) / 15) + torch.square((front + 14) / 9) < 1
    codes[quadratus & (level < 4.9) & (fascia > 8)] = muscle(0.08 + 0.3 * fat)


def _psoas(codes: Tensor, around: Surroundings, points: Tensor, side: Tensor, front: Tensor, level: Tensor) -> None:
    """Psoas: grows from L1 to L5 beside the bodies, then runs forward and outward."""
    size = around.patient.size * (1.08 if around.patient.sex == "M" else 0.92)
    grow = (level / 4.5).clamp(0, 1)
    centre_x = 27 + 13 * grow + 5 * (level - 5).clamp(0, 3)
    centre_y = -3 + 5 * grow + 12 * (level - 4.6).clamp(0, 4)
    wide, deep = (5 + 12.5 * grow) * size, (6 + 15 * grow) * size
    x, y = (side - centre_x) / wide, (front - centre_y) / deep
    # Flat towards the spine, round outside.
    reach = torch.square(x + 0.18 * y * y) + torch.square(y)
    rows = indices((reach < 1) & (level > -0.3))
    streaks = around.grain(points[rows] * torch.tensor([1, 1, 0.25], device=points.device), 0.36, 43, around.broad)
    share = 0.04 + 0.12 * around.patient.muscle_fat + 0.12 * (streaks - 1.3).clamp(0, 2)
    codes[rows] = muscle_code(share)


def _vessels(codes: Tensor, dx: Tensor, front: Tensor, level: Tensor, patient: Patient) -> None:
    """Aorta and vena cava in front of the bodies, dividing in front of L4-L5."""
    part = (level - 4.3).clamp(0, 3.2)
    reach = (level < 7.5) & (front > 8) & (front < 75)
    vessel_front = 27.5 * patient.size
    aorta = torch.hypot(dx - 9 - 13 * part, (front - vessel_front - 1.5) - 2.0 * part)
    cava = torch.hypot((dx + 15 + 11 * part) / 1.3, (front - vessel_front + 1.5) - 1.0 * part)
    right = torch.hypot(dx + 5 + 15 * part, front - vessel_front - 5 - 2.0 * part)
    radius = torch.where(part > 0, 6.0, 8.3)
    for distance, limit in ((cava, radius), (aorta, radius)):
        codes[(distance < limit) & reach] = Tissue.VESSEL_WALL
        codes[(distance < limit - 0.9) & reach] = Tissue.BLOOD
    codes[(right < 5.4) & (part > 0.1) & reach] = Tissue.BLOOD


def _pelvis(codes: Tensor, side: Tensor, front: Tensor, level: Tensor, fascia: Tensor) -> None:
    """Iliac wings from the crest at L4-L5 downward, with iliacus inside and gluteus outside."""
    low = indices((level > 4.4) & (side > 30))
    if not len(low):
        return
    s, f, deep = side[low], front[low], (level[low] - 4.4).clamp(0, 3)
    # The wing runs from the sacroiliac joint behind to the crest in front.
    cosine, sine = 0.70, 0.71
    along = (s - 50 + 3 * deep) * cosine + (f + 38) * sine
    across = (f + 38) * cosine - (s - 50 + 3 * deep) * sine
    start, end = 38 - 40 * deep.clamp(max=1.2), 62 + 22 * deep.clamp(max=1.4)
    bend = across + torch.square((along - 45) / 40) * 3.0
    inside = (along > start) & (along < end)
    part = codes[low]
    part[inside & (bend > 4.5) & (bend < 14)] = muscle(0.06)
    part[inside & (bend < -4.5) & (bend > -26) & (fascia[low] > 2)] = muscle(0.12)
    part[inside & (torch.abs(bend) < 5.0)] = Tissue.CORTEX_OTHER
    part[inside & (torch.abs(bend) < 3.8) & (along > start + 1.2) & (along < end - 1.2)] = Tissue.OTHER_BONE
    codes[low] = part
