"""A plain 2.5D U-Net: three neighbouring slices in, the middle one's classes out.

Ronneberger, Fischer, Brox: U-Net, MICCAI 2015. Batch normalisation and leaky
rectifiers as in nnU-Net (Isensee et al., Nature Methods 2021).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class UNetConfig:
    """Shape of the network; stored in the model card.

    context: slices in (odd). classes: classes out. base: channels at full
    resolution, doubled per step down to at most `widest`. depth: resolutions.
    """

    context: int = 3
    classes: int = 5
    base: int = 16
    widest: int = 256
    depth: int = 5

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


def _double_conv(channels_in: int, channels_out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for source in (channels_in, channels_out):
        layers += [
            nn.Conv2d(source, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.LeakyReLU(0.1, inplace=True),
        ]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        width = [min(config.base * 2**step, config.widest) for step in range(config.depth)]
        self.down = nn.ModuleList(
            _double_conv(config.context if step == 0 else width[step - 1], width[step]) for step in range(config.depth)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(width[step + 1], width[step], 2, stride=2) for step in range(config.depth - 1)
        )
        self.merge = nn.ModuleList(_double_conv(2 * width[step], width[step]) for step in range(config.depth - 1))
        self.head = nn.Conv2d(width[0], config.classes, 1)

    @property
    def multiple(self) -> int:
        """Rows and columns must be multiples of this."""
        return 1 << (self.config.depth - 1)

    @property
    def runtime(self) -> str:
        """Name and version of the runtime."""
        return f"torch {torch.__version__}"

    def chances(self, windows: Tensor) -> Tensor:
        """(batch, context, rows, columns) on the CPU -> class probabilities (batch, classes, ...) there."""
        device = self.head.weight.device
        x = windows.to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            probabilities: Tensor = self(x).softmax(dim=1)
        return probabilities.cpu()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, context, rows, columns) -> logits (batch, classes, rows, columns)."""
        skips: list[Tensor] = []
        for step, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if step else x)
            skips.append(x)
        for step in reversed(range(len(self.up))):
            x = self.merge[step](torch.cat([self.up[step](x), skips[step]], dim=1))
        logits: Tensor = self.head(x)
        return logits
