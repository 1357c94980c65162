"""Report texts written for these tests, with what the guideline makes of them; a file for each topic."""

from __future__ import annotations

from tests.inference.reports.cases import (
    change,
    grades,
    headings,
    levels,
    negation,
    one_level,
    references,
    scope,
    sections,
    several_levels,
    shared_words,
    sides,
    sides_at_one_level,
    sites,
    spelling,
    statements_twice,
)

#: The guideline (docs/labels.md), point by point.
GUIDELINE = [
    statement
    for topic in (levels, sites, sides, grades, change, negation, statements_twice, sections, spelling)
    for statement in topic.STATEMENTS
]
#: The guideline, and statements in the styles of many hospitals.
ALL = GUIDELINE + [
    statement
    for topic in (one_level, sides_at_one_level, several_levels, shared_words, headings, scope, references)
    for statement in topic.STATEMENTS
]
