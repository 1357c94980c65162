"""Measurements and the network's opinions -> grades, with the rule that decided.

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

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from inference.measures.canal import lookup
from inference.measures.foramen import NOT_REACHED
from inference.spine import names
from inference.types import (
    ABNORMAL,
    GRADES,
    LEVELS,
    LUMBAR_LEVELS,
    DiscLevel,
    Grade,
    LevelFinding,
    Measurement,
    Notice,
    Role,
    Rule,
    Site,
    Value,
)

RELATIVE_AP_MM, ABSOLUTE_AP_MM = 12.0, 10.0
RELATIVE_AREA_MM2, ABSOLUTE_AREA_MM2 = 100.0, 75.0

#: Less perineural fat than this, mm2, is reduced, and as good as none. From which height on a foramen, mm, is normal,
#: mild and moderate.
REDUCED_FAT_MM2, NO_FAT_MM2 = 60, 25
FORAMEN_HEIGHTS_MM = (15.0, 12.0, 8.0)

#: A network and a measurement that differ by this many grades contradict each other.
FAR = 2

NO_GRADER = Notice("no_grader")
NOT_FOUND = Notice("level_not_found")
NO_CANAL = Notice("level_without_canal")
NO_AXIAL = Notice("no_axial_image")
NOT_LEARNT = Notice("not_learnt")
NO_GRADE = Notice("no_grade_given")

#: The foramina, and which side each is of.
FORAMINA = {Site.FORAMEN_LEFT: "left", Site.FORAMEN_RIGHT: "right"}


@dataclass(frozen=True)
class Opinion:
    """What a network says of one level.

    answers: by site the likeliest grade and its probability, of the sites that it has learnt. made_from: the
    images it saw. foramina: whether the sagittal slab reaches the left and the right one. out_of_distribution: of the
    images those that are unlike what it learnt from.
    """

    answers: Mapping[str, tuple[Grade, float]]
    made_from: tuple[Role, ...]
    foramina: tuple[bool, bool]
    out_of_distribution: tuple[Role, ...] = ()


def canal_grade(ap_mm: float, area_mm2: float | None) -> tuple[Grade, Rule]:
    """(grade, rule) from the diameter and, when it is whole, the area.

    Relative by the area: mild. Absolute by one: moderate, by both: severe.
    Without an area, a relative diameter is mild, and severe cannot be told from
    moderate and is not said.
    """
    reasons: dict[str, Value] = {}
    if ap_mm < ABSOLUTE_AP_MM:
        reasons |= {"ap_under_mm": ABSOLUTE_AP_MM, "ap": "absolute"}
    elif area_mm2 is None and ap_mm < RELATIVE_AP_MM:
        reasons |= {"ap_under_mm": RELATIVE_AP_MM, "ap": "relative"}
    area = float("inf") if area_mm2 is None else area_mm2
    if area < ABSOLUTE_AREA_MM2:
        reasons |= {"area_under_mm2": ABSOLUTE_AREA_MM2, "area": "absolute"}
    elif area < RELATIVE_AREA_MM2:
        reasons |= {"area_under_mm2": RELATIVE_AREA_MM2, "area": "relative"}
    if reasons:
        absolute = (ap_mm < ABSOLUTE_AP_MM) + (area < ABSOLUTE_AREA_MM2)
        return ABNORMAL[absolute], Rule("canal_narrow", reasons)
    if area_mm2 is None:
        return Grade.NORMAL, Rule("canal_wide", {"ap_mm": RELATIVE_AP_MM})
    return Grade.NORMAL, Rule("canal_wide", {"ap_mm": ABSOLUTE_AP_MM, "area_mm2": RELATIVE_AREA_MM2})


def grade(
    discs: tuple[DiscLevel, ...],
    measurements: tuple[Measurement, ...],
    made_from: tuple[Role, ...],
    opinions: Mapping[str, Opinion] | None = None,
) -> tuple[LevelFinding, ...]:
    """A finding for every site of the lumbar levels, and of T12-L1 where it was found.

    What was not assessed says so and why.

    opinions: by level what the network says; None where no network is installed.
    """
    canals = beside_canals(grade_canals(discs, measurements, made_from), opinions)
    return in_order((*canals, *grade_sites(discs, measurements, opinions)))


def grade_canals(
    discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...], made_from: tuple[Role, ...]
) -> tuple[LevelFinding, ...]:
    """The canal of every level by its diameter and area."""
    seen = {disc.level for disc in discs}
    return tuple(_canal(level, level in seen, measurements, made_from) for level in _graded(seen))


def beside_canals(canals: tuple[LevelFinding, ...], opinions: Mapping[str, Opinion] | None) -> tuple[LevelFinding, ...]:
    """The measured grades, with what the network says of the same canals beside them."""
    return tuple(_beside(canal, (opinions or {}).get(canal.level)) for canal in canals)


def grade_sites(
    discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...], opinions: Mapping[str, Opinion] | None
) -> tuple[LevelFinding, ...]:
    """Recesses and foramina of every level by the network, with what was measured of foramina beside it."""
    seen = {disc.level for disc in discs}
    findings: list[LevelFinding] = []
    for level in _graded(seen):
        missing = NOT_FOUND if level not in seen else NO_GRADER if opinions is None else NO_GRADE
        opinion = (opinions or {}).get(level)
        by_network = [_by_network(level, site, opinion, missing) for site in Site if site is not Site.CANAL]
        findings += [_beside_foramen(one, measurements) if one.site in FORAMINA else one for one in by_network]
    return tuple(findings)


def in_order(findings: tuple[LevelFinding, ...]) -> tuple[LevelFinding, ...]:
    """Head to feet, at each level from the canal outwards."""
    sites = list(Site)
    return tuple(sorted(findings, key=lambda one: (names.order(one.level), sites.index(one.site))))


def in_table(findings: Iterable[LevelFinding]) -> tuple[tuple[LevelFinding, ...], tuple[LevelFinding, ...]]:
    """(findings of levels that have a row, those of others).

    Every lumbar level has one, T12-L1 where something is narrow; what is called otherwise has none.
    """
    found = tuple(findings)
    rows = {*LUMBAR_LEVELS, *(one.level for one in found if one.level in LEVELS and one.grade in ABNORMAL)}
    return tuple(one for one in found if one.level in rows), tuple(one for one in found if one.level not in rows)


def _graded(seen: Collection[str]) -> list[str]:
    return [level for level in LEVELS if level in LUMBAR_LEVELS or level in seen]


def _by_network(level: str, site: Site, opinion: Opinion | None, missing: Notice) -> LevelFinding:
    """A lateral recess or foramen. missing: why there is no opinion, where there is none."""
    reason = missing if opinion is None else _not_shown(site, opinion)
    if opinion is None or reason:
        return LevelFinding(level, site, Grade.NOT_ASSESSED, notices=(reason,) if reason else ())
    grade, probability = opinion.answers[site]
    rule = Rule("network_grade", {"probability": probability, "roles": opinion.made_from})
    strange = _out_of_distribution(site, opinion)
    notices = (Notice("out_of_distribution", values={"roles": strange}),) if strange else ()
    return LevelFinding(level, site, grade, (rule,), opinion.made_from, notices, probability, bool(strange))


def _out_of_distribution(site: Site, opinion: Opinion) -> tuple[Role, ...]:
    """Images that count for a site and are unlike what the network learnt from; axial ones hardly do for a foramen."""
    return tuple(role for role in opinion.out_of_distribution if not (site in FORAMINA and role is Role.AXIAL_T2))


def _not_shown(site: Site, opinion: Opinion) -> Notice | None:
    """Why the network must not grade a site all the same; None when it may.

    A recess is judged on axial images alone; a network answers from sagittal ones too, and knows little then.
    """
    if site not in opinion.answers:
        return NOT_LEARNT
    if site in (Site.RECESS_LEFT, Site.RECESS_RIGHT):
        return None if Role.AXIAL_T2 in opinion.made_from else NO_AXIAL
    return None if opinion.foramina[0 if site is Site.FORAMEN_LEFT else 1] else NOT_REACHED


def _beside(canal: LevelFinding, opinion: Opinion | None) -> LevelFinding:
    """The measured grade stays; the network's stands in its rules, and in a notice where the two are far apart."""
    if opinion is None or canal.grade is Grade.NOT_ASSESSED or canal.site not in opinion.answers:
        return canal
    grade, probability = opinion.answers[canal.site]
    strange = bool(opinion.out_of_distribution)
    rule = Rule("network_opinion", {"grade": grade, "probability": probability, "out_of_distribution": strange})
    notice = Notice("canal_contradicted", values={"network": grade, "measured": canal.grade})
    return _contrasted(canal, rule, grades_apart(grade, (canal.grade,)), notice)


def grades_apart(one: Grade, others: tuple[Grade, ...]) -> int:
    """How many grades lie between one and the nearest of others."""
    return min(abs(GRADES.index(one) - GRADES.index(other)) for other in others)


def _contrasted(finding: LevelFinding, rule: Rule, apart: int, notice: Notice) -> LevelFinding:
    """A finding with what stands beside it in its rules, and with the notice where the two are far apart."""
    far = apart >= FAR
    notices = (*finding.notices, notice) if far else finding.notices
    return replace(finding, rules=(*finding.rules, rule), notices=notices, contradicted=far)


def foramen_grades(fat_mm2: float, height_mm: float | None) -> tuple[tuple[Grade, ...], Rule]:
    """(the grades that it may be, rule) from a foramen's fat and, where it was seen, its height."""
    first, last = 0, 0
    values: dict[str, Value] = {"fat_mm2": fat_mm2, "fat": "preserved"}
    if fat_mm2 < NO_FAT_MM2:
        first, last = 2, 3
        values |= {"fat": "absent", "fat_under_mm2": NO_FAT_MM2}
    elif fat_mm2 < REDUCED_FAT_MM2:
        first, last = 1, 1
        values |= {"fat": "reduced", "fat_under_mm2": REDUCED_FAT_MM2}
    if height_mm is not None:
        low = sum(height_mm < limit for limit in FORAMEN_HEIGHTS_MM)
        first, last = max(first, low), max(last, low)
        values |= {"height_mm": height_mm}
        values |= {"height_under_mm": FORAMEN_HEIGHTS_MM[low - 1]} if low else {}
    grades = GRADES[first : last + 1]
    return grades, Rule("foramen_measured", {"grades": grades, **values})


def _beside_foramen(foramen: LevelFinding, measurements: tuple[Measurement, ...]) -> LevelFinding:
    """The network's grade stays; what was measured stands in its rules, and in a notice where they are far apart."""
    side = FORAMINA[foramen.site]
    fat, height = (lookup(measurements, foramen.level, f"foramen_{what}_{side}") for what in ("fat", "height"))
    if foramen.grade is Grade.NOT_ASSESSED or fat is None or fat.value is None:
        return foramen
    measured, rule = foramen_grades(fat.value, height.value if height else None)
    notice = Notice("foramen_contradicted", values={"side": side, "network": foramen.grade, "measured": measured})
    return _contrasted(foramen, rule, grades_apart(foramen.grade, measured), notice)


def _canal(level: str, seen: bool, measurements: tuple[Measurement, ...], made_from: tuple[Role, ...]) -> LevelFinding:
    diameter, area = lookup(measurements, level, "canal_ap"), lookup(measurements, level, "canal_area")
    if not seen or diameter is None or diameter.value is None:
        return LevelFinding(level, Site.CANAL, Grade.NOT_ASSESSED, notices=(NO_CANAL if seen else NOT_FOUND,))
    area_mm2 = area.value if area is not None and _usable(area) else None
    decided, rule = canal_grade(diameter.value, area_mm2)
    notices = () if area_mm2 is not None else (Notice("area_incomplete"),)
    return LevelFinding(level, Site.CANAL, decided, (rule,), made_from, notices)


def _usable(area: Measurement) -> bool:
    """A lower bound decides only when it already lies above the thresholds."""
    return not area.lower_bound or (area.value is not None and area.value >= RELATIVE_AREA_MM2)
