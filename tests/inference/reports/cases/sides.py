"""Left, right and both: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
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
]
