"""A signed report for people: its table in words, and where the study's record says something else by now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from inference.result import words
from inference.types import LEVELS, LUMBAR_LEVELS, Site
from reader.models import SignedReport
from reader.signed import document
from reader.signed.document import SignedContent, SignedGrade
from worklist.models import Study

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Banner:
    """Whose study it is, at the head of a page. name: as people write it; age: in years, on the day of the study."""

    name: str
    id: str
    birth_date: date | None
    sex: str
    study_date: date | None
    accession_number: str

    @property
    def age(self) -> int | None:
        born, on = self.birth_date, self.study_date
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born and on else None


def banner_of(study: Study) -> Banner:
    """As the record says it now."""
    patient = study.patient
    return Banner(
        name=readable(patient.name),
        id=patient.patient_id,
        birth_date=patient.birth_date,
        sex=patient.sex,
        study_date=study.study_date,
        accession_number=study.accession_number,
    )


def signed_banner(signed: SignedContent) -> Banner:
    """As it was when the report was signed."""
    patient, study = signed.patient, signed.study
    return Banner(
        name=readable(patient.name),
        id=patient.id,
        birth_date=patient.birth_date,
        sex=patient.sex,
        study_date=study.date,
        accession_number=study.accession_number,
    )


def readable(name: str) -> str:
    """A DICOM name as people write it: ``DOE^JANE`` is ``DOE, JANE``."""
    parts = name.split("=", maxsplit=1)[0].split("^")
    given = " ".join(part for part in parts[1:3] if part)
    return f"{parts[0]}, {given}" if given else parts[0]


@dataclass(frozen=True)
class Difference:
    """A field whose value in the record is another than the signed one."""

    field: str
    signed: str
    now: str


def differences(signed: SignedContent, study: Study) -> list[Difference]:
    """Where the record of today differs from what was signed."""
    then, now = signed_banner(signed), banner_of(study)
    fields = {
        "Name": (then.name, now.name),
        "ID": (then.id, now.id),
        "Issuer of the ID": (signed.patient.issuer, study.patient.issuer),
        "Born": (then.birth_date, now.birth_date),
        "Sex": (then.sex, now.sex),
        "Study": (then.study_date, now.study_date),
        "Accession": (then.accession_number, now.accession_number),
    }
    return [
        Difference(field, str(old or "none"), str(new or "none")) for field, (old, new) in fields.items() if old != new
    ]


@dataclass(frozen=True)
class Version:
    """One of a study's signed reports in the list of them. signed: None where its document cannot be read."""

    number: int
    signed: SignedContent | None


def versions(reports: Iterable[SignedReport]) -> list[Version]:
    """By their documents, in the order given."""
    return [Version(report.number, _or_none(report)) for report in reports]


def _or_none(report: SignedReport) -> SignedContent | None:
    try:
        return report.read()
    except document.Unreadable:
        return None


def columns(findings: Iterable[SignedGrade]) -> list[str]:
    """The sites of its table, which was smaller once, from the canal outwards."""
    signed = {one.site for one in findings}
    return [site.value for site in Site if site in signed]


def rows(signed: SignedContent) -> list[dict[str, Any]]:
    """By level the cells of the signed table; a cell is None where nothing was signed."""
    cells = {(one.level, one.site): in_words(one) for one in signed.findings}
    graded = {one.level for one in signed.findings}
    measured = {(one.place, one.quantity): words.amount(one) for one in signed.measurements}
    return [
        {
            "level": level,
            "cells": [cells.get((level, site)) for site in columns(signed.findings)],
            "ap": measured.get((level, "canal_ap"), NOT_MEASURED),
            "area": measured.get((level, "canal_area"), NOT_MEASURED),
        }
        for level in LEVELS
        if level in graded or level in LUMBAR_LEVELS
    ]


def in_words(finding: SignedGrade) -> dict[str, str]:
    """A signed grade: what was signed, what the machine had graded where it differs, what was uncertain."""
    machine = finding.machine_grade
    differs = machine is not None and machine != finding.grade
    return {
        "words": words.grade_word(finding.grade),
        "machine_words": words.grade_word(machine) if machine is not None and differs else "",
        "doubt_words": ", ".join(["uncertain", *_doubts(finding)]) if finding.uncertain else "",
    }


def _doubts(finding: SignedGrade) -> list[str]:
    """Why the machine's grade was uncertain."""
    chance = [] if finding.probability is None else [words.percent(finding.probability)]
    unfamiliar = [words.DOUBTS["out_of_distribution"]] if finding.out_of_distribution else []
    contradicted = [words.DOUBTS["contradicted"]] if finding.contradicted else []
    return [*chance, *unfamiliar, *contradicted]
