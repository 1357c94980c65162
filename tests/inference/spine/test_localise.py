"""Discs are found, placed and named on true labels of simulated patients, whatever is done to them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from inference.errors import SpineNotFoundError, WrongRegionError
from inference.measures.canal import lookup, measure
from inference.result.words import notice_words
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.truth.study_truth import LevelTruth, truth_segmentation
from inference.simulate.truth.study_truth import measure as true_levels
from inference.spine.localise import Localisation, localise
from inference.training.figures import spine
from inference.types import LUMBAR_LEVELS, Label, Notice, Segmentation

SPACING = (4.4, 1.2, 1.2)


@lru_cache(maxsize=4)
def patient(seed: int) -> tuple[Segmentation, dict[str, LevelTruth]]:
    """True labels on a sagittal grid of 13 slices, without the sacrum as the shipped network sees it."""
    person = draw(seed)
    levels = {level.level: level for level in true_levels(person)}
    middle = (levels["L1-L2"].centre_mm + levels["L5-S1"].centre_mm) / 2
    shape = (13, 220, 110)
    affine = np.zeros((4, 4))
    affine[:, 0], affine[:, 1] = (SPACING[0], 0, 0, 0), (0, 0, -SPACING[1], 0)
    affine[:, 2], affine[:, 3] = (0, SPACING[2], 0, 0), (0, 0, 0, 1)
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    truth = truth_segmentation(person, affine, shape)
    labels = np.where(truth.labels == Label.SACRUM, 0, truth.labels).astype(np.uint8)
    return Segmentation(labels, affine), levels


def assert_named(found: Localisation, levels: dict[str, LevelTruth], within_mm: float = 4.0) -> None:
    places = {disc.level: disc.centre_mm for disc in found.discs}
    for level in LUMBAR_LEVELS:
        assert np.linalg.norm(places[level] - levels[level].centre_mm) < within_mm, level


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_lumbar_disc_has_its_name_place_and_tilt(seed: int) -> None:
    segmentation, levels = patient(seed)
    found = localise(segmentation)
    assert_named(found, levels)
    assert found.notices == ()
    for disc in found.discs:
        if disc.level in LUMBAR_LEVELS:
            tilt = np.rad2deg(np.arccos(np.clip(disc.up @ levels[disc.level].up, -1, 1)))
            assert tilt < 12, f"{disc.level} is {tilt:.0f} degrees off"
            assert disc.left[0] > 0.9
            assert disc.anterior[1] < 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_measured_diameter_is_the_true_one(seed: int) -> None:
    segmentation, levels = patient(seed)
    found = localise(segmentation)
    _, measured = measure(segmentation, found.discs, found.vertebrae)
    for level in LUMBAR_LEVELS:
        ap = lookup(measured, level, "canal_ap")
        assert ap is not None
        assert ap.value == pytest.approx(levels[level].sac_ap_mm, abs=2.0)


def test_a_disc_that_was_missed_shifts_no_name_and_is_told() -> None:
    segmentation, levels = patient(1)
    labels = segmentation.labels.copy()
    points = np.argwhere(labels == Label.DISC)
    place = points @ segmentation.affine[:3, :3].T + segmentation.affine[:3, 3]
    gone = np.linalg.norm(place - levels["L3-L4"].centre_mm, axis=1) < 30
    gone &= np.abs((place - levels["L3-L4"].centre_mm) @ levels["L3-L4"].up) < 9
    labels[tuple(points[gone].T)] = Label.VERTEBRA
    found = localise(Segmentation(labels, segmentation.affine))
    assert_named(found, levels, within_mm=8.0)
    assert found.notices[0] == Notice("discs_estimated", values={"count": 1})


@pytest.mark.parametrize(("bone", "disc"), [((8, 0), (9, 0)), ((-5, 5), (-7, 7))], ids=["10 mm", "17 mm"])
def test_a_disc_that_is_seen_in_two_pieces_one_above_the_other_shifts_no_name(
    bone: tuple[int, int], disc: tuple[int, int]
) -> None:
    segmentation, levels = patient(1)
    labels = segmentation.labels.copy()
    points = np.argwhere(labels == Label.DISC)
    place = points @ segmentation.affine[:3, :3].T + segmentation.affine[:3, 3]
    mine = points[np.linalg.norm((place - levels["L3-L4"].centre_mm)[:, 1:], axis=1) < 16]
    if min(bone) < 0:
        labels[tuple(mine.T)] = Label.VERTEBRA
    for label, moves in ((Label.VERTEBRA, bone), (Label.DISC, disc)):
        for rows in [rows for rows in moves if rows]:
            labels[tuple((mine + np.array([0, rows, 0])).T)] = label
    found = localise(Segmentation(labels, segmentation.affine))
    assert_named(found, levels, within_mm=8.0)


def test_a_fragment_of_disc_label_within_a_body_is_no_disc_and_is_told() -> None:
    segmentation, levels = patient(1)
    labels = segmentation.labels.copy()
    points = np.argwhere(labels == Label.VERTEBRA)
    place = points @ segmentation.affine[:3, :3].T + segmentation.affine[:3, 3]
    off = place - levels["L3-L4"].centre_mm
    screw = (np.abs(off[:, 0]) < 6) & (np.abs(off[:, 1]) < 9) & (off[:, 2] > 12) & (off[:, 2] < 18)
    labels[tuple(points[screw].T)] = Label.DISC
    found = localise(Segmentation(labels, segmentation.affine))
    assert_named(found, levels, within_mm=4.0)
    assert found.notices[0] == Notice("discs_too_near", values={"count": 1})


def test_bowel_that_looks_like_a_disc_is_not_counted() -> None:
    segmentation, levels = patient(2)
    labels = segmentation.labels.copy()
    labels[4:8, 100:106, 2:20] = Label.DISC
    labels[4:8, 190:196, 2:20] = Label.DISC
    assert_named(localise(Segmentation(labels, segmentation.affine)), levels)


def test_a_field_of_view_that_ends_above_the_sacrum_is_told() -> None:
    segmentation, levels = patient(3)
    labels = segmentation.labels.copy()
    index = np.linalg.inv(segmentation.affine)[:3, :3] @ (
        (levels["L4-L5"].centre_mm + levels["L5-S1"].centre_mm) / 2 - segmentation.affine[:3, 3]
    )
    found = localise(Segmentation(labels[:, : round(index[1]) + 8], segmentation.affine))
    assert found.discs[-1].level == "L4-L5"
    assert found.notices[-1].values["lowest"] == "L4-L5"


@pytest.mark.parametrize("flip", [0, 1, 2])
def test_the_stored_direction_of_an_axis_changes_nothing(flip: int) -> None:
    segmentation, levels = patient(1)
    affine = segmentation.affine.copy()
    affine[:3, 3] += affine[:3, flip] * (segmentation.labels.shape[flip] - 1)
    affine[:3, flip] *= -1
    flipped = Segmentation(np.ascontiguousarray(np.flip(segmentation.labels, flip)), affine)
    assert_named(localise(flipped), levels)


@pytest.mark.parametrize("degrees", [-20, 20])
def test_a_patient_lying_turned_in_the_scanner_is_named_the_same(degrees: float) -> None:
    segmentation, levels = patient(2)
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turned = Segmentation(segmentation.labels, turn @ segmentation.affine)
    places = {disc.level: disc.centre_mm for disc in localise(turned).discs}
    for level in LUMBAR_LEVELS:
        assert np.linalg.norm(places[level] - turn[:3, :3] @ levels[level].centre_mm) < 5, level


def test_the_curve_runs_through_discs_and_bodies_of_a_spine_bent_sideways() -> None:
    [row] = spine.rows(1, 3101, 12.0, spine.Grid((21, 165, 110), (4.4, 1.6, 1.6)))
    assert row.named == len(LUMBAR_LEVELS)
    assert max(row.curve_mm) < 2.5
    assert np.mean(row.curve_mm) < 1.2
    assert row.cobb_deg > 10


def test_an_empty_segmentation_is_no_spine() -> None:
    with pytest.raises(SpineNotFoundError):
        localise(Segmentation(np.zeros((5, 40, 40), dtype=np.uint8), np.eye(4)))


def test_discs_as_small_as_a_neck_are_refused() -> None:
    segmentation, _ = patient(1)
    small = segmentation.affine.copy()
    small[:3, 1:3] *= 0.5
    with pytest.raises((WrongRegionError, SpineNotFoundError)):
        localise(Segmentation(segmentation.labels, small))


def test_one_sagittal_slice_shows_the_same_discs_as_the_whole_stack() -> None:
    segmentation, levels = patient(1)
    whole = localise(segmentation)
    column = np.round(np.linalg.inv(segmentation.affine) @ [*levels["L3-L4"].centre_mm, 1]).astype(int)[0]
    affine = segmentation.affine.copy()
    affine[:3, 3] += affine[:3, 0] * column
    found = localise(Segmentation(segmentation.labels[column : column + 1], affine))
    assert_named(found, levels, within_mm=8.0)
    assert len(found.discs) + len(found.higher) == len(whole.discs) + len(whole.higher)


def test_discs_above_the_named_ones_are_listed_without_a_name() -> None:
    segmentation, levels = patient(1)
    affine = segmentation.affine.copy()
    affine[:3, 3] = levels["L1-L2"].centre_mm - affine[:3, :3] @ np.array([0, 110, 60])
    found = localise(truth_segmentation(draw(1), affine, (1, 300, 120)))
    assert_named(found, levels, within_mm=8.0)
    assert found.higher
    assert all(disc.level == "" and disc.centre_mm[2] > found.discs[0].centre_mm[2] for disc in found.higher)


def test_a_lumbarised_first_sacral_vertebra_is_told_and_shifts_no_name() -> None:
    person = draw(1, StudyOptions(transition="lumbarised"))
    ordinary, levels = patient(1)
    truth = truth_segmentation(person, ordinary.affine, ordinary.labels.shape)
    found = localise(truth)
    assert_named(found, levels)
    assert found.numbering.transitional is not None
    assert "disc within the sacrum" in notice_words(found.numbering.transitional)
