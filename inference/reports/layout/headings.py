"""Headings over tokens: of levels (``L4-L5:``), of sections (``IMPRESSION -``), of anything."""

from __future__ import annotations

from collections.abc import Sequence

from inference.reports.words import kinds, levels
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.tokens import Token

SKIPPED = LEXICON.headings["skipped"]
READ = LEXICON.headings["read"]
REVEALS = LEXICON.headings["reveals"]
LUMBAR = LEXICON.headings["lumbar"]
FOREIGN = LEXICON.headings["foreign"]
ABBREVIATIONS = LEXICON.headings["abbreviations"]
JOINING = LEXICON.headings["joining"]
#: Longest heading, in tokens.
_HEADING_REACH = 10


_BULLETS = frozenset("-*.)(>_|&/,:+[")


def first_word(line: Sequence[Token], i: int) -> int:
    """Behind bullets and list numbers."""
    while i < len(line):
        if line[i].text in _BULLETS:
            i += 1
        elif _numbers_item(line, i):
            i += 2
        else:
            break
    return i


def _numbers_item(line: Sequence[Token], i: int) -> bool:
    if line[i].kind != "number" or i + 1 >= len(line):
        return False
    after = line[i + 1]
    return after.text in (".", ")") or (after.text in ("-", ":") and after.start > line[i].end)


def heading_end(line: Sequence[Token], i: int) -> int:
    """Index of the colon that ends a heading at ``i``, or 0."""
    i = first_word(line, i)
    for k in range(i, min(len(line), i + _HEADING_REACH)):
        if line[k].text == ":":
            return k
        if line[k].text in (".", ";", ","):
            return 0
    return 0


def item_end(line: Sequence[Token], i: int) -> int:
    """Index of the colon, or of the dash between blanks, that ends the name of an item at ``i``; or 0."""
    first = first_word(line, i)
    for k in range(first + 1, min(len(line), first + 5)):
        if line[k].text == "-" and line[k - 1].end < line[k].start:
            return k
    return heading_end(line, i)


_BEFORE_LEVEL = frozenset(
    ("at", "level", "the", "levels", "disc", "ivd", "findings", "of", "in", ":", "segment", "segments", "interspace")
)


_AFTER_LEVEL = frozenset(
    ("level", "levels", ")", "]", "*", "disc", "discs", "disk", "disks", "intervertebral", "space", "interspace",
     "segment", "segments", "motion", "spinal")
)  # fmt: skip


def level_heading(line: Sequence[Token], i: int) -> tuple[tuple[int, ...], int] | None:
    """Discs and the index behind a level heading (``L4-L5:``, ``L3-4 and L4-5 -``, ``L4/5 level``)."""
    i = first_word(line, i)
    for _ in range(4):
        if i < len(line) and line[i].text in _BEFORE_LEVEL:
            i += 1
    discs, k = _listed(line, i)
    if not discs:
        return None
    if k == len(line):
        return discs, k
    if line[k].text in (":", "|", "=", ">") or (line[k].text == "-" and not _touches(line, k)):
        return discs, k + 1
    if line[k].text in ("(", "[") and any(t.text == ":" for t in line[k : k + 6]):
        return discs, k
    return None


def writes_blocks(lines: Sequence[Sequence[Token]]) -> bool:
    """Whether levels are written as a heading line with more lines below, one after the other."""
    headed = [level_heading(line, 0) for line in lines]
    count = alone = 0
    for k in range(len(lines) - 1):
        heading = headed[k]
        if heading and lines[k + 1] and not headed[k + 1]:
            count += any(headed[k + 2 : k + 7])
            alone += heading[1] == len(lines[k])
    return count >= 2 or alone >= 2


def _listed(line: Sequence[Token], k: int) -> tuple[tuple[int, ...], int]:
    """The discs of a list of levels that starts at ``k``, and the index behind it."""
    discs: tuple[int, ...] = ()
    while k < len(line) and len(discs) < 40:
        kind = line[k].kind
        if kind == "number" and discs:
            place = levels.bare_pair(line, k)
        elif kind == "vertebra":
            place = levels.parse(line, k)
        else:
            place = levels.counted(line, k) if line[k].text in levels.COUNTED else None
        if place is None or not place.discs:
            break
        discs += place.discs
        k = place.next_index
        while k < len(line) and line[k].text in _AFTER_LEVEL:
            k += 1
        ahead = _behind_joint(line, k)
        if not ahead:
            break
        k = ahead
    return discs, k


def _behind_joint(line: Sequence[Token], k: int) -> int:
    """Where a list of levels goes on behind ``,`` or ``and``, or 0."""
    if k < len(line) and line[k].kind == "vertebra":
        return k
    if k + 1 < len(line) and line[k].text in (",", "and", "&", "/", "amnd"):
        ahead = k + 1 + (line[k + 1].text in ("and", "&"))
        if ahead < len(line) and line[ahead].kind in ("vertebra", "number"):
            return ahead
    return 0


def _touches(line: Sequence[Token], k: int) -> bool:
    return line[k].start == line[k - 1].end and k + 1 < len(line) and line[k + 1].start == line[k].end


def dash_heading(tokens: Sequence[Token], first: int) -> int:
    """``Impression - ...``: a section's name before a dash."""
    k = first + 1
    if k < len(tokens) and tokens[k].text == "-" and tokens[k].start > tokens[first].end:
        return k if tokens[first].text in READ or tokens[first].text in SKIPPED else 0
    return 0


_PARTS = frozenset(("disc", "discs", "disk", "facet", "facets", "joints", "joint", "ligamentum", "flavum", "ligaments"))


def is_part_of_level(line: Sequence[Token]) -> bool:
    """``Disc: ...``, ``Facet joints: ...``: a line inside the block of a level."""
    i = first_word(line, 0)
    return i < len(line) and line[i].text in _PARTS and heading_end(line, 0) > 0


_STUDY = frozenset(("exam", "examination", "study", "scan"))


def leads_to_findings(words: Sequence[str]) -> bool:
    """``CONCLUSION/RECOMMENDATION``, ``Examination findings``: read, although a part of the name is not."""
    return words[0] in READ or (words[0] in _STUDY and words[-1] in READ)


def is_title(words: Sequence[str]) -> bool:
    return not any(
        LEXICON.look_up(word)[0].kind in (kinds.COMPROMISE, kinds.NORMAL, kinds.NEGATION, kinds.DISC_LESION)
        for word in words
        if word != "without"
    )


def follows_level(tokens: Sequence[Token], first: int) -> bool:
    """Whether a level's heading stands right before, on the same line."""
    return any(t.kind == "vertebra" for t in tokens[:first])
