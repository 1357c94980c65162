"""What one radiologist sees in a patient, and the phrases in which they say it.

`Seen` is a level through a reader's eyes: grades may be one step off the
truth. `Hand` is how that reader writes; each of its phrases comes with the
labels that it states.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from inference.simulate.causes.records import SITES, DiscCause, Patient
from inference.types import GRADES

#: How likely the written grade is one step off the truth. Two readers of one patient then agree with kappa 0.75, 0.61
#: and 0.48, as published ones do (0.73-0.86, 0.5-0.77, about 0.5).
OFF_BY_ONE = {"canal": 0.07, "foramen": 0.14, "recess": 0.22}
#: How likely a reader swaps left and right of a level.
SWAPPED = 0.01
#: How likely a reader speaks of a recess, by its grade.
_RECESS_SAID = (0.05, 0.4, 0.75, 0.9)
#: A bulge worth a word, mm.
BULGE_MM = 1.3

#: What a phrase states: grade by site.
Labels = dict[str, str]
Phrase = tuple[str, Labels]


@dataclass(frozen=True)
class Seen:
    """One level as a reader sees it.

    grades: 0..3 by site; recess: whether they speak of it at all; opened: 1 after a laminectomy.
    """

    disc: DiscCause
    grades: dict[str, int]
    recess: bool
    opened: float

    @property
    def level(self) -> str:
        """The level's name."""
        return self.disc.level

    @property
    def narrow(self) -> bool:
        """Whether anything is to be said of canal, foramina or recesses."""
        sites = SITES if self.recess else SITES[:3]
        return any(self.grades[site] for site in sites)

    @property
    def quiet(self) -> bool:
        """Nothing worth a word of its own."""
        return not self.narrow and self.disc.bulge_mm < BULGE_MM and self.disc.herniation is None


def read(rng: np.random.Generator, patient: Patient) -> tuple[Seen, ...]:
    """Every level from T12-L1 down through the eyes of one reader."""
    levels = zip(patient.bodies, patient.discs, strict=True)
    shown = [(body, disc) for body, disc in levels if body.name.startswith("L") or disc.lower == "L1"]
    return tuple(_seen(rng, disc, body.laminectomy) for body, disc in shown)


def _seen(rng: np.random.Generator, disc: DiscCause, opened: float) -> Seen:
    grades = {site: _grade(rng, disc.severity(site), OFF_BY_ONE[site.split("_")[0]]) for site in SITES}
    if rng.random() < SWAPPED:
        grades |= {site: grades[_other_side(site)] for site in SITES[1:]}
    worst = max(grades["recess_left"], grades["recess_right"])
    return Seen(disc, grades, bool(rng.random() < _RECESS_SAID[worst]), opened)


def _grade(rng: np.random.Generator, severity: float, off: float) -> int:
    """The grade, or with probability `off` the neighbouring one that the severity is nearer to."""
    grade = min(int(severity), 3)
    if rng.random() >= off:
        return grade
    near = grade - 1 if severity - grade < 0.5 else grade + 1
    return near if 0 <= near <= 3 else grade + (1 if grade == 0 else -1)


def _other_side(site: str) -> str:
    return site.replace("left", "?").replace("right", "left").replace("?", "right")


@lru_cache(maxsize=1)
def wording() -> dict[str, dict[str, list[str]]]:
    """The words of wording.toml by section and key."""
    path = Path(__file__).with_name("wording.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


class Hand:
    """One radiologist's way of writing: some words chosen for good, others anew each time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._usual = {key: self._any("sites", key) for key in wording()["sites"] if key != "hedged"}
        self._form = self._any("levels", "forms")

    def _any(self, section: str, key: str) -> str:
        choices = wording()[section][key]
        return choices[int(self._rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True with probability `share`."""
        return bool(self._rng.random() < share)

    def pick(self, section: str, key: str, **fill: object) -> str:
        """A phrase with its braces filled in: sites by this reader's words, the rest from `fill`."""
        return self._any(section, key).format(**(self._usual | fill))

    @cached_property
    def usual(self) -> dict[str, str]:
        """This reader's words for the sites."""
        return self._usual

    def level(self, name: str) -> str:
        """A level as this reader writes it."""
        upper, lower = name.split("-")
        number = lower[1:] if upper[0] == lower[0] else lower
        return self._form.format(u=upper, l=lower, n=number)

    def levels(self, names: list[str]) -> str:
        """Several levels, head to feet: as a list, or as a span where they follow each other."""
        spelled = [self.level(name) for name in names]
        follow = all(one.split("-")[1] == other.split("-")[0] for one, other in pairwise(names))
        if len(names) > 2 and follow and self.chance(0.6):
            return self.pick("levels", "through", first=spelled[0], last=spelled[-1])
        return listed(spelled)

    def narrowings(self, seen: Seen) -> list[Phrase]:
        """Noun phrases for everything that is narrow, with what they state."""
        phrases = []
        if seen.grades["canal"]:
            word = self._graded(seen.grades["canal"])
            phrases.append((f"{word} {self.usual['canal']} {self.usual['compromise']}", self._labels(seen, "canal")))
        if seen.recess:
            phrases += self._paired(seen, "recess")
        return phrases + self._paired(seen, "foramen")

    def openings(self, seen: Seen) -> list[Phrase]:
        """Sentences for what is not narrow at a level at which something else is said."""
        canal, left, right = (seen.grades[site] for site in SITES[:3])
        noun = self.usual["compromise"]
        if not (canal or left or right):
            text = f"No {self.usual['canal']} or {self.usual['foramen']} {noun}."
            return [(text, dict.fromkeys(SITES[:3], "normal"))]
        sentences: list[Phrase] = []
        if not canal:
            text = f"No {self.usual['canal']} {noun}."
            if seen.opened or self.chance(0.4):
                state = "decompressed" if seen.opened else self.pick("sites", "free")
                text = f"The {self.usual['canal_name']} is {state}."
            sentences.append((text, {"canal": "normal"}))
        if not (left or right):
            text = f"No {self.usual['foramen']} {noun}."
            if self.chance(0.4):
                text = f"The {self.usual['foramina_name']} are {self.pick('sites', 'free')}."
            sentences.append((text, {"foramen_left": "normal", "foramen_right": "normal"}))
        elif not (left and right) and self.chance(0.5):
            side = "right" if left else "left"
            text = f"The {side} {self.usual['foramen_name']} is {self.pick('sites', 'free')}."
            sentences.append((text, {f"foramen_{side}": "normal"}))
        return sentences

    def disc(self, seen: Seen) -> str:
        """What is wrong with the disc and the joints, as a noun phrase; empty when nothing is."""
        disc, parts = seen.disc, []
        if disc.pfirrmann >= 3 and self.chance(0.5):
            parts.append(self.pick("disc", ("dry", "flat", "flatter")[disc.pfirrmann - 3]))
        if disc.bulge_mm >= BULGE_MM:
            parts.append(self.pick("disc", "bulge" if disc.bulge_mm > 2.2 else "small_bulge"))
        if disc.herniation is not None:
            parts.append(self.herniation(disc))
        if disc.fissure and self.chance(0.7):
            parts.append(self.pick("disc", "fissure"))
        if max(disc.facet_left_mm, disc.facet_right_mm) > 1.3 and self.chance(0.7):
            parts.append(self.pick("disc", "facets"))
        if disc.flavum_mm > 4.6 and self.chance(0.6):
            parts.append(self.pick("disc", "flavum"))
        if max(disc.facet_fluid_left_mm, disc.facet_fluid_right_mm) > 1 and self.chance(0.5):
            parts.append(self.pick("disc", "effusion"))
        return listed(parts)

    def herniation(self, disc: DiscCause) -> str:
        """A herniation with its zone, side and way."""
        lesion = disc.herniation
        assert lesion is not None  # noqa: S101  the caller has looked
        side = {1: "left", -1: "right", 0: ""}[lesion.side]
        text = self.pick("disc", lesion.zone, side=side, kind=lesion.kind)
        if abs(lesion.migration_mm) > 4:
            text += " " + self.pick("disc", "up" if lesion.migration_mm > 0 else "down")
        return text

    def _graded(self, grade: int) -> str:
        return self.pick("grades", GRADES[grade])

    def _paired(self, seen: Seen, site: str) -> list[Phrase]:
        """Left and right of one site in one phrase."""
        left, right = seen.grades[f"{site}_left"], seen.grades[f"{site}_right"]
        noun = f"{self.usual[site]} {self.usual['compromise']}"
        if not (left or right):
            return []
        if left == right:
            text = f"{self._graded(left)} bilateral {noun}"
        elif left and right:
            first, second = (left, "left"), (right, "right")
            if self.chance(0.5):
                first, second = second, first
            text = f"{self._graded(first[0])} {first[1]} and {self._graded(second[0])} {second[1]} {noun}"
        else:
            side, grade = ("left", left) if left else ("right", right)
            text = f"{self._graded(grade)} {side} {noun}"
            if grade == 3 and self.chance(0.3):
                text += " with " + self.pick("roots", site, side=side, upper=seen.disc.upper, lower=seen.disc.lower)
            elif self.chance(0.05):
                text = self.pick("sites", "hedged", phrase=text)
        sites = [f"{site}_{side}" for side, grade in (("left", left), ("right", right)) if grade]
        return [(text, self._labels(seen, *sites))]

    @staticmethod
    def _labels(seen: Seen, *sites: str) -> Labels:
        return {site: GRADES[seen.grades[site]] for site in sites}


def listed(parts: list[str], word: str = "and") -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}" if parts else ""


def with_article(text: str) -> str:
    """``a disc bulge``, but ``disc desiccation``: what can be counted has an article."""
    first = text.partition(",")[0].partition(" and ")[0]
    if not any(word in first for word in ("bulge", "trusion", "fissure", "tear", "effusion", "zone")):
        return text
    return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"


def sentence(text: str) -> str:
    """With a capital first and a full stop last."""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""
