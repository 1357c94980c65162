"""Train the grader on rendered patients: one flat loop.

    python -m inference train render-grade --patients 240 --out runs/grade --seed 80000
    python -m inference train grade --rendered runs/grade --out runs/both/grade --seed 7

Patients are split by seed once (`grade_data.group_of`). The checkpoint, the loss and
the temperatures are chosen on tuning patients; nothing here looks at those of the report.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference import preprocess, registry
from inference.models.gradenet import HEADS, MEASURED, GradeConfig, GradeNet, Inputs
from inference.training import grade_data
from inference.training.grade_data import Group, Levels, Shown
from inference.training.report_grade import answers, balanced_accuracy
from inference.types import Grade

#: Of the models that this script writes; goes up when a new one is shipped.
VERSION = "1.0.0"
GRADES = (Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE)
#: Temperatures that are tried.
TEMPERATURES = np.geomspace(0.4, 4.0, 61)


class Loss(StrEnum):
    """What a wrong grade costs.

    Plain: cross-entropy. Weighted: the same, a grade weighing by one over the root of its frequency.
    Ordinal: weighted, and the squared distance between the cumulative distributions (Hou et al.,
    arXiv:1611.05916), so that two grades off cost more than one.
    """

    PLAIN = "plain"
    WEIGHTED = "weighted"
    ORDINAL = "ordinal"


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run besides the data; travels in the model card.

    labels: ``truth`` or ``report``. sites: those that are learned.
    """

    inputs: Shown = Shown.BOTH
    labels: str = "truth"
    sites: tuple[str, ...] = HEADS
    loss: Loss = Loss.ORDINAL
    steps: int = 600
    batch: int = 24
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    average: float = 0.98
    check_every: int = 100
    seed: int = 7


def weights_of(target: Tensor) -> Tensor:
    """(5, 4): what each site's grade weighs; one in the mean over the levels that have it. target: (n, 5)."""
    counts = torch.stack([(target == grade).sum(dim=0) for grade in range(len(GRADES))], dim=1).float()
    weight = counts.clamp(min=1).rsqrt()
    return (
        weight
        * counts.sum(dim=1, keepdim=True).clamp(min=1)
        / (weight * counts).sum(dim=1, keepdim=True).clamp(min=1e-6)
    )


def loss_of(logits: Tensor, target: Tensor, loss: Loss, weights: Tensor) -> Tensor:
    """logits: (n, 5, 4). target: (n, 5), -1 where there is no label. weights: (5, 4) of `weights_of`."""
    known = target >= 0
    grade = target.clamp(min=0)
    weight = known.float()
    if loss is not Loss.PLAIN:
        weight = weight * weights.expand(len(target), -1, -1).gather(2, grade[:, :, None])[:, :, 0]
    cost = F.cross_entropy(logits.flatten(0, 1), grade.flatten(), reduction="none").reshape(target.shape)
    if loss is Loss.ORDINAL:
        said, true = logits.softmax(dim=2).cumsum(dim=2), F.one_hot(grade, len(GRADES)).cumsum(dim=2)
        cost = cost + (said - true).square().sum(dim=2)
    return (cost * weight).sum() / weight.sum().clamp(min=1)


class Run:
    """A training run that can be put on disk and taken up again."""

    def __init__(self, config: TrainConfig, levels: Levels) -> None:
        torch.manual_seed(config.seed)
        self.config, self.levels = config, levels
        self.target = grade_data.labels(levels, config.labels, config.sites)
        self.weights = weights_of(self.target)
        self.rng = np.random.default_rng(config.seed)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.network = GradeNet(GradeConfig())
        self.averaged = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, config.learning_rate, total_steps=config.steps, pct_start=0.15
        )
        self.step, self.best = 0, 0.0

    def learn(self) -> float:
        """One step on one batch; returns its loss."""
        config = self.config
        self.network.train()
        rows = self.rng.choice(len(self.levels), config.batch, replace=len(self.levels) < config.batch)
        variant = self.rng.integers(0, grade_data.VARIANTS, config.batch)
        x = grade_data.varied(grade_data.inputs(self.levels, rows, variant, config.inputs, self.rng), self.generator)
        loss = loss_of(self.network(x), self.target[rows], config.loss, self.weights)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.schedule.step()
        self.averaged.update_parameters(self.network)
        self.step += 1
        return loss.item()

    def save(self, path: Path) -> None:
        parts = {name: getattr(self, name).state_dict() for name in ("network", "averaged", "optimiser", "schedule")}
        random = {
            "rng": self.rng.bit_generator.state,
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }
        part = path.with_suffix(".part")
        torch.save({**parts, **random, "step": self.step, "best": self.best}, part)
        part.replace(path)

    def resume(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)  # noqa: TID251 - our own checkpoint, tensors and numbers only
        for name in ("network", "averaged", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        self.rng.bit_generator.state = state["rng"]
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        self.step, self.best = state["step"], state["best"]
        print(f"resumed at step {self.step}", flush=True)


def train(rendered: Path, out: Path, config: TrainConfig) -> None:
    """Train and write the best model (by balanced accuracy on tuning patients) to `out`; resumes a run broken off.

    rendered: folder of ``train render-grade``. Raises ValueError when it lacks patients of a group.
    """
    out.mkdir(parents=True, exist_ok=True)
    levels, tune = (grade_data.load(rendered, group) for group in (Group.TRAIN, Group.TUNE))
    print(f"{len(levels)} levels to train on, {len(tune)} to tune on", flush=True)
    run, checkpoint = Run(config, levels), out / "checkpoint.pt"
    if checkpoint.exists():
        run.resume(checkpoint)
    started, first, running = time.monotonic(), run.step, 0.0
    while run.step < config.steps:
        loss = run.learn()
        running = loss if run.step == first + 1 else 0.95 * running + 0.05 * loss
        if run.step % 20 == 0:
            pace = (time.monotonic() - started) / (run.step - first)
            print(f"step {run.step}/{config.steps} loss {running:.4f} {pace:.2f} s/step", flush=True)
        if run.step % config.check_every == 0 or run.step == config.steps:
            _check(run, tune, out)
            run.save(checkpoint)


def _check(run: Run, tune: Levels, out: Path) -> None:
    """Balanced accuracy on tuning patients by true grades; saves the model, calibrated, when it is the best so far."""
    config = run.config
    network = cast(GradeNet, run.averaged.module).eval()
    network.temperature.fill_(1.0)
    logits = answers(network, tune, config.inputs)
    truth = grade_data.labels(tune, "truth", config.sites)
    learned = [number for number, site in enumerate(HEADS) if site in config.sites]
    scores = {HEADS[k]: round(balanced_accuracy(truth[:, k], logits[:, k].argmax(dim=1)), 4) for k in learned}
    mean = float(np.mean(list(scores.values())))
    print(f"step {run.step} tune balanced accuracy {mean:.4f} {scores}", flush=True)
    with (out / "curve.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": run.step, **scores}) + "\n")
    if mean > run.best:
        run.best = mean
        network.temperature.copy_(temperatures(logits, truth))
        registry.save(network, card(network, config, run, scores), out)


def temperatures(logits: Tensor, truth: Tensor) -> Tensor:
    """(5,): of each head the temperature of least negative log-likelihood (Guo et al., ICML 2017).

    Left and right share one, so that a mirrored study gets mirrored probabilities.
    logits: (n, 5, 4). truth: (n, 5), -1 for none; heads without any keep 1.
    """
    found = torch.ones(len(HEADS))
    kinds = [site.partition("_")[0] for site in HEADS]
    for kind in dict.fromkeys(kinds):
        heads = [number for number, its in enumerate(kinds) if its == kind]
        said, true = logits[:, heads].flatten(0, 1), truth[:, heads].flatten()
        known = true >= 0
        if known.any():
            costs = [float(F.cross_entropy(said[known] / t, true[known])) for t in TEMPERATURES]
            found[heads] = float(TEMPERATURES[int(np.argmin(costs))])
    return found


def recalibrate(rendered: Path, folder: Path) -> Tensor:
    """Fit the temperatures of the grader in `folder` anew on the tuning patients, and write it back; returns them.

    Raises ValueError when `rendered` lacks patients to tune on.
    """
    model = registry.load(folder.name, weights_root=folder.parent)
    network: GradeNet = model.network
    trained, tune = model.card["training"]["config"], grade_data.load(rendered, Group.TUNE)
    network.temperature.fill_(1.0)
    truth = grade_data.labels(tune, "truth", trained["sites"])
    network.temperature.copy_(temperatures(answers(network, tune, Shown(trained["inputs"])), truth))
    registry.save(network, model.card, folder)
    return network.temperature


def card(network: GradeNet, config: TrainConfig, run: Run, tune: dict[str, float]) -> dict[str, object]:
    """The model card: all that prediction needs and a person should know."""
    return {
        "name": "grade",
        "version": VERSION,
        "task": "stenosis of canal, foramina and lateral recesses in four grades, one level at a time",
        "network": network.config.to_dict(),
        "preprocessing": {"spacing_mm": preprocess.SPACING_MM, "percentiles": list(preprocess.PERCENTILES)},
        "heads": list(HEADS),
        "measured": list(MEASURED),
        "classes": [str(grade) for grade in GRADES],
        "training": {
            "config": {**asdict(config), "sites": list(config.sites)},
            "best_step": run.step,
            "data": "patients of inference.simulate, who are no persons",
            "levels": len(run.levels),
            "seeds": f"{run.levels.seed.min()} to {run.levels.seed.max()}, without those that tune and report",
            "tuning_balanced_accuracy": tune,
        },
        "limits": [
            "Trained on simulated patients only. Never tested on real axial images, nor on any real foramen.",
            "Knows discs between five lumbar vertebrae and the sacrum, T2 and T1 spin echo, slices of 3 to 5 mm.",
            "Not a medical device. Not tested in clinical use.",
        ],
    }


__all__ = ["Inputs", "Loss", "Run", "TrainConfig", "loss_of", "recalibrate", "temperatures", "train", "weights_of"]
