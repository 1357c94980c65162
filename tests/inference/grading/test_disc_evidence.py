"""Maps of discs are set beside the part of the disc where a finding is looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.__main__ import main
from inference.grading import attribution, evidence
from inference.grading import discs as disc_networks
from inference.grading.discs import COLUMNS, ROWS, DiscModel
from inference.models.discnet import DiscEnsemble
from inference.training.data.disc_cases import Cases
from inference.training.data.midsagittal import Use
from inference.training.figures import disc_evidence
from inference.training.learn.discs import TrainConfig
from inference.types import DiscFinding, DiscQuestion
from tests.inference.training.factories import cases

#: Where `Looks` looks, in cells.
ROW, COLUMN = 4, 9


class Looks(nn.Module):
    """Every answer is the likelier the brighter one cell of the T2 is."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config.network

    def forward(self, images: Tensor, _present: Tensor, _place: Tensor) -> list[Tensor]:
        size = attribution.DISC_CELL
        rows, columns = slice(ROW * size, (ROW + 1) * size), slice(COLUMN * size, (COLUMN + 1) * size)
        seen = images[:, 0, rows, columns].mean(dim=(1, 2))[:, None]
        counts = zip(self.config.answers, self.config.ordinal, strict=True)
        return [
            seen - torch.arange(count - 1) if ordered else torch.cat([-seen, seen.expand(-1, count - 1)], dim=1)
            for count, ordered in counts
        ]


@pytest.fixture
def model() -> DiscModel:
    config = TrainConfig(members=1, widths=(4,))
    network = DiscEnsemble(config.network).eval()
    network.members = nn.ModuleList([Looks(config)])
    network.share.fill_(1.0)
    cuts = {q.value: 0.3 for q in DiscQuestion if q is not DiscQuestion.PFIRRMANN}
    return DiscModel(network, {"told_from": cuts, "version": "0.0.1"})


def bright() -> Cases:
    """Two discs of one patient with a bright cell where `Looks` looks."""
    found = cases(2)
    size, margin = attribution.DISC_CELL, disc_networks.MARGIN
    found.patient[:] = 7
    top, left = margin + ROW * size, margin + COLUMN * size
    found.images[:, 0, top : top + size, left : left + size] += 3.0
    return found


def test_findings_are_looked_for_at_the_back_and_at_the_edges_of_the_disc() -> None:
    discs = disc_evidence.in_own_frame(cases(2))
    disc, cuts = discs[0]
    parts = disc_evidence.parts(disc, cuts.labels[0])
    assert set(parts) == set(DiscQuestion)
    whole, back = parts[DiscQuestion.PFIRRMANN], parts[DiscQuestion.BULGING]
    assert back[:, 1].min() == pytest.approx(whole[:, 1].max() - 2)
    assert set(parts[DiscQuestion.UPPER_ENDPLATE][:, 2]) == {whole[:, 2].max()}
    assert set(parts[DiscQuestion.LOWER_ENDPLATE][:, 2]) == {whole[:, 2].min()}
    assert len(parts[DiscQuestion.MODIC]) == 2 * len(parts[DiscQuestion.UPPER_ENDPLATE])
    assert disc_evidence.parts(disc, np.zeros_like(cuts.labels[0])) == {}


def test_a_network_that_looks_at_one_cell_needs_that_cell_and_its_maps_point_there(model: DiscModel) -> None:
    found = disc_evidence.map_results(model, bright(), np.random.default_rng(3))
    assert {one.question for one in found} == set(DiscQuestion)
    strongest, others = np.array([one.drops for one in found]).T
    assert strongest.min() > 0.5
    # Cells that are drawn hold the one in a tenth of the draws.
    assert others.mean() < 0.5 * strongest.mean()
    discs = disc_evidence.in_own_frame(bright())
    place = disc_networks.places(discs[0][0]).reshape(ROWS // 4, 4, COLUMNS // 4, 4, 3).mean(axis=(1, 3))[ROW, COLUMN]
    for one in evidence.of_discs(model, discs, disc_networks.find(model, discs)):
        assert np.linalg.norm(one.peak_mm - place) < attribution.DISC_CELL


def test_a_disc_of_the_lowest_grade_has_a_map_of_what_speaks_for_it(model: DiscModel) -> None:
    dark = bright()
    dark.images[:, 0] *= -1
    discs = disc_evidence.in_own_frame(dark)
    findings = [DiscFinding(disc.level, DiscQuestion.PFIRRMANN, 1, 0.9) for disc, _ in discs]
    assert len(evidence.of_discs(model, discs, findings)) == 2


def test_the_table_is_of_the_patients_left_out_unless_others_are_asked_for(
    model: DiscModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    module = disc_evidence
    monkeypatch.setattr(module.midsagittal, "listed", lambda _data: [])
    monkeypatch.setattr(module.midsagittal, "used_for", lambda _all: {7: Use.REPORT, 8: Use.TRAIN, 9: Use.TUNE})
    monkeypatch.setattr(module.registry, "load", lambda _name: None)
    monkeypatch.setattr(module.disc_networks, "load", lambda: model)
    monkeypatch.setattr(module.disc_cases, "gathered", lambda *given: asked.append(given[3]) or bright())
    assert main(["evaluate", "disc-evidence", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "2 discs of 1 real patients to report on" in said
    assert said.count("| 2 |") == len(DiscQuestion)
    assert main(["evaluate", "disc-evidence", "--data", str(tmp_path), "--group", "train"]) == 0
    assert asked == [{7}, {8}]
