"""Canal grades follow the published thresholds; what was not assessed is never normal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.grading.thresholds import Opinion, canal_grade, foramen_grades, grade
from inference.types import LUMBAR_LEVELS, DiscLevel, Grade, LevelFinding, Measurement, Role, Site

ORDER = [Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE]


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
    assert ORDER.index(narrow) >= ORDER.index(wide)


def test_the_rule_names_the_threshold_that_decided() -> None:
    assert canal_grade(9.0, 190.0)[1] == "AP diameter under 10 mm (absolute stenosis)"


def disc(level: str) -> DiscLevel:
    x, y, z = np.eye(3)
    return DiscLevel(level, np.zeros(3), z, -y, x, None, 35.0, 8.0)


def test_levels_that_were_not_found_are_not_assessed() -> None:
    measured = (Measurement("L4-L5", "canal_ap", 14.0, "mm"), Measurement("L4-L5", "canal_area", 150.0, "mm²"))
    findings = {(f.level, f.site): f for f in grade((disc("L4-L5"),), measured, (Role.SAGITTAL_T2,))}
    assert len(findings) == len(LUMBAR_LEVELS) * len(Site)
    assert findings["L4-L5", Site.CANAL].grade is Grade.NORMAL
    assert findings["L3-L4", Site.CANAL].grade is Grade.NOT_ASSESSED
    assert "not found" in findings["L3-L4", Site.CANAL].note


def test_without_a_grader_recesses_and_foramina_are_not_assessed_and_say_why() -> None:
    for finding in grade((disc("L4-L5"),), (), (Role.SAGITTAL_T2,)):
        if finding.site is not Site.CANAL:
            assert finding.grade is Grade.NOT_ASSESSED
            assert finding.note


def test_a_canal_that_was_not_seen_is_not_assessed() -> None:
    unseen = (Measurement("L4-L5", "canal_ap", None, "mm", "The canal was not seen here."),)
    canal = next(f for f in grade((disc("L4-L5"),), unseen, ()) if f.level == "L4-L5" and f.site is Site.CANAL)
    assert canal.grade is Grade.NOT_ASSESSED


def test_an_area_cut_off_by_the_slab_decides_only_above_the_threshold() -> None:
    def canal(area: float) -> tuple[Grade, str]:
        measured = (
            Measurement("L4-L5", "canal_ap", 9.0, "mm"),
            Measurement("L4-L5", "canal_area", area, "mm²", lower_bound=True),
        )
        finding = grade((disc("L4-L5"),), measured, ())[15]
        assert (finding.level, finding.site) == ("L4-L5", Site.CANAL)
        return finding.grade, finding.note

    assert canal(60.0) == (Grade.MODERATE, "Graded from the diameter alone: the area is not complete.")
    assert canal(150.0) == (Grade.MODERATE, "")


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
    assert (found[Site.RECESS_LEFT].rule, found[Site.RECESS_LEFT].note) == (found[Site.FORAMEN_LEFT].rule, "")
    assert (found[Site.FORAMEN_LEFT].grade, found[Site.FORAMEN_RIGHT].grade) == (Grade.SEVERE, Grade.MILD)
    assert found[Site.FORAMEN_LEFT].rule == "network, 72 %; made from sagittal T2 and axial T2"
    assert found[Site.FORAMEN_LEFT].made_from == (Role.SAGITTAL_T2, Role.AXIAL_T2)
    assert (found[Site.FORAMEN_LEFT].note, found[Site.FORAMEN_LEFT].probability) == ("", 0.72)
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
    assert (left.grade, left.note) == (Grade.SEVERE, "")
    assert left.rule == (
        "network, 72 %; made from sagittal T2 and axial T2; measured: moderate or severe, "
        "by perineural fat 12 mm² (under 25 mm²: hardly any), foramen height 22.0 mm"
    )


def test_a_foramen_says_so_where_network_and_measurements_are_two_grades_apart() -> None:
    found = graded(says(), (*WIDE, *foramina(40.0, 90.0)))
    assert found[Site.FORAMEN_LEFT].grade is Grade.SEVERE
    assert found[Site.FORAMEN_LEFT].note == (
        "Left foramen: the network says severe, the measurements mild: look at it yourself."
    )
    assert found[Site.FORAMEN_RIGHT].note == ""
    assert (found[Site.FORAMEN_LEFT].contradicted, found[Site.FORAMEN_RIGHT].contradicted) == (True, False)
    unseen = graded(says(foramina=(False, True)), (*WIDE, *foramina(90.0, 90.0)))[Site.FORAMEN_LEFT]
    assert (unseen.grade, unseen.rule) == (Grade.NOT_ASSESSED, "")


def test_a_foramen_that_the_slices_do_not_reach_is_not_assessed() -> None:
    found = graded(says(foramina=(False, True)))
    assert found[Site.FORAMEN_LEFT].grade is Grade.NOT_ASSESSED
    assert "do not reach" in found[Site.FORAMEN_LEFT].note
    assert found[Site.FORAMEN_RIGHT].grade is Grade.MILD


def test_a_recess_without_an_axial_image_is_not_assessed_and_never_normal() -> None:
    found = graded(says(made_from=(Role.SAGITTAL_T2, Role.SAGITTAL_T1)))
    for site in (Site.RECESS_LEFT, Site.RECESS_RIGHT):
        assert (found[site].grade, found[site].probability) == (Grade.NOT_ASSESSED, None)
        assert "No axial T2 image" in found[site].note
    assert found[Site.FORAMEN_LEFT].grade is Grade.SEVERE


def test_a_site_that_the_grader_has_not_learnt_is_not_assessed() -> None:
    told = says()
    found = graded(Opinion({"canal": told.answers["canal"]}, told.made_from, told.foramina))
    assert {finding.grade for site, finding in found.items() if site is not Site.CANAL} == {Grade.NOT_ASSESSED}
    assert "not learnt" in found[Site.FORAMEN_LEFT].note
    without = graded(Opinion({}, told.made_from, told.foramina))
    assert without[Site.CANAL].grade is Grade.NORMAL


def test_a_grade_on_images_unlike_those_learnt_from_says_so_whatever_its_probability() -> None:
    told = says()
    found = graded(replace(told, unlike=(Role.AXIAL_T2,)))
    assert found[Site.RECESS_LEFT].unfamiliar
    assert found[Site.RECESS_LEFT].note.startswith("Unlike the images that the grader learnt from: axial T2.")
    # A foramen is hardly seen on axial images.
    assert not found[Site.FORAMEN_LEFT].unfamiliar
    assert graded(replace(told, unlike=(Role.SAGITTAL_T2,)))[Site.FORAMEN_LEFT].unfamiliar
    canal = graded(replace(told, unlike=(Role.SAGITTAL_T2,)))[Site.CANAL]
    assert "the network says normal, 72 %, on images unlike those it learnt from" in canal.rule
    assert not canal.unfamiliar


def test_a_level_on_which_the_network_has_no_opinion_is_not_assessed() -> None:
    found = graded(None)
    assert found[Site.FORAMEN_LEFT].grade is Grade.NOT_ASSESSED
    assert found[Site.FORAMEN_LEFT].note


@pytest.mark.parametrize(("said", "far"), [(Grade.NORMAL, False), (Grade.MILD, False), (Grade.MODERATE, True)])
def test_the_measured_canal_stays_and_a_network_that_is_far_off_is_told(said: Grade, far: bool) -> None:
    canal = graded(says(canal=said))[Site.CANAL]
    assert canal.grade is Grade.NORMAL
    assert canal.rule.endswith(f"; the network says {said}, 72 %")
    assert ("look at this level yourself" in canal.note) is canal.contradicted is far


def test_a_canal_that_was_not_measured_stays_not_assessed_whatever_the_network_says() -> None:
    canal = graded(says(canal=Grade.SEVERE), ())[Site.CANAL]
    assert (canal.grade, canal.rule) == (Grade.NOT_ASSESSED, "")
