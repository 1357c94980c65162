"""Findings -> draft report text, each sentence tied to the findings it says.

The draft is the machine's; a reader signs the report. What was not assessed is
said as such and never as normal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from inference.measures.canal import lookup
from inference.types import LUMBAR_LEVELS, Grade, LevelFinding, Measurement, Sentence, Site

_SITE = {
    Site.CANAL: "spinal canal",
    Site.RECESS_LEFT: "left lateral recess",
    Site.RECESS_RIGHT: "right lateral recess",
    Site.FORAMEN_LEFT: "left foramen",
    Site.FORAMEN_RIGHT: "right foramen",
}
#: What both sides together are called.
_PAIRS: dict[tuple[Site, ...], str] = {
    (Site.RECESS_LEFT, Site.RECESS_RIGHT): "both lateral recesses",
    (Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT): "both foramina",
}


def compose(findings: Iterable[LevelFinding], measurements: Iterable[Measurement] = ()) -> tuple[Sentence, ...]:
    """Findings section level by level, then the impression. Deterministic."""
    table = {(finding.level, finding.site): finding for finding in findings}
    measured = tuple(measurements)
    sentences = [Sentence("FINDINGS"), *_alignment(measured)]
    for level in LUMBAR_LEVELS:
        present = [table[level, site] for site in Site if (level, site) in table]
        if present:
            sentences.append(_level_sentence(level, present, measured))
    sentences.append(Sentence("IMPRESSION"))
    sentences += _impression(table)
    return tuple(sentences)


def _alignment(measured: Sequence[Measurement]) -> list[Sentence]:
    """The lordosis, and every slip that is more than the uncertainty of reading it."""
    said = []
    for one in measured:
        if one.quantity == "slip" and one.note and one.value is not None:
            upper, lower = one.place.split("-")
            slip = replace(one, value=abs(one.value))
            said.append(Sentence(f"Alignment: {one.note.replace(',', f' of {upper} on {lower}, {slip},')}."))
        if one.quantity == "lordosis" and one.value is not None:
            said.insert(0, Sentence(f"Lordosis L1-S1 {one}, lying down."))
    return said


def text_of(sentences: Iterable[Sentence]) -> str:
    """The draft as plain text, a line per sentence, a blank line before each section."""
    lines: list[str] = []
    for sentence in sentences:
        if sentence.text.isupper() and lines:
            lines.append("")
        lines.append(sentence.text)
    return "\n".join(lines) + "\n"


def _level_sentence(level: str, present: list[LevelFinding], measured: tuple[Measurement, ...]) -> Sentence:
    parts = []
    for grade in (Grade.SEVERE, Grade.MODERATE, Grade.MILD, Grade.NORMAL, Grade.NOT_ASSESSED):
        sites: list[Site] = [finding.site for finding in present if finding.grade is grade]
        if sites:
            parts.append(_phrase(grade, sites, _numbers(level, measured) if Site.CANAL in sites else ""))
    text = "; ".join(parts)
    return Sentence(f"{level}: {text[0].upper()}{text[1:]}.", tuple((f.level, f.site) for f in present))


def _phrase(grade: Grade, sites: list[Site], numbers: str) -> str:
    if grade is Grade.NOT_ASSESSED:
        # Said once for all of them: "A not assessed; B not assessed" reads as a denial of something at B.
        return f"{_places(sites)} not assessed"
    if Site.CANAL in sites and len(sites) > 1:
        # The canal carries the numbers; a sentence of its own keeps them beside it.
        rest: list[Site] = [site for site in sites if site is not Site.CANAL]
        return f"{_phrase(grade, [Site.CANAL], numbers)}; {_phrase(grade, rest, '')}"
    plural = "are" if len(sites) > 1 else "is"
    if grade is Grade.NORMAL:
        normal = f"{_places(sites)} {plural} normal{numbers}"
        return normal if Site.CANAL not in sites else f"no spinal canal stenosis{numbers}"
    return f"{grade.value} stenosis of {_places(sites, 'the ')}{numbers}"


def _places(sites: Sequence[Site], article: str = "") -> str:
    """The sites in words, both sides together where both are meant. article: before each that is not a pair."""
    names = []
    for site in sites:
        pair = next((pair for pair in _PAIRS if site in pair), (site,))
        if not set(pair) <= set(sites):
            names.append(f"{article}{_SITE[site]}")
        elif site is pair[0]:
            names.append(_PAIRS.get(pair, f"{article}{_SITE[site]}"))
    return _list(names)


def _numbers(level: str, measured: tuple[Measurement, ...]) -> str:
    parts = []
    for name, quantity in (("AP", "canal_ap"), ("area", "canal_area")):
        measured_here = lookup(measured, level, quantity)
        if measured_here is not None:
            # The uncertainty stands beside the number on the page; in a report it would only be in the way.
            parts.append(f"{name} {replace(measured_here, plus_minus=None)}")
    return f" ({', '.join(parts)})" if parts else ""


def _impression(table: dict[tuple[str, Site], LevelFinding]) -> list[Sentence]:
    sentences = []
    for grade in (Grade.SEVERE, Grade.MODERATE, Grade.MILD):
        for levels, sites in _grouped(table, grade):
            said = f"{grade.value.capitalize()} stenosis of {_places(sites, 'the ')} at {_list(levels)}."
            sentences.append(Sentence(said, tuple((level, site) for site in sites for level in levels)))
    if not sentences:
        sentences += _no_stenosis(table)
    return sentences + _not_assessed(table)


def _no_stenosis(table: dict[tuple[str, Site], LevelFinding]) -> list[Sentence]:
    """Where nothing is narrow: in one sentence only if everything was looked at, else place by place."""
    graded = [key for key, finding in table.items() if finding.grade is Grade.NORMAL]
    if not graded:
        return [Sentence("No level was assessed.")]
    if len(graded) == len(table):
        return [Sentence("No stenosis where assessed.", tuple(graded))]
    sentences = []
    for levels, sites in _grouped(table, Grade.NORMAL):
        where = "any level" if levels == LUMBAR_LEVELS else _list(levels)
        said = f"No stenosis of {_places(sites, 'the ')} at {where}."
        sentences.append(Sentence(said, tuple((level, site) for site in sites for level in levels)))
    return sentences


def _is(table: dict[tuple[str, Site], LevelFinding], level: str, site: Site, grade: Grade) -> bool:
    return (level, site) in table and table[level, site].grade is grade


def _not_assessed(table: dict[tuple[str, Site], LevelFinding]) -> list[Sentence]:
    sentences = []
    for levels, sites in _grouped(table, Grade.NOT_ASSESSED):
        where = "all levels" if levels == LUMBAR_LEVELS else _list(levels)
        place = _places(sites)
        said = f"{place[0].upper()}{place[1:]} not assessed at {where}."
        sentences.append(Sentence(said, tuple((level, site) for site in sites for level in levels)))
    return sentences


def _grouped(table: dict[tuple[str, Site], LevelFinding], grade: Grade) -> list[tuple[tuple[str, ...], list[Site]]]:
    """The sites that have ``grade`` and their levels; recesses and foramina together where they agree."""
    by_site = {site: tuple(lv for lv in LUMBAR_LEVELS if _is(table, lv, site, grade)) for site in Site}
    groups: dict[tuple[tuple[str, ...], str], list[Site]] = {}
    for site, levels in by_site.items():
        if levels:
            groups.setdefault((levels, "canal" if site is Site.CANAL else "sides"), []).append(site)
    return [(levels, sites) for (levels, _), sites in groups.items()]


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
