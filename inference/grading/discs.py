"""Sagittal volumes and named discs -> what each disc looks like, by `inference.models.discnet`.

A disc is cut out in its own frame, with its endplates, a part of both bodies and the canal behind it, from the slices
nearest to its centre; T1 is cut in the same places as T2, and either may be missing. Small networks look at the
picture, lines go through what `disc_measures` measures in it; their answers are averaged, and the slices' too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from inference.grading.disc_measures import measures
from inference.images import geometry
from inference.models import registry
from inference.models.discnet import DiscEnsemble
from inference.types import (
    LEVELS,
    DiscFinding,
    DiscLevel,
    DiscQuestion,
    FloatArray,
    Label,
    ModelMark,
    Role,
    Segmentation,
    Volume,
)

#: A cut's rows (head to feet) and columns (front to back), and the distance between them.
ROWS, COLUMNS, SPACING_MM = 40, 56, 1.0
#: The cut's middle lies so far behind the disc's, so that the canal is in it.
BEHIND_MM = 5.0
#: Slices so far to either side of the disc's centre are looked at, and at most one to each side.
NEAR_MM = 6.0
#: Pictures are cut so much wider, in pixels to each side: for what is measured, and to be moved and turned in training.
MARGIN = 8
#: More pixels than smoothing reaches.
AROUND = 6
#: What the network can look at, in the order of its channels.
ROLES = (Role.SAGITTAL_T2, Role.SAGITTAL_T1)
#: The lowest value of a question's answers; 0 where it is not here.
FIRST = {DiscQuestion.PFIRRMANN: 1}


@dataclass(frozen=True)
class DiscModel:
    """The network with its card, in evaluation mode on the CPU."""

    network: DiscEnsemble
    card: dict[str, Any]

    @property
    def cuts(self) -> dict[DiscQuestion, float]:
        """From which probability on a finding is told."""
        return {DiscQuestion(name): float(cut) for name, cut in self.card["told_from"].items()}

    @property
    def mark(self) -> ModelMark:
        """Name, version and hash."""
        return ModelMark(self.card["name"], self.card["version"], self.card["sha256"])


def load(
    weights_root: Path = registry.WEIGHTS, chosen: registry.Choice = registry.SHIPPED, models_root: Path | None = None
) -> DiscModel:
    """The shipped network, or the version `chosen` of those below `models_root`. Raises as `registry.load` does."""
    model = registry.load(
        "discs", weights_root=weights_root, version=chosen.version, sha256=chosen.sha256, models_root=models_root
    )
    return DiscModel(model.network, model.card)


@dataclass(frozen=True)
class Cuts:
    """A disc in one or more planes, with `MARGIN` around a cut.

    images: float32 (planes, 2, rows, columns). present: bool (planes, 2). labels: uint8 (planes, rows, columns).
    asides_mm: how far each plane lies to the left of the disc's centre.
    """

    images: NDArray[np.float32]
    present: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    asides_mm: tuple[float, ...]

    @property
    def made_from(self) -> tuple[Role, ...]:
        """Roles of the series that show the disc."""
        return tuple(role for channel, role in enumerate(ROLES) if self.present[:, channel].any())


Shown = tuple[tuple[DiscLevel, Cuts], ...]


def shown(volumes: Mapping[Role, Volume], segmentation: Segmentation, discs: Sequence[DiscLevel]) -> Shown:
    """The discs that an image shows, with their cuts.

    volumes: sagittal ones, in the frame of reference that `segmentation` and `discs` are in.
    """
    cuts = [(disc, around(volumes, segmentation, disc)) for disc in discs]
    return tuple((disc, one) for disc, one in cuts if one is not None)


def find(model: DiscModel, discs: Shown) -> tuple[DiscFinding, ...]:
    """Every question answered for every disc that is shown."""
    out: list[DiscFinding] = []
    for disc, cuts in discs:
        out += _answers(model, disc.level, _ask(model, cuts, disc.level), cuts.made_from)
    return tuple(out)


def around(volumes: Mapping[Role, Volume], segmentation: Segmentation, disc: DiscLevel) -> Cuts | None:
    """The disc in the slices nearest to its centre; None where no image shows it."""
    lead = next((volumes[role] for role in ROLES if role in volumes), None)
    if lead is None:
        return None
    step = float(lead.spacing_mm[0])
    planes = {}
    for aside in (-step, 0.0, step) if step < NEAR_MM else (0.0,):
        seen = [cut(volumes[role], disc, aside, MARGIN) if role in volumes else None for role in ROLES]
        if any(image is not None for image in seen):
            planes[aside] = seen
    if not planes:
        return None
    blank = np.zeros((ROWS + 2 * MARGIN, COLUMNS + 2 * MARGIN), np.float32)
    return Cuts(
        np.array([[blank if image is None else image for image in seen] for seen in planes.values()]),
        np.array([[image is not None for image in seen] for seen in planes.values()]),
        np.array([labels_around(segmentation, disc, aside) for aside in planes]),
        tuple(planes),
    )


def labels_around(segmentation: Segmentation, disc: DiscLevel, aside_mm: float = 0.0) -> NDArray[np.uint8]:
    """What lies in a plane of the disc, (rows, columns) with `MARGIN` around a cut."""
    return geometry.sample_labels(segmentation, places(disc, aside_mm, MARGIN), tuple(Label)[1:])


def inside(pictures: Tensor) -> Tensor:
    """Pictures without their margin."""
    return pictures[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def cut(volume: Volume, disc: DiscLevel, aside_mm: float = 0.0, margin: int = 0) -> NDArray[np.float32] | None:
    """The disc in the slice nearest to a plane of its own, float32 (rows, columns), scanner intensity.

    aside_mm: how far the plane lies to the left of the disc's centre. margin: further rows and columns on each side.
    None when the volume has no slice there. Beyond the image its edge goes on.
    """
    index = geometry.apply(geometry.inverse(volume.affine), places(disc, aside_mm, margin))
    number = round(float(index[..., 0].mean()))
    if not 0 <= number < len(volume.array):
        return None
    near, box = _near(index[..., 1:], volume.array.shape[1:])
    image = _softened(volume.array[number][box], volume.spacing_mm)
    return np.asarray(ndimage.map_coordinates(image, np.moveaxis(near, -1, 0), order=1, mode="nearest"))


def _near(index: FloatArray, shape: tuple[int, ...]) -> tuple[FloatArray, tuple[slice, slice]]:
    """A part of a slice that holds all the pixels asked for and some around them, and their indices (..., 2) in it."""
    lowest, highest = index.min(axis=(0, 1)), index.max(axis=(0, 1))
    first = [int(np.clip(np.floor(low) - AROUND, 0, size - 1)) for low, size in zip(lowest, shape, strict=True)]
    last = [int(np.clip(np.ceil(high) + AROUND, 0, size - 1)) for high, size in zip(highest, shape, strict=True)]
    return index - first, (slice(first[0], last[0] + 1), slice(first[1], last[1] + 1))


def places(disc: DiscLevel, aside_mm: float = 0.0, margin: int = 0) -> FloatArray:
    """LPS mm of a cut's pixels, (rows, columns, 3); see `cut`."""
    down = (np.arange(ROWS + 2 * margin) - (ROWS + 2 * margin - 1) / 2) * SPACING_MM
    back = (np.arange(COLUMNS + 2 * margin) - (COLUMNS + 2 * margin - 1) / 2) * SPACING_MM + BEHIND_MM
    middle = disc.centre_mm + aside_mm * disc.left
    return np.asarray(middle - down[:, None, None] * disc.up - back[None, :, None] * disc.anterior)


def _softened(image: NDArray[np.float32], spacing_mm: FloatArray) -> NDArray[np.float32]:
    """A slice without what is finer than the cut's pixels, as `preprocess.resample_plane` smooths."""
    sigma = [0.4 * max(0.0, SPACING_MM / float(size) - 1) for size in spacing_mm[1:]]
    return np.asarray(ndimage.gaussian_filter(image, sigma, mode="nearest"), dtype=np.float32)


def _ask(model: DiscModel, cuts: Cuts, level: str) -> list[FloatArray]:
    """Probabilities of each question's answers, the mean over the planes."""
    measured = [measures(*one) for one in zip(cuts.images, cuts.present, cuts.labels, strict=True)]
    place = torch.full((len(cuts.images),), LEVELS.index(level))
    present = torch.from_numpy(cuts.present).float()
    with torch.inference_mode():
        told = model.network(
            inside(torch.from_numpy(cuts.images)), present, place, torch.tensor(measured, dtype=torch.float32)
        )
    return [chance.mean(dim=0).double().numpy() for chance in told]


def _answers(
    model: DiscModel, level: str, told: Sequence[FloatArray], made_from: tuple[Role, ...]
) -> list[DiscFinding]:
    out = []
    for question, chance in zip(DiscQuestion, told, strict=True):
        answer = decide(chance, model.cuts.get(question))
        value = answer + FIRST.get(question, 0)
        out.append(DiscFinding(level, question, value, round(float(chance[answer]), 3), made_from))
    return out


def decide(chance: FloatArray, told_from: float | None) -> int:
    """Which answer is given, counted from 0.

    With `told_from`: the likeliest finding where that there is one is so likely, else none (0). Without: the middle
    of the distribution, above and below which the truth lies equally likely.
    """
    if told_from is None:
        return int(np.searchsorted(chance.cumsum(), 0.5 * chance.sum()))
    return 1 + int(np.argmax(chance[1:])) if 1 - chance[0] >= told_from else 0
