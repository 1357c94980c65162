"""Signed readings leave the house as training data that name nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless, generate_uid

from accounts.models import AuditEvent
from inference.images.choice import choose_series
from inference.images.headers import read_headers
from inference.types import Grade, Role
from reader.export import training_set
from reader.export.deidentify import CLASSES, Pseudonyms
from tests.reader.factories import Desk, read_by_machine
from tests.worklist.factories import dataset, file_bytes, pixels, receive
from worklist.models import Study

#: What names the patient or leads to them, in the bytes of an image.
SECRETS = ("Müller", "Anna", "P-17-secret", "A-4711", "19600229", "20250301", "Dr. Gruber", "Linz", "Schmidt")

Signing = Callable[..., Study]


def image(**changes: Any) -> Dataset:
    """An image that is full of names: in the header, in nested items, in private and in odd places."""
    person = Dataset()
    person.PatientID, person.PatientName = "P-17-secret", "Müller^Anna"
    values = {
        "PatientID": "P-17-secret", "AccessionNumber": "A-4711", "SeriesDescription": "T2 SAG Müller",
        "InstitutionName": "Linz", "ReferringPhysicianName": "Dr. Gruber", "PatientComments": "Anna, called Schmidt",
        "StudyTime": "101500", "AcquisitionDateTime": "20250301101500", "ProtocolName": "Müller",
        "Manufacturer": "Maker", "OtherPatientIDsSequence": Sequence([person]),
        "RequestAttributesSequence": Sequence([person]),
    }  # fmt: skip
    data = dataset(**values | changes)
    block = data.private_block(0x0029, "SECRETS OF LINZ", create=True)
    block.add_new(0x10, "LO", "Müller^Anna")
    data.add_new(0x60003000, "OW", "Müller".encode() + b"\0")
    data.preamble = b"Anna" + b"\0" * 124
    return data


@pytest.fixture
def signing(reader: Any, as_user: Callable[[Any], Any]) -> Signing:
    """Receives images and signs the study: moderate at L4-L5, where the machine had said mild."""
    return lambda images: signed_at_the_desk(as_user(reader), images).study


def signed_at_the_desk(client: Any, images: list[Dataset]) -> Desk:
    study = received(images)
    read_by_machine(study, {"L4-L5": Grade.MILD})
    Study.objects.filter(pk=study.pk).update(state="drafted")
    desk = Desk(client, study).claim()
    assert desk.post("findings/L4-L5/canal/", grade="moderate").status_code == 200
    return desk.confirm_all().sign()


def received(images: list[Dataset]) -> Study:
    receipt = receive(*(file_bytes(one) for one in images))
    assert not receipt.rejected, receipt.rejected
    return Study.objects.get(pk=receipt.studies.pop())


def series(count: int = 3, **changes: Any) -> list[Dataset]:
    same = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()} | changes
    return [
        image(**same, InstanceNumber=number + 1, ImagePositionPatient=[4 * number, 0, 0]) for number in range(count)
    ]


def run(out: Path, *options: str) -> str:
    told = io.StringIO()
    call_command("export_training_set", out, *options, stdout=told)
    return told.getvalue()


def rows(out: Path) -> list[dict[str, str]]:
    with (out / training_set.TABLE).open(newline="") as stream:
        return list(csv.DictReader(stream))


def files(out: Path) -> list[Path]:
    return sorted((out / "images").rglob("*.dcm"))


def everything(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def desk(reader: Any, as_user: Callable[[Any], Any]) -> Desk:
    """The reader has signed, at their desk, what the machine had read."""
    return signed_at_the_desk(as_user(reader), series())


def test_the_table_holds_what_was_signed_beside_what_the_machine_said(desk: Desk, tmp_path: Path) -> None:
    run(tmp_path / "out")
    table = rows(tmp_path / "out")
    assert len(table) == 25
    (row,) = [row for row in table if (row["level"], row["site"]) == ("L4-L5", "canal")]
    assert (row["grade"], row["machine_grade"], row["source"]) == ("moderate", "mild", "signed reading")
    assert row["machine"] == "segment 1"
    assert {row["study"][:2] for row in table} == {"S-"}
    assert not (tmp_path / "out" / "images").exists()
    assert AuditEvent.objects.get(action="export").study_id == desk.study.pk


def test_no_byte_of_the_export_names_the_patient(signing: Signing, tmp_path: Path) -> None:
    images = series()
    study = signing(images)
    run(tmp_path / "out", "--images")
    assert len(files(tmp_path / "out")) == 3
    uids = [
        str(one[key].value) for one in images for key in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    ]
    secrets = [*SECRETS, *uids, images[0].FrameOfReferenceUID, str(study.pk)]
    for name, body in everything(tmp_path / "out").items():
        for secret in secrets:
            for encoded in (secret.encode(), secret.encode("latin-1")):
                assert encoded.lower() not in body.lower(), (name, secret)
                assert encoded.lower() not in name.lower().encode()


def test_images_keep_geometry_timing_and_pixels_and_stay_one_series(signing: Signing, tmp_path: Path) -> None:
    signing(series())
    run(tmp_path / "out", "--images")
    made = [pydicom.dcmread(path) for path in files(tmp_path / "out")]
    patient, study = rows(tmp_path / "out")[0]["patient"], rows(tmp_path / "out")[0]["study"]
    assert {str(one.PatientID) for one in made} == {patient}
    assert {path.parent.name for path in files(tmp_path / "out")} == {study}
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({one[keyword].value for one in made}) == 1
    assert len({one.SOPInstanceUID for one in made}) == 3
    assert sorted(float(one.ImagePositionPatient[0]) for one in made) == [0, 4, 8]
    for one in made:
        assert np.array_equal(one.pixel_array, pixels())
        assert (one.PatientIdentityRemoved, one.StudyDate, one.PatientSex) == ("YES", "", "")
        assert not [element for element in one.iterall() if element.tag.is_private]
    assert choose_series(read_headers(files(tmp_path / "out")))[0].role is Role.SAGITTAL_T2


def test_compressed_pixels_are_written_plainly_and_the_same(signing: Signing, tmp_path: Path) -> None:
    images = series()
    for one in images:
        one.compress(RLELossless, generate_instance_uid=False)
    signing(images)
    run(tmp_path / "out", "--images")
    made = pydicom.dcmread(files(tmp_path / "out")[0])
    assert not made.file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(made.pixel_array, pixels())


def test_frames_of_an_enhanced_image_keep_their_places_and_lose_their_dates(signing: Signing, tmp_path: Path) -> None:
    frames = []
    for number in range(3):
        frame, place, content = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [4 * number, 0, 0]
        content.FrameAcquisitionDateTime, content.FrameComments = "20250301101500", "Müller"
        content.InStackPositionNumber = number + 1
        frame.PlanePositionSequence, frame.FrameContentSequence = Sequence([place]), Sequence([content])
        frames.append(frame)
    (whole,) = series(1, SOPClassUID=list(CLASSES)[1], NumberOfFrames=3, PixelData=pixels().tobytes() * 3)
    del whole.ImagePositionPatient
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    signing([whole])
    run(tmp_path / "out", "--images")
    made = pydicom.dcmread(files(tmp_path / "out")[0])
    places = [frame.PlanePositionSequence[0].ImagePositionPatient[0] for frame in made.PerFrameFunctionalGroupsSequence]
    assert places == [0, 4, 8]
    content = made.PerFrameFunctionalGroupsSequence[2].FrameContentSequence[0]
    assert content.InStackPositionNumber == 3
    assert "FrameAcquisitionDateTime" not in content
    assert "Müller".encode() not in files(tmp_path / "out")[0].read_bytes()


#: What an image says of itself: why it stays here.
REFUSED = [
    ({"BurnedInAnnotation": "YES"}, "text is burnt into its pixels"),
    ({"ImageType": ["DERIVED", "SECONDARY"]}, "secondary image"),
    ({"RecognizableVisualFeatures": "YES"}, "the person can be recognised"),
    ({"BodyPartExamined": "SPINE OF ANNA"}, "2 files left out: a text that is kept holds a part of the patient's name"),
    ({"SequenceVariant": "P-17-SECRET"}, "a part of the patient's name or ID"),
]


def test_images_that_may_name_the_patient_are_left_out_and_told(signing: Signing, tmp_path: Path) -> None:
    good = series(2)
    same = {"StudyInstanceUID": good[0].StudyInstanceUID, "SeriesInstanceUID": good[0].SeriesInstanceUID}
    bad = [
        image(**same, InstanceNumber=number, ImagePositionPatient=[4 * number, 0, 0], **changes)
        for number, (changes, _) in enumerate(REFUSED, 3)
    ]
    signing([*good, *bad])
    run(tmp_path / "out", "--images")
    assert len(files(tmp_path / "out")) == 2
    sheet = (tmp_path / "out" / training_set.SHEET).read_text()
    for _, reason in REFUSED:
        assert reason in sheet


def test_a_free_text_that_names_the_patient_is_removed(signing: Signing, tmp_path: Path) -> None:
    signing(series(ManufacturerModelName="Scanner of Anna"))
    run(tmp_path / "out", "--images")
    made = pydicom.dcmread(files(tmp_path / "out")[0])
    assert "ManufacturerModelName" not in made
    assert made.Manufacturer == "Maker"


def test_an_export_goes_on_where_it_was_broken_off_and_grows(
    signing: Signing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing(series())
    out = tmp_path / "out"
    real, calls = training_set.deidentified, []

    def full(*arguments: Any) -> bytes:
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(training_set, "deidentified", full)
    with pytest.raises(CommandError, match="Run it again to go on"):
        run(out, "--images")
    assert files(out) == []
    run(out, "--images")
    before, made = everything(out), len(calls)
    run(out, "--images")
    assert everything(out) == before
    assert len(calls) == made
    signing(series(PatientID="P-18"))
    run(out, "--images")
    assert {name: body for name, body in everything(out).items() if name in before and name.endswith(".dcm")} == {
        name: body for name, body in before.items() if name.endswith(".dcm")
    }
    assert len(files(out)) == 6
    assert len({row["patient"] for row in rows(out)}) == 2


def test_what_is_amended_counts_as_amended_and_an_open_amendment_leaves_the_study_out(
    desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(out, "--images")
    desk.post("amend/start/", amends=1)
    assert "an amendment is open" in run(out)
    assert (rows(out), files(out)) == ([], [])
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("findings/L4-L5/confirm/")
    assert desk.post("amend/", reason="Level was misread.").status_code == 200
    run(out)
    assert [row["grade"] for row in rows(out) if (row["level"], row["site"]) == ("L4-L5", "canal")] == ["severe"]


def test_studies_that_are_not_signed_or_got_images_afterwards_are_left_out(signing: Signing, tmp_path: Path) -> None:
    signed = signing(series())
    Study.objects.filter(pk=signed.pk).update(late_images=1)
    receive(file_bytes(PatientID="P-19"))
    run(tmp_path / "out")
    assert rows(tmp_path / "out") == []
    sheet = (tmp_path / "out" / training_set.SHEET).read_text()
    assert "1 studies: not signed" in sheet
    assert "1 studies: images came after the signature" in sheet


def test_a_folder_of_something_else_or_of_another_key_is_refused(db: None, tmp_path: Path, settings: Any) -> None:
    run(tmp_path / "out")
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(CommandError, match="another secret key"):
        run(tmp_path / "out")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("Dear")
    with pytest.raises(CommandError, match="is not empty"):
        run(tmp_path / "letters")


def test_names_are_the_same_within_an_export_and_others_in_the_next() -> None:
    one, two = Pseudonyms(b"one"), Pseudonyms(b"two")
    assert one.uid("1.2.3") == one.uid("1.2.3") != two.uid("1.2.3")
    assert len(one.uid("1.2.3")) <= 64
    assert pydicom.uid.UID(one.uid("1.2.3")).is_valid
    assert one.name("S", "1.2.3") != two.name("S", "1.2.3")


def test_images_that_came_later_and_were_amended_upon_are_exported_with_the_others(
    signing: Signing, tmp_path: Path
) -> None:
    images = series(4)
    study = signing(images[:3])
    run(tmp_path / "out", "--images")
    assert not receive(file_bytes(images[3])).rejected
    Study.objects.filter(pk=study.pk).update(state="amended", late_images=0)
    run(tmp_path / "out", "--images")
    assert len(files(tmp_path / "out")) == 4


def test_an_export_that_breaks_off_is_audited_all_the_same(
    signing: Signing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    study = signing(series())
    monkeypatch.setattr(training_set, "deidentified", full)
    with pytest.raises(CommandError):
        run(tmp_path / "out", "--images")
    assert rows(tmp_path / "out")
    assert AuditEvent.objects.get(action="export").study_id == study.pk


def test_what_lies_behind_the_pixels_stays_here(signing: Signing, tmp_path: Path) -> None:
    signing(series(PixelData=pixels().tobytes() + "Müller^Anna".encode()))
    run(tmp_path / "out", "--images")
    assert len(files(tmp_path / "out")) == 3
    for path in files(tmp_path / "out"):
        assert "Müller".encode() not in path.read_bytes()
        assert np.array_equal(pydicom.dcmread(path).pixel_array, pixels())


def test_an_image_that_calls_the_patient_otherwise_than_the_study_does_is_checked_for_that_name_too(
    signing: Signing, tmp_path: Path
) -> None:
    same = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    first, second = image(**same), image(**same, InstanceNumber=2, PatientName="Huber^Anna", BodyPartExamined="HUBER")
    signing([first, second])
    run(tmp_path / "out", "--images")
    assert len(files(tmp_path / "out")) == 1


def test_an_empty_uid_stays_empty_so_that_no_two_series_seem_to_share_a_frame(signing: Signing, tmp_path: Path) -> None:
    signing(series(FrameOfReferenceUID=""))
    run(tmp_path / "out", "--images")
    assert {str(pydicom.dcmread(path).FrameOfReferenceUID) for path in files(tmp_path / "out")} == {""}
