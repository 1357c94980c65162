"""Measurements and the network's opinions -> grades.

The canal is graded by published thresholds; what the network says stands beside it.
For lateral recesses and foramina the network's grade is the draft, where a network is
installed; what was measured of a foramen stands beside it. How likely it must be for a reader
to believe it is not decided here: the probability goes with the grade.

Area of the dural sac: under 100 mm2 relative, under 75 mm2 absolute stenosis
(review: Steurer et al., BMC Musculoskelet Disord 2011;12:175).
Front-to-back diameter: under 12 mm relative, under 10 mm absolute stenosis
(Verbiest 1977; used on 3,529 people in Kalichman et al., Spine J 2009). Those
are diameters of the bony canal, and what the segmenter calls canal is the sac
within it: SPIDER's masks leave epidural fat out. Half of the sacs at L2-L3 to
L4-L5 in 25 real patients are under 12 mm (docs/figures/simulator.md), so the relative
diameter counts only where the area is not known.
The thresholds are for canals measured by people; a machine's mask adds its own
error, so a grade here is a draft that a reader confirms.

Foramen: fat all round the root is normal, lost in two directions mild, lost in all moderate or
severe (Lee et al., AJR 2010). How many mm2 of it are measured then was read off simulated patients
(docs/figures/foramina.md). A height between the pedicles of 15 mm and more is normal (Hasegawa et al., J Spinal
Disord 1995), and as it falls, narrower.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inference.measures.canal import lookup
from inference.measures.foramen import NOT_REACHED_NOTE
from inference.types import LEVELS, LUMBAR_LEVELS, DiscLevel, Grade, LevelFinding, Measurement, Role, Site

RELATIVE_AP_MM, ABSOLUTE_AP_MM = 12.0, 10.0
RELATIVE_AREA_MM2, ABSOLUTE_AREA_MM2 = 100.0, 75.0

#: Less perineural fat than this, mm2, is reduced, and as good as none. From which height on a foramen, mm, is normal,
#: mild and moderate.
REDUCED_FAT_MM2, NO_FAT_MM2 = 60, 25
FORAMEN_HEIGHTS_MM = (15.0, 12.0, 8.0)

#: No network is surer than that: it is said to be more likely than this, and no more.
SURE = 0.99
#: A network that differs from what was measured by so many grades is told plainly.
FAR = 2

NO_GRADER_NOTE = "Lateral recesses and foramina are not graded: no grader is installed."
NOT_SEEN_NOTE = "This level was not found in the images."
NO_CANAL_NOTE = "The canal was not seen at this level."
NO_AXIAL_NOTE = "No axial T2 image goes through this disc; the lateral recesses are not graded without one."
NOT_LEARNT_NOTE = "The installed grader has not learnt to grade this."
UNLIKE_NOTE = "Unlike the images that the grader learnt from: {}. Its grades may be wrong whatever their probability."
NOT_FIT_NOTE = "The grader gave no grade at this level."

#: The foramina, and which side each is of.
FORAMINA = {Site.FORAMEN_LEFT: "left", Site.FORAMEN_RIGHT: "right"}

_ORDER = (Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE)
_WORDS = {Role.SAGITTAL_T2: "sagittal T2", Role.SAGITTAL_T1: "sagittal T1", Role.AXIAL_T2: "axial T2"}


@dataclass(frozen=True)
class Opinion:
    """What a network says of one level.

    answers: by site the likeliest grade and its probability, of the sites that it has learnt. made_from: the
    images it saw. foramina: whether the sagittal slab reaches the left and the right one. unlike: of the images those
    that are unlike what it learnt from.
    """

    answers: Mapping[str, tuple[Grade, float]]
    made_from: tuple[Role, ...]
    foramina: tuple[bool, bool]
    unlike: tuple[Role, ...] = ()


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
    discs: tuple[DiscLevel, ...],
    measurements: tuple[Measurement, ...],
    made_from: tuple[Role, ...],
    opinions: Mapping[str, Opinion] | None = None,
) -> tuple[LevelFinding, ...]:
    """A finding for every lumbar level and site; what was not assessed says so and why.

    opinions: by level what the network says; None where no network is installed.
    """
    canals = beside_canals(grade_canals(discs, measurements, made_from), opinions)
    return in_order((*canals, *grade_sites(discs, measurements, opinions)))


def grade_canals(
    discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...], made_from: tuple[Role, ...]
) -> tuple[LevelFinding, ...]:
    """The canal of every lumbar level by its diameter and area."""
    seen = {disc.level for disc in discs}
    return tuple(_canal(level, level in seen, measurements, made_from) for level in LUMBAR_LEVELS)


def beside_canals(canals: tuple[LevelFinding, ...], opinions: Mapping[str, Opinion] | None) -> tuple[LevelFinding, ...]:
    """The measured grades, with what the network says of the same canals beside them."""
    return tuple(_beside(canal, (opinions or {}).get(canal.level)) for canal in canals)


def grade_sites(
    discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...], opinions: Mapping[str, Opinion] | None
) -> tuple[LevelFinding, ...]:
    """Recesses and foramina of every lumbar level by the network, with what was measured of foramina beside it."""
    seen = {disc.level for disc in discs}
    findings: list[LevelFinding] = []
    for level in LUMBAR_LEVELS:
        missing = NOT_SEEN_NOTE if level not in seen else NO_GRADER_NOTE if opinions is None else NOT_FIT_NOTE
        opinion = (opinions or {}).get(level)
        by_network = [_by_network(level, site, opinion, missing) for site in Site if site is not Site.CANAL]
        findings += [_beside_foramen(one, measurements) if one.site in FORAMINA else one for one in by_network]
    return tuple(findings)


def in_order(findings: tuple[LevelFinding, ...]) -> tuple[LevelFinding, ...]:
    """Head to feet, at each level from the canal outwards."""
    sites = list(Site)
    return tuple(sorted(findings, key=lambda one: (LEVELS.index(one.level), sites.index(one.site))))


def _by_network(level: str, site: Site, opinion: Opinion | None, missing: str) -> LevelFinding:
    """A lateral recess or foramen. missing: why there is no opinion, where there is none."""
    note = missing if opinion is None else _not_shown(site, opinion)
    if opinion is None or note:
        return LevelFinding(level, site, Grade.NOT_ASSESSED, "", (), note)
    grade, chance = opinion.answers[site]
    rule = f"network, {percent(chance)}; made from {_listed(opinion.made_from)}"
    unlike = _unlike(site, opinion)
    note = UNLIKE_NOTE.format(_listed(unlike)) if unlike else ""
    return LevelFinding(level, site, grade, rule, opinion.made_from, note, chance, bool(unlike))


def _unlike(site: Site, opinion: Opinion) -> tuple[Role, ...]:
    """Images that count for a site and are unlike what the network learnt from; axial ones hardly do for a foramen."""
    return tuple(role for role in opinion.unlike if not (site in FORAMINA and role is Role.AXIAL_T2))


def _not_shown(site: Site, opinion: Opinion) -> str:
    """Why the network must not grade a site all the same; empty when it may.

    A recess is judged on axial images alone; a network answers from sagittal ones too, and knows little then.
    """
    if site not in opinion.answers:
        return NOT_LEARNT_NOTE
    if site in (Site.RECESS_LEFT, Site.RECESS_RIGHT):
        return "" if Role.AXIAL_T2 in opinion.made_from else NO_AXIAL_NOTE
    return "" if opinion.foramina[0 if site is Site.FORAMEN_LEFT else 1] else NOT_REACHED_NOTE


def _beside(canal: LevelFinding, opinion: Opinion | None) -> LevelFinding:
    """The measured grade stays; the network's stands in its rule, and in its note where the two are far apart."""
    if opinion is None or canal.grade is Grade.NOT_ASSESSED or canal.site not in opinion.answers:
        return canal
    grade, chance = opinion.answers[canal.site]
    strange = ", on images unlike those it learnt from" if opinion.unlike else ""
    rule = f"the network says {grade}, {percent(chance)}{strange}"
    note = f"The network says {grade}, the measurements {canal.grade}: look at this level yourself."
    return _contrasted(canal, rule, grades_apart(grade, (canal.grade,)), note)


def grades_apart(one: Grade, others: tuple[Grade, ...]) -> int:
    """How many grades lie between one and the nearest of others."""
    return min(abs(_ORDER.index(one) - _ORDER.index(other)) for other in others)


def _contrasted(finding: LevelFinding, rule: str, apart: int, note: str) -> LevelFinding:
    """A finding with what stands beside it in its rule, and with the note where the two are far apart."""
    far = apart >= FAR
    notes = [one for one in (finding.note, note if far else "") if one]
    return replace(finding, rule=f"{finding.rule}; {rule}", note=" ".join(notes), contradicted=far)


def foramen_grades(fat_mm2: float, height_mm: float | None) -> tuple[tuple[Grade, ...], str]:
    """(the grades that it may be, rule in words) from a foramen's fat and, where it was seen, its height."""
    first, last, said = 0, 0, "all round"
    if fat_mm2 < NO_FAT_MM2:
        first, last, said = 2, 3, f"under {NO_FAT_MM2} mm²: hardly any"
    elif fat_mm2 < REDUCED_FAT_MM2:
        first, last, said = 1, 1, f"under {REDUCED_FAT_MM2} mm²: reduced"
    rule = f"perineural fat {fat_mm2:.0f} mm² ({said})"
    if height_mm is not None:
        low = sum(height_mm < limit for limit in FORAMEN_HEIGHTS_MM)
        first, last = max(first, low), max(last, low)
        under = f" (under {FORAMEN_HEIGHTS_MM[low - 1]:g} mm: low)" if low else ""
        rule += f", foramen height {height_mm:.1f} mm{under}"
    grades = _ORDER[first : last + 1]
    return grades, f"measured: {' or '.join(grades)}, by {rule}"


def _beside_foramen(foramen: LevelFinding, measurements: tuple[Measurement, ...]) -> LevelFinding:
    """The network's grade stays; what was measured stands in its rule, and in its note where the two are far apart."""
    side = FORAMINA[foramen.site]
    fat, height = (lookup(measurements, foramen.level, f"foramen_{what}_{side}") for what in ("fat", "height"))
    if foramen.grade is Grade.NOT_ASSESSED or fat is None or fat.value is None:
        return foramen
    measured, rule = foramen_grades(fat.value, height.value if height else None)
    said = f"the network says {foramen.grade}, the measurements {' or '.join(measured)}"
    note = f"{side.capitalize()} foramen: {said}: look at it yourself."
    return _contrasted(foramen, rule, grades_apart(foramen.grade, measured), note)


def percent(chance: float) -> str:
    """A probability for people."""
    return "over 99 %" if chance > SURE else f"{100 * chance:.0f} %"


def _listed(roles: tuple[Role, ...]) -> str:
    names = [_WORDS[role] for role in roles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
