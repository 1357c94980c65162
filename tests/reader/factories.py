"""Studies as the worker leaves them, made from the engine's own types."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.test import Client

from inference.grading.thresholds import NO_GRADER
from inference.result import draft, record
from inference.types import (
    LUMBAR_LEVELS,
    DiscLevel,
    Grade,
    LevelFinding,
    Measurement,
    ModelMark,
    Notice,
    Provenance,
    Role,
    Rule,
    SeriesChoice,
    Site,
    SpineCurve,
    StudyReading,
)
from tests.worklist.factories import add_job, add_reading
from worklist.jobs.states import State
from worklist.models import MachineReading, Patient, Series, Study

UID = "1.2.826.0.1.3680043.10.1"
RULE = Rule("canal_narrow", {"ap_under_mm": 12.0, "ap": "relative"})
CHOSEN = Rule("series_chosen", {"role": Role.SAGITTAL_T2, "described_as": "T2", "images": 15, "others": 0})


def machine_findings(canal: dict[str, Grade] | None = None) -> tuple[LevelFinding, ...]:
    """Canal as given, else normal; recesses and foramina not assessed, as the machine without a grader leaves them."""
    findings = []
    for level in LUMBAR_LEVELS:
        grade = (canal or {}).get(level, Grade.NORMAL)
        findings.append(LevelFinding(level, Site.CANAL, grade, (RULE,), (Role.SAGITTAL_T2,)))
        findings += [
            LevelFinding(level, site, Grade.NOT_ASSESSED, notices=(NO_GRADER,))
            for site in Site
            if site is not Site.CANAL
        ]
    return tuple(findings)


def reading(study_uid: str, canal: dict[str, Grade] | None = None) -> StudyReading:
    findings = machine_findings(canal)
    measurements = tuple(Measurement(level, "canal_ap", 13.4, "mm") for level in LUMBAR_LEVELS)
    x, y, z = np.eye(3)
    discs = tuple(
        DiscLevel(level, np.array([0.0, 0.0, -35.0 * place]), z, -y, x, None, 34.0, 9.0)
        for place, level in enumerate(LUMBAR_LEVELS)
    )
    return StudyReading(
        study_instance_uid=study_uid,
        series=(SeriesChoice(Role.SAGITTAL_T2, f"{UID}.2", "T2 SAG", CHOSEN),),
        curve=SpineCurve(np.zeros((2, 3)), 0.5),
        discs=discs,
        vertebrae=(),
        measurements=measurements,
        findings=findings,
        axial=(),
        draft=draft.compose(findings, measurements),
        provenance=Provenance("0.1.0", (ModelMark("segment", "1", "ab" * 32),), "cd" * 32),
        notices=(Notice("no_axial_series"),),
    )


def drafted_study(canal: dict[str, Grade] | None = None) -> Study:
    """A study that the machine has read and nobody has claimed."""
    study = Study.objects.create(
        study_instance_uid=f"{UID}.1",
        patient=Patient.objects.create(name="DOE^JANE", patient_id="P-17"),
        state=State.DRAFTED,
        series_count=1,
    )
    Series.objects.create(study=study, series_instance_uid=f"{UID}.2", modality="MR", description="T2 SAG")
    read_by_machine(study, canal)
    return study


def read_by_machine(study: Study, canal: dict[str, Grade] | None = None) -> MachineReading:
    """One more machine reading of `study`."""
    made: MachineReading = add_reading(
        study, record.to_dict(reading(study.study_instance_uid, canal)), f"readings/{study.pk}"
    )
    return made


def failed_study() -> Study:
    """A study that the machine could not read."""
    study = Study.objects.create(study_instance_uid=f"{UID}.9", patient=Patient.objects.create(), state=State.FAILED)
    message = "There is no sagittal T2 or T1 series. Read it by hand."
    add_job(study, "failed", failure_code="no_sagittal_series", failure_message=message)
    return study


class Desk:
    """One reader's browser tab on one study: remembers the review and the version it saw, as the page does."""

    def __init__(self, client: Client, study: Study) -> None:
        self.client, self.study = client, study
        self.base = f"/reader/{study.pk}/"
        self.state: dict[str, Any] = {}
        self.look()

    def look(self) -> dict[str, Any]:
        """Load the review as it stands."""
        self.state = self.client.get(f"{self.base}state/").json()
        return self.state

    def post(self, path: str, **body: Any) -> Any:
        """POST with the review and version last seen; keep the new state when it was done."""
        body.setdefault("version", self.state.get("version", 0))
        body.setdefault("review", self.state.get("review", 0))
        answer = self.client.post(f"{self.base}{path}", body, content_type="application/json")
        if answer.status_code == 200:
            self.state = answer.json()
        return answer

    def claim(self) -> Desk:
        assert self.post("claim/").status_code == 200
        return self

    def confirm_all(self) -> Desk:
        for level in LUMBAR_LEVELS:
            assert self.post(f"findings/{level}/confirm/").status_code == 200
        return self

    def sign(self) -> Desk:
        answer = self.post("sign/")
        assert answer.status_code == 200, answer.content
        return self

    def grade(self, level: str, site: str) -> dict[str, Any]:
        """The row of the table for one site."""
        return next(row for row in self.state["findings"] if (row["level"], row["site"]) == (level, site))
