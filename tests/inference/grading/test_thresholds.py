"""Canal grades follow the published thresholds; what was not assessed is never normal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.grading.thresholds import (
    NO_AXIAL,
    NOT_FOUND,
    NOT_LEARNT,
    Opinion,
    canal_grade,
    foramen_grades,
    grade,
    in_table,
)
from inference.measures.foramen import NOT_REACHED
from inference.types import (
    GRADES,
    LUMBAR_LEVELS,
    DiscLevel,
    Grade,
    LevelFinding,
    Measurement,
    Notice,
    Role,
    Rule,
    Site,
)


@pytest.mark.parametrize(
    ("ap_mm", "area_mm2", "expected"),
    [
        (15.0, 160.0, Grade.NORMAL),
        (12.0, 100.0, Grade.NORMAL),
        (11.9, 160.0, Grade.NORMAL),
        (15.0, 99.0, Grade.MILD),
        (11.9, 99.0, Grade.MILD),
        (9.9, 160.0, Grade.MODERATE),
        (15.0, 74.0, Grade.MODERATE),
        (9.9, 74.0, Grade.SEVERE),
        (11.9, None, Grade.MILD),
        (6.0, None, Grade.MODERATE),
        (12.5, None, Grade.NORMAL),
    ],
)
def test_the_grade_follows_the_thresholds(ap_mm: float, area_mm2: float | None, expected: Grade) -> None:
    assert canal_grade(ap_mm, area_mm2)[0] is expected


@given(st.floats(2, 25), st.floats(2, 25), st.floats(10, 400), st.floats(10, 400))
def test_a_narrower_canal_is_never_graded_milder(ap: float, other_ap: float, area: float, other_area: float) -> None:
    wide = canal_grade(max(ap, other_ap), max(area, other_area))[0]
    narrow = canal_grade(min(ap, other_ap), min(area, other_area))[0]
    assert GRADES.index(narrow) >= GRADES.index(wide)


def test_the_rule_names_the_threshold_that_decided() -> None:
    assert canal_grade(9.0, 190.0)[1] == Rule("canal_narrow", {"ap_under_mm": 10.0, "ap": "absolute"})


def disc(level: str) -> DiscLevel:
    x, y, z = np.eye(3)
    return DiscLevel(level, np.zeros(3), z, -y, x, None, 35.0, 8.0)


def test_levels_that_were_not_found_are_not_assessed() -> None:
    measured = (Measurement("L4-L5", "canal_ap", 14.0, "mm"), Measurement("L4-L5", "canal_area", 150.0, "mm²"))
    findings = {(f.level, f.site): f for f in grade((disc("L4-L5"),), measured, (Role.SAGITTAL_T2,))}
    assert len(findings) == len(LUMBAR_LEVELS) * len(Site)
    assert findings["L4-L5", Site.CANAL].grade is Grade.NORMAL
    assert findings["L3-L4", Site.CANAL].grade is Grade.NOT_ASSESSED
    assert findings["L3-L4", Site.CANAL].notices == (NOT_FOUND,)


def test_without_a_grader_recesses_and_foramina_are_not_assessed_and_say_why() -> None:
    for finding in grade((disc("L4-L5"),), (), (Role.SAGITTAL_T2,)):
        if finding.site is not Site.CANAL:
            assert finding.grade is Grade.NOT_ASSESSED
            assert finding.notices


def test_a_canal_that_was_not_seen_is_not_assessed() -> None:
    unseen = (Measurement("L4-L5", "canal_ap", None, "mm", Notice("canal_not_seen")),)
    canal = next(f for f in grade((disc("L4-L5"),), unseen, ()) if f.level == "L4-L5" and f.site is Site.CANAL)
    assert canal.grade is Grade.NOT_ASSESSED


def test_an_area_cut_off_by_the_slab_decides_only_above_the_threshold() -> None:
    def canal(area: float) -> tuple[Grade, tuple[Notice, ...]]:
        measured = (
            Measurement("L4-L5", "canal_ap", 9.0, "mm"),
            Measurement("L4-L5", "canal_area", area, "mm²", lower_bound=True),
        )
        finding = grade((disc("L4-L5"),), measured, ())[15]
        assert (finding.level, finding.site) == ("L4-L5", Site.CANAL)
        return finding.grade, finding.notices

    assert canal(60.0) == (Grade.MODERATE, (Notice("area_incomplete"),))
    assert canal(150.0) == (Grade.MODERATE, ())


WIDE = (Measurement("L4-L5", "canal_ap", 14.0, "mm"), Measurement("L4-L5", "canal_area", 150.0, "mm²"))


def graded(opinion: Opinion | None, measured: tuple[Measurement, ...] = WIDE) -> dict[Site, LevelFinding]:
    """The findings at L4-L5 with what a network says there."""
    opinions = {"L4-L5": opinion} if opinion else {}
    found = grade((disc("L4-L5"),), measured, (Role.SAGITTAL_T2,), opinions)
    return {finding.site: finding for finding in found if finding.level == "L4-L5"}


SEEN = (Role.SAGITTAL_T2, Role.AXIAL_T2)


def says(
    canal: Grade = Grade.NORMAL, foramina: tuple[bool, bool] = (True, True), made_from: tuple[Role, ...] = SEEN
) -> Opinion:
    answers = {"canal": canal, "foramen_left": Grade.SEVERE, "foramen_right": Grade.MILD}
    answers |= {"recess_left": Grade.MODERATE, "recess_right": Grade.NORMAL}
    return Opinion({site: (said, 0.72) for site, said in answers.items()}, made_from, foramina)


def test_recess_and_foramen_have_the_networks_grade_with_its_probability_and_what_it_was_made_from() -> None:
    found = graded(says())
    assert (found[Site.RECESS_LEFT].grade, found[Site.RECESS_RIGHT].grade) == (Grade.MODERATE, Grade.NORMAL)
    assert (found[Site.RECESS_LEFT].rules, found[Site.RECESS_LEFT].notices) == (found[Site.FORAMEN_LEFT].rules, ())
    assert (found[Site.FORAMEN_LEFT].grade, found[Site.FORAMEN_RIGHT].grade) == (Grade.SEVERE, Grade.MILD)
    assert found[Site.FORAMEN_LEFT].rules == (Rule("network_grade", {"probability": 0.72, "roles": SEEN}),)
    assert found[Site.FORAMEN_LEFT].made_from == (Role.SAGITTAL_T2, Role.AXIAL_T2)
    assert (found[Site.FORAMEN_LEFT].notices, found[Site.FORAMEN_LEFT].probability) == ((), 0.72)
    assert found[Site.CANAL].probability is None


def foramina(fat_left: float, fat_right: float, height: float = 22.0) -> tuple[Measurement, ...]:
    fat = (("left", fat_left), ("right", fat_right))
    heights = tuple(Measurement("L4-L5", f"foramen_height_{side}", height, "mm") for side, _ in fat)
    return (*heights, *(Measurement("L4-L5", f"foramen_fat_{side}", value, "mm²") for side, value in fat))


@pytest.mark.parametrize(
    ("fat_mm2", "height_mm", "expected"),
    [
        (60.0, 15.0, (Grade.NORMAL,)),
        (59.0, None, (Grade.MILD,)),
        (25.0, 22.0, (Grade.MILD,)),
        (24.0, 22.0, (Grade.MODERATE, Grade.SEVERE)),
        (90.0, 14.9, (Grade.MILD,)),
        (90.0, 11.9, (Grade.MODERATE,)),
        (24.0, 7.9, (Grade.SEVERE,)),
    ],
)
def test_a_foramen_is_as_narrow_as_the_worse_of_fat_and_height(
    fat_mm2: float, height_mm: float | None, expected: tuple[Grade, ...]
) -> None:
    assert foramen_grades(fat_mm2, height_mm)[0] == expected


def test_what_was_measured_of_a_foramen_stands_beside_the_networks_grade() -> None:
    left = graded(says(), (*WIDE, *foramina(12.0, 40.0)))[Site.FORAMEN_LEFT]
    assert (left.grade, left.notices) == (Grade.SEVERE, ())
    fat = {"fat_mm2": 12.0, "fat": "absent", "fat_under_mm2": 25}
    measured = Rule("foramen_measured", {"grades": (Grade.MODERATE, Grade.SEVERE), **fat, "height_mm": 22.0})
    assert left.rules == (Rule("network_grade", {"probability": 0.72, "roles": SEEN}), measured)


def test_a_foramen_says_so_where_network_and_measurements_are_two_grades_apart() -> None:
    found = graded(says(), (*WIDE, *foramina(40.0, 90.0)))
    assert found[Site.FORAMEN_LEFT].grade is Grade.SEVERE
    apart = {"side": "left", "network": Grade.SEVERE, "measured": (Grade.MILD,)}
    assert found[Site.FORAMEN_LEFT].notices == (Notice("foramen_contradicted", values=apart),)
    assert found[Site.FORAMEN_RIGHT].notices == ()
    assert (found[Site.FORAMEN_LEFT].contradicted, found[Site.FORAMEN_RIGHT].contradicted) == (True, False)
    unseen = graded(says(foramina=(False, True)), (*WIDE, *foramina(90.0, 90.0)))[Site.FORAMEN_LEFT]
    assert (unseen.grade, unseen.rules) == (Grade.NOT_ASSESSED, ())


def test_a_foramen_that_the_slices_do_not_reach_is_not_assessed() -> None:
    found = graded(says(foramina=(False, True)))
    assert found[Site.FORAMEN_LEFT].grade is Grade.NOT_ASSESSED
    assert found[Site.FORAMEN_LEFT].notices == (NOT_REACHED,)
    assert found[Site.FORAMEN_RIGHT].grade is Grade.MILD


def test_a_recess_without_an_axial_image_is_not_assessed_and_never_normal() -> None:
    found = graded(says(made_from=(Role.SAGITTAL_T2, Role.SAGITTAL_T1)))
    for site in (Site.RECESS_LEFT, Site.RECESS_RIGHT):
        assert (found[site].grade, found[site].probability) == (Grade.NOT_ASSESSED, None)
        assert found[site].notices == (NO_AXIAL,)
    assert found[Site.FORAMEN_LEFT].grade is Grade.SEVERE


def test_a_site_that_the_grader_has_not_learnt_is_not_assessed() -> None:
    told = says()
    found = graded(Opinion({"canal": told.answers["canal"]}, told.made_from, told.foramina))
    assert {finding.grade for site, finding in found.items() if site is not Site.CANAL} == {Grade.NOT_ASSESSED}
    assert found[Site.FORAMEN_LEFT].notices == (NOT_LEARNT,)
    without = graded(Opinion({}, told.made_from, told.foramina))
    assert without[Site.CANAL].grade is Grade.NORMAL


def test_a_grade_on_images_unlike_those_learnt_from_says_so_whatever_its_probability() -> None:
    told = says()
    found = graded(replace(told, out_of_distribution=(Role.AXIAL_T2,)))
    assert found[Site.RECESS_LEFT].out_of_distribution
    assert found[Site.RECESS_LEFT].notices == (Notice("out_of_distribution", values={"roles": (Role.AXIAL_T2,)}),)
    # A foramen is hardly seen on axial images.
    assert not found[Site.FORAMEN_LEFT].out_of_distribution
    assert graded(replace(told, out_of_distribution=(Role.SAGITTAL_T2,)))[Site.FORAMEN_LEFT].out_of_distribution
    canal = graded(replace(told, out_of_distribution=(Role.SAGITTAL_T2,)))[Site.CANAL]
    assert canal.rules[1].values["out_of_distribution"] is True
    assert not canal.out_of_distribution


def test_a_level_on_which_the_network_has_no_opinion_is_not_assessed() -> None:
    found = graded(None)
    assert found[Site.FORAMEN_LEFT].grade is Grade.NOT_ASSESSED
    assert found[Site.FORAMEN_LEFT].notices


@pytest.mark.parametrize(("said", "far"), [(Grade.NORMAL, False), (Grade.MILD, False), (Grade.MODERATE, True)])
def test_the_measured_canal_stays_and_a_network_that_is_far_off_is_told(said: Grade, far: bool) -> None:
    canal = graded(says(canal=said))[Site.CANAL]
    assert canal.grade is Grade.NORMAL
    assert canal.rules[1].values == {"grade": said, "probability": 0.72, "out_of_distribution": False}
    assert ("canal_contradicted" in {one.code for one in canal.notices}) is canal.contradicted is far


def test_a_canal_that_was_not_measured_stays_not_assessed_whatever_the_network_says() -> None:
    canal = graded(says(canal=Grade.SEVERE), ())[Site.CANAL]
    assert (canal.grade, canal.rules) == (Grade.NOT_ASSESSED, ())


def at_t12_l1(canal_ap: float | None, says_at: dict[str, Opinion] | None = None) -> list[LevelFinding]:
    """The findings of a spine whose T12-L1 was found, that have a row."""
    measured = () if canal_ap is None else (Measurement("T12-L1", "canal_ap", canal_ap, "mm"),)
    rows, outside = in_table(grade((disc("T12-L1"), disc("L4-L5")), (*WIDE, *measured), (), says_at))
    assert {one.level for one in (*rows, *outside)} == {"T12-L1", *LUMBAR_LEVELS}
    return [one for one in rows if one.level == "T12-L1"]


def test_a_narrow_canal_at_t12_l1_has_a_row_with_every_site() -> None:
    canal, *others = at_t12_l1(9.0)
    assert (canal.site, canal.grade) == (Site.CANAL, Grade.MODERATE)
    assert {one.grade for one in others} == {Grade.NOT_ASSESSED}
    assert len(others) == len(Site) - 1


def test_at_t12_l1_the_grader_grades_foramina_and_recesses_too() -> None:
    found = {one.site: one.grade for one in at_t12_l1(9.0, {"T12-L1": says()})}
    assert (found[Site.FORAMEN_LEFT], found[Site.RECESS_LEFT]) == (Grade.SEVERE, Grade.MODERATE)


@pytest.mark.parametrize("canal_ap", [16.0, None], ids=["normal", "not measured"])
def test_a_t12_l1_where_nothing_is_narrow_has_no_row(canal_ap: float | None) -> None:
    assert at_t12_l1(canal_ap) == []


def test_a_t12_l1_that_was_not_found_is_not_reported() -> None:
    assert {one.level for one in grade((disc("L4-L5"),), WIDE, ())} == set(LUMBAR_LEVELS)
