"""Options of the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Axial(StrEnum):
    """How the axial T2 was planned. Drawn: blocks or a stack, rarely none."""

    BLOCKS = "blocks"
    STACK = "stack"
    NONE = "none"
    DRAWN = "drawn"


class Severity(StrEnum):
    """Severity of disease. Balanced: the four grades equally often at each site and level."""

    MIXED = "mixed"
    NORMAL = "normal"
    SEVERE = "severe"
    BALANCED = "balanced"


class Scale(StrEnum):
    """Matrix and number of slices: as in a hospital, or coarse and quick for tests."""

    FULL = "full"
    SMALL = "small"


class SagittalT1(StrEnum):
    """Whether the study has a sagittal T1."""

    PRESENT = "present"
    ABSENT = "absent"


class Transition(StrEnum):
    """Transitional anatomy at the sacrum. Drawn: as often as in people."""

    NONE = "none"
    SACRALISED = "sacralised"
    LUMBARISED = "lumbarised"
    DRAWN = "drawn"


class Surgery(StrEnum):
    """Whether the patient has been operated on. Drawn: as often as in people."""

    NONE = "none"
    DONE = "done"
    DRAWN = "drawn"


class Habit(StrEnum):
    """Which maker's habits the files have, see `vendors`; the makers are invented. Drawn: each equally often."""

    PLAIN = "plain"
    AUSTER = "auster"
    BOREAL = "boreal"
    CALIMA = "calima"
    DATOO = "datoo"
    ETESIAN = "etesian"
    FOEHN = "foehn"
    DRAWN = "drawn"


class Distractors(StrEnum):
    """Series that no reading uses: localiser, STIR, coronal, post-contrast, another region. Drawn: some of them."""

    NONE = "none"
    ALL = "all"
    DRAWN = "drawn"


@dataclass(frozen=True)
class StudyOptions:
    """What a simulated study contains. Raises ValueError for an impossible option.

    lumbar_vertebrae: 4, 5 or 6 lumbar-type vertebrae, or None to draw the
    number as often as in people. Plain strings are accepted for every enum.
    """

    axial: Axial | str = Axial.BLOCKS
    severity: Severity | str = Severity.MIXED
    lumbar_vertebrae: int | None = 5
    scale: Scale | str = Scale.FULL
    sagittal_t1: SagittalT1 | str = SagittalT1.PRESENT
    transition: Transition | str = Transition.NONE
    surgery: Surgery | str = Surgery.NONE
    habit: Habit | str = Habit.PLAIN
    distractors: Distractors | str = Distractors.NONE

    def __post_init__(self) -> None:
        for name, kind in (
            ("axial", Axial),
            ("severity", Severity),
            ("scale", Scale),
            ("sagittal_t1", SagittalT1),
            ("transition", Transition),
            ("surgery", Surgery),
            ("habit", Habit),
            ("distractors", Distractors),
        ):
            object.__setattr__(self, name, kind(getattr(self, name)))
        if self.lumbar_vertebrae not in (4, 5, 6, None):
            raise ValueError("lumbar_vertebrae must be 4, 5, 6 or None.")


#: Patients and files as in a hospital, with rare anatomy, operated patients and every maker's habits.
HOSPITAL = StudyOptions(
    axial=Axial.DRAWN,
    lumbar_vertebrae=None,
    transition=Transition.DRAWN,
    surgery=Surgery.DRAWN,
    habit=Habit.DRAWN,
    distractors=Distractors.DRAWN,
)
