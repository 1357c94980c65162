"""Every vertebra and disc is told apart as the simulated patient has them, also where two have grown together."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.images.geometry import apply
from inference.result.renumber import renumbered
from inference.simulate.causes.patient import draw
from inference.simulate.truth.parts import PartMap, part_map
from inference.simulate.truth.study_truth import anatomy_of, measure, truth_segmentation
from inference.spine.instances import IDS, InstanceMap, instances
from inference.spine.localise import localise
from inference.types import LEVELS, VERTEBRAE, Instance, Label, Segmentation
from tests.reader.factories import reading

LUMBAR = VERTEBRAE[2:7]


@lru_cache(maxsize=3)
def patient(seed: int) -> tuple[Segmentation, PartMap]:
    """True classes and true parts on a sagittal grid that holds L1 to the sacrum."""
    person = draw(seed)
    centres = {level.level: level.centre_mm for level in measure(person)}
    shape, affine = (13, 220, 140), np.zeros((4, 4))
    affine[:, 0], affine[:, 1], affine[:, 2] = (4.4, 0, 0, 0), (0, 0, -1.2, 0), (0, 1.2, 0, 0)
    middle = (centres["L1-L2"] + centres["L5-S1"]) / 2 + [0, 15, 0]
    affine[:, 3] = (*(middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)), 1)
    return truth_segmentation(person, affine, shape), part_map(anatomy_of(person), affine, shape)


def dice(found: InstanceMap, name: str, true: NDArray[np.bool_]) -> float:
    mine = found.labels == IDS[name]
    return float(2 * (mine & true).sum() / (mine.sum() + true.sum()))


@pytest.mark.parametrize("seed", [1, 2])
def test_vertebrae_and_discs_are_those_of_the_patient(seed: int) -> None:
    segmentation, parts = patient(seed)
    found = instances(segmentation, localise(segmentation).discs)
    bone = segmentation.labels == Label.VERTEBRA
    for name in LUMBAR:
        assert dice(found, name, parts.mask(name) & bone) > 0.93, name
    for name in LEVELS[1:]:
        assert dice(found, name, parts.mask(name)) > 0.97, name
    assert dice(found, "S1", parts.mask("sacrum")) > 0.97
    assert {one.name for one in found.listed()} >= {*LUMBAR, *LEVELS[1:], "S1", "canal"}


def test_two_bodies_that_have_grown_together_stay_two() -> None:
    segmentation, parts = patient(1)
    fused = segmentation.labels.copy()
    fused[parts.mask("L3-L4")] = Label.VERTEBRA
    one_piece = Segmentation(fused, segmentation.affine)
    found = instances(one_piece, localise(one_piece).discs)
    assert dice(found, "L3", parts.mask("L3")) > 0.85
    assert dice(found, "L4", parts.mask("L4")) > 0.85
    upper, lower = (apply(found.affine, np.argwhere(found.labels == IDS[n]).astype(float)) for n in ("L3", "L4"))
    assert np.median(upper[:, 2]) - np.median(lower[:, 2]) > 25


def test_the_stored_direction_of_an_axis_changes_no_instance() -> None:
    segmentation, _ = patient(2)
    discs = localise(segmentation).discs
    affine = segmentation.affine.copy()
    affine[:3, 3] += affine[:3, 1] * (segmentation.labels.shape[1] - 1)
    affine[:3, 1] *= -1
    flipped = instances(Segmentation(np.ascontiguousarray(segmentation.labels[:, ::-1]), affine), discs)
    same = flipped.labels[:, ::-1] == instances(segmentation, discs).labels
    assert same.mean() > 0.999


def test_discs_above_the_named_ones_part_the_vertebrae_there() -> None:
    segmentation, parts = patient(2)
    discs = localise(segmentation).discs
    found = instances(segmentation, [disc for disc in discs if disc.level not in ("T12-L1", "L1-L2")])
    assert dice(found, "L1", parts.mask("L1") & (segmentation.labels == Label.VERTEBRA)) > 0.9
    assert "L1-L2" not in {one.name for one in found.listed()}


def test_without_a_disc_nothing_is_named() -> None:
    with pytest.raises(ValueError, match="Without a disc"):
        instances(patient(1)[0], ())


def test_names_follow_a_renumbering_and_ids_stay_those_of_the_file() -> None:
    listed = (Instance(IDS["L5"], "L5", 40.0), Instance(IDS["L5-S1"], "L5-S1", 9.0), Instance(20, "canal", 30.0))
    moved = renumbered(replace(reading("1.2.3"), instances=listed), 1).instances
    assert [(one.id, one.name) for one in moved] == [(IDS["L5"], "L4"), (IDS["L5-S1"], "L4-L5"), (20, "canal")]
