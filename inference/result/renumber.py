"""The same reading with every disc named one level further up or down.

Which disc is which is a reader's decision where the vertebrae are transitional or the images end early. Names move,
values stay, and nothing is lost: what leaves the table is kept outside it, and comes back with its name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from inference.grading import thresholds
from inference.measures import norms
from inference.result import draft
from inference.spine import quality
from inference.spine.names import moved
from inference.types import (
    LEVELS,
    AxialSlices,
    DiscFinding,
    DiscLevel,
    Grade,
    Instance,
    LevelFinding,
    Measurement,
    Notice,
    Role,
    StudyReading,
    VertebraLevel,
)

Placed = TypeVar("Placed", DiscLevel, DiscFinding, VertebraLevel, LevelFinding, Measurement, AxialSlices, Instance)

#: A reader may move the names by so many levels.
FURTHEST = 1


def renumbered(reading: StudyReading, shift: int) -> StudyReading:
    """The reading with all names moved by `shift` levels up (down if negative).

    What is usual is that of the new place; which levels are missing is counted anew; a level that had no grade under
    its old name gets one. The machine's own numbering stays, and so do the numbers within notices.
    Raises ValueError for a shift beyond `FURTHEST`.
    """
    if abs(shift) > FURTHEST:
        raise ValueError(f"Levels can be moved by {FURTHEST} at most.")
    if not shift:
        return reading
    discs = _move(reading.discs, "level", shift)
    measurements = norms.compared(_move(reading.measurements, "place", shift))
    rows, outside = thresholds.in_table(_findings(reading, shift, discs, measurements))
    return replace(
        reading,
        discs=discs,
        vertebrae=_move(reading.vertebrae, "name", shift),
        measurements=measurements,
        findings=rows,
        outside=outside,
        axial=_move(reading.axial, "level", shift),
        draft=draft.compose(rows, measurements, outside),
        instances=_move(reading.instances, "name", shift),
        notices=quality.with_missing_levels([_moved_notice(one, shift) for one in reading.notices], discs),
        disc_findings=_move(reading.disc_findings, "level", shift),
    )


def _move(items: tuple[Placed, ...], attribute: str, shift: int) -> tuple[Placed, ...]:
    return tuple(_renamed(item, attribute, moved(getattr(item, attribute), shift)) for item in items)


def _renamed(item: Placed, attribute: str, name: str) -> Placed:
    changes: dict[str, Any] = {attribute: name}
    return replace(item, **changes)


def _moved_notice(notice: Notice, shift: int) -> Notice:
    return replace(notice, places=tuple(moved(place, shift) for place in notice.places))


def _findings(
    reading: StudyReading, shift: int, discs: tuple[DiscLevel, ...], measurements: tuple[Measurement, ...]
) -> tuple[LevelFinding, ...]:
    """The grades under their new names, and fresh ones where the new names have none."""
    seen = {disc.level for disc in discs}
    graded = [
        finding
        for finding in _move((*reading.findings, *reading.outside), "level", shift)
        # That a level was not found is said of its new name, not of its old one.
        if finding.level in seen or finding.grade is not Grade.NOT_ASSESSED
    ]
    known = {(finding.level, finding.site) for finding in graded}
    named = tuple(disc for disc in discs if disc.level in LEVELS)
    fresh = thresholds.grade(named, measurements, _made_from(reading.findings), _no_opinions(reading))
    return thresholds.in_order((*graded, *(one for one in fresh if (one.level, one.site) not in known)))


def _no_opinions(reading: StudyReading) -> dict[str, thresholds.Opinion] | None:
    """What a grader says of a disc that had no grade: nothing; None where there was no grader."""
    return {} if any(model.name == "grade" for model in reading.provenance.models) else None


def _made_from(findings: tuple[LevelFinding, ...]) -> tuple[Role, ...]:
    return next((finding.made_from for finding in findings if finding.made_from), ())
