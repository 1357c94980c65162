"""Studies as they arrive, wait, are read and signed, and what the machine said of them."""

from worklist.models.reading import MachineReading, ShadowReading
from worklist.models.rejection import Rejection
from worklist.models.study import Instance, Series, Study
from worklist.models.versions import ModelChoice, SiteSetting

__all__ = [
    "Instance",
    "MachineReading",
    "ModelChoice",
    "Rejection",
    "Series",
    "ShadowReading",
    "SiteSetting",
    "Study",
]
