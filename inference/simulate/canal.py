"""The canal's contents at any points: dural sac, cord, roots, epidural fat, flavum.

Everything follows from profiles along the canal's curve: where the sac's
anterior surface lies behind the posterior wall, how deep and how wide it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from inference.simulate.layout import ALONG_MM, TABLE_MM, CanalTable
from inference.simulate.narrowing import AP_MM, WIDTH_MM, narrowed
from inference.simulate.patient import DiscCause, Patient
from inference.simulate.shapes import indices
from inference.simulate.tissue import Tissue
from inference.types import FloatArray

#: Share of the sac's width at a vertebra and the disc below it.
TAPER = {"L4": 0.95, "L5": 0.88}
#: How far along the canal a narrowing reaches (SD, mm).
REACH_MM = 4.6


@dataclass(frozen=True)
class Profiles:
    """Along the canal, one value every `ALONG_MM`, all mm or shares.

    gap: posterior wall to sac. depth, width: the sac's. corner: how much its
    posterior corners are cut. bony: posterior wall to the laminae or flavum's
    outer face at the midline. disc: 1 at discs, 0 at pedicles. flavum: its
    thickness. fat: how far epidural fat reaches beyond the sac. side: where
    the curve lies to the left. cord: its radius. crowd: 0 where roots float, 1 where they fill
    the sac.
    """

    gap: Tensor
    depth: Tensor
    width: Tensor
    corner: Tensor
    bony: Tensor
    disc: Tensor
    flavum: Tensor
    fat: Tensor
    side: Tensor
    cord: Tensor
    crowd: Tensor

    def on(self, device: torch.device) -> Profiles:
        """The same on a device."""
        return Profiles(**{name: line.to(device) for name, line in vars(self).items()})


def bulge_mm(patient: Patient, disc: DiscCause) -> float:
    """How far the disc stands out behind the bodies in the midline."""
    loss = patient.sac_ap_mm - narrowed(patient.sac_ap_mm, AP_MM, disc.canal)
    return 0.3 + 0.8 * disc.degeneration + disc.anterior_share * loss


def _knots(patient: Patient, table: CanalTable) -> tuple[list[float], list[tuple[float, float, float]]]:
    """Places along the canal with the undisturbed (gap, depth, width)."""
    ap, width = patient.sac_ap_mm, patient.sac_width_mm
    places: list[tuple[float, tuple[float, float, float]]] = []
    for body in patient.bodies:
        slim = 1.0 if body.name.startswith("L") else 0.92
        places.append((table.marks[body.name], (2.0, ap * slim, width * slim * TAPER.get(body.name, 1.0))))
    for disc in patient.discs:
        slim = 1.0 if disc.upper.startswith("L") or disc.lower == "L1" else 0.92
        gap = 2.4 if disc.lower == "S1" else 1.0
        places.append((table.marks[disc.level], (gap, ap * slim, width * slim * TAPER.get(disc.upper, 1.0))))
    s1, s2 = table.marks["S1"], table.marks["S2"]
    places += [
        (s1 - 2, (4.0, ap * 0.74, width * 0.8)),
        ((s1 + s2) / 2, (4.6, ap * 0.5, width * 0.58)),
        (s2 - 2, (4.4, ap * 0.26, width * 0.3)),
        (s2 + 5, (4.4, 0.1, 0.1)),
        (table.marks["S5"], (4.0, 0.1, 0.1)),
    ]
    places.sort()
    return [place for place, _ in places], [value for _, value in places]


def profiles(patient: Patient, table: CanalTable) -> Profiles:
    """Undisturbed canal, then each disc's narrowing laid over it."""
    along: FloatArray = np.linspace(0.0, (len(table.curve) - 1) * ALONG_MM, len(table.curve))
    places, values = _knots(patient, table)
    inner = np.clip(along, places[0], places[-1])
    gap, depth, width = PchipInterpolator(places, np.array(values))(inner).T
    own = {"gap": gap.copy(), "depth": depth.copy(), "width": width.copy()}
    near, thick = np.zeros_like(along), np.full_like(along, patient.flavum_mm)
    corner, fat = np.full_like(along, 0.12), np.full_like(along, 1.5)
    for disc in patient.discs:
        mark = table.marks[disc.level]
        at = int(mark / ALONG_MM)
        window = np.exp(-0.5 * np.square((along - mark) / REACH_MM))
        near = np.maximum(near, np.exp(-0.5 * np.square((along - mark - 1.5) / 7.0)))
        lost = own["depth"][at] - narrowed(float(own["depth"][at]), AP_MM, disc.canal)
        bulge = bulge_mm(patient, disc)
        depth -= lost * window
        width -= (own["width"][at] - narrowed(float(own["width"][at]), WIDTH_MM, disc.canal)) * window
        gap += max(bulge + 0.7 - own["gap"][at], 0.0) * window if disc.lower != "S1" else 0.8 * bulge * window
        thick += (1 - disc.anterior_share) * lost * np.exp(-0.5 * np.square((along - mark - 1.0) / 6.0))
        corner += 0.6 * disc.canal * window
        fat -= 0.11 * disc.canal * window
    sacral = 1 / (1 + np.exp(-(along - table.marks["S1"] + 8) / 4))
    bony = patient.canal_depth_mm + 5.0 * near - 4.0 * sacral
    floor = gap + depth + 0.8 + np.where(near > 0.3, thick * near, 0.0)
    bony = np.maximum(bony, floor)
    lines = {
        "gap": gap,
        "depth": np.maximum(depth, 0.1),
        "width": np.maximum(width, 0.1),
        "corner": corner,
        "bony": bony,
        "disc": near,
        "flavum": thick,
        "fat": fat,
        "side": table.curve[:, 0],
        "cord": _cord(patient, table, along),
        "crowd": np.clip((85 - 0.65 * depth * width) / 40, 0, 1) * (along < table.marks["S1"] - 8),
    }
    return Profiles(**{name: torch.from_numpy(line.astype(np.float32)) for name, line in lines.items()})


def _cord(patient: Patient, table: CanalTable, along: FloatArray) -> FloatArray:
    """Radius of the cord: even, a slight swelling, then the conus."""
    tip_level = table.marks["L1"] + (table.marks["L2"] - table.marks["L1"]) * (0.5 + 0.5 * patient.conus)
    shape = np.interp(along, [tip_level - 60, tip_level - 40, tip_level - 22, tip_level], [3.5, 4.1, 3.4, 0.2])
    result: FloatArray = np.where(along > tip_level, 0.0, shape)
    return result


@dataclass(frozen=True)
class Near:
    """Points near the canal. rows: their index; along: table index; side, behind: mm."""

    rows: Tensor
    along: Tensor
    side: Tensor
    behind: Tensor


def locate(table: CanalTable, shape: Profiles, points: Tensor) -> Near:
    """Distance along and behind the canal's curve for the points that lie near it."""
    size = table.along.shape
    row = (points[:, 1] - float(table.low[0])) * (1 / TABLE_MM)
    column = (points[:, 2] - float(table.low[1])) * (1 / TABLE_MM)
    low, high = float(shape.side.min()) - 20, float(shape.side.max()) + 20
    keep = (row >= 0) & (row < size[0] - 1) & (column >= 0) & (column < size[1] - 1)
    keep &= (points[:, 0] > low) & (points[:, 0] < high)
    rows = indices(keep)
    row, column = row[rows], column[rows]
    i, j = row.long(), column.long()
    coarse = table.behind[i, j]
    near = (coarse > -6) & (coarse < 34)
    rows, row, column, i, j = rows[near], row[near], column[near], i[near], j[near]
    fi, fj = row - i, column - j
    values = []
    for grid in (table.along, table.behind):
        top = grid[i, j] * (1 - fj) + grid[i, j + 1] * fj
        low_row = grid[i + 1, j] * (1 - fj) + grid[i + 1, j + 1] * fj
        values.append(top * (1 - fi) + low_row * fi)
    along = (values[0] * (1 / ALONG_MM)).long().clamp(0, len(shape.side) - 1)
    return Near(rows, along, points[rows, 0] - shape.side[along], values[1])


def paint_epidural(codes: Tensor, near: Near, shape: Profiles, sacral_from: float) -> None:
    """Flavum, epidural fat and the ligaments around, under the bones that come later."""
    side = near.side.abs()
    a = near.along
    disc, gap = shape.disc[a], shape.gap[a]
    # Over the sac's own width the posterior border follows it, further out it slopes forward.
    roof = shape.bony[a] - 0.62 * (side - 1.0).clamp(min=0)
    # The flava of both sides meet in the midline, where fat fills a wedge between them.
    inner = roof - shape.flavum[a] * disc * (side / 3.5).clamp(0.3, 1)
    inside = (side < 13.5) & (near.behind > -0.5) & (near.behind < roof)
    codes[near.rows[inside]] = Tissue.EPIDURAL_FAT
    ligament = inside & (near.behind < gap + 0.3) & (disc > 0.5) & (side < 8)
    codes[near.rows[ligament]] = Tissue.LIGAMENT
    reach = _reach(near, shape)
    flavum = inside & (disc > 0.25) & ((near.behind > inner) | ((reach > shape.fat[a].square()) & (side > 4)))
    flavum &= near.behind > gap * 0.5
    flavum &= a * ALONG_MM < sacral_from
    codes[near.rows[flavum]] = Tissue.FLAVUM


def _reach(near: Near, shape: Profiles) -> Tensor:
    """Squared size of a point in units of the sac: 1 on its surface."""
    a = near.along
    half = shape.depth[a] * 0.5
    p = (near.behind - shape.gap[a] - half) / half
    q = near.side.abs() / (shape.width[a] * 0.5)
    cut = p * (1 + shape.corner[a] * q * (p > 0))
    return q * q + cut * cut


def paint_sac(codes: Tensor, near: Near, shape: Profiles, roots: Roots) -> None:
    """Dura, CSF, cord and roots."""
    reach = _reach(near, shape)
    a = near.along
    wall = 1 + 1.0 / shape.depth[a].clamp(min=2.0)
    dura = (reach >= 1) & (reach < wall.square()) & (shape.depth[a] > 2)
    soft = codes[near.rows] == Tissue.EPIDURAL_FAT
    codes[near.rows[dura & soft]] = Tissue.FASCIA
    inside = reach < 1
    rows = near.rows[inside]
    codes[rows] = Tissue.CSF
    a, side = a[inside], near.side[inside]
    half = shape.depth[a] * 0.5
    p = (near.behind[inside] - shape.gap[a] - half) / half
    q = side / (shape.width[a] * 0.5)
    strands = roots.hit(a, q, p, shape)
    codes[rows[strands]] = Tissue.ROOT
    radius = shape.cord[a]
    centre = 0.12 * half
    cord = (side / 1.25).square() + (p * half - centre).square() < radius.square()
    codes[rows[cord & (radius > 0)]] = Tissue.CORD


@dataclass(frozen=True)
class Roots:
    """The cauda equina: strands in the unit disc of the sac's section.

    start, leave: table index where a strand begins and leaves; q, p: its place
    at the beginning; q_end: -1 or 1, the side on which it leaves; wave: small
    wandering; radius_mm: of each strand.
    """

    start: list[float]
    leave: list[float]
    q: list[float]
    p: list[float]
    q_end: list[float]
    wave: list[float]
    radius_mm: list[float]

    def hit(self, along: Tensor, q: Tensor, p: Tensor, shape: Profiles) -> Tensor:
        """Which points (in units of the sac) lie inside a strand, bool (n,)."""
        out = torch.zeros(len(along), dtype=torch.bool, device=along.device)
        if not len(along):
            return out
        first, last = int(along.min()), int(along.max())
        table, offset = torch.arange(first, last + 1, device=along.device), along - first
        half_width, half_depth = shape.width[table][offset] * 0.5, shape.depth[table][offset] * 0.5
        crowd = shape.crowd[table]
        swell = (1 + 0.35 * crowd)[offset]
        for k in range(len(self.start)):
            share = ((table - self.start[k]) / (self.leave[k] - self.start[k])).clamp(0, 1)
            late = ((share - 0.7) / 0.3).clamp(0, 1) ** 2
            wander = 0.05 * torch.sin(table * 0.013 + self.wave[k])
            q_now = (self.q[k] + wander) * (1 - late) + 0.85 * self.q_end[k] * late
            p_now = (self.p[k] + wander * 0.6) * (1 - late) - 0.15 * late
            # A crushed sac has no CSF left: its roots spread over all of it.
            p_now += crowd * ((self.p[k] - 0.5) * 2.3 - p_now)
            alive = (table > self.start[k]) & (table < self.leave[k])
            q_now = torch.where(alive, q_now, 9.0)
            dq = (q - q_now[offset]) * half_width
            dp = (p - p_now[offset]) * half_depth
            out |= dq * dq + dp * dp < (self.radius_mm[k] * swell).square()
        return out


def cauda(patient: Patient, table: CanalTable, shape: Profiles) -> Roots:
    """Strands for every root from L2 to S4, lying in the back of the sac of a supine patient."""
    rng = np.random.default_rng([7, patient.roots_seed])
    conus = float(max(indices(shape.cord > 0).tolist(), default=0))
    lumbar = [body.name for body in patient.bodies if body.name.startswith("L")][1:]
    rows = []
    order = [*lumbar, "S1", "S2", "S3", "S4"]
    for rank, name in enumerate(order):
        leave = table.marks[name if name in lumbar else {"S1": "S1"}.get(name, "S2")] / ALONG_MM - 30
        for q_end in (-1.0, 1.0):
            for strand in range(2):
                # Lower roots lie nearer to the midline and further back.
                outward = 0.78 * (1 - rank / len(order)) + 0.06
                q = q_end * (outward + rng.normal(0, 0.06))
                p = 0.28 + 0.38 * (1 - abs(q)) + 0.13 * strand + rng.normal(0, 0.07)
                size = np.hypot(q, p)
                squeeze = min(1.0, 0.86 / size)
                rows.append(
                    (conus - 40, leave, q * squeeze, p * squeeze, q_end, rng.uniform(0, 6.3), rng.uniform(0.5, 0.75))
                )
    return Roots(*np.array(rows).T.tolist())
