"""Tables of figures count what they say they count."""

from __future__ import annotations

import pytest

from inference.training.figures import midsagittal, names, robustness
from inference.types import Numbering


def test_an_image_is_whole_when_every_listed_disc_is_found_and_the_lowest_is_l5_s1() -> None:
    whole = midsagittal.Row("1_t1", "t1", 6, 7, "L5-S1", 1.0)
    missed = midsagittal.Row("1_t2", "t2", 7, 6, "L5-S1", 1.0)
    shifted = midsagittal.Row("2_t2", "t2", 7, 7, "L4-L5", 0.8)
    refused = midsagittal.Row("3_t2", "t2", 7, 0, "", 0.0, "wrong_region")
    table = midsagittal.markdown([whole, missed, shifted, refused])
    assert "| **all** | 4 | 2 (50%) | 2 (50%) | 1 | 1 |" in table
    assert "- 2_t2: 7 of 7 discs, lowest L4-L5 (80%)" in table
    assert "- 3_t2: wrong_region" in table
    assert "1_t1" not in table


def test_a_change_that_loses_names_without_a_warning_is_counted() -> None:
    rows = [
        robustness.Row("turned", True, 5, 5, False),
        robustness.Row("turned", True, 4, 5, False),
        robustness.Row("turned", False, 0, 5, True),
    ]
    assert robustness.markdown(rows).endswith("| turned | 9 of 10 | 1 of 2 | 0 of 5 | 0 of 1 | 1 |")


@pytest.mark.parametrize(
    ("numbering", "told"),
    [
        (Numbering("L5-S1", 0.97, "L4-L5", 0.03), False),
        (Numbering("L5-S1", 0.80, "L4-L5", 0.20), True),
        (Numbering("L4-L5", 0.97, "L5-S1", 0.03), True),
        (Numbering("L5-S1", 0.99, "L4-L5", 0.01, "The lowest disc is small."), True),
    ],
)
def test_a_numbering_is_flagged_when_a_reader_is_told_to_check_it(numbering: Numbering, told: bool) -> None:
    assert names.flagged(numbering) is told


def test_operated_spines_count_as_ordinary_and_transitional_ones_do_not() -> None:
    rows = [
        names.Row("clean", 1, 5, 1.0, False),
        names.Row("operated", 2, 4, 3.0, True),
        names.Row("sacralised", 3, 0, 2.0, True),
    ]
    table = names.markdown(rows)
    assert "| **all ordinary** | 2 | 1 | 1 | 2.0 (3.0) |" in table
    assert "| sacralised | 1 | 0 | 1 | 2.0 (2.0) |" in table
