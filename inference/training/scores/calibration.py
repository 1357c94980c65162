"""Whether a grade that is told with a probability is so as often: a table, an error with its interval, a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inference.training.scores.agreement import BINS, Ints, calibration_error, reliability, spread
from inference.types import FloatArray

#: Bins of the table and the diagram, those of the error.
EDGES = tuple(np.linspace(0, 1, BINS + 1).tolist())
#: Truths that are drawn from the probabilities themselves.
DRAWS = 400
#: Pixels of a panel of the diagram, and around its square.
SIDE, MARGIN = 260, 44
INK, FAINT, MARK = (30, 30, 30), (200, 200, 200), (0, 114, 178)


@dataclass(frozen=True)
class Reliability:
    """One site. steps: (how many, mean probability, share right) in each bin of the top grade's probability.

    error: expected calibration error; low, high: 95 of 100 draws of patients (drawn errors lie higher, for
    every draw repeats patients). perfect, perfect_high: the mean and the 95th percentile of the error that these
    probabilities would show if they were true: with few levels it is never 0.
    """

    site: str
    steps: list[tuple[int, float, float]]
    error: float
    low: float
    high: float
    perfect: float
    perfect_high: float


def of(site: str, patient: Ints, truth: Ints, chances: FloatArray) -> Reliability:
    """patient, truth: (n,). chances: (n, grades)."""
    told, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    low, high = spread(patient, lambda rows: calibration_error(right[rows], told[rows]))
    rng = np.random.default_rng(59)
    by_chance = [calibration_error(rng.random(len(told)) < told, told) for _ in range(DRAWS)]
    return Reliability(
        site,
        reliability(right, told, EDGES),
        calibration_error(right, told),
        low,
        high,
        float(np.mean(by_chance)),
        float(np.percentile(by_chance, 95)),
    )


def markdown(sites: Sequence[Reliability]) -> list[str]:
    """A table of errors, and one of what is told and what is so: mean probability, share right, how many."""
    lines = [
        "| site | calibration error | of a perfectly calibrated model, mean and 95th percentile |",
        "|" + "---|" * 3,
    ]
    for one in sites:
        error = f"{one.error:.3f} ({one.low:.3f} to {one.high:.3f})"
        lines.append(f"| {one.site} | {error} | {one.perfect:.3f}, {one.perfect_high:.3f} |")
    used = [k for k in range(BINS) if any(one.steps[k][0] for one in sites)]
    heads = " | ".join(f"{EDGES[k]:.1f} to {EDGES[k + 1]:.1f}" for k in used)
    lines += ["", f"| told with a probability of | {heads} |", "|" + "---|" * (len(used) + 1)]
    for one in sites:
        cells = [f"{told:.2f} → {right:.2f} ({n})" if n else "–" for n, told, right in (one.steps[k] for k in used)]
        lines.append(f"| {one.site} | " + " | ".join(cells) + " |")
    return lines


def diagram(sites: Sequence[Reliability]) -> Image.Image:
    """A panel for each site: share right over mean probability, with two standard errors; on the line is perfect."""
    picture = Image.new("RGB", (len(sites) * (SIDE + MARGIN) + MARGIN, SIDE + 2 * MARGIN), (255, 255, 255))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for number, one in enumerate(sites):
        _panel(pen, font, MARGIN + number * (SIDE + MARGIN), one)
    return picture


def _panel(
    pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, left: int, one: Reliability
) -> None:
    def at(told: float, right: float) -> tuple[float, float]:
        return left + told * SIDE, MARGIN + (1 - right) * SIDE

    pen.rectangle((*at(0, 1), *at(1, 0)), outline=INK)
    pen.line((*at(0, 0), *at(1, 1)), fill=FAINT, width=2)
    pen.text((left, MARGIN - 22), f"{one.site.replace('_', ' ')}: error {one.error:.3f}", fill=INK, font=font)
    for value in (0.0, 0.5, 1.0):
        x, y = at(value, 0)
        pen.text((x - 8, y + 6), f"{value:g}", fill=INK, font=font)
        pen.text((left - 24, at(0, value)[1] - 8), f"{value:g}", fill=INK, font=font)
    pen.text((left + SIDE / 2 - 70, MARGIN + SIDE + 24), "told, and share right", fill=INK, font=font)
    most = max(n for n, _, _ in one.steps)
    for n, told, right in one.steps:
        if n:
            off = 2 * float(np.sqrt(told * (1 - told) / n))
            pen.line((*at(told, max(right - off, 0)), *at(told, min(right + off, 1))), fill=MARK, width=1)
            (x, y), reach = at(told, right), 3 + 7 * float(np.sqrt(n / most))
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=MARK)
