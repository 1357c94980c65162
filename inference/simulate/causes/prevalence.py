"""Frequency, severity and correlation of disease at each level of the spine.

A Gaussian copula: one standard normal value for each level and column (five
sites and the disc), correlated between the columns of a level, between levels
(the patient's burden) and with age. Shares at each level turn the values into
severities. Shares and correlations of the sites: 1,975 studies; of Pfirrmann's
grades: 1,240 discs of the SPIDER set (Scientific Data 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from inference.simulate.causes.options import Severity
from inference.simulate.causes.records import PFIRRMANN, SITES
from inference.types import FloatArray

#: Share of levels that are moderate, severe (%): canal, each foramen, each recess. Rows as in `patient.BODIES`.
SITE_SHARES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "T12": ((1.0, 0.3), (1.0, 0.05), (1.5, 0.4)),
    "L1": ((3.4, 1.1), (3.2, 0.1), (5.1, 1.5)),
    "L2": ((7.6, 2.7), (8.7, 0.6), (13.5, 4.4)),
    "L3": ((11.7, 6.2), (20.8, 2.0), (23.0, 9.8)),
    "L4": ((12.0, 12.9), (31.9, 7.1), (31.6, 23.4)),
    "L5": ((2.6, 1.0), (26.4, 10.4), (20.8, 7.5)),
}
#: Distance between the beginnings of mild and moderate, in standard deviations; no study separates mild from normal.
MILD_SD = 0.7
#: Share of discs of Pfirrmann 1 to 4 (%); the rest is 5.
PFIRRMANN_SHARES: dict[str, tuple[float, float, float, float]] = {
    "T12": (27, 36, 26, 8),
    "L1": (23, 32, 23, 14),
    "L2": (18, 26, 32, 14),
    "L3": (16, 22, 31, 20),
    "L4": (11, 14, 32, 26),
    "L5": (11, 15, 27, 21),
}
#: The patients' age: mean and standard deviation.
AGE = (55.0, 15.0)
#: Correlation of age with each site and with the disc.
AGE_LOADING = np.array([0.36, 0.33, 0.33, 0.36, 0.36, 0.62])
#: Correlation of the normal values within a level: canal, foramen left, right, recess left, right, disc. Grouped
#: into grades they give the published 0.57, 0.44, 0.58 and 0.28.
WITHIN = np.array(
    [
        [1.00, 0.47, 0.47, 0.78, 0.78, 0.45],
        [0.47, 1.00, 0.51, 0.52, 0.44, 0.50],
        [0.47, 0.51, 1.00, 0.44, 0.52, 0.50],
        [0.78, 0.52, 0.44, 1.00, 0.66, 0.50],
        [0.78, 0.44, 0.52, 0.66, 1.00, 0.50],
        [0.45, 0.50, 0.50, 0.50, 0.50, 1.00],
    ]
)
#: Correlation between levels without the effect of age: the patient's burden, and neighbours in addition.
BURDEN, NEIGHBOUR = 0.3, 0.3
#: Shift of all values of a severe patient, and of the disc values of a normal one (standard deviations).
SEVERE_SHIFT, HEALTHY_SHIFT = 1.3, 0.8


@dataclass(frozen=True)
class Illness:
    """Disease at each level. sites: (levels, 5) severity 0..4 in the order of `SITES`; disc: (levels,) 0..1."""

    sites: FloatArray
    disc: FloatArray


def illness(rng: np.random.Generator, rows: tuple[str, ...], age: int, severity: Severity) -> Illness:
    """Draw the disease of the discs below the vertebrae of `rows`, for a patient of that age."""
    values = _values(rng, len(rows), (age - AGE[0]) / AGE[1])
    if severity is Severity.SEVERE:
        values += SEVERE_SHIFT
    if severity is Severity.NORMAL:
        healthy = rng.uniform(0.05, 0.75, (len(rows), len(SITES)))
        return Illness(healthy, _degeneration(values[:, 5] - HEALTHY_SHIFT, rows).clip(max=0.55))
    sites = _severity(values[:, :5], rows, severity)
    worst = sites.max(axis=1)
    # A narrow level has a degenerated disc.
    return Illness(sites, np.maximum(_degeneration(values[:, 5], rows), 0.15 * (worst - 1)))


def pfirrmann_shares(row: str) -> tuple[float, ...]:
    """Share of discs of Pfirrmann 1 to 5 below the vertebra of a row; sums to 1."""
    shares = [share / 100 for share in PFIRRMANN_SHARES[_row(row)]]
    return (*shares, 1 - sum(shares))


def _values(rng: np.random.Generator, levels: int, age: float) -> FloatArray:
    """Standard normal values (levels, 6)."""
    independent: FloatArray = _LEVEL_ROOTS[levels] @ rng.standard_normal((levels, 6)) @ _WITHIN_ROOT.T
    values: FloatArray = independent * _RESIDUAL + AGE_LOADING * age
    return values


def _severity(values: FloatArray, rows: tuple[str, ...], severity: Severity) -> FloatArray:
    """Normal values to severities 0..4, uniform within each grade."""
    edges = _EVEN_EDGES if severity is Severity.BALANCED else np.array([_EDGES[row] for row in rows])
    return _steps(values, edges).clip(0.02, 3.98)


def _degeneration(values: FloatArray, rows: tuple[str, ...]) -> FloatArray:
    """Normal values to degeneration 0..1 with the frequency of Pfirrmann grades at that level."""
    share = _steps(values, np.array([_DISC_EDGES[row] for row in rows]))
    result: FloatArray = np.interp(share, np.arange(6), [0.02, *PFIRRMANN, 0.98])
    return result


def _steps(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Which step of cumulative shares `edges` (..., k + 1) a value has reached, 0..k, linear in the shares."""
    reached: FloatArray = (ndtr(values)[..., None] - edges[..., :-1]) / (edges[..., 1:] - edges[..., :-1])
    total: FloatArray = reached.clip(0, 1).sum(axis=-1)
    return total


def _row(row: str) -> str:
    return row if row in SITE_SHARES else "T12"


def _edges(row: str) -> FloatArray:
    """(5, 5): cumulative shares at which each site's grades begin, and 1."""
    canal, foramen, recess = SITE_SHARES[_row(row)]
    out = []
    for moderate, severe in (canal, foramen, foramen, recess, recess):
        moderate_from, severe_from = 1 - (moderate + severe) / 100, 1 - severe / 100
        out.append((0.0, float(ndtr(ndtri(moderate_from) - MILD_SD)), moderate_from, severe_from, 1.0))
    return np.array(out)


def _root_between(levels: int) -> FloatArray:
    distance = np.abs(np.subtract.outer(np.arange(levels), np.arange(levels)))
    return np.asarray(np.linalg.cholesky(BURDEN + (1 - BURDEN) * NEIGHBOUR**distance), dtype=np.float64)


_ALL_ROWS = (*(f"T{number}" for number in range(8, 13)), *(f"L{number}" for number in range(1, 6)))
_EDGES = {row: _edges(row) for row in _ALL_ROWS}
_EVEN_EDGES = np.linspace(0, 1, 5)
_DISC_EDGES = {row: np.cumsum([0.0, *pfirrmann_shares(row)]) for row in _ALL_ROWS}
#: Standard deviation of each column without the effect of age, and the correlation of these residuals.
_RESIDUAL = np.sqrt(1 - AGE_LOADING**2)
_WITHIN_ROOT = np.linalg.cholesky((WITHIN - np.outer(AGE_LOADING, AGE_LOADING)) / np.outer(_RESIDUAL, _RESIDUAL))
_LEVEL_ROOTS = {levels: _root_between(levels) for levels in range(1, 13)}
