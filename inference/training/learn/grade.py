"""Train the grader on rendered patients: one flat loop.

    python -m inference train render-grade --patients 240 --out runs/grade --seed 80000
    python -m inference train grade --rendered runs/grade --out runs/both/grade --seed 7

Patients are split by seed once (`grade_cuts.group_of`). The checkpoint, the loss and
the temperatures are chosen on tuning patients; nothing here looks at those of the report.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.images import preprocess
from inference.models import registry
from inference.models.gradenet import HEADS, MEASURED, GradeConfig, GradeNet, Inputs
from inference.training.data import grade_cuts
from inference.training.data.grade_cuts import Group, Levels, Shown
from inference.training.learn import out_of_distribution
from inference.training.learn.distributed import ALONE, Share
from inference.training.learn.run import Frame, go_through, mark_of
from inference.training.scores.grade import answers, balanced_accuracy
from inference.types import GRADES

#: Of the models that this script writes; goes up when a new one is shipped.
VERSION = "1.1.0"
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

    labels, tuned_by: ``truth`` or ``report``: what is learned, and what the best model is chosen by.
    sites: those that are learned.
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
    tuned_by: str = "truth"


def taught(levels: Levels, config: TrainConfig) -> tuple[str, ...]:
    """The sites asked for that these levels can teach: with labels of two grades at least, left and right together.

    A head that learnt nothing would answer all the same.
    """
    target = grade_cuts.labels(levels, config.labels, config.sites)
    grades: dict[str, set[int]] = defaultdict(set)
    for number, site in enumerate(HEADS):
        grades[_kind(site)] |= set(target[:, number].tolist()) - {-1}
    return tuple(site for site in config.sites if len(grades[_kind(site)]) > 1)


def _kind(site: str) -> str:
    """Left and right are one head."""
    return site.partition("_")[0]


def weights_of(target: Tensor) -> Tensor:
    """(5, 4): what each site's grade weighs; one in the mean over the levels that have it. target: (n, 5)."""
    counts = torch.stack([(target == grade).sum(dim=0) for grade in range(len(GRADES))], dim=1).float()
    weight = counts.clamp(min=1).rsqrt()
    return (
        weight
        * counts.sum(dim=1, keepdim=True).clamp(min=1)
        / (weight * counts).sum(dim=1, keepdim=True).clamp(min=1e-6)
    )


def weight_of(target: Tensor, loss: Loss, weights: Tensor) -> Tensor:
    """(n, 5): what each label counts; nothing where there is none. See `costs_of`."""
    weight = (target >= 0).float()
    if loss is not Loss.PLAIN:
        weight = weight * weights.expand(len(target), -1, -1).gather(2, target.clamp(min=0)[:, :, None])[:, :, 0]
    return weight


def costs_of(logits: Tensor, target: Tensor, loss: Loss, weights: Tensor) -> tuple[Tensor, Tensor]:
    """(weighed cost, weight) of each label, (n, 5) both.

    logits: (n, 5, 4). target: (n, 5), -1 where there is no label. weights: (5, 4) of `weights_of`.
    """
    weight, grade = weight_of(target, loss, weights), target.clamp(min=0)
    cost = F.cross_entropy(logits.flatten(0, 1), grade.flatten(), reduction="none").reshape(target.shape)
    if loss is Loss.ORDINAL:
        said, true = logits.softmax(dim=2).cumsum(dim=2), F.one_hot(grade, len(GRADES)).cumsum(dim=2)
        cost = cost + (said - true).square().sum(dim=2)
    return cost * weight, weight


def loss_of(logits: Tensor, target: Tensor, loss: Loss, weights: Tensor) -> Tensor:
    """The mean of `costs_of` over all labels that there are."""
    cost, weight = costs_of(logits, target, loss, weights)
    return cost.sum() / weight.sum().clamp(min=1)


@dataclass(frozen=True)
class Material:
    """What a run learns from and is tuned on. about: lines for the card; limits: what a person should know.

    mark: of data and settings, so that a checkpoint is not gone on with after they have changed.
    """

    levels: Levels
    tune: Levels
    about: dict[str, object]
    limits: tuple[str, ...]
    mark: str = ""
    version: str = VERSION


class Run(Frame[GradeNet]):
    """A training run that can be put on disk and taken up again, or one process's share of it."""

    def __init__(self, config: TrainConfig, levels: Levels, share: Share = ALONE) -> None:
        if share.world > config.batch:
            raise ValueError(f"A batch of {config.batch} levels cannot be shared by {share.world} processes.")
        torch.manual_seed(config.seed)
        self.config, self.levels, self.share = config, levels, share
        self.target = grade_cuts.labels(levels, config.labels, config.sites)
        self.weights = weights_of(self.target)
        super().__init__(config, GradeNet(GradeConfig()).to(share.device), rising=0.15)
        self.shared = share.wrapped(self.network)
        # Of what each process draws by itself: the errors of its levels' sizes, their variations, what is dropped out.
        self.own = self.rng
        if share.waiting is not None:
            self._draw_by_itself()

    def _draw_by_itself(self) -> None:
        """Batches are drawn by all processes alike, everything else by each; after a break it is drawn anew."""
        seed = [self.config.seed, self.share.rank, self.step]
        self.own = np.random.default_rng(seed)
        self.generator.manual_seed(int(self.own.integers(2**62)))
        torch.manual_seed(int(self.own.integers(2**62)))

    def resume(self, path: Path, of: str = "") -> None:
        super().resume(path, of)
        if self.share.waiting is not None:
            self._draw_by_itself()

    def tell(self, line: str) -> None:
        if self.share.first:
            super().tell(line)

    def learn(self) -> float:
        """One step on one batch; returns its loss, of this process's share."""
        config, share = self.config, self.share
        self.network.train()
        rows = self.rng.choice(len(self.levels), config.batch, replace=len(self.levels) < config.batch)
        variant = self.rng.integers(0, grade_cuts.VARIANTS, config.batch)
        mine, which = rows[share.rank :: share.world], variant[share.rank :: share.world]
        x = grade_cuts.varied(grade_cuts.inputs(self.levels, mine, which, config.inputs, self.own), self.generator)
        target = self.target[mine]
        cost, _ = costs_of(
            self.shared(x.on(share.device)), target.to(share.device), config.loss, self.weights.to(share.device)
        )
        # The weight of the whole batch, so that the mean of all processes' gradients is the batch's.
        weight = weight_of(self.target[rows], config.loss, self.weights).sum().clamp(min=1)
        return self.follow(share.world * cost.sum() / weight)


def rendered_material(rendered: Path, config: TrainConfig) -> Material:
    """Simulated patients. rendered: folder of ``train render-grade``. Raises ValueError when it lacks some group."""
    levels, tune = (grade_cuts.load(rendered, group) for group in (Group.TRAIN, Group.TUNE))
    about: dict[str, object] = {
        "data": "patients of inference.simulate, who are no persons",
        "seeds": f"{levels.seed.min()} to {levels.seed.max()}, without those that tune and report",
    }
    limit = "Trained on simulated patients only. Never tested on real axial images, nor on any real foramen."
    seeds = [sorted(set(one.seed.tolist())) for one in (levels, tune)]
    return Material(levels, tune, about, (limit,), mark_of(config, str(seeds)))


def train(material: Material, out: Path, config: TrainConfig, share: Share = ALONE) -> None:
    """Train and write the best model (by balanced accuracy on tuning patients) to `out`; resumes a run broken off.

    Sites that the labels cannot teach are left out, and the card says so. Raises ValueError when they can teach none,
    and when the checkpoint in `out` learnt from something else.
    """
    out.mkdir(parents=True, exist_ok=True)
    asked, config = config.sites, replace(config, sites=taught(material.levels, config))
    if not config.sites:
        raise ValueError("There is nothing to learn: no site has labels of two grades.")
    run, checkpoint = Run(config, material.levels, share), out / "checkpoint.pt"
    run.tell(f"{len(material.levels)} levels to train on, {len(material.tune)} to tune on")
    if left_out := [site for site in asked if site not in config.sites]:
        run.tell(f"not taught, for want of labels of two grades: {', '.join(left_out)}")
    if checkpoint.exists():
        run.resume(checkpoint, material.mark)
    # No process may find a checkpoint that another has just written.
    share.wait()

    def checked() -> None:
        if share.first:
            _check(run, material, out)
            run.save(checkpoint, material.mark)
        share.wait()

    go_through(run, config, run.learn, checked, memory=0.95)
    if share.first:
        out_of_distribution.fit(out, material.levels, material.tune)
    share.wait()


def _check(run: Run, material: Material, out: Path) -> None:
    """Balanced accuracy on tuning patients; saves the model, calibrated, when it is the best so far."""
    tune = material.tune
    config = run.config
    network = cast(GradeNet, run.averaged.module).eval()
    network.temperature.fill_(1.0)
    logits = answers(network, tune, config.inputs)
    truth = grade_cuts.labels(tune, config.tuned_by, config.sites)
    known = [k for k in range(len(HEADS)) if (truth[:, k] >= 0).any()]
    scores = {HEADS[k]: round(balanced_accuracy(truth[:, k], logits[:, k].argmax(dim=1)), 4) for k in known}
    mean = float(np.mean(list(scores.values()))) if scores else 0.0
    print(f"step {run.step} tune balanced accuracy {mean:.4f} {scores}", flush=True)
    with (out / "curve.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": run.step, **scores}) + "\n")
    if mean > run.best:
        run.best = mean
        network.temperature.copy_(temperatures(logits, truth))
        # Fitted at the end of the run; averaging has made no numbers of the limits.
        network.familiar.forget()
        registry.save(network, card(network, material, run, scores), out)


def temperatures(logits: Tensor, truth: Tensor) -> Tensor:
    """(5,): of each head the temperature of least negative log-likelihood (Guo et al., ICML 2017).

    Left and right share one, so that a mirrored study gets mirrored probabilities.
    logits: (n, 5, 4). truth: (n, 5), -1 for none; heads without any keep 1.
    """
    found = torch.ones(len(HEADS))
    kinds = [_kind(site) for site in HEADS]
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
    model = registry.load_folder(folder, "grade")
    network: GradeNet = model.network
    trained, tune = model.card["training"]["config"], grade_cuts.load(rendered, Group.TUNE)
    network.temperature.fill_(1.0)
    truth = grade_cuts.labels(tune, "truth", trained["sites"])
    network.temperature.copy_(temperatures(answers(network, tune, Shown(trained["inputs"])), truth))
    registry.save(network, model.card, folder)
    return network.temperature


def _untaught(config: TrainConfig) -> tuple[str, ...]:
    """For the card's limits."""
    others = [site for site in HEADS if site not in config.sites]
    return (f"Was not taught, and is not asked for: {', '.join(others)}.",) if others else ()


def card(network: GradeNet, material: Material, run: Run, tune: dict[str, float]) -> dict[str, object]:
    """The model card: all that prediction needs and a person should know."""
    return {
        "name": "grade",
        "version": material.version,
        "task": "stenosis of canal, foramina and lateral recesses in four grades, one level at a time",
        "network": network.config.to_dict(),
        "preprocessing": {"spacing_mm": preprocess.SPACING_MM, "percentiles": list(preprocess.PERCENTILES)},
        "heads": list(HEADS),
        "measured": list(MEASURED),
        "classes": [str(grade) for grade in GRADES],
        "training": {
            "config": {**asdict(run.config), "sites": list(run.config.sites)},
            "best_step": run.step,
            **material.about,
            "levels": len(run.levels),
            "tuning_balanced_accuracy": tune,
        },
        "limits": [
            *material.limits,
            *_untaught(run.config),
            "Tells images that are unlike those it learnt from, but not blurred ones.",
            "Knows discs between five lumbar vertebrae and the sacrum, T2 and T1 spin echo, slices of 3 to 5 mm.",
            "Not a medical device. Not tested in clinical use.",
        ],
    }


__all__ = [
    "Inputs",
    "Loss",
    "Material",
    "Run",
    "TrainConfig",
    "loss_of",
    "recalibrate",
    "taught",
    "temperatures",
    "train",
    "weights_of",
]
