"""The lexicon: a word of a report -> what it means, misspelt or not.

A word that is not in `lexicon.toml` is taken for a word that is when they are
one edit apart (two from nine letters on; an edit is a letter too many, too
few, wrong, or two swapped), as in Damerau, CACM 1964. Deletions of all known
words are indexed once (Garbe's symmetric deletion), so a look-up costs
microseconds, and results are kept.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.reports.words import kinds
from inference.reports.words.kinds import Kind

_GLUE = {kind.value: kind for kind in Kind}
_FILE = Path(__file__).parent / "lexicon.toml"
#: Meanings kept in memory, in words (about 30 MB).
_KEPT = 200_000
#: Longest word that is corrected, in letters.
_LONGEST = 22


@dataclass(frozen=True, slots=True)
class Word:
    """What a word means: its kind, a value and a form."""

    kind: Kind
    value: str
    form: str = ""


PLAIN = Word(kinds.PLAIN, "")
#: Shortest word, in letters, that is corrected, or that others are corrected into.
_SHORTEST_CORRECTED = 5


class _Meanings(dict[str, tuple[Word, ...]]):
    """Meanings by word; that of an unlisted word is worked out once and kept, up to `_KEPT` words."""

    def __init__(self, known: dict[str, tuple[Word, ...]], guess: Callable[[str], tuple[Word, ...]]) -> None:
        super().__init__(known)
        self._known, self._guess = known, guess

    def __missing__(self, word: str) -> tuple[Word, ...]:
        if len(self) > _KEPT:
            self.clear()
            self.update(self._known)
        meanings = self[word] = self._guess(word)
        return meanings


class Lexicon:
    """Looks words up; made once from the data file."""

    def __init__(self, path: Path = _FILE) -> None:
        with path.open("rb") as file:
            data = tomllib.load(file)
        self._words = _read(data)
        self.headings = {name: frozenset(entries) for name, entries in data["headings"].items()}
        self.function_words = frozenset(data["plain"]["function"])
        self._deletes: dict[str, list[str]] = {}
        for word in self._words:
            if len(word) >= _SHORTEST_CORRECTED - 1:
                for shorter in _deletions(word, _edits(word)):
                    self._deletes.setdefault(shorter, []).append(word)
        self.listed = frozenset(self._words)
        self._meanings = _Meanings({word: (meaning,) for word, meaning in self._words.items()}, self._guess)
        #: Meanings of a lower-case word: one, or two for two words run together.
        self.look_up: Callable[[str], tuple[Word, ...]] = self._meanings.__getitem__

    def _guess(self, word: str) -> tuple[Word, ...]:
        if len(word) == _SHORTEST_CORRECTED - 1 and word.isalpha():
            longer = (near for near in self._deletes.get(word, ()) if len(near) == len(word) + 1)
            corrected = next((near for near in sorted(longer) if near[0] == word[0]), "")
            return (self._words[corrected] if corrected else PLAIN,)
        if not _SHORTEST_CORRECTED <= len(word) <= _LONGEST or not word.isalpha():
            return (PLAIN,)
        for cut in range(3, len(word) - 2):
            first, second = self._words.get(word[:cut]), self._words.get(word[cut:])
            if first and second and (first.kind or second.kind) and len(word) >= 8:
                return (first, second)
        return (self._words[near] if (near := self._nearest(word)) else PLAIN,)

    def _nearest(self, word: str) -> str:
        best, distance = "", _edits(word) + 1
        seen: set[str] = set()
        for shorter in _deletions(word, _edits(word)):
            for candidate in self._deletes.get(shorter, ()):
                if candidate in seen or (candidate[0] != word[0] and candidate[1:3] != word[1:3]):
                    continue
                seen.add(candidate)
                d = edit_distance(word, candidate, _edits(candidate))
                if d <= min(_edits(candidate), _edits(word)) and (d, candidate) < (distance, best or "~"):
                    best, distance = candidate, d
        return best


def _edits(word: str) -> int:
    if len(word) < _SHORTEST_CORRECTED:
        return 1 if len(word) == _SHORTEST_CORRECTED - 1 else 0
    return 1 if len(word) < 8 else 2


def _deletions(word: str, edits: int) -> set[str]:
    shorter = {word}
    frontier = {word}
    for _ in range(edits):
        frontier = {w[:i] + w[i + 1 :] for w in frontier for i in range(len(w))}
        shorter |= frontier
    return shorter


def edit_distance(a: str, b: str, bound: int) -> int:
    """Damerau-Levenshtein distance (adjacent swaps), or more than ``bound`` when it is."""
    if abs(len(a) - len(b)) > bound:
        return bound + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, row = row, current
    return row[-1]


def _read(data: dict[str, Any]) -> dict[str, Word]:
    words: dict[str, Word] = {}
    for entries, word in _entries(data):
        for entry in entries:
            words.setdefault(entry, word)
    return words


def _entries(data: dict[str, Any]) -> Iterator[tuple[list[str], Word]]:
    """Lists of words with their meaning; of two meanings the first holds."""
    for side, entries in data["sides"].items():
        yield entries, Word(kinds.SIDE, side)
    for name, entries in data["grades"].items():
        value, _, loose = name.partition("_")
        yield entries, Word(kinds.GRADE, value, loose)
    yield data["negations"]["no"], Word(kinds.NEGATION, "no")
    yield data["normal"]["calibre"], Word(kinds.NORMAL, "normal")
    for effect, forms in data["predicates"].items():
        for form, entries in forms.items():
            yield entries, Word(kinds.COMPROMISE, effect, form)
    for kind, section in (
        (kinds.SITE_WORD, "site_words"),
        (kinds.DISC_LESION, "disc_lesions"),
        (kinds.LESION_ZONE, "zones"),
        (kinds.OTHER_THING, "other"),
    ):
        for value, entries in data[section].items():
            yield entries, Word(kind, value)
    for value, entries in data["glue"].items():
        yield entries, Word(_GLUE[value], value)
    for entry, site in data["abbreviations"].items():
        yield [entry], Word(kinds.ABBREVIATION, site)
    yield data["plain"]["words"] + data["plain"]["function"], PLAIN


LEXICON = Lexicon()
