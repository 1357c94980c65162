"""The document of a signed report: its canonical bytes, its formats, and what they say.

The bytes are written once and never again. A document of an earlier format is read through `UPGRADES`, one step for
each format; the digest stays that of the bytes as they were signed. The keys are the document's own: a field that is
renamed in the engine or in a table changes neither what was written nor how it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from inference.types import Measurement, Notice, Rule

#: The format that is written now.
FORMAT = 1

Raw = dict[str, Any]

#: From a format to the next one, as plain JSON values.
UPGRADES: dict[int, Callable[[Raw], Raw]] = {}


class Unreadable(Exception):
    """The content is no signed report of a known format."""


@dataclass(frozen=True)
class SignedStudy:
    """The study and its order, as they were known at the signature; texts are empty where nothing was known."""

    study_instance_uid: str
    date: date | None
    description: str
    institution: str
    accession_number: str
    priority: str
    clinical_question: str
    referrer: str
    procedure: str


@dataclass(frozen=True)
class SignedPatient:
    """Who the study was of, as known at the signature. name: as in DICOM, parts divided by ``^``."""

    issuer: str
    id: str
    name: str
    birth_date: date | None
    sex: str


@dataclass(frozen=True)
class Signer:
    """An account as it was at the signature. name: how the signature names the person."""

    id: int
    username: str
    name: str


@dataclass(frozen=True)
class SignedGrade:
    """One grade of the table with what a reader could know of it.

    rule: what decided the machine's grade; note: what to be careful about; both in the words that were signed, and as
    values in `rules` and `notices`. out_of_distribution, contradicted: as in
    `LevelFinding`. uncertain: whether the page marked it so, by the limit of that day. confirmed_by: id of the account;
    confirmed_by_username: its name then.
    """

    level: str
    site: str
    grade: str
    machine_grade: str | None
    rule: str
    note: str
    rules: tuple[Rule, ...]
    notices: tuple[Notice, ...]
    probability: float | None
    uncertain: bool
    out_of_distribution: bool
    contradicted: bool
    changed: bool
    confirmed_by: int
    confirmed_by_username: str
    confirmed_at: datetime


@dataclass(frozen=True)
class SignedModel:
    """A model that took part in the machine's draft."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class SignedMachine:
    """The machine's part. reading: id of the `MachineReading`, where it is known; level_shift: as in `Review`."""

    reading: int | None
    code_version: str
    input_digest: str
    runtime: str
    models: tuple[SignedModel, ...]
    level_shift: int


@dataclass(frozen=True)
class Conversion:
    """How a report that was signed before there was this document became one.

    sha256: the digest it had; verified: whether it still had it then. What the older form did not hold (the patient)
    was taken from the records at that time.
    """

    sha256: str
    verified: bool
    at: datetime


@dataclass(frozen=True)
class SignedContent:
    """All that a signed report says.

    amends: the number of the report that it amends, and `reason` why. machine: None for a study read by hand.
    uncertain_below: the administrator's limit in percent, where one was known. contradictions: how many between text
    and table the signer acknowledged; None when the text could not be checked.
    """

    number: int
    amends: int | None
    reason: str
    study: SignedStudy
    patient: SignedPatient
    signer: Signer
    signed_at: datetime
    text: str
    text_is_manual: bool
    findings: tuple[SignedGrade, ...]
    measurements: tuple[Measurement, ...]
    machine: SignedMachine | None
    uncertain_below: int | None
    contradictions: int | None
    converted: Conversion | None


def canonical(content: Mapping[str, Any]) -> str:
    """The one text of a document: keys sorted, no white space, no numbers that JSON lacks (ValueError)."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read(content: str) -> SignedContent:
    """What a document says, whatever format it was written in. Raises Unreadable."""
    try:
        return _content(upgraded(json.loads(content)))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Unreadable(f"no signed report of a known format: {type(error).__name__}") from error


def upgraded(raw: Raw) -> Raw:
    """The document in the format of today. Raises KeyError for a format without a way to it."""
    while raw["format"] != FORMAT:
        raw = UPGRADES[raw["format"]](raw)
    return raw


def _content(raw: Raw) -> SignedContent:
    amends, converted = raw["amends"], raw["converted"]
    return SignedContent(
        number=raw["number"],
        amends=amends["number"] if amends else None,
        reason=raw["reason"],
        study=_study(raw["study"], raw["order"] or {}),
        patient=_patient(raw["patient"]),
        signer=Signer(raw["signer"]["id"], raw["signer"]["username"], raw["signer"]["name"]),
        signed_at=datetime.fromisoformat(raw["signed_at"]),
        text=raw["text"],
        text_is_manual=raw["text_is_manual"],
        findings=tuple(_grade(one) for one in raw["findings"]),
        measurements=tuple(_measurement(one) for one in raw["measurements"]),
        machine=_machine(raw["machine"]) if raw["machine"] else None,
        uncertain_below=raw["uncertain_below"],
        contradictions=raw["contradictions"],
        converted=_conversion(converted) if converted else None,
    )


def _study(raw: Raw, order: Raw) -> SignedStudy:
    return SignedStudy(
        study_instance_uid=raw["study_instance_uid"],
        date=_date(raw["date"]),
        description=raw["description"],
        institution=raw["institution"],
        accession_number=raw["accession_number"],
        priority=order.get("priority", ""),
        clinical_question=order.get("clinical_question", ""),
        referrer=order.get("referrer", ""),
        procedure=order.get("procedure", ""),
    )


def _patient(raw: Raw) -> SignedPatient:
    return SignedPatient(raw["issuer"], raw["id"], raw["name"], _date(raw["birth_date"]), raw["sex"])


def _grade(raw: Raw) -> SignedGrade:
    return SignedGrade(
        level=raw["level"],
        site=raw["site"],
        grade=raw["grade"],
        machine_grade=raw["machine_grade"],
        rule=raw["rule"],
        note=raw["note"],
        rules=tuple(Rule(one["code"], one["values"]) for one in raw["rules"]),
        notices=tuple(_notice(one) for one in raw["notices"]),
        probability=raw["probability"],
        uncertain=raw["uncertain"],
        out_of_distribution=raw["out_of_distribution"],
        contradicted=raw["contradicted"],
        changed=raw["changed"],
        confirmed_by=raw["confirmed_by"]["id"],
        confirmed_by_username=raw["confirmed_by"]["username"],
        confirmed_at=datetime.fromisoformat(raw["confirmed_at"]),
    )


def _notice(raw: Raw) -> Notice:
    return Notice(raw["code"], tuple(raw["places"]), raw["values"])


def _measurement(raw: Raw) -> Measurement:
    usual = raw["usual"]
    return Measurement(
        place=raw["place"],
        quantity=raw["quantity"],
        value=raw["value"],
        unit=raw["unit"],
        notice=_notice(raw["notice"]) if raw["notice"] else None,
        lower_bound=raw["lower_bound"],
        plus_minus=raw["plus_minus"],
        usual=(usual[0], usual[1]) if usual else None,
        deviation=raw["deviation"],
    )


def _machine(raw: Raw) -> SignedMachine:
    return SignedMachine(
        reading=raw["reading"],
        code_version=raw["code_version"],
        input_digest=raw["input_digest"],
        runtime=raw["runtime"],
        models=tuple(SignedModel(one["name"], one["version"], one["sha256"]) for one in raw["models"]),
        level_shift=raw["level_shift"],
    )


def _conversion(raw: Raw) -> Conversion:
    return Conversion(raw["sha256"], raw["verified"], datetime.fromisoformat(raw["at"]))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
