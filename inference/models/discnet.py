"""A small network that looks at one disc and answers several questions of it; a few of them beside lines that measure.

Plain 3 x 3 convolutions with batch normalisation, mean and maximum over what is left, one linear layer for each
question. Ordered grades are cumulative logits with one slope for all cuts (proportional odds: McCullagh, J R Stat
Soc B 1980; for networks CORAL: Cao, Mirjalili, Raschka, Pattern Recognition Letters 2020). The members of an ensemble
are averaged as probabilities (Lakshminarayanan et al., NeurIPS 2017), each question's logits divided by its
temperature before (Guo et al., ICML 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Series that are looked at, in the order of the input's channels: T2, T1.
CHANNELS = 2


@dataclass(frozen=True)
class DiscNetConfig:
    """Shape of the network; travels in the model card.

    answers: classes of each question. ordinal: the questions whose classes are ordered. measures: how many numbers the
    lines go through. places: how many levels a disc may be of. widths: channels by resolution. members: networks.
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
        """What `to_dict` wrote, also once JSON has made lists of it. Raises TypeError for anything else."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return cls(**values)


class DiscNet(nn.Module):
    """One member."""

    def __init__(self, config: DiscNetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        source = 2 * CHANNELS
        for step, width in enumerate(config.widths):
            # At full resolution one layer is enough: the images are blurred there anyway.
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
        there = present[:, :, None, None].expand_as(images)
        x = self.body(torch.cat([standardised(images) * there, there], dim=1))
        seen = self.dropout(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        seen = torch.cat([seen, F.one_hot(place, self.config.places).to(seen.dtype)], dim=1)
        return [
            head(seen) - ascending(cuts) if ordered else head(seen)
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
        seen = torch.cat([scaled, (~measured.isfinite()).to(scaled.dtype), level], dim=1)
        return [
            head(seen) - ascending(cuts) if ordered else head(seen)
            for head, cuts, ordered in zip(self.heads, self.cuts, self.config.ordinal, strict=True)
        ]


class DiscEnsemble(nn.Module):
    """Networks that look and lines that measure, and what makes of both one probability.

    temperatures: (3, questions), of the networks, of the lines and of what is mixed of both. share: (questions,), how
    much the networks count.
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
        by_lines = chances(self.lines(measured, place), self.config, self.temperatures[1])
        if not len(self.members):
            return tempered(by_lines, self.temperatures[2])
        told = [chances(member(images, present, place), self.config, self.temperatures[0]) for member in self.members]
        seen = [torch.stack(same).mean(dim=0) for same in zip(*told, strict=True)]
        return tempered(mixed(seen, by_lines, self.share), self.temperatures[2])


def mixed(seen: Sequence[Tensor], measured: Sequence[Tensor], share: Tensor) -> list[Tensor]:
    """Each question's probabilities, `share` (questions,) of them by the networks and the rest by the lines."""
    return [part * net + (1 - part) * line for part, net, line in zip(share, seen, measured, strict=True)]


def tempered(told: Sequence[Tensor], temperatures: Tensor) -> list[Tensor]:
    """Probabilities (batch, classes) made flatter by a temperature above 1, sharper by one below."""
    return [(p.clamp(min=1e-9).log() / t).softmax(dim=1) for p, t in zip(told, temperatures, strict=True)]


def standardised(images: Tensor) -> Tensor:
    """Each image of (batch, channels, rows, columns) with mean 0 and standard deviation 1; an even one is all 0."""
    off = images - images.mean(dim=(2, 3), keepdim=True)
    return off / off.square().mean(dim=(2, 3), keepdim=True).sqrt().clamp(min=1e-6)


def ascending(cuts: Tensor) -> Tensor:
    """Free numbers as growing ones: the first as it is, each other a positive step further."""
    return torch.cat([cuts[:1], cuts[:1] + F.softplus(cuts[1:]).cumsum(dim=0)])


def chances(logits: Sequence[Tensor], config: DiscNetConfig, temperatures: Tensor) -> list[Tensor]:
    """Probabilities of each question, (batch, classes), from logits as of `DiscNet.forward`."""
    out = []
    for value, ordered, temperature in zip(logits, config.ordinal, temperatures, strict=True):
        if ordered:
            above = F.pad((value / temperature).sigmoid(), (1, 0), value=1.0)
            out.append((above - F.pad(above[:, 1:], (0, 1))).clamp(min=0.0))
        else:
            out.append((value / temperature).softmax(dim=1))
    return out
