"""The draft says each finding once per section, with its numbers, and never calls the unassessed normal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.reports import check_against
from inference.result.draft import compose, text_of
from inference.types import LUMBAR_LEVELS, Grade, LevelFinding, Measurement, Notice, Site

SITES = [(level, site) for level in LUMBAR_LEVELS for site in Site]


def findings(**grades: Grade) -> list[LevelFinding]:
    """All levels normal, but for `L4_L5_canal=...`."""
    named = {f"{level.replace('-', '_')}_{site.value}": (level, site) for level, site in SITES}
    table = dict.fromkeys(SITES, Grade.NORMAL) | {named[name]: grade for name, grade in grades.items()}
    return [LevelFinding(level, site, grade) for (level, site), grade in table.items()]


def test_a_stenosis_stands_in_the_findings_with_numbers_and_in_the_impression() -> None:
    measured = [Measurement("L4-L5", "canal_ap", 9.14, "mm"), Measurement("L4-L5", "canal_area", 68.0, "mm²")]
    text = text_of(compose(findings(L4_L5_canal=Grade.SEVERE), measured))
    rest = "both lateral recesses and both foramina are normal."
    assert f"L4-L5: Severe stenosis of the spinal canal (AP 9.1 mm, area 68 mm²); {rest}" in text
    assert "IMPRESSION\nSevere stenosis of the spinal canal at L4-L5." in text


def test_the_two_sides_are_told_apart() -> None:
    text = text_of(compose(findings(L5_S1_foramen_left=Grade.MODERATE)))
    said = "no spinal canal stenosis; both lateral recesses and right foramen are normal."
    assert f"L5-S1: Moderate stenosis of the left foramen; {said}" in text


def test_both_sides_of_a_pair_are_said_together_where_they_agree() -> None:
    sides = {"L4_L5_recess_left": Grade.MILD, "L4_L5_recess_right": Grade.MILD, "L4_L5_foramen_left": Grade.MILD}
    text = text_of(compose(findings(**sides)))
    assert "L4-L5: Mild stenosis of both lateral recesses and the left foramen; no spinal canal stenosis;" in text
    assert "IMPRESSION\nMild stenosis of both lateral recesses and the left foramen at L4-L5.\n" in text


def test_a_normal_spine_says_so_once() -> None:
    assert text_of(compose(findings())).endswith("IMPRESSION\nNo stenosis where assessed.\n")


def test_a_normal_canal_does_not_speak_for_foramina_that_were_not_assessed() -> None:
    table = [
        LevelFinding(level, site, Grade.NORMAL if site is Site.CANAL else Grade.NOT_ASSESSED) for level, site in SITES
    ]
    assert text_of(compose(table)).endswith(
        "IMPRESSION\nNo stenosis of the spinal canal at any level.\n"
        "Both lateral recesses and both foramina not assessed at all levels.\n"
    )


def test_what_was_not_assessed_at_a_level_is_said_once() -> None:
    text = text_of(compose(findings(L2_L3_canal=Grade.NOT_ASSESSED, L2_L3_foramen_right=Grade.NOT_ASSESSED)))
    assert "; spinal canal and right foramen not assessed." in text


def test_nothing_assessed_is_not_normal() -> None:
    text = text_of(compose([LevelFinding(level, site, Grade.NOT_ASSESSED) for level, site in SITES]))
    assert "No level was assessed." in text
    assert "normal" not in text.lower()
    assert "no spinal canal stenosis" not in text.lower()


def test_an_incomplete_area_is_given_as_a_lower_bound() -> None:
    measured = [Measurement("L4-L5", "canal_area", 180.0, "mm²", lower_bound=True)]
    assert "area at least 180 mm²" in text_of(compose(findings(), measured))


@given(st.lists(st.sampled_from(Grade), min_size=len(SITES), max_size=len(SITES)))
def test_every_finding_is_said_by_a_sentence_of_its_level(grades: list[Grade]) -> None:
    table = [LevelFinding(lv, site, grade) for (lv, site), grade in zip(SITES, grades, strict=True)]
    sentences = compose(table)
    for level, site in SITES:
        assert any((level, site) in s.findings and s.text.startswith(level) for s in sentences)
    for finding in table:
        if finding.grade is Grade.NOT_ASSESSED:
            said = [s.text for s in sentences if (finding.level, finding.site) in s.findings]
            assert all("not assessed" in text for text in said)


AP = st.none() | st.floats(3.0, 25.0)


@given(
    grades=st.lists(st.sampled_from(Grade), min_size=len(SITES), max_size=len(SITES)),
    diameters=st.lists(AP, min_size=len(LUMBAR_LEVELS), max_size=len(LUMBAR_LEVELS)),
)
def test_a_draft_never_contradicts_the_table_that_it_was_composed_from(
    grades: list[Grade], diameters: list[float | None]
) -> None:
    table = [LevelFinding(lv, site, grade) for (lv, site), grade in zip(SITES, grades, strict=True)]
    measured = [Measurement(lv, "canal_ap", mm, "mm") for lv, mm in zip(LUMBAR_LEVELS, diameters, strict=True)]
    text = text_of(compose(table, measured))
    assert check_against(text, {(row.level, row.site.value): row.grade.value for row in table}) == ()


OUTSIDE = (
    LevelFinding("S1-S2", Site.CANAL, Grade.SEVERE),
    LevelFinding("S1-S2", Site.FORAMEN_LEFT, Grade.NORMAL),
    LevelFinding("S1-S2", Site.FORAMEN_RIGHT, Grade.NOT_ASSESSED),
)


def test_what_is_narrow_outside_the_named_levels_stands_in_both_sections() -> None:
    lines = text_of(compose(findings(), (), OUTSIDE)).splitlines()
    sentence = "Severe stenosis of the spinal canal at S1-S2, outside the named levels."
    assert [number for number, line in enumerate(lines) if line == sentence] == [6, 9]
    assert not any("foramen at S1-S2" in line for line in lines)


def test_a_spine_that_is_narrow_only_outside_the_named_levels_is_not_said_to_be_normal() -> None:
    assert "No stenosis" not in text_of(compose(findings(), (), OUTSIDE))


@given(
    grades=st.lists(st.sampled_from(Grade), min_size=len(SITES), max_size=len(SITES)),
    higher=st.lists(st.sampled_from(Grade), min_size=len(Site), max_size=len(Site)),
    place=st.sampled_from(["T12-L1", "T11-T12", "S1-S2"]),
)
def test_a_draft_with_levels_beyond_the_lumbar_ones_never_contradicts_its_table(
    grades: list[Grade], higher: list[Grade], place: str
) -> None:
    table = [LevelFinding(lv, site, grade) for (lv, site), grade in zip(SITES, grades, strict=True)]
    beyond = [LevelFinding(place, site, grade) for site, grade in zip(Site, higher, strict=True)]
    rows, outside = (table + beyond, []) if place == "T12-L1" else (table, beyond)
    text = text_of(compose(rows, (), outside))
    assert check_against(text, {(row.level, row.site.value): row.grade.value for row in rows}) == ()


def test_t12_l1_has_a_sentence_of_its_own_and_counts_among_all_levels() -> None:
    table = [LevelFinding("T12-L1", site, Grade.NOT_ASSESSED) for site in Site]
    table += [LevelFinding(level, site, Grade.NOT_ASSESSED) for level, site in SITES]
    text = text_of(compose(table))
    assert "\nT12-L1: Spinal canal, both lateral recesses and both foramina not assessed." in text
    assert text.endswith("not assessed at all levels.\n")


def test_the_same_findings_give_the_same_text() -> None:
    table = findings(L3_L4_canal=Grade.MILD)
    assert text_of(compose(table)) == text_of(compose(reversed(table)))


RETROLISTHESIS = Notice("listhesis", values={"kind": "retrolisthesis", "meyerding": "I"})


def test_a_slip_is_said_with_its_size_and_the_lordosis_before_it() -> None:
    measured = [
        Measurement("L3-L4", "slip", 1.2, "mm", plus_minus=0.4),
        Measurement("L4-L5", "slip", -6.2, "mm", RETROLISTHESIS, plus_minus=0.4),
        Measurement("L1-S1", "lordosis", 48.4, "°", plus_minus=1.6),
    ]
    lines = text_of(compose(findings(), measured)).splitlines()
    assert lines[1:3] == [
        "Lordosis L1-S1 48 ± 2°, supine.",
        "Alignment: retrolisthesis of L4 on L5, 6.2 ± 0.4 mm, Meyerding grade I.",
    ]
    assert not any("L3 on L4" in line for line in lines)
