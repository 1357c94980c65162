"""Step four: what each grade and negation in a sentence belongs to.

A grade belongs to the next thing on its right with no comma, verb or
preposition between (``mild facet arthropathy``); failing that it is said of
the thing on its left (``stenosis is mild``). A grade that belongs to a disc
or a joint is spent. A negation holds for all that it is joined with.
"""

from __future__ import annotations

import itertools

from inference.reports.chunks import Chunk

_HEADS = frozenset("DOPSN")
_THROUGH = frozenset(("SD", "Z", "L", "WITH", "COMPLETE", "HEDGE", "OPEN", "CLOSE", "THAN", "COMPARE"))
_LACKING = {"free": ("of", "from"), "negative": ("for",)}
_STRICT = frozenset(("moderate", "severe"))


def prepare(found: list[Chunk]) -> list[Chunk]:
    """Mend the chunks of a sentence in place: weak sites, past grades, spent grades, negations."""
    found = _with_what_is_so_too(_without_sides_compared(_without_group(_without_idle_words(found))))
    found = _weak_sites(_without_the_past(_with_levels_above(found)))
    _past_grades(found)
    _past_compromise(found)
    for i, c in enumerate(found[:-1]):
        if c.kind == "N" and found[i + 1].form in _LACKING.get(c.form, ()):
            c.kind, c.value = "NEG", "no"
    _negated_grades(found)
    found = [c for c in found if c.kind != "GONE"]
    _spend_grades(found)
    _mark_negations(found)
    return found


def _without_idle_words(found: list[Chunk]) -> list[Chunk]:
    """``the ventral aspect of the sac`` is the sac; ``L1/2 to L3/4, are normal`` needs no comma."""
    kept: list[Chunk] = []
    for k, c in enumerate(found):
        if c.kind not in ("ZONE", "COMMA"):
            kept.append(c)
            continue
        after = found[k + 1 : k + 3]
        is_aspect = c.kind == "ZONE" and [one.kind for one in after] == ["OF", "S"] and after[0].form == "of"
        is_apposed = c.kind == "COMMA" and k and found[k - 1].kind == "L" and [a.kind for a in after[:1]] == ["COPULA"]
        if not is_aspect and not is_apposed:
            kept.append(c)
    return kept


def _without_group(found: list[Chunk]) -> list[Chunk]:
    """``Upper levels, seen in one plane only: L1-2 and L2-3 ...``: the levels themselves are said behind the colon."""
    if found and found[0].kind == "REMAINING":
        for c, after in itertools.pairwise(found):
            if c.kind == "COLON" and after.kind == "L":
                return found[found.index(after) :]
    return found


_SIDES_COMPARED = ["COMMA", "SD", "COMPARE", "THAN", "SD", "COMMA"]


def _without_sides_compared(found: list[Chunk]) -> list[Chunk]:
    """``..., left more than right, at L4-L5``: between commas it parts nothing."""
    for i in range(len(found) - len(_SIDES_COMPARED)):
        if [c.kind for c in found[i : i + len(_SIDES_COMPARED)]] == _SIDES_COMPARED:
            return found[:i] + found[i + len(_SIDES_COMPARED) :]
    return found


def _with_what_is_so_too(found: list[Chunk]) -> list[Chunk]:
    """``The canal is patent, as is the right foramen``: the later subject stands beside the first."""
    at = next((i for i, c in enumerate(found) if c.form == "as is"), -1)
    first = next((i for i in range(at - 1) if found[i].kind == "S" and found[i + 1].kind == "COPULA"), -1)
    if first < 0:
        return found
    behind = next((i for i in range(at, len(found)) if found[i].kind not in ("AND", "S", "SD", "COMMA")), len(found))
    return [*found[: first + 1], *found[at:behind], *found[first + 1 : at], *found[behind:]]


def _without_the_past(found: list[Chunk]) -> list[Chunk]:
    """``compared with the prior study, when stenosis was moderate``: what was there then goes."""
    kept: list[Chunk] = []
    past = False
    for c in found:
        if c.kind == "WHEN":
            past = past or any(one.kind == "PREVIOUSLY" for one in kept)
            continue
        past = past and c.kind not in ("NOW", "SEMI")
        if not past:
            kept.append(c)
    return kept


def _with_levels_above(found: list[Chunk]) -> list[Chunk]:
    """``the discs above this``, ``the levels above``: those not spoken of."""
    for i, c in enumerate(found[:-1]):
        after = found[i + 1]
        if after.form == "above" and c.kind in ("O", "LEVEL"):
            after.kind, after.value, after.form = "REMAINING", "above", "upper"
            level = Chunk("LEVEL", "level", after.end, after.end)
            behind = i + 2
            if behind < len(found) and found[behind].kind in ("THIS", "L"):
                level.discs = found[behind].discs
                behind += 1
            return [*found[: i + 2], level, *found[behind:]]
    return found


def _weak_sites(found: list[Chunk]) -> list[Chunk]:
    """``central`` is a site before ``stenosis`` only; ``foraminal`` before a disc lesion is a place."""
    for i, c in enumerate(found):
        if c.kind != "S" or not c.adjective:
            continue
        after = _next_noun(found, i)
        if after is not None and after.kind == "P" and after.form != "ing":
            continue
        if c.form == "weak" and _shares_noun(found, i):
            continue
        if c.form == "neural" and after is not None and after.kind == "N":
            c.kind = "GONE"
        elif (c.form == "foraminal" and (after is None or after.kind in "SN")) or (
            c.form == "weak" and i and found[i - 1].kind == "N"
        ):
            continue
        elif c.form in ("weak", "neural"):
            c.kind, c.value = "Z", "central"
        else:
            c.kind, c.value, c.form = "Z", "sided" if c.side else "place", c.value
    return found


def _shares_noun(found: list[Chunk], i: int) -> bool:
    """``mild central and moderate recess stenosis``: the noun of the later site is the earlier one's too."""
    k = i + 1
    if k >= len(found) or found[k].kind != "AND":
        return False
    while k < len(found) and found[k].kind in ("AND", "G", "SD"):
        k += 1
    return [(c.kind, c.form) for c in found[k : k + 2]][1:] == [("P", "noun")] and found[k].kind == "S"


def _next_noun(found: list[Chunk], i: int) -> Chunk | None:
    for c in found[i + 1 : i + 8]:
        if c.kind in "DOPN":
            return c
        if c.kind == "S" and not c.adjective:
            return c
        if c.kind not in ("AND", "COMMA", "SD", "S", "Z", "NEG", "G", "L", "ALL", "REMAINING"):
            return None
    return None


def _past_grades(found: list[Chunk]) -> None:
    """``previously severe``, ``which was mild, is now moderate``: the old grade goes."""
    has_now = any(c.kind == "NOW" for c in found)
    for i, c in enumerate(found):
        if c.kind == "G" and _is_mostly(found, i):
            c.kind = "COMPARE"
        elif c.kind == "G" and ((i and found[i - 1].kind == "COMPARE") or _is_of_prior(found, i)):
            c.kind = "GONE"
        elif c.kind == "PREVIOUSLY":
            for later in found[i + 1 : i + 3]:
                if later.kind == "G" and c.form != "previous":
                    later.kind = "GONE"
        elif c.kind == "PAST" and has_now:
            for later in found[i + 1 : i + 3]:
                if later.kind == "G":
                    later.kind = "GONE"


def _past_compromise(found: list[Chunk]) -> None:
    """``the previously compressed root is now free``; ``was severely narrowed and is now moderately so``."""
    now = max((i for i, c in enumerate(found) if c.kind == "NOW"), default=0)
    for i, c in enumerate(found[:now]):
        if c.kind == "PAST" and (rest := [one for one in found[i + 1 : now] if one.kind != "GONE"]):
            rest[0].kind = "GONE" if (rest[0].kind, rest[0].form) == ("P", "ed") else rest[0].kind
    for c, after in itertools.pairwise(found):
        if c.kind == "PREVIOUSLY" and (after.kind, after.form) == ("P", "ed"):
            after.kind = "GONE"


def _is_of_prior(found: list[Chunk], i: int) -> bool:
    """``moderate on the prior study``."""
    k = i + 1
    while k < len(found) and found[k].kind in ("OF", "AT"):
        k += 1
    return k > i + 1 and k < len(found) and found[k].kind == "PREVIOUSLY"


def _is_mostly(found: list[Chunk], i: int) -> bool:
    """``(largely the left one)`` compares sides; it grades nothing."""
    after = [c.kind for c in found[i + 1 : i + 3]]
    return found[i].form == "loose" and after[:1] == ["SD"] and after[1:] in ([], ["CLOSE"], ["COMMA"])


def _negated_grades(found: list[Chunk]) -> None:
    """``no significant`` is ``no``; ``no high-grade`` says nothing; ``no more than mild`` is mild."""
    for i, c in enumerate(found):
        if c.kind != "NEG":
            continue
        change = next((k for k in range(i + 1, min(len(found), i + 4)) if found[k].kind == "CHANGE"), 0)
        if change:
            c.kind = "GONE"
            for one in found[i + 1 : change + 1]:
                one.kind = "GONE" if one.kind in ("G", "CHANGE") else one.kind
            continue
        after = [a for a in found[i + 1 : i + 6] if a.kind not in ("REMAINING", "ALL", "COPULA", "OF")][:3]
        kinds = [a.kind for a in after]
        if kinds[:1] == ["COMPARE"] and "THAN" in kinds:
            c.kind = after[0].kind = "GONE"
        elif kinds[:1] == ["G"] and after[0].value not in ("none", "normal"):
            if after[0].value in _STRICT and after[0].form not in ("loose", "emphasis"):
                c.value = "ungraded"
            at_end = i + 2 >= len(found) or found[i + 2].kind in ("SEMI", "BUT", "COMMA")
            is_said = at_end and found[i + 1] is after[0] and c.value != "ungraded" and found[i - 1].kind == "COPULA"
            after[0].kind = "SEEN" if is_said else "GONE"  # ``is not significant`` is ``is not seen``
    _drop_emphasis(found)


def _drop_emphasis(found: list[Chunk]) -> None:
    """``no herniation or significant stenosis``: the emphasis does not end the negation."""
    active = False
    for c in found:
        if c.kind == "NEG":
            active = True
        elif c.kind in ("BUT", "SEMI", "COLON", "THERE", "NOW"):
            active = False
        elif c.kind == "G" and c.form == "emphasis" and active:
            c.kind = "GONE"
        elif c.kind == "G":
            active = False


def _spend_grades(found: list[Chunk]) -> None:
    for i, c in enumerate(found):
        if c.kind != "G":
            continue
        head = _head_right(found, i)
        if head is not None:
            c.aside = "right"
            if head.kind in ("D", "O") or (head.kind == "P" and _is_of_disc(found, head)):
                c.used = True
        else:
            c.aside = "left"
            head = _head_left(found, i)
            c.used = c.adjective or (head is not None and head.kind in ("D", "O"))


def _head_right(found: list[Chunk], i: int) -> Chunk | None:
    k = i + 1
    while k < len(found):
        c = found[k]
        if c.kind in _HEADS:
            if c.kind == "S" and c.adjective and k + 1 < len(found) and found[k + 1].kind in ("D", "O"):
                return found[k + 1]
            return c
        if c.kind == "L" and found[k - 1].kind == "AT":
            return None
        if k == i + 1 and [one.kind for one in found[i - 1 : i + 5]] == ["COPULA", "G", "AND", "SD", "S", "P"]:
            return None  # ``left foraminal stenosis is moderate and right foraminal stenosis is severe``
        if c.kind == "AND" and k + 1 < len(found) and found[k + 1].kind in ("G", "SD", "Z", "NEG"):
            k += 2
            continue
        if c.kind == "COMMA" and found[k - 1].kind == "SD" and k + 1 < len(found) and found[k + 1].kind == "G":
            k += 2
            continue
        if c.kind not in _THROUGH or c.form == "with":
            return None
        k += 1
    return None


def _head_left(found: list[Chunk], i: int) -> Chunk | None:
    for c in reversed(found[:i]):
        if c.kind in _HEADS:
            return c
        if c.kind in ("SEMI", "BUT", "COLON"):
            return None
    return None


def _is_of_disc(found: list[Chunk], pred: Chunk) -> bool:
    """``moderate compression fracture``, ``mildly narrowed disc space``."""
    k = found.index(pred)
    return k + 1 < len(found) and found[k + 1].kind == "O" and pred.form in ("ed", "noun", "adj")


def _mark_negations(found: list[Chunk]) -> None:
    active: Chunk | None = None
    for i, c in enumerate(found):
        kind = c.kind
        if kind == "NEG":
            active = c
        elif kind in ("BUT", "SEMI", "COLON", "THERE", "NOW") or (kind == "G" and not c.used):
            active = None
        elif kind == "P" and active is not None:
            if c.form == "verb" and found[i - 1] is not active and found[i - 1].kind not in ("AND", "COMMA"):
                active = None
                continue
            c.negated = True
            c.aside = active.value
        elif (kind in ("S", "D", "ABNORMAL") and active is not None) or (
            kind == "N" and i and found[i - 1].kind == "NEG"
        ):
            c.negated = True
        elif kind == "N" and c.form in ("resolved", "relieved"):
            for earlier in found[:i]:
                earlier.negated = earlier.negated or earlier.kind == "P"
    _late_negation(found)


def _late_negation(found: list[Chunk]) -> None:
    """``nerve root compression is not seen``: a negation with nothing after it looks back."""
    for i, c in enumerate(found):
        if c.kind != "NEG":
            continue
        rest = [a.kind for a in found[i + 1 :]]
        stop = next((k for k, kind in enumerate(rest) if kind in ("COMMA", "SEMI", "BUT")), len(rest))
        if "SEEN" not in rest[:stop] and "ASSESS" not in rest[:stop]:
            continue
        if any(kind in ("P", "S", "D", "O", "N", "L", "G") for kind in rest[:stop]):
            continue
        for earlier in reversed(found[:i]):
            if earlier.kind in ("BUT", "SEMI", "COLON", "NEG"):
                break
            if earlier.kind == "P":
                earlier.negated = True
                if "ASSESS" in rest[:stop]:
                    earlier.aside = "ungraded"
