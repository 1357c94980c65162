"""What every training run of a network has: averaged weights, a schedule, and a checkpoint to resume from."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Net = TypeVar("Net", bound=nn.Module)

#: Largest norm of the gradients; longer ones are clipped.
LONGEST = 5.0


class Config(Protocol):
    """The settings that every run has."""

    @property
    def steps(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def average(self) -> float: ...
    @property
    def check_every(self) -> int: ...
    @property
    def seed(self) -> int: ...


def mark_of(config: Config, data: str = "") -> str:
    """A hash that changes when the settings or the data do. data: text that identifies the training data."""
    settings = vars(config).items()
    return hashlib.sha256(f"{data} {sorted(settings)}".encode()).hexdigest()


class Frame(Generic[Net]):
    """A network with its optimiser, which can be saved and resumed.

    rng, generator: draw batches and their augmentation. best: the best score of a check.
    """

    def __init__(self, config: Config, network: Net, rising: float) -> None:
        """rising: share of the steps in which the learning rate rises."""
        self.network = network
        self.rng = np.random.default_rng(config.seed)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.averaged = torch.optim.swa_utils.AveragedModel(
            network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self.optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, config.learning_rate, total_steps=config.steps, pct_start=rising
        )
        self.step, self.best = 0, -1.0  # below every score: the first check is always the best

    def follow(self, loss: Tensor) -> float:
        """One step down the gradient of a batch's loss; returns the loss."""
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST)
        self.optimiser.step()
        self.schedule.step()
        self.averaged.update_parameters(self.network)
        self.step += 1
        return loss.item()

    def save(self, path: Path, of: str = "") -> None:
        """Write the checkpoint atomically. of: identifies data and settings (`mark_of`)."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "averaged", "optimiser", "schedule")}
        random = {
            "rng": self.rng.bit_generator.state,
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }
        part = path.with_suffix(".part")
        torch.save({**parts, **random, "step": self.step, "best": self.best, "of": of}, part)
        part.replace(path)

    def resume(self, path: Path, of: str = "") -> None:
        """Resume from a checkpoint. Raises ValueError when it belongs to other data or settings, if it says so."""
        state = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 - our own checkpoint, tensors and numbers only
        if state.get("of", "") not in ("", of):
            raise ValueError(
                f"{path} was trained on other data or with other settings: give another --out, or delete it."
            )
        for name in ("network", "averaged", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        self.rng.bit_generator.state = state["rng"]
        self.generator.set_state(state["generator"])
        # Checkpoints of older versions of the segmenter's training have none: that network draws nothing.
        if "torch" in state:
            torch.set_rng_state(state["torch"])
        self.step, self.best = state["step"], state["best"]
        self.tell(f"resumed at step {self.step}")

    def tell(self, line: str) -> None:
        """Print a line about the run's progress."""
        print(line, flush=True)


def go_through(
    run: Frame[Net], config: Config, learn: Callable[[], float], checked: Callable[[], None], memory: float
) -> None:
    """Train for all steps, and check every `check_every` steps. memory: decay of the printed loss's moving average."""
    started, first, running = time.monotonic(), run.step, 0.0
    while run.step < config.steps:
        loss = learn()
        running = loss if run.step == first + 1 else memory * running + (1 - memory) * loss
        if run.step % 20 == 0:
            pace = (time.monotonic() - started) / (run.step - first)
            run.tell(f"step {run.step}/{config.steps} loss {running:.4f} {pace:.2f} s/step")
        if run.step % config.check_every == 0 or run.step == config.steps:
            checked()
