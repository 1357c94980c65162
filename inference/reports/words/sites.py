"""Site phrases over tokens: ``both exit neural canals``, ``right S1 nerve root``, ``thecal sac``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.reports.words import kinds
from inference.reports.words.levels import number
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.tokens import Token

_HEADS = frozenset(("sac", "canal", "canals", "foramen", "foramina", "recess", "recesses", "root", "roots", "cord"))
_CANAL = frozenset(("thecal", "dural", "sac", "csf", "cord"))
_EXITS = frozenset(("neural", "nerve", "exit", "root", "roots", "foraminal", "foramen"))
#: Words that may stand inside a site phrase and say nothing.
_INSIDE = frozenset(
    ("sided", "side", "the", "anterior", "ventral", "lumbar", "lower", "posterior", "zone", "zones", "sleeve", "level",
     "anterolateral", "ventrolateral", "space", "spaces", "of", "bony", "existing", "aspect", "adjacent",
     "intervertebral", "passing", "respective", "ipsilateral", "corresponding", "within", "aspects")
)  # fmt: skip
_PLACES = frozenset(("zone", "zones", "region", "area", "location", "component", "portion", "aspect"))


@dataclass(slots=True)
class SitePhrase:
    """A site phrase: which site, on which side, and whether it can stand alone.

    value: canal, foramen or recess. form: which words named it (sac, cord, root ...).
    adjective: it needs a noun to come (``foraminal``). roots: numbers of the vertebrae
    that name a nerve root. next_index: of the first token behind the phrase.
    """

    value: str
    form: str
    side: str
    plural: bool
    adjective: bool
    roots: tuple[int, ...]
    start: int
    end: int
    next_index: int


@dataclass(slots=True)
class _Scan:
    words: list[str]
    sides: list[str]
    roots: list[int]
    last: int = -1
    done: bool = False


#: Longest site phrase, in tokens.
_LONGEST = 14


def site_of(tokens: Sequence[Token], i: int) -> SitePhrase | None:
    """The site phrase that starts at token ``i``, or None."""
    return _phrase(tokens, i, min(len(tokens), i + _LONGEST))


def site_of_word(tokens: Sequence[Token], i: int) -> SitePhrase | None:
    """The site that the one word at ``i`` names (it may be half of two words run together), or None."""
    return _phrase(tokens, i, i + 1)


def _phrase(tokens: Sequence[Token], i: int, stop: int) -> SitePhrase | None:
    scan = _scan(tokens, i, stop)
    if not scan.words:
        return None
    words = frozenset(scan.words)
    named = _name(words, scan.words)
    if named is None and scan.roots and words <= {"exit", "traversing"}:
        named = ("recess" if "traversing" in words else "foramen"), "root"
        while scan.last + 1 < len(tokens) and tokens[scan.last + 1].kind == "vertebra":
            scan.last += 1
    shared = named is None and len(scan.words) == 1 and _shares_root(tokens, scan.last + 1)
    if shared:
        named = {"exit": ("foramen", "root"), "traversing": ("recess", "root")}.get(scan.words[0])
    if named is None or _is_place_of_lesion(tokens, scan, named[1]):
        return None
    value, form = named
    plural = (shared and any(t.text in ("roots", "nerves") for t in tokens[i : i + 9])) or any(
        word in _PLURAL for word in scan.words
    )
    side = _side(scan.sides) or (_side_ahead(tokens, scan.last + 2) if shared else "")
    roots = tuple(scan.roots) if form == "root" else ()
    start, end = tokens[i].start, tokens[scan.last].end
    return SitePhrase(value, form, side, plural, form in _ADJECTIVES, roots, start, end, scan.last + 1)


_PLURAL = frozenset(("canals", "foramina", "recesses", "roots"))
_ADJECTIVES = frozenset(("foraminal", "weak", "neural", "subarticular", "recessal"))


def _is_place_of_lesion(tokens: Sequence[Token], scan: _Scan, form: str) -> bool:
    """``foraminal protrusion``, ``subarticular zone``: where a lesion sits, and no site.

    The noun of a ``subarticular zone`` that is a site is taken into the phrase.
    """
    if form not in ("foraminal", "subarticular"):
        return False
    k = scan.last + 1
    while k < len(tokens) and tokens[k].text in ("lumbar", "intervertebral", "-"):
        k += 1
    if k < len(tokens) and LEXICON.look_up(tokens[k].text)[0].kind in _LESION:
        return True
    behind = scan.last + 1
    if form == "subarticular" and behind < len(tokens) and tokens[behind].text in _PLACES:
        after = LEXICON.look_up(tokens[behind + 1].text)[0] if behind + 1 < len(tokens) else None
        if after is None or after.kind not in _SAID_OF_SITE:
            return True
        scan.last += 1
    return False


_LESION = frozenset((kinds.DISC_LESION, kinds.OTHER_THING, kinds.LESION_ZONE))
_SAID_OF_SITE = frozenset((kinds.COMPROMISE, kinds.NORMAL, kinds.COPULA))


def _shares_root(tokens: Sequence[Token], j: int) -> bool:
    """``exiting and traversing roots``: the first of two kinds of root that share a noun."""
    if j + 2 >= len(tokens) or tokens[j].text not in ("and", "or", "nor", "/", "&"):
        return False
    ahead = j + 1 + (tokens[j + 1].text == "the")
    return LEXICON.look_up(tokens[ahead].text)[0].value in ("exit", "traversing") if ahead < len(tokens) else False


def _side_ahead(tokens: Sequence[Token], j: int) -> str:
    words = [LEXICON.look_up(t.text)[0] for t in tokens[j : j + 4] if t.kind == "word"]
    return _side([word.value for word in words if word.kind == kinds.SIDE])


def _scan(tokens: Sequence[Token], i: int, stop: int) -> _Scan:
    """Collect the words of one phrase; a finished phrase does not swallow the next."""
    scan = _Scan([], [], [])
    j = i
    while j < stop:
        token = tokens[j]
        if token.kind == "word":
            after = j + 1 if _take_word(tokens, j, scan) else 0
        elif token.kind == "vertebra":
            after = j + 1 if not scan.done and _take_root(tokens, j, scan) else 0
        elif token.text == "(":
            after = _bracket(tokens, j, scan)
        else:
            glued = token.text == "-" and i < j and j + 1 < stop and tokens[j + 1].start == token.end
            after = j + 1 if glued else 0
        if not after:
            break
        j = after
    return scan


def _take_word(tokens: Sequence[Token], j: int, scan: _Scan) -> bool:
    """Take a word into the phrase; False when the phrase ends before it."""
    text = tokens[j].text
    word = LEXICON.look_up(text)[0]
    if word.kind == kinds.SIDE:
        if scan.done or (scan.words and not _more_follows(tokens, j + 1)):
            return False
        scan.sides.append(word.value)
        return True
    if word.kind == kinds.SITE_WORD:
        if scan.done and not _continues(scan.words, word.value):
            return False
        scan.words.append(word.value)
        scan.last = j
        scan.done = word.value in _HEADS or word.value == "equina"
        return True
    if text not in _INSIDE or (scan.done and text != "sleeve"):
        return False
    return text not in ("of", "within") or _of_sac(tokens, j, scan)


def _of_sac(tokens: Sequence[Token], j: int, scan: _Scan) -> bool:
    """``left side of the thecal sac`` is one phrase."""
    return not scan.words and bool(scan.sides) and tokens[j - 1].text in ("side", "aspect")


def _continues(words: Sequence[str], value: str) -> bool:
    if words[-1] in ("root", "roots") and value in ("canal", "canals", "foramina", "foramen", "foraminal"):
        return True
    return words[-1] == "equina" and value in ("nerve", "root", "roots")


def _more_follows(tokens: Sequence[Token], j: int) -> bool:
    while j < len(tokens) and (tokens[j].kind == "vertebra" or tokens[j].text in _INSIDE or tokens[j].text in "()"):
        j += 1
    if j >= len(tokens) or tokens[j].kind != "word":
        return False
    return LEXICON.look_up(tokens[j].text)[0].value in ("exit", "nerve", "root", "roots", "traversing")


def _take_root(tokens: Sequence[Token], j: int, scan: _Scan) -> bool:
    """A vertebra inside a phrase is a root's name when a root follows."""
    after = tokens[j + 1] if j + 1 < len(tokens) else None
    if after is not None and after.text in ("-", "/", "_"):
        return False
    k = j + 1
    while k < len(tokens) and k - j < 8:
        token = tokens[k]
        if token.kind == "word":
            word = LEXICON.look_up(token.text)[0]
            if word.kind == kinds.SITE_WORD and word.value in ("root", "roots", "nerve"):
                scan.roots.append(number(tokens[j].text))
                return True
            if word.kind not in (kinds.SITE_WORD, kinds.SIDE) and token.text not in ("and", "or", "sided"):
                return False
            if word.kind == kinds.SITE_WORD and word.value not in ("exit", "traversing", "neural", "spinal"):
                return False
        elif token.kind not in ("vertebra", "mark") or token.text in ",.;:":
            return False
        k += 1
    return False


def _bracket(tokens: Sequence[Token], j: int, scan: _Scan) -> int:
    """``(Lt)`` or ``(S1)`` inside a phrase; the index behind it, or 0."""
    if j + 2 >= len(tokens) or tokens[j + 2].text != ")":
        return 0
    inner = tokens[j + 1]
    if inner.kind == "vertebra":
        if scan.words and scan.words[-1] in ("root", "roots"):
            scan.last = j + 2
        elif not _take_root(tokens, j + 1, scan):
            return 0
        return j + 3
    word = LEXICON.look_up(inner.text)[0]
    if word.kind == kinds.SIDE and not (scan.words and scan.words[-1] in _HEADS):
        scan.sides.append(word.value)
        return j + 3
    return 0


def _side(sides: Sequence[str]) -> str:
    if not sides:
        return ""
    return sides[0] if len(set(sides)) == 1 else "both"


def _name(words: frozenset[str], order: Sequence[str]) -> tuple[str, str] | None:
    """(site, form) of a phrase's words; form says how it came to its site."""
    if words & {"recess", "recesses", "recessal"}:
        return "recess", "recess" if "recessal" not in words else "recessal"
    if "subarticular" in words:
        return "recess", "subarticular"
    if "cauda" in words or "equina" in words:
        return "canal", "cauda"
    if words & {"canal", "canals"}:
        if "sacral" in words:
            return None
        return ("foramen", "canal") if words & _EXITS else ("canal", "canal")
    if words & {"foramen", "foramina"}:
        return None if "sacral" in words else ("foramen", "foramen")
    if words & {"root", "roots"} or ("nerve" in words and words & {"exit", "traversing"}) or order == ["nerve"]:
        if "sacral" in words:
            return None
        if words & _CANAL and words & {"thecal", "dural", "sac"}:
            return "canal", "sac"
        return ("recess" if "traversing" in words else "foramen"), "root"
    return _lesser(words)


def _lesser(words: frozenset[str]) -> tuple[str, str] | None:
    if "foraminal" in words:
        return "foramen", "foraminal"
    if words & _CANAL:
        if "cord" in words or "csf" in words:
            return "canal", "cord" if "cord" in words else "csf"
        return "canal", "sac"
    if "exit" in words and "neural" in words:
        return "foramen", "canal"
    if "neural" in words:
        return "foramen", "neural"
    if words & {"spinal", "central"} and not words & {"lateral", "sacral"}:
        return "canal", "weak"
    return None
