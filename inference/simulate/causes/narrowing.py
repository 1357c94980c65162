"""Millimetres of a severity: the standards between causes and geometry.

Canal: the dural sac's thresholds of 12 and 10 mm. Recess: over 5 mm is normal,
under 3 mm is stenotic. Foramen: normal from 15 mm of height and 4 mm of width on,
severe below 8 and 2 mm. Severity 0 is the patient's normal size.
"""

from __future__ import annotations

from bisect import bisect_right

#: Sac diameter and width (mm) at severity 1, 2, 3 and 4.
AP_MM = (12.2, 10.9, 9.9, 5.8)
WIDTH_MM = (12.3, 10.8, 10.0, 9.2)
#: Distance from the midline at which a lateral recess has the given depth, mm.
RECESS_AT_MM = 9.5
#: Depth of the lateral recess (mm) at severity 0 (the same for all patients), 1, 2, 3 and 4.
RECESS_MM = (6.0, 4.6, 2.8, 1.5, 0.2)
#: Height and width of a foramen between bone and disc (mm) at severity 0, 1, 2, 3 and 4.
FORAMEN_HEIGHT_MM, FORAMEN_WIDTH_MM = (22.0, 14.2, 11.4, 7.6, 5.0), (6.5, 4.0, 3.1, 2.1, 0.9)
_CANAL_KNOTS, _KNOTS = (0.0, 0.75, 1.0, 2.0, 3.0, 4.0), (0.0, 1.0, 2.0, 3.0, 4.0)


def narrowed(normal: float, narrowings: tuple[float, float, float, float], severity: float) -> float:
    """Diameter or width (mm) at a severity. normal: the patient's at severity 0. narrowings: at severity 1 to 4."""
    # The normal grade covers the first third of the way to the mildest stenosis.
    return _between(severity, _CANAL_KNOTS, (normal, normal * 0.65 + narrowings[0] * 0.35, *narrowings))


def recess_mm(severity: float) -> float:
    """Depth of the lateral recess at a severity."""
    return _between(severity, _KNOTS, RECESS_MM)


def foramen_mm(severity: float) -> tuple[float, float]:
    """(height, width) of a foramen at a severity: below the height, disc and facet are at most the width apart."""
    return _between(severity, _KNOTS, FORAMEN_HEIGHT_MM), _between(severity, _KNOTS, FORAMEN_WIDTH_MM)


def foramen_bulge_mm(severity: float) -> float:
    """Bulge of the disc's edge into a foramen, mm."""
    return 0.75 * severity


def _between(value: float, knots: tuple[float, ...], heights: tuple[float, ...]) -> float:
    """Linear interpolation of one value, level beyond the ends."""
    after = bisect_right(knots, value)
    if after in (0, len(knots)):
        return heights[0] if after == 0 else heights[-1]
    share = (value - knots[after - 1]) / (knots[after] - knots[after - 1])
    return heights[after - 1] + share * (heights[after] - heights[after - 1])
