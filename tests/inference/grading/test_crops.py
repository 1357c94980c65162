"""Cuts of a level lie where the disc's frame says, whatever way the images were planned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from inference.grading import crops
from inference.grading.crops import AxialImage
from inference.images import preprocess
from inference.images.geometry import apply, plane_grid
from inference.images.preprocess import Prepared
from inference.types import DiscLevel, FloatArray, Role, Slice, Volume

TURN = Rotation.from_euler("xyz", (20.0, 4.0, -6.0), degrees=True).as_matrix()
CENTRE = np.array([3.0, -12.0, 40.0])


def level() -> DiscLevel:
    """A disc that is turned against the scanner."""
    left, back, up = TURN.T
    return DiscLevel("L4-L5", CENTRE, up, -back, left, None, 36.0, 9.0)


def place(left: float, back: float, up: float) -> FloatArray:
    return CENTRE + TURN @ np.array([left, back, up])


def prepared(marked: FloatArray, slices: int = 17, step_mm: float = 4.0) -> Prepared:
    """A sagittal series with a bright ball of 5 mm around a point."""
    affine = np.array(
        [[step_mm, 0, 0, CENTRE[0] - step_mm * (slices - 1) / 2], [0, 0, 1, -50], [0, -1, 0, 95], [0, 0, 0, 1.0]]
    )
    index = np.stack(np.meshgrid(np.arange(slices), np.arange(110), np.arange(110), indexing="ij"), axis=-1)
    distance = np.linalg.norm(apply(affine, index.astype(float)) - marked, axis=-1)
    return preprocess.prepare(Volume((distance < 5).astype(np.float32), affine))


def axial(tilt_deg: float, height_mm: float, marked: tuple[float, float]) -> AxialImage:
    """An image near the disc, turned against it, of a bright rod along the disc's normal."""
    left, back, _ = (TURN @ Rotation.from_euler("x", tilt_deg, degrees=True).as_matrix()).T
    corner = place(-40, -20, height_mm)
    plane = Slice("1", corner, left, back, (0.5, 0.5), (160, 160))
    local = (plane_grid(plane) - CENTRE) @ TURN
    return AxialImage(plane, (np.hypot(local[..., 0] - marked[0], local[..., 1] - marked[1]) < 3).astype(np.float32))


def middle(image: FloatArray) -> FloatArray:
    """Centre of what is bright, as indices."""
    return np.array(np.nonzero(image > 0.6)).mean(axis=1)


def test_a_sagittal_cut_shows_a_point_where_the_discs_frame_says() -> None:
    found = crops.cut(level(), {Role.SAGITTAL_T2: prepared(place(20, 18, 9))}, ())
    expected = 6 + 20 / crops.PLANE_STEP_MM, (21 - 9) / crops.STEP_MM, (18 - 6) / crops.STEP_MM
    np.testing.assert_allclose(middle(found.sagittal[0]), expected, atol=1.0)
    assert found.made_from == (Role.SAGITTAL_T2,)
    assert not found.sagittal[1].any()


@pytest.mark.parametrize("tilt_deg", [-12.0, 0.0, 12.0])
def test_an_axial_cut_is_seen_along_the_discs_normal_however_the_image_is_angled(tilt_deg: float) -> None:
    found = crops.cut(level(), {}, [axial(tilt_deg, 2.0, (9.0, 20.0))])
    expected = (20 - crops.AXIAL_BEHIND_MM) / crops.STEP_MM, 9 / crops.STEP_MM + (crops.AXIAL_COLUMNS - 1) / 2
    np.testing.assert_allclose(middle(found.axial[0, 0]), expected, atol=1.0)
    rows = found.axial[0, 1, :, 32] * crops.HEIGHT_MM
    slope = (rows[-1] - rows[0]) / ((crops.AXIAL_ROWS - 1) * crops.STEP_MM)
    assert slope == pytest.approx(np.tan(np.deg2rad(tilt_deg)), abs=0.01)
    assert (found.images, found.made_from) == (1, (Role.AXIAL_T2,))


def test_only_the_nearest_images_are_cut() -> None:
    found = crops.cut(level(), {}, [axial(0.0, up, (0.0, 20.0)) for up in (0.0, 4.0, -4.0, 8.0)])
    assert found.images == crops.IMAGES
    np.testing.assert_allclose(found.axial[:, 1, 0, 0] * crops.HEIGHT_MM, (0.0, 4.0, -4.0), atol=0.01)


def test_nothing_is_made_from_nothing() -> None:
    found = crops.cut(level(), {}, ())
    assert (found.made_from, found.images, found.foramina) == ((), 0, (False, False))
    assert not found.sagittal.any()
    assert not found.axial.any()


def test_a_slab_that_is_too_narrow_does_not_reach_the_foramina() -> None:
    marked = place(0, 20, 0)
    wide, narrow = (crops.cut(level(), {Role.SAGITTAL_T2: prepared(marked, n)}, ()) for n in (17, 7))
    assert wide.foramina == (True, True)
    assert narrow.foramina == (False, False)


def test_thin_slices_are_averaged_to_thick_ones() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (20, 40, 40)).astype(np.float32)
    affine = np.array([[1.0, 0, 0, 0], [0, 0, 0.75, 0], [0, -0.75, 0, 0], [0, 0, 0, 1]])
    spread = {mm: crops.prepare(Volume(noise, affine @ np.diag([mm, 1, 1, 1]))).array.std() for mm in (1.0, 4.0)}
    assert spread[1.0] == pytest.approx(spread[4.0] / np.sqrt(3), rel=0.05)
