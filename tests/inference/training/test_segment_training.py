"""Training material and the training loop, on the smallest of slabs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.models.unet import UNet, UNetConfig
from inference.training.data import simulated, sources
from inference.training.data.slab import Slab
from inference.training.data.sources import Material, Source
from inference.training.learn import segment
from inference.training.scores import overlap
from inference.types import Label


def slab(value: int, step_mm: float = 4.0) -> Slab:
    """Three slices of 32 x 32 with a bright square of class `value`."""
    labels = np.zeros((3, 32, 32), np.uint8)
    labels[:, 8:24, 8:24] = value
    image = (labels > 0).astype(np.uint8) * 170
    affine = np.array([[step_mm, 0, 0, 0], [0, 0, 0.75, 0], [0, -0.75, 0, 0], [0, 0, 0, 1.0]])
    return Slab(image, labels, affine)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One simulated patient, coarsely."""
    folder = tmp_path_factory.mktemp("rendered")
    simulated.write(folder, 4, simulated.Detail(spacing_mm=3.0, thin_slices=(2, 4), thick_slices=(2, 4), samples=1))
    return folder


def test_a_rendered_patient_shows_every_class_of_the_network_and_no_other(rendered: Path) -> None:
    slabs = simulated.load(simulated.files(rendered)[0])
    assert {slab.step_mm < 3 for slab in slabs} == {True, False}  # thin and thick
    for slab in slabs:
        assert slab.image.shape == slab.labels.shape
        assert set(np.unique(slab.labels)) == set(Label)


def test_a_patient_that_is_rendered_already_is_left_as_it_is(rendered: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in rendered.iterdir()}
    simulated.write(rendered, 4)
    assert {path: path.stat().st_mtime_ns for path in rendered.iterdir()} == before


def test_real_and_simulated_patients_share_every_batch_in_equal_parts() -> None:
    _, target, _ = Material([[slab(1)], [slab(2)]], []).batch(np.random.default_rng(0), 6, 3)
    assert [int(labels.max()) for labels in target] == [1, 2, 1, 2, 1, 2]


def test_background_that_may_be_sacrum_is_not_held_against_a_network_that_says_sacrum() -> None:
    says_sacrum = torch.full((1, len(Label), 4, 4), -9.0)
    says_sacrum[:, Label.SACRUM] = 9.0
    background = torch.zeros((1, 4, 4), dtype=torch.long)
    unknown, known = torch.tensor([False]), torch.tensor([True])
    assert segment.loss_of(says_sacrum, background, unknown) < 0.01
    assert segment.loss_of(says_sacrum, background, known) > 10


def test_only_labels_that_hold_a_sacrum_are_whole(rendered: Path) -> None:
    assert all(rendered_slab.whole for rendered_slab in simulated.load(simulated.files(rendered)[0]))
    assert not slab(1).whole


def test_training_on_simulated_patients_asks_for_their_folder_and_for_nothing_real() -> None:
    with pytest.raises(ValueError, match="needs more rendered patients"):
        sources.gather(Source.SIMULATED, None, None)


def test_a_run_that_was_broken_off_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    material = Material([[slab(1), slab(2)]], [[sources._case(0, slab(1))]])
    monkeypatch.setattr(segment, "gather", lambda *_: material)
    config = segment.TrainConfig(Source.SIMULATED, steps=3, batch=2, rows=32, columns=32, check_every=1)
    segment.train(None, None, tmp_path / "whole", config)

    with monkeypatch.context() as patch:
        patch.setattr(segment.Run, "learn", _broken_after(2))
        with pytest.raises(KeyboardInterrupt):
            segment.train(None, None, tmp_path / "broken", config)
    segment.train(None, None, tmp_path / "broken", config)

    curves = [(tmp_path / name / "curve.jsonl").read_text() for name in ("whole", "broken")]
    assert curves[0] == curves[1]


def test_a_network_takes_over_what_one_of_fewer_classes_knew_and_holds_the_new_class_for_background() -> None:
    older = UNet(UNetConfig(classes=4)).eval()
    newer = UNet(UNetConfig(classes=5)).eval()
    segment.take_over(newer, older)
    image = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        after, before = newer(image), older(image)
    assert torch.equal(after[:, :4], before)
    assert torch.equal(after[:, 4], before[:, 0])


def test_a_class_that_no_case_shows_has_no_part_in_the_choice_of_the_checkpoint() -> None:
    table = np.array([[0.5, np.nan, 0.7, np.nan], [0.7, np.nan, 0.9, np.nan]])
    seen = {label: float(np.nanmean(column)) for label, column in segment._scored_classes(table)}
    assert seen == {"vertebra": pytest.approx(0.6), "canal": pytest.approx(0.8)}


def test_simulated_patients_that_choose_the_checkpoint_are_none_of_those_to_learn_from(
    rendered: Path, tmp_path: Path
) -> None:
    for seed in range(4):
        (tmp_path / f"{seed:06d}.npz").symlink_to(simulated.files(rendered)[0])
    train_on, tune_on = sources._simulated(tmp_path)
    per_patient = len(simulated.load(simulated.files(rendered)[0]))
    assert len(train_on) == len(tune_on) == 2 * per_patient


def test_surfaces_of_two_balls_one_voxel_apart_lie_that_far_apart() -> None:
    first = np.zeros((5, 9, 9), bool)
    first[1:4, 2:6, 2:6] = True
    assert overlap.surface_mm(first, first, np.array([1.0, 2.0, 2.0])) == 0
    assert overlap.surface_mm(first, np.roll(first, 1, axis=1), np.array([1.0, 2.0, 2.0])) == 2.0
    assert np.isnan(overlap.surface_mm(first, first & False, np.ones(3)))


def _broken_after(steps: int):
    whole = segment.Run.learn

    def learn(run: segment.Run, material: Material) -> float:
        if run.step == steps:
            raise KeyboardInterrupt
        return whole(run, material)

    return learn
