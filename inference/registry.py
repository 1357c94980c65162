"""A model on disk: ``weights.safetensors`` beside ``card.json``.

The card carries all that prediction needs besides the weights (network
configuration, preprocessing) and all that a person should know (data, figures,
limits). The weights' SHA-256 stands in the card and is checked at loading.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from inference import runtime
from inference.models.unet import UNet, UNetConfig

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Model:
    """A loaded network with its card, in evaluation mode on the CPU or `device`.

    run: the network as it is run there; the same answers, faster.
    """

    network: UNet
    run: runtime.Network
    card: dict[str, Any]
    device: torch.device

    @property
    def name(self) -> str:
        return str(self.card["name"])

    @property
    def version(self) -> str:
        return str(self.card["version"])

    @property
    def sha256(self) -> str:
        return str(self.card["sha256"])


class DamagedModelError(Exception):
    """The weights are not the ones that the card describes."""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save(network: torch.nn.Module, card: dict[str, Any], folder: Path) -> None:
    """Write weights and card to `folder`; `card` must name `name`, `version` and `network`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.safetensors"
    save_file({key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}, str(weights))
    text = json.dumps({**card, "sha256": _sha256(weights)}, indent=2, ensure_ascii=False)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def load(name: str, device: str = "cpu", weights_root: Path = WEIGHTS) -> Model:
    """Load the shipped model `name`.

    Raises DamagedModelError when the weights do not match the card.
    """
    folder = weights_root / name
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    weights = folder / "weights.safetensors"
    if _sha256(weights) != card["sha256"]:
        raise DamagedModelError(f"The weights of model {name} differ from its card. Install the product again.")
    network = UNet(UNetConfig(**card["network"]))
    network.load_state_dict(load_file(str(weights)))
    network.eval().to(device=torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Model(network, runtime.best(network, torch.device(device)), card, torch.device(device))


def add_figures(name: str, figures: dict[str, object], weights_root: Path = WEIGHTS) -> None:
    """Write what an evaluation found into the card of the model `name`."""
    path = weights_root / name / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**card, "figures": figures}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
