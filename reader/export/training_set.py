"""Signed readings as a training set that names nobody: a table, the images if wished, and a data sheet.

The folder can be gone on with after a break, and grows with what is signed
meanwhile. Names in it are made from the installation's secret key, which is
not in it: without the key nobody can turn them back.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from accounts import audit
from inference.types import Site
from reader.export.deidentify import LeftOut, Person, Pseudonyms, deidentified
from reader.models import SignedReport
from reader.signed.document import SignedContent
from worklist.jobs import queue
from worklist.jobs.states import State
from worklist.models import Study

EXPORT_FILE, TABLE, SHEET, IMAGES = "export.json", "readings.csv", "datasheet.md", "images"
STUDY_FILE = "study.json"
COLUMNS = ("patient", "study", "level", "site", "grade", "machine_grade", "machine", "source")
SOURCE = "signed reading"

Say = Callable[[str], object]


class CannotExport(Exception):
    """The folder cannot be used; the message says why and what to do."""


@dataclass
class Told:
    """What the data sheet tells. left_out: studies by reason; files_left_out: images by reason."""

    studies: int = 0
    patients: set[str] = field(default_factory=set)
    grades: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    files: int = 0
    files_left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Signed:
    """A study whose last signed report is exported, by its names in the export."""

    patient: str
    study: str
    report: SignedReport
    content: SignedContent


def export(out: Path, images: bool, say: Say) -> Told:
    """Write or go on with the training set in `out`. Raises CannotExport, OSError."""
    pseudonyms = open_folder(out)
    told = Told()
    chosen = sorted(_chosen(pseudonyms, told), key=lambda one: one.study)
    # Before anything is written: what was written before a break has left the house too.
    for one in chosen:
        audit.record(None, "export", study=one.report.study_id, by="export_training_set", images=images)
    _write_table(out, chosen, told)
    _forget_what_is_not_chosen(out, {one.study for one in chosen})
    if images:
        for number, one in enumerate(chosen, 1):
            _write_images(out, one, pseudonyms, told)
            say(f"{number} of {len(chosen)} studies")
    _replace(out / SHEET, sheet(told, images))
    return told


def open_folder(out: Path) -> Pseudonyms:
    """The names of this export: new ones for an empty folder, the same again for one that was begun."""
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    begun = out / EXPORT_FILE
    if not begun.exists():
        if any(out.iterdir()):
            raise CannotExport(f"{out} is not empty and no export. Name a new folder.")
        number = uuid.uuid4().hex
        _replace(begun, json.dumps({"export": number, "key_check": _key(number, "check").hex()[:16]}))
    said = json.loads(begun.read_text(encoding="utf-8"))
    if _key(said["export"], "check").hex()[:16] != said["key_check"]:
        raise CannotExport(
            "This export was begun with another secret key, and its names cannot be made again. Name a new folder."
        )
    return Pseudonyms(_key(said["export"], "names"))


def _key(number: str, use: str) -> bytes:
    made: bytes = salted_hmac(f"deepspine.export.{use}", number, algorithm="sha256").digest()
    return made


def _chosen(pseudonyms: Pseudonyms, told: Told) -> Iterator[Signed]:
    """The last signed version of each study, unless something speaks against it; that is counted."""
    signed = (State.SIGNED, State.AMENDED)
    unsigned = Study.objects.exclude(state__in=signed).count()
    if unsigned:
        told.left_out["not signed"] = unsigned
    last = SignedReport.objects.filter(amended_by__isnull=True).select_related("study__patient")
    for report in last.iterator():
        reason = _against(report)
        if reason:
            told.left_out[reason] += 1
            continue
        study = report.study
        patient = pseudonyms.name("P", _person_key(study))
        yield Signed(patient, pseudonyms.name("S", study.study_instance_uid), report, report.read())


def _person_key(study: Study) -> str:
    """One for each person: an ID that two people were sent with stands for neither alone.

    By today's record and not by the report: rows that are split by patient must not part two reports of one person.
    """
    patient = study.patient
    if not patient.patient_id:
        return study.study_instance_uid
    apart = f" {patient.namesake}" if patient.namesake else ""
    return f"{patient.issuer} {patient.patient_id}{apart}".strip()


def _against(report: SignedReport) -> str:
    if not report.intact:
        return "the signed report does not match its digest"
    if report.study.claimed_by_id is not None:
        return "an amendment is open"
    if report.study.late_images:
        return "images came after the signature"
    return ""


# --- the table ----------------------------------------------------------------------------------


def _write_table(out: Path, chosen: list[Signed], told: Told) -> None:
    body = io.StringIO()
    writer = csv.writer(body, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in chosen:
        told.studies += 1
        told.patients.add(one.patient)
        models = one.content.machine.models if one.content.machine else ()
        machine = ", ".join(f"{model.name} {model.version}" for model in models)
        for row in one.content.findings:
            told.grades[row.site, row.grade] += 1
            grades = (row.level, row.site, row.grade, row.machine_grade or "")
            writer.writerow([one.patient, one.study, *grades, machine, SOURCE])
    _replace(out / TABLE, body.getvalue())


# --- the images ---------------------------------------------------------------------------------


def _write_images(out: Path, one: Signed, pseudonyms: Pseudonyms, told: Told) -> None:
    """The study's folder, whole or not at all; one that was made of the same images is only counted."""
    target, paths = out / IMAGES / one.study, queue.paths_of(one.report.study)
    # Images that came later and were amended upon belong to what is signed now.
    made_of = pseudonyms.name("I", "\n".join(path.name for path in paths))
    if not (target.exists() and _counts(target).get("made_of") == made_of):
        staged = out / f".{one.study}.tmp"
        shutil.rmtree(staged, ignore_errors=True)
        counts = _stage_images(staged, one, paths, pseudonyms) | {"made_of": made_of}
        (staged / STUDY_FILE).write_text(json.dumps(counts), encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
    counts = _counts(target)
    told.files += counts["files"]
    told.files_left_out.update(counts["left_out"])


def _counts(folder: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((folder / STUDY_FILE).read_text(encoding="utf-8"))
    return counts


def _stage_images(staged: Path, one: Signed, paths: list[Path], pseudonyms: Pseudonyms) -> dict[str, Any]:
    person = _person(one)
    files, left_out = 0, Counter[str]()
    staged.mkdir(parents=True)
    for number, path in enumerate(paths, 1):
        try:
            body = deidentified(path, pseudonyms, one.patient, person)
        except LeftOut as reason:
            left_out[str(reason)] += 1
            continue
        (staged / f"{number:05d}.dcm").write_bytes(body)
        files += 1
    return {"files": files, "left_out": dict(left_out)}


def _person(one: Signed) -> Person:
    """All that the patient is or was called by: in the record, in what images say otherwise, in the signed report."""
    study, signed = one.report.study, one.content
    rows = [study.patient, *study.patient.merged.all()]
    identity = study.differing_identity or {"name": "", "id": ""}
    return Person.of(
        [*(row.name for row in rows), identity["name"], signed.patient.name],
        [
            *(row.patient_id for row in rows),
            *(identity["id"], signed.patient.id),
            *(study.accession_number, signed.study.accession_number),
        ],
    )


def _forget_what_is_not_chosen(out: Path, chosen: set[str]) -> None:
    """Images of a study that has no place in the table any more."""
    for folder in (out / IMAGES).glob("S-*"):
        if folder.name not in chosen:
            shutil.rmtree(folder)


# --- the data sheet -----------------------------------------------------------------------------


def sheet(told: Told, images: bool) -> str:
    """What is in the set, what is not and why, in words."""
    grades = sorted({grade for _, grade in told.grades})
    rows = [
        f"| {site.value} | " + " | ".join(str(told.grades[site.value, grade]) for grade in grades) + " |"
        for site in Site
    ]
    lines = [
        "# Data sheet",
        "",
        f"{told.studies} studies of {len(told.patients)} patients in `{TABLE}`, one row for each level and site: "
        "the grade that a radiologist signed, and the one that the machine had drafted.",
        "",
        "| site | " + " | ".join(grades) + " |",
        "|---|" + "---:|" * len(grades),
        *rows,
        "",
        "Each study was signed by one radiologist, who had seen the machine's draft. `not_assessed` is no grade: leave "
        "it out. Split by `patient`, never by study.",
        "",
        "## Left out",
        "",
        *([f"- {count} studies: {reason}" for reason, count in sorted(told.left_out.items())] or ["No study."]),
    ]
    if images:
        lines += [
            "",
            "## Images",
            "",
            f"{told.files} files in `{IMAGES}/<study>/`, uncompressed. Kept: geometry, acquisition, pixels. All other "
            "attributes are removed or empty, private ones and dates too; UIDs are others, the same throughout.",
            "",
            *([f"- {count} files left out: {reason}" for reason, count in sorted(told.files_left_out.items())]),
            "",
            "Nobody looked at the pixels: text that is burnt in without being declared would still be there.",
        ]
    return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
