"""The simple way, to compare with: nearest level, nearest grade word, NegEx.

Chapman et al., J Biomed Inform 2001: a finding is negated when a negation
stands within five words before it. A site word takes the grade word and the
level nearest to it in its sentence (or the last level before it).
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.;\n]+\s+|\n")
_LEVEL = re.compile(r"\b([TDL])(\d{1,2})\s*[-/]\s*[TDLS]?(\d{1,2})\b", re.IGNORECASE)
_SITE = re.compile(
    r"(?P<canal>thecal sac|spinal canal|central canal|canal stenosis|spinal stenosis)"
    r"|(?P<foramen>foramin\w+|foramen|exit\w* (?:neural )?canals?|nerve roots?)|(?P<recess>lateral recess(?:es)?)",
    re.IGNORECASE,
)
_GRADE = re.compile(r"\b(mild|minimal|slight|moderate|severe|marked)", re.IGNORECASE)
_NORMAL = re.compile(r"\b(adequate|patent|normal|preserved)\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:no|without|no evidence of|not)\b(?:\W+\w+){0,5}\W*$", re.IGNORECASE)
_SIDE = re.compile(r"\b(left|lt|right|rt)\b", re.IGNORECASE)
_GRADES = {"mild": "mild", "minimal": "mild", "slight": "mild", "moderate": "moderate", "severe": "severe"}
_GRADES |= {"marked": "severe"}
_STRENGTH = {"normal": 0, "present": 1, "mild": 2, "moderate": 3, "severe": 4}


def read(text: str) -> dict[str, dict[str, str]]:
    """``{level: {site: grade}}`` by nearness alone."""
    rows: dict[str, dict[str, str]] = {}
    level = ""
    for sentence in _SENTENCE.split(text):
        places = [(match.start(), _name(match)) for match in _LEVEL.finditer(sentence)]
        for match in _SITE.finditer(sentence):
            near = min(places, key=lambda place: abs(place[0] - match.start()), default=(0, level))[1]
            if near:
                _note(rows.setdefault(near, {}), match, sentence)
        level = places[-1][1] if places else level
    return {level: row for level, row in rows.items() if row}


def _name(match: re.Match[str]) -> str:
    letter, upper = match[1].upper().replace("D", "T"), int(match[2])
    if letter == "T":
        return "T12-L1" if upper == 12 else ""
    return "L5-S1" if upper == 5 else f"L{upper}-L{upper + 1}" if 1 <= upper <= 4 else ""


def _note(row: dict[str, str], match: re.Match[str], sentence: str) -> None:
    grade = _grade(match, sentence)
    side = min(_SIDE.finditer(sentence), key=lambda one: abs(one.start() - match.start()), default=None)
    sides = ["left", "right"] if side is None else ["left" if side[0].lower().startswith("l") else "right"]
    names = ["canal"] if match.lastgroup == "canal" else [f"{match.lastgroup}_{one}" for one in sides]
    for name in names:
        if name not in row or _STRENGTH[grade] > _STRENGTH[row[name]]:
            row[name] = grade


def _grade(match: re.Match[str], sentence: str) -> str:
    if _NEGATION.search(sentence[: match.start()]) or _NORMAL.search(sentence[match.start() : match.end() + 25]):
        return "normal"
    near = min(_GRADE.finditer(sentence), key=lambda one: abs(one.start() - match.start()), default=None)
    return _GRADES[near[1].lower()] if near else "present"
