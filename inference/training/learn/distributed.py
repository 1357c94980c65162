"""Several processes that train one model: what torchrun started, or this process alone.

    torchrun --nproc-per-node 2 -m inference train grade --archive ...

Every process draws the same batches and computes a part of each. The first process prepares, checks and saves;
the others wait for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn

CPU = torch.device("cpu")
#: Timeout of the processes that wait while the first one prepares an archive.
PATIENCE = timedelta(days=14)


@dataclass(frozen=True)
class Share:
    """Process `rank` of `world`, which computes on `device`. waiting: the group that waits, if there are more."""

    rank: int = 0
    world: int = 1
    device: torch.device = CPU
    waiting: Any = None

    @property
    def first(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.waiting is not None:
            distributed.barrier(group=self.waiting)

    def told(self, problem: str) -> str:
        """What the first process found wrong, for all of them."""
        if self.waiting is None:
            return problem
        message = [problem]
        distributed.broadcast_object_list(message, src=0, group=self.waiting)
        return message[0]

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network as it is trained here: its gradients are the mean over all processes."""
        if self.waiting is None:
            return network
        return nn.parallel.DistributedDataParallel(network)


ALONE = Share()


@contextmanager
def joined() -> Iterator[Share]:
    """This process's share of the work, as torchrun's environment says."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Share(device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        return
    quick = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if quick else torch.device("cpu")
    if quick:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if quick else "gloo", timeout=PATIENCE)
    try:
        # A GPU would spin while it waits, and its watchdog end the run.
        waiting = distributed.new_group(backend="gloo", timeout=PATIENCE)
        yield Share(distributed.get_rank(), distributed.get_world_size(), device, waiting)
    finally:
        distributed.destroy_process_group()
