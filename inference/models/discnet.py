"""The disc model: an ensemble of small convolutional networks, and logistic regressions on disc measurements.

Plain 3 x 3 convolutions with batch normalisation, global mean and maximum, one linear layer for each question about the
disc. Ordered grades are cumulative logits with one slope for all cutpoints (proportional odds: McCullagh, J R Stat Soc
B 1980; for networks CORAL: Cao, Mirjalili, Raschka, Pattern Recognition Letters 2020). The members of an ensemble are
averaged as probabilities (Lakshminarayanan et al., NeurIPS 2017), each question's logits divided by its temperature
before (Guo et al., ICML 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Number of series in the input's channels: T2, T1.
CHANNELS = 2


@dataclass(frozen=True)
class DiscNetConfig:
    """Shape of the network; stored in the model card.

    answers: number of classes of each question. ordinal: whether a question's classes are ordered. measures: number of
    disc measurements. places: number of levels. widths: channels by resolution. members: number of networks.
    """

    answers: tuple[int, ...]
    ordinal: tuple[bool, ...]
    measures: int = 23
    places: int = 6
    widths: tuple[int, ...] = (8, 16, 32, 64)
    members: int = 5

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DiscNetConfig:
        """The inverse of `to_dict`, also with lists as JSON makes of tuples. Raises TypeError for anything else."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return cls(**values)


class DiscNet(nn.Module):
    """One network of the ensemble."""

    def __init__(self, config: DiscNetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        source = 2 * CHANNELS
        for step, width in enumerate(config.widths):
            # One layer at full resolution, where the images are blurred.
            for _ in range(1 if step == 0 else 2):
                layers += [nn.Conv2d(source, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                source = width
            layers.append(nn.MaxPool2d(2) if step < len(config.widths) - 1 else nn.Identity())
        self.body = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.3)
        self.heads = nn.ModuleList(
            nn.Linear(2 * source + config.places, 1 if ordered else count)
            for count, ordered in zip(config.answers, config.ordinal, strict=True)
        )
        self.cuts = nn.ParameterList(
            torch.cat([torch.tensor([-1.5]), torch.full((count - 2,), 0.5)]) if ordered else torch.zeros(0)
            for count, ordered in zip(config.answers, config.ordinal, strict=True)
        )

    def forward(self, images: Tensor, present: Tensor, place: Tensor) -> list[Tensor]:
        """Logits of each question: (batch, classes), or (batch, classes - 1) of *above this class* where ordered.

        images: (batch, 2, rows, columns), any intensity. present: (batch, 2), 1 where there is an image.
        place: (batch,) index of the disc's level.
        """
        mask = present[:, :, None, None].expand_as(images)
        x = self.body(torch.cat([standardised(images) * mask, mask], dim=1))
        features = self.dropout(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        features = torch.cat([features, F.one_hot(place, self.config.places).to(features.dtype)], dim=1)
        return [
            head(features) - ascending(cuts) if ordered else head(features)
            for head, cuts, ordered in zip(self.heads, self.cuts, self.config.ordinal, strict=True)
        ]


class Lines(nn.Module):
    """Logistic regression of each question on measurements, on which of them are missing, and on the level."""

    middle: Tensor
    width: Tensor

    def __init__(self, config: DiscNetConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("middle", torch.zeros(config.measures))
        self.register_buffer("width", torch.ones(config.measures))
        self.heads = nn.ModuleList(
            nn.Linear(2 * config.measures + config.places, 1 if ordered else count)
            for count, ordered in zip(config.answers, config.ordinal, strict=True)
        )
        self.cuts = nn.ParameterList(
            torch.zeros(count - 1 if ordered else 0)
            for count, ordered in zip(config.answers, config.ordinal, strict=True)
        )

    def forward(self, measured: Tensor, place: Tensor) -> list[Tensor]:
        """Logits as of `DiscNet.forward`. measured: (batch, measures), nan where missing."""
        scaled = ((measured - self.middle) / self.width).nan_to_num(0.0, 0.0, 0.0).clamp(-4, 4)
        level = F.one_hot(place, self.config.places).to(scaled.dtype)
        features = torch.cat([scaled, (~measured.isfinite()).to(scaled.dtype), level], dim=1)
        return [
            head(features) - ascending(cuts) if ordered else head(features)
            for head, cuts, ordered in zip(self.heads, self.cuts, self.config.ordinal, strict=True)
        ]


class DiscEnsemble(nn.Module):
    """Networks and logistic regressions, mixed to one probability.

    temperatures: (3, questions), of the networks, of the regressions and of their mixture. share: (questions,), weight
    of the networks in the mixture.
    """

    temperatures: Tensor
    share: Tensor

    def __init__(self, config: DiscNetConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(DiscNet(config) for _ in range(config.members))
        self.lines = Lines(config)
        self.register_buffer("temperatures", torch.ones(3, len(config.answers)))
        self.register_buffer("share", torch.full((len(config.answers),), 0.5 if config.members else 0.0))

    def forward(self, images: Tensor, present: Tensor, place: Tensor, measured: Tensor) -> list[Tensor]:
        """Probabilities of each question, (batch, classes); the input as of `DiscNet.forward` and `Lines.forward`."""
        by_regressions = chances(self.lines(measured, place), self.config, self.temperatures[1])
        if not len(self.members):
            return tempered(by_regressions, self.temperatures[2])
        member_probabilities = [
            chances(member(images, present, place), self.config, self.temperatures[0]) for member in self.members
        ]
        by_networks = [torch.stack(question).mean(dim=0) for question in zip(*member_probabilities, strict=True)]
        return tempered(mixed(by_networks, by_regressions, self.share), self.temperatures[2])


def mixed(by_networks: Sequence[Tensor], by_regressions: Sequence[Tensor], share: Tensor) -> list[Tensor]:
    """Each question's probabilities, `share` (questions,) of them by the networks and the rest by the regressions."""
    return [
        weight * network + (1 - weight) * regression
        for weight, network, regression in zip(share, by_networks, by_regressions, strict=True)
    ]


def tempered(probabilities: Sequence[Tensor], temperatures: Tensor) -> list[Tensor]:
    """Probabilities (batch, classes) made flatter by a temperature above 1, sharper by one below."""
    return [
        (probability.clamp(min=1e-9).log() / t).softmax(dim=1)
        for probability, t in zip(probabilities, temperatures, strict=True)
    ]


def standardised(images: Tensor) -> Tensor:
    """Each image of (batch, channels, rows, columns) with mean 0 and standard deviation 1; a uniform one becomes 0."""
    centred = images - images.mean(dim=(2, 3), keepdim=True)
    return centred / centred.square().mean(dim=(2, 3), keepdim=True).sqrt().clamp(min=1e-6)


def ascending(cuts: Tensor) -> Tensor:
    """Unconstrained numbers as ascending ones: the first unchanged, each further one a positive step above."""
    return torch.cat([cuts[:1], cuts[:1] + F.softplus(cuts[1:]).cumsum(dim=0)])


def chances(logits: Sequence[Tensor], config: DiscNetConfig, temperatures: Tensor) -> list[Tensor]:
    """Probabilities of each question, (batch, classes), from logits as of `DiscNet.forward`."""
    probabilities = []
    for value, ordered, temperature in zip(logits, config.ordinal, temperatures, strict=True):
        if ordered:
            above = F.pad((value / temperature).sigmoid(), (1, 0), value=1.0)
            probabilities.append((above - F.pad(above[:, 1:], (0, 1))).clamp(min=0.0))
        else:
            probabilities.append((value / temperature).softmax(dim=1))
    return probabilities
