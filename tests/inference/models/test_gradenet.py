"""The grader's network: mirrored, with inputs missing, and small."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inference.models.gradenet import HEADS, MEASURED, GradeConfig, GradeNet, Inputs


@pytest.fixture(scope="module")
def network() -> GradeNet:
    torch.manual_seed(3)
    grader = GradeNet(GradeConfig()).eval()
    for head in grader.heads.parameters():
        torch.nn.init.normal_(head, std=2.0)
    return grader


@pytest.fixture
def levels() -> Inputs:
    """Three levels of noise with everything there, brighter on the left."""
    generator = torch.Generator().manual_seed(5)
    config = GradeConfig()
    sagittal = torch.rand(3, 2, config.planes, config.rows, config.columns, generator=generator)
    sagittal[:, :, config.planes // 2 + 1 :] += 2
    return Inputs(
        sagittal,
        torch.ones(3, 2),
        torch.rand(3, 3, 2, config.axial_rows, config.axial_columns, generator=generator),
        torch.ones(3, 3),
        torch.randn(3, len(MEASURED), generator=generator),
        torch.ones(3, len(MEASURED)),
    )


def test_a_mirrored_study_gets_mirrored_grades(network: GradeNet, levels: Inputs) -> None:
    straight, mirrored = network.chances(levels), network.chances(levels.mirrored())
    swapped = [HEADS.index(site) for site in ("canal", "foramen_right", "foramen_left", "recess_right", "recess_left")]
    torch.testing.assert_close(mirrored, straight[:, swapped])
    assert (straight[:, 1] - straight[:, 2]).abs().max() > 1e-3


def test_what_was_measured_on_one_side_changes_sides_in_the_mirror(network: GradeNet, levels: Inputs) -> None:
    left, right = (list(MEASURED).index(f"foramen_fat_{side}") for side in ("left", "right"))
    mirrored = levels.mirrored()
    torch.testing.assert_close(mirrored.measured[:, [left, right]], levels.measured[:, [right, left]])
    same = [place for place, name in enumerate(MEASURED) if not name.endswith(("left", "right"))]
    torch.testing.assert_close(mirrored.measured[:, same], levels.measured[:, same])


def test_a_grader_of_before_is_shown_only_what_it_learnt_with(levels: Inputs) -> None:
    older = GradeNet(GradeConfig(), ["canal_ap", "canal_area", "disc_height"]).eval()
    changed = replace(levels, measured=levels.measured.clone())
    changed.measured[:, 3:] += 5.0
    torch.testing.assert_close(older.chances(changed), older.chances(levels))
    changed.measured[:, 0] += 5.0
    assert (older.chances(changed) - older.chances(levels)).abs().max() > 1e-6


def test_what_is_not_there_has_no_say(network: GradeNet, levels: Inputs) -> None:
    """Whatever lies in the place of a missing series, image or measurement."""
    missing = replace(
        levels,
        sagittal_seen=torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]),
        axial_seen=torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    )
    changed = replace(missing, sagittal=missing.sagittal.clone(), axial=missing.axial.clone())
    changed.sagittal[0, 1], changed.sagittal[2] = 9.0, 9.0
    changed.axial[1, 1:], changed.axial[2, 0] = 9.0, 9.0
    torch.testing.assert_close(network.chances(changed), network.chances(missing))
    assert (network.chances(missing) - network.chances(levels)).abs().max() > 1e-3


def test_probabilities_add_up_and_a_temperature_softens_them(network: GradeNet, levels: Inputs) -> None:
    sharp = network.chances(levels)
    assert sharp.shape == (3, len(HEADS), 4)
    torch.testing.assert_close(sharp.sum(dim=2), torch.ones(3, len(HEADS)))
    network.temperature.fill_(4.0)
    soft = network.chances(levels)
    network.temperature.fill_(1.0)
    assert (soft.amax(dim=2) < sharp.amax(dim=2)).all()


def test_the_network_is_small() -> None:
    assert sum(parameter.numel() for parameter in GradeNet(GradeConfig()).parameters()) < 400_000
