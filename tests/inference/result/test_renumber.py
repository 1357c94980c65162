"""Names move, places do not, and nothing is lost: what leaves the table is kept, said, and comes back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.grading import thresholds
from inference.measures import norms
from inference.result import draft, record
from inference.result.renumber import renumbered
from inference.spine import quality
from inference.spine.names import moved
from inference.types import (
    ABNORMAL,
    GRADES,
    LEVELS,
    LUMBAR_LEVELS,
    DiscFinding,
    DiscQuestion,
    Grade,
    LevelFinding,
    Measurement,
    Notice,
    Rule,
    Site,
    StudyReading,
)
from tests.reader.factories import reading


@pytest.mark.parametrize(
    ("name", "shift", "expected"),
    [
        ("L5-S1", 1, "L4-L5"),
        ("L4-L5", -1, "L5-S1"),
        ("T12-L1", 1, "T11-T12"),
        ("L5-S1", -1, "S1-S2"),
        ("L1", 1, "T12"),
        ("L1-S1", 1, "T12-L5"),
        ("canal", 1, "canal"),
    ],
)
def test_a_name_moves_by_levels(name: str, shift: int, expected: str) -> None:
    assert moved(name, shift) == expected


def test_a_name_cannot_leave_the_spine() -> None:
    with pytest.raises(ValueError, match="cannot be moved"):
        moved("T1-T2", 1)


def test_measurements_and_planes_go_with_their_disc() -> None:
    one = reading("1.2.3", {"L4-L5": Grade.SEVERE})
    up = renumbered(one, 1)
    place = {disc.level: disc.centre_mm for disc in one.discs}
    for disc in up.discs:
        assert np.array_equal(disc.centre_mm, place[moved(disc.level, -1)])
    grades = {(finding.level, finding.site): finding.grade for finding in up.findings}
    assert grades["L3-L4", Site.CANAL] is Grade.SEVERE
    assert grades["L5-S1", Site.CANAL] is Grade.NOT_ASSESSED


def test_what_was_found_of_a_disc_goes_with_it_beyond_the_table_too() -> None:
    found = (DiscFinding("L4-L5", DiscQuestion.BULGING, 1, 0.8), DiscFinding("L5-S1", DiscQuestion.MODIC, 2, 0.6))
    one = replace(reading("1.2.3"), disc_findings=found)
    assert [f.level for f in renumbered(one, 1).disc_findings] == ["L3-L4", "L4-L5"]
    assert [f.level for f in renumbered(one, -1).disc_findings] == ["L5-S1", "S1-S2"]


def test_a_disc_that_had_no_grade_is_graded_by_its_measurements() -> None:
    one = reading("1.2.3")
    top = replace(one.discs[0], level="T12-L1", centre_mm=np.array([0.0, 0.0, 35.0]))
    measured = (Measurement("T12-L1", "canal_ap", 9.0, "mm"), *one.measurements)
    down = renumbered(replace(one, discs=(top, *one.discs), measurements=measured), -1)
    grades = {(finding.level, finding.site): finding.grade for finding in down.findings}
    assert grades["L1-L2", Site.CANAL] is Grade.MODERATE


def test_notices_name_their_places_by_the_new_names_and_the_machine_s_numbering_stays() -> None:
    metal = Notice("metal", ("L4", "S1"), {"void_mm3": 2400})
    named = Notice("lowest_disc_named", values={"lowest": "L4-L5"})
    doubted = replace(reading("1.2.3"), notices=(named, metal))
    for shift, places in ((-1, ("L5", "S2")), (1, ("L3", "L5"))):
        notices = renumbered(doubted, shift).notices
        assert named in notices
        assert replace(metal, places=places) in notices


def test_which_levels_are_missing_is_counted_by_the_new_names_and_said_first() -> None:
    one = reading("1.2.3")
    up = renumbered(one, 1)
    assert up.notices == (*quality.missing_levels(up.discs), *one.notices)
    assert up.notices[0].places == ("L5-S1",)
    assert renumbered(up, -1).notices == one.notices


def test_further_than_one_level_is_refused() -> None:
    with pytest.raises(ValueError, match="by 1 at most"):
        renumbered(reading("1.2.3"), 2)


@pytest.fixture
def severe() -> StudyReading:
    """The severe demo patient, read when facts were still sentences: severe from L1-L2 down."""
    text = Path(__file__).with_name("reading_format_1.json").read_text(encoding="utf-8")
    return record.from_dict(json.loads(text))


def test_a_severe_stenosis_that_is_named_t12_l1_keeps_its_row_and_its_sentences(severe: StudyReading) -> None:
    up = renumbered(severe, 1)
    grades = {(one.level, one.site): one.grade for one in up.findings}
    assert grades["T12-L1", Site.CANAL] is Grade.SEVERE
    assert len(up.findings) == len(LEVELS) * len(Site)
    text = draft.text_of(up.draft)
    findings, impression = text.split("IMPRESSION")
    assert "\nT12-L1: Severe stenosis of the spinal canal" in findings
    assert "Severe stenosis of the spinal canal at T12-L1" in impression


def test_a_stenosis_at_a_disc_below_the_table_is_said_in_both_sections_with_its_grade(severe: StudyReading) -> None:
    lowest = next(one for one in severe.findings if (one.level, one.site) == ("L5-S1", Site.CANAL))
    kept = tuple(replace(one, grade=Grade.SEVERE) if one is lowest else one for one in severe.findings)
    down = renumbered(replace(severe, findings=kept), -1)
    assert ("S1-S2", Site.CANAL, Grade.SEVERE) in {(one.level, one.site, one.grade) for one in down.outside}
    findings, impression = draft.text_of(down.draft).split("IMPRESSION")
    sentence = re.compile(r"^Severe stenosis of the spinal canal.* at S1-S2, outside the named levels\.$", re.MULTILINE)
    assert sentence.search(findings)
    assert sentence.search(impression)


def test_the_lordosis_belongs_to_l1_and_s1_and_is_not_said_of_other_levels(severe: StudyReading) -> None:
    assert "Lordosis L1-S1" in draft.text_of(draft.compose(severe.findings, severe.measurements))
    assert "Lordosis" not in draft.text_of(renumbered(severe, 1).draft)


# --- whatever a spine looks like ------------------------------------------------------------------


@st.composite
def readings(draw: st.DrawFn) -> StudyReading:
    """Any spine of three to six neighbouring discs whose canals, recesses and foramina have any grades."""
    first = draw(st.integers(0, 3))
    seen = LEVELS[first : draw(st.integers(first + 3, len(LEVELS)))]
    base = reading("1.2.3")
    discs = tuple(
        replace(base.discs[0], level=level, centre_mm=np.array([0.0, 0.0, -35.0 * place]))
        for place, level in enumerate(seen)
    )
    found = [
        LevelFinding(level, site, draw(st.sampled_from(Grade)), (Rule("by_hand"),)) for level in seen for site in Site
    ]
    # As the engine leaves them: of lumbar levels that were not found, that they were not.
    missing = [one for one in thresholds.grade(discs, (), ()) if one.level not in seen]
    rows, outside = thresholds.in_table(thresholds.in_order((*found, *missing)))
    measurements = norms.compared(Measurement(level, "canal_ap", 13.0, "mm") for level in seen)
    notices = quality.with_missing_levels((Notice("narrow_slab", seen),), discs)
    text = draft.compose(rows, measurements, outside)
    return replace(
        base, discs=discs, findings=rows, outside=outside, measurements=measurements, notices=notices, draft=text
    )


SHIFTS = st.sampled_from((-1, 1))


@given(readings(), SHIFTS)
def test_renumbered_there_and_back_a_reading_is_the_same(one: StudyReading, shift: int) -> None:
    assert record.to_dict(renumbered(renumbered(one, shift), -shift)) == record.to_dict(one)


@given(readings(), SHIFTS, SHIFTS)
def test_no_stenosis_is_ever_lost(one: StudyReading, first: int, second: int) -> None:
    def narrow(reading: StudyReading, shift: int) -> set[tuple[str, Site, Grade]]:
        """By the machine's names."""
        found = (*reading.findings, *reading.outside)
        return {(moved(one.level, -shift), one.site, one.grade) for one in found if one.grade in ABNORMAL}

    once = renumbered(one, first)
    assert narrow(once, first) == narrow(one, 0)
    assert narrow(renumbered(once, second), first + second) == narrow(one, 0)


@given(readings(), SHIFTS)
def test_every_stenosis_is_in_the_text_whatever_its_disc_is_called(one: StudyReading, shift: int) -> None:
    named = renumbered(one, shift)
    for section in ("FINDINGS", "IMPRESSION"):
        texts = [sentence.text for sentence in named.draft]
        start = texts.index(section)
        part = named.draft[start:] if section == "IMPRESSION" else named.draft[: texts.index("IMPRESSION")]
        said = {place for sentence in part for place in sentence.findings}
        narrow = {(one.level, one.site) for one in (*named.findings, *named.outside) if one.grade in ABNORMAL}
        assert narrow <= said


@given(readings(), SHIFTS)
def test_every_lumbar_level_has_a_row_and_no_level_has_half_of_one(one: StudyReading, shift: int) -> None:
    rows = [(finding.level, finding.site) for finding in renumbered(one, shift).findings]
    levels = {level for level, _ in rows}
    assert set(LUMBAR_LEVELS) <= levels <= set(LEVELS)
    assert rows == [(level, site) for level in LEVELS if level in levels for site in Site]


def test_grades_have_one_order() -> None:
    assert (*GRADES, Grade.NOT_ASSESSED) == tuple(Grade)
