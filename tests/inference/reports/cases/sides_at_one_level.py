# ruff: noqa: E501
"""Statements about one level whose sides differ: report texts, with what the guideline makes of them (`tests.inference.reports.tables`)."""

from __future__ import annotations

STATEMENTS: list[tuple[str, str]] = [
    (
        "L4-L5: There is a 4 mm broad-based disc bulge. There is moderate facet hypertrophy. There is severe spinal canal stenosis. There is moderate to severe left and moderate right neural foraminal stenosis.",
        "L45 C=sev Fl=sev Fr=mod",
    ),
    (
        "L4-L5: Spinal canal: Moderate stenosis. Lateral recesses: severe bilateral stenosis. Neural foramina: mild right, none left.",
        "L45 C=mod R=sev Fr=mild Fl=n",
    ),
    (
        "L3-L4: No disc herniation. Central canal: None. Right foramen: None. Left foramen: Mild.",
        "L34 C=n Fr=n Fl=mild",
    ),
    (
        "L4-L5: Disc bulge and facet hypertrophy result in moderate central canal stenosis, severe left lateral recess stenosis, and mild bilateral neural foraminal narrowing.",
        "L45 C=mod Rl=sev F=mild",
    ),
    (
        "The L4/5 disc shows a right paracentral protrusion which compresses the descending right L5 nerve root in the lateral recess. No foraminal stenosis.",
        "L45 Rr=p F=n",
    ),
    ("Severe left and moderate right L5/S1 foraminal stenosis.", "L51 Fl=sev Fr=mod"),
    (
        "L4-5: There is no evidence of central canal stenosis. There is mild left-sided foraminal narrowing. The right foramen is unremarkable.",
        "L45 C=n Fl=mild Fr=n",
    ),
    (
        "L4-L5: Mild central canal narrowing. Bilateral foraminal narrowing, mild on the right, moderate on the left.",
        "L45 C=mild Fr=mild Fl=mod",
    ),
    (
        "L5-S1: Left paracentral extrusion with posterior displacement and compression of the traversing left S1 nerve root. Exiting roots are unaffected.",
        "L51 Rl=p F=n",
    ),
    ("The exiting left L4 nerve root is compressed in the foramen at L4-5.", "L45 Fl=p"),
    (
        "L4-5: S/p laminectomy. The canal is well decompressed. Residual moderate left foraminal stenosis.",
        "L45 C=n Fl=mod",
    ),
    (
        "L4-5: moderate stenosis of the canal and left foramen, and mild stenosis of the right foramen.",
        "L45 C=mod Fl=mod Fr=mild",
    ),
    ("L4-5: the right lateral recess is effaced with impingement of the traversing L5 nerve root.", "L45 Rr=mild"),
    ("L3-4: left extraforaminal protrusion contacting the exited left L3 root.", "L34 Fl=mild"),
    (
        "L4-5: canal stenosis (severe), bilateral foraminal stenosis (moderate right, mild left).",
        "L45 C=sev Fr=mod Fl=mild",
    ),
    ("L4-5: there is no canal stenosis; however, there is moderate right foraminal stenosis.", "L45 C=n Fr=mod"),
    (
        "L4-5: no central canal stenosis, mild right foraminal stenosis, and no left foraminal stenosis.",
        "L45 C=n Fr=mild Fl=n",
    ),
    ("Disc herniation L4-L5 left mediolateral with compression of the L5 root left in the recess.", "L45 Rl=p"),
    ("L4-5: foramina: right moderately, left severely narrowed.", "L45 Fr=mod Fl=sev"),
    ("L4-5: foramina narrowed, moderately on the right and severely on the left.", "L45 Fr=mod Fl=sev"),
    ("The right L4-5 foramen is moderately narrowed and the left is mildly narrowed.", "L45 Fr=mod Fl=mild"),
    (
        "Synovial cyst at L4-5 on the right, narrowing the lateral recess and displacing the traversing L5 root.",
        "L45 Rr=mild",
    ),
    (
        "L4-L5: circumferential bulge, left foraminal annular fissure. Mild left and no right foraminal stenosis.",
        "L45 Fl=mild Fr=n",
    ),
    ("L4-L5: mild right without left foraminal stenosis.", "L45 Fr=mild Fl=n"),
    ("L4-5: The disc abuts but does not compress the left L5 root.", "L45 Rl=mild"),
    ("L5/S1: Left posterolateral protrusion impinging upon the left S1 nerve root origin.", "L51 Rl=mild"),
    ("L5/S1: protrusion displaces the S1 root posteriorly on the left.", "L51 Rl=mild"),
    ("L5/S1: The right S1 nerve root is compressed.", "L51 Rr=p"),
    (
        "L4/5: Canal and lateral recesses are adequate. Foramina are narrowed on both sides, moderately on the left and mildly on the right.",
        "L45 C=n R=n Fl=mod Fr=mild",
    ),
    (
        "L4-5: Central canal stenosis - moderate. Left foraminal stenosis - mild. Right foraminal stenosis - none.",
        "L45 C=mod Fl=mild Fr=n",
    ),
    ("ADDENDUM: The foraminal stenosis at L5-S1 is on the right, and moderate.", "L51 Fr=mod"),
    (
        "L4-5: Moderate facet arthropathy results in mild right neural foraminal narrowing; the left neural foramen and canal are widely patent.",
        "L45 Fr=mild Fl=n C=n",
    ),
    ("The L5-S1 left neural foramen is severely stenotic.", "L51 Fl=sev"),
    ("Severe stenosis of the left L5-S1 neural foramen.", "L51 Fl=sev"),
    ("L4-5: bilateral lateral recess stenosis, moderate on the right and severe on the left.", "L45 Rr=mod Rl=sev"),
    ("L4-5: foraminal encroachment, mild right, moderate left.", "L45 Fr=mild Fl=mod"),
    ("L4/5: left L4 root compressed in its foramen.", "L45 Fl=p"),
    (
        "L3-L4: bilateral facet hypertrophy. There is mild left foraminal, but no right foraminal or canal stenosis.",
        "L34 Fl=mild Fr=n C=n",
    ),
    (
        "L4-5: Grade 1 spondylolisthesis with uncovering of the disc. The canal is moderately narrowed at 8 mm. The right foramen is severely narrowed with compression of the exiting L4 nerve root; the left foramen is moderately narrowed.",
        "L45 C=mod Fr=sev Fl=mod",
    ),
    (
        "L4-5: spinal canal stenosis is severe; foraminal stenosis is moderate on the left, mild on the right.",
        "L45 C=sev Fl=mod Fr=mild",
    ),
    ("L4-5: bilateral foraminal stenosis is moderate on the left and mild on the right.", "L45 Fl=mod Fr=mild"),
    ("L5-S1: bilateral foraminal stenosis, right moderate, left mild.", "L51 Fr=mod Fl=mild"),
    (
        "L4-L5: there is mild-to-moderate left and moderate-to-severe right neural foraminal stenosis.",
        "L45 Fl=mod Fr=sev",
    ),
    (
        "Post laminectomy changes L4-L5 with good decompression of the canal. Residual mild left foraminal stenosis at this level.",
        "L45 Fl=mild",
    ),
    ("L4-L5: Compression of thecal sac and left L5 nerve root.", "L45 C=p Rl=p"),
    ("L5-S1: The left S1 root is displaced and swollen. The left L5 root is free.", "L51 Rl=mild Fl=n"),
    ("There is bony stenosis of the L5-S1 foramen on the left.", "L51 Fl=p"),
    (
        "L4-L5: Spinal canal stenosis: Severe. Right neural foraminal stenosis: Moderate. Left neural foraminal stenosis: None. Right lateral recess stenosis: Severe.",
        "L45 C=sev Fr=mod Fl=n Rr=sev",
    ),
    (
        "L5-S1: Small right foraminal protrusion contacts the exiting right L5 nerve root without displacement.",
        "L51 Fr=mild",
    ),
    (
        "There is a right L4/5 synovial cyst which compresses the traversing right L5 root. No foraminal stenosis at this level.",
        "L45 Rr=p F=n",
    ),
    (
        "L5-S1: Severe disc height loss with endplate osteophytes causing severe left and moderate right neural foraminal stenosis with impingement of the exiting left L5 nerve.",
        "L51 Fl=sev Fr=mod",
    ),
    ("L4-5: Severe right foraminal stenosis. Left foramen: mild stenosis. Canal: normal.", "L45 Fr=sev Fl=mild C=n"),
    (
        "L4-5. Disc: bulge. Canal: moderately narrowed. Right foramen: clear. Left foramen: moderately narrowed.",
        "L45 C=mod Fr=n Fl=mod",
    ),
    (
        "L4-L5: Right lateral recess stenosis with encroachment of the right L5 nerve root. Left lateral recess is clear.",
        "L45 Rr=p Rl=n",
    ),
    (
        "L4-5: Mild stenosis of the canal; severe narrowing of the left, moderate narrowing of the right neural foramen.",
        "L45 C=mild Fl=sev Fr=mod",
    ),
    ("L5-S1: The left foramen is moderately and the right foramen mildly narrowed.", "L51 Fl=mod Fr=mild"),
    ("L5-S1: Left > right foraminal narrowing, moderate on the left and mild on the right.", "L51 Fl=mod Fr=mild"),
    ("L4-5: Mild to moderate right, moderate to severe left foraminal narrowing.", "L45 Fr=mod Fl=sev"),
    ("L4-L5: there is a bulge, there is no canal stenosis, there is mild left foraminal narrowing.", "L45 C=n Fl=mild"),
    (
        "At L4-5 a disc bulge together with thickened ligamenta flava causes moderate narrowing of the thecal sac. There is moderate left and no right foraminal narrowing.",
        "L45 C=mod Fl=mod Fr=n",
    ),
    (
        "L5-S1: Disc bulge with left foraminal extension causing moderate narrowing of the left neural foramen and mild contact of the exiting left L5 nerve root.",
        "L51 Fl=mod",
    ),
    (
        "L5-S1: Right paracentral disc protrusion extending into the right lateral recess where it compresses the right S1 nerve root.",
        "L51 Rr=p",
    ),
    ("L4-5: disc herniation with nerve root compression on the left.", "L45 Fl=p"),
    (
        "L4-5: marked narrowing of the right and mild narrowing of the left intervertebral foramen.",
        "L45 Fr=sev Fl=mild",
    ),
    (
        "L5-S1: moderate left foraminal stenosis which has progressed since the prior exam where it was mild.",
        "L51 Fl=mod",
    ),
    ("L4-5: facet arthropathy, left greater than right. Mild left foraminal narrowing.", "L45 Fl=mild"),
    ("L5-S1 disc protrusion abutting but not displacing the left S1 nerve root.", "L51 Rl=mild"),
    ("L4-L5: disc material in the left lateral recess displaces the L5 root.", "L45 Rl=mild"),
    ("L4-5: severe left subarticular recess stenosis compressing left L5 nerve root.", "L45 Rl=sev"),
    ("L4-L5: The right foramen is moderately narrowed and the left severely so.", "L45 Fr=mod Fl=sev"),
    ("L3-L4: The left recess is mildly narrowed, the right moderately so.", "L34 Rl=mild Rr=mod"),
    ("L4-5: mild R and mod L NF narrowing.", "L45 Fr=mild Fl=mod"),
    ("L4-5: mod L, mild R NF narrowing.", "L45 Fl=mod Fr=mild"),
    ("L4-L5: left foraminal herniation in contact with the left L4 root in its foramen.", "L45 Fl=mild"),
    ("L5-S1: the protrusion makes contact with the right S1 root.", "L51 Rr=mild"),
    ("Foraminal narrowing is greatest at L5-S1 on the right, moderate to severe.", "L51 Fl=p Fr=sev"),
    ("L5-S1: The foramen on the right is slightly narrowed, on the left free.", "L51 Fr=mild Fl=n"),
    ("rt L5-S1 extrusion w/ severe S1 nerve root compression", "L51 Rr=sev"),
    (
        "L4-5: Canal: moderate stenosis. Subarticular zones: severe on the left, mild on the right.",
        "L45 C=mod Rl=sev Rr=mild",
    ),
    ("L4-L5: The previously compressed left L5 root is now free.", "L45 Rl=n"),
]
