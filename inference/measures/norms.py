"""What people usually measure, and how far a measurement lies from it.

The table stands in ``norms.csv``, one line for each quantity and place with
its source. Most of its people are patients with back pain whose masks were
measured by this package's own rules: a mask leaves out the endplate's cortex,
so that sizes of dry bones do not compare.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from inference.types import Measurement

TABLE = Path(__file__).with_name("norms.csv")
#: So many standard deviations to both sides hold 95 of 100.
WIDTH = 1.96


@dataclass(frozen=True)
class Norm:
    """Mean and standard deviation among `people` (0 when the source does not say), and where they are from."""

    mean: float
    sd: float
    people: int
    source: str

    @property
    def usual(self) -> tuple[float, float]:
        """From and to which 95 of 100 lie, if they are spread normally."""
        return self.mean - WIDTH * self.sd, self.mean + WIDTH * self.sd


@cache
def table() -> dict[tuple[str, str], Norm]:
    """Norms by (quantity, place). Raises OSError or ValueError for a damaged table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["quantity"], row["place"]): Norm(
                float(row["mean"]), float(row["sd"]), int(row["people"] or 0), row["source"]
            )
            for row in csv.DictReader(file)
        }


def compared(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements with the usual range and the deviation, where the table has them.

    A lower bound has no deviation unless it already lies above the mean.
    """
    return tuple(_compared(one) for one in measurements)


def _compared(one: Measurement) -> Measurement:
    norm = table().get((one.quantity, one.place))
    if norm is None:
        return replace(one, usual=None, deviation=None)
    low, high = (round(end, 1) for end in norm.usual)
    known = one.value is not None and (not one.lower_bound or one.value > norm.mean)
    deviation = round((one.value - norm.mean) / norm.sd, 1) if known and one.value is not None else None
    return replace(one, usual=(low, high), deviation=deviation)


def side(one: Measurement) -> int:
    """-1 where it lies below the usual range, 1 above it, 0 within it or where that is not known.

    Its own uncertainty must not explain it.
    """
    if one.value is None or one.usual is None or one.deviation is None:
        return 0
    low, high = one.usual
    spread = one.plus_minus or 0.0
    if one.value + spread < low:
        return -1
    return 1 if one.value - spread > high else 0
