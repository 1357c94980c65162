"""The things that the steps of a reading hand to each other.

Frame: patient coordinates are DICOM LPS in millimetres (x to the patient's
left, y to the back, z to the head). Arrays are ``[slice, row, column]`` and
never travel without their affine, which maps ``(slice, row, column, 1)`` to
``(x, y, z, 1)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Disc levels that the product names, from the head down.
LEVELS = ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
#: The levels every lumbar reading answers for.
LUMBAR_LEVELS = LEVELS[1:]
#: Vertebrae that the product names, from the head down.
VERTEBRAE = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")


class Label(IntEnum):
    """A voxel's class in a `Segmentation`."""

    BACKGROUND = 0
    VERTEBRA = 1
    DISC = 2
    CANAL = 3
    SACRUM = 4


class Grade(StrEnum):
    """A stenosis grade. `NOT_ASSESSED` is never `NORMAL`."""

    NORMAL = "normal"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"
    NOT_ASSESSED = "not_assessed"


class Site(StrEnum):
    """Where at a level a grade applies; left and right are the patient's."""

    CANAL = "canal"
    RECESS_LEFT = "recess_left"
    RECESS_RIGHT = "recess_right"
    FORAMEN_LEFT = "foramen_left"
    FORAMEN_RIGHT = "foramen_right"


class Role(StrEnum):
    """What a series is used for in a reading."""

    SAGITTAL_T2 = "sagittal_t2"
    SAGITTAL_T1 = "sagittal_t1"
    AXIAL_T2 = "axial_t2"


class Plane(StrEnum):
    """The orientation of a slice, by its normal."""

    SAGITTAL = "sagittal"
    AXIAL = "axial"
    CORONAL = "coronal"
    OBLIQUE = "oblique"


@dataclass(frozen=True)
class Slice:
    """The plane of one image in the patient.

    origin_mm: centre of the first pixel, LPS, shape (3,).
    along_row: unit vector of growing column index, shape (3,).
    along_column: unit vector of growing row index, shape (3,).
    spacing_mm: (between rows, between columns), as DICOM's Pixel Spacing.
    shape: (rows, columns).
    thickness_mm: nominal slice thickness, 0 when not stated.
    """

    sop_instance_uid: str
    origin_mm: FloatArray
    along_row: FloatArray
    along_column: FloatArray
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]
    thickness_mm: float = 0.0
    frame: int = 1

    @property
    def normal(self) -> FloatArray:
        """Unit normal of the plane, shape (3,)."""
        return np.cross(self.along_row, self.along_column)

    @property
    def affine(self) -> FloatArray:
        """(4, 4): (0, row, column, 1) to LPS mm; the slice axis is the normal."""
        matrix = np.eye(4)
        matrix[:3, 0] = self.normal
        matrix[:3, 1] = self.along_column * self.spacing_mm[0]
        matrix[:3, 2] = self.along_row * self.spacing_mm[1]
        matrix[:3, 3] = self.origin_mm
        return matrix


@dataclass(frozen=True)
class Volume:
    """A stack of parallel slices as one array.

    array: float32 ``[slice, row, column]``, scanner intensity.
    affine: (4, 4), index to LPS mm.
    slices: where each slice came from, in the order of the array; empty for
        a volume that was never DICOM.
    """

    array: NDArray[np.float32]
    affine: FloatArray
    series_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    slices: tuple[Slice, ...] = ()

    @property
    def spacing_mm(self) -> FloatArray:
        """Distance between neighbours along slice, row and column, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)


@dataclass(frozen=True)
class Segmentation:
    """Labels on the grid of a `Volume`.

    labels: uint8 ``[slice, row, column]``, values of `Label`.
    affine: (4, 4), index to LPS mm.
    """

    labels: NDArray[np.uint8]
    affine: FloatArray

    @property
    def spacing_mm(self) -> FloatArray:
        """Distance between neighbours along slice, row and column, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)


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
    vertebra may be a transitional one, empty when nothing speaks for it.
    """

    lowest: str
    probability: float
    alternative: str
    alternative_probability: float
    transitional: str = ""


@dataclass(frozen=True)
class Measurement:
    """One number with its unit.

    place: a level (`"L4-L5"`) or a vertebra (`"L4"`).
    quantity: e.g. ``canal_ap`` or ``canal_area``.
    value: None when it could not be measured; `note` then says why.
    lower_bound: the true value is at least `value`; `note` says why.
    plus_minus: one standard deviation of the measurement, where it is known.
    usual: from and to which the value lies in 95 of 100 people compared with,
    where that is known; deviation: how many standard deviations off their mean.
    """

    place: str
    quantity: str
    value: float | None
    unit: str
    note: str = ""
    lower_bound: bool = False
    plus_minus: float | None = None
    usual: tuple[float, float] | None = None
    deviation: float | None = None

    def __str__(self) -> str:
        """For people: ``11.2 mm``, ``at least 180 mm²``, ``4.1 ± 0.3 mm`` or ``not measured``."""
        if self.value is None:
            return "not measured"
        decimals = 1 if self.unit == "mm" else 0
        spread = f" ± {self.plus_minus:.{decimals}f}" if self.plus_minus is not None else ""
        gap = "" if self.unit == "°" else " "
        return f"{'at least ' if self.lower_bound else ''}{self.value:.{decimals}f}{spread}{gap}{self.unit}"


@dataclass(frozen=True)
class LevelFinding:
    """A grade for one site at one level, with what it was made from.

    rule: the rule that decided, in words a reader can check.
    made_from: roles of the series that were used.
    note: why it was not assessed, or what to be careful about.
    probability: of the grade, where a network gave it; None for a measured one.
    unfamiliar: the network's images are unlike those that it learnt from: what the probability says may not hold.
    contradicted: network and measurements are two grades apart.
    """

    level: str
    site: Site
    grade: Grade
    rule: str
    made_from: tuple[Role, ...] = ()
    note: str = ""
    probability: float | None = None
    unfamiliar: bool = False
    contradicted: bool = False


#: The least probability of a disc finding that is listed in its level's line.
LEAST_LISTED = 0.2


class DiscQuestion(StrEnum):
    """What is asked of a disc: the Pfirrmann grade 1 to 5, the Modic type 0 to 3, else 1 for yes and 0 for no.

    Pfirrmann et al., Spine 2001; Modic et al., Radiology 1988 (0: no change). An endplate is the disc's own: the
    upper one belongs to the vertebra above.
    """

    PFIRRMANN = "pfirrmann"
    NARROWING = "narrowing"
    BULGING = "bulging"
    HERNIATION = "herniation"
    SPONDYLOLISTHESIS = "spondylolisthesis"
    UPPER_ENDPLATE = "upper_endplate"
    LOWER_ENDPLATE = "lower_endplate"
    MODIC = "modic"


@dataclass(frozen=True)
class DiscFinding:
    """The machine's answer to one question about a disc, and how likely it is right, 0 to 1.

    A rare finding is told before it is likely: its probability may lie well below one half.
    made_from: roles of the series that were looked at.
    """

    level: str
    finding: DiscQuestion
    value: int
    probability: float
    made_from: tuple[Role, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether it stands in its level's line; what is less likely is in the full list alone.

        Rare findings are reported early, and a line that is mostly wrong is noise.
        """
        return self.finding is DiscQuestion.PFIRRMANN or (bool(self.value) and self.probability >= LEAST_LISTED)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the draft and the findings it says, as (level, site)."""

    text: str
    findings: tuple[tuple[str, Site], ...] = ()


@dataclass(frozen=True)
class SeriesChoice:
    """Which series plays a role, and why; `uid` is empty when none does."""

    role: Role
    uid: str
    description: str
    why: str


@dataclass(frozen=True)
class AxialSlices:
    """The axial images that pass through a disc, nearest to its centre first."""

    level: str
    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True)
class QualityFinding:
    """Something about the images that a reader should know before trusting the reading.

    code: stable name. text: what it is and what to do, in plain words. figure:
    what was measured, in `unit`. places: discs or vertebrae whose canal the
    machine must not measure because of it.
    """

    code: str
    text: str
    figure: float | None = None
    unit: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instance:
    """A vertebra, disc or canal in ``instances.nii.gz``: its voxel value there, its name now, its volume.

    The id stays what the file holds; the name follows a renumbering.
    """

    id: int
    name: str
    volume_ml: float


@dataclass(frozen=True)
class Provenance:
    """Who made the reading: the same input and provenance give the same reading.

    runtime: what ran the network, with its version; empty in readings of before it was written down.
    others: name, version and SHA-256 of further networks that were asked (``grade``, ``discs``).
    """

    code_version: str
    model_name: str
    model_version: str
    model_sha256: str
    input_digest: str
    runtime: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyReading:
    """All that the machine says of a study.

    warnings: what a reader should know before trusting it, in plain words.
    """

    study_instance_uid: str
    series: tuple[SeriesChoice, ...]
    curve: SpineCurve
    discs: tuple[DiscLevel, ...]
    vertebrae: tuple[VertebraLevel, ...]
    measurements: tuple[Measurement, ...]
    findings: tuple[LevelFinding, ...]
    axial: tuple[AxialSlices, ...]
    draft: tuple[Sentence, ...]
    provenance: Provenance
    warnings: tuple[str, ...] = field(default=())
    numbering: Numbering | None = None
    instances: tuple[Instance, ...] = ()
    quality: tuple[QualityFinding, ...] = ()
    disc_findings: tuple[DiscFinding, ...] = ()
