"""What the way of scanning does to images, on shapes whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.simulate.body.tissue import Tissue
from inference.simulate.scanner import artefacts, signal
from inference.simulate.scanner.signal import Protocol

PLAIN = Protocol(
    "T2", 4000, 100, 16, 4.0, 0.4, noise=0.01, coil_mm=60, floor=0.4, saturation=0, seed=1, acquired=(1.1, 1.1),
    train_decay=0.0,
)  # fmt: skip


def square(size: int = 64) -> np.ndarray:
    image = np.zeros((size, size), np.float32)
    image[size // 4 : -size // 4, size // 4 : -size // 4] = 1
    return image


def test_fat_lies_beside_water_by_field_over_bandwidth() -> None:
    protocol = replace(PLAIN, tesla=3.0, bandwidth_hz=217.1)
    assert artefacts.fat_shift_pixels(protocol) == pytest.approx(2.0, abs=0.01)
    image = artefacts.with_chemical_shift(np.zeros((64, 64), np.float32), square(), protocol)
    assert image[32, 20] == pytest.approx(1, abs=0.02)
    assert image[32, 16:18] == pytest.approx(0, abs=0.02)
    assert image[32, 49] == pytest.approx(1, abs=0.02)
    assert image[16, 32] == 1  # along phase nothing moves


def test_suppression_takes_fat_and_leaves_water() -> None:
    image = artefacts.with_chemical_shift(square(), square(), replace(PLAIN, fat_suppression=0.9))
    assert image[32, 32] == pytest.approx(1.1)


def test_an_inversion_nulls_fat_and_keeps_fluid() -> None:
    stir = replace(PLAIN, inversion_ms=200, echo_ms=50, tesla=3.0)
    still = np.random.default_rng(0)
    values, _ = signal.spin_echo(stir, still)
    assert values[Tissue.FAT] < 0.1 * values[Tissue.CSF]
    plain, _ = signal.spin_echo(PLAIN, np.random.default_rng(0))
    assert plain[Tissue.FAT] > 0.25 * plain[Tissue.CSF]


def test_a_truncated_k_space_rings_at_edges_by_a_tenth_and_a_whole_one_does_not() -> None:
    whole = artefacts.sampled(square(), PLAIN)
    assert np.abs(whole - square()).max() < 0.03
    cut = artefacts.sampled(square(), replace(PLAIN, acquired=(0.5, 1.1)))
    assert 0.04 < cut[:, 32].max() - 1 < 0.13
    assert cut[32, 8:56].max() - 1 < 0.06


def test_motion_puts_ghosts_along_phase_only() -> None:
    moved = artefacts.sampled(square(), replace(PLAIN, motion_mm=0.8))
    assert moved[:10, 32].max() > 0.02
    assert moved[32, :10].max() < 0.01
    again = artefacts.sampled(square(), replace(PLAIN, motion_mm=0.8))
    assert (moved == again).all()


def test_what_lies_beyond_the_field_of_view_folds_in_at_the_other_end() -> None:
    wide = np.zeros((20, 6), np.float32)
    wide[0], wide[-2] = 1, 3
    image = artefacts.folded(wide, 4, PLAIN)
    assert image.shape == (12, 6)
    assert (image[8] == 1).all()
    assert (image[2] == 3).all()
    assert image.sum() == 4 * 6


def test_metal_leaves_a_void_with_a_bright_brim_larger_in_a_higher_field() -> None:
    distance = np.abs(np.arange(60) - 30)[None].repeat(3, axis=0).astype(np.float32)
    voids = []
    for tesla in (1.5, 3.0):
        row = artefacts.beside_metal(np.ones((3, 60), np.float32), distance, replace(PLAIN, tesla=tesla))[1]
        assert row[30] == 0
        assert 1.3 < row.max() < 1.8
        assert row[0] == pytest.approx(1, abs=0.01)
        voids.append((row < 0.5).sum())
    assert voids[1] > 1.5 * voids[0]


def test_noise_without_signal_has_the_mean_of_a_rayleigh_distribution() -> None:
    noise = signal.rician(np.zeros((200, 200), np.float32), 0.02, np.random.default_rng(2))
    assert noise.mean() == pytest.approx(0.02 * np.sqrt(np.pi / 2), rel=0.02)
