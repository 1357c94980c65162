"""The table of heads: each answers in turn, is followed, and one that has no model is not asked what it saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from inference.grading import heads
from inference.grading.heads import Findings, Head
from inference.types import Grade, LevelFinding, Rule, Site


def answering(name: str, site: Site) -> Head:
    """A head that finds one mild stenosis; its model is what it was shown and explains."""

    def answer(model: Any, shown: Any, _data: Any, findings: Findings) -> tuple[Findings, Any]:
        found = LevelFinding("L4-L5", site, Grade.MILD, (Rule(f"{model} was shown {shown}"),))
        return replace(findings, levels=(*findings.levels, found)), "answers"

    def explain(model: Any, shown: Any, answers: Any, _findings: Findings) -> Any:
        return [f"{name}: {model}, {shown}, {answers}"]

    return Head(name, lambda *_: None, lambda _data: f"cuts of {name}", answer, explain)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> tuple[Findings, list[tuple[str, float]]]:
    """What two heads find, only the second with a model, and the progress meanwhile."""
    table = (answering("rule", Site.CANAL), answering("network", Site.FORAMEN_LEFT))
    monkeypatch.setattr(heads, "HEADS", table)
    monkeypatch.setattr(heads, "measure_levels", lambda *_: None)
    monkeypatch.setattr(heads, "with_shape", lambda *_: None)
    progress: list[tuple[str, float]] = []
    nothing = cast(Any, None)
    _, findings = heads.find_levels(nothing, nothing, {"network": "N"}, lambda *step: progress.append(step))
    return findings, progress


def test_every_head_of_the_table_answers_in_its_order(found: tuple[Findings, Any]) -> None:
    assert [(one.site, one.rules[0].code) for one in found[0].levels] == [
        (Site.CANAL, "None was shown None"),
        (Site.FORAMEN_LEFT, "N was shown cuts of network"),
    ]


def test_only_a_head_with_a_model_says_where_it_looked(found: tuple[Findings, Any]) -> None:
    assert found[0].evidence == cast(Any, ("network: N, cuts of network, answers",))


def test_every_head_reports_its_progress(found: tuple[Findings, list[tuple[str, float]]]) -> None:
    assert found[1] == [("grading", 0.0), ("grading", 0.5), ("grading", 1.0)]
