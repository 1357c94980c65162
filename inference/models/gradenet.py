"""A multi-input, multi-task, multi-class grader of one level (after DeepSPINE: Lu et al., MLHC 2018).

Sagittal planes go through 2D convolutions and then one across planes (3D), axial images
through 2D convolutions with shared weights; measurements are a third input.

The network has outputs for canal, left foramen and left recess, and grades the right side
in the mirrored images. So a mirrored study gets exactly mirrored grades, and every level
is two training samples. A missing input is replaced by learned values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from inference.models.out_of_distribution import Familiar

#: Sites in the order of the network's answers.
HEADS = ("canal", "foramen_left", "foramen_right", "recess_left", "recess_right")
#: Measurements in the order of the network's input, with the mean and spread (mm, mm²) that they are scaled by.
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
    """Shape of the network; stored in the model card.

    planes, rows, columns: of the sagittal crop; axial_rows, axial_columns: of an axial one (`crops`).
    base: channels of the first convolution, doubled per step. few: channels of each place before pooling.
    features: length of each branch's output.
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
    """A batch of n levels as `crops` makes them.

    sagittal: (n, 2, planes, rows, columns), T2 and T1. sagittal_seen: (n, 2), 1 where it exists.
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
        """The batch on another device."""
        return Inputs(*(value.to(device) for value in vars(self).values()))

    def mirrored(self) -> Inputs:
        """The levels with left and right exchanged."""
        measured, known = self.measured[:, _MIRRORED], self.known[:, _MIRRORED]
        return Inputs(self.sagittal.flip(2), self.sagittal_seen, self.axial.flip(4), self.axial_seen, measured, known)


def _other_side(name: str) -> str:
    """Name of a measurement with left and right exchanged."""
    stem, _, side = name.rpartition("_")
    return f"{stem}_{_SIDES[side]}" if side in _SIDES else name


_SIDES = {"left": "right", "right": "left"}
#: Index of each measurement's value with left and right exchanged.
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
    """(n, channels, places) -> (n, features): a few channels of every place, with weights by place.

    The crops are aligned to the disc, so a place has the same anatomy in all of them.
    """

    def __init__(self, channels: int, places: int, config: GradeConfig) -> None:
        super().__init__()
        self.few = nn.Conv1d(channels, config.few, 1)
        self.say = nn.Linear(config.few * places, config.features)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.say(self.drop(self.few(x).relu().flatten(1))).relu()
        return features


class GradeNet(nn.Module):
    """See the module's text."""

    temperature: Tensor

    def __init__(self, config: GradeConfig, measured: Sequence[str] = tuple(MEASURED)) -> None:
        """measured: the measurements of `MEASURED` in its input; older graders have fewer."""
        super().__init__()
        self.config = config
        self.given = [list(MEASURED).index(name) for name in measured]
        narrow, medium, wide = config.base, 2 * config.base, 4 * config.base
        self.no_series = nn.Parameter(torch.zeros(2))
        self.plane = nn.Sequential(_conv(2, narrow, 2), _conv(narrow, medium), nn.MaxPool2d(2), _conv(medium, medium))
        self.across = nn.Sequential(
            nn.Conv3d(medium, wide, 3, stride=(1, 2, 2), padding=1, bias=False), nn.BatchNorm3d(wide), nn.ReLU()
        )
        places = config.planes * -(-config.rows // 8) * -(-config.columns // 8)
        self.read_sagittal = _Read(wide, places, config)
        self.no_sagittal = nn.Parameter(torch.zeros(config.features))
        self.image = nn.Sequential(
            _conv(2, narrow, 2),
            _conv(narrow, medium),
            nn.MaxPool2d(2),
            _conv(medium, wide),
            nn.MaxPool2d(2),
            _conv(wide, wide),
        )
        self.read_axial = _Read(wide, (config.axial_rows // 8) * (config.axial_columns // 8), config)
        self.no_axial = nn.Parameter(torch.zeros(config.features))
        self.measured = nn.Linear(2 * len(self.given), config.features // 2)
        self.join = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(2 * config.features + config.features // 2, config.features),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict({site: nn.Linear(config.features, 4) for site in ("canal", "foramen", "recess")})
        # Temperature of each head, fitted on tuning patients after training.
        self.register_buffer("temperature", torch.ones(len(HEADS)))
        # Detects images that differ from the training images, once it was fitted.
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
        """Bool (n, 3), by `familiar.SERIES`: which images are out of distribution; in and out on the CPU."""
        with torch.inference_mode():
            return self.familiar.unlike(self, x.on(self.temperature.device)).cpu()

    def sagittal_channels(self, x: Inputs) -> Tensor:
        """(n, numbers): means and spreads of the channels of all sagittal planes, invariant to mirroring."""
        planes = self._planes(x)
        channel_maps = [planes, (self.across(planes) + self.across(planes.flip(2))) / 2]
        return torch.cat([spread for maps in channel_maps for spread in _spreads(maps)], dim=1)

    def axial_channels(self, images: Tensor) -> Tensor:
        """Means and spreads of the channels of axial images (n, 2, rows, columns), invariant to mirroring."""
        straight, mirrored = (_spreads(self.image(orientation)) for orientation in (images, images.flip(3)))
        return torch.cat(
            [(value + mirrored_value) / 2 for value, mirrored_value in zip(straight, mirrored, strict=True)], dim=1
        )

    def _planes(self, x: Inputs) -> Tensor:
        """Features of each sagittal plane by itself, (n, channels, planes, rows, columns): mirroring reorders them."""
        present = x.sagittal_seen[:, :, None, None, None]
        filled = x.sagittal * present + self.no_series[:, None, None, None] * (1 - present)
        n, channels, planes, rows, columns = filled.shape
        features: Tensor = self.plane(filled.transpose(1, 2).reshape(n * planes, channels, rows, columns))
        return features.reshape(n, planes, *features.shape[1:]).transpose(1, 2)

    def _left(self, x: Inputs, planes: Tensor) -> dict[str, Tensor]:
        """Logits of canal, left foramen and left recess, (n, 4) each."""
        sagittal = self.read_sagittal(self.across(planes).flatten(2))
        any_sagittal = x.sagittal_seen.amax(dim=1, keepdim=True)
        sagittal = sagittal * any_sagittal + self.no_sagittal * (1 - any_sagittal)
        n, images = x.axial.shape[:2]
        features = self.read_axial(self.image(x.axial.flatten(0, 1)).flatten(2)).reshape(n, images, -1)
        # The maximum over the images; missing images have features of 0.
        axial = (features * x.axial_seen[:, :, None]).amax(dim=1)
        any_axial = x.axial_seen.amax(dim=1, keepdim=True)
        axial = axial * any_axial + self.no_axial * (1 - any_axial)
        measured = self.measured(torch.cat([x.measured[:, self.given], x.known[:, self.given]], dim=1)).relu()
        joined = self.join(torch.cat([sagittal, axial, measured], dim=1))
        return {site: head(joined) for site, head in self.heads.items()}
