"""The reading engine: DICOM files in, a graded study and a draft report out.

Knows nothing of Django, databases or HTTP. The directory listing is the
pipeline: dicom, preprocess, segment, localise, measure, grade, draft, all
called in order by `pipeline.read_study`.
"""

__version__ = "0.1.0"
