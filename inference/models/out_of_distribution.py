"""Out-of-distribution detection: the distance of a level's images from a grader's training images.

Each series has two kinds of features: the pooled crop without its brightness and contrast, and means and spreads of
the network's first channels. The training images are a cloud of points in either space, stored as principal axes and
residual variance (probabilistic principal components: Tipping and Bishop, J R Stat Soc B 1999; means and spreads of
channels: Lee et al., NeurIPS 2018, on one layer). A level is out of distribution if its distance is larger than that
of all but one in 200 tuning levels.

The features are averaged over left and right, so a mirrored study has the same distance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from inference.models.gradenet import GradeConfig, GradeNet, Inputs

#: Series with features of their own, by `Role`.
SERIES = ("sagittal_t2", "sagittal_t1", "axial_t2")
LOOK, CHANNELS = "look", "channels"
KEYS = tuple((series, what) for series in SERIES for what in (LOOK, CHANNELS))
#: Number of principal axes of a cloud.
AXES = 30
#: Side of the square of pixels that pooling averages.
POOL = 4
#: Share of tuning levels within a limit; each series has two limits.
WITHIN = 0.995
#: Sagittal planes that are averaged, as distances from the middle one.
RINGS = ((0,), (1, 2), (3, 4), (5, 6))


class Cloud(nn.Module):
    """The distribution of feature vectors of length `numbers`.

    `limit` is infinite before fitting: nothing is out of distribution. Below 0 everything is.
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

    def fit(self, points: Tensor, tuning: Tensor) -> None:
        """points: (n, numbers), the training features. tuning: (m, numbers), which set the limit."""
        self.mean.copy_(points.mean(dim=0))
        _, strength, axes = torch.linalg.svd(points - self.mean, full_matrices=False)
        variance, count = strength.square() / len(points), min(AXES, len(strength) - 1)
        self.axes.zero_()
        self.axes[:count] = axes[:count]
        self.variances.fill_(1.0)
        self.variances[:count] = variance[:count].clamp(min=1e-9)
        self.rest.copy_((variance[count:].sum() / max(points.shape[1] - count, 1)).clamp(min=1e-9))
        self.limit.copy_(self.distance(tuning).quantile(WITHIN))

    def distance(self, points: Tensor) -> Tensor:
        """(n,): squared, in standard deviations along the axes and of the residual."""
        centred = points - self.mean
        projections = centred @ self.axes.T
        residual = (centred.square().sum(dim=1) - projections.square().sum(dim=1)).clamp(min=0)
        return (projections.square() / self.variances).sum(dim=1) + residual / self.rest


class Familiar(nn.Module):
    """The clouds of all series."""

    def __init__(self, config: GradeConfig) -> None:
        super().__init__()
        sagittal = len(RINGS) * (config.rows // POOL) * (config.columns // POOL)
        axial = (config.axial_rows // POOL) * (config.axial_columns // POOL)
        looks = dict(zip(SERIES, (sagittal, sagittal, axial), strict=True))
        channels = dict(zip(SERIES, (12 * config.base, 12 * config.base, 8 * config.base), strict=True))
        sizes = {LOOK: looks, CHANNELS: channels}
        self.clouds = nn.ModuleDict({f"{series}_{kind}": Cloud(sizes[kind][series]) for series, kind in KEYS})

    def cloud(self, series: str, kind: str) -> Cloud:
        """The cloud of a series and a kind of feature."""
        return cast(Cloud, self.clouds[f"{series}_{kind}"])

    @property
    def known(self) -> bool:
        """Whether any cloud was fitted."""
        return any(bool(self.cloud(*key).limit.isfinite()) for key in KEYS)

    def unlike(self, network: GradeNet, x: Inputs) -> Tensor:
        """Bool (n, len(SERIES)): whether a level's images of a series exist and are out of distribution."""
        features, outside = numbers_of(network, x), torch.zeros(len(x.sagittal), len(SERIES), dtype=torch.bool)
        for series, kind in KEYS:
            cloud = self.cloud(series, kind)
            # A distance that is not a number counts as out of distribution.
            within = (cloud.distance(features[series, kind]) <= cloud.limit) | cloud.limit.isinf()
            outside[:, SERIES.index(series)] |= ~within.cpu()
        return outside & seen_of(x).cpu()

    def fit(self, points: dict[tuple[str, str], Tensor], tuning: dict[tuple[str, str], Tensor]) -> None:
        """points, tuning: by series and kind of feature, of levels that have the series; see `Cloud.fit`.

        A series without training images is always out of distribution.
        """
        for key in KEYS:
            if len(points[key]) > 2 and len(tuning[key]):
                self.cloud(*key).fit(points[key], tuning[key])
            else:
                self.cloud(*key).limit.fill_(-1.0)

    def forget(self) -> None:
        """Reset to the state before fitting."""
        for key in KEYS:
            self.cloud(*key).limit.fill_(torch.inf)


def seen_of(x: Inputs) -> Tensor:
    """Bool (n, len(SERIES)): which series a level has; axial if its nearest image exists."""
    return torch.cat([x.sagittal_seen, x.axial_seen[:, :1]], dim=1) > 0


def numbers_of(network: GradeNet, x: Inputs) -> dict[tuple[str, str], Tensor]:
    """The features of each level, (n, numbers), by series and kind; without meaning for missing series."""
    features = {}
    with torch.inference_mode():
        for channel, series in enumerate(SERIES[:2]):
            features[series, LOOK] = _far_sagittal(x.sagittal[:, channel])
            only_channel = torch.zeros_like(x.sagittal_seen)
            only_channel[:, channel] = 1
            features[series, CHANNELS] = network.sagittal_channels(replace(x, sagittal_seen=only_channel))
        nearest = x.axial[:, 0]
        features[SERIES[2], LOOK] = _far(_mirrored_mean(nearest[:, :1], 3))
        features[SERIES[2], CHANNELS] = network.axial_channels(nearest)
    # Tensors made in inference mode cannot be buffers of a network.
    return {key: value.clone() for key, value in features.items()}


def _far_sagittal(planes: Tensor) -> Tensor:
    """planes: (n, planes, rows, columns)."""
    averaged, middle = _mirrored_mean(planes, 1), planes.shape[1] // 2
    return _far(torch.stack([averaged[:, [middle - k for k in ring]].mean(dim=1) for ring in RINGS], dim=1))


def _mirrored_mean(images: Tensor, axis: int) -> Tensor:
    return (images + images.flip(axis)) / 2


def _far(images: Tensor) -> Tensor:
    """(n, images, rows, columns) pooled, with mean 0 and standard deviation 1 over all: (n, numbers)."""
    pooled = F.avg_pool2d(images, POOL).flatten(1)
    centred = pooled - pooled.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-3)
