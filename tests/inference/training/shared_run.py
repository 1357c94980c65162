"""Two steps of a training run, by whatever processes torchrun started; each writes what its weights became.

torchrun --nproc-per-node 2 -m tests.inference.training.shared_run OUT
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from inference.training.learn.distributed import joined
from inference.training.learn.grade import Run, TrainConfig
from tests.inference.training.factories import levels


def main(out: Path) -> None:
    with joined() as share:
        run = Run(TrainConfig(batch=6), levels(20), share)
        for _ in range(2):
            run.learn()
        weights = b"".join(value.detach().numpy().tobytes() for value in run.network.parameters())
        (out / str(share.rank)).write_text(hashlib.sha256(weights).hexdigest())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
