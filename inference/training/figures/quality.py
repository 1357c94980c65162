"""What the quality gate detects on simulated series with one fault, and its false alarms on clean ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inference.errors import StudyError
from inference.images.headers import Header
from inference.models.registry import Model
from inference.simulate.truth.study_truth import anatomy_of
from inference.spine import quality
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import spider, spoilt
from inference.training.figures.spine import LUMBAR, cobb_deg
from inference.types import Segmentation, Volume

#: Codes of which one counts as a detection, by kind; a refusal does too.
WANTED: dict[str, set[str]] = {
    "screws": {"metal"},
    "moved": {"motion", "noise"},
    "noisy": {"noise"},
    "suppressed": {"fat_suppressed"},
    "stir": {"fat_suppressed"},
    "t1": {"unexpected_contrast"},
    "narrow": {"narrow_slab"},
    "too_high": {"sacrum_cut_off", "levels_missing"},
    "too_low": {"levels_missing"},
    "thoracic": set(),
    "scoliotic": {"scoliosis"},
}
#: Scoliosis begins at this Cobb angle.
SCOLIOSIS_DEG = 10.0
#: Codes that are no false alarm on a clean series, because they are true of it.
TRUE_ANYWHERE = {"narrow_slab"}


@dataclass(frozen=True)
class Row:
    """One series: its kind, its patient and the codes of the findings; `refused` is the code of a refusal.

    bent: the patient is scoliotic besides the fault, so that reporting it is right.
    """

    kind: str
    patient: int
    codes: tuple[str, ...]
    refused: str = ""
    bent: bool = False

    @property
    def seen(self) -> bool:
        """Whether the fault was reported, or the study refused."""
        return bool(self.refused) or bool(WANTED.get(self.kind, set()) & set(self.codes))

    @property
    def alarms(self) -> tuple[str, ...]:
        """The reported codes without those that are true of the series."""
        expected = TRUE_ANYWHERE | ({"scoliosis"} if self.bent and self.kind != "scoliotic" else set())
        unexpected = tuple(code for code in self.codes if code not in expected)
        return (*unexpected, self.refused) if self.refused else unexpected


def header(echo_ms: float = 100.0) -> Header:
    """The header of a plain sagittal T2 series."""
    return Header(Path(), "", "", "", "MR", "T2 SAG", "", "LSPINE", echo_ms, 3500.0, None, False, False, "")


def row(kind: str, patient: int, volume: Volume, segmentation: Segmentation) -> Row:
    """The quality gate's result for one series with the header of a plain T2."""
    try:
        findings = quality.assess(header(), volume, segmentation, localise(segmentation))
    except StudyError as error:
        return Row(kind, patient, (), error.code)
    return Row(kind, patient, tuple(finding.code for finding in findings))


def simulated(model: Model, patients: int, seed: int) -> Iterator[Row]:
    """Every kind of `spoilt` for patients `seed`, `seed` + 1, ..., segmented by the network."""
    for number in range(seed, seed + patients):
        for kind in spoilt.KINDS:
            series = spoilt.make(kind, number)
            result = row(_named(series), number, series.volume, segment(model.run, series.volume))
            yield replace(result, bent=_bent(series))


def _named(series: spoilt.Spoilt) -> str:
    """The kind, with operated patients split by whether they have screws."""
    if series.kind != "operated":
        return series.kind
    return "screws" if any(body.screws for body in series.patient.bodies) else "laminectomy"


def _bent(series: spoilt.Spoilt) -> bool:
    bodies = anatomy_of(series.patient).layout.bodies
    return cobb_deg([bodies[name].axes[2] for name in LUMBAR]) >= SCOLIOSIS_DEG


def real(model: Model, data: Path) -> Iterator[Row]:
    """The real T2 SPACE volumes of SPIDER's training patients, which must raise no alarm."""
    for number in spider.split(data)[0]:
        case = spider.load(data, number)
        yield row("real", number, case.volume, segment(model.run, case.volume))


def markdown(rows: list[Row]) -> str:
    """A row for each kind: number of detections and refusals, and all reported codes."""
    lines = ["| series | n | detected | refused | all reported codes |", "|" + "---|" * 5]
    for kind in dict.fromkeys(row.kind for row in rows):
        kind_rows = [row for row in rows if row.kind == kind]
        counts: dict[str, int] = {}
        for row in kind_rows:
            for code in row.alarms:
                counts[code] = counts.get(code, 0) + 1
        words = ", ".join(f"{code} {count}" for code, count in sorted(counts.items(), key=lambda item: -item[1]))
        seen = sum(row.seen for row in kind_rows) if kind in WANTED else "–"
        lines.append(
            f"| {kind} | {len(kind_rows)} | {seen} | {sum(bool(o.refused) for o in kind_rows)} | {words or 'nothing'} |"
        )
    return "\n".join(lines)
