"""Every signed version becomes a document of format 1, complete in itself.

What the version did not hold is taken from where it is known best: the notes beside grades from the review, the
number of contradictions from the audit trail, patient, study and order from the records of today. The old digest and
whether it still matched are kept in the document. It was made with the signer's user name, so the names that the
version itself holds are tried too: an account may have been renamed since. In PostgreSQL's JSON a -0.0 became 0.0,
so both are tried.

There is no way back: what is signed as a document has no row of the older form. Go back to a backup.
"""

import hashlib
import itertools
import json

from django.core.management.color import no_style
from django.db import migrations
from django.utils import timezone

#: With more measurements of zero than this, not all of their signs are tried.
MOST_ZEROS = 8


def canonical(content):
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def old_digest(version, username, measurements):
    content = {
        "study_instance_uid": version.study.study_instance_uid,
        "number": version.number,
        "text": version.text,
        "findings": version.findings,
        "measurements": measurements,
        "provenance": version.provenance,
        "signed_by": username,
        "signed_by_name": version.signed_by_name,
        "signed_at": version.signed_at.isoformat(),
        "amends": version.amends.number if version.amends else None,
        "reason": version.reason,
    }
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def with_signs_of_zero(measurements):
    """The measurements, then the same with every choice of signs of their zeros."""
    yield measurements
    zeros = [(at, key) for at, one in enumerate(measurements) for key, value in one.items() if is_zero(value)]
    for signs in itertools.product((0.0, -0.0), repeat=len(zeros)) if len(zeros) <= MOST_ZEROS else ():
        changed = [dict(one) for one in measurements]
        for (at, key), zero in zip(zeros, signs, strict=True):
            changed[at][key] = zero
        yield changed


def is_zero(value):
    return isinstance(value, float) and value == 0


def as_signed(version, earlier_names):
    """(user name, measurements, whether the digest matches them); as stored now where nothing matches."""
    now = version.signed_by.username
    names = [now, version.signed_by_name, *sorted(earlier_names)]
    for measurements in with_signs_of_zero(version.measurements):
        for username in dict.fromkeys(names):
            if old_digest(version, username, measurements) == version.sha256:
                return username, measurements, True
    return now, version.measurements, False


def as_written(text):
    """A rule or a note that was kept in words, as the value that keeps them."""
    return [{"code": "as_written", "values": {"text": text}}] if text else []


def noticed(text):
    """The same for a note, which may speak of places."""
    return [one | {"places": []} for one in as_written(text)]


def models_of(machine):
    segmenter = (machine["model_name"], machine["model_version"], machine["model_sha256"])
    marks = [segmenter, *(mark.split(" ") for mark in machine.get("others", ()))]
    return [{"name": name, "version": number, "sha256": digest} for name, number, digest in marks]


def machine_of(provenance):
    machine = provenance.get("machine")
    if not machine:
        return None
    return {
        "reading": provenance.get("machine_reading"),
        "code_version": machine.get("code_version", ""),
        "input_digest": machine.get("input_digest", ""),
        "runtime": machine.get("runtime", ""),
        "models": models_of(machine),
        "level_shift": provenance.get("level_shift", 0),
    }


def finding_of(one, notes, accounts):
    grades = (one["machine_grade"], one.get("rule", ""))
    note = notes.get((one["level"], one["site"], *grades), "")
    return {
        "level": one["level"],
        "site": one["site"],
        "grade": one["grade"],
        "machine_grade": one["machine_grade"],
        "rule": one.get("rule", ""),
        "note": note,
        "rules": as_written(one.get("rule", "")),
        "notices": noticed(note),
        "probability": one.get("probability"),
        "uncertain": one.get("uncertain", False),
        "out_of_distribution": one.get("unfamiliar", False),
        "contradicted": one.get("contradicted", False),
        "changed": one["changed"],
        "confirmed_by": {"id": accounts[one["confirmed_by"]], "username": one["confirmed_by"]},
        "confirmed_at": one["confirmed_at"],
    }


def measurement_of(one):
    otherwise = {"lower_bound": False, "plus_minus": None, "usual": None, "deviation": None}
    return {
        **{key: one[key] for key in ("place", "quantity", "value", "unit")},
        **{key: one.get(key, value) for key, value in otherwise.items()},
        "note": one.get("note", ""),
        "notice": next(iter(noticed(one.get("note", ""))), None),
    }


def patient_of(study):
    """Who the study itself said that it was of, where the patient's row is of newer images."""
    own, patient = study.differing_identity, study.patient
    if own:
        return {key: own.get(key) or "" for key in ("issuer", "id", "name", "sex")} | {"birth_date": own["birth_date"]}
    return {
        "issuer": patient.issuer,
        "id": patient.patient_id,
        "name": patient.name,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "sex": patient.sex,
    }


def study_of(study):
    return {
        "study_instance_uid": study.study_instance_uid,
        "date": study.study_date.isoformat() if study.study_date else None,
        "description": study.description,
        "accession_number": study.accession_number,
        "institution": study.institution.name if study.institution else "",
    }


def order_of(study):
    names = ("accession_number", "priority", "clinical_question", "referrer", "procedure")
    return {name: getattr(study.order, name) for name in names} if study.order else None


class Accounts(dict):
    """User name -> id. A name that no account has any more is the signer's earlier one."""

    def __init__(self, users, signer_id):
        super().__init__(users)
        self.signer_id = signer_id

    def __missing__(self, name):
        return self.signer_id


def notes_of(apps, study):
    """By place, machine grade and rule, from the working copy: a note belongs to what the machine said."""
    findings = apps.get_model("reader", "ReviewedFinding").objects.filter(review__study=study)
    return {(row.level, row.site, row.machine_grade, row.rule): row.note for row in findings}


def contradictions_of(apps, version):
    """How many were acknowledged, as the audit trail says; a text that followed its table had none."""
    signatures = apps.get_model("accounts", "AuditEvent").objects.filter(
        study_id=version.study_id, action__in=("sign", "amend")
    )
    for event in signatures:
        if event.detail.get("sha256") == version.sha256:
            return event.detail.get("contradictions")
    return None if version.provenance["text_is_manual"] else 0


def content_of(apps, version, users, amended, at):
    confirmers = {one["confirmed_by"] for one in version.findings}
    username, measurements, verified = as_signed(version, confirmers - users.keys())
    accounts = Accounts(users, version.signed_by_id)
    notes = notes_of(apps, version.study)
    return {
        "format": 1,
        "number": version.number,
        "amends": amended,
        "reason": version.reason,
        "study": study_of(version.study),
        "order": order_of(version.study),
        "patient": patient_of(version.study),
        "signer": {"id": version.signed_by_id, "username": username, "name": version.signed_by_name},
        "signed_at": version.signed_at.isoformat(),
        "text": version.text,
        "text_is_manual": bool(version.provenance["text_is_manual"]),
        "findings": [finding_of(one, notes, accounts) for one in version.findings],
        "measurements": [measurement_of(one) for one in measurements],
        "machine": machine_of(version.provenance),
        "uncertain_below": version.provenance.get("uncertain_below"),
        "contradictions": contradictions_of(apps, version),
        "converted": {"sha256": version.sha256, "verified": verified, "at": at.isoformat()},
    }


def write_reports(apps, editor):
    version_model = apps.get_model("reader", "SignedVersion")
    report_model = apps.get_model("reader", "SignedReport")
    finding_model = apps.get_model("reader", "SignedFinding")
    users = dict(apps.get_model("accounts", "User").objects.values_list("username", "pk"))
    at, amended = timezone.now(), None
    related = ("study__patient", "study__order", "study__institution", "signed_by", "amends")
    # In this order a version comes right after the one that it amends.
    for version in version_model.objects.select_related(*related).order_by("study", "number").iterator(chunk_size=100):
        content = content_of(apps, version, users, amended if version.amends_id else None, at)
        text = canonical(content)
        report = report_model.objects.create(
            pk=version.pk,
            study_id=version.study_id,
            number=version.number,
            content=text,
            sha256=sha256(text),
            signed_by_id=version.signed_by_id,
            signed_at=version.signed_at,
            amends_id=version.amends_id,
        )
        finding_model.objects.bulk_create(row_of(finding_model, report, one) for one in content["findings"])
        amended = {"number": report.number, "sha256": report.sha256}
    for statement in editor.connection.ops.sequence_reset_sql(no_style(), [report_model]):
        editor.execute(statement)


def row_of(model, report, one):
    names = ("level", "site", "grade", "machine_grade", "probability", "uncertain", "contradicted")
    return model(
        report=report,
        changed=one["changed"],
        out_of_distribution=one["out_of_distribution"],
        confirmed_by_id=one["confirmed_by"]["id"],
        confirmed_at=one["confirmed_at"],
        **{name: one[name] for name in names},
    )


def settle_reviews(apps, _editor):
    """What was the review of its study is the primary one, with the reader who holds the study or signed it."""
    signers = dict(
        apps.get_model("reader", "SignedReport").objects.order_by("number").values_list("study", "signed_by")
    )
    for review in apps.get_model("reader", "Review").objects.select_related("study").iterator(chunk_size=500):
        is_signed = review.study.state in ("signed", "amended") and review.amends_id is None
        review.state = "signed" if is_signed else "open"
        review.reader_id = review.study.claimed_by_id or (signers.get(review.study_id) if is_signed else None)
        review.save(update_fields=["state", "reader"])


class Migration(migrations.Migration):
    dependencies = [
        ("reader", "0011_reviews_and_signed_reports"),
        ("accounts", "0005_audit_triggers_no_replace"),
    ]

    operations = [migrations.RunPython(write_reports), migrations.RunPython(settle_reviews)]
