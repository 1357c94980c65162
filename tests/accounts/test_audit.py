import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from accounts import audit
from accounts.models import AppendOnly, AuditEvent


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_an_event_says_who_did_what_to_which_study(reader):
    study = uuid.uuid4()
    audit.record(reader, "sign", study=study, version=1)
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.study_id, event.detail) == (reader, "sign", study, {"version": 1})


def test_an_event_is_not_changed_through_the_model(reader):
    event = audit.record(reader, "view")
    event.action = "sign"
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(action="sign")
    assert AuditEvent.objects.get().action == "view"


def test_an_event_is_not_deleted_through_the_model(reader):
    event = audit.record(reader, "view")
    with pytest.raises(AppendOnly):
        event.delete()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.all().delete()
    assert AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_auditevent SET action = 'sign'", "DELETE FROM accounts_auditevent"],
)
def test_an_event_is_neither_changed_nor_deleted_by_sql(reader, statement):
    audit.record(reader, "view")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().action == "view"


def test_an_event_is_not_replaced_by_an_insert(reader):
    event = audit.record(reader, "view")
    columns = "id, at, actor_id, action, study_id, address, detail"
    copied = f"SELECT {columns.replace('action', repr('sign'))} FROM accounts_auditevent WHERE id = %s"
    insert = {
        "sqlite": f"INSERT OR REPLACE INTO accounts_auditevent ({columns}) {copied}",
        "postgresql": f"INSERT INTO accounts_auditevent ({columns}) {copied} "
        "ON CONFLICT (id) DO UPDATE SET action = EXCLUDED.action",
    }[connection.vendor]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert, [event.pk])
    assert AuditEvent.objects.get().action == "view"


def test_the_trail_is_not_truncated_on_postgresql(reader):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE; DELETE is tested above")
    audit.record(reader, "view")
    with connection.cursor() as cursor:
        # Checks that wait for the commit would refuse first, for another reason.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE accounts_auditevent")


def test_the_triggers_are_back_after_a_transactional_test_emptied_the_database(transactional_db):
    audit.record(None, "view")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditevent")


def test_a_person_in_the_trail_is_not_deleted(reader):
    audit.record(reader, "view")
    with pytest.raises(ProtectedError):
        reader.delete()


def test_patient_data_do_not_enter_the_trail(reader):
    with pytest.raises(ValueError, match="patient_name"):
        audit.record(reader, "view", patient_name="Doe^Jane")
    with pytest.raises(ValueError, match="unknown audit action"):
        audit.record(reader, "peeked")
    assert not AuditEvent.objects.exists()


def test_login_and_logout_are_on_record(reader, password):
    browser = Client(REMOTE_ADDR="192.0.2.7")
    answer = browser.post("/accounts/login/", {"username": "reader", "password": password})
    assert answer.status_code == 302
    browser.post("/accounts/logout/")
    assert events() == ["login", "logout"]
    assert {(event.actor, event.address) for event in AuditEvent.objects.all()} == {(reader, "192.0.2.7")}


def test_a_failed_login_is_on_record_without_what_was_typed(reader):
    browser = Client()
    browser.post("/accounts/login/", {"username": "reader", "password": "wrong password"})
    browser.post("/accounts/login/", {"username": "my-password-by-mistake", "password": "x"})
    assert events() == ["login_failed", "login_failed"]
    known, unknown = AuditEvent.objects.order_by("id")
    assert known.detail == {"account": reader.pk}
    assert unknown.detail == {"account": None}


def test_a_refusal_is_on_record_and_the_page_says_why(rf, administrator, as_user, settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"
    study = uuid.uuid4()
    answer = as_user(administrator).get(f"/guarded/{study}/")
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.content.decode()
    event = AuditEvent.objects.get(action="refused")
    assert (event.actor, event.study_id) == (administrator, study)
    assert event.detail == {"view": "guarded", "method": "GET"}


def test_a_refusal_by_the_api_is_on_record(stranger, as_user, settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"
    answer = as_user(stranger).get("/api/")
    assert answer.status_code == 403
    assert AuditEvent.objects.get(action="refused").actor == stranger


def test_a_radiologist_passes_both_guards(reader, as_user, settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"
    browser = as_user(reader)
    assert browser.get(f"/guarded/{uuid.uuid4()}/").status_code == 200
    assert browser.get("/api/").status_code == 200
    assert "refused" not in events()
