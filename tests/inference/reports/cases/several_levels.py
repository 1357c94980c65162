# ruff: noqa: E501
"""Statements about several levels: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    (
        "At L3/4 and L4/5 there is moderate central canal stenosis with mild bilateral foraminal narrowing at L4/5.",
        "L34+L45 C=mod L45 F=mild",
    ),
    ("L4/5: severe canal stenosis. L5/S1: nil significant.", "L45 C=sev L51 C=n F=n"),
    ("Canal stenosis at L3/4 (moderate) and L4/5 (severe).", "L34 C=mod L45 C=sev"),
    ("Foraminal narrowing: L4/5 right moderate, left mild; L5/S1 bilateral severe.", "L45 Fr=mod Fl=mild L51 F=sev"),
    (
        "Impression:\n1. Moderate spinal stenosis at L4-L5.\n2. Mild left foraminal stenosis at L5-S1.\n3. No fracture.",
        "L45 C=mod L51 Fl=mild",
    ),
    (
        "L1-L2: Normal. L2-L3: Normal. L3-L4: Normal disc height. Canal and foramina widely patent.",
        "L12+L23 C=n F=n L34 C=n F=n",
    ),
    (
        "Remaining levels: no canal or foraminal stenosis.\nL4-5: moderate canal stenosis.",
        "L12+L23+L34+L51 C=n F=n L45 C=mod",
    ),
    ("No other significant stenosis. L4-5: severe canal stenosis.", "all C=n F=n L45 C=sev"),
    ("L4-5: moderate canal stenosis. No other canal stenosis.", "L45 C=mod L12+L23+L34+L51 C=n"),
    ("Elsewhere, no canal or foraminal stenosis.\nL4-5: mild canal stenosis.", "L12+L23+L34+L51 C=n F=n L45 C=mild"),
    (
        "Upper lumbar levels are unremarkable. L4-5: mild canal stenosis. L5-S1: mild canal stenosis. L3-4: mild canal stenosis.",
        "L12+L23 C=n F=n L34+L45+L51 C=mild",
    ),
    ("Lumbar spinal canal is of normal caliber. Neural foramina are normal.", "all C=n F=n"),
    ("The lumbar canal is capacious. No foraminal stenosis seen.", "all C=n F=n"),
    ("Right foraminal stenosis at L4-5 (moderate) and L5-S1 (mild).", "L45 Fr=mod L51 Fr=mild"),
    (
        "Moderate right L4-5, mild right L5-S1 and severe left L5-S1 neural foraminal stenosis.",
        "L45 Fr=mod L51 Fr=mild Fl=sev",
    ),
    ("L3-4 central canal 9 mm AP, mild stenosis. L4-5 central canal 6 mm AP, severe stenosis.", "L34 C=mild L45 C=sev"),
    (
        "Findings: There is no spondylolisthesis. The discs are normal. There is no central or foraminal stenosis.",
        "all C=n F=n",
    ),
    ("There is no central canal, lateral recess, or neural foraminal stenosis at any lumbar level.", "all C=n F=n R=n"),
    (
        "FINDINGS:\nL1-2 to L3-4: Unremarkable.\nL4-5: Mild bulge, mild canal stenosis.\nL5-S1: Unremarkable.",
        "L12+L23+L34+L51 C=n F=n L45 C=mild",
    ),
    (
        "Disc levels:\nL1-L2: No stenosis.\nL2-L3: No stenosis.\nL3-L4: Mild canal and moderate right foraminal stenosis.",
        "L12+L23 C=n F=n L34 C=mild Fr=mod",
    ),
    (
        "MRI LUMBAR SPINE\n\nFindings\nVertebral alignment normal.\n\nL4/5 disc: broad-based bulge, moderate canal stenosis.\nL5/S1 disc: small protrusion, no neural compression.\n\nConclusion\nModerate stenosis L4/5.",
        "L45 C=mod L51 F=n",
    ),
    (
        "At L2/L3, L3/L4 and L4/L5 levels, diffuse disc bulges are seen indenting the thecal sac. At L5/S1 level, there is a central protrusion compressing the thecal sac.",
        "L23+L34+L45 C=mild L51 C=p",
    ),
    (
        "Spinal canal diameters: L1-2 15 mm, L2-3 14 mm. Rest of the discs are normal. Spinal canal is normal.",
        "all C=n",
    ),
    ("The thecal sac and nerve roots are normal.", "all C=n F=n"),
    ("Both sacroiliac joints are normal. Neural foramina are normal at all levels.", "all F=n"),
    (
        "L4-L5\nDisc: bulge\nCanal: severe stenosis\nLateral recesses: moderate narrowing\nForamina: patent\n\nL5-S1\nDisc: normal\nCanal: patent\nLateral recesses: patent\nForamina: mild narrowing on the left",
        "L45 C=sev R=mod F=n L51 C=n R=n Fl=mild",
    ),
    (
        "Level: L4-L5\nCanal stenosis: moderate\nRight foraminal stenosis: mild\nLeft foraminal stenosis: severe",
        "L45 C=mod Fr=mild Fl=sev",
    ),
    ("Moderate central stenosis L3-4, severe L4-5.", "L34 C=mod L45 C=sev"),
    (
        "Multilevel spondylosis with moderate L3-4 and severe L4-5 central stenosis and severe bilateral L5-S1 foraminal stenosis.",
        "L34 C=mod L45 C=sev L51 F=sev",
    ),
    (
        "IMPRESSION: 1. L4-5 severe central stenosis. 2. L5-S1 moderate left foraminal narrowing. 3. L3-4 mild central stenosis.",
        "L45 C=sev L51 Fl=mod L34 C=mild",
    ),
    (
        "Impression:\n- Severe L4/5 canal stenosis, stable\n- Moderate L3/4 canal stenosis, progressed from mild",
        "L45 C=sev L34 C=mod",
    ),
    ("There is no cord compression. L4-5: mild canal stenosis.", "L45 C=mild"),
    (
        "L1-2 normal. L2-3 normal. L3-4 mild bulge, no stenosis. L4-5 moderate bulge with mild canal stenosis. L5-S1 normal.",
        "L12+L23+L51 C=n F=n L34 C=n F=n L45 C=mild",
    ),
    ("Mild canal stenosis at all lumbar levels.", "all C=mild"),
    (
        "L4-5 shows no significant canal or foraminal stenosis. L5-S1 shows moderate left foraminal stenosis with no canal stenosis.",
        "L45 C=n F=n L51 Fl=mod C=n",
    ),
    ("No evidence of lumbar canal stenosis.", "all C=n"),
    ("No significant canal stenosis or neural compromise at any of the levels.", "all C=n F=n"),
    ("Canal stenosis absent at all levels.", "all C=n"),
    ("Neural exit foramina appear normal.", "all F=n"),
    (
        "The L1-L2 and L2-L3 levels are normal. At L3-L4, there is mild narrowing of the canal. The L4-L5 level shows severe narrowing of the canal and moderate narrowing of both foramina. The L5-S1 level is unremarkable.",
        "L12+L23+L51 C=n F=n L34 C=mild L45 C=sev F=mod",
    ),
    (
        "No central canal stenosis at L1-2, L2-3 and L5-S1. Mild at L3-4. Severe at L4-5.",
        "L12+L23+L51 C=n L34 C=mild L45 C=sev",
    ),
    (
        "Central canal stenosis: None at L1-2 and L2-3; mild at L3-4; moderate at L4-5; none at L5-S1.",
        "L12+L23+L51 C=n L34 C=mild L45 C=mod",
    ),
    (
        "Foramina: Right: mild L3-4, moderate L4-5. Left: mild L4-5, severe L5-S1.",
        "L34 Fr=mild L45 Fr=mod Fl=mild L51 Fl=sev",
    ),
    (
        "L1/2: normal\nL2/3: normal\nL3/4: slight bulge, canal and foramina normal\nL4/5: bulge, canal slightly narrowed, foramina normal\nL5/S1: protrusion touching both S1 roots, foramina normal",
        "L12+L23 C=n F=n L34 C=n F=n L45 C=mild F=n L51 R=mild F=n",
    ),
    ("Spinal canal stenosis is noted at L3-4 (mild), L4-5 (severe) and L5-S1 (mild).", "L34+L51 C=mild L45 C=sev"),
    ("Severe spinal canal stenosis at L4-5 and moderate at L3-4.", "L45 C=sev L34 C=mod"),
    (
        "Canal: patent at all levels. Foramina: mild narrowing bilaterally at L4-5, otherwise patent.",
        "all C=n F=n L45 F=mild",
    ),
    ("The neural foramina are patent except for mild narrowing on the left at L5-S1.", "all F=n L51 Fl=mild"),
    ("No foraminal stenosis except mild on the right at L4-5.", "all F=n L45 Fr=mild"),
    ("The central canal is patent throughout apart from mild narrowing at L4/5.", "all C=n L45 C=mild"),
    (
        "L5/S1 right paracentral disc protrusion with compression of the right S1 nerve root; the remaining disc levels show no neural compromise.",
        "L51 Rr=p L12+L23+L34+L45 F=n",
    ),
    ("The other levels show no stenosis. L4/5: severe canal stenosis.", "L12+L23+L34+L51 C=n F=n L45 C=sev"),
    ("L4/5: severe canal stenosis. All other levels are normal.", "L45 C=sev L12+L23+L34+L51 C=n F=n"),
    ("L4/5: severe canal stenosis. No stenosis elsewhere.", "L45 C=sev L12+L23+L34+L51 C=n F=n"),
    ("Normal MRI of the lumbar spine.", "all C=n F=n"),
    ("Normal examination.", "all C=n F=n"),
    ("L2/3, L3/4 and L4/5: mild, moderate and severe canal stenosis respectively.", "L23 C=mild L34 C=mod L45 C=sev"),
    (
        "DISC LEVELS:\nL3-4: Broad bulge. Canal - mild stenosis. Foramina - mild bilateral stenosis.\nL4-5: Broad bulge. Canal - moderate stenosis. Foramina - moderate right and mild left stenosis.",
        "L34 C=mild F=mild L45 C=mod Fr=mod Fl=mild",
    ),
    ("L4-5 and L5-S1: mild and moderate canal stenosis, respectively.", "L45 C=mild L51 C=mod"),
    ("Mild and moderate foraminal stenosis at L3-4 and L4-5 respectively.", "L34 F=mild L45 F=mod"),
    (
        "MRI LUMBAR SPINE\n\nINDICATION: Left sciatica.\n\nThere is preservation of the lumbar lordosis. At L3-4 there is a shallow bulge without neural contact. At L4-5 a left paracentral protrusion effaces the left lateral recess and compresses the descending L5 root; moderate canal narrowing results. At L5-S1 facet hypertrophy narrows both foramina, severely on the left and moderately on the right.",
        "L34 F=n L45 Rl=p C=mod L51 Fl=sev Fr=mod",
    ),
    (
        "FINDINGS:\nL2-3: Mild facet hypertrophy. Otherwise unremarkable.\nL3-4: Mild disc bulge with no significant canal or foraminal stenosis.\nL4-5: Moderate disc bulge and facet arthrosis. There is moderate central canal stenosis, mild right and moderate left subarticular recess stenosis and mild bilateral foraminal stenosis.",
        "L34 C=n F=n L45 C=mod Rr=mild Rl=mod F=mild",
    ),
    (
        "LUMBAR SPINE MRI\nL4-5: central/left paracentral disc protrusion, 4 mm, abuts thecal sac and L L5 root.\nL5-S1: no HNP, stenosis or nerve root compression.",
        "L45 C=mild Rl=mild L51 C=n F=n",
    ),
    (
        "Degenerative change L4/5 with moderate central canal and severe bilateral lateral recess stenosis. L5/S1 mild left foraminal stenosis only.",
        "L45 C=mod R=sev L51 Fl=mild",
    ),
    (
        "Conclusion: multilevel degenerative change, with severe canal stenosis at L3/4 and L4/5, and bilateral L5/S1 foraminal narrowing which is moderate on the left.",
        "L34+L45 C=sev L51 Fl=mod Fr=p",
    ),
    ("L3/4 and L4/5 show moderate canal stenosis, and L2/3 shows mild stenosis.", "L34+L45 C=mod L23 C=mild"),
    ("Lumbar levels:\nT12/L1 to L2/3: no abnormality.\nL3/4: mild canal stenosis.\n", "T12+L12+L23 C=n F=n L34 C=mild"),
    (
        "1. L3-4: mild canal stenosis.\n2. L4-5: severe canal stenosis, moderate bilateral foraminal stenosis.\n3. L5-S1: no stenosis.",
        "L34 C=mild L45 C=sev F=mod L51 C=n F=n",
    ),
    (
        "IMPRESSION\nSevere multifactorial canal stenosis at L4-L5. Moderate at L3-L4. Mild at L2-L3.",
        "L45 C=sev L34 C=mod L23 C=mild",
    ),
    (
        "Moderate to severe canal stenosis at L3-L4 and L4-L5 with severe bilateral foraminal narrowing at L4-L5 and L5-S1.",
        "L34+L45 C=sev L45+L51 F=sev",
    ),
    (
        "THE SPINAL CANAL AND NEURAL FORAMINA ARE ADEQUATE AT L1-L2 THROUGH L4-L5. AT L5-S1 THERE IS MILD BILATERAL FORAMINAL STENOSIS.",
        "L12+L23+L34+L45 C=n F=n L51 F=mild",
    ),
    (
        "Lumbar MRI shows L4-5 stenosis, severe, and L5-S1 foraminal stenosis, moderate on the right.",
        "L45 C=sev L51 Fr=mod",
    ),
    (
        "Mild disc bulges are seen at L3-L4 and L4-L5 levels with no significant neural compression. At L5-S1 level, disc protrusion is seen compressing right S1 nerve root.",
        "L34+L45 F=n L51 Rr=p",
    ),
    (
        "EXAM: MRI LUMBAR SPINE\nFINDINGS: \nThe conus terminates at L1-2. There is mild degenerative disc disease.\n\nL3-L4: Mild bulge. Canal and foramina patent.\n\nL4-L5: Disc bulge eccentric to the left. Mild canal stenosis. Moderate left and mild right foraminal stenosis.\n\nL5-S1: Bilateral pars defects. Severe bilateral foraminal stenosis.\n\nVisualized abdomen: Normal caliber aorta. Left renal cyst.\n\nIMPRESSION:\n1. Severe bilateral L5-S1 foraminal stenosis.\n2. Moderate left L4-L5 foraminal stenosis.",
        "L34 C=n F=n L45 C=mild Fl=mod Fr=mild L51 F=sev",
    ),
    (
        "MRI of the lumbar spine\n\nL4/5: Moderate canal stenosis. Severe facet OA.\n\nOther: Normal aorta. Normal kidneys.\n",
        "L45 C=mod",
    ),
    (
        "MRI LUMBAR SPINE\nThe vertebral bodies are normal. The canal is normal in calibre. The facet joints are normal. No foraminal narrowing.",
        "all C=n F=n",
    ),
    (
        "* L3/4: canal adequate; foramina adequate\n* L4/5: canal mildly narrowed; right foramen moderately narrowed; left foramen adequate\n* L5/S1: canal adequate; foramina severely narrowed bilaterally",
        "L34 C=n F=n L45 C=mild Fr=mod Fl=n L51 C=n F=sev",
    ),
    ("   L3-L4   Mild canal stenosis.\n   L4-L5   Severe canal stenosis.", "L34 C=mild L45 C=sev"),
    (
        "L3-L4 Mild canal stenosis. L4-L5 Severe canal stenosis, moderate left foraminal stenosis.",
        "L34 C=mild L45 C=sev Fl=mod",
    ),
    ("L3/4 - mild canal stenosis, L4/5 - severe canal stenosis.", "L34 C=mild L45 C=sev"),
    ("(L4-5) moderate canal stenosis. (L5-S1) no canal stenosis.", "L45 C=mod L51 C=n"),
    ("L4-5 level.\nModerate canal stenosis.\nL5-S1 level.\nNo canal stenosis.", "L45 C=mod L51 C=n"),
    (
        "Findings at L4-5:\nModerate canal stenosis.\nFindings at L5-S1:\nNo canal stenosis. Mild foraminal stenosis on the right.",
        "L45 C=mod L51 C=n Fr=mild",
    ),
    ("At the L4-L5 level: severe central stenosis. At the L5-S1 level: no central stenosis.", "L45 C=sev L51 C=n"),
    ("Disc L4-L5: bulge with severe canal stenosis. Disc L5-S1: no canal stenosis.", "L45 C=sev L51 C=n"),
    ("L4-L5 disc: bulge with severe canal stenosis. L5-S1 disc: no canal stenosis.", "L45 C=sev L51 C=n"),
    (
        "SEGMENTAL ANALYSIS\nL4/L5\nBroad-based disc protrusion, moderate canal stenosis.\n\nL5/S1\nNo canal stenosis.",
        "L45 C=mod L51 C=n",
    ),
    (
        "CENTRAL CANAL STENOSIS:\nL1-L2: None\nL2-L3: None\nL3-L4: Mild\nL4-L5: Severe\nL5-S1: None\n\nFORAMINAL STENOSIS:\nL3-L4: Mild bilateral\nL4-L5: Moderate right, mild left\nL5-S1: None",
        "L12+L23+L51 C=n L34 C=mild F=mild L45 C=sev Fr=mod Fl=mild L51 F=n",
    ),
    (
        "Spinal canal:\n- L3-4: mild stenosis\n- L4-5: moderate stenosis\nNeural foramina:\n- L4-5: mild bilateral stenosis\n- L5-S1: moderate left stenosis",
        "L34 C=mild L45 C=mod F=mild L51 Fl=mod",
    ),
    (
        "L4-5: bulge\n   - canal: moderate stenosis\n   - right foramen: patent\n   - left foramen: mild stenosis\nL5-S1: bulge\n   - canal: patent\n   - foramina: patent",
        "L45 C=mod Fr=n Fl=mild L51 C=n F=n",
    ),
    (
        "FINDINGS: Alignment normal. Canal stenosis: moderate at L4-5, mild at L3-4. Foraminal stenosis: severe right L5-S1, mild left L4-5.",
        "L45 C=mod Fl=mild L34 C=mild L51 Fr=sev",
    ),
    ("Normal lumbar spine MRI. No canal or foraminal stenosis.", "all C=n F=n"),
    (
        "MRI LUMBAR SPINE\n\nNo focal disc protrusion. No canal or foraminal stenosis at any level. Conus normal at L1/2.\n\nCONCLUSION: Normal study.",
        "all C=n F=n",
    ),
    (
        "L3-L4, there is mild canal stenosis. L4-L5, there is moderate canal stenosis with mild bilateral foraminal narrowing.",
        "L34 C=mild L45 C=mod F=mild",
    ),
    (
        "Level L4/L5 - large central extrusion severely compressing the thecal sac, with cauda equina crowding; L5/S1 - no compromise of the canal.",
        "L45 C=sev L51 C=n",
    ),
    (
        "Comparison is made with the MRI of 2020. At L4-5, canal stenosis is now severe, previously moderate. At L5-S1, left foraminal stenosis is unchanged and mild.",
        "L45 C=sev L51 Fl=mild",
    ),
    ("Severe bilateral foraminal stenosis L5-S1, moderate L4-L5, mild L3-L4.", "L51 F=sev L45 F=mod L34 F=mild"),
    (
        "Bilateral foraminal narrowing at L3-L4 (mild), L4-L5 (moderate), and L5-S1 (severe).",
        "L34 F=mild L45 F=mod L51 F=sev",
    ),
    (
        "Mild bilateral foraminal narrowing at L3-L4, L4-L5, and moderate on the left at L5-S1.",
        "L34+L45 F=mild L51 Fl=mod",
    ),
    (
        "Degenerative disc disease L3-4 through L5-S1 without canal stenosis. Mild foraminal narrowing at L5-S1 bilaterally.",
        "L34+L45+L51 C=n L51 F=mild",
    ),
    ("No disc herniations. The neural foramina are widely patent. The central canal is not stenotic.", "all C=n F=n"),
    ("Multilevel facet arthropathy without significant foraminal stenosis.", "all F=n"),
    ("Mild multilevel disc bulging; no canal stenosis or nerve root compression.", "all C=n F=n"),
    ("L1-2 neg. L2-3 neg.", "L12+L23 C=n F=n"),
    (
        "At L5-S1 mild canal stenosis. No other significant disc protrusion, canal stenosis or nerve root compression is present.",
        "all C=n F=n L51 C=mild",
    ),
    ("Segment L1/2: inconspicuous.\nSegment L2/3: moderate spinal canal stenosis.", "L12 C=n F=n L23 C=mod"),
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
    (
        "Central canal: patent.\n\nForamina: Moderate right narrowing at L3/4. Severe left narrowing at L5/S1. No significant narrowing at the other levels.",
        "all C=n L34 Fr=mod L51 Fl=sev L12+L23+L45 F=n",
    ),
    ("L3/4: mild canal stenosis. The levels above L3/4 are unremarkable.", "L12+L23 C=n F=n L34 C=mild"),
    ("L4-L5\n- Bulging disc\n- Moderate canal stenosis\n\nL1-L2 and L2-L3\n- Normal", "L45 C=mod L12+L23 C=n F=n"),
]
