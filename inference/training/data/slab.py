"""A patient's sagittal stack on the network's grid: what training draws its samples from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.images import preprocess
from inference.models.unet import UNetConfig
from inference.types import FloatArray, Label, Segmentation, Volume

#: Stacks with a slice distance under this, mm, are thinned and averaged into thicker slices.
THIN_MM = 2.5
#: Stored value of an intensity of one: a byte holds 0 to 1.5.
BYTE_SCALE = 170.0


@dataclass(frozen=True)
class Slab:
    """Image in steps of 1 / `BYTE_SCALE`, and labels, ``[slice, row, column]``; affine (4, 4) to LPS mm.

    whole: whether the labels include the sacrum; SPIDER's do not.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    affine: FloatArray
    whole: bool = False

    @classmethod
    def of(cls, volume: Volume, truth: Segmentation) -> Slab:
        """Bring a volume and its labels to the network's grid; `whole` when there is sacrum among the labels."""
        prepared = preprocess.prepare(volume)
        labels, affine = preprocess.canonical(truth.labels, truth.affine)
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        zoom = (spacing[1] / preprocess.SPACING_MM, spacing[2] / preprocess.SPACING_MM)
        shape = (prepared.array.shape[1], prepared.array.shape[2])
        weights = [
            preprocess.resample_plane((labels == value).astype(np.float32), zoom, shape)
            for value in range(UNetConfig.classes)
        ]
        answer = np.argmax(weights, axis=0).astype(np.uint8)
        image = np.round(prepared.array.clip(0, 1.5) * BYTE_SCALE).astype(np.uint8)
        return cls(image, answer, prepared.affine, bool((labels == Label.SACRUM).any()))

    @property
    def step_mm(self) -> float:
        """Distance between slice centres."""
        return float(np.linalg.norm(self.affine[:3, 0]))

    def draw(self, rng: np.random.Generator, context: int) -> tuple[Tensor, Tensor]:
        """One training sample: (context, rows, columns) slices and the labels of the middle one.

        Thin slices are averaged and taken a random step apart, to imitate thick ones.
        """
        step = int(rng.integers(1, 5)) if self.step_mm < THIN_MM else 1
        thick = int(rng.integers(1, step + 1))
        count = self.image.shape[0]
        centre = int(rng.integers(0, count))
        images = []
        half = context // 2
        for offset in range(-half, half + 1):
            first = centre + offset * step - thick // 2
            index = np.clip(np.arange(first, first + thick), 0, count - 1)
            images.append(self.image[index].mean(axis=0, dtype=np.float32) / BYTE_SCALE)
        if rng.random() < 0.5:
            images.reverse()
        return torch.from_numpy(np.stack(images)), torch.from_numpy(self.labels[centre].astype(np.int64))


def collate(samples: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Pad to the largest sample and stack."""
    rows = max(image.shape[1] for image, _ in samples)
    columns = max(image.shape[2] for image, _ in samples)
    images = [F.pad(i, (0, columns - i.shape[2], 0, rows - i.shape[1])) for i, _ in samples]
    labels = [F.pad(t, (0, columns - t.shape[1], 0, rows - t.shape[0])) for _, t in samples]
    return torch.from_numpy(np.stack(images)), torch.stack(labels)
