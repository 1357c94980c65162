# ruff: noqa: E501
"""How a level is named, and which one a statement belongs to: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4/5: moderate canal stenosis.", "L45 C=mod"),
    ("L45 level shows severe canal stenosis.", "L45 C=sev"),
    ("L5S1: mild canal narrowing.", "L51 C=mild"),
    ("L5/1: mild canal narrowing.", "L51 C=mild"),
    ("D12/L1: central disc protrusion indenting the thecal sac.", "T12 C=mild"),
    ("Mild canal stenosis at L2-3, 3-4 and 4-5.", "L23+L34+L45 C=mild"),
    ("Mild canal stenosis from L2 to L5.", "L23+L34+L45 C=mild"),
    ("Moderate canal stenosis is seen at L3-S1.", "L34+L45+L51 C=mod"),
    ("L3/4/5: mild bilateral foraminal narrowing.", "L34+L45 F=mild"),
    ("L1-2 through L3-4: no canal stenosis.", "L12+L23+L34 C=n"),
    ("L5-L6: severe canal stenosis. L6-S1: mild canal stenosis.", ""),
    ("S1-S2: canal narrowing.", ""),
    ("C5-6: moderate canal stenosis. T7-8: mild canal stenosis.", ""),
    ("There is a broad-based bulge at L4-5. At this level the canal is moderately narrowed.", "L45 C=mod"),
    ("Grade 1 anterolisthesis of L4 on L5 causing severe canal stenosis.", "L45 C=sev"),
    ("Mild stenosis of the spinal canal at the lumbosacral junction.", "L51 C=mild"),
    ("Diffuse bulge at L4-5, compressing the sac, and to a lesser degree at L3-4.", "L34+L45 C=p"),
    ("Multilevel bulges mainly at L4-5, compressing the thecal sac.", "L45 C=p"),
    ("Multilevel bulges compressing the thecal sac.", ""),
    ("Mild canal stenosis at L3-4, moderate at L4-5.", "L34 C=mild L45 C=mod"),
    ("Canal stenosis: mild at L2-3, moderate at L3-4 and severe at L4-5.", "L23 C=mild L34 C=mod L45 C=sev"),
    ("At L3-4 there is mild and at L4-5 moderate central canal stenosis.", "L34 C=mild L45 C=mod"),
    ("Moderate L3-4 and severe L4-5 canal stenosis.", "L34 C=mod L45 C=sev"),
    ("Severe L4-5 central canal stenosis and moderate right L5-S1 foraminal stenosis.", "L45 C=sev L51 Fr=mod"),
    ("The conus ends at L1-2. No canal stenosis.", "all C=n"),
]
