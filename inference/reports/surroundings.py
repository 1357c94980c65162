"""What stands around a predicate or a grade: the thing that is called so, a level, a place, a site to come."""

from __future__ import annotations

from inference.reports.arguments import side_after
from inference.reports.chunks import Chunk


def is_of_disc(found: list[Chunk], i: int) -> bool:
    """``disc space narrowing``, ``compression fracture``, ``narrowed L5/S1 level``."""
    pred = found[i]
    after = found[i + 1].kind if i + 1 < len(found) else ""
    if pred.form in ("ed", "noun", "adj") and after == "O":
        return True
    if pred.form in ("ed", "adj") and after == "L" and (i == 0 or found[i - 1].kind not in ("S", "COPULA", "G")):
        return True
    before = i - 1
    while before >= 0 and found[before].kind in ("G", "COPULA", "AND", "Z", "SD"):
        before -= 1
    return before >= 0 and found[before].kind == "O" and pred.form in ("ed", "noun") and after not in ("S", "OF", "SD")


def is_of_thing(found: list[Chunk], i: int) -> bool:
    """Whether what is called normal or narrowed is a disc, a joint or the like."""
    for k in range(i - 1, -1, -1):
        c = found[k]
        if c.kind in ("O", "D", "CONUS", "S"):
            return True
        if c.kind in ("SEMI", "COLON", "COMMA", "BUT", "WITH"):
            break
    for c in found[i + 1 : i + 4]:
        if c.kind in ("O", "D", "CONUS"):
            return True
        if c.kind in ("SEMI", "COMMA", "BUT", "COLON"):
            break
    return False


def speaks_of_level(found: list[Chunk], others: list[int], i: int, *, headed: bool) -> bool:
    """Whether the words around are a level (or the study) and nothing else.

    others: where words stand that the lexicon does not know the use of.
    headed: the sentence stands right behind a level's heading.
    """
    lo, hi = i, i
    while lo > 0 and found[lo - 1].kind not in ("SEMI", "COLON", "BUT", "COMMA"):
        lo -= 1
    while hi + 1 < len(found) and found[hi + 1].kind not in ("SEMI", "COMMA", "BUT", "WITH"):
        hi += 1
    kinds = {c.kind for c in found[lo : hi + 1]}
    if kinds & {"S", "D", "O", "CONUS", "P", "V", "Z"}:
        return False
    start = found[lo].start if lo else 0
    end = found[hi].end if hi + 1 < len(found) else found[-1].end + 60
    if any(start <= place < end for place in others):
        return False
    if "L" in kinds or headed:
        return True
    return bool(kinds & {"WHOLE"}) or bool(kinds & {"LEVEL"} and kinds & {"ALL", "REMAINING"})


def place_before(found: list[Chunk], i: int) -> int | None:
    """A site named as a place earlier in the sentence (``into the left foramen with narrowing``)."""
    for k in range(i - 1, -1, -1):
        if found[k].kind == "S" and not found[k].adjective:
            return k
        if found[k].kind in ("SEMI", "BUT"):
            break
    return None


def has_own_level(found: list[Chunk], i: int) -> bool:
    """``and mild narrowing at L1-L2``: a level said right behind."""
    after = [c.kind for c in found[i + 1 : i + 3]]
    return after[:1] == ["L"] or after == ["AT", "L"]


_LISTED = frozenset(("SD", "G", "OF", "AND", "COMMA", "Z", "D", "O", "S", "P", "GONE"))


def side_of_clause(found: list[Chunk], i: int) -> str:
    """The side that the clause of ``i`` begins with: ``..., on the left free``, ``and the right is patent``."""
    k = i - 1
    while k >= 0 and (found[k].kind in ("COPULA", "OPEN") or found[k].form == "of"):
        k -= 1
    if k < 1 or found[k].kind != "SD":
        return ""
    before = k - 1 - (found[k - 1].kind == "OF")
    before -= before > 0 and found[before].form == "that"  # ``; that on the right is preserved``
    return found[k].value if before >= 0 and found[before].kind in ("COMMA", "AND", "BUT", "SEMI") else ""


def places_listed_after(found: list[Chunk], i: int) -> list[int]:
    """Where further sides with levels of their own stand: ``on the left at L5-S1 and on the right at L4-L5``."""
    kinds = [c.kind for c in found]
    k = _place_end(kinds, i + 1)
    places: list[int] = []
    while k and k < len(kinds) and kinds[k] in ("AND", "COMMA"):
        start = k + 1
        k = _place_end(kinds, start)
        if k:
            places.append(kinds.index("SD", start))
    return places if not k or k == len(kinds) or kinds[k] in ("SEMI", "BUT", "CLOSE", "COMMA") else []


def is_pronoun_both(found: list[Chunk], i: int) -> bool:
    """``canal stenosis at L3-L4 and L4-L5, both severe``: both levels, not both sides."""
    before = [c.kind for c in found[max(0, i - 3) : i]]
    return before == ["L", "COMMA", "SD"] and len(found[i - 3].discs) == 2


def places_both_graded(found: list[Chunk], i: int) -> list[int]:
    """``on the right at L3-L4 and on the left at L5-S1, both severe``: where the sides of both places stand."""
    if i < 4 or [c.kind for c in found[i - 2 : i]] != ["COMMA", "SD"] or found[i - 1].value != "both":
        return []
    lo = i - 2
    while lo > 0 and found[lo - 1].kind in ("OF", "AT", "SD", "L", "SEEN", "AND", "COMMA", "LEVEL"):
        lo -= 1
    kinds = [c.kind for c in found[lo : i - 2]]
    places = [k for k in range(lo, i - 2) if found[k].kind == "SD"]
    return places if len(places) == kinds.count("L") > 1 else []


def _place_end(kinds: list[str], k: int) -> int:
    """Index behind ``on the left at L5-S1`` (or ``at L5-S1 on the left``) at ``k``, or 0."""
    start = k
    while k < len(kinds) and kinds[k] in ("OF", "AT", "SD", "L", "SEEN"):
        k += 1
    return k if kinds[start:k].count("SD") == 1 and kinds[start:k].count("L") == 1 else 0


def side_before_comma(found: list[Chunk], i: int) -> str:
    """``greatest on the right, moderate``: the side in the words before."""
    ends = i + 1 == len(found) or found[i + 1].kind in ("SEMI", "BUT", "CLOSE")
    if ends and i > 2 and found[i - 1].kind == "COMMA" and found[i - 2].kind == "SD" and found[i - 3].kind == "OF":
        return found[i - 2].value
    return ""


def is_of_pronoun(found: list[Chunk], others: list[int], i: int) -> bool:
    """``At L4-5 it is moderately narrowed``: no thing is named in the clause that could be narrowed.

    After ``except at L4-5, where there is`` a noun may stand instead.
    """
    start = next((k + 1 for k in range(i - 1, -1, -1) if found[k].kind in ("BUT", "SEMI")), 0)
    excepted = start > 0 and found[start - 1].kind == "BUT" and any(c.kind == "L" for c in found[start:i])
    says_it = found[i].form == "ed" and any(c.kind == "COPULA" for c in found[max(0, i - 2) : i])
    if not says_it and not (excepted and found[i].form == "noun"):
        return False
    if any(found[start].start <= place < found[i].start for place in others):
        return False
    return all(c.kind in ("AT", "L", "COPULA", "G", "AND", "COMMA", "LEVEL", "THIS", "THERE") for c in found[start:i])


def is_denied_alone(found: list[Chunk], i: int) -> bool:
    """``no canal, mild foraminal stenosis``: a denied site before one with a grade."""
    after = [c.kind for c in found[i + 1 : i + 3]]
    return i > 0 and found[i - 1].kind == "NEG" and after in (["COMMA", "G"], ["AND", "G"], ["BUT", "G"])


def side_denied_alone(found: list[Chunk], i: int) -> str:
    """``no right but moderate left ...``: the side that is denied before another has a grade; or empty."""
    after = found[i + 1 : i + 4]
    kinds = [c.kind for c in after]
    return after[0].value if kinds in (["SD", "AND", "G"], ["SD", "BUT", "G"], ["SD", "COMMA", "G"]) else ""


def is_legend(found: list[Chunk]) -> bool:
    """``SCS = spinal canal stenosis``: what an abbreviation stands for."""
    return [c.form for c in found[:1]] == ["abbreviation"] and [c.value for c in found[2:3]] == ["="]


def is_outdone_by_next(found: list[Chunk], i: int) -> bool:
    """``displaces and compresses the root``: of two joined verbs without a grade the compression says more."""
    after = [(c.kind, c.value, c.negated) for c in found[i + 1 : i + 3]]
    ungraded = i == 0 or found[i - 1].kind != "G"
    return ungraded and after[:1] == [("AND", "and", False)] and after[1:] == [("P", "compromise", False)]


def is_to_come(found: list[Chunk], i: int) -> bool:
    """``stenosis may develop``: not there yet."""
    return [c.kind for c in found[i + 1 : i + 3]] == ["HEDGE", "FUTURE"]


def _denies_others(found: list[Chunk], first: int) -> bool:
    """``no other disc protrusion, canal stenosis or root compression``: `other` holds for the whole list."""
    k = first
    while k > 0 and found[k].kind in _LISTED:
        k -= 1
    return k > 0 and found[k].kind == "REMAINING" and found[k].form == "other" and found[k - 1].kind == "NEG"


def scope_near(found: list[Chunk], first: int, last: int) -> str:
    """``other foramina``, ``rest of the canal``: holds where nothing else was said."""
    if found[last].negated and _denies_others(found, first):
        return "remaining"
    lo = first
    while lo > 0 and found[lo - 1].kind in ("SD", "G", "OF", "NEG", "REMAINING", "ALL", "AND"):
        lo -= 1
    for c in found[lo : last + 1]:
        if c.kind == "REMAINING":
            return "remaining"
    return ""


def is_graded_by_side(found: list[Chunk], i: int) -> bool:
    """``stenosis, moderate on the right``, ``..., which on the right is moderate``: only that side is meant."""
    if [c.kind for c in found[i + 1 : i + 6]] == ["COMMA", "OF", "SD", "COPULA", "G"]:
        return True
    k = i + 1
    while k < len(found) and found[k].kind in ("COMMA", "OPEN", "DASH", "COLON", "COPULA"):
        k += 1
    return i + 1 < k < len(found) and found[k].kind == "G" and bool(side_after(found, k))


def is_not_assessed(found: list[Chunk], i: int) -> bool:
    """``not adequately assessed``: the adverb calls nothing adequate."""
    if found[i].kind != "N":
        return False
    is_adverb = found[i].negated and found[i].form.endswith("ly")
    return is_adverb or [c.kind for c in found[i + 1 : i + 2]] == ["ASSESS"]


def is_graded_by_level(found: list[Chunk], i: int) -> bool:
    """``foraminal narrowing: none at L1-L2, mild at L3-L4``: each level has its own grade behind."""
    k = next((k for k in range(i + 1, min(len(found), i + 5)) if found[k].kind == "COLON"), 0)
    return bool(k) and [c.kind for c in found[k + 1 : k + 4]] == ["G", "AT", "L"]


def lateral_site_after(found: list[Chunk], i: int) -> int | None:
    """``narrowing of the left, moderate narrowing of the right foramen``: the site said later."""
    for k in range(i + 1, min(len(found), i + 12)):
        if found[k].kind == "S":
            return k if found[k].value != "canal" else None
        if found[k].kind in ("SEMI", "BUT", "NEG"):
            break
    return None


def site_of_lone_grade(found: list[Chunk], i: int) -> int | None:
    """``..., moderate of the foramina``: the site behind a grade and a preposition."""
    k = i + 1
    if k >= len(found) or found[k].kind != "OF":
        return None
    while k < len(found) and found[k].kind in ("OF", "SD"):
        k += 1
    return k if k < len(found) and found[k].kind == "S" and found[k].form != "root" else None


def heads_a_site(found: list[Chunk], i: int) -> int | None:
    """The site that a grade stands directly before, when no predicate follows."""
    k = i + 1
    while k < len(found) and found[k].kind == "SD":
        k += 1
    return k if k < len(found) and found[k].kind == "S" else None


def default_grade(found: list[Chunk], i: int, site: Chunk | None) -> str:
    """The grade of a predicate that stands without one (docs/labels.md, "Which grade")."""
    pred = found[i]
    on_sac = site is not None and site.value == "canal"
    complete = i > 0 and found[i - 1].kind == "COMPLETE"
    if pred.value == "contact":
        return "mild"
    if pred.value == "efface":
        return ("severe" if complete else "mild") if on_sac else "present"
    if pred.value == "obliterate":
        return "severe" if complete and on_sac and site is not None and site.form in ("sac", "canal") else "present"
    return "present"
