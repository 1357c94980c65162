# ruff: noqa: E501
"""Two statements about one site: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-5: canal narrowing.\nIMPRESSION: Severe canal stenosis at L4-5.", "L45 C=sev"),
    ("L4-5: severe canal stenosis.\nIMPRESSION: Moderate canal stenosis at L4-5.", "L45 C=sev"),
]
