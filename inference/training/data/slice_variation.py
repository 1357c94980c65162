"""Augmentation of training slices: differences between scanners and patients.

All on a batch of (batch, context, rows, columns) tensors with labels (batch,
rows, columns), driven by one torch generator so that a seed repeats a run.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.training.data import ignored_pixels
from inference.types import Label


def _uniform(count: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    return torch.rand(count, generator=rng) * (high - low) + low


def place(image: Tensor, label: Tensor, size: tuple[int, int], rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random rotation (+-20 deg), scale, stretch and shift, cut to `size` rows and columns."""
    batch, _, rows, columns = image.shape
    angle = _uniform(batch, -0.35, 0.35, rng)
    scale = torch.exp(_uniform(batch, -0.3, 0.3, rng))
    stretch = torch.exp(_uniform(batch, -0.1, 0.1, rng))
    across, down = size[1] / columns * scale * stretch, size[0] / rows * scale / stretch
    theta = torch.zeros(batch, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * across, -torch.sin(angle) * down * rows / columns
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) * across * columns / rows, torch.cos(angle) * down
    theta[:, :, 2] = torch.stack([_uniform(batch, -0.3, 0.3, rng), _uniform(batch, -0.35, 0.35, rng)], dim=1)
    grid = F.affine_grid(theta, [batch, 1, *size], align_corners=False)
    moved = F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    answer = F.grid_sample(label[:, None].float(), grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return moved, answer[:, 0].long()


def _smooth_field(batch: int, size: tuple[int, int], cells: int, rng: torch.Generator) -> Tensor:
    coarse = torch.randn(batch, 1, cells, cells, generator=rng)
    return F.interpolate(coarse, size=size, mode="bicubic", align_corners=False)


def vary(image: Tensor, label: Tensor, size: tuple[int, int], rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """All augmentation in turn; returns `size` rows and columns."""
    image, label = place(image, label, size, rng)
    image = shade(sharpen(grain(tint(image, label, rng), rng), rng), rng)
    image, label = cut_view(image, label, rng)
    return renormalise(image), label


def tint(image: Tensor, label: Tensor, rng: torch.Generator) -> Tensor:
    """Each class lighter or darker in its own way in half of the samples: contrast differs with sequence and age."""
    batch = len(image)
    gain = torch.exp(0.25 * torch.randn(batch, 8, generator=rng) * (torch.rand(batch, 1, generator=rng) < 0.5))
    gain[:, 0] = gain[:, ignored_pixels.NOT_CANAL] = 1
    gain[:, ignored_pixels.ANYTHING] = gain[:, Label.CANAL]
    change = torch.gather(gain, 1, label.flatten(1)).view(batch, 1, *label.shape[1:])
    return image * F.avg_pool2d(change, 3, stride=1, padding=1, count_include_pad=False)


def grain(image: Tensor, rng: torch.Generator) -> Tensor:
    """Texture of marrow and fat that grows with the signal: spots of two pixels and more."""
    batch, _, rows, columns = image.shape
    strength = _uniform(batch, 0.0, 0.16, rng).view(batch, 1, 1, 1)
    spots = torch.randn(batch, image.shape[1], rows // 2, columns // 2, generator=rng)
    return image * (1 + strength * F.interpolate(spots, size=(rows, columns), mode="bilinear", align_corners=False))


def sharpen(image: Tensor, rng: torch.Generator) -> Tensor:
    """Edges enhanced in a third of the samples, as scanners' filters do."""
    strength = (_uniform(len(image), -2.0, 1.0, rng).clamp(min=0)).view(-1, 1, 1, 1)
    return (image + strength * (image - F.avg_pool2d(image, 5, stride=1, padding=2))).clamp(min=0)


def shade(image: Tensor, rng: torch.Generator) -> Tensor:
    """Coil shading, gamma, contrast inversion and remapping, blur, noise."""
    batch, _, rows, columns = image.shape
    column = (batch, 1, 1, 1)
    strength = _uniform(batch, 0.1, 0.7, rng).view(column)
    image = image * torch.exp(strength * _smooth_field(batch, (rows, columns), 3, rng))
    # The air around the body stays dark when the contrast is inverted.
    body = (F.avg_pool2d(image, 5, stride=1, padding=2) / 0.06).clamp(0, 1)
    invert = (torch.rand(column, generator=rng) < 0.12).float() * body
    top = image.amax(dim=(1, 2, 3), keepdim=True)
    image = image * (1 - invert) + (top - image) * invert * _uniform(batch, 0.5, 1.0, rng).view(column)
    gamma = torch.exp(_uniform(batch, -0.6, 0.6, rng)).view(column)
    image = image.clamp(min=0) ** gamma
    # A smooth non-monotone remapping stands for other tissue contrasts.
    bend = (torch.rand(column, generator=rng) < 0.3).float() * _uniform(batch, -0.25, 0.25, rng).view(column)
    image = image + bend * torch.sin(6.28 * image)
    coarse = int(torch.randint(1, 4, (1,), generator=rng))
    if coarse > 1:
        small = F.avg_pool2d(image, (1, coarse) if coarse == 2 else (2, 2))
        image = F.interpolate(small, size=(rows, columns), mode="bilinear", align_corners=False)
    noise = _uniform(batch, 0.0, 0.09, rng).view(column)
    return image + noise * torch.randn(image.shape, generator=rng)


def renormalise(image: Tensor) -> Tensor:
    """Bring each sample back to about 0..1 by its own percentiles, as prediction does."""
    flat = image.flatten(1)[:, ::29]
    low = torch.quantile(flat, 0.01, dim=1).view(-1, 1, 1, 1)
    high = torch.quantile(flat, 0.995, dim=1).view(-1, 1, 1, 1)
    return ((image - low) / (high - low).clamp(min=1e-3)).clamp(-0.5, 1.5)


def cut_view(image: Tensor, label: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Blank a strip at a random edge in a third of the samples: a cut-off field of view."""
    for sample in range(image.shape[0]):
        if torch.rand(1, generator=rng) < 0.33:
            axis = int(torch.randint(0, 2, (1,), generator=rng))
            size = image.shape[2 + axis]
            strip = int(torch.randint(1, size // 3, (1,), generator=rng))
            at_start = bool(torch.rand(1, generator=rng) < 0.5)
            where = slice(0, strip) if at_start else slice(size - strip, size)
            index: tuple[slice, ...] = (where, slice(None)) if axis == 0 else (slice(None), where)
            image[sample][(slice(None), *index)] = 0
            label[sample][index] = 0
    return image, label
