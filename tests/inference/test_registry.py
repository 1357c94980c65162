"""A model is loaded only when its weights are those of its card."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inference import registry
from inference.models.unet import UNet, UNetConfig

SMALL = UNetConfig(base=2, widest=4, depth=3)


def saved(folder: Path) -> UNet:
    torch.manual_seed(0)
    network = UNet(SMALL)
    registry.save(network, {"name": "small", "version": "1", "network": SMALL.to_dict()}, folder / "small")
    return network


def test_a_saved_model_comes_back_with_the_same_answer(tmp_path: Path) -> None:
    network = saved(tmp_path).eval()
    model = registry.load("small", weights_root=tmp_path)
    x = torch.randn(1, 3, 16, 16)
    assert torch.allclose(model.network(x), network(x), atol=1e-5)
    assert (model.name, model.version, len(model.sha256)) == ("small", "1", 64)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    weights = tmp_path / "small" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(registry.DamagedModelError, match="differ from its card"):
        registry.load("small", weights_root=tmp_path)


def test_figures_are_added_to_the_card_and_nothing_else_changes(tmp_path: Path) -> None:
    saved(tmp_path)
    before = registry.load("small", weights_root=tmp_path).card
    registry.add_figures("small", {"dice": 0.9}, tmp_path)
    assert registry.load("small", weights_root=tmp_path).card == {**before, "figures": {"dice": 0.9}}


def test_the_shipped_model_fits_its_card() -> None:
    model = registry.load("segment")
    assert model.card["classes"][1:] == ["vertebra", "disc", "canal", "sacrum"]
    assert not set(model.card["training"]["left_out_patients"]) & set(model.card["training"]["tuning_patients"])
