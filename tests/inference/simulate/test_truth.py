"""Maps and measures of a simulated spine agree with its anatomy and its causes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import draw
from inference.simulate.truth import openings
from inference.simulate.truth.parts import part_map
from inference.simulate.truth.study_truth import anatomy_of
from inference.simulate.truth.survey import markdown, survey
from inference.types import Label

PATIENT = draw(12, StudyOptions(severity="normal"))


def test_parts_name_every_vertebra_and_disc_where_it_lies_and_agree_with_the_classes() -> None:
    anatomy = anatomy_of(PATIENT)
    centre = anatomy.layout.discs["L3-L4"].centre_mm
    affine = np.array(
        [[6.0, 0, 0, centre[0] - 6], [0, 0, 1.5, centre[1] - 40], [0, -1.5, 0, centre[2] + 90], [0, 0, 0, 1]]
    )
    parts = part_map(anatomy, affine, (3, 120, 80))
    inverse = np.linalg.inv(affine)
    for name, place in (anatomy.layout.bodies | anatomy.layout.discs).items():
        index = tuple(np.round(inverse @ [*place.centre_mm, 1])[:3].astype(int))
        if all(0 <= at < size for at, size in zip(index, parts.labels.shape, strict=True)):
            assert parts.names[int(parts.labels[index])] == name
    vertebrae = np.isin(
        parts.labels, [label for label, name in parts.names.items() if name[0] in "TL" and "-" not in name]
    )
    grid = np.stack(np.meshgrid(*map(np.arange, parts.labels.shape), indexing="ij"), axis=-1)
    classes = anatomy.labels(grid @ affine[:3, :3].T + affine[:3, 3])
    assert (vertebrae == (classes == Label.VERTEBRA)).mean() > 0.97
    assert (parts.mask("sac") == (classes == Label.CANAL)).mean() > 0.98


def narrowed(level: str, **severity: float) -> openings.Openings:
    """The healthy patient's openings at a level of which one site is made ill."""
    discs = tuple(replace(disc, **severity) if disc.level == level else disc for disc in PATIENT.discs)
    patient = replace(PATIENT, discs=discs)
    body, disc = next(
        pair for pair in zip(patient.bodies, patient.discs, strict=True) if f"{pair[0].name}-" == level[:3]
    )
    return openings.measure(anatomy_of(patient), body, disc)


@pytest.mark.parametrize("level", ["L2-L3", "L3-L4", "L4-L5"])
def test_a_foramen_is_as_high_and_wide_as_its_grade_and_loses_its_fat_before_its_root_is_squeezed(level: str) -> None:
    sizes = [narrowed(level, foramen_left=severity).foramina for severity in (0.3, 1.5, 2.5, 3.6)]
    normal, mild, moderate, severe = (size["left"] for size in sizes)
    assert normal.height_mm >= 15 > mild.height_mm > 12 > moderate.height_mm > 8 > severe.height_mm
    assert normal.width_mm >= 4 > mild.width_mm > 2.5 > severe.width_mm
    assert mild.width_mm > moderate.width_mm > severe.width_mm
    assert normal.fat_mm2 > 2 * mild.fat_mm2 > 0
    assert moderate.fat_mm2 == severe.fat_mm2 == 0
    assert moderate.root_mm2 == pytest.approx(normal.root_mm2, rel=0.1)
    assert severe.root_mm2 < 0.7 * normal.root_mm2
    assert len({size["right"].fat_mm2 for size in sizes}) == 1


def test_the_lowest_foramen_has_a_facet_of_the_sacrum_behind_it_and_its_root_stays_out_of_bone() -> None:
    anatomy = anatomy_of(PATIENT)
    body = PATIENT.bodies[-1]
    place, inner = anatomy.layout.bodies[body.name], body.canal_width_mm / 2
    v = np.arange(-2.0, 20.0, 0.5)
    height = -0.55 * body.height_mm
    line = (
        place.centre_mm + np.stack([np.full_like(v, inner + 6), body.depth_mm / 2 + v, 0 * v + height], -1) @ place.axes
    )
    assert (anatomy.labels(line) == Label.SACRUM).any()
    way = np.linspace(0, 1, 40)[:, None]
    out = np.array([inner + 6, body.depth_mm / 2, -0.3 * body.height_mm]) + way * [16.0, -20.0, -0.42 * body.height_mm]
    assert not np.isin(anatomy.labels(place.centre_mm + out @ place.axes), (Label.SACRUM, Label.VERTEBRA)).any()


def test_a_recess_is_measured_shallower_the_narrower_it_is_however_narrow_the_canal() -> None:
    for canal in (0.3, 3.2):
        depths = [narrowed("L4-L5", recess_left=ill, canal=canal).recess_mm["left"] for ill in (0.3, 1.5, 2.5, 3.6)]
        assert (np.diff(depths) < 0).all()
        assert depths[0] > 5
        assert depths[3] < 3


def test_sizes_of_drawn_patients_lie_near_those_of_real_ones() -> None:
    *_, (done, collected) = survey(2, 700, StudyOptions())
    assert done == 2
    assert np.mean(collected.sizes["L4", "height"]) == pytest.approx(24, abs=4)
    assert np.mean(collected.sizes["L4-L5", "AP"]) == pytest.approx(38, abs=6)
    assert "| L4-L5 | sac AP |" in markdown(collected)
