"""A reading survives the way through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inference.result import record
from inference.types import (
    AxialSlices,
    DiscFinding,
    DiscLevel,
    DiscQuestion,
    Grade,
    LevelFinding,
    Measurement,
    ModelMark,
    Notice,
    Provenance,
    Role,
    Rule,
    Sentence,
    SeriesChoice,
    Site,
    SpineCurve,
    StudyReading,
    VertebraLevel,
)

X, Y, Z = np.eye(3)
RULE = Rule("network_grade", {"probability": 0.72, "roles": (Role.SAGITTAL_T2, Role.AXIAL_T2)})
READING = StudyReading(
    study_instance_uid="1.2.3",
    series=(SeriesChoice(Role.SAGITTAL_T2, "1.2.3.4", "T2", Rule("series_absent", {"role": Role.SAGITTAL_T2})),),
    curve=SpineCurve(np.arange(9.0).reshape(3, 3), 0.5),
    discs=(DiscLevel("L4-L5", X, Z, -Y, X, None, 35.0, 8.0), DiscLevel("L5-S1", Y, Z, -Y, X, Z, 35.0, 8.0)),
    vertebrae=(VertebraLevel("L5", X, Z, -Y, X, 27.0, 34.0),),
    measurements=(
        Measurement("L4-L5", "canal_ap", 11.2, "mm"),
        Measurement("L5-S1", "canal_ap", None, "mm", Notice("canal_not_seen")),
    ),
    findings=(LevelFinding("L4-L5", Site.CANAL, Grade.MILD, (RULE,), (Role.SAGITTAL_T2,)),),
    axial=(AxialSlices("L4-L5", "1.2", ("1.2.1", "1.2.2")),),
    draft=(Sentence("L4-L5: mild.", (("L4-L5", Site.CANAL),)),),
    provenance=Provenance("0.1.0", (ModelMark("segment", "1.0.0", "ab"),), "cd", "openvino 2026.4.1"),
    notices=(Notice("metal", ("L4", "L5"), {"void_mm3": 2300}),),
    outside=(LevelFinding("S1-S2", Site.CANAL, Grade.SEVERE, (RULE,)),),
    disc_findings=(DiscFinding("L4-L5", DiscQuestion.PFIRRMANN, 4, 0.71, (Role.SAGITTAL_T2,)),),
)


def test_a_reading_comes_back_as_it_was() -> None:
    written = json.dumps(record.to_dict(READING))
    back = record.from_dict(json.loads(written))
    assert record.to_dict(back) == record.to_dict(READING)
    assert back.findings == READING.findings
    assert back.outside == READING.outside
    assert back.notices == READING.notices
    assert back.measurements == READING.measurements
    assert back.provenance == READING.provenance
    assert back.disc_findings == READING.disc_findings
    assert back.discs[0].canal_mm is None
    assert np.array_equal(back.discs[1].canal_mm, Z)
    assert back.draft[0].findings == (("L4-L5", Site.CANAL),)


def test_something_else_is_refused() -> None:
    with pytest.raises((KeyError, TypeError)):
        record.from_dict({"hello": 1})


def test_a_reading_says_its_format() -> None:
    assert record.to_dict(READING)["format"] == record.FORMAT
