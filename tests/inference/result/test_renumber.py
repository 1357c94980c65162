"""Names move, places do not; what gets a name for the first time is graded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.result.renumber import moved, renumbered
from inference.spine import quality
from inference.types import DiscFinding, DiscQuestion, Grade, Measurement, QualityFinding, Site
from tests.reader.factories import reading


@pytest.mark.parametrize(
    ("name", "shift", "expected"),
    [("L5-S1", 1, "L4-L5"), ("L4-L5", -1, "L5-S1"), ("T12-L1", 1, None), ("L5-S1", -1, None), ("L1", 1, "T12")],
)
def test_a_name_moves_by_levels(name: str, shift: int, expected: str | None) -> None:
    assert moved(name, shift) == expected


def test_measurements_and_planes_go_with_their_disc() -> None:
    one = reading("1.2.3", {"L4-L5": Grade.SEVERE})
    up = renumbered(one, 1)
    place = {disc.level: disc.centre_mm for disc in one.discs}
    for disc in up.discs:
        assert np.array_equal(disc.centre_mm, place[moved(disc.level, -1) or ""])
    grades = {(finding.level, finding.site): finding.grade for finding in up.findings}
    assert grades["L3-L4", Site.CANAL] is Grade.SEVERE
    assert grades["L5-S1", Site.CANAL] is Grade.NOT_ASSESSED


def test_what_was_found_of_a_disc_goes_with_it_and_is_left_out_where_it_has_no_name() -> None:
    found = (DiscFinding("L4-L5", DiscQuestion.BULGING, 1, 0.8), DiscFinding("L5-S1", DiscQuestion.MODIC, 2, 0.6))
    one = replace(reading("1.2.3"), disc_findings=found)
    assert [(f.level, f.finding) for f in renumbered(one, 1).disc_findings] == [
        ("L3-L4", DiscQuestion.BULGING),
        ("L4-L5", DiscQuestion.MODIC),
    ]
    assert [f.level for f in renumbered(one, -1).disc_findings] == ["L5-S1"]


def test_a_disc_that_had_no_grade_is_graded_by_its_measurements() -> None:
    one = reading("1.2.3")
    top = replace(one.discs[0], level="T12-L1", centre_mm=np.array([0.0, 0.0, 35.0]))
    measured = (Measurement("T12-L1", "canal_ap", 9.0, "mm"), *one.measurements)
    down = renumbered(replace(one, discs=(top, *one.discs), measurements=measured), -1)
    grades = {(finding.level, finding.site): finding.grade for finding in down.findings}
    assert grades["L1-L2", Site.CANAL] is Grade.MODERATE


def test_warnings_name_the_places_by_their_new_names() -> None:
    metal = QualityFinding("metal", "Voids at T11, L4, S1; odd between L3-L4 and L5-S1.", places=("L4", "S1"))
    one = reading("1.2.3")
    doubted = replace(one, quality=(metal,), warnings=("The L4-L5 that the machine named.", metal.text))
    down, up = renumbered(doubted, -1), renumbered(doubted, 1)
    assert down.warnings[0] == up.warnings[0] == "The L4-L5 that the machine named."
    assert "Voids at T12, L5, S2; odd between L4-L5 and S1-S2." in down.warnings
    assert "Voids at T10, L3, L5; odd between L2-L3 and L4-L5." in up.warnings
    assert metal.text not in down.warnings + up.warnings
    assert [found.places for found in up.quality if found.code == "metal"] == [("L3", "L5")]


def test_which_levels_are_missing_is_counted_by_the_new_names() -> None:
    up = renumbered(reading("1.2.3"), 1)
    assert up.quality == quality.missing_levels(up.discs)
    assert "L5-S1" in up.warnings[-1]
    assert renumbered(up, -1).quality == ()


def test_further_than_one_level_is_refused() -> None:
    with pytest.raises(ValueError, match="by 1 at most"):
        renumbered(reading("1.2.3"), 2)
