"""When two identities mean one person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from worklist.orders.identity import Identity, Match, compare

BORN, LATER = date(1960, 2, 29), date(1970, 1, 1)


def person(**changes: Any) -> Identity:
    return Identity(**{"id": "P-1", "name": "Müller^Anna", "birth_date": BORN, "sex": "F"} | changes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (person(), Match.SAME),
        (person(name="MULLER^ANNA^^^"), Match.SAME),
        (person(name="", birth_date=None, sex=""), Match.SAME),
        (person(issuer="CLINIC"), Match.SAME),
        (person(name="Müller^Anna Maria"), Match.CORRECTED),
        (person(name="Schmidt^Anna"), Match.CORRECTED),
        (person(name="Berg^Paul"), Match.CORRECTED),
        (person(birth_date=LATER), Match.CORRECTED),
        (person(sex="M"), Match.CORRECTED),
        (person(name="Berg^Paul", birth_date=LATER), Match.OTHER),
        (person(name="Berg^Paul", birth_date=None), Match.OTHER),
        (person(id="P-2"), Match.CORRECTED),
        (person(id=""), Match.CORRECTED),
        (person(id="P-2", name="Müller^Anne"), Match.OTHER),
        (person(id="P-2", birth_date=None), Match.OTHER),
        (person(id="P-2", birth_date=LATER), Match.OTHER),
    ],
)
def test_one_id_is_one_person_unless_name_and_birth_date_contradict_it(given: Identity, expected: Match) -> None:
    assert compare(person(), given) is expected


@pytest.mark.parametrize(
    ("known", "given", "expected"),
    [
        ({}, {}, Match.SAME),
        ({"name": ""}, {}, Match.SAME),
        ({}, {"birth_date": LATER}, Match.OTHER),
        ({}, {"name": "Müller^Anne"}, Match.OTHER),
        ({"birth_date": None}, {"name": "Berg^Paul"}, Match.OTHER),
    ],
)
def test_without_an_id_nothing_may_contradict(known: dict[str, Any], given: dict[str, Any], expected: Match) -> None:
    assert compare(person(id="", **known), person(id="", **given)) is expected


def test_one_id_of_two_issuers_is_two_people_unless_all_else_is_equal() -> None:
    known = person(issuer="NORTH")
    assert compare(known, person(issuer="SOUTH", name="Berg^Paul")) is Match.OTHER
    assert compare(known, person(issuer="SOUTH")) is Match.CORRECTED
