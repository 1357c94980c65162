"""What the network that looks at discs learns from, how it learns, and how it is judged."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from inference.grading import discs
from inference.grading.discs import COLUMNS, ROWS
from inference.models.discnet import DiscNetConfig, Lines, ascending, chances, tempered
from inference.training.data import disc_cases, disc_variation
from inference.training.data.midsagittal import Use
from inference.training.learn import disc_regression
from inference.training.learn import discs as train_discs
from inference.training.learn.disc_loss import ANSWERS, loss_of
from inference.training.learn.discs import TrainConfig
from inference.training.scores import agreement, disc_thresholds
from inference.types import DiscQuestion
from tests.inference.training.factories import cases

CONFIG = TrainConfig(epochs=8, batch=8, widths=(6, 12, 24))


def test_gradings_are_counted_from_the_sacrum_upward(tmp_path: Path) -> None:
    (tmp_path / "spider").mkdir()
    head = "Patient,IVD label,Modic,UP endplate,LOW endplate,Spondylolisthesis,Disc herniation,Disc narrowing,"
    lines = (f"{head}Disc bulging,Pfirrman grade", "7,1,2,1,0,0,0,1,0,5", "7,6,0,0,0,0,0,0,1,1", "7,7,0,0,0,0,0,0,0,3")
    (tmp_path / "spider" / "disc_gradings.csv").write_text("\n".join(lines), encoding="utf-8")
    gradings = disc_cases.gradings(tmp_path)
    assert set(gradings) == {(7, "L5-S1"), (7, "T12-L1")}
    lowest = dict(zip(DiscQuestion, gradings[7, "L5-S1"], strict=True))
    assert (lowest[DiscQuestion.PFIRRMANN], lowest[DiscQuestion.MODIC], lowest[DiscQuestion.NARROWING]) == (4, 2, 1)
    assert (lowest[DiscQuestion.UPPER_ENDPLATE], lowest[DiscQuestion.LOWER_ENDPLATE]) == (1, 0)


def test_no_patient_is_in_two_groups() -> None:
    parts = disc_cases.groups({3, 5, 8, 9, 12, 20, 21}, 3)
    assert sorted(number for part in parts for number in part) == [3, 5, 8, 9, 12, 20, 21]
    assert cases().of({2, 4}).patient.tolist() == [2, 2, 2, 4, 4, 4]


def test_the_network_learns_what_can_be_seen() -> None:
    training, new = cases(200), cases(120, seed=9)
    member = train_discs.learn(training, CONFIG, seed=1)
    probabilities = chances(train_discs.predicted_logits(member, new), member.config, torch.ones(len(ANSWERS)))
    predicted = disc_thresholds.predicted_answers(
        [probability.double().numpy() for probability in probabilities], dict.fromkeys(list(DiscQuestion)[1:], 0.5)
    )
    assert agreement.quadratic_kappa(new.answers[:, 0], predicted[:, 0], 5) > 0.8
    assert disc_thresholds.balanced_accuracy(new.answers[:, 1], predicted[:, 1]) > 0.7


def test_a_run_writes_a_model_with_its_card_and_goes_on_from_finished_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = []
    monkeypatch.setattr(train_discs.agreement, "of", partial(agreement.of, draws=5))
    monkeypatch.setattr(train_discs.disc_regression, "fit", lambda *arguments: Lines(arguments[3]).eval())
    monkeypatch.setattr(train_discs.midsagittal, "listed", lambda _data: [])
    monkeypatch.setattr(train_discs.midsagittal, "used_for", lambda _all: dict.fromkeys(range(16), Use.TRAIN))
    monkeypatch.setattr(train_discs.disc_cases, "gathered", lambda *_: cases())
    learn = train_discs.learn
    monkeypatch.setattr(train_discs, "learn", lambda *arguments: seeds.append(arguments[2]) or learn(*arguments))
    config = TrainConfig(epochs=1, widths=(4,))
    with monkeypatch.context() as patch:
        patch.setattr(train_discs.registry, "load", lambda _name: None)
        for _ in range(2):
            train_discs.train(tmp_path, tmp_path / "discs", config)
    model = discs.load(tmp_path)
    assert seeds == [config.seed + number for number in range(5)]
    assert set(model.cuts) == set(DiscQuestion) - {DiscQuestion.PFIRRMANN}
    assert model.card["training"]["held_out_group_by_group"]["pfirrmann"]["discs"] == 48
    assert "CC BY 4.0" in model.card["training"]["licence"]


def test_straight_lines_through_measurements_learn_it_too() -> None:
    training, new = cases(160), cases(40, seed=9)
    regression = disc_regression.fit(disc_regression.table(training), training.place, training.answers, CONFIG.network)
    logits = regression(disc_regression.table(new), torch.from_numpy(new.place))
    probabilities = chances(logits, CONFIG.network, torch.ones(len(ANSWERS)))
    assert (probabilities[1].argmax(dim=1).numpy() == new.answers[:, 1]).mean() > 0.95
    assert agreement.quadratic_kappa(new.answers[:, 0], probabilities[0].argmax(dim=1).numpy(), 5) > 0.9


def test_an_answer_that_nobody_gave_teaches_nothing() -> None:
    logits = [torch.randn(4, classes - 1 if k == 0 else classes) for k, classes in enumerate(ANSWERS)]
    answers, ordinal = torch.zeros(4, len(ANSWERS), dtype=torch.long), CONFIG.network.ordinal
    weights = [torch.ones(classes) for classes in ANSWERS]
    answers[2:] = -1
    answered = loss_of([logit[:2] for logit in logits], answers[:2], ordinal, weights)
    assert loss_of(logits, answers, ordinal, weights) == pytest.approx(float(answered))


def test_other_pictures_of_a_disc_have_the_size_of_a_cut_and_both_weightings_are_moved_alike() -> None:
    wide = torch.from_numpy(cases(8).images)
    wide[:, 1] = wide[:, 0]
    varied = disc_variation.varied(wide, torch.Generator().manual_seed(0))
    assert varied.shape == (8, 2, ROWS, COLUMNS)
    for first, second in varied:
        assert torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1] > 0.9
    assert not torch.allclose(varied[0], discs.inside(wide)[0], atol=0.1)


def test_a_temperature_undoes_too_much_confidence() -> None:
    config = DiscNetConfig(answers=(5, 2), ordinal=(True, False))
    limits = ascending(torch.tensor([-1.5, 0.5, 0.5, 0.5]))
    generator = torch.Generator().manual_seed(0)
    true = [torch.randn(4000, 1, generator=generator) - limits, torch.randn(4000, 2, generator=generator)]
    drawn = [torch.multinomial(logit, 1, generator=generator) for logit in chances(true, config, torch.ones(2))]
    temperatures = disc_thresholds.temperatures(
        lambda t: chances([3 * logit for logit in true], config, t), torch.cat(drawn, dim=1).numpy()
    )
    assert temperatures.tolist() == pytest.approx([3.0, 3.0], abs=0.3)


def test_a_grade_is_given_with_the_probability_that_it_is_right() -> None:
    probabilities = torch.full((200, 5), 0.15).index_fill(1, torch.tensor([2]), 0.4)
    answers = np.where(np.arange(200) % 4 == 0, 3, 2)
    temperature = disc_thresholds.confidence_temperature(probabilities, answers)
    assert tempered([probabilities], torch.tensor([temperature]))[0][0, 2] == pytest.approx(0.75, abs=0.02)


def test_the_networks_count_as_much_as_they_are_right() -> None:
    truth = np.array([[0], [1], [0], [1]])
    right, wrong = ([F.one_hot(torch.from_numpy(answers[:, 0])) * 0.8 + 0.1] for answers in (truth, 1 - truth))
    assert disc_thresholds.network_shares(right, wrong, truth).item() == 1.0
    assert disc_thresholds.network_shares(wrong, right, truth).item() == 0.0


def test_agreement_calibration_and_rank_are_those_of_small_examples() -> None:
    truth, answer = np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])
    # Off by one once: 1; by chance: 0.25 * (1*(2*1+4*1) + 1*(1+1) + 2*(4+2)) = 5.
    assert agreement.quadratic_kappa(truth, answer, 3) == pytest.approx(1 - 1 / 5)
    assert disc_thresholds.balanced_accuracy(truth, answer) == pytest.approx((1 + 1 + 0.5) / 3)
    probability = np.array([0.9, 0.9, 0.9, 0.9, 0.2])
    assert agreement.calibration_error(np.array([True, True, True, False, False]), probability) == pytest.approx(
        (4 * 0.15 + 0.2) / 5
    )
    assert agreement.area_under_curve(np.array([True, False, False]), np.array([0.5, 0.5, 0.1])) == 0.75
    rows = agreement.reliability_bins(np.array([True, False]), np.array([0.3, 1.0]), (0.0, 0.5, 1.0))
    assert rows == [(1, 0.3, 1.0), (1, 1.0, 0.0)]


def test_figures_are_spread_over_patients_not_discs() -> None:
    patient = np.repeat(np.arange(10), 30)
    right = (patient % 2).astype(float)
    low, high = agreement.spread(patient, lambda rows: float(right[rows].mean()), draws=300)
    assert low < 0.35
    assert high > 0.65
