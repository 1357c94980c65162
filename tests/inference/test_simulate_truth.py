"""Maps and measures of a simulated spine agree with its anatomy and its causes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.simulate import openings
from inference.simulate.options import StudyOptions
from inference.simulate.parts import part_map
from inference.simulate.patient import draw
from inference.simulate.survey import markdown, survey
from inference.simulate.truth import anatomy_of
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


def test_a_narrower_foramen_loses_its_fat_first_and_its_height_and_only_then_squeezes_the_root() -> None:
    body = next(body for body in PATIENT.bodies if body.name == "L4")
    sizes = []
    for severity in (0.3, 1.5, 2.4, 3.6):
        discs = tuple(replace(disc, foramen_left=severity) if disc.upper == "L4" else disc for disc in PATIENT.discs)
        patient = replace(PATIENT, discs=discs)
        disc = next(disc for disc in patient.discs if disc.upper == "L4")
        sizes.append(openings.measure(anatomy_of(patient), body, disc).foramina)
    left, right = ([size[side] for size in sizes] for side in ("left", "right"))
    assert (np.diff([one.height_mm for one in left]) < 0).all()
    assert (np.diff([one.fat_mm2 for one in left]) < 0).all()
    assert left[3].root_mm2 < 0.8 * left[0].root_mm2
    assert left[0].height_mm >= 15
    assert left[3].height_mm < 8
    assert len({one.fat_mm2 for one in right}) == 1


def test_sizes_of_drawn_patients_lie_near_those_of_real_ones() -> None:
    *_, (done, found) = survey(2, 700, StudyOptions())
    assert done == 2
    assert np.mean(found.sizes["L4", "height"]) == pytest.approx(24, abs=4)
    assert np.mean(found.sizes["L4-L5", "AP"]) == pytest.approx(38, abs=6)
    assert "| L4-L5 | sac AP |" in markdown(found)
