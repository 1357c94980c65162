"""Labels of what the product names: grades, sites, roles of series, steps of a reading, reasons for doubt."""

from __future__ import annotations

from inference.types import Grade, Role, Site, Step

GRADE_LABELS = {
    Grade.NORMAL: "Normal",
    Grade.MILD: "Mild",
    Grade.MODERATE: "Moderate",
    Grade.SEVERE: "Severe",
    Grade.NOT_ASSESSED: "Not assessed",
}
#: A site within a sentence.
SITE_NAMES = {
    Site.CANAL: "spinal canal",
    Site.RECESS_LEFT: "left lateral recess",
    Site.RECESS_RIGHT: "right lateral recess",
    Site.FORAMEN_LEFT: "left foramen",
    Site.FORAMEN_RIGHT: "right foramen",
}
#: A site by itself.
SITE_LABELS = {
    Site.CANAL: "Canal",
    Site.RECESS_LEFT: "Left recess",
    Site.RECESS_RIGHT: "Right recess",
    Site.FORAMEN_LEFT: "Left foramen",
    Site.FORAMEN_RIGHT: "Right foramen",
}
#: A site at the head of a narrow column.
SITE_COLUMNS = {
    Site.CANAL: "Canal",
    Site.RECESS_LEFT: "Recess L",
    Site.RECESS_RIGHT: "Recess R",
    Site.FORAMEN_LEFT: "Foramen L",
    Site.FORAMEN_RIGHT: "Foramen R",
}
ROLE_LABELS = {Role.SAGITTAL_T2: "Sagittal T2", Role.SAGITTAL_T1: "Sagittal T1", Role.AXIAL_T2: "Axial T2"}
STEP_LABELS = {
    Step.SERIES: "Choosing series",
    Step.SEGMENTING: "Segmenting",
    Step.LOCALISING: "Localising",
    Step.GRADING: "Grading",
    Step.DRAFTING: "Drafting",
}
#: Why a grade is uncertain, besides its probability, by the field of `LevelFinding` that says so.
DOUBTS = {
    "contradicted": "network and measurements two grades apart",
    "out_of_distribution": "on images unlike those it learnt from",
}


def grade_word(grade: str) -> str:
    """``not assessed``: a grade within a sentence. Raises ValueError for what is no grade."""
    return GRADE_LABELS[Grade(grade)].lower()


def role_word(role: str) -> str:
    """``sagittal T2``: a role within a sentence. Raises ValueError for what is no role."""
    label = ROLE_LABELS[Role(role)]
    return label[0].lower() + label[1:]
