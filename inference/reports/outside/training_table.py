"""Labels -> the DeepSPINE training table: one row a level, a grade of four for each site.

The table knows normal, mild, moderate and severe. What becomes of `present`
(a compromise without a grade) and of sites that a report does not speak of is
the user's choice, so both have to be given; docs/labels.md gives the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inference.reports.types import LUMBAR_LEVELS, SITES, Grade, Label


class PresentAs(StrEnum):
    """What a compromise without a grade becomes. `LEFT_OUT` makes the cell empty."""

    LEFT_OUT = "left_out"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class UnmentionedAs(StrEnum):
    """What a site that the report does not speak of becomes.

    `LEFT_OUT`: empty, no loss in training. `NORMAL`: normal, as in the paper.
    `NORMAL_WHERE_READ`: normal at levels with some other label, empty elsewhere.
    """

    LEFT_OUT = "left_out"
    NORMAL = "normal"
    NORMAL_WHERE_READ = "normal_where_read"


@dataclass(frozen=True, slots=True)
class Row:
    """A level with a class (0 normal to 3 severe) or None for each site, in the order of `SITES`."""

    level: str
    grades: tuple[int | None, ...]


_CLASSES = {"normal": 0, "mild": 1, "moderate": 2, "severe": 3}


def training_table(labels: Iterable[Label], *, present_as: PresentAs, unmentioned_as: UnmentionedAs) -> tuple[Row, ...]:
    """Rows for L1-L2 to L5-S1, and for T12-L1 when it has a label."""
    cells: dict[tuple[str, str], Grade] = {(label.level, label.site): label.grade for label in labels}
    read = {level for level, _ in cells}
    levels = (("T12-L1",) if "T12-L1" in read else ()) + LUMBAR_LEVELS
    rows = []
    for level in levels:
        missing = _missing(level in read, unmentioned_as)
        grades = tuple(_class(cells.get((level, site)), present_as, missing) for site in SITES)
        rows.append(Row(level, grades))
    return tuple(rows)


def _missing(is_read: bool, unmentioned_as: UnmentionedAs) -> int | None:
    if unmentioned_as is UnmentionedAs.NORMAL or (is_read and unmentioned_as is UnmentionedAs.NORMAL_WHERE_READ):
        return 0
    return None


def _class(grade: Grade | None, present_as: PresentAs, missing: int | None) -> int | None:
    if grade is None:
        return missing
    if grade is Grade.PRESENT:
        return _CLASSES.get(str(present_as))
    return _CLASSES[str(grade)]
