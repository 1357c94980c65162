"""The lowest disc's name follows from tilt, bone and room below it; what is uncertain is told."""

from __future__ import annotations

import numpy as np
import pytest

from inference.spine.designate import Evidence, designate, notices_of, shift_of
from inference.types import Notice

#: Tilts of the mean real patient, from L5-S1 up to T12-L1, deg.
TILTS = np.array([33.3, 11.8, 0.9, -6.6, -10.4, -10.7])
DEPTHS = np.array([35.0, 37.0, 36.5, 36.0, 34.0, 31.0])
HEIGHTS = np.array([8.2, 8.8, 8.1, 7.5, 6.7, 5.5])


def evidence(
    tilts: np.ndarray = TILTS,
    depths: np.ndarray = DEPTHS,
    heights: np.ndarray = HEIGHTS,
    below: float = 0.1,
    above: float = 1.0,
    sacrum: float = 0.0,
    room: float = 80.0,
    sacral_disc: float = 0.0,
) -> Evidence:
    return Evidence(tilts, depths, heights, below, above, sacrum, room, sacral_disc)


def test_an_ordinary_spine_is_named_with_certainty() -> None:
    numbering = designate(evidence())
    assert numbering.lowest == "L5-S1"
    assert numbering.probability > 0.98
    assert notices_of(numbering) == ()


def test_a_whole_body_below_the_lowest_disc_makes_it_the_fourth() -> None:
    numbering = designate(evidence(TILTS[1:], DEPTHS[1:], HEIGHTS[1:], below=1.0))
    assert numbering.lowest == "L4-L5"
    assert notices_of(numbering)[0].values["lowest"] == "L4-L5"


def test_images_that_end_below_l4_are_told_by_the_tilt_of_the_discs() -> None:
    numbering = designate(evidence(TILTS[1:], DEPTHS[1:], HEIGHTS[1:], below=0.4, room=22.0))
    assert numbering.lowest == "L4-L5"


def test_a_small_disc_under_bone_that_is_not_lumbar_lies_within_the_sacrum() -> None:
    numbering = designate(
        evidence(np.array([45.0, *TILTS]), np.array([21.0, *DEPTHS]), np.array([4.0, *HEIGHTS]), above=0.1)
    )
    assert numbering.lowest == "S1-S2"
    assert shift_of(numbering.lowest) == -1


def test_labelled_sacrum_is_no_lumbar_body() -> None:
    assert designate(evidence(below=0.9, sacrum=0.8)).lowest == "L5-S1"


@pytest.mark.parametrize("degrees", [-25.0, 25.0])
def test_a_turned_patient_keeps_the_names_and_their_probability(degrees: float) -> None:
    assert designate(evidence(TILTS + degrees)) == designate(evidence())


def test_two_readings_that_fit_alike_are_both_told_with_their_probability() -> None:
    numbering = designate(evidence(TILTS[1:], DEPTHS[1:], HEIGHTS[1:], below=0.5))
    assert numbering.alternative_probability > 0.1
    assert notices_of(numbering)[0].code == "names_uncertain"
    assert notices_of(numbering)[0].values["alternative"] == numbering.alternative


def test_a_rudimentary_lowest_disc_speaks_for_a_transitional_vertebra() -> None:
    small = evidence(depths=np.array([25.0, *DEPTHS[1:]]), heights=np.array([3.0, *HEIGHTS[1:]]))
    numbering = designate(small)
    assert numbering.lowest == "L5-S1"
    assert notices_of(numbering)[-1].code == "small_lowest_disc"


def small(given: Evidence) -> bool:
    """Whether the lowest disc speaks for a transitional vertebra."""
    transitional = designate(given).transitional
    return transitional is not None and transitional.code == "small_lowest_disc"


def test_a_lowest_disc_of_full_depth_that_is_far_thinner_than_the_others_is_told_too() -> None:
    assert small(evidence(heights=np.array([4.4, *HEIGHTS[1:]])))
    above_are_thin = np.array([4.4, 8.0, 7.0, 6.8, 5.7, 4.6, 4.5, 3.8])
    like = {"tilts": np.linspace(40, -8, 8), "depths": np.full(8, 35.0)}
    assert small(evidence(heights=above_are_thin, **like))
    above_are_thin[0] = 4.8
    assert not small(evidence(heights=above_are_thin, **like))
    worn = np.array([3.4, 3.9, 4.1, 4.0, 4.4, 4.0])
    assert not small(evidence(heights=worn))


@pytest.mark.parametrize(("depth", "told"), [(0.0, False), (12.0, False), (16.0, True)])
def test_a_disc_within_the_sacrum_is_told_when_it_is_deep(depth: float, told: bool) -> None:
    transitional = designate(evidence(sacral_disc=depth)).transitional
    assert (transitional == Notice("disc_in_sacrum", values={"depth_mm": depth})) is told


def test_a_space_below_that_is_full_of_sacrum_outweighs_bone_that_is_labelled_there() -> None:
    uncertain = designate(evidence(TILTS[1:], DEPTHS[1:], HEIGHTS[1:], below=0.5))
    sure = designate(evidence(TILTS[1:], DEPTHS[1:], HEIGHTS[1:], below=0.5, sacrum=0.9))
    assert sure.lowest == "L5-S1"
    assert sure.probability > uncertain.probability or uncertain.lowest != "L5-S1"
