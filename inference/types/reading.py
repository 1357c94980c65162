"""What is measured and graded, and the reading that holds it all."""

from __future__ import annotations

from dataclasses import dataclass

from inference.types.facts import ModelMark, Notice, Rule
from inference.types.names import DiscQuestion, Grade, Role, Site
from inference.types.spine import DiscLevel, Instance, Numbering, SpineCurve, VertebraLevel


@dataclass(frozen=True)
class Measurement:
    """One number with its unit.

    place: a level (`"L4-L5"`) or a vertebra (`"L4"`).
    quantity: e.g. ``canal_ap`` or ``canal_area``.
    value: None when it could not be measured; `notice` then says why.
    lower_bound: the true value is at least `value`; `notice` says why.
    plus_minus: one standard deviation of the measurement, where it is known.
    usual: from and to which the value lies in 95 of 100 people compared with,
    where that is known; deviation: how many standard deviations off their mean.
    """

    place: str
    quantity: str
    value: float | None
    unit: str
    notice: Notice | None = None
    lower_bound: bool = False
    plus_minus: float | None = None
    usual: tuple[float, float] | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class LevelFinding:
    """A grade for one site at one level, with what it was made from.

    rules: what decided first, then what a network or a measurement says that did not decide; none where not assessed.
    made_from: roles of the series that were used.
    notices: why it was not assessed, or what to be careful about.
    probability: of the grade, where a network gave it; None for a measured one.
    out_of_distribution: the images are unlike the network's training images: its probability may not hold.
    contradicted: network and measurements are two grades apart.
    """

    level: str
    site: Site
    grade: Grade
    rules: tuple[Rule, ...] = ()
    made_from: tuple[Role, ...] = ()
    notices: tuple[Notice, ...] = ()
    probability: float | None = None
    out_of_distribution: bool = False
    contradicted: bool = False


#: The least probability of a disc finding that is listed in its level's line.
LEAST_LISTED = 0.2


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
    rule: Rule


@dataclass(frozen=True)
class AxialSlices:
    """The axial images that pass through a disc, nearest to its centre first."""

    level: str
    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Who made the reading: the same input and provenance give the same reading.

    models: the segmenter first, then those that were asked of the levels.
    runtime: what ran the segmenter, with its version; empty in readings of before it was written down.
    """

    code_version: str
    models: tuple[ModelMark, ...]
    input_digest: str
    runtime: str = ""


@dataclass(frozen=True)
class StudyReading:
    """All that the machine says of a study.

    findings: of every level that has a row. outside: of discs that have none, because their names lie outside the
    table or because they are T12-L1 and nothing is narrow there; they come back when the levels are renamed.
    notices: what a reader should know before trusting it; missing levels come first.
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
    notices: tuple[Notice, ...] = ()
    numbering: Numbering | None = None
    instances: tuple[Instance, ...] = ()
    disc_findings: tuple[DiscFinding, ...] = ()
    outside: tuple[LevelFinding, ...] = ()
