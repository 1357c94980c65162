"""A model on disk: ``weights.safetensors`` beside ``card.json``.

The card carries all that prediction needs besides the weights (network
configuration, preprocessing) and all that a person should know (data, figures,
limits). The weights' SHA-256 stands in the card and is checked at loading.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from inference.models import cards, runtime
from inference.models.cards import (
    SHIPPED,
    WEIGHTS,
    Choice,
    DamagedModelError,
    Installed,
    MissingModelError,
    OtherWeightsError,
    installed,
)
from inference.models.discnet import DiscEnsemble, DiscNetConfig
from inference.models.gradenet import GradeConfig, GradeNet
from inference.models.unet import UNet, UNetConfig
from inference.types import DiscQuestion, ModelMark

__all__ = [
    "NETWORKS", "SHIPPED", "WEIGHTS", "Choice", "DamagedModelError", "Installed", "MissingModelError", "Model",
    "OtherWeightsError", "add_figures", "install", "installed", "load", "load_folder", "save",
]  # fmt: skip


def _discs(card: dict[str, Any]) -> DiscEnsemble:
    """Raises ValueError where the card's questions are not the product's: answers would be given to others."""
    if card["questions"] != list(DiscQuestion):
        raise ValueError("other questions")
    told_from = {DiscQuestion(question): float(cut) for question, cut in card["told_from"].items()}
    if not all(0 <= cut <= 1 for cut in told_from.values()):
        raise ValueError("told from what is no probability")
    return DiscEnsemble(DiscNetConfig.from_dict(card["network"]))


#: Name of a model -> the network that its card describes.
NETWORKS: dict[str, Callable[[dict[str, Any]], nn.Module]] = {
    "segment": lambda card: UNet(UNetConfig(**card["network"])),
    "grade": lambda card: GradeNet(GradeConfig(**card["network"]), card["measured"]),
    "discs": _discs,
}


@dataclass(frozen=True)
class Model:
    """A loaded network with its card, in evaluation mode on the CPU or `device`.

    network: as NETWORKS makes it.
    run: the network as it is run there; the same answers, faster.
    """

    network: Any
    run: Any
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

    @property
    def mark(self) -> ModelMark:
        """Name, version and hash."""
        return ModelMark(self.name, self.version, self.sha256)


def save(network: torch.nn.Module, card: dict[str, Any], folder: Path) -> None:
    """Write weights and card to `folder`; `card` must name `name`, `version` and `network`.

    A model that is there is replaced when both are written: a break between would leave one that cannot be loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{cards.WEIGHTS_FILE}.part"
    save_file({key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}, str(weights))
    part = _written({**card, "sha256": cards.digest(weights)}, folder)
    weights.replace(folder / cards.WEIGHTS_FILE)
    part.replace(folder / cards.CARD_FILE)


def _written(card: dict[str, Any], folder: Path) -> Path:
    """The card beside its place."""
    part = folder / f"{cards.CARD_FILE}.part"
    part.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return part


def load(
    name: str,
    device: str = "cpu",
    weights_root: Path = WEIGHTS,
    *,
    version: str | None = None,
    sha256: str = "",
    models_root: Path | None = None,
    threads: int | None = None,
) -> Model:
    """Load the shipped model `name`, or the `version` of it that is installed, with these weights if said.

    threads: that run a segmenter on a CPU; None for one on each core.
    Raises MissingModelError, and DamagedModelError when weights, card and network do not belong together.
    """
    folder = cards.find(name, version, sha256, models_root, weights_root)
    card = cards.check(folder)
    network = _network(card, folder)
    network.eval().to(torch.device(device))
    run: Any = network
    if isinstance(network, UNet):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        run = runtime.best(network, torch.device(device), threads)
    return Model(network, run, card, torch.device(device))


def load_folder(folder: Path, name: str) -> Model:
    """Load the model in `folder`, which must be one named `name`, on the CPU.

    Raises MissingModelError and DamagedModelError as `load` does, and DamagedModelError for a model of another name.
    """
    folder = folder.resolve()
    model = load(folder.name, weights_root=folder.parent)
    if model.name != name:
        raise DamagedModelError(f"The model in {folder.name} is named {model.name}; one named {name} is needed here.")
    return model


def install(folder: Path, models_root: Path, weights_root: Path = WEIGHTS) -> Installed:
    """Check the model in `folder`, its network too, and copy it to its place below `models_root`.

    Raises DamagedModelError, or OtherWeightsError when this version is there with other weights.
    """
    return cards.install(folder, models_root, weights_root, checked=_loadable)


def _loadable(folder: Path) -> dict[str, Any]:
    card = cards.check(folder)
    _network(card, folder)
    return card


def _network(card: dict[str, Any], folder: Path) -> nn.Module:
    """The network that a card describes, with the weights beside it. Raises DamagedModelError."""
    if card["name"] not in NETWORKS:
        known = ", ".join(sorted(NETWORKS))
        raise DamagedModelError(f"The product has no model named {card['name']}; it knows: {known}.")
    try:
        network = NETWORKS[card["name"]](card)
        weights = load_file(str(folder / cards.WEIGHTS_FILE))
        # Graders of before it was kept do not say what is familiar to them.
        unsaid = {key: value for key, value in network.state_dict().items() if key.startswith("familiar.")}
        network.load_state_dict(unsaid | weights)
    except (RuntimeError, SafetensorError, AttributeError, TypeError, ValueError, KeyError) as error:
        raise DamagedModelError(
            f"The network of model {card['name']} {card['version']} cannot be loaded: its weights do not fit "
            f"the network that its card describes, or were made for another version of the product."
        ) from error
    return network


def add_figures(name: str, figures: dict[str, object], weights_root: Path = WEIGHTS) -> None:
    """Write what an evaluation found into the card of the model `name`."""
    path = weights_root / name / cards.CARD_FILE
    card = json.loads(path.read_text(encoding="utf-8"))
    _written({**card, "figures": figures}, path.parent).replace(path)
