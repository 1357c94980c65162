"""Report texts written for these tests, with what the guideline makes of them.

A label table is written short: ``L45 C=mod Fl=mild R=sev`` where C is the
canal, F and R foramen and recess (l, r; without a side: both), and the levels
T12, L12, L23, L34, L45, L51 (``all`` is L1-L2 to L5-S1).
"""

from __future__ import annotations

LEVELS = {"T12": "T12-L1", "L12": "L1-L2", "L23": "L2-L3", "L34": "L3-L4", "L45": "L4-L5", "L51": "L5-S1"}
GRADES = {"n": "normal", "p": "present", "mild": "mild", "mod": "moderate", "sev": "severe"}
SITES = {"C": ["canal"], "F": ["foramen_left", "foramen_right"], "R": ["recess_left", "recess_right"]}
SITES |= {"Fl": ["foramen_left"], "Fr": ["foramen_right"], "Rl": ["recess_left"], "Rr": ["recess_right"]}


def table(short: str) -> dict[str, dict[str, str]]:
    """The short form as ``{level: {site: grade}}``; later entries overwrite."""
    rows: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for word in short.split():
        if "=" not in word:
            names = list(LEVELS.values())[1:] if word == "all" else [LEVELS[one] for one in word.split("+")]
            continue
        site, grade = word.split("=")
        for name in names:
            for one in SITES[site]:
                rows.setdefault(name, {})[one] = GRADES[grade]
    return {level: row for level in LEVELS.values() if (row := rows.get(level))}


STATEMENTS: list[tuple[str, str]] = [
    # levels
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
    # sites
    ("L4-5: crowding of the cauda equina.", "L45 C=p"),
    ("L4-5: effacement of the ventral CSF space.", "L45 C=mild"),
    ("L4-5: complete effacement of the thecal sac.", "L45 C=sev"),
    ("L4-5: bulge encroaching both neural canals.", "L45 F=p"),
    ("L4-5: compression of the exiting right L4 nerve root.", "L45 Fr=p"),
    ("L4-5: compression of the right L5 nerve root.", "L45 Rr=p"),
    ("L5-S1: left paracentral protrusion displacing the left S1 root.", "L51 Rl=mild"),
    ("L5-S1: protrusion compresses the left L5 root.", "L51 Fl=p"),
    ("L5-S1: left protrusion abutting the traversing nerve root.", "L51 Rl=mild"),
    ("L4-5: severe bilateral subarticular stenosis.", "L45 R=sev"),
    ("L4-5: moderate right subarticular zone stenosis.", "L45 Rr=mod"),
    ("L4-5: moderate bilateral lateral recess and foraminal stenosis.", "L45 R=mod F=mod"),
    ("L4-5: left foraminal disc protrusion.", ""),
    ("L4-5: disc bulge extending into both foramina.", ""),
    ("L4-5: protrusion extending to the left lateral recess.", ""),
    ("L4-5: severe facet arthropathy and moderate ligamentum flavum hypertrophy.", ""),
    ("L4-5: moderate disc space narrowing.", ""),
    ("L4-5: severely narrowed disc space with a mildly narrowed canal.", "L45 C=mild"),
    ("L4-5: bilateral nerve root compression.", "L45 F=p"),
    ("L4-5: the spinal canal and both neural foramina are narrowed.", "L45 C=p F=p"),
    # sides
    ("L4-5: Rt exit canal is moderately narrowed, Lt exit canal is mildly narrowed.", "L45 Fr=mod Fl=mild"),
    ("L4-5: mild right and moderate left foraminal stenosis.", "L45 Fr=mild Fl=mod"),
    ("L4-5: foraminal stenosis, severe on the right and mild on the left.", "L45 Fr=sev Fl=mild"),
    ("L4-5: mild left, moderate right neural foraminal narrowing.", "L45 Fl=mild Fr=mod"),
    ("L4-5: moderate foraminal narrowing, left worse than right.", "L45 F=mod"),
    ("L4-5: moderate foraminal narrowing, right > left.", "L45 F=mod"),
    ("L4-5: moderate foraminal narrowing bilaterally.", "L45 F=mod"),
    ("L4-5: narrowing of the foramen on the left.", "L45 Fl=p"),
    ("L4-5: left posterolateral protrusion compressing the exit canal.", "L45 Fl=p"),
    ("L4-5: diffuse bulge compressing the exit canal.", "L45 F=p"),
    ("L4-5: bulge more to the left, compressing the sac and exit canals.", "L45 C=p F=p"),
    ("L4-5: moderate left neural foraminal stenosis. Right neural foramen is patent.", "L45 Fl=mod Fr=n"),
    ("L5-S1: right greater than left moderate neural foraminal stenosis.", "L51 F=mod"),
    ("L4-5: the left foramen is severely and the right mildly narrowed.", "L45 Fl=sev Fr=mild"),
    ("L4-5: no right foraminal stenosis. Mild left.", "L45 Fr=n Fl=mild"),
    ("L4-5: R foraminal stenosis is severe, L is mild.", "L45 Fr=sev Fl=mild"),
    # grades
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
    # change
    ("L4-5: canal stenosis has progressed from mild to severe.", "L45 C=sev"),
    ("L4-5: previously severe canal stenosis is now moderate.", "L45 C=mod"),
    ("L4-5: unchanged moderate canal stenosis.", "L45 C=mod"),
    ("L4-5: canal stenosis, previously mild, now moderate.", "L45 C=mod"),
    # negation
    ("L4-5: no canal or foraminal stenosis.", "L45 C=n F=n"),
    ("L4-5: no canal, lateral recess or foraminal stenosis.", "L45 C=n R=n F=n"),
    ("L4-5: no disc herniation, canal stenosis or foraminal narrowing.", "L45 C=n F=n"),
    ("L4-5: no disc herniation.", ""),
    ("L4-5: no significant stenosis.", "L45 C=n F=n"),
    ("L4-5: no spinal stenosis.", "L45 C=n"),
    ("L4-5: no neural impingement.", "L45 F=n"),
    ("L4-5: no high-grade stenosis.", ""),
    ("L4-5: no more than mild canal stenosis.", "L45 C=mild"),
    ("L4-5: without canal stenosis but with mild foraminal narrowing.", "L45 C=n F=mild"),
    ("L4-5: canal stenosis is not seen.", "L45 C=n"),
    ("L4-5: canal and foramina are patent.", "L45 C=n F=n"),
    ("L4-5: neither canal nor foraminal stenosis.", "L45 C=n F=n"),
    ("L4-5: the foramina cannot be assessed. Canal patent.", "L45 C=n"),
    ("L4-5: Spinal canal not assessed; right foramen not assessed.", ""),
    ("L4-5: the canal cannot be assessed; the left foramen is patent.", "L45 Fl=n"),
    ("L4-5: the canal is decompressed.", "L45 C=n"),
    ("L4-5: normal.", "L45 C=n F=n"),
    ("L4-5: unremarkable.", "L45 C=n F=n"),
    ("L4-5: no significant abnormality.", "L45 C=n F=n"),
    ("L4-5: normal disc.", ""),
    ("L4-5: bulge not compressing the thecal sac.", "L45 C=n"),
    ("No canal stenosis at any level.", "all C=n"),
    ("L4-5: moderate canal stenosis.\n\nNo foraminal stenosis at any level.", "L45 C=mod all F=n"),
    ("L4-5: moderate canal stenosis. Remaining levels are unremarkable.", "L12+L23+L34+L51 C=n F=n L45 C=mod"),
    ("L4-5: moderate left foraminal stenosis.\n\nNo other foraminal narrowing.", "all F=n L45 Fl=mod Fr=n"),
    ("Mild bulge at L5-S1.\nNo significant thecal sac or nerve root compression.", "all C=n F=n"),
    ("L5-S1 bulge abutting the sac.\nAdequate spinal canal.", "all C=n L51 C=mild"),
    ("No nerve root compression.", "all F=n"),
    ("No traversing nerve root compression at L4-5.", "L45 R=n"),
    # said twice
    ("L4-5: canal narrowing.\nIMPRESSION: Severe canal stenosis at L4-5.", "L45 C=sev"),
    ("L4-5: severe canal stenosis.\nIMPRESSION: Moderate canal stenosis at L4-5.", "L45 C=sev"),
    # sections
    ("HISTORY: severe canal stenosis at L4-5.\nFINDINGS: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("TECHNIQUE: MRI for canal stenosis at L4-5.\n\nFINDINGS: L5-S1: mild canal stenosis.", "L51 C=mild"),
    ("COMPARISON: 2019, severe stenosis of the canal at L4-5.\nFINDINGS: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("CERVICAL SPINE: no canal stenosis.\nLUMBAR SPINE: L4-5: mild canal stenosis.", "L45 C=mild"),
    ("Central canal: moderate stenosis at L4-5. Otherwise patent.", "all C=n L45 C=mod"),
    ("L4-5:\nCanal: moderate stenosis.\nRight foramen: mild.\nLeft foramen: normal.", "L45 C=mod Fr=mild Fl=n"),
    ("L4-L5: Canal: mild. Foramina: severe right, moderate left.", "L45 C=mild Fr=sev Fl=mod"),
    # misspelt
    ("Diffuse disc bulge at L4/L5 levle, mildy compresing the thecl sac and encroching exit nueral canals.",
     "L45 C=mild F=p"),
    ("Rt paracentral protrution at L5/S1 copmressing the tehcal sac.", "L51 C=p"),
]  # fmt: skip
