# ruff: noqa: E501
"""Statements after misses on reports that were written before the reader was looked at; see cases.py."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    ("L4-L5: The right foramen is moderately narrowed and the left severely so.", "L45 Fr=mod Fl=sev"),
    ("L3-L4: The left recess is mildly narrowed, the right moderately so.", "L34 Rl=mild Rr=mod"),
    ("L1-2 neg. L2-3 neg.", "L12+L23 C=n F=n"),
    ("L4-5: mild R and mod L NF narrowing.", "L45 Fr=mild Fl=mod"),
    ("L4-5: mod L, mild R NF narrowing.", "L45 Fl=mod Fr=mild"),
    ("L5-S1: broad-based protrusion with moderate stenosis of the intervertebral foramina.", "L51 F=mod"),
    ("L2-L3: no stenosis of the spinal canal or the intervertebral foramina.", "L23 C=n F=n"),
    ("L2-L3: no narrowing of the intervertebral disc space. The canal is patent.", "L23 C=n"),
    ("L4-L5: left foraminal herniation in contact with the left L4 root in its foramen.", "L45 Fl=mild"),
    ("L5-S1: the protrusion makes contact with the right S1 root.", "L51 Rr=mild"),
    (
        "At L5-S1 mild canal stenosis. No other significant disc protrusion, canal stenosis or nerve root compression is present.",
        "all C=n F=n L51 C=mild",
    ),
    ("L4-L5: mild canal stenosis. Surgical opinion is suggested as severe canal stenosis may develop.", "L45 C=mild"),
    ("STUDY REVEALS:\n\nAT L4-L5 LEVEL, DISC BULGE CAUSING MODERATE CANAL STENOSIS.", "L45 C=mod"),
    ("Segment L1/2: inconspicuous.\nSegment L2/3: moderate spinal canal stenosis.", "L12 C=n F=n L23 C=mod"),
    (
        "L5-S1: No SCS. Mild NFS.\n\nSCS = spinal canal stenosis; NFS = neural foraminal stenosis",
        "L51 C=n F=mild",
    ),
    (
        "Comparison is made to the prior study, when a protrusion at L4-5 was present with moderate canal stenosis. At L4-5 there is mild canal stenosis.",
        "L45 C=mild",
    ),
    ("L4-L5: mild central and moderate bilateral lateral recess stenosis.", "L45 C=mild R=mod"),
    ("Foraminal narrowing is greatest at L5-S1 on the right, moderate to severe.", "L51 Fl=p Fr=sev"),
    ("L5-S1: The foramen on the right is slightly narrowed, on the left free.", "L51 Fr=mild Fl=n"),
    (
        "Foramina: moderate stenosis on the left at L5/S1 and on the right at L4/5. The others are normal.",
        "all F=n L51 Fl=mod L45 Fr=mod",
    ),
    ("Foraminal stenosis is severe at L5/S1 on the left and at L4/5 on the right.", "L51 Fl=sev L45 Fr=sev"),
    ("Mild foraminal stenosis on the left at L3/4 and on the right at L4/5.", "L34 Fl=mild L45 Fr=mild"),
    (
        "L3-4: the canal is mildly narrowed. At L4-5 it is moderately narrowed by facet hypertrophy.",
        "L34 C=mild L45 C=mod",
    ),
    (
        "L4/5: mild canal stenosis. The discs above this are normal, with no neural compromise.",
        "L12+L23+L34 F=n L45 C=mild",
    ),
    ("The L1-2 and L2-3 levels are negative for stenosis.", "L12+L23 C=n F=n"),
    (
        "Moderate foraminal stenosis at L4/5 and L5/S1. Mild spinal stenosis at L2/3. No significant foraminal stenosis elsewhere.",
        "all F=n L45+L51 F=mod L23 C=mild",
    ),
    ("L1/2 is normal. L2/3 and L3/4 disc bulges with mild canal stenosis at each level.", "L12 C=n F=n L23+L34 C=mild"),
    ("rt L5-S1 extrusion w/ severe S1 nerve root compression", "L51 Rr=sev"),
    ("Bilateral neural foramina at L2-L3 are infiltrated and moderately narrowed.", "L23 F=mod"),
    (
        "L4-5: Canal: moderate stenosis. Subarticular zones: severe on the left, mild on the right.",
        "L45 C=mod Rl=sev Rr=mild",
    ),
    ("L3-L4: annular bulging with slight reduction of the amplitude of the neural foramina.", "L34 F=mild"),
    ("L3-L4: moderate reduction of disc height. The canal is patent.", "L34 C=n"),
    (
        "Central canal: patent.\n\nForamina: Moderate right narrowing at L3/4. Severe left narrowing at L5/S1. No significant narrowing at the other levels.",
        "all C=n L34 Fr=mod L51 Fl=sev L12+L23+L45 F=n",
    ),
    ("L3/4: mild canal stenosis. The levels above L3/4 are unremarkable.", "L12+L23 C=n F=n L34 C=mild"),
    ("L4-L5\n- Bulging disc\n- Moderate canal stenosis\n\nL1-L2 and L2-L3\n- Normal", "L45 C=mod L12+L23 C=n F=n"),
    ("L4-L5: The previously compressed left L5 root is now free.", "L45 Rl=n"),
]
