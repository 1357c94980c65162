"""Calibration of the grades: reliability table, calibration error with its interval, reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inference.training.scores.agreement import BINS, Ints, calibration_error, reliability_bins, spread
from inference.types import FloatArray

#: Edges of the bins of table and diagram; the calibration error has the same.
EDGES = tuple(np.linspace(0, 1, BINS + 1).tolist())
#: Number of truths drawn from the probabilities themselves, to simulate perfect calibration.
DRAWS = 400
#: Pixels of a panel of the diagram, and around its square.
SIDE, MARGIN = 260, 44
INK, FAINT, MARK = (30, 30, 30), (200, 200, 200), (0, 114, 178)


@dataclass(frozen=True)
class Reliability:
    """One site. bins: (count, mean probability, share right) in each bin of the top grade's probability.

    error: expected calibration error; low, high: 95 of 100 draws of patients (drawn errors lie higher, for
    every draw repeats patients). perfect, perfect_high: the mean and the 95th percentile of the error that these
    probabilities would show if they were true: with few levels it is never 0.
    """

    site: str
    bins: list[tuple[int, float, float]]
    error: float
    low: float
    high: float
    perfect: float
    perfect_high: float


def of(site: str, patient: Ints, truth: Ints, probabilities: FloatArray) -> Reliability:
    """patient, truth: (n,). probabilities: (n, grades)."""
    probability, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    low, high = spread(patient, lambda rows: calibration_error(correct[rows], probability[rows]))
    rng = np.random.default_rng(59)
    perfect_errors = [calibration_error(rng.random(len(probability)) < probability, probability) for _ in range(DRAWS)]
    return Reliability(
        site,
        reliability_bins(correct, probability, EDGES),
        calibration_error(correct, probability),
        low,
        high,
        float(np.mean(perfect_errors)),
        float(np.percentile(perfect_errors, 95)),
    )


def markdown(sites: Sequence[Reliability]) -> list[str]:
    """A table of calibration errors, and a reliability table: mean probability, share right, count."""
    lines = [
        "| site | calibration error | of a perfectly calibrated model, mean and 95th percentile |",
        "|" + "---|" * 3,
    ]
    for site in sites:
        error = f"{site.error:.3f} ({site.low:.3f} to {site.high:.3f})"
        lines.append(f"| {site.site} | {error} | {site.perfect:.3f}, {site.perfect_high:.3f} |")
    used = [k for k in range(BINS) if any(site.bins[k][0] for site in sites)]
    heads = " | ".join(f"{EDGES[k]:.1f} to {EDGES[k + 1]:.1f}" for k in used)
    lines += ["", f"| probability of | {heads} |", "|" + "---|" * (len(used) + 1)]
    for site in sites:
        cells = [
            f"{probability:.2f} → {share:.2f} ({n})" if n else "–"
            for n, probability, share in (site.bins[k] for k in used)
        ]
        lines.append(f"| {site.site} | " + " | ".join(cells) + " |")
    return lines


def diagram(sites: Sequence[Reliability]) -> Image.Image:
    """A panel for each site: share right over mean probability, with two standard errors; the diagonal is perfect."""
    picture = Image.new("RGB", (len(sites) * (SIDE + MARGIN) + MARGIN, SIDE + 2 * MARGIN), (255, 255, 255))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for number, site in enumerate(sites):
        _panel(pen, font, MARGIN + number * (SIDE + MARGIN), site)
    return picture


def _panel(
    pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, left: int, site: Reliability
) -> None:
    def at(probability: float, share: float) -> tuple[float, float]:
        return left + probability * SIDE, MARGIN + (1 - share) * SIDE

    pen.rectangle((*at(0, 1), *at(1, 0)), outline=INK)
    pen.line((*at(0, 0), *at(1, 1)), fill=FAINT, width=2)
    pen.text((left, MARGIN - 22), f"{site.site.replace('_', ' ')}: error {site.error:.3f}", fill=INK, font=font)
    for value in (0.0, 0.5, 1.0):
        x, y = at(value, 0)
        pen.text((x - 8, y + 6), f"{value:g}", fill=INK, font=font)
        pen.text((left - 24, at(0, value)[1] - 8), f"{value:g}", fill=INK, font=font)
    pen.text((left + SIDE / 2 - 70, MARGIN + SIDE + 24), "probability, share right", fill=INK, font=font)
    largest = max(n for n, _, _ in site.bins)
    for n, probability, share in site.bins:
        if n:
            two_errors = 2 * float(np.sqrt(probability * (1 - probability) / n))
            pen.line(
                (*at(probability, max(share - two_errors, 0)), *at(probability, min(share + two_errors, 1))),
                fill=MARK,
                width=1,
            )
            (x, y), radius = at(probability, share), 3 + 7 * float(np.sqrt(n / largest))
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=MARK)
