"""A disc in sagittal images that are easy to reckon with, and a network that was never trained."""

from __future__ import annotations

import numpy as np
import torch

from inference.grading.discs import DiscModel
from inference.models.discnet import DiscEnsemble, DiscNetConfig
from inference.training.learn.disc_loss import ANSWERS
from inference.types import DiscLevel, DiscQuestion, FloatArray, Segmentation, Volume

X, Y, Z = np.eye(3)
CONFIG = DiscNetConfig(ANSWERS, tuple(q is DiscQuestion.PFIRRMANN for q in DiscQuestion), widths=(4, 4), members=2)
CARD = {
    "name": "discs",
    "version": "1",
    "network": CONFIG.to_dict(),
    "questions": list(DiscQuestion),
    "told_from": {"modic": 0.3},
}


def sagittal(slices: int = 5, of: FloatArray = Y) -> Volume:
    """Slices 4 mm apart whose intensity grows by 1 a mm along `of`."""
    affine = np.array([[4.0, 0, 0, -8.0], [0, 0, 0.5, -60.0], [0, -0.5, 0, 60.0], [0, 0, 0, 1.0]])
    index = np.stack(np.meshgrid(*(np.arange(n) for n in (slices, 240, 240)), indexing="ij"), axis=-1)
    return Volume(((index @ affine[:3, :3].T + affine[:3, 3]) @ of).astype(np.float32), affine)


def disc(level: str = "L4-L5", degrees: float = 0.0) -> DiscLevel:
    """A disc at the middle of `sagittal`, tilted to the front."""
    turn = np.deg2rad(degrees)
    up, anterior = Z * np.cos(turn) - Y * np.sin(turn), -Y * np.cos(turn) - Z * np.sin(turn)
    return DiscLevel(level, np.array([0.5, 3.0, 2.0]), up, anterior, X, None, 34.0, 9.0)


def labels(volume: Volume) -> Segmentation:
    """A disc between two bodies, in front of a canal, in all slices of `sagittal`."""
    found = np.zeros(volume.array.shape, np.uint8)
    found[:, 40:200, 80:150], found[:, 106:126, 80:150], found[:, 40:200, 156:180] = 1, 2, 3
    return Segmentation(found, volume.affine)


def model(told_from: float = 0.5) -> DiscModel:
    torch.manual_seed(3)
    cuts = {q.value: told_from for q in DiscQuestion if q is not DiscQuestion.PFIRRMANN}
    return DiscModel(DiscEnsemble(CONFIG).eval(), {"told_from": cuts})
