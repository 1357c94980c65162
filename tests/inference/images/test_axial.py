"""Axial images go to the disc that they pass through, by geometry alone."""

from __future__ import annotations

import numpy as np

from inference.images.axial import assign
from inference.types import DiscLevel, Slice


def disc(level: str, z: float, tilt_deg: float = 0.0) -> DiscLevel:
    angle = np.deg2rad(tilt_deg)
    up = np.array([0.0, -np.sin(angle), np.cos(angle)])
    anterior = np.array([0.0, -np.cos(angle), -np.sin(angle)])
    return DiscLevel(level, np.array([0.0, 0.0, z]), up, anterior, np.cross(up, anterior), None, 35.0, 8.0)


def image(uid: str, z: float, tilt_deg: float = 0.0, x: float = -90.0) -> Slice:
    angle = np.deg2rad(tilt_deg)
    down = np.array([0.0, np.cos(angle), np.sin(angle)])
    origin = np.array([x, 0.0, z]) - 90.0 * down
    return Slice(uid, origin, np.array([1.0, 0, 0]), down, (0.6, 0.6), (300, 300), 4.0)


def test_the_nearest_image_comes_first() -> None:
    planes = [image("a", 3.0), image("b", -1.0), image("c", 40.0)]
    (assigned,) = assign([disc("L4-L5", 0.0)], planes, "s")
    assert (assigned.level, assigned.series_instance_uid, assigned.sop_instance_uids) == ("L4-L5", "s", ("b", "a"))


def test_a_disc_without_an_image_is_left_out() -> None:
    assigned = assign([disc("L1-L2", 120.0), disc("L4-L5", 0.0)], [image("a", 0.0)], "s")
    assert [slices.level for slices in assigned] == ["L4-L5"]


def test_an_image_along_the_disc_is_taken_and_one_across_it_is_not() -> None:
    tilted = [disc("L5-S1", 0.0, tilt_deg=35.0)]
    assert assign(tilted, [image("along", 0.0, tilt_deg=35.0)], "s")
    assert not assign(tilted, [image("across", 0.0, tilt_deg=-15.0)], "s")


def test_an_image_beside_the_disc_is_not_taken() -> None:
    assert not assign([disc("L4-L5", 0.0)], [image("beside", 0.0, x=60.0)], "s")
