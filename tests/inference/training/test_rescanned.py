"""A changed volume shows every point of the patient where it says that it went."""

from __future__ import annotations

import numpy as np
import pytest

from inference.images import geometry
from inference.training.data import rescanned
from inference.types import Volume

AFFINE = np.array([[4.0, 0, 0, -20], [0, 0, 0.8, -30], [0, -0.8, 0, 40], [0, 0, 0, 1.0]])
#: Middle of a bright ball near the middle of the volume, as index.
BALL = np.array([4.0, 50.0, 38.0])


@pytest.fixture
def volume() -> Volume:
    index = np.moveaxis(np.indices((9, 100, 80)), 0, -1)
    distance = np.linalg.norm((index - BALL) * (4.0, 0.8, 0.8), axis=-1)
    return Volume(np.where(distance < 6, 100.0, 10.0).astype(np.float32), AFFINE)


@pytest.mark.parametrize("name", rescanned.CHANGES)
def test_the_ball_is_where_the_change_says_it_went(name: str, volume: Volume) -> None:
    changed = rescanned.CHANGES[name](volume, np.random.default_rng(0))
    bright = np.argwhere(changed.volume.array > 0.6 * changed.volume.array.max())
    middle = geometry.apply(changed.volume.affine, bright.astype(float)).mean(axis=0)
    expected = geometry.apply(changed.moved, geometry.apply(AFFINE, BALL))
    assert np.linalg.norm(middle - expected) < 1.0
