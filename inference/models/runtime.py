"""Runtimes of the segmenter's network: OpenVINO on a CPU, torch on a GPU and where OpenVINO is missing.

Weights and card are the only source: the graph is converted from the torch module in memory when loading
(docs/decisions/0003-openvino.md).
"""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.models.unet import UNet, UNetConfig

#: Largest difference of class probabilities between the two, and largest share of voxels with another label.
PARITY_PROBABILITY = 1e-4
PARITY_LABELS = 0.001

#: Single precision and a fixed order of sums, independent of the number of threads.
_PROPERTIES: dict[str, object] = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",
    # Pinned threads of two workers would share a core.
    "ENABLE_CPU_PINNING": False,
}


class Network(Protocol):
    """The interface that segmentation uses: `UNet` or `Compiled`."""

    @property
    def config(self) -> UNetConfig: ...

    @property
    def multiple(self) -> int:
        """Rows and columns must be multiples of this."""

    @property
    def runtime(self) -> str:
        """Name and version of the runtime."""

    def chances(self, windows: Tensor) -> Tensor:
        """float32 (batch, context, rows, columns) on the CPU -> class probabilities (batch, classes, ...) there."""


class Compiled:
    """A `UNet` run by OpenVINO, on all cores that this process may use or with a given number of threads."""

    def __init__(self, network: UNet, openvino: Any, threads: int | None = None) -> None:
        self.config = network.config
        self.multiple = network.multiple
        self.runtime = f"openvino {openvino.__version__.partition('-')[0]}"
        example = torch.zeros(1, network.config.context, 4 * network.multiple, 4 * network.multiple)
        with torch.inference_mode():
            graph = openvino.convert_model(nn.Sequential(network, nn.Softmax(dim=1)), example_input=example)
        graph.reshape([-1, network.config.context, -1, -1])
        count = {"INFERENCE_NUM_THREADS": threads or len(os.sched_getaffinity(0))}
        self._graph = openvino.Core().compile_model(graph, "CPU", {**_PROPERTIES, **count})

    def chances(self, windows: Tensor) -> Tensor:
        """See `Network`."""
        return torch.from_numpy(self._graph(windows.contiguous().numpy())[0])


def best(network: UNet, device: torch.device, threads: int | None = None) -> Network:
    """The fastest way to run a network on a device; `network` must be in evaluation mode there.

    threads: of a CPU; None for one on each core.
    """
    openvino = load_openvino() if device.type == "cpu" else None
    return network if openvino is None else Compiled(network, openvino, threads)


def load_openvino() -> Any | None:
    """The package, or None where it is not installed. Sends nothing to anybody."""
    # The converter sends telemetry about every import and conversion unless the telemetry package is missing.
    # None makes it missing (Python's import system, "The module cache").
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError:
        return None
    return openvino
