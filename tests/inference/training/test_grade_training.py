"""The grader's patients, what it learns from them, and the figures of what it learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference.__main__ import main
from inference.grading.grader import learnt_by
from inference.models import registry
from inference.models.gradenet import HEADS, GradeNet
from inference.models.out_of_distribution import SERIES
from inference.simulate.causes.records import SITES
from inference.training.data import grade_cuts, grade_samples
from inference.training.data.grade_cuts import Group, Levels, Shown
from inference.training.data.grade_samples import PRESENT, UNSAID
from inference.training.figures import evidence, study
from inference.training.figures import foramina as foramina_figures
from inference.training.figures.foramina import Foramen
from inference.training.learn import grade as train_grade
from inference.training.learn.grade import Loss, Material, Run, TrainConfig
from inference.training.scores import calibration, grade
from inference.types import LUMBAR_LEVELS, Grade, Role
from tests.inference.training.factories import levels


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One simulated patient, coarsely."""
    folder = tmp_path_factory.mktemp("rendered")
    grade_samples.write(folder, 3, grade_samples.Detail(sagittal_mm=(3.0, 3.1), axial_mm=(3.0, 3.1)))
    return folder


@pytest.fixture
def cut_folder(tmp_path: Path) -> Path:
    """Patients that are cut already: two to train, one to tune and one to report on."""
    (tmp_path / "cuts").mkdir()
    for seed in (0, 1, 3, 4):
        (tmp_path / f"{seed:06d}.npz").touch()
        some = levels(5, seed)
        arrays = {name: getattr(some, name) for name in Levels.__dataclass_fields__} | {"seed": np.full(5, seed)}
        np.savez(tmp_path / "cuts" / f"{seed:06d}.npz", **arrays, made_by=np.array(grade_cuts.made_by()))
    return tmp_path


def test_a_rendered_patient_has_images_truth_and_report_of_every_level(rendered: Path) -> None:
    patient = grade_samples.load(rendered / "000003.npz")
    assert tuple(level.level for level in patient.levels) == LUMBAR_LEVELS
    assert patient.truth.shape == patient.report.shape == (5, len(SITES))
    assert set(np.unique(patient.report)) <= {UNSAID, 0, 1, 2, 3, PRESENT}
    for variant in grade_samples.cuts(patient, np.random.default_rng(0)):
        assert variant.made_from == (Role.SAGITTAL_T2, Role.SAGITTAL_T1, Role.AXIAL_T2)
        assert variant.foramina == (True, True)


def test_a_patient_that_is_rendered_and_cut_already_is_left_as_it_is(rendered: Path) -> None:
    grade_cuts.cut(rendered / "000003.npz")
    before = {path: path.stat().st_mtime_ns for path in rendered.rglob("*.npz")}
    grade_samples.write(rendered, 3)
    grade_cuts.cut(rendered / "000003.npz")
    assert len(before) == 2
    assert {path: path.stat().st_mtime_ns for path in rendered.rglob("*.npz")} == before


def test_cuts_that_other_code_made_are_made_anew(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = grade_cuts.cut(rendered / "000003.npz").stat().st_mtime_ns
    monkeypatch.setattr(grade_cuts, "CUTS_VERSION", 0)
    after = grade_cuts.cut(rendered / "000003.npz")
    assert after.stat().st_mtime_ns > before
    with np.load(after) as arrays:
        assert str(arrays["made_by"]).startswith("0 ")


def test_each_seed_is_in_one_group_for_ever() -> None:
    groups = [grade_cuts.group_of(seed) for seed in range(80000, 80020)]
    assert [groups.count(group) for group in Group] == [13, 3, 4]
    assert [grade_cuts.group_of(seed) for seed in (80003, 80004, 80005)] == [Group.TUNE, Group.REPORT, Group.TRAIN]


def test_labels_of_reports_are_normal_where_the_level_is_spoken_of_but_for_recesses() -> None:
    two_levels = levels(2)
    two_levels.report[0] = [2, UNSAID, PRESENT, 3, UNSAID]
    assert grade_cuts.labels(two_levels, "report").tolist() == [[2, 0, -1, 3, -1], [-1] * 5]
    assert grade_cuts.labels(two_levels, "truth", ("canal",))[:, 1:].eq(-1).all()


def test_a_network_is_shown_only_what_was_asked_for_and_always_something() -> None:
    some, rows = levels(40), np.arange(40)
    for shown, sagittal, axial in ((Shown.BOTH, 1, 1), (Shown.SAGITTAL, 1, 0), (Shown.AXIAL, 0, 1)):
        x = grade_cuts.inputs(some, rows, 0 * rows, shown, np.random.default_rng(0))
        assert x.sagittal_seen.eq(sagittal).all()
        assert x.axial_seen.eq(axial).all()
        varied = grade_cuts.varied(x, torch.Generator().manual_seed(0))
        assert (varied.sagittal_seen.sum(dim=1) + varied.axial_seen.sum(dim=1)).min() > 0
        assert (varied.sagittal_seen <= x.sagittal_seen).all()
        assert (varied.axial_seen <= x.axial_seen).all()


def test_two_grades_off_cost_more_than_one_only_where_grades_have_an_order() -> None:
    target = torch.zeros((1, 5), dtype=torch.long)
    near, far = torch.zeros((1, 5, 4)), torch.zeros((1, 5, 4))
    near[..., 1], far[..., 3] = 5.0, 5.0
    even = torch.ones((5, 4))
    cost = {loss: [float(train_grade.loss_of(x, target, loss, even)) for x in (near, far)] for loss in Loss}
    assert cost[Loss.PLAIN][1] == pytest.approx(cost[Loss.PLAIN][0])
    assert cost[Loss.ORDINAL][1] > cost[Loss.ORDINAL][0] + 1


def test_rare_grades_weigh_more_and_missing_labels_nothing() -> None:
    target = torch.tensor([[0] * 5] * 16 + [[3] * 5] * 4)
    weights = train_grade.weights_of(target)
    assert weights[0, 3] == pytest.approx(2 * float(weights[0, 0]))
    logits = torch.zeros((20, 5, 4), requires_grad=True)
    train_grade.loss_of(logits, torch.full((20, 5), -1), Loss.WEIGHTED, weights).backward()
    assert logits.grad is not None
    assert not logits.grad.any()


def test_a_site_whose_labels_teach_nothing_is_not_taught_and_the_product_does_not_ask_for_it(tmp_path: Path) -> None:
    some = levels(10)
    some.report[:, 0], some.report[:, 1] = np.arange(10) % 4, 2
    some.report[:, 4] = 3  # right recesses are severe whenever somebody speaks of one
    config = TrainConfig(steps=1, labels="report", tuned_by="report")
    train_grade.train(Material(some, some, {}, ()), tmp_path / "grade", config)
    card = registry.load("grade", weights_root=tmp_path).card
    assert learnt_by(card) == ("canal", "foramen_left", "foramen_right")
    assert set(card["training"]["tuning_balanced_accuracy"]) == {"canal", "foramen_left", "foramen_right"}
    assert card["limits"][0] == "Was not taught, and is not asked for: recess_left, recess_right."
    some.report[:] = 2
    with pytest.raises(ValueError, match="There is nothing to learn"):
        train_grade.train(Material(some, some, {}, ()), tmp_path / "nothing", config)


def test_a_run_taken_up_again_is_the_run_that_was_not_broken_off(tmp_path: Path) -> None:
    config = TrainConfig(steps=3, batch=2)
    whole = Run(config, levels(10))
    losses = [whole.learn() for _ in range(3)]
    broken = Run(config, levels(10))
    broken.learn()
    broken.save(tmp_path / "checkpoint.pt")
    again = Run(config, levels(10))
    again.resume(tmp_path / "checkpoint.pt")
    assert [again.learn() for _ in range(2)] == pytest.approx(losses[1:], rel=1e-4)


def test_a_checkpoint_of_other_settings_or_of_other_patients_is_not_gone_on_with(
    cut_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "grade", "--rendered", str(cut_folder), "--out", str(tmp_path / "grade"), "--steps", "1"]
    assert main(command) == main(command) == 0
    assert main([*command, "--loss", "plain"]) == 2
    (cut_folder / "000001.npz").unlink()
    assert main(command) == 2
    assert capsys.readouterr().err.count("was trained on other data or with other settings") == 2


def test_a_trained_grader_is_kept_with_its_card_and_evaluated(
    cut_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "some" / "grade"
    options = ["--rendered", str(cut_folder), "--out", str(out), "--steps", "2", "--sites", "canal", "foramen_left"]
    assert main(["train", "grade", *options]) == 0
    model = registry.load("grade", weights_root=out.parent)
    assert isinstance(model.network, GradeNet)
    assert "simulated patients only" in model.card["limits"][0]
    with torch.no_grad():
        model.network.temperature.fill_(2.5)
    registry.save(model.network, model.card, out)
    assert main(["train", "grade-temperatures", "--rendered", str(cut_folder), "--weights", str(out)]) == 0
    again = registry.load("grade", weights_root=out.parent).network.temperature.tolist()
    assert again[0] != pytest.approx(2.5)
    assert again[1] == again[2]
    assert again[3] == again[4] == 1.0  # never learnt
    pictures = tmp_path / "pictures"
    options = ["--rendered", str(cut_folder), "--weights", str(out), "--pictures", str(pictures)]
    assert main(["evaluate", "grade", *options]) == 0
    output = capsys.readouterr().out
    assert "1 to report, 5 levels" in output
    assert "| some | both |" in output
    assert "| told with a probability of |" in output
    # Of sites that it was not taught nothing is told.
    assert [output.count(f"\n| {site} |") for site in HEADS] == [3, 3, 0, 0, 0]
    assert Image.open(pictures / "reliability.png").width > 600


def test_a_grader_knows_at_its_end_what_is_familiar_to_it_and_the_table_tells_what_is_not(
    cut_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "some" / "grade"
    assert main(["train", "grade", "--rendered", str(cut_folder), "--out", str(out), "--steps", "2"]) == 0
    trained = registry.load("grade", weights_root=out.parent)
    assert trained.network.familiar.known
    options = ["--rendered", str(cut_folder), "--weights", str(out)]
    assert main(["train", "grade-out-of-distribution", *options, "--version", "9.9.9"]) == 0
    again = registry.load("grade", weights_root=out.parent)
    assert (again.version, again.card["familiar"]["limits_by"]) == ("9.9.9", "5 tuning levels, varied as in training")
    for name, weight in trained.network.named_parameters():
        torch.testing.assert_close(again.network.get_parameter(name), weight)
    assert main(["evaluate", "out-of-distribution", *options]) == 0
    output = capsys.readouterr().out
    assert "1 simulated patients to report, 5 levels" in output
    row = next(line for line in output.splitlines() if line.startswith("| noise of 0.4 |"))
    assert row.endswith("| 100.0 % |")


def test_a_series_that_a_grader_never_saw_is_unlike_and_a_run_that_is_not_done_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = levels(10)
    some.series[:, :, 1] = 0
    material, config = Material(some, some, {}, ()), TrainConfig(steps=1)
    rows = np.arange(10)
    x = grade_cuts.inputs(levels(10), rows, 0 * rows, Shown.BOTH, np.random.default_rng(0))
    with monkeypatch.context() as patch:
        patch.setattr(train_grade.out_of_distribution, "fit", lambda *_: None)
        train_grade.train(material, tmp_path / "begun", config)
    assert not registry.load("begun", weights_root=tmp_path).network.unlike(x).any()
    train_grade.train(material, tmp_path / "done", config)
    done = registry.load("done", weights_root=tmp_path).network
    t1 = SERIES.index("sagittal_t1")
    assert done.unlike(x)[:, t1].all()
    assert not done.unlike(replace(x, sagittal_seen=x.sagittal_seen * torch.tensor([1.0, 0.0])))[:, t1].any()


def test_evidence_of_a_rendered_patient_is_set_beside_the_true_places(
    rendered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "evidence", "--rendered", str(rendered), "--group", "tune"]
    assert main([*command, "--ways", "both", "place by place"]) == 0
    output = capsys.readouterr().out
    assert "1 simulated patients to tune" in output
    assert output.count("| both |") == output.count("| place by place |") == 2
    assert main([*command, "--ways", "guessing"]) == 2
    assert "There is no way guessing; there are: place by place" in capsys.readouterr().err
    assert main(["evaluate", "evidence", "--rendered", str(rendered), "--group", "report"]) == 2
    assert "no patient to report on" in capsys.readouterr().err


def test_the_true_place_of_a_foramen_lies_on_its_side_and_behind_its_disc(rendered: Path) -> None:
    patient, places = grade_samples.load(rendered / "000003.npz"), evidence.places_of(3)
    for level in patient.levels:
        for site, (low, high) in {"foramen": (12.0, 26.0), "recess": (8.0, 11.0)}.items():
            for side, sign in (("left", 1), ("right", -1)):
                off = places[level.level, f"{site}_{side}"] - level.centre_mm
                assert low < sign * off @ level.left < high, (level.level, site, side)
                assert 8 < -off @ level.anterior < 40
        assert abs((places[level.level, "canal"] - level.centre_mm) @ level.left) < 1


def test_training_without_patients_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "grade", "--rendered", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no patient to train on" in capsys.readouterr().err


def test_temperatures_soften_a_grader_that_is_too_sure() -> None:
    truth = torch.tensor([[0] * 5, [1] * 5, [0] * 5, [0] * 5])
    logits = torch.zeros((4, 5, 4))
    logits[..., 0] = 20.0  # right in three of four
    assert (train_grade.temperatures(logits, truth) > 3).all()


def test_left_and_right_share_a_temperature_and_a_side_without_labels_takes_the_other_s() -> None:
    truth = torch.tensor([[0, 0, 1, -1, 0], [1, 1, 1, -1, 1], [0, 0, 1, -1, 0], [0, 0, 0, -1, 0]])
    logits = torch.zeros((4, 5, 4))
    logits[..., 0] = 4.0
    canal, left, right, no_left, no_right = train_grade.temperatures(logits, truth).tolist()
    assert left == right != canal
    assert no_left == no_right == canal


def test_balanced_accuracy_and_calibration_of_a_known_table() -> None:
    truth, answer = torch.tensor([0, 0, 0, 3]), torch.tensor([0, 0, 1, 3])
    assert grade.balanced_accuracy(truth, answer) == pytest.approx((2 / 3 + 1) / 2)
    chances = torch.tensor([[0.75, 0.25, 0, 0]] * 4)
    assert grade.calibration_error(truth, chances) == pytest.approx(0.0)
    assert grade.calibration_error(torch.zeros(4), chances) == pytest.approx(0.25)


def test_probabilities_that_are_true_are_as_far_off_as_chance_makes_them_and_others_further() -> None:
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.5, 1.0, 1000)
    chances = np.stack([probability, 1 - probability], axis=1)
    truth = (rng.random(1000) > probability).astype(np.int64)
    honest = calibration.of("canal", np.arange(1000) // 5, truth, chances)
    assert honest.low <= honest.error <= honest.perfect_high
    assert [n for n, _, _ in honest.bins[:5]] == [0] * 5
    boast = calibration.of(
        "canal", np.arange(1000) // 5, truth, np.stack([probability / 4 + 0.75, (1 - probability) / 4], axis=1)
    )
    assert boast.error > 0.15 > boast.perfect_high
    assert boast.high > boast.low > 0.1
    lines = calibration.markdown([boast])
    assert lines[2].startswith("| canal | 0.")
    assert lines[4].startswith("| probability of | 0.8 to 0.9 | 0.9 to 1.0 |")


def test_heads_stand_in_the_order_of_the_truth() -> None:
    assert HEADS == SITES


def test_whole_readings_are_compared_with_the_truth_by_place() -> None:
    row = study.Row(1.0, 9.0, 9.5, 90.0, 95.0, Grade.MODERATE, Grade.MODERATE, ((Grade.MILD, Grade.NORMAL),) * 2)
    right = replace(row, foramina=((Grade.MILD, Grade.MILD), (Grade.NORMAL, Grade.NORMAL)))
    markdown = study.markdown([(1, [row, right], 3.0)])
    assert "| foramina, truth \\ machine |" in markdown
    assert "| mild | 2 | 1 | 0 | 0 | 0 |" in markdown
    assert markdown.endswith("Balanced accuracy: 0.67")  # a third of the mild, all of the normal
    unseen = replace(row, foramina=((Grade.MILD, Grade.NOT_ASSESSED),) * 2)
    assert "foramina" not in study.markdown([(1, [unseen], 3.0)])
    seen = replace(row, recesses=((Grade.SEVERE, Grade.MILD),) * 2)
    assert "| recesses, truth \\ machine |" in study.markdown([(1, [seen], 3.0)])


def test_what_was_measured_of_foramina_is_set_beside_truth_and_network() -> None:
    def foramen(true: Grade, by_network: Grade, fat_mm2: float | None) -> Foramen:
        true_mm2, height = 100.0 - (fat_mm2 or 0.0), 20.0 + (fat_mm2 or 0.0) / 10
        return Foramen(true_mm2, fat_mm2, height, height + 1.0, true, by_network)

    foramina = [
        foramen(Grade.NORMAL, Grade.NORMAL, 90.0),
        foramen(Grade.NORMAL, Grade.SEVERE, 80.0),
        foramen(Grade.SEVERE, Grade.SEVERE, 10.0),
        foramen(Grade.SEVERE, Grade.SEVERE, 70.0),
        foramen(Grade.MILD, Grade.MODERATE, None),
    ]
    markdown = "\n".join(foramina_figures.markdown(foramina))
    assert "- perineural fat: measured in 4 of 5 foramina, Spearman -1.00" in markdown
    assert "measured in 5, median error 1.0 mm, bias +1.0 mm, Spearman 1.00" in markdown
    assert "two grades apart: 2 of 4 foramina; the network nearer to the truth in 1, the measurement in 1" in markdown
    assert "| foramina, truth \\ measured | normal | moderate or severe | not measured |" in markdown
    assert "| severe | 1 | 1 | 0 |" in markdown
    assert foramina[-1].measured == ()
