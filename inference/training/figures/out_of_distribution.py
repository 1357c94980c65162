"""How often a grader marks images as out of distribution: of clean patients, and of spoilt ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.grading.crops import PLANE_STEP_MM, STEP_MM
from inference.models import registry
from inference.models.gradenet import GradeNet, Inputs
from inference.models.out_of_distribution import SERIES
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import Group
from inference.training.learn import out_of_distribution

SEED = 73
#: Pixels of the square that blurring averages.
BLUR = 5


def _images(x: Inputs, change: Callable[[Tensor], Tensor]) -> Inputs:
    """All images changed, heights of axial ones not. change: function of (..., rows, columns)."""
    return replace(
        x, sagittal=change(x.sagittal), axial=torch.cat([change(x.axial[:, :, :1]), x.axial[:, :, 1:]], dim=2)
    )


def _noise(strength: float) -> Callable[[Inputs], Inputs]:
    generator = torch.Generator().manual_seed(SEED)
    return lambda x: _images(x, lambda image: image + strength * torch.randn(image.shape, generator=generator))


def _down(mm: float) -> Callable[[Inputs], Inputs]:
    """Shifted by `mm`: sagittal images to the feet, axial ones to the back."""
    return lambda x: _images(x, lambda image: image.roll(round(mm / STEP_MM), -2))


def _aside(mm: float) -> Callable[[Inputs], Inputs]:
    return lambda x: replace(
        x, sagittal=x.sagittal.roll(round(mm / PLANE_STEP_MM), 2), axial=x.axial.roll(round(mm / STEP_MM), 4)
    )


def _blurred(image: Tensor) -> Tensor:
    flat = image.reshape(-1, 1, *image.shape[-2:])
    return F.avg_pool2d(flat, BLUR, stride=1, padding=BLUR // 2).reshape(image.shape)


def _larger(image: Tensor) -> Tensor:
    """By one half, around the middle."""
    rows, columns = image.shape[-2:]
    big = F.interpolate(image.reshape(-1, 1, rows, columns), scale_factor=1.5, mode="bilinear")
    top, left = (big.shape[2] - rows) // 2, (big.shape[3] - columns) // 2
    return big[..., top : top + rows, left : left + columns].reshape(image.shape)


#: Changes of all images of a level. Intensities lie between 0 and 1.
CHANGES: dict[str, Callable[[Inputs], Inputs]] = {
    "nothing": lambda x: x,
    "as another scanner (as in training)": out_of_distribution.as_varied(SEED),
    "noise of 0.1": _noise(0.1),
    "noise of 0.2": _noise(0.2),
    "noise of 0.4": _noise(0.4),
    "T1 and T2 exchanged": lambda x: replace(x, sagittal=x.sagittal.flip(1)),
    "inverted": lambda x: _images(x, lambda image: (1 - image).clamp(min=0)),
    "10 mm off, down or back": _down(10),
    "20 mm off, down or back": _down(20),
    "12 mm off to the side": _aside(12),
    "upside down": lambda x: _images(x, lambda image: image.flip(-2)),
    "larger by one half": lambda x: _images(x, _larger),
    "blurred over 3.75 mm": lambda x: _images(x, _blurred),
}


def markdown(rendered: Path, group: Group, weights: Path | None = None) -> str:
    """A table: for each change the share of levels marked, by series and by any. Raises ValueError without patients."""
    model = registry.load_folder(weights, "grade") if weights else registry.load("grade")
    network: GradeNet = model.network
    if not network.familiar.known:
        raise ValueError(
            f"Grader {model.version} has no out-of-distribution detector: see `train grade-out-of-distribution`."
        )
    levels = grade_cuts.load(rendered, group)
    lines = [
        f"Grader {model.version}, {len(np.unique(levels.seed))} simulated patients to {group}, {len(levels)} levels.",
        "",
        "| change of the images | " + " | ".join(series.replace("_", " ") for series in SERIES) + " | any |",
        "|" + "---|" * (len(SERIES) + 2),
    ]
    for name, change in CHANGES.items():
        flagged = torch.cat([network.unlike(x) for x in out_of_distribution.batches(levels, change)])
        rates = [*flagged.float().mean(dim=0).tolist(), float(flagged.any(dim=1).float().mean())]
        lines.append(f"| {name} | " + " | ".join(f"{100 * share:.1f} %" for share in rates) + " |")
    return "\n".join(lines)
