# ruff: noqa: E501
"""Words that several sites or levels share: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-5: mild canal stenosis. L5-S1: bulge. No foraminal narrowing at either level.", "L45 C=mild F=n L51 F=n"),
    (
        "At L3-4 there is a bulge. At L4-5 there is a bulge. There is moderate canal stenosis at both levels.",
        "L34+L45 C=mod",
    ),
    ("Mild canal narrowing at the lower three levels.", "L34+L45+L51 C=mild"),
    ("The two lowest discs are dehydrated. Mild canal stenosis at these levels.", "L45+L51 C=mild"),
    ("The upper three discs are normal.", ""),
    ("Canal stenosis at L3-4 and L4-5, both severe.", "L34+L45 C=sev"),
    ("Severe foraminal stenosis on the right at L3-4 and on the left at L5-S1.", "L34 Fr=sev L51 Fl=sev"),
    ("L4-5: Mild bilateral neural for aminal narrowing.", "L45 F=mild"),
    ("L4-5: Moderate fora-\nminal narrowing on the left.", "L45 Fl=mod"),
    (
        "At L4/5 there is a bulge with mild canal narrowing. Exit foramina at this level: mild narrowing bilaterally.",
        "L45 C=mild F=mild",
    ),
    ("L4-5: displaces and compresses the left L5 root.", "L45 Rl=p"),
    ("L4-5: contacts but does not compress the traversing left root.", "L45 Rl=mild"),
    ("L4-5: The bulge contacts the exiting and traversing left nerve roots.", "L45 Fl=mild Rl=mild"),
    ("L4-5: The canal is tight.", "L45 C=p"),
    ("L4-5: Tight canal stenosis.", "L45 C=sev"),
    ("L4-5: No cord compression.", ""),
    ("L4-5: The canal and foramina are not affected.", "L45 C=n F=n"),
    ("Moderate foraminal stenosis, left more than right, at L4-5, and mild at L3-4.", "L45 F=mod L34 F=mild"),
    (
        "Foraminal stenosis: bilateral and mild at L3-4; severe on the left and moderate on the right at L5-S1.",
        "L34 F=mild L51 Fl=sev Fr=mod",
    ),
    ("L4/5: The canal is patent at this level, as is the right foramen.", "L45 C=n Fr=n"),
    ("L4-5: Mild left foraminal stenosis.\n\nIMPRESSION: Foraminal stenosis at L4-5 as detailed above.", "L45 Fl=mild"),
    (
        "Upper levels, seen in the sagittal plane: L1-2 and L2-3 canal patent. L3-4: Mild canal stenosis.",
        "L12+L23 C=n L34 C=mild",
    ),
]
