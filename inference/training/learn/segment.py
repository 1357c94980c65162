"""Train the segmenter: one flat loop.

    python -m inference train segment --data DIR --out DIR --steps 2400 --seed 7
    python -m inference train segment --source simulated --rendered runs/simulated --out DIR
    python -m inference train segment --source both ... --start MODEL --teacher MODEL --rate 0.001

Real data: the T2 SPACE volumes of SPIDER (see `spider` for the split), and with a teacher its mid-sagittal
images (see `pseudo_labels`).
Simulated data: what ``train render`` made (see `simulated`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.images import preprocess
from inference.models import registry
from inference.models.unet import UNet, UNetConfig
from inference.training.data import ignored_pixels, slice_variation, spider
from inference.training.data.sources import HELD_BACK, Material, Source, gather
from inference.training.learn.run import Frame, go_through, mark_of
from inference.training.scores.overlap import FOREGROUND, dice_per_class
from inference.types import FloatArray, Label

_SPIDER = "SPIDER T2 SPACE: van der Graaf et al., Scientific Data 2024, Zenodo 10159290, CC BY 4.0"
_TAUGHT = "mid-sagittal T1 and T2 images of other patients of SPIDER, labelled by the model named as teacher"
_SIMULATED = "patients of inference.simulate, who are no persons"
#: Version of the models that this script writes; raised when a new one is shipped.
VERSION = "1.3.0"
_HELD_BACK = {
    Source.REAL: (),
    Source.SIMULATED: (f"the last {HELD_BACK} simulated ones",),
    Source.BOTH: (f"the last {HELD_BACK} simulated ones",),
}
_DATA = {Source.REAL: _SPIDER, Source.SIMULATED: _SIMULATED, Source.BOTH: f"{_SPIDER}; {_SIMULATED}"}


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a run besides the data; stored in the model card.

    start, teacher: hash of the weights that the run started from, and of those that labelled real mid-sagittal images;
    empty for a network trained from scratch, and for a run without such images.
    """

    source: Source = Source.REAL
    steps: int = 2400
    batch: int = 8
    rows: int = 256
    columns: int = 208
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    check_every: int = 200
    seed: int = 7
    start: str = ""
    teacher: str = ""


def loss_of(logits: Tensor, target: Tensor, whole: Tensor) -> Tensor:
    """Cross-entropy plus one minus mean soft Dice of the foreground classes over the batch.

    target: values of `Label`, and those of `ignored_pixels`. whole: (batch,), whether a sample's
    labels include the sacrum. Where they do not, their background may be sacrum too: the two
    count as one class there (marginal loss: Shi et al., Medical Image Analysis 2021).
    """
    chance = logits.softmax(dim=1)
    either = (chance[:, Label.BACKGROUND] + chance[:, Label.SACRUM])[:, None]
    part = torch.cat([either, chance[:, 1 : Label.SACRUM], torch.zeros_like(either)], dim=1)
    chance = torch.where(whole[:, None, None, None], chance, part)
    allowed = torch.cat([chance, 1 - chance[:, Label.CANAL, None], torch.ones_like(either)], dim=1)
    entropy = F.nll_loss(allowed.clamp(min=1e-7).log(), target)
    truth = F.one_hot(target, allowed.shape[1]).movedim(-1, 1)[:, : len(Label)].to(chance.dtype)
    counted = (target < len(Label))[:, None].expand(chance.shape).clone()
    counted[:, Label.CANAL] = target != ignored_pixels.ANYTHING
    chance = chance * counted
    overlap = (chance * truth).sum(dim=(0, 2, 3))
    total = chance.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    dice = (2 * overlap + 1) / (total + 1)
    return entropy + 1 - dice[1:].mean()


def take_over(network: UNet, older: UNet) -> None:
    """Give `network` the weights of an `older` one of the same width that may have fewer classes.

    A new class starts with the weights of the background.
    """
    weights = older.state_dict()
    for name in ("head.weight", "head.bias"):
        older_classes = weights[name]
        new_classes = older_classes[:1].expand(network.config.classes - len(older_classes), *older_classes.shape[1:])
        weights[name] = torch.cat([older_classes, new_classes])
    network.load_state_dict(weights)


def _quick_half_precision(device: torch.device) -> bool:
    """Half precision is two to three times faster where the processor supports it, and that much slower elsewhere."""
    return device.type != "cpu" or bool(torch.cpu._is_avx512_bf16_supported())


class Run(Frame[UNet]):
    """A training run that can be saved and resumed."""

    def __init__(self, config: TrainConfig, start: Path | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = UNet(UNetConfig())
        if start is not None:
            take_over(network, registry.load_folder(start, "segment").network)
        network = network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(config, network, rising=0.08)

    def learn(self, material: Material) -> float:
        """One step on one batch; returns its loss."""
        config = self.config
        self.network.train()
        image, target, whole = material.batch(self.rng, config.batch, self.network.config.context)
        image, target = slice_variation.vary(image, target, (config.rows, config.columns), self.generator)
        image = image.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=_quick_half_precision(self.device)):
            logits = self.network(image)
        loss = loss_of(logits.float(), target.to(self.device), whole.to(self.device))
        return self.follow(loss)


def train(
    data: Path | None,
    rendered: Path | None,
    out: Path,
    config: TrainConfig,
    start: Path | None = None,
    teacher: Path | None = None,
) -> None:
    """Train and write the best model (by tuning Dice) to `out`; resumes from `out/checkpoint.pt`.

    data: folder that holds ``spider/``. rendered: folder of simulated slabs. `config.source` says which is needed.
    start: folder of a model to start from. teacher: folder of one that labels real mid-sagittal images.
    Raises ValueError when the checkpoint belongs to other settings.
    """
    out.mkdir(parents=True, exist_ok=True)
    teacher_network = registry.load_folder(teacher, "segment").run if teacher is not None else None
    material = gather(config.source, data, rendered, teacher_network)
    train_on, tune_on = (" and ".join(str(len(group)) for group in parts) for parts in (material.groups, material.tune))
    print(f"{train_on} slabs to train on, {tune_on} to tune on", flush=True)
    run, checkpoint, mark = Run(config, start), out / "checkpoint.pt", mark_of(config)
    if checkpoint.exists():
        run.resume(checkpoint, mark)

    def checked() -> None:
        _check(run, material, out)
        run.save(checkpoint, mark)

    go_through(run, config, lambda: run.learn(material), checked, memory=0.98)


def _check(run: Run, material: Material, out: Path) -> None:
    """Dice on the tuning cases; saves the model when it is the best so far. Each origin of cases counts the same."""
    network = cast(UNet, run.averaged.module).eval()
    tables = [np.array([dice_per_class(network, case) for case in cases]) for cases in material.tune]
    # A class that no case of an origin has (the sacrum of real ones) has no figure for that origin.
    means = [{label: float(np.nanmean(column)) for label, column in _scored_classes(table)} for table in tables]
    figures = "; ".join(" ".join(f"{label} {score:.4f}" for label, score in mean.items()) for mean in means)
    print(f"step {run.step} tune Dice {figures}", flush=True)
    with (out / "curve.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": run.step, "dice": [_rounded(mean) for mean in means]}) + "\n")
    score = float(np.mean([np.mean(list(mean.values())) for mean in means]))
    if score > run.best:
        run.best = score
        registry.save(network, card(network, run.config, run.step, [_rounded(mean) for mean in means]), out)


def _scored_classes(table: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """(class, Dice of the cases) of the classes that some case shows; table: ``[case, class]``."""
    for label, column in zip(FOREGROUND, table.T, strict=True):
        if not np.isnan(column).all():
            yield label.name.lower(), column


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {label: round(score, 4) for label, score in scores.items()}


def card(network: UNet, config: TrainConfig, step: int, tune: list[dict[str, float]]) -> dict[str, object]:
    """The model card: all that prediction needs and a user should know."""
    real = config.source is not Source.SIMULATED
    return {
        "name": "segment",
        "version": VERSION,
        "task": "vertebra, disc, dural sac and sacrum on sagittal lumbar MRI",
        "network": network.config.to_dict(),
        "preprocessing": {"spacing_mm": preprocess.SPACING_MM, "percentiles": list(preprocess.PERCENTILES)},
        "classes": [label.name.lower() for label in Label],
        "training": {
            "config": asdict(config),
            "best_step": step,
            "data": _DATA[config.source] + (f"; {_TAUGHT}" if config.teacher else ""),
            "left_out_patients": list(spider.REPORT),
            "tuning_patients": [*(spider.TUNE if real else ()), *_HELD_BACK[config.source]],
            "tuning_dice": tune,
        },
        "limits": [
            *_LIMITS[config.source],
            "Not a medical device. Not tested in clinical use.",
        ],
    }


_LIMITS = {
    Source.REAL: (
        "Trained on real sagittal T2 SPACE only; other contrasts are imitated by augmentation.",
        "The sacrum is not segmented: its label is missing in the training data.",
    ),
    Source.SIMULATED: ("Trained on simulated patients only.",),
    Source.BOTH: (
        "People's labels are of real sagittal T2 SPACE alone; STIR, fat-suppressed and enhanced series, and all thick "
        "slices beside the middle one, are of simulated patients only.",
        "What it knows of the sacrum it learnt from simulated patients alone.",
    ),
}
