"""What the network marks far from the spine is no part of it."""

from __future__ import annotations

import numpy as np
import pytest

from inference.spine.segment import tidy
from inference.types import Label

#: 4 mm slices of 1 mm pixels.
AFFINE = np.diag([4.0, 1.0, 1.0, 1.0])


@pytest.fixture
def spine() -> np.ndarray:
    """A column of bone with a disc, the canal behind it, bowel far in front."""
    labels = np.zeros((3, 200, 160), np.uint8)
    labels[:, 20:95, 100:130] = Label.VERTEBRA
    labels[:, 95:105, 100:130] = Label.DISC
    labels[:, 20:180, 132:145] = Label.CANAL
    return labels


def test_pieces_far_in_front_are_dropped_and_those_near_to_the_spine_stay(spine: np.ndarray) -> None:
    spine[:, 110:180, 100:130] = Label.VERTEBRA
    spoilt = spine.copy()
    spoilt[1, 60:80, 5:20] = Label.VERTEBRA
    spoilt[1, 20:180, 0:4] = Label.CANAL
    assert np.array_equal(tidy(spoilt, AFFINE), spine)


def test_a_spine_that_is_seen_in_two_parts_stays_whole(spine: np.ndarray) -> None:
    spine[:, 60:80] = Label.BACKGROUND  # metal leaves a hole
    assert np.array_equal(tidy(spine, AFFINE), spine)


def test_a_speck_leads_no_way_to_what_lies_behind_it(spine: np.ndarray) -> None:
    expected = spine.copy()
    spine[1, 60:62, 68:70] = expected[1, 60:62, 68:70] = Label.DISC
    spine[1, 60:62, 35:37] = Label.DISC
    assert np.array_equal(tidy(spine, AFFINE), expected)
