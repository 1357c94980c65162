"""A radiologist's report of a simulated patient, and what its text states.

Several house styles, wordings and readers: a report states what its reader
saw, which is not always the truth, and does not mention everything. So the
labels that the text states (docs/labels.md) are returned with it; the truth
stays with the patient.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

import numpy as np

from inference.simulate.causes.records import Patient
from inference.simulate.report.parts import Sheet
from inference.simulate.report.phrases import Hand, read
from inference.simulate.report.styles import STYLES
from inference.types import LEVELS

#: Share of reports in each style.
WEIGHTS = {
    "levels": 0.28,
    "template": 0.12,
    "prose": 0.2,
    "telegram": 0.08,
    "impression": 0.08,
    "sites": 0.06,
    "table": 0.04,
    "notes": 0.14,
}
#: Share of reports in capitals, wrapped to lines of 72 characters, with the spelling "disk", and with typing errors;
#: then the range of the share of mistyped words.
_CAPITALS, _WRAPPED, _AMERICAN, _CARELESS, _MISTYPED = 0.12, 0.15, 0.2, 0.3, (0.005, 0.04)


@dataclass(frozen=True)
class Report:
    """A report. stated: ``{level: {site: grade}}`` as the text states them; grade may be ``present``."""

    text: str
    style: str
    stated: dict[str, dict[str, str]]


def report_text(patient: Patient, seed: int) -> str:
    """The report of a patient by the reader `seed`."""
    return dictate(patient, seed).text


def dictate(patient: Patient, seed: int, mistyped: float | None = None) -> Report:
    """A report of a patient and what it states. The same seed writes the same report.

    mistyped: share of words with a typing error; drawn when not given.
    """
    rng = np.random.default_rng([13, seed, patient.seed])
    sheet = Sheet(Hand(rng), patient, read(rng, patient))
    style = str(rng.choice(list(WEIGHTS), p=list(WEIGHTS.values())))
    text = STYLES[style](sheet).strip() + "\n"
    dice, amount = rng.random(4), rng.uniform(*_MISTYPED)
    if dice[3] < _AMERICAN:
        text = re.sub(r"\b([Dd])isc(s?)\b", r"\1isk\2", text)
    if dice[0] < _CAPITALS:
        text = text.upper()
    if dice[1] < _WRAPPED and style == "prose":
        text = "\n".join(textwrap.fill(line, 72, break_on_hyphens=False) for line in text.split("\n"))
    errors = mistyped if mistyped is not None else amount if dice[2] < _CARELESS else 0.0
    stated = {level: sheet.stated[level] for level in LEVELS if sheet.stated.get(level)}
    return Report(_mistype(rng, text, errors), style, stated)


def _mistype(rng: np.random.Generator, text: str, share: float) -> str:
    """Letters swapped, lost or doubled in a share of the longer words; never in a level's name."""
    words = text.split(" ")
    for number, word in enumerate(words):
        if len(word) > 4 and word.isalpha() and rng.random() < share:
            at = int(rng.integers(1, len(word) - 2))
            swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            words[number] = (swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:])[
                int(rng.integers(3))
            ]
    return " ".join(words)
