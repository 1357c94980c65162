"""Ignored pixels: which answers cost nothing there, and which do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from inference.training.data import ignored_pixels, slice_variation, sources
from inference.training.data.slab import Slab
from inference.training.data.sources import Source
from inference.training.learn import segment
from inference.types import Label

#: One slice of 160 x 120 pixels of 0.75 mm: two discs, the canal behind them down to the lower edge.
LOW, FRONT = 60, 40


def slab(sacrum: int) -> Slab:
    """sacrum: what stands below the lowest disc."""
    labels = np.zeros((1, 160, 120), np.uint8)
    labels[:, 20:28, FRONT : FRONT + 44] = Label.DISC
    labels[:, LOW : LOW + 8, FRONT : FRONT + 44] = Label.DISC
    labels[:, 70:140, 45:70] = sacrum
    labels[:, :, 90:110] = Label.CANAL
    affine = np.array([[4.0, 0, 0, 0], [0, 0, 0.75, 0], [0, -0.75, 0, 0], [0, 0, 0, 1.0]])
    return Slab(labels, labels, affine)


def test_what_lies_below_the_lowest_disc_of_a_person_may_be_anything_but_canal() -> None:
    before = slab(Label.BACKGROUND)
    after = ignored_pixels.without_sacrum(before).labels
    free = after == ignored_pixels.NOT_CANAL
    assert free[0, 70:130, 45:70].all()
    assert not free[0, :LOW].any()
    assert (after[~free] == before.labels[~free]).all()


def test_a_simulated_sac_counts_down_to_the_lowest_disc_only() -> None:
    before = slab(Label.SACRUM)
    after = ignored_pixels.without_end_of_sac(before).labels
    free = after == ignored_pixels.ANYTHING
    assert free[0, 80:, 90:110].all()
    assert not free[0, : LOW + 10].any()
    assert (before.labels[free] == Label.CANAL).all()


def test_without_a_disc_labels_stay_as_they_are() -> None:
    bare = Slab(np.ones((1, 9, 9), np.uint8), np.ones((1, 9, 9), np.uint8), np.eye(4))
    assert ignored_pixels.without_sacrum(bare) is bare
    assert ignored_pixels.without_end_of_sac(bare) is bare


def test_a_disc_within_an_unlabelled_sacrum_costs_nothing_and_a_canal_there_does() -> None:
    answers = {label: torch.full((1, len(Label), 4, 4), -9.0) for label in (Label.DISC, Label.CANAL)}
    for label, logits in answers.items():
        logits[:, label] = 9.0
    whole = torch.tensor([False])

    def cost(label: Label, target: int) -> float:
        return float(segment.loss_of(answers[label], torch.full((1, 4, 4), target), whole))

    assert cost(Label.DISC, ignored_pixels.NOT_CANAL) < 0.01
    assert cost(Label.CANAL, ignored_pixels.NOT_CANAL) > 10
    assert cost(Label.CANAL, ignored_pixels.ANYTHING) < 0.01
    assert cost(Label.DISC, Label.BACKGROUND) > 10


def test_ignored_pixels_are_not_given_a_brightness_of_their_own_that_would_show_where_they_are() -> None:
    image = torch.ones(6, 3, 32, 32)
    label = torch.zeros(6, 32, 32, dtype=torch.long)
    label[:, 8:, 8:] = ignored_pixels.NOT_CANAL
    generator = torch.Generator().manual_seed(3)
    assert torch.allclose(slice_variation.tint(image, label, generator), image)
    sac = torch.where(label > 0, ignored_pixels.ANYTHING, int(Label.CANAL))
    tinted = slice_variation.tint(image, sac, generator)
    assert float((tinted.amax(dim=(1, 2, 3)) - tinted.amin(dim=(1, 2, 3))).max()) < 1e-6


def test_simulated_patients_that_choose_the_checkpoint_keep_their_whole_sac(tmp_path: Path) -> None:
    stored = slab(Label.SACRUM)
    for seed in range(3):
        with (tmp_path / f"{seed:06d}.npz").open("wb") as file:
            np.savez(file, image_0=stored.image, labels_0=stored.labels, affine_0=stored.affine)
    material = sources.gather(Source.SIMULATED, None, tmp_path)
    assert all((part.labels == ignored_pixels.ANYTHING).any() for part in material.groups[0])
    assert not any((case.truth.labels > max(Label)).any() for case in material.tune[0])
