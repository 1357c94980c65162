# ruff: noqa: E501
"""Headings, list numbers and tables: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-L5 [disc level]: Moderate canal stenosis.", "L45 C=mod"),
    ("**L4-L5**: Moderate canal stenosis.\n**L5-S1**: No canal stenosis.", "L45 C=mod L51 C=n"),
    ("# L4-L5\nModerate canal stenosis.\n# L5-S1\nNo canal stenosis.", "L45 C=mod L51 C=n"),
    ("Level L4-L5\nSpinal canal: moderate stenosis\nForamina: patent", "L45 C=mod F=n"),
    (
        "L4-L5\n  Canal - moderate\n  Right foramen - mild\n  Left foramen - normal\nL5-S1\n  Canal - normal",
        "L45 C=mod Fr=mild Fl=n L51 C=n",
    ),
    ("1. L4/5: moderate canal stenosis.\n2. L5/S1: mild right foraminal stenosis.", "L45 C=mod L51 Fr=mild"),
    ("a) L4/5: moderate canal stenosis.\nb) L5/S1: mild right foraminal stenosis.", "L45 C=mod L51 Fr=mild"),
    ("L4-5 - bulge, moderate canal stenosis; L5-S1 - bulge, no stenosis.", "L45 C=mod L51 C=n F=n"),
    ("L4/5 disc: Bulge. Moderate canal stenosis.\nL5/S1 disc: Bulge. Patent canal.", "L45 C=mod L51 C=n"),
    ("Disc L4/5: Bulge. Moderate canal stenosis.\nDisc L5/S1: Bulge. Patent canal.", "L45 C=mod L51 C=n"),
    ("L4-5 intervertebral disc level: moderate canal stenosis.", "L45 C=mod"),
    ("At the level of L4-5: moderate canal stenosis. Foramina are patent.", "L45 C=mod F=n"),
    ("At the L4-5 disc level, there is moderate canal stenosis. Foramina are patent.", "L45 C=mod F=n"),
    (
        "L4-L5 level, moderate canal stenosis is seen. L5-S1 level, mild right foraminal narrowing.",
        "L45 C=mod L51 Fr=mild",
    ),
    ("L4-L5 motion segment: moderate canal stenosis.", "L45 C=mod"),
    (
        "SPINAL CANAL AND NEURAL FORAMINA:\nL3-4: No stenosis.\nL4-5: Moderate canal stenosis. Mild bilateral foraminal stenosis.",
        "L34 C=n F=n L45 C=mod F=mild",
    ),
    (
        "Central canal:\n- L3-4: mild\n- L4-5: severe\nNeural foramina:\n- L4-5: moderate right, mild left\n- L5-S1: mild bilateral",
        "L34 C=mild L45 C=sev Fr=mod Fl=mild L51 F=mild",
    ),
    (
        "Canal stenosis: L3-4 mild, L4-5 severe. Foraminal stenosis: L5-S1 moderate bilateral.",
        "L34 C=mild L45 C=sev L51 F=mod",
    ),
    ("Foraminal stenosis:\nRight: mild L4-5, moderate L5-S1\nLeft: mild L5-S1", "L45 Fr=mild L51 Fr=mod Fl=mild"),
    ("SIGNIFICANT FINDINGS BY LEVEL:\nL4-5: severe canal stenosis.", "L45 C=sev"),
    ("KEY IMAGES: series 5.\nL4-5: severe canal stenosis.", "L45 C=sev"),
    ("CLINICAL INDICATION: Radiculopathy, severe stenosis L4-5?\nFINDINGS: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("Relevant history: prior severe canal stenosis at L4-5.\n\nFindings: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("Compared with 2019, severe canal stenosis at L4-5 is unchanged.", "L45 C=sev"),
]
