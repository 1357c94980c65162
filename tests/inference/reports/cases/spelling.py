"""Misspelt words: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    (
        "Diffuse disc bulge at L4/L5 levle, mildy compresing the thecl sac and encroching exit nueral canals.",
        "L45 C=mild F=p",
    ),
    ("Rt paracentral protrution at L5/S1 copmressing the tehcal sac.", "L51 C=p"),
]
