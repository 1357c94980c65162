"""Discs are cut out of sagittal images in their own frame, and every question about them is answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.grading import disc_measures
from inference.grading import discs as disc_networks
from inference.grading.discs import BEHIND_MM, COLUMNS, ROWS
from inference.models import registry
from inference.training.learn.disc_loss import ANSWERS
from inference.types import DiscQuestion, ModelMark, Role, Volume
from tests.inference.grading.factories import CARD, CONFIG, X, Y, Z, disc, labels, model, sagittal


@pytest.mark.parametrize("degrees", [0.0, 25.0])
def test_a_cut_runs_down_and_back_in_the_discs_own_frame_around_a_point_behind_its_centre(degrees: float) -> None:
    at = disc(degrees=degrees)
    for along in (Y, Z):
        image = disc_networks.cut(sagittal(of=along), at)
        assert image is not None
        assert image.shape == (ROWS, COLUMNS)
        assert image.mean() == pytest.approx((at.centre_mm - BEHIND_MM * at.anterior) @ along, abs=0.02)
        assert np.diff(image, axis=0).mean() == pytest.approx(-at.up @ along, abs=0.01)
        assert np.diff(image, axis=1).mean() == pytest.approx(-at.anterior @ along, abs=0.01)


def test_a_cut_with_a_margin_is_the_same_with_more_around_it() -> None:
    narrow, wide = (disc_networks.cut(sagittal(), disc(degrees=10), margin=margin) for margin in (0, 6))
    assert narrow is not None
    assert wide is not None
    assert np.allclose(wide[6:-6, 6:-6], narrow, atol=1e-3)


def test_the_slices_at_the_discs_centre_and_beside_it_are_looked_at_and_only_those_there_are() -> None:
    lateral = sagittal(of=X)
    cuts = disc_networks.around({Role.SAGITTAL_T2: lateral}, labels(lateral), disc())
    assert cuts is not None
    assert [image[0].mean() for image in cuts.images] == [-4.0, 0.0, 4.0]
    assert cuts.present.tolist() == [[True, False]] * 3
    single = Volume(lateral.array[2:3], lateral.affine + np.array([[0, 0, 0, 8.0], *np.zeros((3, 4))]))
    alone = disc_networks.around({Role.SAGITTAL_T2: single, Role.SAGITTAL_T1: lateral}, labels(lateral), disc())
    assert alone is not None
    assert alone.present.tolist() == [[False, True], [True, True], [False, True]]


def test_every_question_is_answered_for_every_disc_and_says_what_it_was_made_from() -> None:
    volume = sagittal()
    discs = disc("L4-L5"), disc("L5-S1")
    found = disc_networks.find(model(), disc_networks.shown({Role.SAGITTAL_T1: volume}, labels(volume), discs))
    assert [(f.level, f.finding) for f in found] == [(lv, q) for lv in ("L4-L5", "L5-S1") for q in DiscQuestion]
    assert {f.made_from for f in found} == {(Role.SAGITTAL_T1,)}
    assert all(0 < f.probability < 1 for f in found)
    assert all(1 <= f.value <= 5 for f in found if f.finding is DiscQuestion.PFIRRMANN)


def test_a_disc_outside_the_slices_is_not_judged() -> None:
    volume = sagittal()
    away = Volume(volume.array, volume.affine + np.array([[0, 0, 0, 60.0], *np.zeros((3, 4))]))
    assert disc_networks.shown({Role.SAGITTAL_T2: away}, labels(away), (disc(),)) == ()


def test_a_finding_is_told_from_its_own_probability_on_and_the_grade_is_the_middle_one() -> None:
    assert disc_networks.decide(np.array([0.8, 0.2]), 0.15) == 1
    assert disc_networks.decide(np.array([0.8, 0.2]), 0.25) == 0
    assert disc_networks.decide(np.array([0.6, 0.05, 0.3, 0.05]), 0.3) == 2
    assert disc_networks.decide(np.array([0.3, 0.15, 0.1, 0.4, 0.05]), None) == 2


def test_probabilities_sum_to_one_and_neither_brightness_nor_a_missing_image_changes_them() -> None:
    network = model().network
    images, place = torch.rand(3, 2, ROWS, COLUMNS), torch.tensor([0, 3, 5])
    present, measured = torch.tensor([[1.0, 0.0]] * 3), torch.rand(3, disc_measures.COUNT)
    with torch.inference_mode():
        told = network(images, present, place, measured)
        images[:, 0] = images[:, 0] * 300 + 40
        images[:, 1] = 7.0
        again = network(images, present, place, measured)
    assert [one.shape[1] for one in told] == list(ANSWERS)
    for first, second in zip(told, again, strict=True):
        assert torch.allclose(first.sum(dim=1), torch.ones(3), atol=1e-5)
        assert torch.allclose(first, second, atol=1e-4)


def test_a_saved_network_comes_back_and_changed_weights_are_refused(tmp_path: Path) -> None:
    network = model().network
    registry.save(network, CARD, tmp_path / "discs")
    back = disc_networks.load(tmp_path)
    measured = torch.full((1, disc_measures.COUNT), float("nan"))
    question = torch.rand(1, 2, ROWS, COLUMNS), torch.ones(1, 2), torch.tensor([2]), measured
    with torch.inference_mode():
        assert torch.allclose(back.network(*question)[0], network(*question)[0])
    assert back.cuts == {DiscQuestion.MODIC: 0.3}
    assert (back.mark.name, back.mark.version) == ("discs", "1")
    weights = tmp_path / "discs" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(registry.DamagedModelError):
        disc_networks.load(tmp_path)


def test_an_installed_version_is_loaded_when_it_is_chosen_and_no_other_takes_its_place(tmp_path: Path) -> None:
    registry.save(model().network, CARD, tmp_path / "made")
    there = registry.install(tmp_path / "made", tmp_path / "models")
    chosen = registry.Choice("1", there.sha256)
    assert disc_networks.load(chosen=chosen, models_root=tmp_path / "models").mark == ModelMark(
        "discs", "1", there.sha256
    )
    with pytest.raises(registry.MissingModelError, match="discs 2 is not installed"):
        disc_networks.load(chosen=registry.Choice("2"), models_root=tmp_path / "models")


@pytest.mark.parametrize(
    "changes",
    [
        {"questions": ["pfirrmann", "modic"]},
        {"told_from": {"fissure": 0.5}},
        {"told_from": {"modic": 30}},
        {"told_from": None},
        {"network": {**CONFIG.to_dict(), "widths": [4, 8]}},
        {"network": {"answers": 5}},
    ],
)
def test_a_version_that_asks_or_answers_otherwise_is_not_installed(tmp_path: Path, changes: dict[str, object]) -> None:
    registry.save(model().network, CARD | changes, tmp_path / "made")
    with pytest.raises(registry.DamagedModelError, match="discs 1 cannot be loaded"):
        registry.install(tmp_path / "made", tmp_path / "models")
