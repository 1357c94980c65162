"""Discs located and named on the real mid-sagittal images of held-out patients: T1 and T2 of many scanners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.errors import StudyError
from inference.models.registry import Model
from inference.result import overview
from inference.spine.designate import SACRAL_DISC
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import midsagittal
from inference.training.data.midsagittal import SPACE, Use
from inference.types import LEVELS


@dataclass(frozen=True)
class Row:
    """One image. listed: number of discs that its series shows; located: of those located, without filled gaps.

    lowest: name given to the lowest disc. refused: code of the error, empty if the image was read.
    """

    name: str
    weighting: str
    listed: int
    located: int
    lowest: str
    probability: float
    refused: str = ""

    @property
    def named(self) -> bool:
        """Whether the lowest listed disc is named L5-S1. The list leaves out a disc within the sacrum: if one is
        located and named as that, the number of discs above it is the number listed."""
        return self.lowest == LEVELS[-1] or (self.lowest == SACRAL_DISC and self.located == self.listed)

    @property
    def whole(self) -> bool:
        """Whether every listed disc was located, and the lowest of them is named L5-S1."""
        return self.located >= self.listed and self.named


def rows(model: Model, data: Path, use: Use = Use.REPORT, pictures: Path | None = None) -> Iterator[Row]:
    """Figures of every T1 and T2 image of the patients for `use`; those not whole are drawn into `pictures`.

    data: the folder that holds ``spider/``.
    """
    all_series = midsagittal.listed(data)
    uses = midsagittal.used_for(all_series)
    for series in all_series:
        if uses[series.patient] is not use or series.weighting == SPACE:
            continue
        volume = midsagittal.load(data, series)
        labels = segment(model.run, volume)
        try:
            spine = localise(labels)
            located = len(spine.discs) + len(spine.higher) - spine.filled
            row = Row(
                series.name,
                series.weighting,
                series.discs,
                located,
                spine.numbering.lowest,
                spine.numbering.probability,
            )
        except StudyError as error:
            row = Row(series.name, series.weighting, series.discs, 0, "", 0.0, error.code)
        if pictures is not None and not row.whole:
            pictures.mkdir(parents=True, exist_ok=True)
            overview.labelled(volume, labels).save(pictures / f"{series.name}.png")
        yield row


def summary(table: list[Row]) -> dict[str, object]:
    """The figures of all images together, for the model card."""
    return {
        "midsagittal_images": len(table),
        "midsagittal_every_disc_found": sum(row.located >= row.listed for row in table),
        "midsagittal_lowest_is_l5_s1": sum(row.named for row in table),
    }


def markdown(table: list[Row]) -> str:
    """A row per weighting, and a list of the images with a missing disc or another name of the lowest."""
    head = "| images | series | every listed disc found | lowest listed is L5-S1 | both | refused |"
    lines = [head, "|" + "---|" * 6]
    weightings = sorted({row.weighting for row in table})
    lines += [_line(name.upper(), [row for row in table if row.weighting == name]) for name in weightings]
    lines += [_line("**all**", table), ""]
    for row in table:
        if not row.whole or row.lowest != LEVELS[-1]:
            remark = row.refused or f"{row.located} of {row.listed} discs, lowest {row.lowest} ({row.probability:.0%})"
            lines.append(f"- {row.name}: {remark}")
    return "\n".join(lines)


def _line(name: str, rows: list[Row]) -> str:
    complete = sum(row.located >= row.listed for row in rows)
    lowest = sum(row.named for row in rows)
    whole = sum(row.whole for row in rows)
    refused = sum(bool(row.refused) for row in rows)
    of = len(rows)
    return f"| {name} | {of} | {complete} ({complete / of:.0%}) | {lowest} ({lowest / of:.0%}) | {whole} | {refused} |"
