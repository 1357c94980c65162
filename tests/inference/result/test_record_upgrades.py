"""A reading of an earlier format is understood: its sentences become the values that they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.result import record, words
from inference.result.record_upgrades import notices_of, rules_of
from inference.types import Grade, ModelMark, Notice, Role, Rule, Site, StudyReading


@pytest.fixture
def old() -> dict[str, Any]:
    """The severe demo patient as read before facts were values, with fewer measurements and points."""
    text = Path(__file__).with_name("reading_format_1.json").read_text(encoding="utf-8")
    reading: dict[str, Any] = json.loads(text)
    return reading


@pytest.fixture
def reading(old: dict[str, Any]) -> StudyReading:
    return record.from_dict(old)


def test_its_words_are_what_they_were(old: dict[str, Any], reading: StudyReading) -> None:
    assert [words.rule_words(one.rule) for one in reading.series] == [one["why"] for one in old["series"]]
    for now, then in zip(reading.findings, old["findings"], strict=True):
        assert words.rules_words(now.rules) == then["rule"]
        assert words.notices_words(now.notices) == then["note"]
    for number, before in zip(reading.measurements, old["measurements"], strict=True):
        assert (words.notice_words(number.notice) if number.notice else "") == before["note"]
    assert [words.notice_words(one) for one in reading.notices] == old["warnings"]


def test_no_sentence_is_left_as_it_was_written(reading: StudyReading) -> None:
    rules = [rule for one in reading.findings for rule in one.rules] + [one.rule for one in reading.series]
    notices = [notice for one in reading.findings for notice in one.notices] + list(reading.notices)
    assert "as_written" not in {one.code for one in (*rules, *notices)}


def test_its_grades_and_probabilities_are_the_same(old: dict[str, Any], reading: StudyReading) -> None:
    grades = {(one.level, one.site): (one.grade, one.probability) for one in reading.findings}
    assert grades == {
        (one["level"], Site(one["site"])): (Grade(one["grade"]), one["probability"]) for one in old["findings"]
    }


def test_a_network_s_rule_keeps_the_whole_probability(reading: StudyReading) -> None:
    one = next(one for one in reading.findings if one.probability is not None)
    assert one.rules[0] == Rule("network_grade", {"probability": one.probability, "roles": one.made_from})


def test_a_figure_that_no_sentence_said_is_kept(old: dict[str, Any], reading: StudyReading) -> None:
    assert reading.notices == (Notice("motion", values={"ripple_percent": old["quality"][0]["figure"]}),)


def test_every_model_that_took_part_is_named(old: dict[str, Any], reading: StudyReading) -> None:
    assert [one.name for one in reading.provenance.models] == ["segment", "grade", "discs"]
    made = old["provenance"]
    assert reading.provenance.models[0] == ModelMark("segment", made["model_version"], made["model_sha256"])
    assert reading.provenance.input_digest == made["input_digest"]


def test_upgraded_it_is_written_as_a_reading_of_now(old: dict[str, Any], reading: StudyReading) -> None:
    assert record.upgraded(old) == record.to_dict(reading)
    assert record.upgraded(record.upgraded(old)) == record.upgraded(old)


def test_a_reading_of_before_there_was_more_is_still_understood(old: dict[str, Any]) -> None:
    for name in ("quality", "numbering", "disc_findings", "instances", "warnings"):
        del old[name]
    del old["provenance"]["runtime"], old["provenance"]["others"]
    for one in old["findings"]:
        del one["unfamiliar"], one["contradicted"], one["probability"], one["note"]
    reading = record.from_dict(old)
    assert (reading.notices, reading.numbering, reading.provenance.runtime) == ((), None, "")
    assert [one.name for one in reading.provenance.models] == ["segment"]


@pytest.mark.parametrize(
    "text",
    [
        "2 slices are missing inside the sagittal series; neighbours stand in for them.",
        "1 mark(s) of disc lay too near to another to be a disc of their own. Check the levels.",
        "2 disc(s) were not seen between their neighbours; their place is estimated. Check the levels.",
        "The level names are uncertain: the lowest disc found is taken for L5-S1 (83%), it may be S1-S2 (17%). "
        "Check the count.",
        "The lowest disc that was found is taken for L4-L5. Check the level names.",
        "The lowest disc is small (24 mm deep, 3.1 mm high): a transitional vertebra is possible. Check the count.",
        "There is a disc within the sacrum (16 mm deep): S1 may be a lumbar vertebra, a transitional one. "
        "Check the count.",
        "The images are noisy (31% of the marrow's signal). Check canal and levels by eye.",
        "Signal voids as beside metal at L3, L4. Canal and foramina are not measured there: read these levels by hand.",
        "Scoliosis: the spine turns by about 17° seen from the front. Check levels and planes.",
        "Discs and bodies lie 2.4 mm off a smooth curve. Check that every disc was found and named rightly.",
        "Unusual distance between L1-L2 and L2-L3, L3-L4 and L4-L5: a disc may be misplaced. Check the levels.",
        "Fat is dark: it seems to be suppressed in this series. Check the grades.",
        "retrolisthesis, Meyerding grade III",
        "Graded from the diameter alone: the area is not complete. "
        "The network says severe, the measurements normal: look at this level yourself.",
        "Unlike the images that the grader learnt from: sagittal T2 and axial T2. "
        "Its grades may be wrong whatever their probability. "
        "Right foramen: the network says normal, the measurements moderate or severe: look at it yourself.",
    ],
)
def test_a_sentence_of_format_1_becomes_values_with_the_same_words(text: str) -> None:
    notices = tuple(Notice(**one) for one in notices_of(text))
    assert words.notices_words(notices) == text
    assert "as_written" not in {one.code for one in notices}


def test_values_of_a_sentence_are_read() -> None:
    text = (
        "Signal voids as beside metal at L3, L4. Canal and foramina are not measured there: read these levels by hand."
    )
    assert notices_of(text) == [{"code": "metal", "places": ["L3", "L4"], "values": {}}]


def test_a_chance_that_was_cut_off_stays_cut_off() -> None:
    (canal, network) = rules_of("AP diameter at least 12 mm; the network says mild, over 99 %")
    assert canal == {"code": "canal_wide", "values": {"ap_mm": 12}}
    assert network["values"] == {"grade": "mild", "probability_above": 0.99, "out_of_distribution": False}
    assert words.rule_words(Rule(**network)) == "the network says mild, over 99 %"


def test_a_sentence_that_nobody_knows_is_kept_word_for_word() -> None:
    text = "The area is not complete. And something that an early version said of L4-L5."
    assert notices_of(text) == [{"code": "as_written", "places": [], "values": {"text": text}}]
    assert words.notice_words(Notice(**notices_of(text)[0])) == text
    (rule,) = rules_of("by eye, 3 of 4")
    assert words.rule_words(Rule(**rule)) == "by eye, 3 of 4"


def test_no_text_is_no_fact() -> None:
    assert notices_of("") == rules_of("") == []


def test_a_reading_of_a_newer_format_is_refused_by_its_number(old: dict[str, Any]) -> None:
    with pytest.raises(record.UnknownFormatError, match=f"format 9; .* up to {record.FORMAT}"):
        record.from_dict(old | {"format": 9})


def test_roles_of_an_old_rule_are_roles(reading: StudyReading) -> None:
    one = next(one for one in reading.findings if one.made_from == tuple(Role))
    assert one.rules[0].values["roles"] == tuple(Role)
