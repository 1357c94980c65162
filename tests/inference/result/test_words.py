"""Every fact has words, and they are those that a radiologist read before facts were kept as values."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference.result import words
from inference.types import DiscFinding, DiscQuestion, Grade, Measurement, Notice, Role, Rule, Site, Step

ROOT = Path(words.__file__).parents[3]


def codes_made(kind: str) -> Iterator[str]:
    """The codes of all notices or rules that the product makes, read from its source."""
    for room in ("inference", "worklist", "reader"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind:
                    yield from (code.value for code in node.args[:1] if isinstance(code, ast.Constant))


#: Codes that reach `Notice` by a name, not as a constant.
NAMED = {"levels_missing", "discs_too_near", "discs_estimated"}
#: Codes that only readings of an earlier format have.
EARLIER = {"as_written"}


def test_every_notice_that_is_made_has_words_and_no_words_are_left_over() -> None:
    assert set(codes_made("Notice")) | NAMED | EARLIER == set(words.NOTICES)


def test_every_rule_that_is_made_has_words_and_no_words_are_left_over() -> None:
    assert set(codes_made("Rule")) | EARLIER == set(words.RULES)


@pytest.mark.parametrize(
    ("notice", "text"),
    [
        (Notice("slices_missing", values={"count": 1}), "1 slice is missing inside the sagittal series; neighbours"),
        (Notice("levels_missing", ("L1-L2", "L5-S1")), "Not in the images, or not found: L1-L2, L5-S1. They are not"),
        (
            Notice("odd_spacing", ("L1-L2", "L2-L3", "L3-L4", "L4-L5")),
            "Unusual distance between L1-L2 and L2-L3, L3-L4",
        ),
        (Notice("fat_suppressed"), "Fat is suppressed in this series: the canal's edge is less certain."),
        (Notice("fat_suppressed", values={"fat_to_csf": 0.5}), "Fat is dark: it seems to be suppressed"),
        (Notice("out_of_distribution", values={"roles": (Role.AXIAL_T2,)}), "Unlike the images that the grader learnt"),
        (
            Notice("listhesis", values={"kind": "anterolisthesis", "meyerding": "I"}),
            "anterolisthesis, Meyerding grade I",
        ),
        (
            Notice("foramen_contradicted", values={"side": "left", "network": "severe", "measured": ("mild",)}),
            "Left foramen: the network says severe, the measurements mild: look at it yourself.",
        ),
    ],
)
def test_a_notice_is_said_with_its_places_and_values(notice: Notice, text: str) -> None:
    assert words.notice_words(notice).startswith(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            Rule("canal_narrow", {"ap_under_mm": 10.0, "ap": "absolute", "area_under_mm2": 75.0, "area": "absolute"}),
            "AP diameter under 10 mm (absolute stenosis) and canal area under 75 mm² (absolute stenosis)",
        ),
        (
            Rule("canal_wide", {"ap_mm": 10.0, "area_mm2": 100.0}),
            "AP diameter at least 10 mm and canal area at least 100 mm²",
        ),
        (
            Rule("network_grade", {"probability": 0.72, "roles": tuple(Role)}),
            "network, 72 %; made from sagittal T2, sagittal T1 and axial T2",
        ),
        (
            Rule("network_opinion", {"grade": "mild", "probability": 0.996, "out_of_distribution": True}),
            "the network says mild, over 99 %, on images unlike those it learnt from",
        ),
        (
            Rule("foramen_measured", {"grades": ("mild",), "fat_mm2": 90.0, "fat": "preserved", "height_mm": 14.9,
                                      "height_under_mm": 15.0}),
            "measured: mild, by perineural fat 90 mm² (all round), foramen height 14.9 mm (under 15 mm: low)",
        ),
        (
            Rule("series_chosen", {"role": Role.SAGITTAL_T2, "echo_time_ms": 100.0, "images": 15, "others": 2}),
            "Sagittal T2 by its geometry and echo time 100 ms; 15 images; preferred to 2 others.",
        ),
    ],
)  # fmt: skip
def test_a_rule_is_said_with_its_numbers(rule: Rule, text: str) -> None:
    assert words.rule_words(rule) == text


def test_every_grade_site_role_and_step_has_a_label_in_its_order() -> None:
    assert list(words.GRADE_LABELS) == list(Grade)
    assert list(words.SITE_LABELS) == list(words.SITE_COLUMNS) == list(words.SITE_NAMES) == list(Site)
    assert list(words.ROLE_LABELS) == list(Role)
    assert list(words.STEP_LABELS) == list(Step)


def test_a_probability_is_never_certain() -> None:
    assert [words.percent(one) for one in (0.0, 0.714, 1.0)] == ["under 1 %", "71 %", "over 99 %"]


def test_an_amount_has_its_unit_its_uncertainty_and_says_what_it_is_at_least() -> None:
    canal = Measurement("L4-L5", "canal_ap", 11.24, "mm", plus_minus=1.31)
    assert words.amount(canal) == "11.2 ± 1.3 mm"
    assert (
        words.amount(replace(canal, value=180.0, unit="mm²", lower_bound=True, plus_minus=None)) == "at least 180 mm²"
    )
    assert words.amount(replace(canal, value=48.4, unit="°", plus_minus=1.6)) == "48 ± 2°"
    assert words.amount(replace(canal, value=None)) == "not measured"


def test_a_disc_s_line_says_the_grade_and_only_what_there_is() -> None:
    found = (
        DiscFinding("L4-L5", DiscQuestion.PFIRRMANN, 4, 0.714),
        DiscFinding("L4-L5", DiscQuestion.NARROWING, 1, 0.997),
        DiscFinding("L4-L5", DiscQuestion.HERNIATION, 0, 0.96),
        DiscFinding("L4-L5", DiscQuestion.SPONDYLOLISTHESIS, 1, 0.06),
        DiscFinding("L4-L5", DiscQuestion.MODIC, 2, 0.5),
        DiscFinding("L5-S1", DiscQuestion.PFIRRMANN, 1, 0.5),
        DiscFinding("L5-S1", DiscQuestion.MODIC, 0, 0.9),
    )
    lines = words.discs_by_level(found)
    assert lines["L4-L5"]["text"] == "Pfirrmann 4 (71 %), narrowed (over 99 %), Modic 2 (50 %)"
    assert lines["L5-S1"]["text"] == "Pfirrmann 1 (50 %)"
    assert "listhesis 6 %" in lines["L4-L5"]["title"]
    assert "not herniation 96 %" in lines["L4-L5"]["title"]
    assert "Modic 0 90 %" in lines["L5-S1"]["title"]


def test_words_load_no_network() -> None:
    script = "import sys; import inference.result.words; sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
