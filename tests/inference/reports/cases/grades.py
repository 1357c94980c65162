# ruff: noqa: E501
"""Grade words, ranges of grades, and a compromise without one: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-5: mild to moderate canal stenosis.", "L45 C=mod"),
    ("L4-5: moderate-severe canal stenosis.", "L45 C=sev"),
    ("L4-5: mild/moderate canal stenosis.", "L45 C=mod"),
    ("L4-5: high-grade canal stenosis.", "L45 C=sev"),
    ("L4-5: high grade canal stenosis.", "L45 C=sev"),
    ("L4-5: critical canal stenosis.", "L45 C=sev"),
    ("L4-5: borderline canal stenosis.", "L45 C=mild"),
    ("L4-5: trace foraminal narrowing.", "L45 F=mild"),
    ("L4-5: canal stenosis, moderate.", "L45 C=mod"),
    ("L4-5: stenosis of the canal is moderate in degree.", "L45 C=mod"),
    ("L4-5: possible mild left foraminal narrowing.", "L45 Fl=mild"),
    ("L4-5: disc may contact the traversing left L5 root.", "L45 Rl=mild"),
    ("L4-5: canal AP diameter 9 mm.", ""),
    ("L4-5: mildly compressing the sac and encroaching the exit canals.", "L45 C=mild F=p"),
    ("L4-5: mildly compressing the sac and both exit nerve roots.", "L45 C=mild F=mild"),
    ("L4-5: mild canal stenosis with severe foraminal stenosis bilaterally.", "L45 C=mild F=sev"),
]
