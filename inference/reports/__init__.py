"""Free-text lumbar MRI reports -> level-by-level labels (docs/labels.md)."""

from inference.reports.extract import extract
from inference.reports.outside.check import Contradiction, check_against
from inference.reports.outside.training_table import PresentAs, Row, UnmentionedAs, training_table
from inference.reports.types import (
    DiscFinding,
    Grade,
    Label,
    Measured,
    Observation,
    ReportLabels,
    Span,
    Unclear,
)

__all__ = [
    "Contradiction",
    "DiscFinding",
    "Grade",
    "Label",
    "Measured",
    "Observation",
    "PresentAs",
    "ReportLabels",
    "Row",
    "Span",
    "Unclear",
    "UnmentionedAs",
    "check_against",
    "extract",
    "training_table",
]
