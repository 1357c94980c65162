"""The house styles: by level, as a form, as prose, in abbreviations, by site, as a table, as a clinic's notes."""

from __future__ import annotations

from collections.abc import Callable

from inference.simulate.causes.records import SITES
from inference.simulate.report.parts import Sheet, bones, conus, head, impression, in_order, lesions
from inference.simulate.report.phrases import Hand, Labels, Seen, listed, sentence, with_article
from inference.types import GRADES, LUMBAR_LEVELS

#: What may be said to cause a narrowing; a dry disc does not.
_CULPRITS = ("bulge", "trusion", "sequestration", "facet", "flavum")


def _by_level(sheet: Sheet) -> str:
    """Head, bones, one line for each level, impression."""
    lines = [*head(sheet), "", sheet.hand.pick("frame", "findings"), bones(sheet), "", conus(sheet), ""]

    def line(seen: Seen) -> str:
        disc = sentence(sheet.hand.disc(seen))
        if not disc and seen.disc.pfirrmann < 3:
            disc = sheet.hand.pick("disc", "healthy")
        found = [sentence(text) for text in sheet.narrowings(seen)] + sheet.openings(seen)
        return f"{sheet.hand.level(seen.level)}: {' '.join([disc, *found]).strip()}"

    return "\n".join([*lines, *in_order(sheet, line), *impression(sheet)])


def _template(sheet: Sheet) -> str:
    """A form: every level has a line for each site."""
    hand, noun = sheet.hand, sheet.hand.usual["compromise"]
    lines = [*head(sheet), "", bones(sheet), ""]
    recesses = hand.chance(0.4)
    for seen in sheet.levels[1:]:
        lines += [f"{hand.level(seen.level)}:", f"- Disc: {hand.disc(seen) or 'normal'}"]
        rows = [("Canal", "canal"), ("Left neural foramen", "foramen_left"), ("Right neural foramen", "foramen_right")]
        if recesses:
            rows += [("Left lateral recess", "recess_left"), ("Right lateral recess", "recess_right")]
        for title, site in rows:
            grade = seen.grades[site]
            words = f"{hand.pick('grades', GRADES[grade])} {noun}" if grade else hand.pick("sites", "free")
            lines.append(f"- {title}: {words}")
            sheet.say(seen.level, {site: GRADES[grade]})
    return "\n".join([*lines, "", conus(sheet)])


def _prose(sheet: Sheet) -> str:
    """Running text, a paragraph for each level."""
    hand = sheet.hand

    def paragraph(seen: Seen) -> str:
        disc, narrow, at = hand.disc(seen), sheet.narrowings(seen), f"At {hand.level(seen.level)}"
        if disc and narrow:
            verb = hand.pick("disc", "causing") if any(word in disc for word in _CULPRITS) else "with"
            first = f"{at}, there is {with_article(disc)}, {verb} {listed(narrow)}."
        else:
            first = f"{at} there is {with_article(disc) or listed(narrow)}."
        return " ".join([first, *sheet.openings(seen)])

    paragraphs = [hand.pick("frame", "titles"), f"{bones(sheet)} {conus(sheet)}", *in_order(sheet, paragraph)]
    return "\n\n".join(paragraphs) + "\n" + "\n".join(impression(sheet))


def _telegram(sheet: Sheet) -> str:
    """Abbreviations, one line a level."""
    hand = sheet.hand
    lines = [hand.pick("frame", "titles"), "", bones(sheet), ""]
    short = {"mild": "mild", "moderate": "mod", "severe": "severe"}
    for seen in sheet.levels[1:]:
        canal, left, right = (GRADES[seen.grades[site]] for site in SITES[:3])
        at = hand.level(seen.level)
        if canal == left == right == "normal":
            lines.append(
                f"{at}: {'neg' if seen.quiet else hand.disc(seen) or 'DDD'}. No central stenosis or NF narrowing."
            )
        else:
            central = f"{short[canal]} central stenosis" if canal in short else "no central stenosis"
            lines.append(f"{at}: {hand.disc(seen) or 'DDD'}; {central}; {_sides(left, right, short)}.")
        sheet.say(seen.level, {"canal": canal, "foramen_left": left, "foramen_right": right})
    return "\n".join(lines)


def _sides(left: str, right: str, short: dict[str, str]) -> str:
    if left == right:
        return f"{short[left]} bilateral NF narrowing" if left in short else "no NF narrowing"
    parts = [(left, "L"), (right, "R")]
    if "normal" not in (left, right):
        return " and ".join(f"{short[grade]} {side}" for grade, side in parts) + " NF narrowing"
    grade, side = parts[0] if left in short else parts[1]
    other = "right" if side == "L" else "left"
    return f"{short[grade]} {side} NF narrowing, {other} NF patent"


def _impression_only(sheet: Sheet) -> str:
    """A numbered list, the worst first."""
    hand = sheet.hand
    loud = sorted(
        (seen for seen in sheet.levels[1:] if seen.narrow), key=lambda seen: -max(seen.grades[s] for s in SITES)
    )
    items = [bones(sheet)] if hand.chance(0.5) else []
    for seen in loud:
        disc = hand.disc(seen)
        items.append(f"{hand.level(seen.level)} {disc + ' with ' if disc else ''}{listed(sheet.narrowings(seen))}.")
    quiet = [seen.level for seen in sheet.levels[1:] if not seen.narrow]
    if not loud:
        sheet.wide(list(LUMBAR_LEVELS))
        items.append(hand.pick("frame", "none"))
    elif quiet and hand.chance(0.6):
        sheet.wide(quiet)
        items.append(f"No {hand.usual['canal']} or {hand.usual['foramen']} stenosis at {hand.levels(quiet)}.")
    lines = [f"{number}. {item}" for number, item in enumerate(items, 1)]
    return "\n".join([hand.pick("frame", "titles"), "", hand.pick("frame", "impression"), *lines])


def _by_site(sheet: Sheet) -> str:
    """One paragraph for each site, in which the levels are listed by grade."""
    hand, noun = sheet.hand, sheet.hand.usual["compromise"]
    lines = [*head(sheet), "", hand.pick("frame", "findings"), bones(sheet)]
    titles = {
        "canal": "Central canal",
        "foramen_left": "Left neural foramina",
        "foramen_right": "Right neural foramina",
    }
    for site, title in titles.items():
        parts = []
        for grade, word in enumerate(GRADES):
            names = [seen.level for seen in sheet.levels[1:] if seen.grades[site] == grade]
            if names:
                at = listed([hand.level(name) for name in names])
                parts.append(f"{'No' if not grade else sentence(word)[:-1]} {noun} at {at}.")
            for name in names:
                sheet.say(name, {site: word})
        lines += ["", f"{title}: {' '.join(parts)}"]
    return "\n".join([*lines, "", f"Other: {conus(sheet)}"])


def _table(sheet: Sheet) -> str:
    """A table with a row for each level."""
    hand, noun = sheet.hand, sheet.hand.usual["compromise"]
    rows = ["Level | Canal | Right foramen | Left foramen"]
    for seen in sheet.levels[1:]:
        cells = []
        for site in ("canal", "foramen_right", "foramen_left"):
            grade = GRADES[seen.grades[site]]
            sheet.say(seen.level, {site: grade})
            cells.append("Normal" if grade == "normal" else f"{sentence(grade)[:-1]} {noun}")
        rows.append(" | ".join([hand.level(seen.level), *cells]))
    return "\n".join([hand.pick("frame", "titles"), "", *rows, "", bones(sheet), conus(sheet)])


def _notes(sheet: Sheet) -> str:
    """A busy clinic's few lines: levels with the same findings together, contact in place of grades."""
    hand = sheet.hand
    lines = [hand.pick("notes", "titles"), hand.pick("notes", "first")]
    groups: dict[tuple[object, ...], list[Seen]] = {}
    for seen in sheet.levels[1:]:
        if not seen.quiet:
            key = (seen.disc.herniation, *(seen.grades[site] for site in SITES[:3]))
            groups.setdefault(key, []).append(seen)
    lines += [_note(sheet, group) for group in groups.values()]
    if not groups:
        sheet.wide(list(LUMBAR_LEVELS))
        lines += [hand.pick("notes", "no_disc"), hand.pick("notes", "normal_both")]
    elif hand.chance(0.3) and not any(seen.grades["canal"] for seen in sheet.levels[1:]):
        for level in LUMBAR_LEVELS:
            sheet.say(level, {"canal": "normal"})
        lines.append(hand.pick("notes", "normal_canal"))
    if hand.chance(0.5):
        lines += ["", *lesions(sheet)]
    return "\n".join(line for line in lines if line)


def _note(sheet: Sheet, group: list[Seen]) -> str:
    hand, seen = sheet.hand, group[0]
    lesion = hand.pick("notes", "bulges" if len(group) > 1 else "bulge")
    if seen.disc.herniation is not None:
        lesion = sentence(hand.herniation(seen.disc))[:-1]
    names = " & ".join(hand.level(one.level) for one in group)
    text = f"{lesion} {hand.pick('notes', 'noted')} {names} level{'s' if len(group) > 1 else ''}"
    canal, labels = _contact(hand, seen.grades["canal"])
    parts = [f"{canal} {hand.pick('notes', 'thecal')}"] if canal else []
    for said, more in (_exits(hand, seen), _traversing(hand, group)):
        parts += [said] if said else []
        labels |= more
    for one in group:
        sheet.say(one.level, labels)
    return f"{text}{', ' if parts else ''}{' and '.join(parts)}."


def _contact(hand: Hand, grade: int) -> tuple[str, Labels]:
    """A verb for what the disc does to the sac, and what it states: without a degree only that it does."""
    if not grade:
        return "", {}
    if grade == 1 and hand.chance(0.5):
        return hand.pick("notes", "touch"), {"canal": "mild"}
    if hand.chance(0.35):
        return hand.pick("notes", "compress"), {"canal": "present"}
    return f"{hand.pick('grades', GRADES[grade] + '_verb')} {hand.pick('notes', 'compress')}", {"canal": GRADES[grade]}


def _exits(hand: Hand, seen: Seen) -> tuple[str, Labels]:
    """What it does to the exit canals."""
    left, right = seen.grades["foramen_left"], seen.grades["foramen_right"]
    if not (left or right):
        return "", {}
    worst, bare = GRADES[max(left, right)], hand.chance(0.35)
    verb = hand.pick("notes", "encroach") if bare else f"{hand.pick('grades', worst + '_verb')} compressing"
    grade = "present" if bare else worst
    if left and right:
        # Such notes give both sides one grade.
        return f"{verb} {hand.pick('notes', 'exits')}", {"foramen_left": grade, "foramen_right": grade}
    side = "left" if left else "right"
    written = {"left": "Lt", "right": "Rt"}[side] if hand.chance(0.7) else side
    return f"{verb} {hand.pick('notes', 'exit', side=written)}", {f"foramen_{side}": grade}


def _traversing(hand: Hand, group: list[Seen]) -> tuple[str, Labels]:
    """The root in the recess, where one side alone is narrow; in such notes without a grade."""
    seen = group[0]
    left, right = seen.grades["recess_left"], seen.grades["recess_right"]
    if len(group) > 1 or not seen.recess or min(left, right) > 0 or max(left, right) < 2:
        return "", {}
    side, written = ("left", "Lt") if left else ("right", "Rt")
    return f"compressing {hand.pick('notes', 'traversing', side=written, lower=seen.disc.lower)}", {
        f"recess_{side}": "present"
    }


STYLES: dict[str, Callable[[Sheet], str]] = {
    "levels": _by_level,
    "template": _template,
    "prose": _prose,
    "telegram": _telegram,
    "impression": _impression_only,
    "sites": _by_site,
    "table": _table,
    "notes": _notes,
}
