"""What else a report states: disc lesions, slips, fractures, surgery, transitional anatomy, diameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.reports.chunks import Chunk
from inference.reports.levels import FIRST, LAST, OUT_OF_SCHEME
from inference.reports.sections import Sentence
from inference.reports.types import LEVELS, DiscFinding, Measured, Observation, Span

_OBSERVED = {
    "spondylolisthesis": "listhesis",
    "anterolisthesis": "listhesis",
    "retrolisthesis": "listhesis",
    "listhesis": "listhesis",
    "slip": "listhesis",
    "fracture": "fracture",
    "fractures": "fracture",
    "laminectomy": "postoperative",
    "discectomy": "postoperative",
    "microdiscectomy": "postoperative",
    "laminotomy": "postoperative",
    "hemilaminectomy": "postoperative",
    "fusion": "postoperative",
    "screws": "postoperative",
    "postoperative": "postoperative",
    "operation": "postoperative",
    "surgery": "postoperative",
    "lumbarised": "transitional",
    "lumbarized": "transitional",
    "sacralised": "transitional",
    "sacralized": "transitional",
    "sacralisation": "transitional",
    "sacralization": "transitional",
    "lumbarisation": "transitional",
    "lumbarization": "transitional",
    "transitional": "transitional",
}
#: Zones as in Fardon's nomenclature, by the word; a word that is not here names its own zone.
_ZONES = {"paramedian": "paracentral", "parasagittal": "paracentral", "centrolateral": "paracentral",
          "paracentrally": "paracentral", "posterolaterally": "posterolateral", "laterally": "lateral",
          "lateralised": "", "lateralized": "", "eccentric": ""}  # fmt: skip
_DETAIL = re.compile(r"\bgrade\s*-?\s*(iv|iii|ii|i|[1-4])\b|\b(\d+(?:\.\d+)?)\s*mm\b", re.IGNORECASE)
_DIAMETER = re.compile(r"\b(?:ap|a\.p|antero-?posterior)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(\d{1,2}(?:\.\d{1,2})?)\s*(mm|cm)?(?![\w/-])", re.IGNORECASE)
_LEVEL = re.compile(r"\b([TDL])(\d{1,2})\s?[-/]\s?[LS]?\d\b", re.IGNORECASE)


@dataclass(slots=True)
class Found:
    """Findings of a report as they are met, sentence by sentence."""

    discs: list[DiscFinding] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)


def collect(sentence: Sentence, chunks: Sequence[Chunk], in_force: tuple[int, ...], text: str, found: Found) -> None:
    """Add what a sentence states. ``in_force``: discs from its heading or the sentence before."""
    for i, c in enumerate(chunks):
        if c.kind == "D" and not c.negated:
            _disc(chunks, i, in_force, found)
    for token in sentence.tokens:
        kind = _OBSERVED.get(token.text)
        if kind is not None:
            _observe(kind, token.text, sentence, chunks, text, found)


def _disc(chunks: Sequence[Chunk], i: int, in_force: tuple[int, ...], found: Found) -> None:
    c = chunks[i]
    zone, side = "", ""
    for before in chunks[max(0, i - 6) : i]:
        if before.kind in ("P", "SEMI", "NEG", "COLON"):
            zone, side = "", ""
        elif before.kind == "Z":
            zone, side = _zone(before) or zone, before.side or side
        elif before.kind == "SD":
            side = before.value
        elif before.kind == "S" and before.form in ("foraminal", "subarticular"):
            zone, side = _zone(before), before.side or side
    for disc in _levels_of(chunks, i) or in_force:
        if FIRST <= disc <= LAST:
            made = DiscFinding(LEVELS[disc - FIRST], c.value, zone, side, Span(c.start, c.end))
            if not any((m.level, m.kind, m.zone, m.side) == (made.level, made.kind, zone, side) for m in found.discs):
                found.discs.append(made)


def _zone(c: Chunk) -> str:
    """Central, diffuse, paracentral, posterolateral, subarticular, foraminal, extraforaminal; empty for none said."""
    if c.value in ("central", "diffuse"):
        return c.value
    if c.form in ("foramen", "foraminal"):
        return "foraminal"
    return "subarticular" if c.form in ("recess", "subarticular") else _ZONES.get(c.form, c.form)


def _levels_of(chunks: Sequence[Chunk], i: int) -> tuple[int, ...]:
    """Discs named nearest to a lesion in its sentence, those behind it first."""
    for c in chunks[i + 1 :]:
        if c.kind == "L":
            return c.discs
        if c.kind in ("D", "SEMI", "V"):
            break
    return next((c.discs for c in reversed(chunks[:i]) if c.kind == "L"), ())


def _observe(kind: str, word: str, sentence: Sentence, chunks: Sequence[Chunk], text: str, found: Found) -> None:
    words = {t.text for t in sentence.tokens}
    at = next(t for t in sentence.tokens if t.text == word)
    if kind != "postoperative" and _is_denied(chunks, at.start):
        return
    if kind == "transitional" and not words & {"vertebra", "vertebrae", "anatomy", "segment", "s1", "l5", "l6", word}:
        return
    start, end = sentence.tokens[0].start, sentence.tokens[-1].end
    match = _DETAIL.search(text, start, end)
    detail = f"{word} {match[0].lower()}" if match and kind == "listhesis" else word
    places = [name for c in chunks if c.kind in ("L", "V") and (name := _name(c))] or [""]
    for place in places if kind == "fracture" else places[:1]:
        if not any((o.kind, o.place) == (kind, place) for o in found.observations):
            found.observations.append(Observation(kind, place, detail, Span(start, end)))


def _is_denied(chunks: Sequence[Chunk], start: int) -> bool:
    """``No slip or fracture``, ``fracture is not seen``; not ``slip without fracture`` for the slip."""
    denied = False
    for c in chunks:
        if c.start > start:
            break
        if c.kind in ("NEG", "BUT", "SEMI", "THERE", "COLON"):
            denied = c.kind == "NEG"
    behind = [c.kind for c in chunks if c.start > start and c.kind not in ("COPULA", "AT", "OF", "L", "V", "O")]
    return denied or behind[:2] == ["NEG", "SEEN"]


def _name(c: Chunk) -> str:
    if c.kind == "L":
        return next((LEVELS[d - FIRST] for d in c.discs if FIRST <= d <= LAST), "")
    vertebra = int(c.value) if c.value.isdigit() else OUT_OF_SCHEME
    for letter, base, top in (("T", 7, 12), ("L", 19, 5), ("S", 24, 3)):
        if 1 <= vertebra - base <= top:
            return f"{letter}{vertebra - base}"
    return ""


def diameters(text: str) -> list[Measured]:
    """AP diameters in a clean text: the number behind each level of a line that speaks of them."""
    found: list[Measured] = []
    if not _DIAMETER.search(text):
        return found
    start = 0
    for line in text.split("\n"):
        if _DIAMETER.search(line):
            named = list(_LEVEL.finditer(line))
            for one, after in itertools.zip_longest(named, named[1:]):
                match = _NUMBER.search(line, one.end(), after.start() if after else len(line))
                level = _level_name(one)
                if match and level:
                    _measured(level, match, start, found)
        start += len(line) + 1
    return found


def _level_name(match: re.Match[str]) -> str:
    upper = int(match[2])
    if match[1].lower() in "td":
        return LEVELS[0] if upper == 12 else ""
    return LEVELS[upper] if 1 <= upper <= 5 and match[1].lower() == "l" else ""


def _measured(level: str, match: re.Match[str], start: int, found: list[Measured]) -> None:
    value = float(match[1]) * (10 if (match[2] or "").lower() == "cm" else 1)
    if 2.0 <= value <= 30.0:
        found.append(Measured(level, value, Span(start + match.start(1), start + match.end(1))))
