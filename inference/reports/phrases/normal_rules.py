"""Rules for a word that calls something normal (``patent``, ``adequate``), and for the grades of Schizas and Lee."""

from __future__ import annotations

from inference.reports.phrases import surroundings
from inference.reports.phrases.arguments import sites_of_normal
from inference.reports.phrases.assertions import Basis, Topic
from inference.reports.phrases.clause import Clause
from inference.reports.phrases.sides import side_near, side_of_clause
from inference.reports.words import kinds


def not_assessed(clause: Clause, i: int) -> bool:
    """``Not adequately assessed``: the adverb calls nothing adequate.

    Example: L4-5: Foramina not adequately assessed.
    """
    c = clause.chunks[i]
    is_before_assessed = i + 1 < len(clause.chunks) and clause.chunks[i + 1].kind is kinds.ASSESSED
    return (c.negated and c.form.endswith("ly")) or is_before_assessed


def sites_called_normal(clause: Clause, i: int) -> bool:
    """``Both foramina are patent``: normal; ``not normal``: a compromise without a grade. A cord says nothing.

    Example: L4-5: Both foramina are patent.
    """
    taken = sites_of_normal(clause.chunks, i, clause.claimed)
    if not taken.sites:
        return False
    grade, basis = "normal", Basis.NORMAL_WORD
    if clause.chunks[i].negated:
        grade, basis = "present", Basis.NOT_NORMAL
    clause.claim(taken)
    for k, side in taken.sites:
        if clause.chunks[k].form not in ("cauda", "cord"):
            clause.assert_of_site(k, i, grade, side, basis)
    return True


def not_normal_alone(clause: Clause, i: int) -> bool:
    """``Not normal``, and no site: says nothing.

    Example: L4-5: Not normal.
    """
    return clause.chunks[i].negated


def side_called_normal(clause: Clause, i: int) -> bool:
    """``Left foramen narrowed, on the right free``: the other side of the site named before.

    Example: L5-S1: The foramen on the right is slightly narrowed, on the left free.
    """
    side = side_of_clause(clause.chunks, i) if clause.names_site else ""
    lateral = [t for t in clause.recent if side and t.site != "canal"]
    if not lateral:
        return False
    clause.assert_of_topic(lateral[-1], i, i, "normal", side, Basis.NORMAL_OF_TOPIC)
    return True


def other_thing_normal(clause: Clause, i: int) -> bool:
    """``The disc is normal``: said of a disc, a joint or the like; nothing of a site.

    Example: L4-5: Normal disc.
    """
    return surroundings.is_of_thing(clause.chunks, i)


def site_of_heading_normal(clause: Clause, i: int) -> bool:
    """``Foramina: patent.``: the site of the heading.

    Example: L4-5: Right foramen: patent.
    """
    for topic in clause.headings:
        clause.assert_of_topic(topic, i, i, "normal", side_near(clause.chunks, i), Basis.NORMAL_WORD)
    return bool(clause.headings)


def level_called_normal(clause: Clause, i: int) -> bool:
    """``L1-L2: normal.``: canal and both foramina.

    Example: L4-5: Normal.
    """
    if not clause.is_level(i):
        return False
    clause.assert_level_normal(i)
    return True


def word_before_scale(clause: Clause, i: int) -> bool:
    """``Moderate canal stenosis (Schizas C)``: the radiologist's word stands.

    Example: L3/4: Canal: moderately stenosed (Schizas C).
    """
    site = clause.chunks[i].form
    in_words = any(a.site == site and a.basis is Basis.GRADE_WORD for a in clause.reading.assertions)
    return in_words and clause.chunks[i - 1].kind is kinds.OPENING_BRACKET


def grading_system(clause: Clause, i: int) -> bool:
    """``Schizas B``, ``Lee grade 2``: the canal, the foramina; on the side named last for it.

    Example: L3-4: Canal stenosis, Schizas C.
    """
    c = clause.chunks[i]
    side = side_near(clause.chunks, i)
    if not side:
        side = next((a.side for a in reversed(clause.reading.assertions) if a.site == c.form), "")
    clause.assert_of_topic(Topic(c.form, side), i, i, c.value, side, Basis.GRADING_SYSTEM)
    return True
