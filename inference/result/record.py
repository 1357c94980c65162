"""A `StudyReading` as plain JSON values and back."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from inference.types import StudyReading

#: Millimetres and direction cosines are written with this many decimals.
DECIMALS = 4


def to_dict(value: Any) -> Any:
    """Dataclasses to dicts, arrays to nested lists, enums to their values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_dict(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, np.ndarray):
        return np.round(value, DECIMALS).tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, (tuple, list)):
        return [to_dict(item) for item in value]
    return value


def from_dict(data: Mapping[str, Any]) -> StudyReading:
    """The reading that `to_dict` wrote. Raises KeyError or TypeError for anything else."""
    return cast(StudyReading, _build(StudyReading, data))


def _build(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _build(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _build(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(_build(a, item) for a, item in zip(inner, value, strict=True))
    if origin is np.ndarray:
        return np.asarray(value, dtype=np.float64)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value
