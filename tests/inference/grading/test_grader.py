"""What the grader's network is shown of a level, and what becomes of its answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.grading.grader import asked, learnt_by, opinions
from inference.models.gradenet import HEADS, MEASURED, GradeConfig, GradeNet, Inputs
from inference.types import DiscLevel, FloatArray, Grade, Measurement, Role, Volume


class Listening(GradeNet):
    """Keeps what it was shown and always says the same."""

    def __init__(self) -> None:
        super().__init__(GradeConfig())
        self.shown: list[Inputs] = []

    def chances(self, x: Inputs) -> torch.Tensor:
        self.shown.append(x)
        return torch.tensor([0.1, 0.1, 0.2, 0.6]).expand(len(x.sagittal), len(HEADS), 4)


def disc(level: str = "L4-L5", centre: FloatArray | None = None) -> DiscLevel:
    x, y, z = np.eye(3)
    return DiscLevel(level, np.zeros(3) if centre is None else centre, z, -y, x, None, 35.0, 8.0)


def volume() -> Volume:
    """60 mm from side to side, 120 mm from front to back and from head to feet."""
    affine = np.array([[4.0, 0, 0, -30], [0, 0, 1, -60], [0, -1, 0, 60], [0, 0, 0, 1]])
    return Volume(np.random.default_rng(0).random((16, 120, 120), dtype=np.float32), affine)


def test_a_level_is_graded_from_what_there_is_and_says_so() -> None:
    network = Listening()
    found = opinions(network, asked([disc()], (), {Role.SAGITTAL_T1: volume()}, {}))["L4-L5"]
    assert found.made_from == (Role.SAGITTAL_T1,)
    assert found.answers["foramen_left"] == (Grade.SEVERE, pytest.approx(0.6))
    assert network.shown[0].sagittal_seen.tolist() == [[0.0, 1.0]]
    assert network.shown[0].axial_seen.tolist() == [[0.0, 0.0, 0.0]]


def test_a_network_is_asked_only_for_what_its_card_says_it_was_taught() -> None:
    learnt = learnt_by({"training": {"config": {"sites": ["canal", "recess_left"]}}})
    found = opinions(Listening(), asked([disc()], (), {Role.SAGITTAL_T2: volume()}, {}), learnt)["L4-L5"]
    assert set(found.answers) == {"canal", "recess_left"}
    assert learnt_by({}) == HEADS


def test_a_level_that_no_image_shows_has_no_opinion() -> None:
    away = disc("L1-L2", np.array([0.0, 0.0, 400.0]))
    assert set(opinions(Listening(), asked([away, disc()], (), {Role.SAGITTAL_T2: volume()}, {}))) == {"L4-L5"}
    assert opinions(Listening(), asked([away], (), {Role.SAGITTAL_T2: volume()}, {})) == {}


def test_only_what_was_measured_whole_is_given_to_the_network() -> None:
    diameter, area = Measurement("L4-L5", "canal_ap", 12.5, "mm"), Measurement("L4-L5", "canal_area", 210.0, "mm²")
    fat = Measurement("L4-L5", "foramen_fat_right", 30.0, "mm²")
    for measured, known in (
        ((diameter, area), {"canal_ap", "canal_area", "disc_height"}),
        ((diameter, replace(area, lower_bound=True)), {"canal_ap", "disc_height"}),
        ((replace(diameter, value=None), fat), {"disc_height", "foramen_fat_right"}),
    ):
        network = Listening()
        opinions(network, asked([disc()], measured, {Role.SAGITTAL_T2: volume()}, {}))
        assert network.shown[0].known.tolist() == [[float(name in known) for name in MEASURED]]
        assert network.shown[0].measured[0, 0] == 0.0  # 12.5 mm is the mean, and what is not known is zero
