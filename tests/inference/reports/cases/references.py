# ruff: noqa: E501
"""What a pronoun, a clause or a list refers to: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4/5: The left foramen is mildly narrowed; that on the right is preserved.", "L45 Fl=mild Fr=n"),
    ("L2-3: Mild b/l neural foraminal stenosis.", "L23 F=mild"),
    (
        "The canal is capacious throughout, apart from L5/S1 where a protrusion slightly narrows it.",
        "L12+L23+L34+L45 C=n L51 C=mild",
    ),
    ("L4-5: A left facet cyst projects into the foramen and compresses it.", "L45 Fl=p"),
    ("L5-S1: A protrusion touches the left S1 root in its recess, without displacing it.", "L51 Rl=mild"),
    ("L4-5: Mild canal stenosis.\n\nCord and conus: normal.", "L45 C=mild"),
    ("L3-4: Mild canal stenosis.\n\nConus: normal.", "L34 C=mild"),
    ("L3-4: Mild canal stenosis, not significantly changed, and mild right foraminal stenosis.", "L34 C=mild Fr=mild"),
    (
        "L4/5: a bulge that is more prominent on the left, where it narrows the lateral recess to a moderate degree.",
        "L45 Rl=mod",
    ),
    ("L4-5: On the right there is a foraminal protrusion with moderate foraminal narrowing.", "L45 Fr=mod"),
    ("L5/S1 disc is preserved. No canal stenosis at this level or at L1/2 or L2/3.", "L51+L12+L23 C=n"),
    ("L4-5: mild impression on the ventral aspect of the thecal sac.", "L45 C=mild"),
    ("L4/5: fused. L5/S1 and the levels above are without canal stenosis.", "L12+L23+L34 C=n L51 C=n"),
    (
        "Foraminal stenosis is present at L3/4 on the left (mild) and at L4/5 bilaterally (moderate).",
        "L34 Fl=mild L45 F=mod",
    ),
    ("L5-S1: L foraminal stenosis is moderate and R foraminal stenosis is severe.", "L51 Fl=mod Fr=sev"),
    ("L4-5: marked reduction of the left neural foramen.", "L45 Fl=sev"),
    ("L5-S1: bulge which mildly reduces the amplitude of the neural foramina.", "L51 F=mild"),
    (
        "L3-4: Moderate canal stenosis. Canal with normal dimensions at the other levels.",
        "L12+L23+L45+L51 C=n L34 C=mod",
    ),
    (
        "L5-S1: Canal patent. Mild bilateral foraminal stenosis.\n\nIMPRESSION: Lesser stenosis at L5-S1.",
        "L51 C=n F=mild",
    ),
    ("L4-5: A left foraminal tear and protrusion abut the exiting root.", "L45 Fl=mild"),
    ("L5-S1: The left recess was severely narrowed previously and is now moderately narrowed.", "L51 Rl=mod"),
    ("L4-5: The right foramen is slightly narrowed, the left is of normal width.", "L45 Fr=mild Fl=n"),
    ("The two upper lumbar levels, L1/2 and L2/3, are normal.", "L12+L23 C=n F=n"),
    (
        "L3-4: Bulge. The remaining segments show no prolapse, no narrowing of the canal and no narrowing of the foramina.",
        "L12+L23+L45+L51 C=n F=n",
    ),
    ("L5-S1: The canal is fine.", "L51 C=n"),
    ("L3/4: Canal: moderately stenosed (Schizas C).", "L34 C=mod"),
    ("L4/5: The left foramen is moderately narrowed; the opposite foramen is mildly narrowed.", "L45 Fl=mod Fr=mild"),
    ("L3-4: Right hernia with severe stenosis of the homolateral foramen.", "L34 Fr=sev"),
    (
        "L4-5: Mild canal stenosis. Remaining intervertebral spaces without compromise of the canal or foramina.",
        "L12+L23+L34+L51 C=n F=n L45 C=mild",
    ),
    ("L5/S1 canal: adequate.", "L51 C=n"),
    ("L4/5: Severe canal stenosis. Foramina not adequately assessed.", "L45 C=sev"),
    ("At L5-S1 foraminal narrowing, which on the left is moderate.", "L51 Fl=mod"),
    (
        "Left L4 root compromised in the L4/5 foramen and right L5 root compressed in the L4/5 lateral recess.",
        "L45 Fl=p Rr=p",
    ),
    ("L1/2 and L2/3 are without pathological findings.", "L12+L23 C=n F=n"),
    (
        "Foraminal narrowing from above downwards: none at L1-L2, mild at L3-L4 and severe at L5-S1, bilateral.",
        "L12 F=n L34 F=mild L51 F=sev",
    ),
]
