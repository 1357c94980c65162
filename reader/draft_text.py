"""The draft text: composed from the table, then the reader's own.

Until a hand edit the text is the table's sentences. After it, the text is the
reader's: a changed table only makes suggestions, one per sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import TypedDict

from inference.result.draft import compose, text_of
from inference.types import Grade, LevelFinding, Measurement, Sentence, Site

#: How alike two sentences are that say the same thing of a changed table, 0 to 1.
ALIKE = 0.6


class Said(TypedDict):
    """A sentence of the table; `key` names its section and what it speaks of, and is the sentence's own."""

    key: str
    text: str


class Suggestion(TypedDict):
    """A sentence on which text and table differ.

    key: names the suggestion. was_key: the key that the sentence had before.
    was: what the table said when the reader last looked, "" for a new sentence.
    now: what it says now, "" when the sentence is gone.
    standing: whether `was` still stands word for word in the text.
    """

    key: str
    was_key: str
    was: str
    now: str
    standing: bool


def sentences(findings: Iterable[LevelFinding], measurements: Sequence[Measurement]) -> list[Said]:
    """The table in words, one sentence per line, in the order of the report."""
    said: list[Said] = []
    section = ""
    times: Counter[str] = Counter()
    for sentence in compose(tuple(findings), tuple(measurements)):
        if sentence.text.isupper():
            section = sentence.text.lower()
        places = "+".join(f"{level}/{Site(site).value}" for level, site in sentence.findings)
        key = f"{section}:{places}"
        times[key] += 1
        # "No level was assessed." speaks of no place, and neither does its heading: two keys all the same.
        said.append({"key": key if times[key] == 1 else f"{key}#{times[key]}", "text": sentence.text})
    return said


def join(said: Iterable[Said]) -> str:
    """The sentences as a text."""
    return text_of(Sentence(sentence["text"]) for sentence in said)


def finding(level: str, site: str, grade: str) -> LevelFinding:
    """A row of the table as the value that `compose` takes."""
    return LevelFinding(level=level, site=Site(site), grade=Grade(grade))


def suggestions(text: str, settled: Sequence[Said], now: Sequence[Said]) -> list[Suggestion]:
    """What the table says that the reader has neither taken into the text nor dismissed."""
    before = {sentence["key"]: sentence for sentence in settled}
    current = {sentence["key"]: sentence for sentence in now}
    gone = [sentence for key, sentence in before.items() if key not in current]
    found: list[Suggestion] = []
    for sentence in now:
        was = before.get(sentence["key"]) or _closest(sentence, gone)
        if was in gone:
            gone.remove(was)
        if was is None or was["text"] != sentence["text"]:
            found.append(_suggestion(text, was, sentence))
    found.extend(_suggestion(text, was, None) for was in gone)
    return found


def _closest(sentence: Said, gone: Sequence[Said]) -> Said | None:
    """The vanished sentence that this one replaces: same section, much the same words."""

    def likeness(was: Said) -> float:
        same_section = was["key"].split(":")[0] == sentence["key"].split(":")[0]
        return SequenceMatcher(None, was["text"], sentence["text"]).ratio() if same_section else 0.0

    best = max(gone, key=likeness, default=None)
    return best if best is not None and likeness(best) >= ALIKE else None


def _suggestion(text: str, was: Said | None, now: Said | None) -> Suggestion:
    before = was["text"] if was else ""
    return {
        "key": now["key"] if now else was["key"] if was else "",
        "was_key": was["key"] if was else "",
        "was": before,
        "now": now["text"] if now else "",
        "standing": bool(before) and before in text,
    }


def settle(settled: Sequence[Said], now: Sequence[Said], suggestion: Suggestion) -> list[Said]:
    """`settled` with one sentence brought to what the table says now."""
    kept = [sentence for sentence in settled if sentence["key"] not in (suggestion["key"], suggestion["was_key"])]
    return kept + [sentence for sentence in now if sentence["key"] == suggestion["key"]]


def take(text: str, suggestion: Suggestion, now: Sequence[Said]) -> str:
    """The text with one suggestion in it; nothing that the reader wrote is removed.

    A sentence that still stands word for word is replaced; otherwise the new
    one goes after the nearest earlier sentence of the table that still stands,
    or to the end.
    """
    was, new = suggestion["was"], suggestion["now"]
    if suggestion["standing"]:
        whole_line = f"{was}\n"
        return text.replace(was, new, 1) if new else text.replace(whole_line if whole_line in text else was, "", 1)
    if not new or new in text:
        return text
    earlier: list[str] = []
    for sentence in now:
        if sentence["key"] == suggestion["key"]:
            break
        earlier.append(sentence["text"])
    for anchor in reversed(earlier):
        if anchor in text:
            return text.replace(anchor, f"{anchor}\n{new}", 1)
    return f"{text.rstrip()}\n{new}\n"
