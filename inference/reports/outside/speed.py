"""How fast reports are read on one core, and where the time goes."""

from __future__ import annotations

import cProfile
import pstats
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.reports.extract import extract
from inference.reports.outside.evaluate import labelled

RUNS = 7
#: Words of a report of the usual length, to compare files of short and long ones.
WORDS = 100
#: Pieces of which a broken or hostile text may be made, over and over.
PIECES = (
    "a", "L4-5 ", "no ", "left ", "(", "mild to ", "canal, ", "<", "{\\rtf1 {", "- ", "L4/", "&",
    "Moderate canal stenosis at L4-5. ", "and foraminal ", "word ",
)  # fmt: skip
#: Lengths in characters whose times are compared.
SHORT, LONG = 62_500, 500_000
_STEPS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Speed:
    """reports, words: of the file. seconds: processor time of each run over the whole file, on one core."""

    reports: int
    words: int
    seconds: tuple[float, ...]

    @property
    def reports_a_second(self) -> float:
        """Reports of `WORDS` words in a second, by the median run."""
        return self.words / WORDS / statistics.median(self.seconds)


def measure(path: Path, runs: int = RUNS) -> Speed:
    """Time ``runs`` readings of a file of labelled reports, behind one that warms up. Raises ValueError."""
    texts = [text for _, text, _ in labelled(path)]
    if not texts:
        raise ValueError("it holds no report")
    _read(texts)
    return Speed(len(texts), sum(len(text.split()) for text in texts), tuple(_read(texts) for _ in range(runs)))


def _read(texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        extract(text)
    return time.process_time() - began


def profile(path: Path) -> list[tuple[str, float]]:
    """Each step (module) with its share of the time, the largest first."""
    texts = [text for _, text, _ in labelled(path)]
    _read(texts)
    profiler = cProfile.Profile()
    profiler.runcall(_read, texts)
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, seconds, _, callers) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if _is_step(file):
            spent[Path(file).stem] += seconds
            continue
        for (caller, _, _), times in callers.items():  # a built-in's time is its caller's
            spent[Path(caller).stem if _is_step(caller) else "other"] += times[2]
    total = sum(spent.values()) or 1.0
    return [(name, seconds / total) for name, seconds in spent.most_common()]


def repeated(piece: str, length: int) -> str:
    """A text of ``length`` characters made of one piece."""
    return (piece * (length // len(piece) + 1))[:length]


def growth() -> list[tuple[str, float]]:
    """For each piece: how many times as long ``LONG`` takes as ``SHORT``; 8 is in proportion, 64 its square."""
    return [(piece, _read([repeated(piece, LONG)]) / _read([repeated(piece, SHORT)])) for piece in PIECES]


def _is_step(file: str) -> bool:
    return Path(file).is_relative_to(_STEPS)


def report(path: Path) -> str:
    """The figures as Markdown."""
    speed = measure(path)
    low, high = min(speed.seconds), max(speed.seconds)
    lines = [
        f"{path.name}: {speed.reports} reports of {speed.words / speed.reports:.0f} words, one core",
        "",
        f"{speed.reports_a_second:.0f} reports of {WORDS} words a second (median of {len(speed.seconds)} runs; "
        f"{speed.words / WORDS / high:.0f} to {speed.words / WORDS / low:.0f})",
        "",
        "| step | share of the time |",
        "|---|---|",
    ]
    lines += [f"| {name} | {share:.0%} |" for name, share in profile(path) if share >= 0.005]
    lines += ["", f"| half a megabyte of | times as long as {SHORT:,} characters (8 is in proportion) |", "|---|---|"]
    lines += [f"| `{piece}` | {times:.1f} |" for piece, times in growth()]
    return "\n".join(lines)
