"""The canal by a predicted mask is set beside the canal by the given one, level by level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from inference.models.gradenet import GradeConfig, GradeNet
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.truth.study_truth import anatomy_of, truth_segmentation
from inference.training.data.spider import Case
from inference.training.figures import canal as canal_figures
from inference.training.figures.canal import Row, Sac
from inference.training.figures.spine import Grid, _affine
from inference.types import LUMBAR_LEVELS, Grade, Label, Segmentation, Volume


@pytest.fixture(scope="module")
def case() -> Case:
    """A simulated patient on a coarse grid, with the true labels as the given mask."""
    grid, person = Grid((11, 160, 110), (5.0, 1.6, 1.6)), draw(3200, StudyOptions())
    truth = truth_segmentation(person, _affine(grid, anatomy_of(person).layout.discs["L2-L3"].centre_mm), grid.shape)
    return Case(7, Volume(np.random.default_rng(1).random(grid.shape, dtype=np.float32), truth.affine), truth)


def narrowed(truth: Segmentation) -> Segmentation:
    """The sac without its rim in every slice."""
    canal = truth.labels == Label.CANAL
    core = ndimage.binary_erosion(canal, np.ones((1, 3, 3)))
    return replace(truth, labels=np.where(canal & ~core, Label.BACKGROUND, truth.labels))


def test_the_given_mask_against_itself_has_no_error_in_any_plane(case: Case) -> None:
    table = list(canal_figures.of_case(case, case.truth))
    assert [row.level for row in table] == list(LUMBAR_LEVELS)
    assert all(row.own == row.same == row.given for row in table)
    markdown = canal_figures.markdown(table)
    assert (
        "| AP, mm | each mask's own | 5 | 1.00 (1.00 to 1.00) | +0.0 (+0.0 to +0.0) | +0.0 to +0.0 | 0.0 |" in markdown
    )
    assert "AP within the ± that is told: 5 of 5 (68 in 100 wanted)" in markdown
    assert "The same grade: 5 of 5; within one: 5." in markdown


def test_a_sac_drawn_too_narrow_shows_as_a_bias(case: Case) -> None:
    table = list(canal_figures.of_case(case, narrowed(case.truth)))
    assert len(table) == len(LUMBAR_LEVELS)
    for row in table:
        assert row.same is not None
        assert row.same.ap_mm < row.given.ap_mm - 1.5
        assert row.same.area_mm2 < row.given.area_mm2


def test_a_mask_that_shows_no_spine_leaves_levels_unmeasured_and_none_is_called_normal(case: Case) -> None:
    empty = replace(case.truth, labels=np.zeros_like(case.truth.labels))
    table = list(canal_figures.of_case(case, empty))
    assert [(row.own, row.same) for row in table] == [(None, None)] * 5
    markdown = canal_figures.markdown(table)
    assert "found by the name: 0" in markdown
    assert "The same grade: 0 of 0" in markdown


def test_a_network_is_asked_with_the_measurements_and_by_the_images_alone(case: Case) -> None:
    table = list(canal_figures.of_case(case, case.truth, GradeNet(GradeConfig()).eval()))
    assert all(row.network in canal_figures.GRADES and row.images in canal_figures.GRADES for row in table)
    assert "Canal grade by the network from the images alone" in canal_figures.markdown(table)


def test_sizes_that_do_not_fall_with_the_grade_are_said_not_to() -> None:
    def row(grade: Grade, true_ap_mm: float, true_area_mm2: float) -> Row:
        given = Sac(true_ap_mm, 1.2, true_area_mm2, True, Grade.NORMAL)
        return Row(1, "L4-L5", given, replace(given, grade=grade), given)

    markdown = canal_figures.markdown(
        [row(Grade.NORMAL, 14.0, 150.0), row(Grade.MILD, 11.0, 90.0), row(Grade.SEVERE, 8.0, 95.0)]
    )
    assert "mean AP falls: yes (Spearman -1.00); mean area falls: no (Spearman -0.50)" in markdown
    assert "| mild | 1 | 11.0, 11.0 [11.0-11.0] | 90, 90 [90-90] | 1 |" in markdown
