"""Do two identities mean one person? Names, dates and IDs are typed by people and corrected later."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Identity:
    """Who a file or a row says that a study is of; empty where it does not say."""

    id: str
    name: str
    birth_date: date | None
    sex: str
    issuer: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self) | {"birth_date": self.birth_date.isoformat() if self.birth_date else None}


class Match(Enum):
    """SAME: nothing speaks against it. CORRECTED: one person, whose data were corrected somewhere. OTHER: another."""

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


def _equal(one: object, other: object) -> bool | None:
    """None where one of them is not known."""
    return one == other if one and other else None


def _names(one: str, other: str) -> Names:
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return Names.UNKNOWN
    if first == second:
        return Names.EQUAL
    return Names.ALIKE if first & second else Names.DIFFERENT


def _parts(name: str) -> frozenset[str]:
    """The parts of a DICOM name (PS3.5 section 6.2.1) without accents, case and order."""
    plain = unicodedata.normalize("NFKD", name.split("=", maxsplit=1)[0].casefold())
    return frozenset(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)).replace("_", " ")))
