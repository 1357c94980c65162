"""A measurement says what is usual at its place, and only what its uncertainty cannot explain is called unusual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.measures import norms
from inference.measures.canal import SEGMENTER_SD_MM, cut_canal, measure
from inference.result.renumber import renumbered
from inference.result.words import amount
from inference.types import LUMBAR_LEVELS, DiscLevel, Label, Measurement, Segmentation
from tests.reader.factories import reading


def one(value: float | None, place: str = "L4-L5", quantity: str = "canal_ap") -> Measurement:
    [found] = norms.compared([Measurement(place, quantity, value, "mm", plus_minus=1.0)])
    return found


def test_every_line_of_the_table_has_people_a_spread_and_a_source() -> None:
    quantities = {quantity for quantity, _ in norms.table()}
    assert quantities >= {"canal_ap", "disc_height", "disc_height_index", "body_wedge", "lordosis", "segment_angle"}
    for (quantity, place), norm in norms.table().items():
        assert norm.sd > 0, (quantity, place)
        assert norm.people >= 10 or "PMC" in norm.source
        assert len(norm.source) > 10
    assert {place for quantity, place in norms.table() if quantity == "canal_ap"} >= set(LUMBAR_LEVELS)


def test_a_measurement_says_its_deviation_and_the_usual_range_of_its_place() -> None:
    norm = norms.table()["canal_ap", "L4-L5"]
    found = one(norm.mean - 2 * norm.sd)
    assert found.deviation == pytest.approx(-2.0, abs=0.1)
    assert found.usual == pytest.approx(norm.usual, abs=0.06)
    assert one(10.0, "L1-L2").usual != found.usual


def test_what_lies_outside_is_said_unless_its_uncertainty_explains_it() -> None:
    low, high = norms.table()["canal_ap", "L4-L5"].usual
    assert norms.side(one(low - 1.5)) == -1
    assert norms.side(one(high + 1.5)) == 1
    assert norms.side(one(low - 0.5)) == 0
    assert norms.side(one((low + high) / 2)) == 0


def test_what_was_not_measured_or_is_not_known_has_no_deviation() -> None:
    assert one(None).deviation is None
    assert norms.side(one(None)) == 0
    assert one(9.0, "L4-L5", "slip").usual is None


def test_a_lower_bound_is_not_called_small() -> None:
    [found] = norms.compared([Measurement("L4-L5", "canal_ap", 2.0, "mm", lower_bound=True)])
    assert found.deviation is None
    assert norms.side(found) == 0


def test_after_a_renumbering_what_is_usual_is_that_of_the_new_place() -> None:
    before = reading("1.2.3")
    moved = renumbered(replace(before, measurements=norms.compared(before.measurements)), 1)
    for found in moved.measurements:
        if found.place in LUMBAR_LEVELS:
            assert found.usual == one(13.4, found.place).usual


def tube(radius_mm: float, narrower_below: float) -> tuple[Segmentation, DiscLevel]:
    """A canal 30 mm behind a disc; below the disc's plane it is narrower by so much."""
    affine = np.diag([2.0, 0.5, 0.5, 1.0])
    affine[:3, 3] = (-20, -10, -10)
    x, y, z = (np.arange(n) * s + o for n, s, o in ((21, 2.0, -20), (120, 0.5, -10), (40, 0.5, -10)))
    radius = np.where(z < 0, radius_mm - narrower_below, radius_mm)
    inside = np.hypot(x[:, None, None], y[None, :, None] - 30) < radius
    axes = np.eye(3)
    return (
        Segmentation(np.where(inside, Label.CANAL, 0).astype(np.uint8), affine),
        DiscLevel("L4-L5", np.zeros(3), axes[2], -axes[1], axes[0], None, 34.0, 8.0),
    )


def test_the_canal_is_less_certain_where_it_changes_along_the_spine() -> None:
    even, uneven = (cut_canal(*tube(7.0, step)) for step in (0.0, 3.0))
    assert even is not None
    assert uneven is not None
    assert even.ap_mm == pytest.approx(14.0, abs=0.6)
    assert even.ap_sd_mm == pytest.approx(SEGMENTER_SD_MM, abs=0.15)
    assert uneven.ap_sd_mm > even.ap_sd_mm + 0.5
    assert uneven.area_sd_mm2 > even.area_sd_mm2


def test_diameter_and_area_come_with_their_uncertainty() -> None:
    segmentation, disc = tube(7.0, 0.0)
    found = {item.quantity: item for item in measure(segmentation, (disc,), ())[1]}
    assert found["canal_ap"].plus_minus is not None
    assert found["canal_area"].plus_minus is not None
    assert "±" in amount(found["canal_area"])
