"""Who may read which study: the role, and the readers of the study's institution."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from tests.worklist.factories import received_study
from worklist import access
from worklist.models import Institution, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(second_reader: Any) -> Study:
    """A study of an institution that only the second reader reads for."""
    study: Study = received_study(InstitutionName="North Clinic")
    Institution.objects.get().readers.add(second_reader)
    return study


def test_an_institution_without_readers_of_its_own_is_everybodys(reader: Any, stranger: Any) -> None:
    study = received_study(InstitutionName="North Clinic")
    assert access.may_read(reader, study)
    assert not access.may_read(stranger, study)


def test_an_institution_with_readers_is_theirs_alone(study: Study, reader: Any, second_reader: Any) -> None:
    assert access.may_read(second_reader, study)
    assert not access.may_read(reader, study)


def test_an_administrator_sees_every_study_and_reads_none(study: Study, administrator: Any) -> None:
    assert access.visible(administrator).get() == study
    assert not access.may_read(administrator, study)


@pytest.mark.parametrize(
    "path",
    [
        "/reader/{pk}/",
        "/reader/{pk}/state/",
        "/reader/{pk}/masks/index.json",
        "/reader/{pk}/evidence.json",
        "/dicom-web/studies/{uid}/metadata",
        "/dicom-web/studies/{uid}/series",
    ],
)
def test_no_way_leads_another_reader_to_the_study_and_each_try_is_on_record(
    study: Study, reader: Any, as_user: Any, path: str
) -> None:
    answer = as_user(reader).get(path.format(pk=study.pk, uid=study.study_instance_uid))
    assert answer.status_code == 403
    event = AuditEvent.objects.get(action="refused")
    assert (event.actor, event.study_id) == (reader, study.pk)


def test_another_reader_cannot_claim_or_queue_the_study(study: Study, reader: Any, as_user: Any) -> None:
    browser = as_user(reader)
    claim = browser.post(f"/reader/{study.pk}/claim/", {"version": 1}, content_type="application/json")
    queue = browser.post(f"/worklist/studies/{study.pk}/queue/")
    assert (claim.status_code, queue.status_code) == (403, 403)
    study.refresh_from_db()
    assert (study.state, study.claimed_by) == ("received", None)


def test_the_study_is_in_no_list_of_another_reader(study: Study, reader: Any, second_reader: Any, as_user: Any) -> None:
    for person, count in ((reader, 0), (second_reader, 1)):
        browser = as_user(person)
        page = browser.get("/worklist/").content.decode()
        assert page.count(f"open-{study.pk}") == count
        for level in ("studies", "series", "instances"):
            found = browser.get(f"/dicom-web/{level}").json()
            assert bool(found) == bool(count), level


def test_an_administrator_names_the_readers_of_an_institution(administrator: Any, reader: Any, as_user: Any) -> None:
    received_study(InstitutionName="North Clinic")
    institution = Institution.objects.get()
    path = f"/admin/worklist/institution/{institution.pk}/change/"
    assert as_user(administrator).post(path, {"readers": [reader.pk]}).status_code == 302
    assert list(institution.readers.all()) == [reader]
    event = AuditEvent.objects.get(action="institution_changed")
    assert event.detail == {"institution": institution.pk, "readers": [reader.pk]}
    assert as_user(reader).post(path, {"readers": []}).status_code in (302, 403)
    assert list(institution.readers.all()) == [reader]
