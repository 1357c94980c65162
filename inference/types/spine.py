"""The spine's curve, and its discs and vertebrae by their names."""

from __future__ import annotations

from dataclasses import dataclass

from inference.types.facts import Notice
from inference.types.images import FloatArray


@dataclass(frozen=True)
class SpineCurve:
    """A smooth curve through the vertebral bodies and discs, head to feet.

    points_mm: (n, 3) LPS, about one a millimetre.
    residual_mm: root mean square distance of the fitted centres to the curve.
    """

    points_mm: FloatArray
    residual_mm: float


@dataclass(frozen=True)
class DiscLevel:
    """A disc, named and placed.

    centre_mm: (3,) LPS.
    up: unit normal of the disc plane, towards the head.
    anterior: unit vector in the disc plane, towards the front.
    left: unit vector in the disc plane, towards the patient's left.
    canal_mm: centre of the canal in the disc plane, or None when not seen.
    depth_mm: disc depth, front to back. height_mm: mean disc height.
    """

    level: str
    centre_mm: FloatArray
    up: FloatArray
    anterior: FloatArray
    left: FloatArray
    canal_mm: FloatArray | None
    depth_mm: float
    height_mm: float


@dataclass(frozen=True)
class VertebraLevel:
    """A vertebral body, named and placed; the same frame as `DiscLevel`."""

    name: str
    centre_mm: FloatArray
    up: FloatArray
    anterior: FloatArray
    left: FloatArray
    height_mm: float
    depth_mm: float


@dataclass(frozen=True)
class Numbering:
    """What the lowest disc found is taken for, and what else it may be, with probabilities.

    ``S1-S2`` stands for a disc within the sacrum. transitional: why the lowest
    vertebra may be a transitional one, None when nothing speaks for it.
    """

    lowest: str
    probability: float
    alternative: str
    alternative_probability: float
    transitional: Notice | None = None


@dataclass(frozen=True)
class Instance:
    """A vertebra, disc or canal in ``instances.nii.gz``: its voxel value there, its name now, its volume.

    The id stays what the file holds; the name follows a renumbering.
    """

    id: int
    name: str
    volume_ml: float
