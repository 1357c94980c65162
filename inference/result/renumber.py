"""The same reading with every disc named one level further up or down.

Which disc is which is a reader's decision where the vertebrae are transitional
or the images end early; places, planes, measurements, disc findings, instances and warnings then follow the disc.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeVar

from inference.grading import thresholds
from inference.measures import norms
from inference.result import draft
from inference.spine import quality
from inference.types import (
    LEVELS,
    VERTEBRAE,
    AxialSlices,
    DiscFinding,
    DiscLevel,
    Instance,
    LevelFinding,
    Measurement,
    QualityFinding,
    Role,
    StudyReading,
    VertebraLevel,
)

Placed = TypeVar("Placed", DiscLevel, DiscFinding, VertebraLevel, Measurement, AxialSlices, Instance)

#: A reader may move the names so many levels.
FURTHEST = 1
#: All names that a warning may say, with the next ones at both ends.
_SAID = (("T11-T12", *LEVELS, "S1-S2"), ("T10", *VERTEBRAE, "S2"))
_NAME = re.compile(r"(?<![\w-])(?:" + "|".join(name for names in _SAID for name in names) + r")(?![\w-])")


def moved(name: str, shift: int) -> str | None:
    """The name `shift` levels further up (down if negative) of a disc or vertebra; None beyond the names known."""
    for names in (LEVELS, VERTEBRAE):
        if name in names:
            at = names.index(name) - shift
            return names[at] if 0 <= at < len(names) else None
    return None


def renumbered(reading: StudyReading, shift: int) -> StudyReading:
    """The reading with all names moved; what has no name any more is left out.

    Measurements over several levels (the lordosis) belong to the old names and
    are left out too; what is usual is that of the new place. A level that had no grade under its old name gets one.
    Raises ValueError for a shift beyond `FURTHEST`.
    """
    if abs(shift) > FURTHEST:
        raise ValueError(f"Levels can be moved by {FURTHEST} at most.")
    if not shift:
        return reading
    discs = _move(reading.discs, "level", shift)
    measurements = norms.compared(_move(reading.measurements, "place", shift))
    fresh = thresholds.grade(discs, measurements, _made_from(reading.findings), _no_opinions(reading))
    findings = _findings(reading.findings, shift, fresh)
    doubts = _doubts(reading.quality, shift, discs)
    return replace(
        reading,
        discs=discs,
        vertebrae=_move(reading.vertebrae, "name", shift),
        measurements=measurements,
        findings=findings,
        axial=_move(reading.axial, "level", shift),
        draft=draft.compose(findings, measurements),
        instances=_renamed(reading.instances, shift),
        quality=doubts,
        warnings=_warnings(reading, doubts),
        disc_findings=_move(reading.disc_findings, "level", shift),
    )


def _renamed(old: tuple[Instance, ...], shift: int) -> tuple[Instance, ...]:
    """The same ids under their new names; the canal keeps its own."""
    canal = tuple(one for one in old if one.name == "canal")
    return (*_move(tuple(one for one in old if one not in canal), "name", shift), *canal)


def _doubts(old: tuple[QualityFinding, ...], shift: int, discs: tuple[DiscLevel, ...]) -> tuple[QualityFinding, ...]:
    """What is doubtful about the images, said of the new names; which levels are missing is counted anew."""
    kept = [
        replace(
            one,
            text=_NAME.sub(lambda found: _said(found[0], shift), one.text),
            places=tuple(name for place in one.places if (name := moved(place, shift))),
        )
        for one in old
        if one.code != quality.MISSING
    ]
    return (*quality.missing_levels(discs), *kept)


def _said(name: str, shift: int) -> str:
    """A name in a text, moved; at the ends of what is known it stays."""
    names = next(names for names in _SAID if name in names)
    return names[min(max(names.index(name) - shift, 0), len(names) - 1)]


def _warnings(reading: StudyReading, doubts: tuple[QualityFinding, ...]) -> tuple[str, ...]:
    """The warnings with the doubts' new texts behind what else there is to say."""
    before = {one.text for one in reading.quality}
    return (*(text for text in reading.warnings if text not in before), *(one.text for one in doubts))


def _move(items: tuple[Placed, ...], attribute: str, shift: int) -> tuple[Placed, ...]:
    named = [(item, moved(getattr(item, attribute), shift)) for item in items]
    return tuple(replace(item, **_change(attribute, name)) for item, name in named if name is not None)


def _change(attribute: str, name: str) -> dict[str, Any]:
    return {attribute: name}


def _findings(old: tuple[LevelFinding, ...], shift: int, fresh: tuple[LevelFinding, ...]) -> tuple[LevelFinding, ...]:
    """The grades under their new names; `fresh` ones where no disc had been graded."""
    named = {(moved(finding.level, shift), finding.site): finding for finding in old}
    return tuple(
        replace(named[item.level, item.site], level=item.level) if (item.level, item.site) in named else item
        for item in fresh
    )


def _no_opinions(reading: StudyReading) -> dict[str, thresholds.Opinion] | None:
    """What a grader says of a disc that had no grade: nothing; None where there was no grader."""
    return {} if any(one.startswith("grade ") for one in reading.provenance.others) else None


def _made_from(findings: tuple[LevelFinding, ...]) -> tuple[Role, ...]:
    return next((finding.made_from for finding in findings if finding.made_from), ())
