"""Train the segmenter: one flat loop.

    python -m inference train segment --data DIR --out DIR --steps 2400 --seed 7

Data: the real T2 SPACE volumes of SPIDER (see `spider.py` for the split).
Thick clinical slices are imitated by averaging and by widening the distance
between the three slices that the network sees.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference import preprocess, registry
from inference.models.unet import UNet, UNetConfig
from inference.training import augment, spider
from inference.training.evaluate import dice_per_class


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run besides the data; travels in the model card."""

    steps: int = 2400
    batch: int = 6
    rows: int = 320
    columns: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    check_every: int = 200
    seed: int = 7


@dataclass(frozen=True)
class Slab:
    """A patient at the network's spacing: image float16, labels uint8, spacing between slices in mm."""

    image: NDArray[np.float16]
    labels: NDArray[np.uint8]


def load_slab(data: Path, patient: int) -> Slab:
    """Read a patient and bring image and labels to the network's grid."""
    case = spider.load(data, patient)
    prepared = preprocess.prepare(case.volume)
    labels, affine = preprocess.canonical(case.truth.labels, case.truth.affine)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    zoom = (spacing[1] / preprocess.SPACING_MM, spacing[2] / preprocess.SPACING_MM)
    shape = (prepared.array.shape[1], prepared.array.shape[2])
    weights = [
        preprocess.resample_plane((labels == value).astype(np.float32), zoom, shape)
        for value in range(UNetConfig.classes)
    ]
    return Slab(prepared.array.astype(np.float16), np.argmax(weights, axis=0).astype(np.uint8))


def draw(slab: Slab, rng: np.random.Generator, context: int) -> tuple[Tensor, Tensor]:
    """One training sample: `context` slices, each the mean of neighbours, a random step apart."""
    step = int(rng.integers(1, 5))
    thick = int(rng.integers(1, step + 1))
    count = slab.image.shape[0]
    centre = int(rng.integers(0, count))
    images = []
    half = context // 2
    for offset in range(-half, half + 1):
        first = centre + offset * step - thick // 2
        index = np.clip(np.arange(first, first + thick), 0, count - 1)
        images.append(slab.image[index].astype(np.float32).mean(axis=0))
    if rng.random() < 0.5:
        images.reverse()
    return torch.from_numpy(np.stack(images)), torch.from_numpy(slab.labels[centre].astype(np.int64))


def collate(samples: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Pad to the largest sample and stack."""
    rows = max(image.shape[1] for image, _ in samples)
    columns = max(image.shape[2] for image, _ in samples)
    images = [F.pad(i, (0, columns - i.shape[2], 0, rows - i.shape[1])) for i, _ in samples]
    labels = [F.pad(t, (0, columns - t.shape[1], 0, rows - t.shape[0])) for _, t in samples]
    return torch.stack(images), torch.stack(labels)


def loss_of(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy plus one minus mean soft Dice of the foreground classes over the batch."""
    entropy = F.cross_entropy(logits, target)
    chance = logits.softmax(dim=1)
    truth = F.one_hot(target, chance.shape[1]).movedim(-1, 1).to(chance.dtype)
    overlap = (chance * truth).sum(dim=(0, 2, 3))
    total = chance.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    dice = (2 * overlap + 1) / (total + 1)
    return entropy + 1 - dice[1:].mean()


def train(data: Path, out: Path, config: TrainConfig) -> None:
    """Train and write the best model (by tuning Dice) to `out`; resumes from `out/checkpoint.pt`."""
    torch.manual_seed(config.seed)
    rng, generator = np.random.default_rng(config.seed), torch.Generator().manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    train_on, tune_on, _ = spider.split(data)
    slabs = [load_slab(data, patient) for patient in train_on]
    tune = [spider.load(data, patient) for patient in tune_on]
    print(f"{len(slabs)} patients to train on, {len(tune)} to tune on", flush=True)

    network = UNet(UNetConfig()).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average),  # type: ignore[no-untyped-call]
        use_buffers=True,
    )
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps, pct_start=0.08
    )
    first, best = 0, 0.0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)  # noqa: TID251 - our own checkpoint, tensors and numbers only
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        rng.bit_generator.state = state["rng"]
        generator.set_state(state["generator"])
        first, best = state["step"], state["best"]
        print(f"resumed at step {first}", flush=True)

    started, running = time.monotonic(), 0.0
    for step in range(first, config.steps):
        network.train()
        chosen = rng.integers(0, len(slabs), config.batch)
        image, target = collate([draw(slabs[i], rng, network.config.context) for i in chosen])
        image, target = augment.place(image, target, (config.rows, config.columns), generator)
        image, target = augment.cut_view(augment.shade(image, generator), target, generator)
        image = augment.renormalise(image).to(device, memory_format=torch.channels_last)
        loss = loss_of(network(image), target.to(device))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        running = loss.item() if step == first else 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 20 == 0:
            pace = (time.monotonic() - started) / (step + 1 - first)
            print(f"step {step + 1}/{config.steps} loss {running:.4f} {pace:.2f} s/step", flush=True)
        if (step + 1) % config.check_every == 0 or step + 1 == config.steps:
            best = _check(cast(UNet, averaged.module), tune, config, step + 1, best, out)
            torch.save(
                {
                    "network": network.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "rng": rng.bit_generator.state,
                    "generator": generator.get_state(),
                    "step": step + 1,
                    "best": best,
                },
                checkpoint,
            )


def _check(network: UNet, tune: list[spider.Case], config: TrainConfig, step: int, best: float, out: Path) -> float:
    """Dice on the tuning patients; saves the model when it is the best so far."""
    network.eval()
    scores = np.mean([dice_per_class(network, case) for case in tune], axis=0)
    print(f"step {step} tune Dice vertebra {scores[0]:.4f} disc {scores[1]:.4f} canal {scores[2]:.4f}", flush=True)
    with (out / "curve.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": step, "dice": [round(float(s), 4) for s in scores]}) + "\n")
    if float(np.mean(scores)) > best:
        registry.save(network, card(network, config, step, [float(s) for s in scores]), out)
    return max(best, float(np.mean(scores)))


def card(network: UNet, config: TrainConfig, step: int, tune: list[float]) -> dict[str, object]:
    """The model card: all that prediction needs and a person should know."""
    return {
        "name": "segment",
        "version": "1.0.0",
        "task": "vertebra, disc and spinal canal on sagittal lumbar MRI",
        "network": network.config.to_dict(),
        "preprocessing": {"spacing_mm": preprocess.SPACING_MM, "percentiles": list(preprocess.PERCENTILES)},
        "classes": ["background", "vertebra", "disc", "canal"],
        "training": {
            "config": config.__dict__,
            "best_step": step,
            "data": "SPIDER T2 SPACE, 30 patients: van der Graaf et al., Scientific Data 2024, "
            "Zenodo 10159290, CC BY 4.0",
            "left_out_patients": list(spider.REPORT),
            "tuning_patients": list(spider.TUNE),
            "tuning_dice": {"vertebra": tune[0], "disc": tune[1], "canal": tune[2]},
        },
        "limits": [
            "Trained on real sagittal T2 SPACE only; other contrasts are imitated by augmentation.",
            "The sacrum is not segmented: its label is missing in the training data.",
            "Not a medical device. Not tested in clinical use.",
        ],
    }
