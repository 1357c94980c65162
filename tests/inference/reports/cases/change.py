# ruff: noqa: E501
"""Change against a prior study: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-5: canal stenosis has progressed from mild to severe.", "L45 C=sev"),
    ("L4-5: previously severe canal stenosis is now moderate.", "L45 C=mod"),
    ("L4-5: unchanged moderate canal stenosis.", "L45 C=mod"),
    ("L4-5: canal stenosis, previously mild, now moderate.", "L45 C=mod"),
]
