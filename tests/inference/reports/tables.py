"""Label tables written short: ``L45 C=mod Fl=mild R=sev``.

C is the canal, F and R foramen and recess (l, r; without a side: both); the levels are
T12, L12, L23, L34, L45, L51 (``all`` is L1-L2 to L5-S1).
"""

from __future__ import annotations

LEVELS = {"T12": "T12-L1", "L12": "L1-L2", "L23": "L2-L3", "L34": "L3-L4", "L45": "L4-L5", "L51": "L5-S1"}
GRADES = {"n": "normal", "p": "present", "mild": "mild", "mod": "moderate", "sev": "severe"}
SITES = {"C": ["canal"], "F": ["foramen_left", "foramen_right"], "R": ["recess_left", "recess_right"]}
SITES |= {"Fl": ["foramen_left"], "Fr": ["foramen_right"], "Rl": ["recess_left"], "Rr": ["recess_right"]}


def table(short: str) -> dict[str, dict[str, str]]:
    """The short form as ``{level: {site: grade}}``; later entries overwrite."""
    rows: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for word in short.split():
        if "=" not in word:
            names = list(LEVELS.values())[1:] if word == "all" else [LEVELS[one] for one in word.split("+")]
            continue
        site, grade = word.split("=")
        for name in names:
            for one in SITES[site]:
                rows.setdefault(name, {})[one] = GRADES[grade]
    return {level: row for level in LEVELS.values() if (row := rows.get(level))}
