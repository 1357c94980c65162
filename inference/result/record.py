"""A `StudyReading` as plain JSON values and back, whatever format it was written in."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from inference.result.record_upgrades import UPGRADES, warnings_as_notices
from inference.types import Notice, StudyReading

#: The format of the readings that are written now; it grows by one with every upgrade.
FORMAT = len(UPGRADES) + 1
#: Millimetres, direction cosines and probabilities are written with this many decimals.
DECIMALS = 4


class UnknownFormatError(ValueError):
    """A reading was written by a newer version of the product."""


def to_dict(value: Any) -> Any:
    """Dataclasses to dicts, arrays to nested lists, enums to their values; a whole reading says its format too."""
    if is_dataclass(value) and not isinstance(value, type):
        head = {"format": FORMAT} if isinstance(value, StudyReading) else {}
        return head | {item.name: to_dict(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, np.ndarray):
        return np.round(value, DECIMALS).tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, Mapping):
        return {name: to_dict(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_dict(item) for item in value]
    return value


def from_dict(data: Mapping[str, Any]) -> StudyReading:
    """The reading that `to_dict` wrote, in any format up to `FORMAT`.

    Raises UnknownFormatError for a newer one, KeyError or TypeError for what is no reading.
    """
    reading = {name: item for name, item in upgraded(data).items() if name != "format"}
    return cast(StudyReading, build(StudyReading, reading))


def upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """A reading as `to_dict` writes it now, from any format up to `FORMAT`. Raises UnknownFormatError for a newer one.

    Readings of before formats had a number are of format 1.
    """
    number = data.get("format", 1)
    if number not in range(1, FORMAT + 1):
        raise UnknownFormatError(f"This reading has format {number}; this version of the product reads up to {FORMAT}.")
    reading = dict(data)
    for upgrade in UPGRADES[number - 1 :]:
        reading = upgrade(reading)
    return reading | {"format": FORMAT}


def notices_of(part: Mapping[str, Any]) -> tuple[Notice, ...]:
    """The notices of a reading of which only this much is at hand: format, and notices or (format 1) warnings."""
    if part.get("format") or "warnings" not in part:
        written = part.get("notices")
    else:
        written = warnings_as_notices(part["warnings"] or ())
    return tuple(build(Notice, one) for one in written or ())


def build(kind: Any, value: Any) -> Any:
    """The value of a type that `to_dict` wrote. Raises KeyError or TypeError for anything else."""
    if value is None:
        return None
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: build(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Mapping:
        return {name: _frozen(item) for name, item in value.items()}
    if origin in (Union, types.UnionType):
        return build(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(build(a, item) for a, item in zip(inner, value, strict=True))
    if origin is np.ndarray:
        return np.asarray(value, dtype=np.float64)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


def _frozen(value: Any) -> Any:
    """A value of a notice or rule: lists are tuples in them."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
