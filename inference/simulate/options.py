"""What a caller may ask of the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Axial(StrEnum):
    """How the axial T2 was planned."""

    BLOCKS = "blocks"
    STACK = "stack"
    NONE = "none"


class Severity(StrEnum):
    """How ill the drawn patients are."""

    MIXED = "mixed"
    NORMAL = "normal"
    SEVERE = "severe"


class Scale(StrEnum):
    """Matrix and number of slices: as in a hospital, or coarse and quick for tests."""

    FULL = "full"
    SMALL = "small"


class SagittalT1(StrEnum):
    """Whether the study has a sagittal T1."""

    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True)
class StudyOptions:
    """What a simulated study contains. Raises ValueError for an impossible wish.

    lumbar_vertebrae: 4, 5 or 6 lumbar-type vertebrae.
    Plain strings are accepted wherever a choice is named.
    """

    axial: Axial | str = Axial.BLOCKS
    severity: Severity | str = Severity.MIXED
    lumbar_vertebrae: int = 5
    scale: Scale | str = Scale.FULL
    sagittal_t1: SagittalT1 | str = SagittalT1.PRESENT

    def __post_init__(self) -> None:
        for name, kind in (
            ("axial", Axial),
            ("severity", Severity),
            ("scale", Scale),
            ("sagittal_t1", SagittalT1),
        ):
            object.__setattr__(self, name, kind(getattr(self, name)))
        if self.lumbar_vertebrae not in (4, 5, 6):
            raise ValueError("lumbar_vertebrae must be 4, 5 or 6.")
