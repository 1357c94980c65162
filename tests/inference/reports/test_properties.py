# ruff: noqa: E501
"""What must hold for any report: property tests, and time that grows with length alone."""

from __future__ import annotations

import itertools
import re
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.reports import extract
from inference.reports.outside import speed
from tests.inference.reports import cases
from tests.inference.reports.strategies import NAMES, any_text, reports
from tests.inference.reports.tables import table


@settings(max_examples=150)
@given(any_text())
@example("L4/")
@example("L5-S")
@example("of the (")
def test_any_text_is_read_without_an_exception_and_spans_lie_in_it(text: str) -> None:
    read = extract(text)
    spans = [s for label in read.labels for s in label.evidence] + [one.span for one in read.unclear]
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert bool(read.labels) != bool(read.reason)


@settings(max_examples=60)
@given(reports(), st.permutations(NAMES))
def test_renaming_levels_consistently_renames_the_labels(text: str, order: list[str]) -> None:
    new = dict(zip(NAMES, order, strict=True))
    renamed = re.sub("|".join(NAMES), lambda match: new[match[0]], text)
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


@pytest.mark.parametrize(("text", "short"), cases.GUIDELINE)
def test_every_statement_of_the_guideline_may_be_said_twice(text: str, short: str) -> None:
    assert extract(f"{text}\n\n{text}").table() == table(short)


def calls(text: str) -> int:
    """How many functions are called while a text is read."""
    seen = itertools.count()
    sys.setprofile(lambda *_: next(seen))
    try:
        extract(text)
    finally:
        sys.setprofile(None)
    return next(seen)


@pytest.mark.parametrize("piece", speed.PIECES)
def test_work_grows_in_proportion_to_the_length_of_the_text(piece: str) -> None:
    assert calls(speed.repeated(piece, 32_000)) < 8 * 1.5 * calls(speed.repeated(piece, 4_000))


def test_half_a_megabyte_is_read() -> None:
    mixed = "".join(speed.repeated(piece, speed.LONG // len(speed.PIECES)) for piece in speed.PIECES)
    assert extract(mixed).labels
