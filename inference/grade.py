"""Measurements -> grades. So far the canal, by published thresholds.

Area of the dural sac: under 100 mm2 relative, under 75 mm2 absolute stenosis
(review: Steurer et al., BMC Musculoskelet Disord 2011;12:175).
Front-to-back diameter: under 12 mm relative, under 10 mm absolute stenosis
(Verbiest 1977; used on 3,529 people in Kalichman et al., Spine J 2009). Those
are diameters of the bony canal, and what the segmenter calls canal is the sac
within it: SPIDER's masks leave epidural fat out. Half of the sacs at L2-L3 to
L4-L5 in 25 real patients are under 12 mm (docs/figures.md), so the relative
diameter counts only where the area is not known.
The thresholds are for canals measured by people; a machine's mask adds its own
error, so a grade here is a draft that a reader confirms.
"""

from __future__ import annotations

from inference.measure import lookup
from inference.types import LUMBAR_LEVELS, DiscLevel, Grade, LevelFinding, Measurement, Role, Site

RELATIVE_AP_MM, ABSOLUTE_AP_MM = 12.0, 10.0
RELATIVE_AREA_MM2, ABSOLUTE_AREA_MM2 = 100.0, 75.0

FORAMEN_NOTE = "The machine does not grade foramina yet."
NOT_SEEN_NOTE = "This level was not found in the images."
NO_CANAL_NOTE = "The canal was not seen at this level."


def canal_grade(ap_mm: float, area_mm2: float | None) -> tuple[Grade, str]:
    """(grade, rule in words) from the diameter and, when it is whole, the area.

    Relative by the area: mild. Absolute by one: moderate, by both: severe.
    Without an area, a relative diameter is mild, and severe cannot be told from
    moderate and is not said.
    """
    reasons = []
    if ap_mm < ABSOLUTE_AP_MM:
        reasons.append(f"AP diameter under {ABSOLUTE_AP_MM:g} mm (absolute stenosis)")
    elif area_mm2 is None and ap_mm < RELATIVE_AP_MM:
        reasons.append(f"AP diameter under {RELATIVE_AP_MM:g} mm (relative stenosis)")
    area = float("inf") if area_mm2 is None else area_mm2
    if area < ABSOLUTE_AREA_MM2:
        reasons.append(f"canal area under {ABSOLUTE_AREA_MM2:g} mm² (absolute stenosis)")
    elif area < RELATIVE_AREA_MM2:
        reasons.append(f"canal area under {RELATIVE_AREA_MM2:g} mm² (relative stenosis)")
    if reasons:
        absolute = (ap_mm < ABSOLUTE_AP_MM) + (area < ABSOLUTE_AREA_MM2)
        return (Grade.MILD, Grade.MODERATE, Grade.SEVERE)[absolute], " and ".join(reasons)
    if area_mm2 is None:
        return Grade.NORMAL, f"AP diameter at least {RELATIVE_AP_MM:g} mm"
    return Grade.NORMAL, f"AP diameter at least {ABSOLUTE_AP_MM:g} mm and canal area at least {RELATIVE_AREA_MM2:g} mm²"


def grade(
    discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...], made_from: tuple[Role, ...]
) -> tuple[LevelFinding, ...]:
    """A finding for every lumbar level and site; what was not assessed says so and why."""
    seen = {disc.level for disc in discs}
    findings: list[LevelFinding] = []
    for level in LUMBAR_LEVELS:
        findings.append(_canal(level, level in seen, measurements, made_from))
        note = FORAMEN_NOTE if level in seen else NOT_SEEN_NOTE
        findings += [
            LevelFinding(level, site, Grade.NOT_ASSESSED, "", (), note)
            for site in (Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT)
        ]
    return tuple(findings)


def _canal(level: str, seen: bool, measurements: tuple[Measurement, ...], made_from: tuple[Role, ...]) -> LevelFinding:
    diameter, area = lookup(measurements, level, "canal_ap"), lookup(measurements, level, "canal_area")
    if not seen or diameter is None or diameter.value is None:
        note = NO_CANAL_NOTE if seen else NOT_SEEN_NOTE
        return LevelFinding(level, Site.CANAL, Grade.NOT_ASSESSED, "", (), note)
    area_mm2 = area.value if area is not None and _usable(area) else None
    decided, rule = canal_grade(diameter.value, area_mm2)
    note = "" if area_mm2 is not None else "Graded from the diameter alone: the area is not complete."
    return LevelFinding(level, Site.CANAL, decided, rule, made_from, note)


def _usable(area: Measurement) -> bool:
    """A lower bound decides only when it already lies above the thresholds."""
    return not area.lower_bound or (area.value is not None and area.value >= RELATIVE_AREA_MM2)
