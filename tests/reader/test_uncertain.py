"""Grades that the machine is unsure of are marked by the administrator's limit; a signed report keeps its marks."""

from __future__ import annotations

from typing import Any

import pytest

from reader import working_copy
from reader.models import Review, SignedReport
from tests.reader.factories import Desk
from worklist import shared_settings
from worklist.models import MachineReading, Study

CHANCES = {"recess_left": 0.48, "recess_right": 0.6, "foramen_left": 0.74}


@pytest.fixture
def desk(study: Study, reader: Any, as_user: Any) -> Desk:
    """At L4-L5 a network gave three grades, two of them by more than half."""
    made = MachineReading.objects.get(study=study)
    for said in made.reading["findings"]:
        if said["level"] == "L4-L5" and said["site"] in CHANCES:
            said |= {"grade": "mild", "rules": [], "notices": [], "probability": CHANCES[said["site"]]}
    made.save()
    return Desk(as_user(reader), study).claim()


def marked(desk: Desk) -> set[str]:
    return {row["site"] for row in desk.look()["findings"] if row["uncertain"]}


def test_a_grade_below_the_limit_is_marked_with_its_probability_and_a_measured_one_never(desk: Desk) -> None:
    assert marked(desk) == {"recess_left"}
    assert desk.state["uncertain_below"] == shared_settings.UNCERTAIN_BELOW_DEFAULT
    assert desk.grade("L4-L5", "recess_left")["chance"] == "48 %"
    assert desk.grade("L4-L5", "canal")["chance"] == ""


def test_another_limit_marks_others_at_the_next_look(desk: Desk, administrator: Any) -> None:
    for below, expected in (("80", set(CHANCES)), ("0", set()), ("61", {"recess_left", "recess_right"})):
        shared_settings.set_uncertain_below(below, administrator)
        assert marked(desk) == expected


@pytest.mark.parametrize(
    ("probability", "shown", "below", "uncertain"),
    [(0.596, "60 %", "60", False), (0.594, "59 %", "60", True), (0.999, "over 99 %", "99", False)],
)
def test_a_grade_is_compared_as_it_is_shown(
    desk: Desk, administrator: Any, probability: float, shown: str, below: str, uncertain: bool
) -> None:
    shared_settings.set_uncertain_below(below, administrator)
    Review.objects.get().findings.filter(level="L4-L5", site="recess_left").update(probability=probability)
    desk.look()
    assert desk.grade("L4-L5", "recess_left")["chance"] == shown
    assert ("recess_left" in marked(desk)) is uncertain


def test_a_limit_of_100_marks_every_grade_that_a_network_gave(desk: Desk, administrator: Any) -> None:
    Review.objects.get().findings.filter(level="L4-L5", site="recess_left").update(probability=1.0)
    shared_settings.set_uncertain_below("100", administrator)
    assert marked(desk) == set(CHANCES)


def test_a_grade_that_the_reader_changed_is_theirs_and_not_uncertain(desk: Desk) -> None:
    desk.post("findings/L4-L5/recess_left/", grade="severe")
    assert marked(desk) == set()
    desk.post("findings/L4-L5/recess_left/", grade="mild")
    assert marked(desk) == {"recess_left"}


def test_a_signed_report_keeps_the_marks_that_it_was_signed_with(desk: Desk, administrator: Any) -> None:
    desk.confirm_all().sign()
    shared_settings.set_uncertain_below("80", administrator)
    assert marked(desk) == {"recess_left"}
    assert desk.state["uncertain_below"] == 60
    signed = SignedReport.objects.get()
    assert signed.read().uncertain_below == 60
    assert signed.intact
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert page.count("machine uncertain, 48 %") == page.count("machine uncertain") == 1


def test_an_amendment_is_read_by_the_limit_of_today(desk: Desk, administrator: Any) -> None:
    desk.confirm_all().sign()
    shared_settings.set_uncertain_below("80", administrator)
    desk.post("amend/start/", amends=1)
    assert marked(desk) == set(CHANCES)
    desk.post("amend/discard/")
    assert marked(desk) == {"recess_left"}


def test_the_probability_goes_with_its_disc_when_the_levels_are_renamed(desk: Desk) -> None:
    desk.post("renumber/", shift=1)
    assert desk.grade("L3-L4", "recess_left")["uncertain"]
    assert not desk.grade("L4-L5", "recess_left")["uncertain"]
    assert {row.probability for row in working_copy.table(Review.objects.get()) if row.level == "L4-L5"} == {None}


def test_a_likely_grade_on_unfamiliar_images_is_uncertain_too_and_signed_as_such(
    study: Study, reader: Any, as_user: Any
) -> None:
    made = MachineReading.objects.get(study=study)
    for said in made.reading["findings"]:
        if (said["level"], said["site"]) == ("L4-L5", "foramen_left"):
            said |= {"grade": "mild", "rules": [], "notices": [], "probability": 0.9, "out_of_distribution": True}
    made.save()
    desk = Desk(as_user(reader), study).claim()
    assert marked(desk) == {"foramen_left"}
    assert desk.grade("L4-L5", "foramen_left")["unfamiliar"] is True
    desk.confirm_all().sign()
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert "machine uncertain, 90 %, on images unlike those it learnt from" in page


def test_a_grade_that_network_and_measurements_contradict_is_uncertain_however_likely_and_signed_as_such(
    study: Study, reader: Any, as_user: Any
) -> None:
    made = MachineReading.objects.get(study=study)
    likely = {"foramen_left": 0.97, "canal": None}
    for said in made.reading["findings"]:
        if said["level"] == "L4-L5" and said["site"] in likely:
            said |= {"grade": "mild", "notices": [], "probability": likely[said["site"]], "contradicted": True}
    made.save()
    desk = Desk(as_user(reader), study).claim()
    assert marked(desk) == set(likely)
    desk.post("findings/L4-L5/canal/", grade="severe")
    assert marked(desk) == {"foramen_left"}
    desk.confirm_all().sign()
    page = desk.client.get(f"{desk.base}versions/1/").content.decode()
    assert page.count("machine uncertain, 97 %, network and measurements two grades apart") == 1
    assert page.count("machine uncertain") == 1
