"""A multi-input, multi-task, multi-class grader of one level (after DeepSPINE: Lu et al., MLHC 2018).

Sagittal planes go through convolutions of their own and then across planes (3D), axial
images through 2D convolutions with shared weights; what was measured comes as numbers.

Right is left in the mirror: the network knows a canal, a foramen and a recess on the left
alone, and grades the right ones in the mirrored images. So a mirrored study gets mirrored
grades exactly, and every level teaches twice. What is missing is replaced by what was
learned for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from inference.models.out_of_distribution import Familiar

#: Sites in the order of the network's answers.
HEADS = ("canal", "foramen_left", "foramen_right", "recess_left", "recess_right")
#: Measurements in the order of the network's input, with the mean and the spread that they are scaled by.
MEASURED = {
    "canal_ap": (12.5, 3.0),
    "canal_area": (150.0, 60.0),
    "disc_height": (9.0, 3.0),
    "foramen_height_left": (26.0, 4.0),
    "foramen_height_right": (26.0, 4.0),
    "foramen_fat_left": (50.0, 40.0),
    "foramen_fat_right": (50.0, 40.0),
}


@dataclass(frozen=True)
class GradeConfig:
    """Shape of the network; travels in the model card.

    planes, rows, columns: of the sagittal cut; axial_rows, axial_columns: of an axial one (`crops`).
    base: channels of the first convolution, doubled per step. few: numbers of each place that are read.
    features: numbers that each branch hands on.
    """

    planes: int = 13
    rows: int = 48
    columns: int = 56
    axial_rows: int = 56
    axial_columns: int = 64
    base: int = 8
    few: int = 8
    features: int = 48
    dropout: float = 0.3

    def to_dict(self) -> dict[str, int | float]:
        return asdict(self)


@dataclass(frozen=True)
class Inputs:
    """A batch of levels as `crops` cuts them; n levels.

    sagittal: (n, 2, planes, rows, columns), T2 and T1. sagittal_seen: (n, 2), 1 where there is one.
    axial: (n, images, 2, rows, columns). axial_seen: (n, images). measured, known: (n, len(MEASURED)),
    scaled and 0 where not known.
    """

    sagittal: Tensor
    sagittal_seen: Tensor
    axial: Tensor
    axial_seen: Tensor
    measured: Tensor
    known: Tensor

    def on(self, device: torch.device) -> Inputs:
        """The same on another device."""
        return Inputs(*(value.to(device) for value in vars(self).values()))

    def mirrored(self) -> Inputs:
        """The same levels with left and right exchanged."""
        measured, known = self.measured[:, _MIRRORED], self.known[:, _MIRRORED]
        return Inputs(self.sagittal.flip(2), self.sagittal_seen, self.axial.flip(4), self.axial_seen, measured, known)


def _other_side(name: str) -> str:
    """What a measurement is called in the mirror."""
    stem, _, side = name.rpartition("_")
    return f"{stem}_{_SIDES[side]}" if side in _SIDES else name


_SIDES = {"left": "right", "right": "left"}
#: Where each measurement's value stands in the mirror.
_MIRRORED = [list(MEASURED).index(_other_side(name)) for name in MEASURED]


def _spreads(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of (n, channels, places...)."""
    flat = maps.flatten(2)
    return flat.mean(dim=2), flat.std(dim=2)


def _conv(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class _Read(nn.Module):
    """(n, channels, places) -> (n, features): a few numbers of every place, weighed place by place.

    The cuts are aligned to the disc, so that a place means the same in all of them.
    """

    def __init__(self, channels: int, places: int, config: GradeConfig) -> None:
        super().__init__()
        self.few = nn.Conv1d(channels, config.few, 1)
        self.say = nn.Linear(config.few * places, config.features)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.say(self.drop(self.few(x).relu().flatten(1))).relu()
        return found


class GradeNet(nn.Module):
    """See the module's text."""

    temperature: Tensor

    def __init__(self, config: GradeConfig, measured: Sequence[str] = tuple(MEASURED)) -> None:
        """measured: of `MEASURED` those that it is given; graders of before were given fewer."""
        super().__init__()
        self.config = config
        self.given = [list(MEASURED).index(name) for name in measured]
        one, two, three = config.base, 2 * config.base, 4 * config.base
        self.no_series = nn.Parameter(torch.zeros(2))
        self.plane = nn.Sequential(_conv(2, one, 2), _conv(one, two), nn.MaxPool2d(2), _conv(two, two))
        self.across = nn.Sequential(
            nn.Conv3d(two, three, 3, stride=(1, 2, 2), padding=1, bias=False), nn.BatchNorm3d(three), nn.ReLU()
        )
        places = config.planes * -(-config.rows // 8) * -(-config.columns // 8)
        self.read_sagittal = _Read(three, places, config)
        self.no_sagittal = nn.Parameter(torch.zeros(config.features))
        self.image = nn.Sequential(
            _conv(2, one, 2), _conv(one, two), nn.MaxPool2d(2), _conv(two, three), nn.MaxPool2d(2), _conv(three, three)
        )
        self.read_axial = _Read(three, (config.axial_rows // 8) * (config.axial_columns // 8), config)
        self.no_axial = nn.Parameter(torch.zeros(config.features))
        self.measured = nn.Linear(2 * len(self.given), config.features // 2)
        self.join = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(2 * config.features + config.features // 2, config.features),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict({site: nn.Linear(config.features, 4) for site in ("canal", "foramen", "recess")})
        # Of each head, fitted after training on tuning patients.
        self.register_buffer("temperature", torch.ones(len(HEADS)))
        # What the images looked like that it learnt from; unknown until it was fitted.
        self.familiar = Familiar(config)

    def forward(self, x: Inputs) -> Tensor:
        """Logits (n, len(HEADS), 4), not yet divided by the temperature."""
        planes, mirror = self._planes(x), x.mirrored()
        left = self._left(x, planes)
        right = self._left(mirror, planes.flip(2))
        canal = (left["canal"] + right["canal"]) / 2
        answers = canal, left["foramen"], right["foramen"], left["recess"], right["recess"]
        return torch.stack(answers, dim=1)

    def chances(self, x: Inputs) -> Tensor:
        """Calibrated probabilities (n, len(HEADS), 4); in and out on the CPU."""
        with torch.inference_mode():
            logits: Tensor = self(x.on(self.temperature.device)) / self.temperature[:, None]
        return logits.softmax(dim=2).cpu()

    def unlike(self, x: Inputs) -> Tensor:
        """Bool (n, 3), by `familiar.SERIES`: which images are unlike those learnt from; in and out on the CPU."""
        with torch.inference_mode():
            return self.familiar.unlike(self, x.on(self.temperature.device)).cpu()

    def sagittal_channels(self, x: Inputs) -> Tensor:
        """(n, numbers): means and spreads of the channels of all sagittal planes, the same in the mirror."""
        planes = self._planes(x)
        both = [planes, (self.across(planes) + self.across(planes.flip(2))) / 2]
        return torch.cat([spread for one in both for spread in _spreads(one)], dim=1)

    def axial_channels(self, images: Tensor) -> Tensor:
        """The same of axial images (n, 2, rows, columns)."""
        straight, mirrored = (_spreads(self.image(one)) for one in (images, images.flip(3)))
        return torch.cat([(one + other) / 2 for one, other in zip(straight, mirrored, strict=True)], dim=1)

    def _planes(self, x: Inputs) -> Tensor:
        """Features of each sagittal plane by itself, (n, channels, planes, rows, columns): no mirror changes them."""
        seen = x.sagittal_seen[:, :, None, None, None]
        filled = x.sagittal * seen + self.no_series[:, None, None, None] * (1 - seen)
        n, channels, planes, rows, columns = filled.shape
        found: Tensor = self.plane(filled.transpose(1, 2).reshape(n * planes, channels, rows, columns))
        return found.reshape(n, planes, *found.shape[1:]).transpose(1, 2)

    def _left(self, x: Inputs, planes: Tensor) -> dict[str, Tensor]:
        """Logits of canal, left foramen and left recess, (n, 4) each."""
        sagittal = self.read_sagittal(self.across(planes).flatten(2))
        any_sagittal = x.sagittal_seen.amax(dim=1, keepdim=True)
        sagittal = sagittal * any_sagittal + self.no_sagittal * (1 - any_sagittal)
        n, images = x.axial.shape[:2]
        found = self.read_axial(self.image(x.axial.flatten(0, 1)).flatten(2)).reshape(n, images, -1)
        # The image that shows most decides; images that are not there show nothing.
        axial = (found * x.axial_seen[:, :, None]).amax(dim=1)
        any_axial = x.axial_seen.amax(dim=1, keepdim=True)
        axial = axial * any_axial + self.no_axial * (1 - any_axial)
        measured = self.measured(torch.cat([x.measured[:, self.given], x.known[:, self.given]], dim=1)).relu()
        joined = self.join(torch.cat([sagittal, axial, measured], dim=1))
        return {site: head(joined) for site, head in self.heads.items()}
