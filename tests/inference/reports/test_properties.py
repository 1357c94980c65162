# ruff: noqa: E501, SIM905
"""What must hold for any report: property tests, and time that grows with length alone."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.reports import extract
from tests.inference.reports import cases

_NAMES = ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
_GRADES = st.sampled_from(["mild", "moderate", "severe"])
_SITES = st.sampled_from(["canal stenosis", "left foraminal narrowing", "right lateral recess stenosis",
                          "bilateral neural foraminal stenosis"])  # fmt: skip
_CLAUSES = st.one_of(
    st.builds("{} {}".format, _GRADES, _SITES),
    st.builds("no {}".format, _SITES),
    st.sampled_from(
        ["disc bulge compressing the thecal sac", "both exit canals are patent", "left paracentral protrusion"]
    ),
)
_PIECES = st.sampled_from(
    "L4-5 L5/S1: no mild severe canal foramina , . ; and or with left right both ( ) | \n compressing thecal sac is of"
    " at the remaining levels normal none nerve root S1 to from previously now : - / disc bulge D12 L3-S1 multilevel".split(
        " "
    )
)


@st.composite
def reports(draw: st.DrawFn) -> str:
    """A report of headed levels, each with a few clauses."""
    levels = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4, unique=True))
    return "\n".join(f"{level}: {'. '.join(draw(st.lists(_CLAUSES, min_size=1, max_size=3)))}." for level in levels)


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=40).map(" ".join)))
@example("L4/")
@example("L5-S")
@example("of the (")
def test_any_text_is_read_without_an_exception_and_spans_lie_in_it(text: str) -> None:
    read = extract(text)
    spans = [s for label in read.labels for s in label.evidence] + [one.span for one in read.unclear]
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert bool(read.labels) != bool(read.reason)


@settings(max_examples=60)
@given(reports(), st.permutations(_NAMES))
def test_renaming_levels_consistently_renames_the_labels(text: str, order: list[str]) -> None:
    new = dict(zip(_NAMES, order, strict=True))
    renamed = re.sub("|".join(_NAMES), lambda match: new[match[0]], text)
    wanted = {new[level]: row for level, row in extract(text).table().items()}
    assert extract(renamed).table() == wanted


@settings(max_examples=60)
@given(reports())
def test_swapping_left_and_right_swaps_the_sides(text: str) -> None:
    other = {"left": "right", "right": "left"}
    swapped = re.sub("left|right", lambda match: other[match[0]], text)
    wanted = {
        level: {re.sub("left|right", lambda match: other[match[0]], site): grade for site, grade in row.items()}
        for level, row in extract(text).table().items()
    }
    assert extract(swapped).table() == wanted


@settings(max_examples=60)
@given(reports(), st.sampled_from(["Bilateral renal cysts are seen.", "The aorta is of normal calibre.",
                                   "Paraspinal muscles are unremarkable.", "Clinical correlation is suggested."]))  # fmt: skip
def test_an_unrelated_sentence_changes_nothing(text: str, sentence: str) -> None:
    assert extract(f"{text}\n\n{sentence}").table() == extract(text).table()
    assert extract(f"{sentence}\n\n{text}").table() == extract(text).table()


@settings(max_examples=60)
@given(reports())
def test_a_report_said_twice_is_the_same_report(text: str) -> None:
    assert extract(f"{text}\n\n{text}").table() == extract(text).table()


@pytest.mark.parametrize(("text", "short"), cases.STATEMENTS)
def test_every_statement_of_the_guideline_may_be_said_twice(text: str, short: str) -> None:
    assert extract(f"{text}\n\n{text}").table() == cases.table(short)


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["a", "L4-5 ", "no ", "left ", "(", "mild to ", "canal, ", "<", "{\\rtf1 {", "- ", "L4/", "&",
                                   "Moderate canal stenosis at L4-5. ", "and foraminal ", "word "])  # fmt: skip
def test_half_a_megabyte_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        began = time.process_time()
        extract(text)
        return time.process_time() - began

    small = max(seconds(62_500), 0.01)
    assert seconds(500_000) < 8 * small * 3 + 0.5
