"""Foramina of blocks of bone whose height and fat are known, and of a simulated patient."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.measures.foramen import NO_BRIGHT_FAT, NO_LOWER_PEDICLE, NO_UPPER_PEDICLE, NOT_REACHED, measure_foramina
from inference.types import DiscLevel, FloatArray, Label, Measurement, Notice, Role, Segmentation, Volume

#: Slices every 3 mm to both sides, pixels of 1 mm: index [slice, row, column] to left, feet and back.
AFFINE = np.array([[3.0, 0, 0, -24.0], [0, 0, 1.0, -30.0], [0, -1.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (17, 80, 80)
HEIGHT_MM, FAT_MM2 = 24.0, 5.0 * 7.0


def places() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Left, back and up of every voxel, mm from the disc's middle."""
    index = np.indices(SHAPE)
    return 3.0 * index[0] - 24.0, index[2] - 30.0, 40.0 - index[1]


def between(value: FloatArray, low: float, high: float) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (value > low) & (value < high)
    return found


def bones(below: bool = True, above: bool = True) -> NDArray[np.uint8]:
    """Two bodies with a disc between them, and on both sides a pedicle and what lies behind the foramen."""
    left, back, up = places()
    labels = np.zeros(SHAPE, np.uint8)
    body, beside = between(back, -17.5, 17.5), between(np.abs(left), 8.0, 20.0)
    labels[body & between(np.abs(up), 4.0, 30.0)] = Label.VERTEBRA
    labels[body & between(up, -4.5, 4.5)] = Label.DISC
    labels[beside & between(back, 27.5, 33.5) & between(up, -10.0, 30.0)] = Label.VERTEBRA
    if above:
        labels[beside & between(back, 17.0, 28.0) & between(up, 11.5, 20.0)] = Label.VERTEBRA
    if below:
        labels[beside & between(back, 17.0, 28.0) & between(up, -20.0, -11.5)] = Label.VERTEBRA
    return labels


def image(labels: NDArray[np.uint8], fat: float) -> NDArray[np.float32]:
    """Marrow of 200, muscle of 60, and fat of 35 mm2 in the left foramen alone."""
    left, back, up = places()
    found = np.where(labels == Label.VERTEBRA, 200.0, 60.0)
    found[between(left, 8.0, 20.0) & between(back, 18.5, 23.5) & between(up, 1.5, 8.5)] = fat
    return found.astype(np.float32)


def disc(level: str = "L4-L5") -> DiscLevel:
    x, y, z = np.eye(3)
    return DiscLevel(level, np.zeros(3), z, -y, x, None, 35.0, 9.0)


def measured(
    labels: NDArray[np.uint8], images: dict[Role, NDArray[np.float32]], part: slice = slice(None)
) -> dict[str, Measurement]:
    affine = AFFINE.copy()
    affine[:3, 3] += AFFINE[:3, 0] * (part.start or 0)
    volumes = {role: Volume(one[part], affine) for role, one in images.items()}
    found = measure_foramina(Segmentation(labels[part], affine), [disc()], volumes)
    return {one.quantity: one for one in found}


def test_height_and_fat_of_a_foramen_are_measured_on_its_own_side() -> None:
    labels = bones()
    found = measured(labels, {Role.SAGITTAL_T2: image(labels, 60.0), Role.SAGITTAL_T1: image(labels, 300.0)})
    for side in ("left", "right"):
        assert found[f"foramen_height_{side}"].value == pytest.approx(HEIGHT_MM, abs=1.0)
    assert found["foramen_fat_left"].value == pytest.approx(FAT_MM2, rel=0.25)
    assert found["foramen_fat_right"].value == 0
    assert (found["foramen_fat_left"].unit, found["foramen_height_left"].unit) == ("mm²", "mm")


def test_without_t1_fat_is_told_on_t2_where_it_is_as_bright_as_marrow() -> None:
    labels = bones()

    def fat(role: Role) -> float | None:
        return measured(labels, {role: image(labels, 190.0)})["foramen_fat_left"].value

    # A pixel that is half fat is none: what is hardly brighter than the limit loses its edge.
    assert fat(Role.SAGITTAL_T2) == pytest.approx(FAT_MM2, rel=0.45)
    assert fat(Role.SAGITTAL_T1) == 0


def test_what_is_not_seen_is_not_measured_and_says_why() -> None:
    def notices(labels: NDArray[np.uint8], part: slice = slice(None)) -> tuple[Notice | None, Notice | None]:
        found = measured(labels, {Role.SAGITTAL_T1: image(labels, 300.0)}, part)
        assert all((one.value is None) == bool(one.notice) for one in found.values())
        return found["foramen_height_left"].notice, found["foramen_fat_left"].notice

    assert notices(bones(), slice(5, 12)) == (NOT_REACHED, NOT_REACHED)
    assert notices(bones(above=False)) == (NO_UPPER_PEDICLE, NO_UPPER_PEDICLE)
    assert notices(bones(below=False)) == (NO_LOWER_PEDICLE, None)
    assert notices(np.zeros_like(bones())) == (NO_UPPER_PEDICLE, NO_UPPER_PEDICLE)


def test_only_lumbar_levels_have_foramina_to_measure() -> None:
    labels = bones()
    segmentation, volume = Segmentation(labels, AFFINE), Volume(image(labels, 300.0), AFFINE)
    assert not measure_foramina(segmentation, [disc("T12-L1")], {Role.SAGITTAL_T1: volume})


def test_fat_is_not_measured_where_no_series_shows_it_and_the_height_is() -> None:
    found = measured(bones(), {})
    assert found["foramen_height_left"].value == pytest.approx(HEIGHT_MM, abs=1.0)
    assert (found["foramen_fat_left"].value, found["foramen_fat_left"].notice) == (None, NO_BRIGHT_FAT)
