"""Augmentation of disc crops: what must not change a network's answer."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.grading.discs import COLUMNS, ROWS

#: Largest rotation (radians), scaling (natural logarithm) and shifts (pixels, to the side and along the spine).
TURN, STRETCH, SHIFT = 0.17, 0.1, (5.0, 4.0)
#: Largest gamma (natural logarithm), shading from edge to edge and noise (both as shares of the intensity range).
CONTRAST, SHADE, NOISE = 0.35, (0.25, 0.15), 0.03
#: Probabilities that T1 or T2 is left out where both exist.
WITHOUT_T1, WITHOUT_T2 = 0.25, 0.1


def varied(images: Tensor, generator: torch.Generator) -> Tensor:
    """Crops out of images with a margin: shifted, rotated and scaled, with another contrast, shading and noise.

    images: (batch, 2, rows, columns), larger than a crop; both weightings of a disc are moved alike.
    Returns (batch, 2, ROWS, COLUMNS), each image about 0..1.
    """
    out = _cut(images, generator)
    low, high = out.amin(dim=(2, 3), keepdim=True), out.amax(dim=(2, 3), keepdim=True)
    out = ((out - low) / (high - low).clamp(min=1e-6)).clamp(min=1e-4)
    across, down = torch.linspace(-1, 1, COLUMNS), torch.linspace(-1, 1, ROWS)[:, None]
    shade = 1 + SHADE[0] * _drawn(generator, out, 1, 1, 1) * across + SHADE[1] * _drawn(generator, out, 1, 1, 1) * down
    out = out ** torch.exp(CONTRAST * _drawn(generator, out, 2, 1, 1)) * shade
    noise = torch.randn(out.shape, generator=generator) * NOISE
    return out + noise * _drawn(generator, out, 1, 1, 1).abs()


def _cut(images: Tensor, generator: torch.Generator) -> Tensor:
    rows, columns = images.shape[2:]
    turn, size = TURN * _drawn(generator, images), torch.exp(STRETCH * _drawn(generator, images, 2))
    # From the coordinates of the crop (-1..1) to those of the image that it is taken from.
    across, down = size[:, 0] * COLUMNS / columns, size[:, 1] * ROWS / rows
    shift_across, shift_along = (
        2 * pixels / extent * _drawn(generator, images) for pixels, extent in zip(SHIFT, (columns, rows), strict=True)
    )
    first = torch.stack([turn.cos() * across, -turn.sin() * down * rows / columns, shift_across], dim=1)
    second = torch.stack([turn.sin() * across * columns / rows, turn.cos() * down, shift_along], dim=1)
    grid = F.affine_grid(
        torch.stack([first, second], dim=1), [len(images), images.shape[1], ROWS, COLUMNS], align_corners=False
    )
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _drawn(generator: torch.Generator, images: Tensor, *shape: int) -> Tensor:
    """Numbers between -1 and 1, (batch, *shape)."""
    return torch.rand(len(images), *shape, generator=generator) * 2 - 1


def hidden(present: Tensor, generator: torch.Generator) -> Tensor:
    """Which weightings the network is given, (batch, 2): sometimes one of two is left out."""
    draws = torch.rand(len(present), generator=generator)
    both, mask = present.sum(dim=1) == 2, present.clone()
    mask[both & (draws < WITHOUT_T1), 1] = 0.0
    mask[both & (draws > 1 - WITHOUT_T2), 0] = 0.0
    return mask
