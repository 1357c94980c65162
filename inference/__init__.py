"""The reading engine: DICOM files in, a graded study and a draft report out.

Knows nothing of Django, databases or HTTP. The folders are the pipeline: `images`, `spine`, `measures`, `grading` and
`result`, called in order by `pipeline.read_study`.
"""

import os

# Torch's threads wait asleep, not spinning: beside another busy process on the same cores a spinning wait costs
# fifty times the work itself (measured). It must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
