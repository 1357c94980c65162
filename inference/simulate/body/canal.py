"""The canal's contents at any points: dural sac, cord, roots, epidural fat, flavum.

Everything follows from profiles along the canal's curve: distance of the sac's
anterior surface from the posterior wall, its depth and its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from inference.simulate.body.layout import ALONG_MM, TABLE_MM, CanalTable
from inference.simulate.body.shapes import indices
from inference.simulate.body.tissue import Tissue
from inference.simulate.causes.narrowing import AP_MM, RECESS_AT_MM, WIDTH_MM, narrowed, recess_mm
from inference.simulate.causes.patient import DiscCause, Patient
from inference.types import FloatArray

#: Share of the sac's width at the two lowest vertebrae and the discs below them, from the lowest up.
TAPER = (0.88, 0.95)
#: Distance from the posterior wall of a body to the sac, from the lowest lumbar vertebra up, and behind a healthy disc,
#: mm (masks of 25 real patients of SPIDER).
BEHIND_BODY_MM = (2.4, 1.5, 1.0, 0.6)
BEHIND_DISC_MM, BEHIND_LAST_DISC_MM = 2.3, 2.8
#: Thickness of ligament and veins between a bulging disc and the sac, mm.
CLEARANCE_MM = 1.2
#: Depth that stands for "no recess here", and distance of the lowest vertebra's middle above the sacrum, mm.
OPEN_MM, LAST_BODY_MM = 20.0, 26.0
#: Number of strands of the cauda equina on each side for every root.
STRANDS = 3
#: Thickness of the dura, which belongs to the sac, mm.
DURA_MM = 0.5
#: Extent of a narrowing along the canal (standard deviation, mm).
REACH_MM = 4.6


@dataclass(frozen=True)
class Profiles:
    """Along the canal, one value every `ALONG_MM`, all mm or shares.

    gap: posterior wall to sac. depth, width: the sac's. corner: how much its
    posterior corners are flattened. bony: posterior wall to the laminae or flavum's
    outer face at the midline. disc: 1 at discs, 0 at pedicles. flavum: its
    thickness. fat: extent of epidural fat beyond the sac. side: position of
    the curve to the left. cord: its radius. crowd: 0 where roots float, 1
    where they fill the sac. dent: distance by which the sac is pushed back
    from the front, at dent_at to the left. loose: 0..1, redundancy of the roots
    above a stenosis. recess_left, recess_right: depth of the lateral recess,
    `OPEN_MM` where there is none. sleeve: 1 where a root runs in the recess.
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
    dent: Tensor
    dent_at: Tensor
    loose: Tensor
    recess_left: Tensor
    recess_right: Tensor
    sleeve: Tensor

    def on(self, device: torch.device) -> Profiles:
        """The profiles on a device."""
        return Profiles(**{name: line.to(device) for name, line in vars(self).items()})


def bulge_mm(disc: DiscCause) -> float:
    """Distance of the disc's posterior edge behind the bodies in the midline, mm."""
    central = disc.herniation.reach_mm if disc.herniation and disc.herniation.zone == "central" else 0.0
    return disc.bulge_mm + central


def _knots(patient: Patient, table: CanalTable) -> tuple[list[float], list[tuple[float, float, float]]]:
    """Positions along the canal with the (gap, depth, width) of a canal without narrowing."""
    ap, width = patient.sac_ap_mm, patient.sac_width_mm
    places: list[tuple[float, tuple[float, float, float]]] = []
    for rank, (body, disc) in enumerate(zip(reversed(patient.bodies), reversed(patient.discs), strict=True)):
        slim = (1.0 if body.name.startswith("L") else 0.92) * (TAPER[rank] if rank < len(TAPER) else 1.0)
        gap = BEHIND_BODY_MM[min(rank, len(BEHIND_BODY_MM) - 1)]
        # At the thoracolumbar junction the sac is a little deeper, at the lowest discs as deep as above.
        deep = ap * (1.07 if rank in (3, 4) else 1.03 if rank > 4 else 1.0)
        places.append((table.marks[body.name], (gap, deep, width * slim)))
        gap = BEHIND_DISC_MM if rank else BEHIND_LAST_DISC_MM
        places.append((table.marks[disc.level], (gap, min(deep, ap), width * slim)))
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


def _upright(table: CanalTable, disc: DiscCause) -> float:
    """Cosine of the angle at which the sac crosses the disc's plane at a slipped body: there it is longer by that."""
    if not disc.slip_mm:
        return 1.0
    middle = round(table.marks[disc.level] / ALONG_MM)
    steps = [table.curve[middle + reach] - table.curve[middle - reach] for reach in (round(3 / ALONG_MM), 100)]
    local_step, long_step = (step / np.linalg.norm(step) for step in steps)
    return float(local_step @ long_step)


def profiles(patient: Patient, table: CanalTable) -> Profiles:
    """The profiles of the canal without narrowing, with each disc's narrowing added."""
    along: FloatArray = np.linspace(0.0, (len(table.curve) - 1) * ALONG_MM, len(table.curve))
    places, values = _knots(patient, table)
    inner = np.clip(along, places[0], places[-1])
    gap, depth, width = PchipInterpolator(places, np.array(values))(inner).T
    undisturbed = {"gap": gap.copy(), "depth": depth.copy(), "width": width.copy()}
    at_disc, flavum = np.zeros_like(along), np.full_like(along, patient.flavum_mm)
    corner, fat = np.full_like(along, 0.12), np.full_like(along, 1.5 + 0.15 * patient.lipomatosis_mm)
    dent, dent_at, sleeve = np.zeros_like(along), np.zeros_like(along), np.zeros_like(along)
    recess = {side: np.full_like(along, OPEN_MM) for side in ("left", "right")}
    for disc in patient.discs:
        mark = table.marks[disc.level]
        row = int(mark / ALONG_MM)
        window = np.exp(-0.5 * np.square((along - mark) / (REACH_MM + 0.7 * abs(disc.slip_mm))))
        at_disc = np.maximum(at_disc, np.exp(-0.5 * np.square((along - mark - 1.5) / 7.0)))
        loss = undisturbed["depth"][row] - narrowed(float(undisturbed["depth"][row]), AP_MM, disc.canal) * _upright(
            table, disc
        )
        bulge = bulge_mm(disc)
        depth -= loss * window
        width -= (undisturbed["width"][row] - narrowed(float(undisturbed["width"][row]), WIDTH_MM, disc.canal)) * window
        gap += max(bulge + CLEARANCE_MM - undisturbed["gap"][row], 0.0) * window
        flavum += (disc.flavum_mm - patient.flavum_mm) * np.exp(-0.5 * np.square((along - mark - 1.0) / 6.0))
        sleeve[(along > mark - 3) & (along < mark + 15)] = 1
        for side, depths in recess.items():
            narrow = np.exp(-0.5 * np.square(np.maximum(np.abs(along - mark - 5) - 3, 0) / 1.5))
            depth_here = recess_mm(disc.severity(f"recess_{side}"))
            recess[side] = depths + (depth_here - OPEN_MM) * narrow
        if disc.herniation and disc.herniation.zone == "subarticular":
            closeness = np.exp(-0.5 * np.square((along - mark + disc.herniation.migration_mm) / 5.0))
            dent = np.maximum(dent, 0.9 * disc.herniation.reach_mm * closeness)
            dent_at = np.where(closeness > 0.05, 6.0 * disc.herniation.side, dent_at)
        corner += 0.6 * disc.canal * window
        fat -= 0.11 * disc.canal * window
    sacral = 1 / (1 + np.exp(-(along - table.marks["S1"] + 8) / 4))
    bony = patient.canal_depth_mm - patient.pedicle_short_mm + 5.0 * at_disc - 4.0 * sacral
    floor = gap + depth + 0.8 + np.where(at_disc > 0.3, flavum * at_disc, 0.0)
    bony = np.maximum(bony, floor)
    crowd = np.clip((85 - 0.65 * depth * width) / 40, 0, 1) * (along < table.marks["S1"] - 8)
    lines = {
        "gap": gap,
        "depth": np.maximum(depth, 0.1),
        "width": np.maximum(width, 0.1),
        "corner": corner,
        "bony": bony,
        "disc": at_disc,
        "flavum": flavum,
        "fat": fat,
        "side": table.curve[:, 0],
        "cord": _cord(patient, table, along),
        "recess_left": recess["left"],
        "recess_right": recess["right"],
        "sleeve": sleeve,
        "dent": dent,
        "dent_at": dent_at,
        "loose": _above(crowd),
        "crowd": crowd,
    }
    return Profiles(**{name: torch.from_numpy(depths.astype(np.float32)) for name, depths in lines.items()})


def _above(crowd: FloatArray) -> FloatArray:
    """Redundancy of the roots, 0..1: some centimetres above each crowded place."""
    up = gaussian_filter1d(np.roll(crowd, -int(28 / ALONG_MM)), 12 / ALONG_MM, mode="nearest")
    loose: FloatArray = np.clip(3 * up - crowd, 0, 1)
    return loose


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
    """Flavum, epidural fat and ligaments; bones are painted over them later."""
    side = near.side.abs()
    a = near.along
    disc, gap = shape.disc[a], shape.gap[a]
    # The posterior border follows the sac over its width and slopes forward lateral to it.
    roof = shape.bony[a] - 0.62 * (side - 1.0).clamp(min=0)
    # The flava of both sides meet in the midline, where fat fills a wedge between them.
    inner = roof - shape.flavum[a] * disc * (side / 3.5).clamp(0.3, 1)
    # The space between sac, pedicles and joints is fat.
    inside = (side < torch.where(a * ALONG_MM < sacral_from, 17.0, 13.5)) & (near.behind > -0.5) & (near.behind < roof)
    codes[near.rows[inside]] = Tissue.EPIDURAL_FAT
    # Before the sac lies the ligament, thick behind the discs; fat only from the lowest vertebra down.
    lean = torch.where(a * ALONG_MM < sacral_from - LAST_BODY_MM, 1.0, ((disc - 0.3) / 0.35).clamp(0, 1))
    ligament = inside & (near.behind < (gap + 0.3) * lean) & (side < 8)
    codes[near.rows[ligament]] = Tissue.LIGAMENT
    reach = _reach(near, shape)
    flavum = inside & (disc > 0.25) & ((near.behind > inner) | ((reach > shape.fat[a].square()) & (side > 4)))
    flavum &= near.behind > gap * 0.5
    flavum &= a * ALONG_MM < sacral_from
    depth = torch.where(near.side > 0, shape.recess_left[a], shape.recess_right[a])
    # The flavum does not fill the recess, however narrow the canal.
    flavum &= (near.behind > depth) | (depth > OPEN_MM - 5) | (side < 0.5 * shape.width[a] + 1)
    flavum |= inside & (side > 5.0) & (near.behind > depth + 1.6 * (RECESS_AT_MM - side).clamp(min=0))
    codes[near.rows[flavum]] = Tissue.FLAVUM
    # The root on its way from the sac to the pedicle below, through the lateral recess.
    behind, radius = (0.5 * depth).clamp(max=2.8), (0.42 * depth).clamp(0.6, 1.9)
    offset = side - (0.37 * shape.width[a] + 2.2)
    root = offset.square() + (near.behind - behind).square() < radius.square()
    codes[near.rows[root & (shape.sleeve[a] > 0)]] = Tissue.NERVE


def _section(near: Near, shape: Profiles) -> tuple[Tensor, Tensor]:
    """Place in the sac's section in units of its half width and depth: (to the left, to the back)."""
    a = near.along
    half = shape.depth[a] * 0.5
    p = (near.behind - shape.gap[a] - half) / half
    # Pressure from the front flattens the section on its side.
    push = shape.dent[a] * torch.exp(-((near.side - shape.dent_at[a]) / 6.0).square()) / half
    p = 1 - (1 - p) * 2 / (2 - push.clamp(max=1.6))
    return near.side / (shape.width[a] * 0.5), p


def _reach(near: Near, shape: Profiles) -> Tensor:
    """Squared size of a point in units of the sac: 1 on its surface."""
    q, p = _section(near, shape)
    cut = p * (1 + shape.corner[near.along] * q.abs() * (p > 0))
    return q * q + cut * cut


def paint_sac(codes: Tensor, near: Near, shape: Profiles, roots: Roots) -> None:
    """Dura, CSF, cord and roots."""
    reach = _reach(near, shape)
    inside = reach < 1
    rows, a = near.rows[inside], near.along[inside]
    wall = reach[inside] > (1 - 2 * DURA_MM / shape.depth[a].clamp(min=2.0)).clamp(min=0).square()
    q, p = _section(near, shape)
    q, p, half = q[inside], p[inside], shape.depth[a] * 0.5
    codes[rows] = Tissue.CSF
    codes[rows[wall]] = Tissue.DURA
    strands = roots.hit(a, q, p, shape) & ~wall
    codes[rows[strands]] = Tissue.ROOT
    radius = shape.cord[a]
    cord = (near.side[inside] / 1.25).square() + ((p - 0.12) * half).square() < radius.square()
    codes[rows[cord & (radius > 0)]] = Tissue.CORD


@dataclass(frozen=True)
class Roots:
    """The cauda equina: strands in the unit disc of the sac's section.

    start, leave: table index where a strand begins and leaves; q, p: its place
    at the beginning; q_end: -1 or 1, the side on which it leaves; wave: small
    lateral variation; radius_mm: of each strand.
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
        inside = torch.zeros(len(along), dtype=torch.bool, device=along.device)
        if not len(along):
            return inside
        first, last = int(along.min()), int(along.max())
        table, offset = torch.arange(first, last + 1, device=along.device), along - first
        half_width, half_depth = shape.width[table][offset] * 0.5, shape.depth[table][offset] * 0.5
        crowd = shape.crowd[table]
        swell = (1 + 0.9 * crowd)[offset]
        for k in range(len(self.start)):
            share = ((table - self.start[k]) / (self.leave[k] - self.start[k])).clamp(0, 1)
            leaving = ((share - 0.7) / 0.3).clamp(0, 1) ** 2
            wander = 0.05 * torch.sin(table * 0.013 + self.wave[k])
            wander += 0.16 * shape.loose[table] * torch.sin(table * 0.10 + 3 * self.wave[k])
            q_now = (self.q[k] + wander) * (1 - leaving) + 0.85 * self.q_end[k] * leaving
            p_now = (self.p[k] + wander * 0.6) * (1 - leaving) - 0.15 * leaving
            # A compressed sac has no CSF: its roots spread over all of it.
            p_now += crowd * ((self.p[k] - 0.5) * 2.3 - p_now)
            alive = (table > self.start[k]) & (table < self.leave[k])
            q_now = torch.where(alive, q_now, 9.0)
            dq = (q - q_now[offset]) * half_width
            dp = (p - p_now[offset]) * half_depth
            inside |= dq * dq + dp * dp < (self.radius_mm[k] * swell).square()
        return inside


def cauda(patient: Patient, table: CanalTable, shape: Profiles) -> Roots:
    """Strands for every root from L2 to S4, in the posterior part of the sac, because the patient is supine."""
    rng = np.random.default_rng([7, patient.roots_seed])
    conus = float(max(indices(shape.cord > 0).tolist(), default=0))
    lumbar = [body.name for body in patient.bodies if body.name.startswith("L")][1:]
    rows = []
    order = [*lumbar, "S1", "S2", "S3", "S4"]
    for rank, name in enumerate(order):
        leave = table.marks[name if name in lumbar else {"S1": "S1"}.get(name, "S2")] / ALONG_MM - 30
        for q_end in (-1.0, 1.0):
            for _ in range(STRANDS):
                # In a supine patient roots sink: upper ones to the sides, lower ones to the middle, in layers.
                q = q_end * (0.80 * (1 - rank / len(order)) + 0.04 + rng.normal(0, 0.07))
                floor = np.sqrt(max(1 - q * q, 0.1)) * 0.88
                p = floor - rng.exponential(0.20) - 0.04
                size = np.hypot(q, p)
                squeeze = min(1.0, 0.86 / size)
                rows.append(
                    (conus - 40, leave, q * squeeze, p * squeeze, q_end, rng.uniform(0, 6.3), rng.uniform(0.5, 0.8))
                )
    return Roots(*np.array(rows).T.tolist())
