"""Facts as values: what a reader should know, what decided, and who made it. Their words are made at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a fact carries besides its code: anything that JSON can hold.
Value = str | int | float | bool | None | tuple["Value", ...]


@dataclass(frozen=True)
class Notice:
    """A fact that a reader should know, as values: `inference.result.words` says it in words.

    code: stable name; what `values` it has is said where its words are made.
    places: levels and vertebrae that it is about; they follow a renumbering.
    """

    code: str
    places: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """What decided something, with the numbers that it went by; in words as a `Notice` is."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelMark:
    """Which model took part; name: the part that it played, e.g. ``segment``."""

    name: str
    version: str
    sha256: str
