"""Findings -> draft report text, each sentence tied to the findings it says.

The draft is the machine's; a reader signs the report. What was not assessed is
said as such and never as normal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from inference.measures.canal import lookup
from inference.result.words import GRADE_LABELS, SITE_NAMES, amount, grade_word, listed
from inference.types import ABNORMAL, LEVELS, Grade, LevelFinding, Measurement, Sentence, Site

#: What both sides together are called.
_PAIRS: dict[tuple[Site, ...], str] = {
    (Site.RECESS_LEFT, Site.RECESS_RIGHT): "both lateral recesses",
    (Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT): "both foramina",
}


#: The worst first.
_WORST_FIRST = ABNORMAL[::-1]


def compose(
    findings: Iterable[LevelFinding],
    measurements: Iterable[Measurement] = (),
    outside: Iterable[LevelFinding] = (),
) -> tuple[Sentence, ...]:
    """Findings section level by level, then the impression. Deterministic.

    outside: of discs that have no row; what is narrow there stands in both sections.
    """
    table = {(finding.level, finding.site): finding for finding in findings}
    measured = tuple(measurements)
    sentences = [Sentence("FINDINGS"), *_alignment(measured)]
    for level in LEVELS:
        present = [table[level, site] for site in Site if (level, site) in table]
        if present:
            sentences.append(_level_sentence(level, present, measured))
    beyond = _outside(outside)
    return (*sentences, *beyond, Sentence("IMPRESSION"), *_impression(table, beyond))


def _alignment(measured: tuple[Measurement, ...]) -> list[Sentence]:
    """The lordosis, and every slip that is more than the uncertainty of reading it."""
    lordosis = lookup(measured, "L1-S1", "lordosis")
    sentences = [Sentence(f"Lordosis L1-S1 {amount(lordosis)}, supine.")] if lordosis else []
    for one in measured:
        if one.quantity == "slip" and one.notice and one.value is not None:
            upper, lower = one.place.split("-")
            slip, kind = amount(replace(one, value=abs(one.value))), one.notice.values["kind"]
            grade = one.notice.values["meyerding"]
            sentences.append(Sentence(f"Alignment: {kind} of {upper} on {lower}, {slip}, Meyerding grade {grade}."))
    return sentences


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
    for grade in (*_WORST_FIRST, Grade.NORMAL, Grade.NOT_ASSESSED):
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
    return f"{grade_word(grade)} stenosis of {_places(sites, 'the ')}{numbers}"


def _places(sites: Sequence[Site], article: str = "") -> str:
    """The sites in words, both sides together where both are meant. article: before each that is not a pair."""
    names = []
    for site in sites:
        pair = next((pair for pair in _PAIRS if site in pair), (site,))
        if not set(pair) <= set(sites):
            names.append(f"{article}{SITE_NAMES[site]}")
        elif site is pair[0]:
            names.append(_PAIRS.get(pair, f"{article}{SITE_NAMES[site]}"))
    return listed(names)


def _numbers(level: str, measured: tuple[Measurement, ...]) -> str:
    parts = []
    for name, quantity in (("AP", "canal_ap"), ("area", "canal_area")):
        measured_here = lookup(measured, level, quantity)
        if measured_here is not None:
            # The uncertainty stands beside the number on the page; in a report it would only be in the way.
            parts.append(f"{name} {amount(replace(measured_here, plus_minus=None))}")
    return f" ({', '.join(parts)})" if parts else ""


def _outside(findings: Iterable[LevelFinding]) -> list[Sentence]:
    """What is narrow at discs outside the table, worst first."""
    by_level: dict[tuple[Grade, str], list[Site]] = {}
    for one in findings:
        if one.grade in ABNORMAL:
            by_level.setdefault((one.grade, one.level), []).append(one.site)
    return [
        Sentence(
            f"{GRADE_LABELS[grade]} stenosis of {_places(sites, 'the ')} at {level}, outside the named levels.",
            tuple((level, site) for site in sites),
        )
        for worst in _WORST_FIRST
        for (grade, level), sites in by_level.items()
        if grade is worst
    ]


def _impression(table: dict[tuple[str, Site], LevelFinding], beyond: list[Sentence]) -> list[Sentence]:
    """beyond: what is narrow outside the table; with it nothing is said of a spine without stenosis."""
    sentences = []
    for grade in _WORST_FIRST:
        for levels, sites in _grouped(table, grade):
            text = f"{GRADE_LABELS[grade]} stenosis of {_places(sites, 'the ')} at {listed(levels)}."
            sentences.append(Sentence(text, tuple((level, site) for site in sites for level in levels)))
    sentences += beyond
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
        where = "any level" if levels == _rows(table) else listed(levels)
        text = f"No stenosis of {_places(sites, 'the ')} at {where}."
        sentences.append(Sentence(text, tuple((level, site) for site in sites for level in levels)))
    return sentences


def _rows(table: dict[tuple[str, Site], LevelFinding]) -> tuple[str, ...]:
    """The levels of the table, head to feet."""
    return tuple(level for level in LEVELS if any(level == row for row, _ in table))


def _is(table: dict[tuple[str, Site], LevelFinding], level: str, site: Site, grade: Grade) -> bool:
    return (level, site) in table and table[level, site].grade is grade


def _not_assessed(table: dict[tuple[str, Site], LevelFinding]) -> list[Sentence]:
    sentences = []
    for levels, sites in _grouped(table, Grade.NOT_ASSESSED):
        where = "all levels" if levels == _rows(table) else listed(levels)
        place = _places(sites)
        text = f"{place[0].upper()}{place[1:]} not assessed at {where}."
        sentences.append(Sentence(text, tuple((level, site) for site in sites for level in levels)))
    return sentences


def _grouped(table: dict[tuple[str, Site], LevelFinding], grade: Grade) -> list[tuple[tuple[str, ...], list[Site]]]:
    """The sites that have ``grade`` and their levels; recesses and foramina together where they agree."""
    by_site = {site: tuple(lv for lv in LEVELS if _is(table, lv, site, grade)) for site in Site}
    groups: dict[tuple[tuple[str, ...], str], list[Site]] = {}
    for site, levels in by_site.items():
        if levels:
            groups.setdefault((levels, "canal" if site is Site.CANAL else "sides"), []).append(site)
    return [(levels, sites) for (levels, _), sites in groups.items()]
