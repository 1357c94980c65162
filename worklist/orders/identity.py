"""Compares two patient identities: names, dates and IDs are typed by hand and corrected later."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Identity:
    """Patient data of a file or a row; empty where missing."""

    id: str
    name: str
    birth_date: date | None
    sex: str
    issuer: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self) | {"birth_date": self.birth_date.isoformat() if self.birth_date else None}


class Match(Enum):
    """SAME: no contradiction. CORRECTED: one person, whose data were corrected. OTHER: another person."""

    SAME = "same"
    CORRECTED = "corrected"
    OTHER = "other"


def compare(known: Identity, given: Identity) -> Match:
    """Whether `given` is the person who is `known`.

    One ID of one issuer is one person, unless both name and birth date contradict it. Different IDs are different
    people, unless name and birth date are both known and equal: the ID was corrected. Without an ID, name and birth
    date must not contradict each other.
    """
    names, births = _names(known.name, given.name), _equal(known.birth_date, given.birth_date)
    same_issuer = _equal(known.issuer, given.issuer) is not False
    if known.id and known.id == given.id and same_issuer:
        return _of_one_id(names, births, _equal(known.sex, given.sex))
    if known.id or given.id:
        return Match.CORRECTED if names is Names.EQUAL and births else Match.OTHER
    return Match.OTHER if births is False or names in (Names.ALIKE, Names.DIFFERENT) else Match.SAME


class Names(Enum):
    """How two names compare; UNKNOWN where one is empty, ALIKE where they share a part."""

    UNKNOWN = "unknown"
    EQUAL = "equal"
    ALIKE = "alike"
    DIFFERENT = "different"


def _of_one_id(names: Names, births: bool | None, sexes: bool | None) -> Match:
    if names is Names.DIFFERENT and not births:
        return Match.OTHER
    differs = names in (Names.ALIKE, Names.DIFFERENT) or births is False or sexes is False
    return Match.CORRECTED if differs else Match.SAME


def _equal(first: object, second: object) -> bool | None:
    """Whether two values are equal; None where one of them is not known."""
    return first == second if first and second else None


def _names(first_name: str, second_name: str) -> Names:
    first, second = _parts(first_name), _parts(second_name)
    if not first or not second:
        return Names.UNKNOWN
    if first == second:
        return Names.EQUAL
    return Names.ALIKE if first & second else Names.DIFFERENT


def _parts(name: str) -> frozenset[str]:
    """The parts of a DICOM name (PS3.5 section 6.2.1) without accents, case and order."""
    plain = unicodedata.normalize("NFKD", name.split("=", maxsplit=1)[0].casefold())
    return frozenset(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)).replace("_", " ")))
