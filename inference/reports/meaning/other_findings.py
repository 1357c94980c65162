"""What else a report states: disc lesions, listhesis, fractures, surgery, transitional anatomy, diameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.reports.layout.state import Sentence
from inference.reports.phrases.chunks import Chunk
from inference.reports.types import LEVELS, DiscFinding, Measured, Observation, Span
from inference.reports.words import kinds
from inference.reports.words.levels import FIRST, LAST, OUT_OF_SCHEME

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
#: Zones as in Fardon's nomenclature, by the word; a word that is not listed names its own zone.
_ZONES = {"paramedian": "paracentral", "parasagittal": "paracentral", "centrolateral": "paracentral",
          "paracentrally": "paracentral", "posterolaterally": "posterolateral", "laterally": "lateral",
          "lateralised": "", "lateralized": "", "eccentric": ""}  # fmt: skip
_DETAIL = re.compile(r"\bgrade\s*-?\s*(iv|iii|ii|i|[1-4])\b|\b(\d+(?:\.\d+)?)\s*mm\b", re.IGNORECASE)
_DIAMETER = re.compile(r"\b(?:ap|a\.p|antero-?posterior)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(\d{1,2}(?:\.\d{1,2})?)\s*(mm|cm)?(?![\w/-])", re.IGNORECASE)
_LEVEL = re.compile(r"\b([TDL])(\d{1,2})\s?[-/]\s?[LS]?\d\b", re.IGNORECASE)


_LESION_CLAUSE = frozenset((kinds.COMPROMISE, kinds.SEMICOLON, kinds.NEGATION, kinds.COLON))
_DENIAL_ENDS = frozenset((kinds.NEGATION, kinds.BUT, kinds.SEMICOLON, kinds.THERE, kinds.COLON))
_PASSED_OVER = frozenset(
    (kinds.COPULA, kinds.AT, kinds.OF, kinds.DISC_LEVEL, kinds.VERTEBRA, kinds.OTHER_THING)
)  # fmt: skip
#: How far before a disc lesion, in chunks, its zone and side are looked for.
_ZONE_REACH = 6
#: Diameters that are taken, in mm: no lumbar canal is narrower or wider.
_SMALLEST, _LARGEST = 2.0, 30.0


@dataclass(slots=True)
class OtherFindings:
    """Findings of a report that are no labels, as they are met sentence by sentence."""

    discs: list[DiscFinding] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def collect(self, sentence: Sentence, chunks: Sequence[Chunk], in_force: tuple[int, ...], text: str) -> None:
        """Add what a sentence states. ``in_force``: discs from its heading or the sentence before."""
        for i, c in enumerate(chunks):
            if c.kind is kinds.DISC_LESION and not c.negated:
                self._add_disc(chunks, i, in_force)
        for token in sentence.tokens:
            kind = _OBSERVED.get(token.text)
            if kind is not None:
                self._observe(kind, token.text, sentence, chunks, text)

    def _add_disc(self, chunks: Sequence[Chunk], i: int, in_force: tuple[int, ...]) -> None:
        c = chunks[i]
        zone, side = _zone_and_side(chunks[max(0, i - _ZONE_REACH) : i])
        for disc in _levels_of(chunks, i) or in_force:
            if FIRST <= disc <= LAST:
                level = LEVELS[disc - FIRST]
                if not any((m.level, m.kind, m.zone, m.side) == (level, c.value, zone, side) for m in self.discs):
                    self.discs.append(DiscFinding(level, c.value, zone, side, Span(c.start, c.end)))

    def _observe(self, kind: str, word: str, sentence: Sentence, chunks: Sequence[Chunk], text: str) -> None:
        first = next(t for t in sentence.tokens if t.text == word)
        if kind != "postoperative" and _is_denied(chunks, first.start):
            return
        start, end = sentence.tokens[0].start, sentence.tokens[-1].end
        match = _DETAIL.search(text, start, end)
        detail = f"{word} {match[0].lower()}" if match and kind == "listhesis" else word
        named = (c for c in chunks if c.kind in (kinds.DISC_LEVEL, kinds.VERTEBRA))
        places = [name for c in named if (name := _name(c))] or [""]
        for place in places if kind == "fracture" else places[:1]:
            if not any((o.kind, o.place) == (kind, place) for o in self.observations):
                self.observations.append(Observation(kind, place, detail, Span(start, end)))


def _zone_and_side(before: Sequence[Chunk]) -> tuple[str, str]:
    """Zone and side of a lesion by the chunks before it."""
    zone, side = "", ""
    for c in before:
        if c.kind in _LESION_CLAUSE:
            zone, side = "", ""
        elif c.kind is kinds.LESION_ZONE:
            zone, side = _zone(c) or zone, c.side or side
        elif c.kind is kinds.SIDE:
            side = c.value
        elif c.kind is kinds.SITE and c.form in ("foraminal", "subarticular"):
            zone, side = _zone(c), c.side or side
    return zone, side


def _zone(c: Chunk) -> str:
    """Central, diffuse, paracentral, posterolateral, subarticular, foraminal, extraforaminal; empty for none."""
    if c.value in ("central", "diffuse"):
        return c.value
    if c.form in ("foramen", "foraminal"):
        return "foraminal"
    return "subarticular" if c.form in ("recess", "subarticular") else _ZONES.get(c.form, c.form)


def _levels_of(chunks: Sequence[Chunk], i: int) -> tuple[int, ...]:
    """Discs named nearest to a lesion in its sentence, those behind it first."""
    for c in chunks[i + 1 :]:
        if c.kind is kinds.DISC_LEVEL:
            return c.discs
        if c.kind in (kinds.DISC_LESION, kinds.SEMICOLON, kinds.VERTEBRA):
            break
    return next((c.discs for c in reversed(chunks[:i]) if c.kind is kinds.DISC_LEVEL), ())


def _is_denied(chunks: Sequence[Chunk], start: int) -> bool:
    """``No slip or fracture``, ``fracture is not seen``; not ``slip without fracture`` for the slip."""
    denied = False
    for c in chunks:
        if c.start > start:
            break
        if c.kind in _DENIAL_ENDS:
            denied = c.kind is kinds.NEGATION
    behind = [c.kind for c in chunks if c.start > start and c.kind not in _PASSED_OVER]
    return denied or behind[:2] == [kinds.NEGATION, kinds.SEEN]


def _name(c: Chunk) -> str:
    """The name of a disc level or a vertebra; empty for one out of the scheme."""
    if c.kind is kinds.DISC_LEVEL:
        return next((LEVELS[d - FIRST] for d in c.discs if FIRST <= d <= LAST), "")
    vertebra = int(c.value) if c.value.isdigit() else OUT_OF_SCHEME
    for letter, base, top in (("T", 7, 12), ("L", 19, 5), ("S", 24, 3)):
        if 1 <= vertebra - base <= top:
            return f"{letter}{vertebra - base}"
    return ""


def diameters(text: str) -> list[Measured]:
    """AP diameters in a clean text: the number behind each level of a line that speaks of them."""
    measured: list[Measured] = []
    if not _DIAMETER.search(text):
        return measured
    start = 0
    for line in text.split("\n"):
        if _DIAMETER.search(line):
            named = list(_LEVEL.finditer(line))
            for one, after in itertools.zip_longest(named, named[1:]):
                match = _NUMBER.search(line, one.end(), after.start() if after else len(line))
                level = _level_name(one)
                if match and level and _SMALLEST <= (value := _in_mm(match)) <= _LARGEST:
                    span = Span(start + match.start(1), start + match.end(1))
                    measured.append(Measured(level, value, span))
        start += len(line) + 1
    return measured


def _in_mm(match: re.Match[str]) -> float:
    return float(match[1]) * (10 if (match[2] or "").lower() == "cm" else 1)


def _level_name(match: re.Match[str]) -> str:
    upper = int(match[2])
    if match[1].lower() in "td":
        return LEVELS[0] if upper == 12 else ""
    return LEVELS[upper] if 1 <= upper <= 5 and match[1].lower() == "l" else ""
