"""What a cause does to a simulated spine, seen in its tissue and label functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.simulate.body.anatomy import Anatomy
from inference.simulate.body.tissue import Tissue
from inference.simulate.causes.options import StudyOptions
from inference.simulate.causes.patient import Patient, draw
from inference.simulate.truth.study_truth import anatomy_of
from inference.types import FloatArray, Label

HEALTHY = draw(12, StudyOptions(severity="normal"))


def _with_disc(**changes: object) -> Patient:
    """The healthy patient with a changed L4-L5."""
    discs = [replace(disc, **changes) if disc.level == "L4-L5" else disc for disc in HEALTHY.discs]
    return replace(HEALTHY, discs=tuple(discs))


def _with_body(**changes: object) -> Patient:
    """The healthy patient with a changed L4."""
    bodies = [replace(body, **changes) if body.name == "L4" else body for body in HEALTHY.bodies]
    return replace(HEALTHY, bodies=tuple(bodies))


def _around(
    patient: Patient, name: str, corner: tuple[float, ...], far: tuple[float, ...]
) -> tuple[Anatomy, FloatArray]:
    """Points every millimetre in a box of a vertebra's frame (left, back, up)."""
    anatomy = anatomy_of(patient)
    place = anatomy.layout.bodies[name]
    axes = [np.arange(low, high, 1.0) for low, high in zip(corner, far, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return anatomy, place.centre_mm + grid @ place.axes


def _share(patient: Patient, name: str, corner: tuple[float, ...], far: tuple[float, ...], code: int) -> float:
    anatomy, points = _around(patient, name, corner, far)
    return float((anatomy.spine(points).numpy() == code).mean())


def test_a_slipped_body_and_all_above_it_stand_before_the_one_below() -> None:
    straight, slipped = Anatomy(HEALTHY).layout.bodies, Anatomy(_with_disc(slip_mm=6.0)).layout.bodies
    for name in ("L4", "L2"):
        before, after = (bodies[name].centre_mm - bodies["L5"].centre_mm for bodies in (straight, slipped))
        assert np.linalg.norm(after - before) == pytest.approx(6.0, abs=0.1)
        assert (before - after)[1] > 4


def test_a_laminectomy_takes_the_lamina_and_the_spinous_process() -> None:
    box = (-6, 38, -14), (6, 50, 2)
    whole = _share(HEALTHY, "L4", *box, Tissue.POSTERIOR_MARROW)
    assert whole > 0.2
    assert _share(_with_body(laminectomy=1.0), "L4", *box, Tissue.POSTERIOR_MARROW) < 0.05 * whole


def test_screws_stand_in_both_pedicles() -> None:
    half = HEALTHY.bodies[-2].depth_mm / 2
    for side in (-22, 14):
        box = (side, half - 5, 0), (side + 8, half + 5, 10)
        assert _share(HEALTHY, "L4", *box, Tissue.METAL) == 0
        assert _share(_with_body(screws=1), "L4", *box, Tissue.METAL) > 0.15


def test_modic_change_lies_beside_the_disc() -> None:
    body = HEALTHY.bodies[-2]
    changed = _with_disc(modic=1, modic_mm=6.0)
    near = (-10, -10, -body.height_mm / 2 + 2), (10, 10, -body.height_mm / 2 + 6)
    far = (-10, -10, -2), (10, 10, body.height_mm / 2 - 4)
    assert _share(changed, "L4", *near, Tissue.OEDEMA) > 0.4
    assert _share(changed, "L4", *far, Tissue.OEDEMA) == 0


def test_the_disc_enters_a_schmorls_node() -> None:
    node = (-4, 0, -HEALTHY.bodies[-2].height_mm / 2 + 3.2), (0, 4, -HEALTHY.bodies[-2].height_mm / 2 + 4.2)

    def disc_share(patient: Patient) -> float:
        anatomy, points = _around(patient, "L4", *node)
        return float((anatomy.labels(points) == Label.DISC).mean())

    assert disc_share(HEALTHY) == 0
    assert disc_share(_with_disc(schmorl_above_mm=5.0)) > 0.9


def test_a_lumbarised_first_sacral_segment_has_a_disc_below() -> None:
    for transition, has_disc in (("none", False), ("lumbarised", True)):
        anatomy = Anatomy(replace(HEALTHY, transition=transition))
        upper, lower = (anatomy.layout.sacrum[name].centre_mm for name in ("S1", "S2"))
        way = upper + np.linspace(0, 1, 80)[:, None] * (lower - upper)
        assert (Label.DISC in anatomy.labels(way)) is has_disc
