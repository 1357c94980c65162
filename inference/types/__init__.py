"""The things that the steps of a reading hand to each other.

Frame: patient coordinates are DICOM LPS in millimetres (x to the patient's
left, y to the back, z to the head). Arrays are ``[slice, row, column]`` and
never travel without their affine, which maps ``(slice, row, column, 1)`` to
``(x, y, z, 1)``.
"""

from __future__ import annotations

from inference.types.facts import ModelMark, Notice, Rule, Value
from inference.types.images import FloatArray, Label, Plane, Segmentation, Slice, Volume
from inference.types.names import (
    ABNORMAL,
    GRADES,
    LEVELS,
    LUMBAR_LEVELS,
    VERTEBRAE,
    DiscQuestion,
    Grade,
    Role,
    Site,
    Step,
)
from inference.types.reading import (
    LEAST_LISTED,
    AxialSlices,
    DiscFinding,
    LevelFinding,
    Measurement,
    Provenance,
    Sentence,
    SeriesChoice,
    StudyReading,
)
from inference.types.spine import DiscLevel, Instance, Numbering, SpineCurve, VertebraLevel

__all__ = [
    "ABNORMAL", "GRADES", "LEAST_LISTED", "LEVELS", "LUMBAR_LEVELS", "VERTEBRAE", "AxialSlices", "DiscFinding",
    "DiscLevel", "DiscQuestion", "FloatArray", "Grade", "Instance", "Label", "LevelFinding", "Measurement",
    "ModelMark", "Notice", "Numbering", "Plane", "Provenance", "Role", "Rule", "Segmentation", "Sentence",
    "SeriesChoice", "Site", "Slice", "SpineCurve", "Step", "StudyReading", "Value", "VertebraLevel", "Volume",
]  # fmt: skip
