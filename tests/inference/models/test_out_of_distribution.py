"""A grader tells where a level's images are unlike those that it learnt from, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference import pipeline
from inference.grading.heads import LevelData, cut_levels
from inference.images.headers import find_files
from inference.images.read import read_images
from inference.measures.levels import measure_levels
from inference.models import cards, registry
from inference.models.gradenet import GradeNet, Inputs
from inference.models.out_of_distribution import AXES, SERIES, Cloud
from inference.simulate.truth.study_truth import Truth
from inference.spine.find import find_spine


@pytest.fixture(scope="module")
def shipped() -> GradeNet:
    network = registry.load("grade").network
    assert isinstance(network, GradeNet)
    return network


@pytest.fixture(scope="module")
def levels(study: tuple[Path, Truth], models: pipeline.Models) -> Inputs:
    """What the grader sees of a simulated study with T2, T1 and axial images."""
    images = read_images(find_files(study[0]))
    spine = find_spine(images, models.segmenter)
    crops = cut_levels(LevelData(images, spine, measure_levels(images, spine)))
    assert crops is not None
    return crops.inputs


def inverted(x: Inputs) -> Inputs:
    return replace(x, sagittal=(1 - x.sagittal).clamp(min=0))


def noisy(x: Inputs) -> Inputs:
    off = torch.randn(x.axial[:, :, :1].shape, generator=torch.Generator().manual_seed(1))
    return replace(x, axial=torch.cat([x.axial[:, :, :1] + 0.6 * off, x.axial[:, :, 1:]], dim=2))


def test_a_point_far_from_a_cloud_is_further_than_nearly_all_of_its_own() -> None:
    generator = torch.Generator().manual_seed(2)
    spread = torch.linspace(3, 0.1, 50)
    points, tuning = (torch.randn(500, 50, generator=generator) * spread for _ in range(2))
    cloud = Cloud(50)
    assert not (cloud.distance(100 * points) > cloud.limit).any()
    cloud.fit(points, tuning)
    assert float((cloud.distance(points) > cloud.limit).float().mean()) < 0.03
    along, residual = torch.zeros(50), torch.zeros(50)
    along[0], residual[-1] = 12 * 3.0, 12.0
    assert (cloud.distance(torch.stack([along, residual])) > cloud.limit).tolist() == [True, True]


def test_few_points_make_a_cloud_too() -> None:
    cloud = Cloud(50)
    points = torch.randn(5, 50, generator=torch.Generator().manual_seed(3))
    cloud.fit(points, points)
    assert cloud.distance(points).isfinite().all()
    assert len(cloud.variances) == AXES


def test_a_simulated_study_is_like_what_was_learnt_from(shipped: GradeNet, levels: Inputs) -> None:
    assert int(shipped.unlike(levels).sum()) <= 1


@pytest.mark.parametrize(("spoil", "series"), [(inverted, (0, 1)), (noisy, (2,))])
def test_spoilt_images_are_flagged_by_their_series(
    shipped: GradeNet, levels: Inputs, spoil: Callable[[Inputs], Inputs], series: tuple[int, ...]
) -> None:
    seen = torch.cat([levels.sagittal_seen, levels.axial_seen[:, :1]], dim=1) > 0
    flagged = shipped.unlike(spoil(levels))
    for number in range(len(SERIES)):
        present = seen[:, number]
        assert present.any()
        assert (
            float(flagged[present, number].float().mean()) > 0.8 if number in series else flagged[:, number].sum() <= 1
        )
        assert not flagged[~present, number].any()


def test_a_mirrored_study_is_as_familiar(shipped: GradeNet, levels: Inputs) -> None:
    for x in (levels, inverted(levels), noisy(levels)):
        assert torch.equal(shipped.unlike(x), shipped.unlike(x.mirrored()))


def test_a_grader_of_before_is_loaded_and_tells_nothing(tmp_path: Path, levels: Inputs) -> None:
    folder = tmp_path / "grade"
    folder.mkdir()
    weights = load_file(str(registry.WEIGHTS / "grade" / cards.WEIGHTS_FILE))
    card = registry.load("grade").card
    save_file({k: v for k, v in weights.items() if not k.startswith("familiar.")}, str(folder / cards.WEIGHTS_FILE))
    registry.save(GradeNet(registry.load("grade").network.config), card, tmp_path / "other")
    text = (tmp_path / "other" / cards.CARD_FILE).read_text()
    digest = cards.digest(folder / cards.WEIGHTS_FILE)
    (folder / cards.CARD_FILE).write_text(text.replace(cards.digest(tmp_path / "other" / cards.WEIGHTS_FILE), digest))
    network = registry.load("grade", weights_root=tmp_path).network
    assert not network.familiar.known
    assert not network.unlike(inverted(levels)).any()
    torch.testing.assert_close(network.chances(levels), registry.load("grade").network.chances(levels))
