# ruff: noqa: E501
"""Which words name canal, foramen and recess: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
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
]
