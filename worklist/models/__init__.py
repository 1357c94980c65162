"""Studies as they arrive, wait, are read and signed, and what the machine said of them."""

from worklist.models.job import ReadingJob
from worklist.models.patient import Institution, Order, Patient
from worklist.models.reading import MachineReading
from worklist.models.rejection import Rejection
from worklist.models.study import Instance, Series, Study
from worklist.models.versions import ModelChoice, SharedSetting

__all__ = [
    "Instance",
    "Institution",
    "MachineReading",
    "ModelChoice",
    "Order",
    "Patient",
    "ReadingJob",
    "Rejection",
    "Series",
    "SharedSetting",
    "Study",
]
