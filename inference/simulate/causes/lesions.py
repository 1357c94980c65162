"""Lesions of the bones, and operations on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from inference.simulate.causes.disease import CANAL, RECESS_LEFT, RECESS_RIGHT, Person
from inference.simulate.causes.options import Surgery
from inference.simulate.causes.records import Body
from inference.types import FloatArray

#: Share of patients with a haemangioma, and of operated patients.
HAEMANGIOMA, OPERATED = 0.1, 0.04
#: Relative frequency of compression fractures, and of decompressions (upper vertebra), by vertebra.
_FRACTURES = {"T11": 0.15, "T12": 0.30, "L1": 0.35, "L2": 0.20}
_OPERATIONS = {"L2": 0.06, "L3": 0.2, "L4": 0.5, "L5": 0.24}


@dataclass(frozen=True)
class Operation:
    """levels: indices of the decompressed discs; screws: indices of the vertebrae with pedicle screws."""

    levels: tuple[int, ...] = ()
    screws: tuple[int, ...] = ()


def operation(rng: np.random.Generator, rows: tuple[str, ...], surgery: Surgery) -> Operation:
    """The operation, if any: one level or two, about half of them fused as well."""
    dice = rng.random(4)
    if surgery is Surgery.NONE or (surgery is Surgery.DRAWN and dice[0] >= OPERATED):
        return Operation()
    weights = np.cumsum([_OPERATIONS.get(row, 0.0) for row in rows])
    lowest = int(np.searchsorted(weights, dice[1] * weights[-1], side="right"))
    levels = (lowest - 1, lowest) if dice[2] < 0.35 else (lowest,)
    if dice[3] >= 0.45 or lowest + 1 == len(rows):
        return Operation(levels)
    return Operation(levels, (*levels, lowest + 1))


def after(rng: np.random.Generator, performed: Operation, sites: FloatArray) -> FloatArray:
    """Severities (levels, 5) after an operation: wide where decompressed, worse above a fusion."""
    result = sites.copy()
    for level in performed.levels:
        for site, widest, narrowest in ((CANAL, 0.1, 1.3), (RECESS_LEFT, 0.2, 1.6), (RECESS_RIGHT, 0.2, 1.6)):
            result[level, site] = rng.uniform(widest, narrowest)
    if performed.screws:
        above = performed.screws[0] - 1
        result[above] = np.minimum(result[above] + 0.6, 3.9)
    return result


def with_lesions(
    rng: np.random.Generator, person: Person, bodies: tuple[Body, ...], performed: Operation
) -> tuple[Body, ...]:
    """The vertebrae with fractures, haemangiomas, missing laminae and screws."""
    changed = list(bodies)
    for level in performed.levels:
        changed[level] = replace(changed[level], laminectomy=1.0)
    for level in performed.screws:
        changed[level] = replace(changed[level], screws=1)
    for level in _fractured(rng, person, bodies):
        lost = rng.uniform(0.15, 0.55)
        kind = "wedge" if rng.random() < 0.65 else "biconcave"
        acute = rng.uniform(0.4, 1.0) if rng.random() < 0.25 else 0.0
        changed[level] = _broken(changed[level], lost, kind, acute)
    if rng.random() < HAEMANGIOMA:
        level = int(rng.integers(2, len(bodies)))
        if not (changed[level].fracture or changed[level].screws):
            changed[level] = replace(changed[level], haemangioma=_haemangioma(rng, changed[level]))
    return tuple(changed)


def _fractured(rng: np.random.Generator, person: Person, bodies: tuple[Body, ...]) -> set[int]:
    """Indices of fractured vertebrae: in old patients, mostly women, at the thoracolumbar junction."""
    share = 0.004 + 0.22 * min(max((person.age - 55) / 30, 0.0), 1.2) * (1.0 if person.sex == "F" else 0.35)
    if rng.random() >= person.ill * share:
        return set()
    weights = np.cumsum([_FRACTURES.get(body.name, 0.0) for body in bodies])
    count = 1 + (rng.random() < 0.3) + (rng.random() < 0.1)
    return {int(np.searchsorted(weights, rng.random() * weights[-1], side="right")) for _ in range(count)}


def _broken(body: Body, lost: float, kind: str, acute: float) -> Body:
    """A body that lost a share of its anterior (wedge) or of its middle (biconcave) height."""
    body = replace(body, fracture=lost, fracture_kind=kind, fracture_acute=acute)
    sunk = lost * body.height_mm
    if kind == "biconcave":
        return replace(body, concavity_mm=body.concavity_mm + sunk / 2)
    kyphosis = math.degrees(math.atan(sunk / body.depth_mm))
    return replace(body, height_mm=body.height_mm - sunk / 2, wedge_deg=body.wedge_deg - kyphosis)


def _haemangioma(rng: np.random.Generator, body: Body) -> tuple[float, float, float, float]:
    """(left, back, up, radius) of one inside the body."""
    radius = rng.uniform(3.0, 0.33 * body.height_mm)
    room = (body.width_mm / 2 - 4, body.depth_mm / 2 - 4, body.height_mm / 2 - 3 - body.concavity_mm)
    left, back, up = (max(half - radius, 0.0) * rng.uniform(-0.8, 0.8) for half in room)
    return left, back, up, radius
