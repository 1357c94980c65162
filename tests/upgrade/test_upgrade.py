"""An installation of release 0.1.0 is upgraded and nothing is lost: not a grade, a word, a name or a time.

`STUDIES` says where each study stands afterwards. A migration that moves or renames something adapts how today's
state is looked up here, never what release 0.1.0 had.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.roles import of as roles_of
from inference.result import record
from reader.models import Review, SignedFinding, SignedReport
from tests.upgrade.installation import Installation
from worklist.jobs import leases, queue
from worklist.models import (
    Instance,
    MachineReading,
    ModelChoice,
    Patient,
    ReadingJob,
    Rejection,
    Series,
    SharedSetting,
    Study,
)
from worklist.orders.patients import identity_of

pytestmark = pytest.mark.django_db


class Stands(NamedTuple):
    """Where a study stands after the upgrade. signed: signed versions; readings: those of the machine, no shadows."""

    state: str
    patient: str
    signed: int = 0
    readings: int = 0
    held_by: str = ""
    late_images: int = 0
    failure: str = ""


STUDIES = {
    "received": Stands("received", "P-1001"),
    "received without patient ID": Stands("received", ""),
    "queued": Stands("queued", "P-1002"),
    "queued after an error": Stands("queued", "P-1003"),
    "running": Stands("running", "P-1004"),
    "drafted": Stands("drafted", "P-1001", readings=1),
    "drafted without patient ID": Stands("drafted", "", readings=1),
    "drafted again": Stands("drafted", "P-1004", readings=2),
    "read again": Stands("drafted", "P-1002", readings=2),
    "released": Stands("drafted", "P-1003", readings=1),
    "failed": Stands("failed", "P-1003", failure="no_sagittal_series"),
    "failed beside a reading": Stands("failed", "P-1004", readings=1, failure="spine_not_found"),
    "failed for want of a model": Stands("failed", "P-1002", failure="model_unusable"),
    "in review": Stands("in_review", "P-1001", readings=1, held_by="second_reader", late_images=2),
    "in review by hand": Stands("in_review", "", held_by="second_reader", failure="no_sagittal_series"),
    "signed": Stands("signed", "P-1001", signed=1, readings=1),
    "signed by hand": Stands("signed", "P-1002", signed=1, failure="no_sagittal_series"),
    "signed by a renamed reader": Stands("signed", "P-1004", signed=1, readings=1),
    "images after signing": Stands("signed", "P-1001", signed=1, readings=1, late_images=1),
    "amended twice": Stands("amended", "P-1003", signed=3, readings=1),
    "amendment open": Stands("signed", "P-1002", signed=1, readings=1, held_by="second_reader"),
    "amendment discarded": Stands("signed", "P-1004", signed=1, readings=1),
}
#: Tables whose rows are as many as they were.
KEPT: dict[str, Any] = {
    "accounts.User": User.objects,
    "worklist.Study": Study.objects,
    "worklist.Series": Series.objects,
    "worklist.Instance": Instance.objects,
    "worklist.Rejection": Rejection.objects,
    "worklist.MachineReading": MachineReading.objects.for_readers(),
    "worklist.ModelChoice": ModelChoice.objects,
    "worklist.SiteSetting": SharedSetting.objects,
    "reader.SignedVersion": SignedReport.objects,
    "reader.Review": Review.objects,
    "accounts.AuditEvent": AuditEvent.objects,
}


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def name_of(old: Installation, user_id: int | None) -> str | None:
    return next((user["username"] for user in old.rows("accounts.User") if user["id"] == user_id), None)


# --- studies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STUDIES)
def test_each_study_stands_where_it_stood(upgraded: Installation, story: str) -> None:
    study = Study.objects.get(pk=upgraded.studies[story])
    assert STUDIES[story] == Stands(
        state=study.state,
        patient=study.patient.patient_id,
        signed=study.signed_reports.count(),
        readings=study.machine_readings.for_readers().count(),
        held_by=study.claimed_by.get_username() if study.claimed_by else "",
        late_images=study.late_images,
        failure=study.failed_job.failure_code if study.failed_job else "",
    )


def test_the_table_above_has_every_study(upgraded: Installation) -> None:
    assert upgraded.studies.keys() == STUDIES.keys()


@pytest.mark.parametrize("table", KEPT)
def test_no_row_is_lost(upgraded: Installation, table: str) -> None:
    assert KEPT[table].count() == len(upgraded.rows(table))


def test_a_study_keeps_its_patient_its_dates_and_its_words(upgraded: Installation) -> None:
    for was in upgraded.rows("worklist.Study"):
        study = Study.objects.get(pk=was["id"])
        identity = study.differing_identity or identity_of(study.patient).as_json()
        assert {
            "study_instance_uid": study.study_instance_uid,
            "accession_number": study.accession_number,
            "patient_id": identity["id"],
            "patient_name": identity["name"],
            "patient_birth_date": identity["birth_date"],
            "patient_sex": identity["sex"],
            "study_date": study.study_date.isoformat() if study.study_date else None,
            "description": study.description,
            "failure_message": study.failed_job.failure_message if study.failed_job else "",
        }.items() <= was.items(), upgraded.story(study.pk)
        times = (study.received_at, study.state_changed_at, study.last_instance_at, study.claimed_at)
        names = ("received_at", "state_changed_at", "last_instance_at", "claimed_at")
        assert times == tuple(at(was[name]) for name in names), upgraded.story(study.pk)


def test_studies_of_one_patient_id_are_of_one_patient_and_those_without_are_alone(upgraded: Installation) -> None:
    ids = {row["patient_id"] for row in upgraded.rows("worklist.Study")}
    alone = [row for row in upgraded.rows("worklist.Study") if not row["patient_id"]]
    assert Patient.objects.count() == len(ids - {""}) + len(alone)


def test_a_study_that_spells_its_patient_otherwise_says_so(upgraded: Installation) -> None:
    (study,) = Study.objects.filter(differing_identity__isnull=False)
    assert study.differing_identity is not None
    assert study.differing_identity["id"] == study.patient.patient_id
    assert study.differing_identity["name"] != study.patient.name


def test_a_study_with_an_accession_number_has_its_order(upgraded: Installation) -> None:
    for study in Study.objects.select_related("order"):
        assert (study.order.accession_number if study.order else "") == study.accession_number


def test_counts_are_those_of_the_rows(upgraded: Installation) -> None:
    for study in Study.objects.all():
        assert study.series_count == study.series.count()
        assert study.instance_count == Instance.objects.filter(series__study=study).count()
        assert all(series.instance_count == series.instances.count() for series in study.series.all())


def test_every_image_is_on_the_disk_with_its_digest(upgraded: Installation) -> None:
    old = {row["sop_instance_uid"]: row for row in upgraded.rows("worklist.Instance")}
    for instance in Instance.objects.select_related("series"):
        was = old[instance.sop_instance_uid]
        assert (instance.sha256, instance.size, instance.path) == (was["sha256"], was["size"], was["path"])
        data = (upgraded.folder / instance.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == instance.sha256


def test_a_refused_file_stays_on_record(upgraded: Installation) -> None:
    names = ("sender", "file_name", "code", "message", "seen", "study_instance_uid")
    old = [tuple(row[name] for name in names) for row in upgraded.rows("worklist.Rejection")]
    assert list(Rejection.objects.order_by("pk").values_list(*names)) == old


# --- the machine --------------------------------------------------------------------------------


def test_a_machine_reading_says_what_it_said(upgraded: Installation) -> None:
    for was in upgraded.rows("worklist.MachineReading"):
        made = MachineReading.objects.get(pk=was["id"])
        assert str(made.study_id) == was["study_id"]
        assert (made.job.attempt, made.folder, made.seconds) == (was["attempt"], was["folder"], was["seconds"])
        assert made.created_at == made.job.finished_at == at(was["created_at"])
        reading, then = record.from_dict(made.reading), was["reading"]
        assert [(one.level, one.site, one.grade, one.probability) for one in reading.findings] == [
            (one["level"], one["site"], one["grade"], one["probability"]) for one in then["findings"]
        ]
        assert [(one.place, one.quantity, one.value, one.unit) for one in reading.measurements] == [
            (one["place"], one["quantity"], one["value"], one["unit"]) for one in then["measurements"]
        ]
        assert [one.text for one in reading.draft] == [one["text"] for one in then["draft"]]


def test_the_files_of_a_machine_reading_are_where_it_says(upgraded: Installation) -> None:
    for made in MachineReading.objects.for_readers():
        folder = upgraded.folder / made.folder
        assert (folder / "masks/index.json").is_file()
        assert (folder / "evidence.json").is_file()


def test_a_shadow_reading_stays_what_it_was(upgraded: Installation) -> None:
    for was in upgraded.rows("worklist.ShadowReading"):
        job = ReadingJob.objects.get(compared_with=was["first_id"], version=was["version"])
        names = ("name", "sha256", "state", "attempt", "failure_code", "failure_message")
        assert {name: getattr(job, name) for name in names}.items() <= was.items()
        assert job.finished_at == at(was["finished_at"])
        kept = ("reading", "comparison", "seconds")
        result = MachineReading.objects.filter(job=job).values(*kept).first()
        assert result == ({name: was[name] for name in kept} if was["reading"] else None)


def test_what_the_shadow_had_still_to_read_waits_for_it(upgraded: Installation) -> None:
    """Release 0.1.0 knew it by the lack of a row."""
    known = {row["first_id"] for row in upgraded.rows("worklist.ShadowReading")}
    (chosen,) = (row for row in upgraded.rows("worklist.ModelChoice") if row["role"] == "shadow")
    readings = upgraded.rows("worklist.MachineReading")
    unread = {row["id"] for row in readings if row["created_at"] >= chosen["chosen_at"]} - known
    jobs = ReadingJob.objects.filter(purpose="shadow")
    assert set(jobs.values_list("compared_with", flat=True)) == known | unread
    assert set(jobs.filter(compared_with__in=unread).values_list("state", "attempt")) == {("waiting", 0)}


def test_every_study_that_the_machine_had_has_its_jobs(upgraded: Installation) -> None:
    """Who waits, who is read and who failed: what release 0.1.0 kept in the study's row."""
    states = {"queued": "waiting", "running": "running"}
    for was in upgraded.rows("worklist.Study"):
        study = Study.objects.get(pk=was["id"])
        done = study.reading_jobs.for_readers().filter(state="done").order_by("created_at")
        assert done.count() == study.machine_readings.for_readers().count(), upgraded.story(study.pk)
        assert [job.purpose for job in done] == ["first", "again", "again"][: done.count()]
        job = study.running_job
        assert (job.state if job else None) == states.get(was["state"]), upgraded.story(study.pk)
        if job:
            assert (job.attempt, job.step, job.not_before) == (was["attempt"], was["step"], at(was["not_before"]))
            assert (str(job.lease) if job.lease else None) == was["lease"]


def test_an_administrators_choices_stay(upgraded: Installation) -> None:
    chosen = {
        (row["name"], row["role"], row["version"], row["sha256"]) for row in upgraded.rows("worklist.ModelChoice")
    }
    assert set(ModelChoice.objects.values_list("name", "role", "version", "sha256")) == chosen
    assert SharedSetting.objects.get(name="uncertain_below").value == 75


def test_a_study_whose_worker_was_lost_is_queued_again(upgraded: Installation) -> None:
    lost = ReadingJob.objects.filter(state="running").values_list("purpose", flat=True)
    assert sorted(lost) == ["first", "shadow"]
    assert leases.reap_lost_leases() == 2
    assert Study.objects.get(pk=upgraded.studies["running"]).state == "queued"
    ready = {upgraded.story(ReadingJob.objects.get(pk=pk).study_id) for pk in queue.to_ring_for()}
    assert ready == {"queued", "queued after an error", "running"}


# --- reviews and reports ------------------------------------------------------------------------


def reworded(state: dict[str, Any]) -> Any:
    """With the one word that the draft says otherwise since then."""
    return json.loads(json.dumps(state, default=str).replace("lying down", "supine"))


def test_a_review_keeps_its_text_and_what_became_of_it(upgraded: Installation) -> None:
    names = (
        *("version", "draft_text", "text_is_manual", "sentences", "set_aside_text", "late_acknowledged"),
        *("read_again", "level_shift", "beyond", "machine_reading_id"),
    )
    for was in upgraded.rows("reader.Review"):
        review = Review.objects.get(study=was["study_id"])
        now = reworded({name: getattr(review, name) for name in names})
        assert now == reworded({name: was[name] for name in names}), upgraded.story(was["study_id"])
        assert review.saved_at == at(was["saved_at"])
        assert (review.amends_id, review.saved_by_id) == (was["amends_id"], was["saved_by_id"])


def test_a_review_keeps_every_grade_and_who_confirmed_it(upgraded: Installation) -> None:
    """`rule` and `note` are words, and compared by the pages below."""
    studies = {row["id"]: row["study_id"] for row in upgraded.rows("reader.Review")}
    names = ("machine_grade", "grade", "changed", "probability", "unfamiliar", "contradicted", "confirmed_by_id")
    for was in upgraded.rows("reader.ReviewedFinding"):
        story = upgraded.story(studies[was["review_id"]])
        review = Review.objects.get(study=upgraded.studies[story])
        row = review.findings.get(level=was["level"], site=was["site"])
        assert {name: getattr(row, name) for name in names}.items() <= was.items(), story
        assert row.confirmed_at == at(was["confirmed_at"])


def test_a_signed_version_says_what_was_signed_when_and_by_whom(upgraded: Installation) -> None:
    for was in upgraded.rows("reader.SignedVersion"):
        report = SignedReport.objects.get(study=was["study_id"], number=was["number"])
        content = json.loads(report.content)
        assert {name: content[name] for name in ("number", "text", "reason")}.items() <= was.items()
        assert content["measurements"] == [one | {"notice": as_value(one["note"])} for one in was["measurements"]], (
            upgraded.story(was["study_id"])
        )
        assert (report.signed_by_id, content["signer"]["name"]) == (was["signed_by_id"], was["signed_by_name"])
        assert report.signed_at == report.read().signed_at == at(was["signed_at"])
        assert content["converted"]["sha256"] == was["sha256"]
        assert (report.amends.number if report.amends else 0) == (report.read().amends or 0) == was["number"] - 1


def as_value(note: str) -> dict[str, Any] | None:
    """A note of release 0.1.0, which knew words only."""
    return {"code": "as_written", "places": [], "values": {"text": note}} if note else None


def test_a_signed_report_keeps_every_grade_and_its_row_for_statistics(upgraded: Installation) -> None:
    names = ("level", "site", "grade", "machine_grade", "probability", "uncertain", "contradicted")
    for was in upgraded.rows("reader.SignedVersion"):
        report = SignedReport.objects.get(study=was["study_id"], number=was["number"])
        assert [
            {
                **{name: one[name] for name in (*names, "changed", "confirmed_at")},
                "unfamiliar": one["out_of_distribution"],
                "rule": one["rule"],
                "confirmed_by": one["confirmed_by"]["username"],
            }
            for one in json.loads(report.content)["findings"]
        ] == was["findings"], upgraded.story(was["study_id"])
        rows = SignedFinding.objects.filter(report=report).order_by("pk")
        assert [{name: getattr(row, name) for name in names} for row in rows] == [
            {name: one[name] for name in names} for one in was["findings"]
        ]
        assert {row.confirmed_by_id for row in rows} == {was["signed_by_id"]}


def test_a_signed_report_names_every_model_that_took_part(upgraded: Installation) -> None:
    for was in upgraded.rows("reader.SignedVersion"):
        signed = SignedReport.objects.get(study=was["study_id"], number=was["number"]).read()
        machine = was["provenance"]["machine"]
        if machine is None:
            assert signed.machine is None
            continue
        assert signed.machine is not None
        assert signed.machine.reading == was["provenance"]["machine_reading"]
        assert signed.machine.level_shift == was["provenance"]["level_shift"]
        marks = [" ".join((one.name, one.version, one.sha256)) for one in signed.machine.models]
        segmenter = " ".join(machine[f"model_{key}"] for key in ("name", "version", "sha256"))
        assert marks == [segmenter, *machine["others"]]


def test_a_signed_report_says_of_whom_it_is_and_how_many_contradictions_were_signed(upgraded: Installation) -> None:
    studies = {row["id"]: row for row in upgraded.rows("worklist.Study")}
    signatures = {row["detail"].get("sha256"): row["detail"] for row in upgraded.rows("accounts.AuditEvent")}
    for was in upgraded.rows("reader.SignedVersion"):
        signed = SignedReport.objects.get(study=was["study_id"], number=was["number"]).read()
        study = studies[was["study_id"]]
        assert (signed.patient.id, signed.patient.name) == (study["patient_id"], study["patient_name"])
        assert signed.study.accession_number == study["accession_number"]
        assert signed.contradictions == signatures[was["sha256"]]["contradictions"]


def test_every_signed_report_is_intact_that_of_a_renamed_reader_too(upgraded: Installation) -> None:
    """The old digest held the account's name then, and a -0.0 that PostgreSQL's JSON made 0.0."""
    assert not {upgraded.story(report.study_id) for report in SignedReport.objects.all() if not report.intact}
    renamed = SignedReport.objects.get(study=upgraded.studies["signed by a renamed reader"])
    assert renamed.read().signer.username == "unmarried"
    assert renamed.signed_by.get_username() == "married"


def test_a_review_is_the_primary_one_of_its_study_and_says_how_it_stands(upgraded: Installation) -> None:
    for story, stands in STUDIES.items():
        review = Review.objects.filter(study=upgraded.studies[story]).first()
        if review is None:
            continue
        is_signed = bool(stands.signed) and not stands.held_by
        assert (review.purpose, review.state) == ("primary", "signed" if is_signed else "open"), story
        if stands.held_by:
            assert review.reader is not None
            assert review.reader.get_username() == stands.held_by


@pytest.mark.parametrize("story", [story for story, stands in STUDIES.items() if stands.signed])
def test_a_signed_versions_page_shows_its_text(upgraded: Installation, as_user: Any, story: str) -> None:
    client = as_user(User.objects.get(username="reader"))
    for was in upgraded.rows("reader.SignedVersion"):
        if was["study_id"] != upgraded.studies[story]:
            continue
        page = client.get(f"/reader/{was['study_id']}/versions/{was['number']}/")
        assert page.status_code == 200
        for line in (was["text"].splitlines()[2], was["signed_by_name"], was["reason"]):
            assert line in page.content.decode()


@pytest.mark.parametrize("story", STUDIES)
def test_a_reader_finds_the_study_as_they_left_it(upgraded: Installation, as_user: Any, story: str) -> None:
    answer = as_user(User.objects.get(username="reader")).get(f"/reader/{upgraded.studies[story]}/state/")
    now, was = answer.json(), upgraded.page(story)["review"]
    same = (
        *("study_state", "claimed_by", "mine", "may_write", "signed_version", "late_images", "by_hand", "level_shift"),
        *("text", "text_is_manual", "sentences", "suggestions", "uncertain_below", "has_set_aside_text"),
        *("late_acknowledged", "read_again", "amends", "missing"),
    )
    assert reworded({name: now.get(name) for name in same}) == reworded({name: was.get(name) for name in same})
    columns = (
        *("level", "site", "grade", "machine_grade", "rule", "note", "chance", "uncertain", "unfamiliar"),
        *("contradicted", "changed", "confirmed_by"),
    )
    # A signed report names its people as they were called then.
    then = {"married": "unmarried"} if was["signed_version"] else {}
    expected = [row | {"confirmed_by": then.get(row["confirmed_by"], row["confirmed_by"])} for row in was["findings"]]
    assert [[row[name] for name in columns] for row in now["findings"]] == [
        [row[name] for name in columns] for row in expected
    ]


# --- people and the audit trail -----------------------------------------------------------------


def test_people_keep_their_names_passwords_and_roles(upgraded: Installation) -> None:
    names = ("username", "password", "first_name", "last_name", "email", "is_active", "is_superuser")
    roles = dict(map(tuple, upgraded.content["roles"]))
    for was in upgraded.rows("accounts.User"):
        user = User.objects.get(pk=was["id"])
        assert {name: getattr(user, name) for name in names}.items() <= was.items()
        assert roles_of(user) == ({roles[user.pk]} if user.pk in roles else set())


def test_the_audit_trail_goes_on_where_it_ended(upgraded: Installation) -> None:
    kept = AuditEvent.objects.order_by("pk").values_list(
        "pk", "at", "actor_id", "action", "study_id", "address", "detail"
    )
    assert [
        (pk, when, actor, action, study and str(study), *rest) for pk, when, actor, action, study, *rest in kept
    ] == [
        (row["id"], at(row["at"]), row["actor_id"], row["action"], row["study_id"], row["address"], row["detail"])
        for row in upgraded.rows("accounts.AuditEvent")
    ]
    assert audit.record(None, "view").pk > len(kept)


@pytest.mark.parametrize("table", ["accounts_auditevent", "reader_signedreport", "reader_signedfinding"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_only_grows_still_only_grows(upgraded: Installation, table: str, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
