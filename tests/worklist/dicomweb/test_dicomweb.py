"""DICOMweb: a kept client's round trip, and who may ask for what."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from django.test import Client
from PIL import Image
from pydicom.uid import RLELossless

from accounts.models import AuditEvent
from tests.worklist.factories import dataset, file_bytes, pixels, receive, received_study, study_files
from worklist.models import Instance, Rejection, Study

NAMES = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "SOPInstanceUID": "1.2.3.1.1"}
INSTANCE = "/dicom-web/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"


def session(user: Any, url: str) -> requests.Session:
    """A browser's session, in the hands of a program."""
    browser = Client()
    browser.force_login(user)
    made = requests.Session()
    made.cookies.set("sessionid", browser.cookies["sessionid"].value)
    browser.get("/worklist/")
    made.cookies.set("csrftoken", browser.cookies["csrftoken"].value)
    made.headers.update({"X-CSRFToken": browser.cookies["csrftoken"].value, "Referer": url})
    return made


@pytest.fixture
def client_of(live_server: Any) -> Any:
    def make(user: Any) -> DICOMwebClient:
        return DICOMwebClient(f"{live_server.url}/dicom-web", session=session(user, live_server.url))

    return make


@pytest.fixture
def as_reader(reader: Any, as_user: Any) -> Client:
    browser: Client = as_user(reader)
    return browser


# --- with a kept client -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_kept_client_stores_finds_and_gets_back_the_same_images(client_of: Any, reader: Any) -> None:
    client = client_of(reader)
    sent = [pydicom.dcmread(io.BytesIO(body)) for body in study_files(3, StudyInstanceUID="1.2.3")]
    answer = client.store_instances(sent)
    assert len(answer.ReferencedSOPSequence) == 3
    assert "FailedSOPSequence" not in answer
    (study,) = client.search_for_studies(search_filters={"PatientID": "P-1"})
    assert study["00201208"]["Value"] == [3]
    (series,) = client.search_for_series("1.2.3")
    assert series["0008103E"]["Value"] == ["T2 SAG"]
    uid = series["0020000E"]["Value"][0]
    matches = client.search_for_instances("1.2.3", uid)
    assert len(matches) == 3
    back = client.retrieve_series("1.2.3", uid)
    assert {instance.SOPInstanceUID for instance in back} == {instance.SOPInstanceUID for instance in sent}
    assert all(instance.PixelData == sent[0].PixelData for instance in back)
    metadata = client.retrieve_series_metadata("1.2.3", uid)
    assert len(metadata) == 3
    assert all("7FE00010" not in instance for instance in metadata)
    frames = client.retrieve_instance_frames("1.2.3", uid, sent[0].SOPInstanceUID, [1])
    assert frames == [pixels().tobytes()]
    rendered = client.retrieve_instance_rendered("1.2.3", uid, sent[0].SOPInstanceUID, media_types=("image/png",))
    assert Image.open(io.BytesIO(rendered)).size == (16, 16)


@pytest.mark.django_db(transaction=True)
def test_a_store_tells_each_refusal_with_its_reason_and_keeps_the_rest(client_of: Any, reader: Any) -> None:
    good, bad = dataset(), dataset(Modality="CT")
    answer = client_of(reader).store_instances([good, bad])
    assert [stored.ReferencedSOPInstanceUID for stored in answer.ReferencedSOPSequence] == [good.SOPInstanceUID]
    (failed,) = answer.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (bad.SOPInstanceUID, 0x0122)
    assert Rejection.objects.get().code == "wrong_modality"


@pytest.mark.django_db(transaction=True)
def test_a_client_that_does_not_say_its_token_stores_nothing(client_of: Any, reader: Any) -> None:
    client = client_of(reader)
    client._session.headers.pop("X-CSRFToken")
    with pytest.raises(requests.HTTPError, match="403"):
        client.store_instances([dataset()])
    assert not Instance.objects.exists()


# --- store --------------------------------------------------------------------------------------


def body_of(*parts: bytes, boundary: bytes = b"BOUNDARY") -> bytes:
    made = b"".join(
        b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts
    )
    return made + b"--" + boundary + b"--\r\n"


def store(browser: Client, body: bytes, path: str = "/dicom-web/studies", kind: str = "application/dicom") -> Any:
    return browser.post(path, body, content_type=f'multipart/related; type="{kind}"; boundary=BOUNDARY')


@pytest.mark.django_db
@pytest.mark.parametrize(("files", "status"), [("good", 200), ("good bad", 202), ("bad", 409)])
def test_the_status_of_a_store_says_how_much_was_taken(as_reader: Client, files: str, status: int) -> None:
    parts = [file_bytes() if name == "good" else b"not dicom" for name in files.split()]
    assert store(as_reader, body_of(*parts)).status_code == status


@pytest.mark.django_db
def test_a_store_to_a_study_refuses_the_images_of_another(as_reader: Client) -> None:
    answer = store(as_reader, body_of(file_bytes(**NAMES)), "/dicom-web/studies/1.2.99")
    assert answer.status_code == 409
    assert not Study.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"--BOUNDARY", body_of(b"x")[:-20], b"--OTHER\r\n\r\nx\r\n--OTHER--", b"--BOUNDARY\r\n" + b"h" * 20_000],
)
def test_a_body_that_is_no_multipart_is_a_bad_request(as_reader: Client, body: bytes) -> None:
    assert store(as_reader, body).status_code == 400


@pytest.mark.django_db
def test_an_empty_part_is_refused_and_the_next_one_taken(as_reader: Client) -> None:
    answer = store(as_reader, body_of(b"", file_bytes()))
    assert answer.status_code == 202


@pytest.mark.django_db
def test_a_store_of_something_else_is_not_supported(as_reader: Client) -> None:
    assert store(as_reader, body_of(b"{}"), kind="application/dicom+json").status_code == 415


@pytest.mark.django_db
def test_a_part_over_the_limit_is_refused_and_the_next_one_taken(as_reader: Client, settings: Any) -> None:
    settings.INSTANCE_MAX_BYTES = 2000
    answer = store(as_reader, body_of(b"\0" * 300_000, file_bytes()))
    assert answer.status_code == 202
    assert Rejection.objects.get().code == "too_large"


# --- search -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("PatientID=P-1", 1),
        ("00100020=P-1", 1),
        ("PatientID=P", 0),
        ("PatientName=m%C3%BCller*", 1),
        ("PatientName=M*anna", 1),
        ("PatientName=*x*", 0),
        ("StudyDate=20250301", 1),
        ("StudyDate=20250101-20251231", 1),
        ("StudyDate=-20250228", 0),
        ("StudyDate=20250302-", 0),
        ("AccessionNumber=A-?", 1),
        ("ModalitiesInStudy=MR", 1),
        ("ModalitiesInStudy=CT", 0),
        ("StudyInstanceUID=1.2.9,1.2.3", 1),
        ("limit=0", 0),
        ("offset=1", 0),
        ("SomethingElse=1", 1),
        ("PatientName=.*", 0),
    ],
)
def test_studies_are_found_by_the_common_keys(as_reader: Client, query: str, count: int) -> None:
    receive(*study_files(2, StudyInstanceUID="1.2.3"))
    assert len(as_reader.get(f"/dicom-web/studies?{query}").json()) == count


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["limit=x", "offset=-1", "StudyDate=2025-03-01", "StudyDate=20251301", "StudyDate=-", "StudyInstanceUID=evil",
     "PatientName=a*b*c*d*e*", "PatientID=%00"],
)  # fmt: skip
def test_a_malformed_search_is_a_bad_request(as_reader: Client, query: str) -> None:
    assert as_reader.get(f"/dicom-web/studies?{query}").status_code == 400


@pytest.mark.django_db
def test_a_search_is_paged_and_says_when_there_is_more(as_reader: Client) -> None:
    for _ in range(3):
        received_study(count=1)
    first = as_reader.get("/dicom-web/studies?limit=2")
    second = as_reader.get("/dicom-web/studies?limit=2&offset=2")
    assert (len(first.json()), len(second.json())) == (2, 1)
    assert "offset=2" in first["Warning"]
    assert "Warning" not in second
    uids = {match["0020000D"]["Value"][0] for match in first.json() + second.json()}
    assert len(uids) == 3


# --- retrieve -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_metadata_name_the_stored_transfer_syntax_and_leave_pixels_and_large_binaries_out(as_reader: Client) -> None:
    data = dataset(**NAMES)
    data.add_new(0x00091010, "OB", b"\1" * 5000)
    receive(file_bytes(data))
    (metadata,) = as_reader.get(f"{INSTANCE}/metadata").json()
    assert metadata["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert metadata["00100010"]["Value"] == [{"Alphabetic": "Müller^Anna"}]
    assert "7FE00010" not in metadata
    assert "00091010" not in metadata


@pytest.mark.django_db
def test_a_number_that_json_cannot_say_is_left_out_and_the_rest_told(as_reader: Client) -> None:
    nested = pydicom.Dataset()
    nested.add_new(0x00181060, "DS", "1")
    nested.add_new(0x00189073, "FD", float("inf"))
    receive(file_bytes(**NAMES, AcquisitionDuration=float("nan"), ReferencedImageSequence=[nested]))
    body = as_reader.get(f"{INSTANCE}/metadata").content.decode()
    (metadata,) = json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "00189073" not in metadata
    assert metadata["00280010"]["Value"] == [16]


def test_frames_leave_in_the_transfer_syntax_they_came_in(as_reader: Client) -> None:
    data = dataset(**NAMES)
    data.compress(RLELossless, generate_instance_uid=False)
    receive(file_bytes(data))
    answer = as_reader.get(f"{INSTANCE}/frames/1")
    body = answer.getvalue()
    assert f"transfer-syntax={RLELossless}" in answer["Content-Type"]
    assert b"image/dicom-rle" in body
    assert pydicom.encaps.get_frame(data.PixelData, 0, number_of_frames=1) in body


@pytest.mark.django_db
def test_each_frame_of_a_multi_frame_image_is_its_own(as_reader: Client) -> None:
    first, second = np.zeros((16, 16), "<u2") + 1, np.zeros((16, 16), "<u2") + 2
    receive(file_bytes(**NAMES, NumberOfFrames=2, PixelData=first.tobytes() + second.tobytes()))
    body = as_reader.get(f"{INSTANCE}/frames/2,1").getvalue()
    assert body.index(second.tobytes()) < body.index(first.tobytes())
    assert as_reader.get(f"{INSTANCE}/frames/3").status_code == 404


@pytest.mark.django_db
def test_what_never_changes_is_cached_for_good_and_asked_for_once(as_reader: Client) -> None:
    receive(file_bytes(**NAMES))
    for path in (f"{INSTANCE}/frames/1", f"{INSTANCE}/metadata", f"{INSTANCE}/rendered", INSTANCE):
        first = as_reader.get(path)
        assert first.status_code == 200
        assert first["Cache-Control"] == "private, max-age=31536000, immutable"
        assert as_reader.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.django_db
def test_a_study_that_grew_is_not_taken_from_the_cache(as_reader: Client) -> None:
    receive(file_bytes(**NAMES))
    path = "/dicom-web/studies/1.2.3/series/1.2.3.1/metadata"
    first = as_reader.get(path)
    assert "immutable" not in first["Cache-Control"]
    receive(file_bytes(**NAMES | {"SOPInstanceUID": "1.2.3.1.2"}))
    again = as_reader.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, len(again.json())) == (200, 2)


@pytest.mark.django_db
def test_a_rendered_image_follows_the_window_and_the_viewport(as_reader: Client) -> None:
    receive(file_bytes(**NAMES))
    dark = as_reader.get(f"{INSTANCE}/rendered?window=9000,10,linear&viewport=32,32", headers={"Accept": "image/png"})
    image = Image.open(io.BytesIO(dark.content))
    assert image.size == (32, 32)
    assert image.getextrema() == (0, 0)
    assert as_reader.get(f"{INSTANCE}/rendered").headers["Content-Type"] == "image/jpeg"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["RescaleSlope", "RescaleIntercept"])
def test_an_image_whose_rescaling_is_not_one_number_is_not_rendered_and_says_why(as_reader: Client, name: str) -> None:
    receive(file_bytes(**NAMES, **{"RescaleSlope": "1", "RescaleIntercept": "0", name: ["1", "2"]}))
    answer = as_reader.get(f"{INSTANCE}/rendered")
    assert answer.status_code == 422
    assert "rescale" in answer.json()["error"]
    assert as_reader.get(f"{INSTANCE}/frames/1").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dicom-web/studies/evil/metadata", 400),
        ("/dicom-web/studies/1.2.3%0a/metadata", 400),
        ("/dicom-web/studies/9.9/metadata", 404),
        ("/dicom-web/studies/9.9/series", 404),
        ("/dicom-web/studies/1.2.3/series/9.9/instances", 404),
        (f"{INSTANCE}/frames/0", 400),
        (f"{INSTANCE}/frames/x", 400),
        (f"{INSTANCE}/frames/2", 404),
        (f"{INSTANCE}/rendered?window=1", 400),
        (f"{INSTANCE}/rendered?window=1,nan", 400),
        (f"{INSTANCE}/rendered?viewport=99999,1", 400),
        (f"{INSTANCE}/rendered?quality=0", 400),
    ],
)
def test_what_is_not_there_is_404_and_what_is_malformed_400(as_reader: Client, path: str, status: int) -> None:
    receive(file_bytes(**NAMES))
    answer = as_reader.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.django_db
def test_an_answer_that_the_client_does_not_take_is_406(as_reader: Client) -> None:
    receive(file_bytes(**NAMES))
    assert as_reader.get(f"{INSTANCE}/metadata", headers={"Accept": "image/gif"}).status_code == 406


# --- who may ask --------------------------------------------------------------------------------

PATHS = ["/dicom-web/studies", "/dicom-web/studies/1.2.3/metadata", f"{INSTANCE}/frames/1", f"{INSTANCE}/rendered"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_the_anonymous_are_asked_to_log_in(client: Client, path: str) -> None:
    receive(file_bytes(**NAMES))
    assert client.get(path).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_people_who_read_no_studies_are_refused_on_record(
    administrator: Any, stranger: Any, as_user: Any, path: str
) -> None:
    receive(file_bytes(**NAMES))
    for user in (administrator, stranger):
        assert as_user(user).get(path).status_code == 403
        assert AuditEvent.objects.filter(actor=user, action="refused").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS[1:])
def test_a_refusal_on_record_names_the_study_that_was_asked_for(stranger: Any, as_user: Any, path: str) -> None:
    receive(file_bytes(**NAMES))
    as_user(stranger).get(path)
    assert AuditEvent.objects.get(action="refused").study_id == Study.objects.get().pk


@pytest.mark.django_db
@pytest.mark.parametrize("uid", ["9.9", "evil"])
def test_a_refusal_for_a_study_that_is_not_here_is_on_record_without_one(stranger: Any, as_user: Any, uid: str) -> None:
    assert as_user(stranger).get(f"/dicom-web/studies/{uid}/metadata").status_code == 403
    assert AuditEvent.objects.get(action="refused").study_id is None


@pytest.mark.django_db
def test_an_instance_refused_at_a_store_is_on_record_with_the_study_that_lacks_it(as_reader: Client) -> None:
    receive(file_bytes(**NAMES))
    study = Study.objects.get()
    other_patient = file_bytes(**NAMES | {"SOPInstanceUID": "1.2.3.1.2", "PatientID": "P-2", "PatientName": "Berg"})
    assert store(as_reader, body_of(other_patient, b"not dicom", b"not dicom")).status_code == 409
    assert Rejection.objects.get(code="conflicting_study").study_instance_uid == "1.2.3"
    refused = {event.study_id: event.detail["refused"] for event in AuditEvent.objects.filter(action="upload")}
    assert refused == {study.pk: 1, None: 2}


@pytest.mark.django_db
def test_a_view_is_on_record_once_for_a_session_not_once_a_frame(reader: Any, as_user: Any) -> None:
    receive(file_bytes(**NAMES))
    study = Study.objects.get()
    browser = as_user(reader)
    for path in (f"{INSTANCE}/metadata", f"{INSTANCE}/frames/1", f"{INSTANCE}/rendered"):
        browser.get(path)
    assert AuditEvent.objects.filter(action="view", study_id=study.pk, actor=reader).count() == 1
    as_user(reader).get(f"{INSTANCE}/frames/1")
    assert AuditEvent.objects.filter(action="view", study_id=study.pk).count() == 2


@pytest.mark.django_db
def test_a_search_is_not_a_view(reader: Any, as_user: Any) -> None:
    receive(file_bytes(**NAMES))
    as_user(reader).get("/dicom-web/studies")
    assert not AuditEvent.objects.filter(action="view").exists()
