"""What the quality gate sees on simulated series of which one thing is wrong, and what it invents on clean ones."""

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

#: What counts as seen, by kind: any of these findings, or a refusal.
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
#: Findings that are no alarm about a clean series: what they say is so there.
TRUE_ANYWHERE = {"narrow_slab"}


@dataclass(frozen=True)
class Row:
    """kind, whose, and the codes of what was found; a refusal's code stands in `refused`.

    bent: the patient is scoliotic whatever else was done, so that to say so is right.
    """

    kind: str
    patient: int
    codes: tuple[str, ...]
    refused: str = ""
    bent: bool = False

    @property
    def seen(self) -> bool:
        """Whether what is wrong was told, or the study refused."""
        return bool(self.refused) or bool(WANTED.get(self.kind, set()) & set(self.codes))

    @property
    def alarms(self) -> tuple[str, ...]:
        """What was told, without what is simply so."""
        so = TRUE_ANYWHERE | ({"scoliosis"} if self.bent and self.kind != "scoliotic" else set())
        told = tuple(code for code in self.codes if code not in so)
        return (*told, self.refused) if self.refused else told


def header(echo_ms: float = 100.0) -> Header:
    """A header that says plain sagittal T2 and nothing else."""
    return Header(Path(), "", "", "", "MR", "T2 SAG", "", "LSPINE", echo_ms, 3500.0, None, False, False, "")


def row(kind: str, patient: int, volume: Volume, segmentation: Segmentation) -> Row:
    """What the gate says of one series whose header says plain T2."""
    try:
        found = quality.assess(header(), volume, segmentation, localise(segmentation))
    except StudyError as error:
        return Row(kind, patient, (), error.code)
    return Row(kind, patient, tuple(one.code for one in found))


def simulated(model: Model, patients: int, seed: int) -> Iterator[Row]:
    """Every kind of `spoilt` for patients `seed`, `seed` + 1, ..., segmented by the network."""
    for number in range(seed, seed + patients):
        for kind in spoilt.KINDS:
            made = spoilt.make(kind, number)
            said = row(_named(made), number, made.volume, segment(model.run, made.volume))
            yield replace(said, bent=_bent(made))


def _named(made: spoilt.Spoilt) -> str:
    """The operated with screws, and those without."""
    if made.kind != "operated":
        return made.kind
    return "screws" if any(body.screws for body in made.patient.bodies) else "laminectomy"


def _bent(made: spoilt.Spoilt) -> bool:
    bodies = anatomy_of(made.patient).layout.bodies
    return cobb_deg([bodies[name].axes[2] for name in LUMBAR]) >= SCOLIOSIS_DEG


def real(model: Model, data: Path) -> Iterator[Row]:
    """The real T2 SPACE volumes of SPIDER's training patients, which must raise no alarm."""
    for number in spider.split(data)[0]:
        case = spider.load(data, number)
        yield row("real", number, case.volume, segment(model.run, case.volume))


def markdown(rows: list[Row]) -> str:
    """A line for each kind: how many were told, refused, and what else was said."""
    lines = ["| series | n | seen | refused | all that was said |", "|" + "---|" * 5]
    for kind in dict.fromkeys(one.kind for one in rows):
        mine = [one for one in rows if one.kind == kind]
        said: dict[str, int] = {}
        for one in mine:
            for code in one.alarms:
                said[code] = said.get(code, 0) + 1
        words = ", ".join(f"{code} {count}" for code, count in sorted(said.items(), key=lambda item: -item[1]))
        seen = sum(one.seen for one in mine) if kind in WANTED else "–"
        lines.append(f"| {kind} | {len(mine)} | {seen} | {sum(bool(o.refused) for o in mine)} | {words or 'nothing'} |")
    return "\n".join(lines)
