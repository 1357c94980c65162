# ruff: noqa: E501
"""Sections that are read and that are not: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("HISTORY: severe canal stenosis at L4-5.\nFINDINGS: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("TECHNIQUE: MRI for canal stenosis at L4-5.\n\nFINDINGS: L5-S1: mild canal stenosis.", "L51 C=mild"),
    ("COMPARISON: 2019, severe stenosis of the canal at L4-5.\nFINDINGS: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("CERVICAL SPINE: no canal stenosis.\nLUMBAR SPINE: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("Central canal: moderate stenosis at L4-5. Otherwise patent.", "all C=n L45 C=mod"),
    ("L4-5:\nCanal: moderate stenosis.\nRight foramen: mild.\nLeft foramen: normal.", "L45 C=mod Fr=mild Fl=n"),
    ("L4-L5: Canal: mild. Foramina: severe right, moderate left.", "L45 C=mild Fr=sev Fl=mod"),
]
