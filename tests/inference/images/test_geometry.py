"""Arrays keep their place in the patient through every step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from inference.images import geometry, preprocess
from inference.spine.segment import _onto
from inference.types import Plane, Segmentation, Slice, Volume


def random_affine(seed: int, order: tuple[int, int, int], signs: tuple[int, int, int]) -> np.ndarray:
    """An affine up to 15 degrees off the patient's axes, with permuted and flipped array axes."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(np.eye(3) + 0.1 * rng.standard_normal((3, 3)))
    turn *= np.sign(np.diag(turn))
    affine = np.eye(4)
    affine[:3, :3] = (turn * np.array(signs))[:, order] * rng.uniform(0.4, 4.0, 3)
    affine[:3, 3] = rng.uniform(-80, 80, 3)
    return affine


ORDERS = st.permutations([0, 1, 2]).map(tuple)
SIGNS = st.tuples(*[st.sampled_from([-1, 1])] * 3)


@given(st.integers(0, 10_000), ORDERS, SIGNS)
def test_canonical_moves_no_voxel_in_the_patient(
    seed: int, order: tuple[int, int, int], signs: tuple[int, int, int]
) -> None:
    affine = random_affine(seed, order, signs)
    array = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    turned, moved = preprocess.canonical(array, affine)
    for value in (0, 17, 63, 119):
        before = geometry.apply(affine, np.argwhere(array == value)[0].astype(float))
        after = geometry.apply(moved, np.argwhere(turned == value)[0].astype(float))
        assert np.allclose(before, after)
    assert moved[0, 0] > 0  # slices to the left
    assert moved[2, 1] < 0  # rows to the feet
    assert moved[1, 2] > 0  # columns to the back


@given(st.integers(0, 10_000), ORDERS, SIGNS)
def test_labels_come_back_onto_the_grid_they_were_made_from(
    seed: int, order: tuple[int, int, int], signs: tuple[int, int, int]
) -> None:
    affine = random_affine(seed, order, signs)
    labels = np.random.default_rng(seed).integers(0, 4, (3, 4, 5)).astype(np.uint8)
    turned, moved = preprocess.canonical(labels, affine)
    back = _onto(np.asarray(turned, dtype=np.uint8), moved, Volume(labels.astype(np.float32), affine))
    assert np.array_equal(back, labels)


def test_resampling_keeps_the_place_of_an_edge() -> None:
    array = np.zeros((3, 40, 60), dtype=np.float32)
    array[:, 20:, :] = 1.0
    affine = np.array([[4.0, 0, 0, 0], [0, 0, 0.5, 0], [0, -0.6, 0, 0], [0, 0, 0, 1.0]])
    prepared = preprocess.prepare(Volume(array, affine))
    column = prepared.array[1, :, 10]
    row = float(np.interp(0.5, (column - column.min()) / np.ptp(column), np.arange(len(column))))
    edge = geometry.apply(prepared.affine, np.array([1.0, row, 10.0]))
    assert edge[2] == pytest.approx(-19.5 * 0.6, abs=0.2)


def test_a_projected_label_lies_where_it_lay_in_the_volume() -> None:
    labels = np.zeros((9, 30, 30), dtype=np.uint8)
    labels[3:6, 10:20, 12:18] = 3
    affine = np.diag([4.0, 1.0, 1.0, 1.0])
    plane = Slice("1", np.array([0.0, 14.0, 0.0]), np.array([0.0, 0, 1]), np.array([1.0, 0, 0]), (1.0, 1.0), (36, 30))
    seen = geometry.project_labels(Segmentation(labels, affine), plane)
    rows, columns = np.nonzero(seen == 3)
    assert (rows.min(), rows.max()) == (10, 22)  # 2.5 and 5.5 slices of 4 mm
    assert (columns.min(), columns.max()) == (12, 17)


def test_outside_the_grid_everything_is_background() -> None:
    segmentation = Segmentation(np.full((2, 2, 2), 3, dtype=np.uint8), np.eye(4))
    assert geometry.sample_labels(segmentation, np.array([[9.0, 9, 9], [0.5, 0.5, 0.5]]), (3,)).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("normal", "plane"),
    [
        ((1.0, 0.1, 0.0), Plane.SAGITTAL),
        ((0.0, -1.0, 0.2), Plane.CORONAL),
        ((0.0, 0.5, -0.86), Plane.AXIAL),
        ((0.58, 0.58, 0.58), Plane.OBLIQUE),
    ],
)
def test_planes_are_named_by_their_normal(normal: tuple[float, float, float], plane: Plane) -> None:
    assert geometry.plane_of(geometry.unit(np.array(normal))) is plane


def test_a_zero_vector_has_no_direction() -> None:
    with pytest.raises(ValueError, match="direction"):
        geometry.unit(np.zeros(3))


def lying_on(affine: np.ndarray, number: float, shape: tuple[int, int]) -> Slice:
    """The plane whose pixels are the voxels of one slice of a grid."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    across, down = affine[:3, 2] / spacing[2], affine[:3, 1] / spacing[1]
    origin = geometry.apply(affine, np.array([number, 0.0, 0.0]))
    return Slice("", origin, across, down, (float(spacing[1]), float(spacing[2])), shape)


def blobs(seed: int, affine: np.ndarray) -> Segmentation:
    """Five classes in pieces, some at the edges of the grid, one class absent."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((5, 6, 24, 20)), (0, 1, 2, 2))
    labels = np.argmax(noise, axis=0).astype(np.uint8)
    labels[labels == 2] = 0
    return Segmentation(labels, affine)


def sampled_everywhere(segmentation: Segmentation, points: np.ndarray) -> np.ndarray:
    """What `sample_labels` promises, with every class asked at every point."""
    index = np.moveaxis(geometry.apply(geometry.inverse(segmentation.affine), points), -1, 0)
    weights = [np.full(points.shape[:-1], 0.5 - 1e-6, dtype=np.float32)]
    for value in (1, 2, 3, 4):
        mask = (segmentation.labels == value).astype(np.float32)
        weights.append(ndimage.map_coordinates(mask, index, order=1, mode="grid-constant", output=np.float32))
    return np.argmax(weights, axis=0)


@given(st.integers(0, 10_000), ORDERS, SIGNS, st.sampled_from([(-1.5, 25.0), (-1.5, 6.0), (9.0, 15.0), (19.0, 25.0)]))
def test_labels_are_sampled_as_if_every_class_were_asked_at_every_point(
    seed: int, order: tuple[int, int, int], signs: tuple[int, int, int], ends: tuple[float, float]
) -> None:
    segmentation = blobs(seed, random_affine(seed, order, signs))
    index = np.random.default_rng(seed).uniform(*ends, (40, 30, 3)) * (0.3, 1.0, 0.9)
    points = geometry.apply(segmentation.affine, index)
    sampled = geometry.sample_labels(segmentation, points, (1, 2, 3, 4))
    assert np.array_equal(sampled, sampled_everywhere(segmentation, points))
    if ends == (-1.5, 25.0):
        assert sampled.any()


@given(st.integers(0, 10_000), st.integers(-1, 6), st.floats(-0.3, 0.3))
def test_a_plane_on_or_near_the_grid_shows_what_sampling_would(seed: int, number: int, off: float) -> None:
    segmentation = blobs(seed, random_affine(seed, (0, 1, 2), (1, 1, 1)))
    plane = lying_on(segmentation.affine, number + off, (24, 20))
    projected = geometry.project_labels(segmentation, plane)
    assert np.array_equal(projected, sampled_everywhere(segmentation, geometry.plane_grid(plane)))
    if off == 0 and 0 <= number < 6:
        assert np.array_equal(projected, segmentation.labels[number])


def test_a_plane_beside_the_grid_or_of_another_size_is_not_taken_for_a_slice_of_it() -> None:
    segmentation = blobs(4, np.diag([4.0, 1.0, 1.0, 1.0]))
    assert not geometry.project_labels(segmentation, lying_on(segmentation.affine, -1, (24, 20))).any()
    assert not geometry.project_labels(segmentation, lying_on(segmentation.affine, 6, (24, 20))).any()
    larger = geometry.project_labels(segmentation, lying_on(segmentation.affine, 2, (30, 20)))
    assert np.array_equal(larger[:24], segmentation.labels[2])
    assert not larger[25:].any()
