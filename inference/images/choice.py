"""Headers -> the chosen series, as stacks of slices.

Series are told apart by geometry first (PS3.3 C.7.6.2, Image Plane), then by
timing, then by what their description says: descriptions are written by people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.errors import (
    DuplicateSlicesError,
    MissingSpacingError,
    NoSagittalSeriesError,
    StudyError,
    TooFewSlicesError,
    WrongRegionError,
)
from inference.images import geometry
from inference.images.headers import Header
from inference.types import Plane, Role, Rule, SeriesChoice, Slice, Value

#: A sagittal series with fewer slices than this is not read.
MIN_SLICES = 3
#: Two slices nearer to each other than this lie at the same place.
SAME_PLACE_MM = 0.05
_OTHER_REGION = re.compile(
    r"\b(c[- ]?spine|cspine|cerv\w*|hws|cwk|t[- ]?spine|tspine|thora\w*|dorsal\w*|bws|twk|brain|head)\b"
)
#: Also thoracolumbar, and as German, Dutch and French say it.
_LUMBAR = re.compile(r"\b(l[- ]?spine|lspine|\w*lumb\w*|\w*lomb\w*|lws|lwk|ls[- ]?spine|lsspine)\b")
_SURVEY = re.compile(r"\b(loc|locali[sz]er\w*|locator|\w*survey|scout|topogram|rep[eé]rage|3[- ]?pl(ane)?)\b")
_FAT_SUPPRESSED = re.compile(r"stir|tirm|\bfs\b|fat ?sat|\bspair\b|\bspir\b|dixon")
_POST_CONTRAST = re.compile(r"\+ ?c\b|\bc ?\+|\bpost\b|\bgd\b|gado|contrast|\bkm\b|\binj")


@dataclass(frozen=True)
class Stack:
    """Parallel images of one series with one echo time, sorted along their normal."""

    series_instance_uid: str
    headers: tuple[Header, ...]
    slices: tuple[Slice, ...] = field(default=())

    @property
    def head(self) -> Header:
        return self.headers[0]

    @property
    def plane(self) -> Plane | None:
        return geometry.plane_of(self.slices[0].normal) if self.slices else None


def stacks_of(headers: Sequence[Header]) -> list[Stack]:
    """Split headers into stacks: one series, orientation, matrix and echo time each."""
    groups: dict[tuple[object, ...], list[tuple[Header, Slice | None]]] = {}
    for header in headers:
        for plane in header.slices or (None,):
            turned = tuple(np.round(plane.normal, 1) + 0.0) if plane is not None else None
            key = (header.series_instance_uid, turned, plane.shape if plane else None, header.echo_time_ms)
            groups.setdefault(key, []).append((header, plane))
    stacks = []
    for members in groups.values():
        planes = [plane for _, plane in members if plane is not None]
        if planes:
            normal = planes[0].normal
            members.sort(key=lambda item: float(item[1].origin_mm @ normal) if item[1] is not None else 0.0)
        stacks.append(
            Stack(
                members[0][0].series_instance_uid,
                tuple(header for header, _ in members),
                tuple(plane for _, plane in members if plane is not None),
            )
        )
    return stacks


def weighting(header: Header) -> tuple[str, dict[str, Value]]:
    """(`"T1"`, `"T2"`, `"STIR"`, `"PD"` or `""`, what says so), by timing first and description second.

    What says so: the times that decided, by their names, or ``described_as``.
    """
    text = header.words
    echo, repetition, inversion = header.echo_time_ms, header.repetition_time_ms, header.inversion_time_ms
    if (inversion is not None and 80 <= inversion <= 260) or re.search(r"stir|tirm", text):
        return "STIR", {"inversion_time_ms": inversion}
    if echo is not None and echo >= 60:
        return "T2", {"echo_time_ms": echo}
    if echo is not None and repetition is not None and echo < 40 and (repetition < 1300 or inversion):
        return "T1", {"echo_time_ms": echo, "repetition_time_ms": repetition}
    for name in ("T1", "T2", "PD"):
        if re.search(rf"\b{name.lower()}", text):
            return name, {"described_as": name}
    if echo is not None and repetition is not None and echo < 40 and repetition >= 1300:
        return "PD", {"echo_time_ms": echo, "repetition_time_ms": repetition}
    return "", {}


def is_enhanced(header: Header) -> bool:
    """Whether a series was made after a contrast agent, by its tags or by what people wrote."""
    return header.contrast or bool(_POST_CONTRAST.search(header.words))


def is_suppressed(header: Header) -> bool:
    """Whether people wrote that fat is suppressed."""
    return bool(_FAT_SUPPRESSED.search(header.words))


def check_region(headers: Sequence[Header]) -> None:
    """Raise WrongRegionError when what is written of study and series says only another region."""
    texts = [f"{header.words} {header.body_part} {header.study_description}".lower() for header in headers]
    if any(_LUMBAR.search(text) for text in texts):
        return
    if any(_OTHER_REGION.search(text) for text in texts):
        raise WrongRegionError("The images say that they show another part of the body.")


def choose_series(headers: Sequence[Header]) -> tuple[SeriesChoice, ...]:
    """Which series plays which role, and why; every role has an entry, perhaps an empty one.

    Raises WrongRegionError, NoSagittalSeriesError, MissingSpacingError,
    TooFewSlicesError or DuplicateSlicesError when no sagittal series can be read.
    """
    check_region(headers)
    stacks = stacks_of(headers)
    sagittal = _sagittal_choices(stacks)
    return (*sagittal, _choice(Role.AXIAL_T2, _ranked(stacks, Plane.AXIAL, "T2", 1)))


def _sagittal_choices(stacks: list[Stack]) -> list[SeriesChoice]:
    choices, problems = [], []
    for role, weight in ((Role.SAGITTAL_T2, "T2"), (Role.SAGITTAL_T1, "T1")):
        usable = []
        for stack in _ranked(stacks, Plane.SAGITTAL, weight, 0):
            try:
                check_stack(stack)
                usable.append(stack)
            except StudyError as problem:
                problems.append(problem)
        choices.append(_choice(role, usable))
    if any(choice.uid for choice in choices):
        return choices
    if problems:
        raise problems[0]
    if any(not stack.slices for stack in stacks):
        raise MissingSpacingError("The images do not say how large their pixels are, or where they lie in the patient.")
    if any(stack.plane is Plane.SAGITTAL and _elsewhere(stack.head) for stack in stacks):
        raise WrongRegionError("The sagittal images say that they show another part of the body.")
    if any(stack.plane is Plane.SAGITTAL for stack in stacks):
        raise NoSagittalSeriesError("The sagittal series is neither T2 nor T1 weighted.")
    raise NoSagittalSeriesError("There is no sagittal series.")


def _ranked(stacks: list[Stack], plane: Plane, weight: str, least: int) -> list[Stack]:
    """Stacks of a plane and weighting, best first: plain before suppressed or enhanced, then more slices.

    Localisers and what says that it shows another region are left out.
    """
    fitting = [
        stack
        for stack in stacks
        if stack.plane is plane and weighting(stack.head)[0] == weight
        if not stack.head.localiser and not _SURVEY.search(stack.head.words) and not _elsewhere(stack.head)
        if len(stack.slices) >= least
    ]
    return sorted(fitting, key=_demerits)


def _elsewhere(header: Header) -> bool:
    """Whether a series says that it shows another region: in its own words, else by its body part."""
    for text in (header.words, header.body_part.lower()):
        if _LUMBAR.search(text):
            return False
        if _OTHER_REGION.search(text):
            return True
    return False


def _demerits(stack: Stack) -> tuple[int, int, float]:
    special = 2 * is_suppressed(stack.head) + is_enhanced(stack.head)
    few = 0 if len(stack.slices) >= MIN_SLICES else 1
    return (special, few, -float(len(stack.slices)))


def _choice(role: Role, ranked: list[Stack]) -> SeriesChoice:
    if not ranked:
        return SeriesChoice(role, "", "", Rule("series_absent", {"role": role}))
    best = ranked[0]
    others = len({stack.series_instance_uid for stack in ranked}) - 1
    count = sum(len(stack.slices) for stack in ranked if stack.series_instance_uid == best.series_instance_uid)
    rule = Rule("series_chosen", {"role": role, **weighting(best.head)[1], "images": count, "others": others})
    return SeriesChoice(role, best.series_instance_uid, best.head.description, rule)


def check_stack(stack: Stack) -> None:
    """Raise TooFewSlicesError or DuplicateSlicesError for a stack that is no volume."""
    if len(stack.slices) < MIN_SLICES:
        count = len(stack.slices)
        raise TooFewSlicesError(
            f"The sagittal series has {count} slice{'s' if count != 1 else ''}; {MIN_SLICES} are needed."
        )
    gaps = np.diff([float(s.origin_mm @ stack.slices[0].normal) for s in stack.slices])
    if (gaps < SAME_PLACE_MM).any():
        raise DuplicateSlicesError("Two slices of the sagittal series lie at the same place.")


def series_stacks(headers: Sequence[Header], series_instance_uid: str) -> list[Stack]:
    """The stacks of one series, largest first."""
    members = [header for header in headers if header.series_instance_uid == series_instance_uid]
    return sorted(stacks_of(members), key=lambda stack: -len(stack.slices))
