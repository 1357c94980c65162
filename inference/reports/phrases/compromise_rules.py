"""Rules for a word of compromise (``compressing``, ``narrowing``, ``stenosis``): the first that applies decides."""

from __future__ import annotations

from inference.reports.phrases import surroundings
from inference.reports.phrases.arguments import Taken
from inference.reports.phrases.assertions import Basis, Topic
from inference.reports.phrases.clause import GUESS, Clause
from inference.reports.phrases.sides import side_near
from inference.reports.words import kinds

NOT_A_FINDING = "a question or a condition, not a finding"


def of_disc(clause: Clause, i: int) -> bool:
    """``Disc space narrowing``, ``compression fracture``: says nothing of a site.

    Example: L4-5: Moderate disc space narrowing.
    """
    return surroundings.is_of_disc(clause.chunks, i)


def still_to_come(clause: Clause, i: int) -> bool:
    """``Stenosis may develop``: no finding yet, and noted as unclear.

    Example: At L4-5 severe canal stenosis may develop.
    """
    if [c.kind for c in clause.chunks[i + 1 : i + 3]] != [kinds.HEDGE, kinds.FUTURE]:
        return False
    clause.claim(clause.taken(i))
    clause.doubt(i, NOT_A_FINDING)
    return True


def high_grade_denied(clause: Clause, i: int) -> bool:
    """``No high-grade stenosis``, ``stenosis cannot be assessed``: no grade follows, and it is noted as unclear.

    Example: L4-5: No high-grade canal stenosis.
    """
    if not clause.chunks[i].ungraded:
        return False
    clause.claim(clause.taken(i))
    clause.doubt(i, "only a high grade is denied, or it cannot be assessed")
    return True


def contact_outdone(clause: Clause, i: int) -> bool:
    """``Displaces and compresses the root``: of two verbs without a grade the compression says more.

    Example: L4-5: Displaces and compresses the left L5 root.
    """
    is_contact = clause.chunks[i].value == "contact"
    return is_contact and clause.of_next_verb(i) is not None and surroundings.is_outdone_by_next(clause.chunks, i)


def sites_of_next_verb(clause: Clause, i: int) -> bool:
    """``Abuts but does not compress the root``: two verbs share the sites behind the second.

    Example: L4-5: The disc abuts but does not compress the left L5 root.
    """
    taken = clause.of_next_verb(i)
    if taken is None:
        return False
    clause.state(i, taken)
    return True


def sites_of_predicate(clause: Clause, i: int) -> bool:
    """``Compressing the sac and left root``, ``right foraminal narrowing``: each site gets the grade of the word.

    Example: L4-5: Mild canal narrowing.
    """
    taken = clause.taken(i)
    if not taken.sites:
        return False
    clause.claim(taken)
    clause.state(i, taken)
    return True


def canal_of_sentence_before(clause: Clause, i: int) -> bool:
    """``At L4-5 it is moderately narrowed``, when the sentence before spoke of the canal.

    Example: L3-4: The canal is mildly narrowed. At L4-5 it is moderately narrowed.
    """
    if not surroundings.is_of_pronoun(clause.chunks, clause.reading.unknown, i):
        return False
    topics = [t for t in clause.recent[-1:] if t.site == "canal"]
    clause.state_of_recent(topics, i)
    return bool(topics)


def contact_with_it_denied(clause: Clause, i: int) -> bool:
    """``Touches the root without displacing it``: no normal root.

    Example: L5-S1: The protrusion touches the left S1 root, without displacing it.
    """
    return _is_of_it(clause, i) and clause.chunks[i].negated and clause.chunks[i].value == "contact"


def site_in_sentence_narrowed(clause: Clause, i: int) -> bool:
    """``A cyst projects into the left foramen, severely narrowing it``: `it` is the site named before.

    Example: L4-5: A left facet cyst projects into the foramen and compresses it.
    """
    place = surroundings.place_before(clause.chunks, i) if _is_of_it(clause, i) else None
    if place is None:
        return False
    clause.state(i, Taken([(place, clause.chunks[place].side)], i, i))
    return True


def site_before_narrowed(clause: Clause, i: int) -> bool:
    """``The foramen: a bulge narrows it``: `it` is the site of the heading or of the sentence before.

    Example: The canal is capacious, apart from L5/S1 where a protrusion slightly narrows it.
    """
    if not _is_of_it(clause, i):
        return False
    clause.state_of_recent(clause.recent[-1:], i)
    return bool(clause.recent)


def _is_of_it(clause: Clause, i: int) -> bool:
    return i + 1 < len(clause.chunks) and clause.chunks[i + 1].kind is kinds.IT


def verb_without_site(clause: Clause, i: int) -> bool:
    """``The bulge compresses ...``, and nothing that can be compressed follows: noted as unclear.

    Example: L4-5: The protrusion compresses and deforms.
    """
    if clause.chunks[i].form != "verb":
        return False
    if not clause.chunks[i].negated:
        clause.doubt(i, "what is compromised is not said")
    return True


def of_other_thing(clause: Clause, i: int) -> bool:
    """``Narrowing of the facet joint``: said of a disc, a joint or the like; nothing of a site.

    Example: L4-5: Bulge and encroachment.
    """
    chunks = clause.chunks
    if not surroundings.is_of_thing(chunks, i) or clause.is_elliptic(i, side_near(chunks, i)):
        return False
    is_new = i > 0 and chunks[i - 1].kind in (kinds.AND, kinds.COMMA, kinds.NEGATION)
    return not (chunks[i].value == "stenosis" and is_new)


def site_to_come(clause: Clause, i: int) -> bool:
    """``Narrowing of the left, moderate narrowing of the right foramen``: the site comes later.

    Example: L4-5: Marked narrowing of the right and mild narrowing of the left foramen.
    """
    side, grade, basis, topics = clause.loose(i)
    later = surroundings.lateral_site_after(clause.chunks, i) if side and not topics else None
    if later is None:
        return False
    clause.assert_of_later_site(later, i, grade, side, basis)
    return True


def last_site(clause: Clause, i: int) -> bool:
    """``Foraminal stenosis, with mild narrowing on the left``: of the site named last, or of the heading's.

    Example: L4-5: Foramina: moderate narrowing on the left.
    """
    side, grade, basis, topics = clause.loose(i)
    for topic in topics:
        clause.assert_of_topic(topic, i, i, grade, side, basis)
        clause.assert_of_listed(topic.site, i, grade, basis)
    return bool(topics)


def site_named_as_place(clause: Clause, i: int) -> bool:
    """``Extends into the left foramen with narrowing``: the place of the lesion is what is narrowed.

    Example: L4-5: The protrusion extends into the left foramen, with narrowing.
    """
    place = surroundings.place_before(clause.chunks, i)
    if place is None:
        return False
    _, grade, basis, _ = clause.loose(i)
    clause.assert_of_site(place, i, grade, clause.chunks[place].side, basis)
    return True


def stenosis_without_site(clause: Clause, i: int) -> bool:
    """``Mild stenosis``: of the canal, with low confidence; ``no stenosis``: of canal and foramina.

    Example: L4-5: Mild stenosis.
    """
    if clause.chunks[i].value != "stenosis":
        return False
    side, grade, _, _ = clause.loose(i)
    for site in ("canal", "foramen") if clause.chunks[i].negated else ("canal",):
        clause.assert_of_topic(Topic(site, "both"), i, i, grade, side, Basis.NO_SITE, GUESS)
    return True


def nothing_named(clause: Clause, i: int) -> bool:
    """``Mild narrowing at L4-5``: what is narrowed is not said; noted as unclear.

    Example: L4-5: Mild narrowing.
    """
    clause.loose(i)  # its grade is taken, and is said of nothing else
    clause.doubt(i, "what is compromised is not said")
    return True
