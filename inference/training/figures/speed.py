"""How long a reading takes by each runtime, in one interleaved run, and whether all see the same.

The input is simulated: a sagittal T2 of 15 slices of 320 x 320 pixels, and the study it comes from.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference import output, pipeline
from inference.images import preprocess
from inference.images.choice import choose_series, series_stacks
from inference.images.dicom_writer import SeriesTags, StudyTags, uid_of, write_series
from inference.images.headers import find_files, read_headers
from inference.images.volume import load_volume
from inference.models import registry, runtime
from inference.models.unet import UNet
from inference.simulate.causes.options import StudyOptions
from inference.simulate.study import write_study
from inference.spine import segment
from inference.types import Role, Volume

PIXELS = 320
#: Slices at once, besides one: what the product did until decision 0003.
AT_ONCE = 8


@dataclass
class Row:
    """One runtime. Seconds of each round: the network with eight slices at once and one by one; files to labels."""

    name: str
    network: runtime.Network
    at_once_s: list[float] = field(default_factory=list)
    one_by_one_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    labels_off: float = 0.0
    probability_off: float = 0.0


@dataclass(frozen=True)
class Reading:
    """Seconds of one reading: whole, of this process on all cores, and of each step."""

    whole_s: float
    cores_s: float
    steps_s: dict[str, float]


@dataclass(frozen=True)
class Speed:
    """rows: one for each runtime. readings: of the study, files written. peak_mib: of a process. models: that read."""

    rows: list[Row]
    readings: list[Reading]
    peak_mib: float
    models: str


class _Plain:
    """Torch as it comes: channels first."""

    def __init__(self, network: UNet) -> None:
        self.config, self.multiple, self.runtime = network.config, network.multiple, network.runtime
        self._network = deepcopy(network).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def chances(self, windows: Tensor) -> Tensor:
        with torch.inference_mode():
            probabilities: Tensor = self._network(windows).softmax(dim=1)
        return probabilities


class _Onnx:
    """onnxruntime. Raises ImportError where it or onnx is missing; neither is part of the product."""

    def __init__(self, network: UNet) -> None:
        import onnx  # noqa: F401
        import onnxruntime

        self.config, self.multiple = network.config, network.multiple
        self.runtime = f"onnxruntime {onnxruntime.__version__}"
        whole, example = nn.Sequential(network, nn.Softmax(dim=1)), torch.zeros(1, network.config.context, 64, 64)
        free = {"x": {0: "batch", 2: "rows", 3: "columns"}}
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            torch.onnx.export(whole, (example,), file.name, dynamo=False, input_names=["x"], dynamic_axes=free)
            graph = Path(file.name).read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        # As torch's threads (inference/__init__.py): a spinning wait is paid for by the neighbours.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def chances(self, windows: Tensor) -> Tensor:
        return torch.from_numpy(self._session.run(None, {"x": windows.contiguous().numpy()})[0])


def measure(rounds: int, seed: int, grader: Path | None = None) -> Speed:
    """Time every runtime that is installed, turn by turn. The first round warms up and does not count.

    grader: folder of a grader to read with, instead of the shipped one.
    """
    model = registry.load("segment")
    with tempfile.TemporaryDirectory() as folder:
        study, series = Path(folder) / "study", Path(folder) / "series"
        write_study(study, seed, StudyOptions())
        paths = write_series(_small(study / "dicom"), series, _tags())
        rows = _rows(model.network)
        for number in range(rounds + 1):
            for row in rows:
                _time(row, paths, rows[0].network)
                if not number:
                    row.at_once_s, row.one_by_one_s, row.whole_s = [], [], []
        models = pipeline.load_models()
        if grader is not None:
            models = replace(models, heads={**models.heads, "grade": registry.load_folder(grader, "grade")})
        parts = (models.segmenter, *models.heads.values())
        names = " and ".join(f"{one.mark.name} {one.mark.version}" for one in parts)
        readings = _readings(study / "dicom", rounds, models)
        return Speed(rows, readings, _peak_mib(series, Path(folder) / "out"), names)


def _rows(network: UNet) -> list[Row]:
    rows = [Row("torch, channels first", _Plain(network)), Row("torch, channels last", network)]
    with suppress(ImportError):
        rows.append(Row("onnxruntime", _Onnx(network)))
    openvino = runtime.load_openvino()
    if openvino is not None:
        rows.append(Row("OpenVINO", runtime.Compiled(network, openvino)))
    return rows


def _series(paths: list[Path], role: Role) -> Volume:
    headers = read_headers(paths)
    chosen = next(choice.uid for choice in choose_series(headers) if choice.role is role)
    return load_volume(series_stacks(headers, chosen)[0])[0]


def _small(folder: Path) -> Volume:
    """The study's sagittal T2 at 320 x 320 pixels, the same field of view."""
    volume = _series(find_files(folder), Role.SAGITTAL_T2)
    zoom = PIXELS / volume.array.shape[1]
    affine = volume.affine.copy()
    affine[:3, 1:3] /= zoom
    affine[:3, 3] += (affine[:3, 1] + affine[:3, 2]) * (1 - zoom) / 2
    return Volume(preprocess.resample_plane(volume.array, (zoom, zoom), (PIXELS, PIXELS)).round(), affine)


def _tags() -> SeriesTags:
    study = StudyTags(uid_of("speed", "study"), uid_of("speed", "frame"))
    tags = SeriesTags(study, uid_of("speed", "series"), description="T2 sag lumbar")
    return replace(tags, echo_ms=100.0, repetition_ms=3500.0)


def _time(row: Row, paths: list[Path], reference: runtime.Network) -> None:
    volume = _series(paths, Role.SAGITTAL_T2)
    windows = _windows(row.network, volume)
    row.at_once_s.append(_seconds(lambda: [row.network.chances(part) for part in _parts(windows, AT_ONCE)]))
    row.one_by_one_s.append(_seconds(lambda: [row.network.chances(part) for part in _parts(windows, 1)]))
    row.whole_s.append(_seconds(lambda: segment.segment(row.network, _series(paths, Role.SAGITTAL_T2))))
    if len(row.whole_s) == 1:
        row.probability_off, row.labels_off = difference(row.network, reference, volume)


def difference(one: runtime.Network, other: runtime.Network, volume: Volume) -> tuple[float, float]:
    """(largest difference of a class probability, share of voxels with another label)."""
    chances: list[NDArray[np.float32]] = [segment.predict(network, volume) for network in (one, other)]
    labels = [segment.segment(network, volume).labels for network in (one, other)]
    return float(np.abs(chances[0] - chances[1]).max()), float((labels[0] != labels[1]).mean())


def _windows(network: runtime.Network, volume: Volume) -> Tensor:
    """What the network is asked for a volume, (slices, context, rows, columns)."""
    array = torch.from_numpy(preprocess.prepare(volume).array)
    rows, columns = (size - size % network.multiple for size in array.shape[1:])
    half = network.config.context // 2
    index = torch.arange(len(array))[:, None] + torch.arange(-half, half + 1)
    return array[index.clamp(0, len(array) - 1), :rows, :columns].contiguous()


def _parts(windows: Tensor, size: int) -> list[Tensor]:
    return [windows[start : start + size] for start in range(0, len(windows), size)]


def _readings(folder: Path, rounds: int, models: pipeline.Models) -> list[Reading]:
    """Whole readings of a study, its files written, the models loaded. The first warms up and does not count."""
    return [_reading(folder, models) for _ in range(rounds + 1)][1:]


def _reading(folder: Path, models: pipeline.Models) -> Reading:
    marks: list[tuple[str, float]] = []

    def note(step: str, _share: float) -> None:
        if not marks or marks[-1][0] != step:
            marks.append((step, time.perf_counter()))

    started, cores = time.perf_counter(), time.process_time()
    result = pipeline.read_study(find_files(folder), models, note)
    note("writing", 0.0)
    output.write(result, folder.parent / "out")
    ended = time.perf_counter()
    steps = {step: after - at for (step, at), (_, after) in pairwise([*marks, ("", ended)])}
    return Reading(ended - started, time.process_time() - cores, steps)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak_mib(folder: Path, out: Path) -> float:
    """Largest resident size of a process that reads one series and ends.

    The process says so itself: what the kernel tells a parent counts the parent's own size in.
    """
    script = (
        "import sys, pathlib; from inference.__main__ import main; assert main(sys.argv[1:]) == 0;"
        "print(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    command = [sys.executable, "-c", script, "read", str(folder), "--out", str(out)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return int(said.split()[-1]) / 1024


def markdown(speed: Speed) -> str:
    """A table with a row for each runtime (median seconds, ratio to what the product did until decision 0003)."""
    before = float(np.median(speed.rows[1].at_once_s))
    lines = [
        f"| runtime | network, {AT_ONCE} slices at once, s | one by one, s | times as fast as channels last, "
        f"{AT_ONCE} at once | files to labels, s | labels that differ | largest difference of a probability |",
        "|" + "---|" * 7,
    ]
    for row in speed.rows:
        at_once, one_by_one, whole = (float(np.median(s)) for s in (row.at_once_s, row.one_by_one_s, row.whole_s))
        lines.append(
            f"| {row.name} ({row.network.runtime.split()[-1]}) | {at_once:.2f} | {one_by_one:.2f} | "
            f"{before / one_by_one:.1f} | {whole:.2f} | {row.labels_off:.4%} | {row.probability_off:.0e} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            *_told(speed),
            f"- a process that reads the one series: at most {speed.peak_mib:.0f} MiB",
            f"- cores: {len(os.sched_getaffinity(0))}; load when it ended: {os.getloadavg()[0]:.1f}",
        ]
    )


def _told(speed: Speed) -> list[str]:
    """The whole reading and its steps, medians."""
    whole, cores = (sorted(getattr(one, name) for one in speed.readings) for name in ("whole_s", "cores_s"))
    steps = {
        step: float(np.median([one.steps_s[step] for one in speed.readings])) for step in speed.readings[0].steps_s
    }
    return [
        f"- whole reading of the study (three series), files written, models loaded ({speed.models}): "
        f"median {np.median(whole):.1f} s ({whole[0]:.1f} to {whole[-1]:.1f}), {np.median(cores):.1f} s of a core",
        f"- of that, s: {', '.join(f'{step} {seconds:.2f}' for step, seconds in steps.items())}",
    ]
