"""What was found of a disc reads as a radiologist would say it, with its probability."""

from __future__ import annotations

from inference.result import disc_words
from inference.types import DiscFinding, DiscQuestion


def test_a_line_says_the_grade_and_only_what_there_is() -> None:
    found = (
        DiscFinding("L4-L5", DiscQuestion.PFIRRMANN, 4, 0.714),
        DiscFinding("L4-L5", DiscQuestion.NARROWING, 1, 0.997),
        DiscFinding("L4-L5", DiscQuestion.HERNIATION, 0, 0.96),
        DiscFinding("L4-L5", DiscQuestion.SPONDYLOLISTHESIS, 1, 0.06),
        DiscFinding("L4-L5", DiscQuestion.MODIC, 2, 0.5),
        DiscFinding("L5-S1", DiscQuestion.PFIRRMANN, 1, 0.5),
        DiscFinding("L5-S1", DiscQuestion.MODIC, 0, 0.9),
    )
    said = disc_words.by_level(found)
    assert said["L4-L5"]["text"] == "Pfirrmann 4 (71 %), narrowed (over 99 %), Modic 2 (50 %)"
    assert said["L5-S1"]["text"] == "Pfirrmann 1 (50 %)"
    assert "listhesis 6 %" in said["L4-L5"]["title"]
    assert "not herniation 96 %" in said["L4-L5"]["title"]
    assert "Modic 0 90 %" in said["L5-S1"]["title"]
