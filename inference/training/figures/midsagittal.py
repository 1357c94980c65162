"""Discs found and named on the real mid-sagittal images of patients left out: T1 and T2 of many scanners."""

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
    """One image. listed: discs that its series shows; found: those located, a gap that was filled being none.

    lowest: what the lowest disc is taken for. refused: code of the error, empty when it was read.
    """

    name: str
    weighting: str
    listed: int
    found: int
    lowest: str
    probability: float
    refused: str = ""

    @property
    def named(self) -> bool:
        """Whether the lowest disc of the list is L5-S1. It leaves out a disc within the sacrum: one that is found, and
        taken for that, has as many discs above it as are listed."""
        return self.lowest == LEVELS[-1] or (self.lowest == SACRAL_DISC and self.found == self.listed)

    @property
    def whole(self) -> bool:
        """Whether every disc of the list was found, and the lowest of them is L5-S1."""
        return self.found >= self.listed and self.named


def rows(model: Model, data: Path, use: Use = Use.REPORT, pictures: Path | None = None) -> Iterator[Row]:
    """Figures of every T1 and T2 image of the patients kept for `use`; those not whole are drawn into `pictures`.

    data: the folder that holds ``spider/``.
    """
    listed = midsagittal.listed(data)
    uses = midsagittal.used_for(listed)
    for series in listed:
        if uses[series.patient] is not use or series.weighting == SPACE:
            continue
        volume = midsagittal.load(data, series)
        labels = segment(model.run, volume)
        try:
            spine = localise(labels)
            found = len(spine.discs) + len(spine.higher) - spine.filled
            row = Row(
                series.name, series.weighting, series.discs, found, spine.numbering.lowest, spine.numbering.probability
            )
        except StudyError as error:
            row = Row(series.name, series.weighting, series.discs, 0, "", 0.0, error.code)
        if pictures is not None and not row.whole:
            pictures.mkdir(parents=True, exist_ok=True)
            overview.labelled(volume, labels).save(pictures / f"{series.name}.png")
        yield row


def summary(table: list[Row]) -> dict[str, object]:
    """The figures of all images together, as they stand in the model card."""
    return {
        "midsagittal_images": len(table),
        "midsagittal_every_disc_found": sum(row.found >= row.listed for row in table),
        "midsagittal_lowest_is_l5_s1": sum(row.named for row in table),
    }


def markdown(table: list[Row]) -> str:
    """A line per weighting, and each image of which something is missing."""
    head = "| images | series | every listed disc found | lowest listed is L5-S1 | both | refused |"
    lines = [head, "|" + "---|" * 6]
    weightings = sorted({row.weighting for row in table})
    lines += [_line(name.upper(), [row for row in table if row.weighting == name]) for name in weightings]
    lines += [_line("**all**", table), ""]
    for row in table:
        if not row.whole or row.lowest != LEVELS[-1]:
            told = row.refused or f"{row.found} of {row.listed} discs, lowest {row.lowest} ({row.probability:.0%})"
            lines.append(f"- {row.name}: {told}")
    return "\n".join(lines)


def _line(name: str, rows: list[Row]) -> str:
    found = sum(row.found >= row.listed for row in rows)
    lowest = sum(row.named for row in rows)
    whole = sum(row.whole for row in rows)
    refused = sum(bool(row.refused) for row in rows)
    of = len(rows)
    return f"| {name} | {of} | {found} ({found / of:.0%}) | {lowest} ({lowest / of:.0%}) | {whole} | {refused} |"
