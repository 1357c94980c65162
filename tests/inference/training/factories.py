"""Small things to learn from, whose answers can be seen."""

from __future__ import annotations

import numpy as np

from inference.grading import crops
from inference.grading.discs import COLUMNS, MARGIN, ROWS
from inference.training.data import grade_cuts
from inference.training.data.disc_cases import Cases
from inference.training.data.grade_cuts import Levels
from inference.training.data.grade_samples import UNSAID
from inference.training.learn.disc_loss import ANSWERS
from inference.types import Label


def levels(count: int, seed: int = 1) -> Levels:
    """Levels whose grade is how bright they are; the right side is darker."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, (count, 5)).astype(np.int8)
    bright = (60 + 50 * truth[:, 0]).astype(np.uint8)
    shape = (count, grade_cuts.VARIANTS)
    sagittal = np.zeros((*shape, 2, crops.PLANES, crops.ROWS, crops.COLUMNS), np.uint8)
    sagittal += bright[:, None, None, None, None, None]
    axial = np.zeros((*shape, crops.IMAGES, crops.AXIAL_ROWS, crops.AXIAL_COLUMNS), np.uint8)
    return Levels(
        sagittal=sagittal,
        axial=axial + bright[:, None, None, None, None],
        height=np.zeros(axial.shape, np.float16),
        images=np.full(shape, crops.IMAGES),
        series=np.ones((*shape, 2), np.uint8),
        sizes=np.tile([12.0, 140.0, 9.0, 26.0, 26.0, 50.0, 50.0], (count, 1)),
        exact=np.ones(count, np.uint8),
        truth=truth,
        report=np.full((count, 5), UNSAID, np.int8),
        seed=np.arange(count) // 5,
    )


def cases(count: int = 48, seed: int = 0) -> Cases:
    """Discs that are the darker the higher their grade, and narrowed where they are thin; 3 of each patient."""
    rng = np.random.default_rng(seed)
    answers = np.zeros((count, len(ANSWERS)), np.int64)
    answers[:, 0], answers[:, 1] = np.arange(count) % 5, rng.integers(2, size=count)
    labels = np.zeros((count, ROWS + 2 * MARGIN, COLUMNS + 2 * MARGIN), np.uint8)
    middle = labels.shape[1] // 2
    labels[:, :, 10:46], labels[:, :, 50:62] = Label.VERTEBRA, Label.CANAL
    for one, narrowed in zip(labels, answers[:, 1], strict=True):
        tall = 3 if narrowed else 6
        one[middle - tall : middle + tall, 10:46] = Label.DISC
    image = np.choose(labels, [0.1, 0.4, 0.0, 1.0, 0.0]) + rng.normal(0, 0.03, labels.shape)
    image += (labels == Label.DISC) * (0.9 - 0.2 * answers[:, 0])[:, None, None]
    images = np.stack([image, np.zeros_like(image)], axis=1).astype(np.float32)
    return Cases(
        patient=np.arange(count) // 3,
        place=np.arange(count) % 6,
        images=images,
        present=np.tile([True, False], (count, 1)),
        labels=labels,
        answers=answers,
    )
