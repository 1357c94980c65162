"""What the product names, each list once and in its order: levels, grades, sites, roles, steps, questions."""

from __future__ import annotations

from enum import StrEnum

#: Disc levels that the product names, from the head down.
LEVELS = ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
#: The levels every lumbar reading answers for; T12-L1 is reported where something is narrow.
LUMBAR_LEVELS = LEVELS[1:]
#: Vertebrae that the product names, from the head down.
VERTEBRAE = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")


class Grade(StrEnum):
    """A stenosis grade. `NOT_ASSESSED` is never `NORMAL`."""

    NORMAL = "normal"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"
    NOT_ASSESSED = "not_assessed"


#: The grades that say how narrow something is, in their order. Compare grades by their place in it.
GRADES = (Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE)
#: Of these, the ones that say that there is a stenosis.
ABNORMAL = GRADES[1:]


class Site(StrEnum):
    """Where at a level a grade applies; left and right are the patient's."""

    CANAL = "canal"
    RECESS_LEFT = "recess_left"
    RECESS_RIGHT = "recess_right"
    FORAMEN_LEFT = "foramen_left"
    FORAMEN_RIGHT = "foramen_right"


class Role(StrEnum):
    """What a series is used for in a reading."""

    SAGITTAL_T2 = "sagittal_t2"
    SAGITTAL_T1 = "sagittal_t1"
    AXIAL_T2 = "axial_t2"


class Step(StrEnum):
    """A step of a reading, in the order in which they are reported."""

    SERIES = "series"
    SEGMENTING = "segmenting"
    LOCALISING = "localising"
    GRADING = "grading"
    DRAFTING = "drafting"


class DiscQuestion(StrEnum):
    """What is asked of a disc: the Pfirrmann grade 1 to 5, the Modic type 0 to 3, else 1 for yes and 0 for no.

    Pfirrmann et al., Spine 2001; Modic et al., Radiology 1988 (0: no change). An endplate is the disc's own: the
    upper one belongs to the vertebra above.
    """

    PFIRRMANN = "pfirrmann"
    NARROWING = "narrowing"
    BULGING = "bulging"
    HERNIATION = "herniation"
    SPONDYLOLISTHESIS = "spondylolisthesis"
    UPPER_ENDPLATE = "upper_endplate"
    LOWER_ENDPLATE = "lower_endplate"
    MODIC = "modic"
