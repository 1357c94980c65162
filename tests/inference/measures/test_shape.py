"""Heights, wedge, slip and lordosis are what the labelled blocks have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from inference.images.geometry import apply, unit
from inference.measures.shape import measure_shape
from inference.types import DiscLevel, FloatArray, Label, Measurement, Notice, Segmentation, VertebraLevel

BODY_MM, DISC_MM, DEPTH_MM = 28.0, 9.0, 34.0


@dataclass(frozen=True)
class Block:
    """A slab of label: centre (y, z), tilt of its front upward in degrees, height at the back and front."""

    label: Label
    y: float
    z: float
    tilt_deg: float
    back_mm: float
    front_mm: float

    @property
    def axes(self) -> tuple[FloatArray, FloatArray]:
        angle = np.deg2rad(self.tilt_deg)
        return np.array([0, -np.cos(angle), np.sin(angle)]), np.array([0, np.sin(angle), np.cos(angle)])

    def holds(self, points: FloatArray) -> FloatArray:
        anterior, up = self.axes
        ahead, above = ((points - [0, self.y, self.z]) @ axis for axis in (anterior, up))
        share = ahead / DEPTH_MM + 0.5
        half = (self.back_mm + share * (self.front_mm - self.back_mm)) / 2
        return np.asarray((np.abs(ahead) < DEPTH_MM / 2) & (np.abs(above) < half) & (np.abs(points[..., 0]) < 20))


def segmentation_of(blocks: list[Block]) -> Segmentation:
    affine = np.diag([4.0, 0.7, 0.7, 1.0])
    affine[:3, 3] = (-18, -45, -80)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in (10, 130, 235)), indexing="ij"), axis=-1)
    labels = np.zeros(index.shape[:-1], dtype=np.uint8)
    points = apply(affine, index.astype(float))
    for block in blocks:
        labels[block.holds(points)] = block.label
    return Segmentation(labels, affine)


def levels_of(
    discs: dict[str, Block], bodies: dict[str, Block]
) -> tuple[tuple[DiscLevel, ...], tuple[VertebraLevel, ...]]:
    def frame(block: Block) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        anterior, up = block.axes
        return np.array([0, block.y, block.z]), up, anterior, unit(np.cross(up, anterior))

    return (
        tuple(DiscLevel(name, *frame(block), None, DEPTH_MM, DISC_MM) for name, block in discs.items()),
        tuple(VertebraLevel(name, *frame(block), BODY_MM, DEPTH_MM) for name, block in bodies.items()),
    )


def value(measured: tuple[Measurement, ...], place: str, quantity: str) -> Measurement:
    return next(one for one in measured if (one.place, one.quantity) == (place, quantity))


@pytest.mark.parametrize("slip_mm", [-5.0, 0.0, 6.0, 12.0])
def test_a_body_that_stands_before_the_next_is_measured_and_graded(slip_mm: float) -> None:
    step = (BODY_MM + DISC_MM) / 2
    bodies = {
        "L4": Block(Label.VERTEBRA, -slip_mm, step, 0, BODY_MM, BODY_MM),
        "L5": Block(Label.VERTEBRA, 0, -step, 0, BODY_MM, BODY_MM),
    }
    discs = {"L4-L5": Block(Label.DISC, -slip_mm / 2, 0, 0, DISC_MM, DISC_MM)}
    measured = measure_shape(segmentation_of([*bodies.values(), *discs.values()]), *levels_of(discs, bodies))
    slip = value(measured, "L4-L5", "slip")
    assert slip.value == pytest.approx(slip_mm, abs=0.8)
    kind = {-5.0: ("retrolisthesis", "I"), 6.0: ("anterolisthesis", "I"), 12.0: ("anterolisthesis", "II")}.get(slip_mm)
    assert slip.notice == (Notice("listhesis", values={"kind": kind[0], "meyerding": kind[1]}) if kind else None)


def test_heights_wedge_and_the_height_index_are_those_of_the_blocks() -> None:
    step = (BODY_MM + DISC_MM) / 2
    bodies = {
        "L3": Block(Label.VERTEBRA, 0, step, 8, 28.0, 20.0),
        "L4": Block(Label.VERTEBRA, 0, -step, -8, BODY_MM, BODY_MM),
    }
    discs = {"L3-L4": Block(Label.DISC, 0, 0, 0, 6.0, 12.0)}
    measured = measure_shape(segmentation_of([*bodies.values(), *discs.values()]), *levels_of(discs, bodies))
    assert value(measured, "L3-L4", "disc_height").value == pytest.approx(9.0, abs=0.8)
    assert value(measured, "L3-L4", "disc_wedge").value == pytest.approx(np.rad2deg(np.arctan(6 / DEPTH_MM)), abs=2.0)
    assert value(measured, "L3", "body_height_posterior").value == pytest.approx(27.0, abs=1.0)
    assert value(measured, "L3", "body_height_anterior").value == pytest.approx(21.0, abs=1.0)
    assert value(measured, "L3", "body_wedge").value == pytest.approx(-13.3, abs=2.0)
    assert value(measured, "L3-L4", "disc_height_index").value == pytest.approx(100 * 9 / 26, abs=4.0)


def test_the_lordosis_is_the_angle_from_the_first_body_to_the_sacrum() -> None:
    bodies = {"L1": Block(Label.VERTEBRA, 0, 60, 10, BODY_MM, BODY_MM)}
    discs = {"L5-S1": Block(Label.DISC, 0, -50, -30, DISC_MM, DISC_MM)}
    measured = measure_shape(segmentation_of([*bodies.values(), *discs.values()]), *levels_of(discs, bodies))
    lordosis = value(measured, "L1-S1", "lordosis")
    assert lordosis.value == pytest.approx(40.0, abs=2.0)
    assert lordosis.unit == "°"


def test_each_segment_has_its_own_angle_and_the_sacrum_counts_from_the_disc() -> None:
    bodies = {
        "L4": Block(Label.VERTEBRA, 0, 60, 5, BODY_MM, BODY_MM),
        "L5": Block(Label.VERTEBRA, 0, 15, -10, BODY_MM, BODY_MM),
    }
    discs = {
        "L4-L5": Block(Label.DISC, 0, 38, 0, DISC_MM, DISC_MM),
        "L5-S1": Block(Label.DISC, 0, -20, -30, DISC_MM, DISC_MM),
    }
    measured = measure_shape(segmentation_of([*bodies.values(), *discs.values()]), *levels_of(discs, bodies))
    assert value(measured, "L4-L5", "segment_angle").value == pytest.approx(15.0, abs=2.0)
    assert value(measured, "L5-S1", "segment_angle").value == pytest.approx(20.0, abs=2.0)
    alone = measure_shape(segmentation_of([*discs.values()]), *levels_of(discs, {}))
    assert value(alone, "L4-L5", "segment_angle").value is None


def test_what_is_not_seen_has_no_number() -> None:
    discs = {"L5-S1": Block(Label.DISC, 0, -50, -30, DISC_MM, DISC_MM)}
    measured = measure_shape(segmentation_of([]), *levels_of(discs, {}))
    assert {one.value for one in measured} == {None}
    assert all(one.notice for one in measured)
