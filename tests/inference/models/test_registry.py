"""A model is loaded only when its weights are those of its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from inference.models import cards, registry
from inference.models.unet import UNet, UNetConfig

SMALL = UNetConfig(base=2, widest=4, depth=3)


def saved(folder: Path, version: str = "1", seed: int = 0, **changes: Any) -> UNet:
    """A small segmenter in `folder`/small, as a training run leaves it."""
    torch.manual_seed(seed)
    network = UNet(SMALL)
    card = {"name": "segment", "version": version, "network": SMALL.to_dict()} | changes
    registry.save(network, card, folder / "small")
    return network


def install(runs: Path, models: Path, version: str, seed: int = 0) -> registry.Installed:
    saved(runs, version, seed)
    return registry.install(runs / "small", models)


def test_a_saved_model_comes_back_with_the_same_answer(tmp_path: Path) -> None:
    network = saved(tmp_path).eval()
    model = registry.load("small", weights_root=tmp_path)
    x = torch.randn(1, 3, 16, 16)
    assert torch.allclose(model.network(x), network(x), atol=1e-5)
    assert (model.name, model.version, len(model.sha256)) == ("segment", "1", 64)


def test_a_model_that_is_saved_over_stays_whole_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    saved(tmp_path)
    before = registry.load("small", weights_root=tmp_path).sha256
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            saved(tmp_path, seed=1)
    assert registry.load("small", weights_root=tmp_path).sha256 == before


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


# --- models added beside the shipped ones -------------------------------------------------------


def test_an_installed_version_is_listed_beside_the_shipped_one_and_loaded_when_asked_for(tmp_path: Path) -> None:
    for version in ("1.10.0", "1.9.0"):
        install(tmp_path / "runs", tmp_path / "models", version)
    listed = registry.installed("segment", tmp_path / "models")
    assert [(model.version, model.shipped) for model in listed][1:] == [("1.9.0", False), ("1.10.0", False)]
    assert listed[0].shipped
    assert not any(model.problem for model in listed)
    assert registry.load("segment", version="1.9.0", models_root=tmp_path / "models").version == "1.9.0"
    assert cards.find("segment", models_root=tmp_path / "models") == listed[0].folder


def test_the_same_weights_installed_again_bring_what_their_card_says_now(tmp_path: Path) -> None:
    first = install(tmp_path / "runs", tmp_path, "2.0.0")
    registry.add_figures("small", {"dice": 0.9}, tmp_path / "runs")
    again = registry.install(tmp_path / "runs" / "small", tmp_path)
    assert (again.folder, again.sha256, again.card["figures"]) == (first.folder, first.sha256, {"dice": 0.9})
    assert cards.check(again.folder) == again.card


def test_a_version_that_is_not_installed_is_never_replaced_by_another(tmp_path: Path) -> None:
    model = install(tmp_path / "runs", tmp_path, "2.0.0")
    with pytest.raises(registry.MissingModelError, match=r"2\.0\.1 is not installed"):
        registry.load("segment", version="2.0.1", models_root=tmp_path)
    with pytest.raises(registry.MissingModelError, match="with the weights ffff"):
        registry.load("segment", version="2.0.0", sha256="f" * 64, models_root=tmp_path)
    assert cards.find("segment", "2.0.0", model.sha256, tmp_path) == model.folder


def test_installing_the_same_model_twice_changes_nothing_and_other_weights_are_refused(tmp_path: Path) -> None:
    runs, models = tmp_path / "runs", tmp_path / "models"
    first = install(runs, models, "2.0.0")
    assert install(runs, models, "2.0.0") == first
    with pytest.raises(registry.OtherWeightsError, match="Give the new one a version of its own"):
        install(runs, models, "2.0.0", seed=1)
    saved(runs, registry.installed("segment")[0].version, seed=1)
    with pytest.raises(registry.OtherWeightsError, match="Give the new one"):
        registry.install(runs / "small", models)
    assert [model.version for model in registry.installed("segment", models)][1:] == ["2.0.0"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "spleen"}, "no model named spleen; it knows: .*segment"),
        ({"name": "../segment"}, "a name that cannot name a folder"),
        ({"version": "../../2"}, "a version that cannot name a folder"),
        ({"version": ""}, "does not say: version"),
        ({"network": {**SMALL.to_dict(), "base": 4}}, "segment 1 cannot be loaded"),
        ({"network": {"width": 4}}, "segment 1 cannot be loaded"),
    ],
)
def test_a_model_that_no_study_could_be_read_with_is_not_installed(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    saved(tmp_path / "runs", **changes)
    with pytest.raises(registry.DamagedModelError, match=message):
        registry.install(tmp_path / "runs" / "small", tmp_path / "models")
    assert not list((tmp_path / "models").glob("*/*"))
    assert not list((tmp_path / "models").glob(".*"))


def test_damaged_weights_and_a_missing_card_are_not_installed(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "small"
    saved(tmp_path / "runs")
    (folder / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(registry.DamagedModelError, match="differ from its card"):
        registry.install(folder, tmp_path / "models")
    (folder / "weights.safetensors").unlink()
    with pytest.raises(registry.DamagedModelError, match=r"has no weights\.safetensors"):
        registry.install(folder, tmp_path / "models")
    (folder / "card.json").unlink()
    with pytest.raises(registry.DamagedModelError, match=r"There is no card\.json"):
        registry.install(folder, tmp_path / "models")


def test_a_damaged_version_is_put_right_by_installing_it_again(tmp_path: Path) -> None:
    model = install(tmp_path / "runs", tmp_path / "models", "2")
    (model.folder / "weights.safetensors").write_bytes(b"cut off")
    install(tmp_path / "runs", tmp_path / "models", "2")
    assert cards.check(model.folder)["version"] == "2"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["segment"]


def test_a_folder_that_is_no_model_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "segment" / "9").mkdir(parents=True)
    broken = registry.installed("segment", tmp_path)[-1]
    assert (broken.version, broken.problem[:21]) == ("9", "There is no card.json")
    moved = install(tmp_path / "runs", tmp_path, "2").folder
    moved.rename(moved.with_name("3"))
    assert (
        "its card says segment/2"
        in next(model for model in registry.installed("segment", tmp_path) if model.folder.name == "3").problem
    )
