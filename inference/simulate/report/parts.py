"""The parts that reports share: head, bones, conus, normal levels, impression; and the labels they state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from inference.simulate.causes.narrowing import AP_MM, narrowed
from inference.simulate.causes.records import SITES, Patient
from inference.simulate.report.phrases import Hand, Labels, Phrase, Seen, listed
from inference.types import LEVELS, LUMBAR_LEVELS

#: Which of two statements about one site stands: the higher, as in the labelling guideline.
_STRENGTH = ("normal", "present", "mild", "moderate", "severe")


@dataclass
class Sheet:
    """A report while it is written, and the labels of its text up to now."""

    hand: Hand
    patient: Patient
    levels: tuple[Seen, ...]
    stated: dict[str, Labels] = field(default_factory=dict)

    def say(self, level: str, labels: Labels) -> None:
        """Add labels that the text states of a level. Levels without labels are left out."""
        if level not in LEVELS:
            return
        row = self.stated.setdefault(level, {})
        for site, grade in labels.items():
            if _STRENGTH.index(grade) >= _STRENGTH.index(row.get(site, "normal")):
                row[site] = grade

    def narrowings(self, seen: Seen) -> list[str]:
        """Noun phrases of narrow sites; their labels are added to `stated`."""
        return self._noted(seen, self.hand.narrowings(seen))

    def openings(self, seen: Seen) -> list[str]:
        """Sentences about sites that are not narrow; their labels are added to `stated`."""
        return self._noted(seen, self.hand.openings(seen))

    def _noted(self, seen: Seen, phrases: list[Phrase]) -> list[str]:
        for _, labels in phrases:
            self.say(seen.level, labels)
        return [text for text, _ in phrases]

    def wide(self, names: list[str]) -> None:
        """Add the label normal for canal and foramina of levels."""
        for name in names:
            self.say(name, dict.fromkeys(SITES[:3], "normal"))


def head(sheet: Sheet) -> list[str]:
    """Title, and in most hospitals history, technique and comparison."""
    hand, patient = sheet.hand, sheet.patient
    lines = [hand.pick("frame", "titles")]
    man = "man" if patient.sex == "M" else "woman"
    for key, share in (("history", 0.7), ("technique", 0.5), ("comparison", 0.4)):
        if hand.chance(share):
            lines += ["", hand.pick("frame", key, age=patient.age, man=man)]
    return lines


def bones(sheet: Sheet) -> str:
    """Anatomy, operations, alignment and vertebrae, as one paragraph."""
    hand, patient = sheet.hand, sheet.patient
    bone_lesions = lesions(sheet)
    parts = _transition(sheet) + _operated(sheet) + (slips(sheet) or [hand.pick("bones", "aligned")]) + bone_lesions
    if not any(body.fracture for body in patient.bodies):
        parts.append(hand.pick("bones", "heights"))
    for seen in sheet.levels:
        if seen.disc.modic and hand.chance(0.6):
            number = "I" * seen.disc.modic if hand.chance(0.5) else seen.disc.modic
            parts.append(hand.pick("bones", "modic", type=number, level=hand.level(seen.level)))
        if max(seen.disc.schmorl_above_mm, seen.disc.schmorl_below_mm) > 2.5 and hand.chance(0.6):
            parts.append(hand.pick("bones", "schmorl", level=hand.level(seen.level)))
    if patient.lipomatosis_mm > 1.5:
        parts.append(hand.pick("bones", "lipomatosis"))
    if patient.pedicle_short_mm > 1.2:
        parts.append(hand.pick("bones", "short"))
    return " ".join(parts)


def lesions(sheet: Sheet) -> list[str]:
    """Fractures and haemangiomas."""
    hand, parts = sheet.hand, []
    for body in sheet.patient.bodies:
        if body.fracture:
            share, age = round(body.fracture * 20) * 5, "Acute" if body.fracture_acute else "Chronic"
            fill = {"name": body.name, "kind": body.fracture_kind, "share": share, "age": age}
            parts.append(hand.pick("bones", "fracture", **fill))
        if body.haemangioma and hand.chance(0.8):
            parts.append(hand.pick("bones", "haemangioma", name=body.name))
    return parts


def _transition(sheet: Sheet) -> list[str]:
    hand, lowest = sheet.hand, sheet.patient.bodies[-1].name
    parts = []
    if lowest in ("L4", "L6"):
        parts.append(hand.pick("bones", "six" if lowest == "L6" else "four"))
    if sheet.patient.transition != "none":
        parts.append(hand.pick("bones", sheet.patient.transition, name=lowest))
    return parts


def _operated(sheet: Sheet) -> list[str]:
    hand, parts = sheet.hand, []
    opened = [body.name for body in sheet.patient.bodies if body.laminectomy]
    screwed = [body.name for body in sheet.patient.bodies if body.screws]
    if opened:
        parts.append(hand.pick("bones", "laminectomy", names=listed(opened)))
    if screwed:
        parts.append(hand.pick("bones", "screws", names=listed(screwed), first=screwed[0], last=screwed[-1]))
    return parts


def slips(sheet: Sheet) -> list[str]:
    """A sentence for each vertebra out of line."""
    hand, parts = sheet.hand, []
    for seen in sheet.levels:
        disc = seen.disc
        if abs(disc.slip_mm) > 1.5:
            kind = "lysis" if disc.lysis else "forward" if disc.slip_mm > 0 else "backward"
            fill = {"upper": disc.upper, "lower": disc.lower, "mm": round(abs(disc.slip_mm))}
            parts.append(hand.pick("bones", kind, grade=1 if disc.slip_mm < 9 else 2, **fill))
    return parts


def conus(sheet: Sheet) -> str:
    """Level of the conus, and tissue around the spine; in some hospitals the canal's diameters."""
    hand, patient = sheet.hand, sheet.patient
    high, low = ("L1", "L1-L2") if patient.conus < 0.3 else ("L1-L2", "L2")
    text = f"{hand.pick('bones', 'conus', name=high if hand.chance(0.5) else low)} {hand.pick('bones', 'soft')}"
    if not hand.chance(0.1):
        return text
    sizes = [(seen, narrowed(patient.sac_ap_mm, AP_MM, seen.disc.canal)) for seen in sheet.levels[1:]]
    return f"{text}\n\nAP diameter of canal: {', '.join(f'{hand.level(s.level)} {mm:.0f} mm' for s, mm in sizes)}."


def in_order(sheet: Sheet, write: Callable[[Seen], str]) -> list[str]:
    """A line for each level by `write`; normal levels are mentioned briefly or not at all."""
    # T12-L1 is often left out altogether.
    levels = sheet.levels if sheet.hand.chance(0.5) else sheet.levels[1:]
    order = [seen.level for seen in levels]
    lines = [(order.index(seen.level), write(seen)) for seen in levels if not seen.quiet]
    lines += _quiet(sheet, [seen.level for seen in levels if seen.quiet], order)
    return [line for _, line in sorted(lines)]


def _quiet(sheet: Sheet, names: list[str], order: list[str]) -> list[tuple[int, str]]:
    """(position, line) for normal levels: listed, called the remaining ones, or left out."""
    hand = sheet.hand
    if not names or hand.chance(0.12):
        return []
    if hand.chance(0.25) and len(names) < len(order):
        sheet.wide([name for name in LUMBAR_LEVELS if name in names])
        return [(len(order), hand.pick("quiet", "remaining"))]
    sheet.wide(names)
    if hand.chance(0.5) and len(names) > 1:
        return [(order.index(names[0]), f"{hand.levels(names)}: {hand.pick('quiet', 'many')}.")]
    return [(order.index(name), f"{hand.level(name)}: {hand.pick('quiet', 'one')}") for name in names]


def impression(sheet: Sheet) -> list[str]:
    """The worst levels again, as a numbered list; empty in some reports."""
    hand = sheet.hand
    if hand.chance(0.3):
        return []
    worst = [seen for seen in sheet.levels[1:] if max(seen.grades[site] for site in SITES[:3]) >= 2]
    lines = [f"{hand.level(seen.level)}: {listed(sheet.narrowings(seen))}." for seen in reversed(worst)]
    if not lines:
        lines = ["Degenerative changes as described."]
    return ["", hand.pick("frame", "impression"), *(f"{number}. {line}" for number, line in enumerate(lines, 1))]
