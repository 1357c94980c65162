"""Make the installation of release 0.1.0 that the tests of the upgrade start from, with that release's own code.

It is run in a checkout of release 0.1.0 (commit 7f06488), never in this one, and its two files are kept here:

    git worktree add --detach ../release-0.1.0 7f06488
    cd ../release-0.1.0
    PYTHONPATH=. PYTHON .../tests/upgrade/generator/make_installation.py .../tests/upgrade/release_0_1_0

Everything goes the product's own way: files through the upload page, readings through the task, the readers' acts
through the JSON API, the administrators' through their pages. Only what cannot be waited for is arranged: the clock
runs in a year that is past, and the engine fails where a story needs it. The data are simulated; nobody is in them.
"""

from __future__ import annotations

import io
import os
import secrets
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

FOLDER = Path(tempfile.mkdtemp(prefix="installation-"))
os.environ |= {"DEEPSPINE_DATA_DIR": str(FOLDER), "DJANGO_SETTINGS_MODULE": "config.settings"}

import django

django.setup()

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from inference import cards, pipeline
from inference.errors import SpineNotFoundError
from tests.reader.factories import Desk
from tests.worklist.factories import file_bytes
from worklist import queue, shadow, tasks
from worklist.errors import ModelUnusableError
from worklist.models import Study

sys.path.insert(0, str(Path(__file__).parent))
import images
import pack


class Clock:
    """A clock that starts on an autumn morning and goes on with each look at it."""

    def __init__(self) -> None:
        self.now = datetime(2025, 10, 6, 7, 30, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1.003)
        return self.now

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


clock = Clock()
timezone.now = clock


# --- people and their acts ----------------------------------------------------------------------

passwords: dict[str, str] = {}
studies: dict[str, Study] = {}


def new_person(username: str, first: str, last: str, role: str) -> User:
    passwords[username] = secrets.token_urlsafe(24)
    person = User.objects.create_user(username, f"{username}@hospital.example", passwords[username])
    person.first_name, person.last_name = first, last
    person.save()
    if role:
        person.groups.add(Group.objects.get(name=role))
    return person


@cache
def at_desk(username: str) -> Client:
    """A browser in which somebody has logged in."""
    client = Client(SERVER_NAME="localhost")
    answer = client.post("/accounts/login/", {"username": username, "password": passwords[username]})
    assert answer.status_code == 302, answer.content
    return client


def send(name: str, contents: list[bytes], sender: str = "reader") -> Study:
    """Files through the upload page."""
    clock.wait(2)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for number, data in enumerate(contents, 1):
            archive.writestr(f"IM{number:04d}", data)
    upload = SimpleUploadedFile("study.zip", body.getvalue())
    answer = at_desk(sender).post("/worklist/upload/", {"files": [upload]}, HTTP_ACCEPT="application/json")
    receipt = answer.json()
    assert receipt["stored"] == len(contents), receipt
    studies[name] = Study.objects.get(pk=receipt["studies"][0])
    return studies[name]


def files(name: str, patient: str, case: str = "whole") -> list[bytes]:
    """The images of a story, taken yesterday."""
    return images.images(name, patient, clock.now - timedelta(days=1), case)


def late(name: str, number: int = 1) -> bytes:
    return images.late_image(name, studies[name], number)


def ask(name: str, sender: str = "reader") -> Study:
    """Somebody asks the machine to read a study."""
    study = studies[name]
    assert at_desk(sender).post(f"/worklist/studies/{study.pk}/queue/").status_code == 302
    return in_state(name, "queued")


def read(name: str) -> Study:
    """The worker reads a study that is queued."""
    clock.wait(3)
    tasks.read_study(str(studies[name].pk))
    studies[name].refresh_from_db()
    return studies[name]


def drafted(name: str, patient: str, case: str = "whole") -> Study:
    send(name, files(name, patient, case))
    ask(name)
    read(name)
    return in_state(name, "drafted")


def in_state(name: str, state: str) -> Study:
    studies[name].refresh_from_db()
    assert studies[name].state == state, (name, studies[name].state, studies[name].failure_message)
    return studies[name]


@contextmanager
def engine(error: BaseException) -> Iterator[None]:
    """The engine fails like this. A KeyboardInterrupt is a worker that is killed."""
    with mock.patch.object(pipeline, "read_study", side_effect=error):
        try:
            yield
        except KeyboardInterrupt:
            return


def desk(username: str, name: str) -> Desk:
    clock.wait(1)
    return Desk(at_desk(username), studies[name])


def does(where: Desk, path: str, **body: Any) -> Desk:
    answer = where.post(path, **body)
    assert answer.status_code == 200, (path, answer.content)
    return where


def signs(where: Desk, path: str = "sign/", **body: Any) -> Desk:
    """Uses what is suggested, confirms all, and signs, knowing of the contradictions."""
    if where.state["suggestions"]:
        does(where, "draft/use-all/")
    where.confirm_all()
    return does(where, path, contradictions=len(where.state["contradictions"]), **body)


# --- the stories --------------------------------------------------------------------------------


def people() -> None:
    new_person("administrator", "Ada", "Admin", "administrator")
    new_person("reader", "Rita", "Reader", "radiologist")
    new_person("second_reader", "Sami", "Second", "radiologist")
    new_person("unmarried", "Uma", "Unmarried", "radiologist")
    new_person("stranger", "", "", "")
    wrong = Client(SERVER_NAME="localhost").post("/accounts/login/", {"username": "reader", "password": "wrong"})
    assert wrong.status_code == 200
    assert at_desk("stranger").get("/worklist/rows/").status_code == 403


def first_reports() -> None:
    """Signed with the default limit of what is uncertain, before any choice of a model."""
    drafted("signed", "alvarez")
    signs(desk("reader", "signed").claim())
    send("signed by hand", files("signed by hand", "berg", "tiny"))
    clock.wait(5)
    queue.enqueue_quiet_studies()
    in_state("signed by hand", "failed")
    by_hand = desk("reader", "signed by hand").claim()
    does(by_hand, "findings/L4-L5/canal/", grade="severe")
    does(by_hand, "findings/L5-S1/canal/", grade="normal")
    signs(by_hand)
    drafted("signed by a renamed reader", "chen")
    renamed = desk("unmarried", "signed by a renamed reader").claim()
    does(renamed, "findings/L3-L4/canal/", grade="moderate")
    text = renamed.state["text"].replace("FINDINGS\n", "FINDINGS\nL3-L4: Severe stenosis of the spinal canal.\n", 1)
    does(renamed, "draft/", text=text)
    signs(renamed)


def amendments() -> None:
    drafted("amended twice", "müller", "other")
    signs(desk("reader", "amended twice").claim())
    second = does(desk("second_reader", "amended twice"), "amend/start/", amends=1)
    does(second, "findings/L2-L3/canal/", grade="mild")
    signs(second, "amend/", reason="The canal at L2-L3 was called normal.")
    at_desk("reader").post("/models/uncertain-below/", {"uncertain_below": "101"})  # refused: no administrator
    at_desk("administrator").post("/models/uncertain-below/", {"uncertain_below": "75"})
    send("amended twice", [late("amended twice")])
    third = does(desk("reader", "amended twice"), "amend/start/", amends=2)
    does(third, "late/", count=1)
    does(third, "renumber/", shift=1)
    does(third, "draft/", text=third.state["text"] + "\nNumbered from the sacrum upwards, with the radiographs.\n")
    signs(third, "amend/", reason="The lowest disc is L4-L5.")
    drafted("amendment open", "berg", "sagittal")
    signs(desk("reader", "amendment open").claim())
    opened = does(desk("second_reader", "amendment open"), "amend/start/", amends=1)
    does(opened, "findings/L4-L5/foramen_left/", grade="severe")
    does(opened, "draft/", text=opened.state["text"] + "\nStill being written.\n")
    drafted("amendment discarded", "chen", "sagittal")
    signs(desk("second_reader", "amendment discarded").claim())
    dropped = does(desk("second_reader", "amendment discarded"), "amend/start/", amends=1)
    does(dropped, "draft/", text="This was a mistake.\n")
    does(dropped, "amend/discard/")
    drafted("images after signing", "alvarez", "sagittal")
    signs(desk("reader", "images after signing").claim())
    send("images after signing", [late("images after signing")])


def shadows() -> None:
    """A candidate reads again: one study done, one that it cannot read, one lost with its worker, one given way."""
    candidate = FOLDER / "candidate"
    candidate.mkdir()
    shipped = cards.WEIGHTS / "segment"
    (candidate / cards.WEIGHTS_FILE).write_bytes((shipped / cards.WEIGHTS_FILE).read_bytes())
    version = cards.read_card(shipped)["version"]
    card = (shipped / cards.CARD_FILE).read_text()
    (candidate / cards.CARD_FILE).write_text(card.replace(f'"version": "{version}"', '"version": "9.0.0-candidate"'))
    call_command("install_model", str(candidate), stdout=io.StringIO())
    grader = cards.read_card(cards.WEIGHTS / "grade")["version"]
    administrator = at_desk("administrator")
    administrator.post(f"/models/grade/{grader}/activate/")
    administrator.post("/models/segment/9.0.0-candidate/shadow/")


def shadow_reads() -> None:
    shadow.read_next()
    with engine(SpineNotFoundError("No spine was found.")):
        shadow.read_next()
    with engine(KeyboardInterrupt()):
        shadow.read_next()
    with engine(shadow.GaveWay()):
        shadow.read_next()


def reviews() -> None:
    drafted("in review", "alvarez, written otherwise")
    held = desk("second_reader", "in review").claim()
    does(held, "findings/L5-S1/canal/", grade="severe")
    does(held, "findings/L4-L5/recess_left/", grade="moderate")
    does(held, "findings/L2-L3/confirm/")
    does(held, "draft/", text=held.state["text"].replace("IMPRESSION", "Haemangioma of L2.\n\nIMPRESSION"))
    does(held, "renumber/", shift=-1)
    does(held, "findings/L3-L4/canal/confirm/")
    does(held, "findings/L1-L2/foramen_right/", grade="mild")
    does(held, "draft/dismiss/", key=held.state["suggestions"][0]["key"])
    send("in review", [late("in review")])
    does(held, "late/", count=1)
    send("in review", [late("in review", 2)])
    other = at_desk("reader").post(f"{held.base}findings/L1-L2/confirm/", {"version": 1}, "application/json")
    assert other.status_code != 200
    drafted("released", "müller", "sagittal")
    back = desk("reader", "released").claim()
    does(back, "findings/L3-L4/canal/", grade="mild")
    does(back, "findings/L3-L4/confirm/")
    does(back, "draft/", text="Mine, for now.\n")
    does(back, "draft/follow/")
    does(back, "release/")
    drafted("read again", "berg", "sagittal")
    before = desk("reader", "read again").claim()
    does(before, "findings/L4-L5/canal/", grade="moderate")
    before.confirm_all()
    send("read again", [late("read again")])
    does(before, "release/")
    queue.enqueue_quiet_studies()
    read("read again")
    in_state("read again", "drafted")
    assert desk("reader", "read again").state["read_again"]


def second_readings() -> None:
    for name in ("failed beside a reading", "drafted again"):
        drafted(name, "chen", "sagittal")
        does(desk("reader", name).claim(), "findings/L4-L5/canal/", grade="mild")
        does(desk("reader", name), "release/")
        send(name, [late(name)])
        clock.wait(5)
        with engine(SpineNotFoundError("No spine was found in the sagittal images.")):
            read(name)
        in_state(name, "failed")
    does(desk("reader", "failed beside a reading").claim(), "release/")
    in_state("failed beside a reading", "failed")
    ask("drafted again")
    read("drafted again")
    in_state("drafted again", "drafted")


def drafts_and_failures() -> None:
    drafted("drafted", "alvarez", "other")
    drafted("drafted without patient ID", "nobody", "sagittal")
    desk("second_reader", "drafted without patient ID")
    for name, patient in (("failed", "müller"), ("in review by hand", "nobody else")):
        send(name, files(name, patient, "tiny"))
    clock.wait(5)
    queue.enqueue_quiet_studies()
    in_state("failed", "failed")
    held = desk("reader", "in review by hand").claim()
    does(held, "findings/L4-L5/canal/", grade="moderate")
    does(held, "findings/L4-L5/confirm/")
    does(desk("second_reader", "in review by hand"), "take-over/")
    send("failed for want of a model", files("failed for want of a model", "berg", "tiny"))
    ask("failed for want of a model")
    with engine(ModelUnusableError("Model segment 1 is not installed.")):
        read("failed for want of a model")
    in_state("failed for want of a model", "failed")


def refusals() -> None:
    study = studies["in review"]
    stranger = file_bytes(StudyInstanceUID=study.study_instance_uid, PatientID="P-9999", PatientName="Wrong^Person")
    bad = [("notes.dcm", b"no image"), ("ct.dcm", file_bytes(Modality="CT")), ("wrong.dcm", stranger)]
    files = [SimpleUploadedFile(name, data) for name, data in bad]
    answer = at_desk("reader").post("/worklist/upload/", {"files": files}, HTTP_ACCEPT="application/json")
    assert answer.json()["refused"] == len(bad)
    at_desk("reader").post("/worklist/rejections/1/dismiss/")


def waiting_studies() -> None:
    """Last, for they would keep the shadow from reading, and are nobody's any more when the story ends."""
    for name, patient in (("queued", "berg"), ("queued after an error", "müller"), ("running", "chen")):
        send(name, files(name, patient, "tiny"))
        ask(name)
    with engine(RuntimeError("a bug")):
        read("queued after an error")
    assert in_state("queued after an error", "queued").attempt == 1
    with engine(KeyboardInterrupt()):
        read("running")
    in_state("running", "running")
    send("received", files("received", "alvarez", "tiny"))
    send("received without patient ID", files("received without patient ID", "nobody", "tiny"))


def the_reader_is_renamed() -> None:
    person = User.objects.get(username="unmarried")
    values = {"username": "married", "first_name": "Uma", "last_name": "Married", "email": person.email}
    roles = {"is_active": "on", "groups": [group.pk for group in person.groups.all()]}
    answer = at_desk("administrator").post(f"/admin/accounts/user/{person.pk}/change/", values | roles)
    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.username == "married"


def main(out: Path) -> None:
    call_command("migrate", verbosity=0)
    people()
    first_reports()
    amendments()
    shadows()
    reviews()
    shadow_reads()
    second_readings()
    drafts_and_failures()
    refusals()
    waiting_studies()
    the_reader_is_renamed()
    with tempfile.TemporaryDirectory() as folder:
        call_command("export_training_set", folder, stdout=io.StringIO())
    pack.write(out, FOLDER, {name: str(study.pk) for name, study in studies.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
