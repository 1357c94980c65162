"""OpenVINO sees what torch sees, tells nobody, and is not missed where it is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from inference import pipeline
from inference.images.choice import choose_series, series_stacks
from inference.images.headers import find_files, read_headers
from inference.images.volume import load_volume
from inference.models import registry, runtime
from inference.models.unet import UNet, UNetConfig
from inference.simulate.truth.study_truth import Truth
from inference.spine import segment
from inference.training.figures import speed
from inference.training.figures.speed import Reading, Row, Speed, difference, markdown
from inference.types import Role, Step, Volume
from tests.inference.series import volume

#: Classes and width as no shipped network has them.
OTHER = UNetConfig(context=5, classes=7, base=6, widest=20, depth=3)


@pytest.fixture(scope="module")
def sagittal(study: tuple[Path, Truth]) -> Volume:
    headers = read_headers(find_files(study[0]))
    uid = next(c.uid for c in choose_series(headers) if c.role is Role.SAGITTAL_T2)
    return load_volume(series_stacks(headers, uid)[0])[0]


def untrained(config: UNetConfig) -> UNet:
    """A network with weights and normalisation that nothing cancels in."""
    torch.manual_seed(3)
    network = UNet(config)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.5, 2.0)
    return network.eval()


def compiled(network: UNet) -> runtime.Network:
    run = runtime.best(network, torch.device("cpu"))
    assert run.runtime.startswith("openvino ")
    return run


def test_openvino_labels_as_torch_does(sagittal: Volume, models: pipeline.Models, result: pipeline.Result) -> None:
    model = models.segmenter
    assert model.run.runtime.startswith("openvino ")
    assert len(np.unique(result.segmentation.labels)) == model.network.config.classes
    probability, labels = difference(model.run, model.network, sagittal)
    assert probability <= runtime.PARITY_PROBABILITY
    assert labels <= runtime.PARITY_LABELS


@pytest.mark.parametrize("config", [OTHER, UNetConfig(classes=5, base=8)], ids=["seven classes", "five classes"])
def test_any_number_of_classes_and_any_width_is_compiled(config: UNetConfig) -> None:
    network = untrained(config)
    run = compiled(network)
    for batch, rows, columns in ((1, 48, 80), (3, 64, 16)):
        windows = torch.randn(batch, config.context, rows, columns)
        probabilities, expected = run.chances(windows), network.chances(windows)
        assert probabilities.shape == (batch, config.classes, rows, columns)
        assert float((probabilities - expected).abs().max()) <= runtime.PARITY_PROBABILITY


def test_the_number_of_cores_changes_no_bit_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    network = untrained(OTHER)
    windows = torch.randn(1, OTHER.context, 96, 96)
    first = compiled(network).chances(windows)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert torch.equal(compiled(network).chances(windows), first)


WATCHED = """
import sys
seen = []
watched = ("socket.", "urllib.", "os.fork")  # the telling is done by a process of its own
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(watched) else None)
from inference.models import registry
import torch, time
run = registry.load("segment").run
run.chances(torch.zeros(1, 3, 32, 32))
time.sleep(1)
print(run.runtime.split()[0], sorted(set(seen) - {"socket.gethostname"}))
"""


def test_openvino_tells_nobody_that_it_is_used(tmp_path: Path) -> None:
    quiet = {"CI", "TF_BUILD", "JENKINS_URL"}  # with these it would hold its tongue of itself
    environment = {key: value for key, value in os.environ.items() if key not in quiet}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "openvino []"
    assert list(tmp_path.iterdir()) == []


def test_without_openvino_torch_reads(sagittal: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    model = registry.load("segment")
    assert model.run is model.network
    assert model.run.runtime == f"torch {torch.__version__}"
    assert segment.segment(model.run, sagittal).labels.any()


def test_a_graphics_card_is_left_to_torch() -> None:
    network = untrained(OTHER)
    assert runtime.best(network, torch.device("cuda")) is network


def test_every_slice_sees_its_own_neighbours() -> None:
    """The first and the last see themselves where there is no neighbour."""
    seen: list[torch.Tensor] = []

    class Watching:
        config = UNetConfig(context=3, classes=2)
        multiple = 4
        runtime = "none"

        def chances(self, windows: torch.Tensor) -> torch.Tensor:
            seen.append(windows[0, :, 0, 0])
            return torch.zeros(1, 2, *windows.shape[2:])

    progress: list[float] = []
    segment.predict(Watching(), volume("sagittal", 4), progress.append)
    assert progress == [0.25, 0.5, 0.75, 1.0]
    middles = [window[1] for window in seen]
    for index, window in enumerate(seen):
        assert window[0] == middles[max(index - 1, 0)]
        assert window[2] == middles[min(index + 1, 3)]
    assert len(set(map(float, middles))) == 4


def test_a_reading_says_what_ran_its_network(result: pipeline.Result, models: pipeline.Models) -> None:
    reading = result.reading
    assert reading.provenance.runtime == models.segmenter.run.runtime
    assert reading.provenance.runtime.split()[0] in ("openvino", "torch")


def test_the_table_of_speeds_compares_medians_with_what_the_product_did_before() -> None:
    network = untrained(OTHER)
    before = Row("channels last", network, at_once_s=[4.0, 9.0, 4.2], one_by_one_s=[2.1], whole_s=[3.0])
    after = Row("fast", network, at_once_s=[2.0], one_by_one_s=[1.0, 1.05, 7.0], whole_s=[1.26], labels_off=0.0005)
    readings = [Reading(2.0, 3.0, {"grading": 0.4}), Reading(4.0, 3.0, {"grading": 0.6})]
    lines = markdown(Speed([before, before, after], readings, 600.0, "segment 9")).splitlines()
    cells = [cell.strip() for cell in lines[4].split("|")[2:-1]]
    assert cells[:5] == ["2.00", "1.05", "4.0", "1.26", "0.0500%"]
    assert "(segment 9): median 3.0 s (2.0 to 4.0), 3.0 s of a core" in lines[6]
    assert "grading 0.50" in lines[7]
    assert "600 MiB" in lines[8]


def test_the_steps_of_a_timed_reading_make_up_the_whole(
    study: tuple[Path, Truth], models: pipeline.Models, tmp_path: Path
) -> None:
    folder = tmp_path / "dicom"
    folder.symlink_to(study[0])
    timed = speed._reading(folder, models)
    assert tuple(timed.steps_s) == (*Step, "writing")
    assert sum(timed.steps_s.values()) == pytest.approx(timed.whole_s, rel=0.05)
    assert (tmp_path / "out" / "reading.json").exists()
