"""Facts in words: the one place where what the engine found becomes English.

Everything else hands values on: `Notice`, `Rule`, grades, sites, roles, steps. The web pages are served from here too,
so nothing here loads a network.
"""

from __future__ import annotations

from inference.result.words.amounts import amount, listed, percent, unusual
from inference.result.words.discs import discs_by_level, question_label
from inference.result.words.labels import (
    DOUBTS,
    GRADE_LABELS,
    ROLE_LABELS,
    SITE_COLUMNS,
    SITE_LABELS,
    SITE_NAMES,
    STEP_LABELS,
    grade_word,
    role_word,
)
from inference.result.words.notices import NOTICES, notice_words, notices_words
from inference.result.words.rules import RULES, rule_words, rules_words

__all__ = [
    "DOUBTS", "GRADE_LABELS", "NOTICES", "ROLE_LABELS", "RULES", "SITE_COLUMNS", "SITE_LABELS", "SITE_NAMES",
    "STEP_LABELS", "amount", "discs_by_level", "grade_word", "listed", "notice_words", "notices_words", "percent",
    "question_label", "role_word", "rule_words", "rules_words", "unusual",
]  # fmt: skip
