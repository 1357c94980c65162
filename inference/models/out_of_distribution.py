"""How far a level's images are from those that a grader learnt from.

Two things are looked at for each series by itself: what the cut looks like from afar (pooled, without its brightness
and contrast), and what the network's own first channels see in it. Of each the training images are a cloud, whose main
axes and what lies beside them are kept (probabilistic principal components: Tipping and Bishop, J R Stat Soc B 1999;
means and spreads of channels: Lee et al., NeurIPS 2018, on one layer). A level is unlike them where its distance is
larger than that of all but one in 200 tuning levels.

Left and right are looked at together, so that a mirrored study is as familiar as the study.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from inference.models.gradenet import GradeConfig, GradeNet, Inputs

#: Series that are looked at by themselves, by `Role`.
SERIES = ("sagittal_t2", "sagittal_t1", "axial_t2")
LOOK, CHANNELS = "look", "channels"
KEYS = tuple((series, what) for series in SERIES for what in (LOOK, CHANNELS))
#: Main axes of a cloud that are kept.
AXES = 30
#: From afar so many pixels are one.
POOL = 4
#: Of tuning levels this share lies within a limit; each series has two.
WITHIN = 0.995
#: Sagittal planes from the middle outwards that are looked at together.
RINGS = ((0,), (1, 2), (3, 4), (5, 6))


class Cloud(nn.Module):
    """A cloud of points of so many numbers.

    `limit` is infinite until it was fitted: nothing is unlike it. Below 0 everything is.
    """

    mean: Tensor
    axes: Tensor
    variances: Tensor
    rest: Tensor
    limit: Tensor

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("axes", torch.zeros(AXES, numbers))
        self.register_buffer("variances", torch.ones(AXES))
        self.register_buffer("rest", torch.ones(()))
        self.register_buffer("limit", torch.full((), torch.inf))

    def fit(self, points: Tensor, others: Tensor) -> None:
        """points: (n, numbers), what the cloud is of. others: (m, numbers), which the limit is set by."""
        self.mean.copy_(points.mean(dim=0))
        _, strength, axes = torch.linalg.svd(points - self.mean, full_matrices=False)
        variance, kept = strength.square() / len(points), min(AXES, len(strength) - 1)
        self.axes.zero_()
        self.axes[:kept] = axes[:kept]
        self.variances.fill_(1.0)
        self.variances[:kept] = variance[:kept].clamp(min=1e-9)
        self.rest.copy_((variance[kept:].sum() / max(points.shape[1] - kept, 1)).clamp(min=1e-9))
        self.limit.copy_(self.distance(others).quantile(WITHIN))

    def distance(self, points: Tensor) -> Tensor:
        """(n,): squared, in standard deviations along the axes and beside them."""
        off = points - self.mean
        along = off @ self.axes.T
        beside = (off.square().sum(dim=1) - along.square().sum(dim=1)).clamp(min=0)
        return (along.square() / self.variances).sum(dim=1) + beside / self.rest


class Familiar(nn.Module):
    """The clouds of all series."""

    def __init__(self, config: GradeConfig) -> None:
        super().__init__()
        sagittal = len(RINGS) * (config.rows // POOL) * (config.columns // POOL)
        axial = (config.axial_rows // POOL) * (config.axial_columns // POOL)
        looks = dict(zip(SERIES, (sagittal, sagittal, axial), strict=True))
        channels = dict(zip(SERIES, (12 * config.base, 12 * config.base, 8 * config.base), strict=True))
        sizes = {LOOK: looks, CHANNELS: channels}
        self.clouds = nn.ModuleDict({f"{series}_{what}": Cloud(sizes[what][series]) for series, what in KEYS})

    def cloud(self, series: str, what: str) -> Cloud:
        """One of them."""
        return cast(Cloud, self.clouds[f"{series}_{what}"])

    @property
    def known(self) -> bool:
        """Whether any was fitted."""
        return any(bool(self.cloud(*key).limit.isfinite()) for key in KEYS)

    def unlike(self, network: GradeNet, x: Inputs) -> Tensor:
        """Bool (n, len(SERIES)): whether a level's images of a series are there and unlike those learnt from."""
        found, far = numbers_of(network, x), torch.zeros(len(x.sagittal), len(SERIES), dtype=torch.bool)
        for series, what in KEYS:
            cloud = self.cloud(series, what)
            # What is not a number is not familiar either.
            near = (cloud.distance(found[series, what]) <= cloud.limit) | cloud.limit.isinf()
            far[:, SERIES.index(series)] |= ~near.cpu()
        return far & seen_of(x).cpu()

    def fit(self, points: dict[tuple[str, str], Tensor], others: dict[tuple[str, str], Tensor]) -> None:
        """points, others: by series and what is looked at, of levels that have the series; see `Cloud.fit`.

        A series that there was nothing of to learn from is unlike, whatever it looks like.
        """
        for key in KEYS:
            if len(points[key]) > 2 and len(others[key]):
                self.cloud(*key).fit(points[key], others[key])
            else:
                self.cloud(*key).limit.fill_(-1.0)

    def forget(self) -> None:
        """As before it was fitted."""
        for key in KEYS:
            self.cloud(*key).limit.fill_(torch.inf)


def seen_of(x: Inputs) -> Tensor:
    """Bool (n, len(SERIES)): which series there are of a level; the axial one where its nearest image is there."""
    return torch.cat([x.sagittal_seen, x.axial_seen[:, :1]], dim=1) > 0


def numbers_of(network: GradeNet, x: Inputs) -> dict[tuple[str, str], Tensor]:
    """By series and what is looked at the numbers of each level, (n, numbers); of what is not there without meaning."""
    found = {}
    with torch.inference_mode():
        for channel, series in enumerate(SERIES[:2]):
            found[series, LOOK] = _far_sagittal(x.sagittal[:, channel])
            alone = torch.zeros_like(x.sagittal_seen)
            alone[:, channel] = 1
            found[series, CHANNELS] = network.sagittal_channels(replace(x, sagittal_seen=alone))
        nearest = x.axial[:, 0]
        found[SERIES[2], LOOK] = _far(_mirrored_mean(nearest[:, :1], 3))
        found[SERIES[2], CHANNELS] = network.axial_channels(nearest)
    # What inference mode made cannot be kept in a network.
    return {key: value.clone() for key, value in found.items()}


def _far_sagittal(planes: Tensor) -> Tensor:
    """planes: (n, planes, rows, columns)."""
    both, middle = _mirrored_mean(planes, 1), planes.shape[1] // 2
    return _far(torch.stack([both[:, [middle - k for k in ring]].mean(dim=1) for ring in RINGS], dim=1))


def _mirrored_mean(images: Tensor, axis: int) -> Tensor:
    return (images + images.flip(axis)) / 2


def _far(images: Tensor) -> Tensor:
    """(n, images, rows, columns) pooled, with mean 0 and standard deviation 1 over all: (n, numbers)."""
    low = F.avg_pool2d(images, POOL).flatten(1)
    off = low - low.mean(dim=1, keepdim=True)
    return off / off.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-3)
