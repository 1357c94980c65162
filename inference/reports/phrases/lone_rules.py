"""Rules for grades and negations with no predicate of their own."""

from __future__ import annotations

from inference.reports.phrases import surroundings
from inference.reports.phrases.arguments import Taken
from inference.reports.phrases.assertions import Basis, Topic
from inference.reports.phrases.clause import GUESS, LOOSE, NO_PREDICATE, Clause
from inference.reports.phrases.grades import paired_grades
from inference.reports.phrases.sides import places_both_graded, side_denied_alone, side_near
from inference.reports.words import kinds

# a grade that belongs to what stands on its left


def grade_of_what_follows(clause: Clause, i: int) -> bool:
    """``Mild canal stenosis``: a grade before its thing is taken with it, and says nothing alone.

    Example: L4-5: Mild canal narrowing.
    """
    return clause.chunks[i].attached != "left"


def site_behind_preposition(clause: Clause, i: int) -> bool:
    """``..., moderate of the foramina``: the site behind a grade and a preposition.

    Example: L4-5: Mild stenosis of the canal, moderate of the foramina.
    """
    k = surroundings.site_of_lone_grade(clause.chunks, i)
    if k is None or k in clause.claimed:
        return False
    _grade_site(clause, i, k)
    clause.chunks[i].used = True
    return True


def _grade_site(clause: Clause, i: int, k: int) -> None:
    """Assert the grade at ``i`` of the site at ``k``, or a pair of grades with their sides."""
    if k in clause.claimed:
        return
    clause.claimed.add(k)
    pairs = paired_grades(clause.chunks, Taken([(k, "")], k, k), k)
    for one, side in pairs or [(clause.chunks[i], clause.chunks[k].side)]:
        one.used = True
        clause.assert_of_site(k, i, one.value, side, Basis.GRADE_WORD, NO_PREDICATE)


_SUBJECTS = frozenset((kinds.SITE, kinds.SIDE, kinds.DISC_LESION, kinds.OTHER_THING, kinds.COMPROMISE))


def site_graded(clause: Clause, i: int) -> bool:
    """``Right foramen: moderate``: the subject of the sentence is a site that no predicate took.

    Example: L4-5: Right foramen is mild.
    """
    k = next((k for k in range(i - 1, -1, -1) if clause.chunks[k].kind in _SUBJECTS), None)
    if k is None or clause.chunks[k].kind is not kinds.SITE or k in clause.claimed:
        return False
    c = clause.chunks[i]
    clause.assert_of_site(k, i, c.value, clause.chunks[k].side, Basis.GRADE_WORD, LOOSE)
    clause.claimed.add(k)
    c.used = True
    return True


def both_places_graded(clause: Clause, i: int) -> bool:
    """``... on the right at L3-L4 and on the left at L5-S1, both severe``: the grade at each place.

    Example: Foraminal stenosis is worst on the right at L3-4 and on the left at L5-S1, both severe.
    """
    _, topics = clause.lone(i)
    places = places_both_graded(clause.chunks, i) if topics else []
    if not places:
        return False
    c = clause.chunks[i]
    for k in places:
        clause.assert_of_topic(topics[-1], k, k, c.value, clause.chunks[k].value, Basis.GRADE_OF_TOPIC)
    c.used = True
    return True


def site_named_last_graded(clause: Clause, i: int) -> bool:
    """``Foraminal stenosis, mild on the right``; ``moderate at L3-L4``: the last site, another grade.

    Example: Canal stenosis is mild at L3-4 and moderate at L4-5.
    """
    side, topics = clause.lone(i)
    c = clause.chunks[i]
    for topic in topics:
        c.used = True
        clause.assert_of_topic(topic, i, i, c.value, side, Basis.GRADE_OF_TOPIC)
        clause.assert_of_listed(topic.site, i, c.value, Basis.GRADE_OF_TOPIC)
    return bool(topics)


def none_at_level(clause: Clause, i: int) -> bool:
    """``L2-L3: None.``: the level is called normal.

    Example: L5/S1: Nil significant.
    """
    if clause.chunks[i].value != "normal" or len(clause.chunks) != 1 or not clause.is_level(i):
        return False
    clause.assert_level_normal(i)
    return True


# a negation


def negation_of_predicate(clause: Clause, i: int) -> bool:
    """``No canal stenosis``: the predicate behind a negation speaks for it.

    Example: L4-5: No canal stenosis.
    """
    rest = clause.chunks[i + 1 :]
    clause_end = next((k for k, c in enumerate(rest) if c.kind in (kinds.SEMICOLON, kinds.BUT)), len(rest))
    if any(c.kind is kinds.ASSESSED for c in rest[:clause_end]):
        return True
    return any(c.kind in (kinds.COMPROMISE, kinds.NORMAL) for c in rest)


def sites_denied(clause: Clause, i: int) -> bool:
    """``No significant thecal sac or nerve roots.``: a list of sites, and what is denied of them left out.

    Example: L4-5: No significant thecal sac or nerve roots.
    """
    rest = range(i + 1, len(clause.chunks))
    sites = [k for k in rest if clause.chunks[k].kind is kinds.SITE]
    if not sites or any(clause.chunks[k].kind in (kinds.DISC_LESION, kinds.OTHER_THING) for k in rest):
        return False
    for k in sites:
        if not clause.chunks[k].adjective:
            clause.assert_of_site(k, i, "normal", clause.chunks[k].side, Basis.NEGATION, GUESS)
    return True


def nothing_abnormal(clause: Clause, i: int) -> bool:
    """``No abnormality at L1-L2``: the level is called normal.

    Example: L4-5: No significant abnormality.
    """
    if not any(c.kind is kinds.ABNORMALITY for c in clause.chunks[i + 1 :]) or not clause.is_level(i):
        return False
    clause.assert_level_normal(i)
    return True


# what is left when the whole sentence has been read


def grade_before_site(clause: Clause, i: int) -> bool:
    """``Severe canal, mild right foraminal``: a grade before a site, and no predicate.

    Example: L4-5: Mild canal, no foraminal stenosis.
    """
    k = surroundings.site_behind_grade(clause.chunks, i)
    if k is None:
        return False
    _grade_site(clause, i, k)
    return True


def grade_shares_predicate(clause: Clause, i: int) -> bool:
    """``Moderate L3-4 and severe L4-5 canal stenosis``: the first grade shares the later predicate.

    Example: Moderate L3-4 and severe L4-5 canal stenosis.
    """
    later = next((a for a in clause.reading.assertions if a.first > i), None)
    if later is None:
        return False
    between = [c.kind for c in clause.chunks[i : later.first + 1]]
    if kinds.AND not in between[:-1] and kinds.NEGATION not in between:
        return False
    around = clause.chunks[max(0, i - 4) : later.first]
    if not any(c.kind in (kinds.DISC_LEVEL, kinds.SIDE) for c in around):
        return False
    side = side_near(clause.chunks, i) or later.side
    clause.assert_of_topic(Topic(later.site, side), i, i, clause.chunks[i].value, "", Basis.GRADE_OF_LATER)
    return True


def site_denied(clause: Clause, i: int) -> bool:
    """``No canal, mild foraminal stenosis``: a denied site before one with a grade.

    Example: L4-5: No canal, mild right foraminal stenosis.
    """
    if i in clause.claimed or not surroundings.is_denied_alone(clause.chunks, i):
        return False
    clause.assert_of_site(i, i, "normal", clause.chunks[i].side, Basis.NEGATION, NO_PREDICATE)
    return True


def side_denied(clause: Clause, i: int) -> bool:
    """``No right but moderate left foraminal narrowing``: the site comes later.

    Example: L4-5: No right but moderate left foraminal narrowing.
    """
    side = side_denied_alone(clause.chunks, i)
    if not side:
        return False
    later = next((a for a in clause.reading.assertions if a.first > i and a.site != "canal"), None)
    if later is not None:
        clause.assert_of_topic(Topic(later.site, side), i, i + 1, "normal", side, Basis.NEGATION)
    return True


# before a sentence is read


def legend(clause: Clause) -> bool:
    """``SCS = spinal canal stenosis``: what an abbreviation stands for; nothing is read.

    Example: SCS = spinal canal stenosis
    """
    chunks = clause.chunks
    if clause.reading.after_heading and any(c.kind is kinds.GRADE and c.value == "normal" for c in chunks):
        return False
    return [c.form for c in chunks[:1]] == ["abbreviation"] and [c.value for c in chunks[2:3]] == ["="]


def question(clause: Clause) -> bool:
    """``If stenosis is suspected``: from the question or condition on nothing is read; a compromise is unclear.

    Example: Is there nerve root compression? Rule out severe foraminal stenosis at L4-5.
    """
    chunks = clause.chunks
    start = next((i for i, c in enumerate(chunks) if c.kind is kinds.QUESTION), None)
    if start is None:
        return False
    for i in range(start, len(chunks)):
        if chunks[i].kind is kinds.COMPROMISE:
            clause.doubt(i, "a question or a condition, not a finding")
    del chunks[start:]
    return False
