"""Which sites, sides and grades belong to a predicate."""

from __future__ import annotations

from typing import NamedTuple

from inference.reports.chunks import Chunk


class Taken(NamedTuple):
    """Sites of a predicate as (chunk index, side), and the stretch of chunks they take up."""

    sites: list[tuple[int, str]]
    first: int
    last: int


_SKIP_RIGHT = frozenset(("OF", "SD", "AT", "COMPARE", "OPEN", "CLOSE", "REMAINING", "ALL", "THIS", "L"))
_SKIP_LEFT = frozenset(
    ("G", "COPULA", "SD", "AT", "L", "LEVEL", "SEEN", "COMPARE", "PAST", "NOW", "HEDGE", "COMPLETE", "NEG", "OF",
     "OPEN", "CLOSE", "PREVIOUSLY", "ALL", "Z", "THIS", "CONUS", "WHOLE", "ZONE", "DASH", "REMAINING")
)  # fmt: skip
_BEFORE_LATE_GRADE = frozenset(("COPULA", "COLON", "OPEN", "COMMA", "SEEN", "PREVIOUSLY", "OF", "NOW", "PAST", "DASH"))


def of_predicate(found: list[Chunk], i: int, claimed: set[int]) -> Taken:
    """Sites that a compromise speaks of."""
    pred = found[i]
    if pred.form in ("ing", "verb"):
        return _right(found, i, claimed) or _left(found, i, claimed) or Taken([], i, i)
    adjacent = _left(found, i, claimed)
    right = _right(found, i, claimed)
    if adjacent is None:
        return right or Taken([], i, i)
    if right is not None and found[i + 1].kind == "OF" and adjacent.last != i - 1:
        return right
    return adjacent


def of_normal(found: list[Chunk], i: int, claimed: set[int]) -> Taken:
    """Sites that are called normal, adequate, patent."""
    left = _left(found, i, claimed)
    if left is not None:
        return left
    return _right(found, i, claimed) or Taken([], i, i)


def _right(found: list[Chunk], i: int, claimed: set[int]) -> Taken | None:
    k = i + 1
    side = ""
    while k < len(found) and found[k].kind in _SKIP_RIGHT:
        if found[k].kind == "SD":
            side = found[k].value
        elif found[k].kind == "AT" and found[k].form not in ("in", "within", "involving"):
            return None
        k += 1
    if k >= len(found) or found[k].kind != "S" or k in claimed:
        return None
    sites = [(k, side)]
    last = k
    while (after := _next_listed(found, last)) >= 0:
        if _spoken_for(found, after) or after in claimed:
            break
        if found[last].form == "root" and _within(found, last, after):
            if found[after].value == "recess":
                found[last].value, found[last].form = "recess", "recess"
        else:
            sites.append((after, ""))
        last = after
    return _with_late_side(found, sites, i, last)


def _within(found: list[Chunk], k: int, after: int) -> bool:
    return any(found[m].kind == "AT" for m in range(k + 1, after))


def _next_listed(found: list[Chunk], k: int) -> int:
    """The next site of a list after ``k``, or -1."""
    joined = k + 1 < len(found) and found[k + 1].kind == "S" and found[k + 1].start - found[k].end <= 1
    m = k + 1
    while m < len(found) and m - k <= 6:
        kind = found[m].kind
        if kind == "S":
            return m if joined else -1
        if kind in ("AND", "COMMA", "AT", "WITH") or found[m].form == "nor":
            if kind == "WITH" and found[m].form != "with":
                return -1
            joined = True
        elif kind not in ("SD", "OPEN", "CLOSE", "OF", "COMPARE", "ALL"):
            return -1
        m += 1
    return -1


def _spoken_for(found: list[Chunk], k: int) -> bool:
    """Whether a predicate to the right of site ``k`` takes it."""
    m = k + 1
    while m < len(found) and m - k <= 5:
        c = found[m]
        if c.kind == "P":
            return c.form in ("noun", "ed", "adj") and (c.form == "noun" or not _site_after(found, m))
        if c.kind == "N":
            return True
        if c.kind not in ("SD", "G", "COPULA", "AND", "S") or (c.kind == "AND" and found[m - 1].kind != "S"):
            return False
        if c.kind == "S" and not c.adjective and found[k].adjective is False:
            return False
        m += 1
    return False


def _site_after(found: list[Chunk], m: int) -> bool:
    return m + 1 < len(found) and found[m + 1].kind in ("S", "OF")


def _left(found: list[Chunk], i: int, claimed: set[int]) -> Taken | None:
    k = i - 1 - ([c.kind for c in found[max(0, i - 2) : i]] == ["S", "COLON"])  # ``L5/S1 canal: adequate``
    late = ""
    while k >= 0 and (found[k].kind in _SKIP_LEFT or _joins_sides(found, k)):
        if found[k].kind == "SD":
            late = found[k].value
        k -= 1
    if k < 0 or found[k].kind != "S" or k in claimed:
        return None
    sites = [(k, late)]
    first = k
    while (before := _listed_before(found, first)) >= 0 and before not in claimed:
        sites.insert(0, (before, ""))
        first = before
    return _with_late_side(found, sites, first, max(i, sites[-1][0]))


def _listed_before(found: list[Chunk], k: int) -> int:
    joined = False
    m = k - 1
    while m >= 0 and k - m <= 5:
        kind = found[m].kind
        if kind == "S":
            return m if joined and not _is_place_of_another(found, m) else -1
        if kind in ("AND", "COMMA") or found[m].form == "nor":
            joined = True
        elif kind == "O" and joined:
            pass
        elif kind != "SD":
            return -1
        m -= 1
    return -1


def _is_place_of_another(found: list[Chunk], m: int) -> bool:
    """``one root compressed in the foramen and another ...``: the foramen belongs to the predicate before it."""
    k = m - 1
    while k > 0 and found[k].kind in ("L", "SD"):
        k -= 1
    return k > 0 and found[k].kind == "AT" and found[k - 1].kind == "P"


def _with_late_side(found: list[Chunk], sites: list[tuple[int, str]], first: int, last: int) -> Taken:
    """``narrowing of the foramen on the left``, ``right and left foramina``."""
    late = side_after(found, last)
    mended = [(k, _side_of(found, k, own) or late) for k, own in sites]
    return Taken(mended, min(first, sites[0][0]), last)


def _side_of(found: list[Chunk], k: int, near: str) -> str:
    """The side of the site at ``k`` by the words around it; ``near`` was met on the way to it."""
    before = found[k - 1] if k else found[k]
    side = near or found[k].side
    if not side and before.kind == "L" and k >= 2 and found[k - 2].kind == "SD":
        side = found[k - 2].value
    if not side and before.kind == "SD":
        side = before.value
        if k >= 2 and found[k - 2].kind == "THAN":
            return "both"
    if side and before.kind == "THAN":
        return "both"
    side = side or side_after(found, k)
    other = _side_joined_before(found, k)
    return "both" if other and side and other != side else side


def _side_joined_before(found: list[Chunk], k: int) -> str:
    if k >= 2 and found[k - 1].kind == "AND" and found[k - 2].kind == "SD":
        if k >= 3 and (found[k - 3].kind in ("OF", "G") and found[k - 3].form == "on"):
            return ""
        return found[k - 2].value
    return ""


def side_after(found: list[Chunk], last: int) -> str:
    """A side said right after: ``on the left``, ``bilaterally``; not ``more on the left``."""
    k = last + 1
    while k < len(found) and found[k].kind in ("OF", "AT", "OPEN", "CLOSE", "SEEN", "COPULA", "L", "LEVEL"):
        k += 1
    if k < len(found) and found[k].kind == "SD":
        after = found[k + 1].kind if k + 1 < len(found) else ""
        if after in ("S", "Z", "D", "P", "O"):
            return ""
        if after in ("COMPARE", "THAN"):
            return "both"
        if after == "AND" and k + 2 < len(found) and found[k + 2].kind == "SD":
            return "both"
        if after == "G":
            return ""
        return found[k].value
    return ""


def side_near(found: list[Chunk], i: int) -> str:
    """The side that a lone grade or predicate is said of."""
    after = side_after(found, i)
    if after:
        return after
    if [c.kind for c in found[max(0, i - 2) : i]] == ["SD", "OPEN"]:
        return found[i - 2].value  # ``on the left (mild)``
    k = i - 1
    while k >= 0 and found[k].kind in ("G", "COPULA", "L", "AT", "AND", "PAST", "NOW", "COMPLETE"):
        k -= 1
    if k >= 0 and found[k].kind == "SD" and (k == 0 or found[k - 1].kind not in ("COMPARE", "OF")):
        return found[k].value
    opens = [c.kind for c in found[max(0, k - 2) : k + 2]]
    if opens in (["COMMA", "OF", "SD", "COPULA"], ["SEMI", "OF", "SD", "COPULA"]):
        return found[k].value  # ``narrowing, which on the left is moderate``
    if i + 1 < len(found) and found[i + 1].kind == "SD":
        return found[i + 1].value
    return ""


def grade_of(found: list[Chunk], i: int, taken: Taken) -> Chunk | None:
    """The grade of a predicate: before it, before its sites, or after both."""
    for k in range(i - 1, max(-1, i - 6), -1):
        c = found[k]
        if c.kind == "G":
            if not c.used:
                return c
            break
        if c.kind not in ("SD", "S", "COPULA", "COMPLETE", "HEDGE", "SEEN", "Z", "L", "AT", "WITH", "COLON"):
            break
    start = min((k for k, _ in taken.sites), default=i)
    k = min(start, i) - 1
    while k >= 0 and found[k].kind in ("SD", "COMPLETE", "HEDGE", "L", "Z", "OF", "THAN", "COMPARE"):
        k -= 1
    if k >= 0 and found[k].kind == "G" and not found[k].used and found[k].aside == "right":
        return found[k]
    return _grade_after(found, max(i, taken.last))


def _grade_after(found: list[Chunk], last: int) -> Chunk | None:
    k = last + 1
    while k < len(found) and found[k].kind in _BEFORE_LATE_GRADE:
        k += 1
    if k >= len(found) or found[k].kind != "G" or found[k].aside != "left" or found[k].used:
        return None
    after = found[k + 1].kind if k + 1 < len(found) else ""
    if found[k - 1].kind == "COMMA" and after not in ("", "COMMA", "SEMI", "AT", "CLOSE", "AND", "OF", "WITH", "BUT"):
        return None
    return None if side_after(found, k) or _side_before(found, k) else found[k]


def _side_before(found: list[Chunk], k: int) -> bool:
    return found[k - 1].kind == "SD"


def paired_grades(found: list[Chunk], taken: Taken, i: int) -> list[tuple[Chunk, str]]:
    """``moderate left and mild right`` before a site, or between it and its predicate at ``i``."""
    first, last = taken.sites[0][0], taken.sites[-1][0]
    pairs = _pairs(found, first - 1, found[first].side)
    return pairs or (_pairs(found, i - 1, "", last) if last < i - 4 else [])


def _pairs(found: list[Chunk], k: int, side: str, stop: int = -1) -> list[tuple[Chunk, str]]:
    """Grades with their sides, read leftward from ``k``; nothing unless there are two with different sides."""
    parts: list[tuple[Chunk | None, str]] = []
    grade: Chunk | None = None
    while k > stop:
        c = found[k]
        if c.kind == "G" and grade is None and not c.used:
            grade = c
        elif c.kind == "SD" and not side:
            side = c.value
        elif c.kind in ("AND", "COMMA") and side:
            parts.append((grade, side))
            side, grade = "", None
        else:
            break
        k -= 1
    if side:
        parts.append((grade, side))
    graded = [(one, its) for one, its in parts if one is not None]
    return graded if len(graded) > 1 and len({its for _, its in graded}) > 1 else []


def _joins_sides(found: list[Chunk], k: int) -> bool:
    """The ``and`` of ``moderate right and mild left``, or of ``is infiltrated and narrowed``."""
    around = {found[k - 1].kind, found[k + 1].kind} if 0 < k < len(found) - 1 else set()
    if found[k].kind != "AND" or not around:
        return False
    return around <= {"SD", "G"} or "COPULA" in around


def joined(found: list[Chunk], taken: Taken, i: int) -> bool:
    """Whether a noun predicate is joined by ``and`` to the one before, with no grade of its own."""
    k = min(taken.first, i) - 1
    while k >= 0 and found[k].kind in ("SD", "Z"):
        k -= 1
    return k >= 1 and found[k].kind == "AND" and found[k - 1].kind == "P" and found[i].form == "noun"


def shared_with_next(found: list[Chunk], i: int) -> Taken | None:
    """``abuts but does not compress the root``: the sites of the verb after."""
    for k in range(i + 1, min(len(found), i + 6)):
        if found[k].kind == "P":
            start = k + (k + 1 < len(found) and found[k + 1].kind == "COMMA")
            return _right(found, start, set()) if found[k].form in ("verb", "ing") else None
        if found[k].kind not in ("AND", "BUT", "COMMA", "NEG", "G", "HEDGE", "COPULA"):
            return None
    return None
