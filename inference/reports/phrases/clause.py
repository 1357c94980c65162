"""A sentence while its rules run: which sites were named so far, which predicates took them, what was asserted."""

from __future__ import annotations

from typing import NamedTuple

from inference.reports.phrases import grades, surroundings
from inference.reports.phrases.arguments import Taken, sites_of_compromise, sites_of_next_verb
from inference.reports.phrases.assertions import Assertion, Basis, Reading, Topic
from inference.reports.phrases.chunks import Chunk
from inference.reports.phrases.sides import is_pronoun_both, places_listed_after, side_before_comma, side_near
from inference.reports.words import kinds

# Confidence in a label, 0 to 1: a rank for review, not a probability. Set by hand: the fewer the steps, the higher.
#: A predicate with its site and grade.
CONFIDENT = 0.95
#: No grade word stands with the compromise.
UNGRADED = 0.9
#: The site is that of a heading or of the sentence before.
OF_TOPIC = 0.85
#: A whole level is called normal, or the grade stands behind the site with no predicate.
LOOSE = 0.8
#: A site and a grade or a negation, and no predicate.
NO_PREDICATE = 0.7
#: A negation before a list of sites, or a stenosis with no site at all.
GUESS = 0.6


class Loose(NamedTuple):
    """A compromise with no site of its own: its side, grade and basis, and the topics it can be said of."""

    side: str
    grade: str
    basis: Basis
    topics: list[Topic]


class Claim(NamedTuple):
    """A grade of a site, with what it rests on."""

    grade: str
    side: str
    basis: Basis
    confidence: float


class Clause:
    """One sentence while it is read. ``recent``: the sites in force, the one named last at the end."""

    def __init__(self, reading: Reading, topics: tuple[Topic, ...]) -> None:
        self.reading = reading
        self.chunks = reading.chunks
        self.topics = topics
        self.recent: list[Topic] = list(topics)
        self.names_site = False
        self.claimed: set[int] = set()
        self._shared_grade: Chunk | None = None
        # A look for sites can turn a root into its recess, and one for a grade takes it: each is made once.
        self._taken: dict[int, Taken] = {}
        self._of_next_verb: dict[int, Taken | None] = {}
        self._loose: dict[int, Loose] = {}
        self._lone: dict[int, tuple[str, list[Topic]]] = {}

    @property
    def headings(self) -> list[Topic]:
        """The sites of the heading in force."""
        return [t for t in self.topics if t.heading]

    # what a predicate or a grade is stated of

    def taken(self, i: int) -> Taken:
        """The sites that the compromise at ``i`` speaks of."""
        if i not in self._taken:
            self._taken[i] = sites_of_compromise(self.chunks, i, self.claimed)
        return self._taken[i]

    def of_next_verb(self, i: int) -> Taken | None:
        """For a verb with no sites: those of the verb after it."""
        if i not in self._of_next_verb:
            is_verb = self.chunks[i].form in ("verb", "ing")
            later = sites_of_next_verb(self.chunks, i) if is_verb and not self.taken(i).sites else None
            self._of_next_verb[i] = later if later is not None and later.sites else None
        return self._of_next_verb[i]

    def claim(self, taken: Taken) -> None:
        """No other predicate takes these sites."""
        self.claimed.update(k for k, _ in taken.sites)

    def is_elliptic(self, i: int, side: str) -> bool:
        """``..., mild narrowing on the left``: the site named before goes without saying."""
        is_noun = self.chunks[i].form == "noun"
        return self.names_site and (bool(side) or (is_noun and surroundings.has_own_level(self.chunks, i)))

    def loose(self, i: int) -> Loose:
        """What the compromise at ``i``, with no site of its own, can be said of."""
        if i not in self._loose:
            self._loose[i] = self._find_loose(i)
        return self._loose[i]

    def _find_loose(self, i: int) -> Loose:
        c = self.chunks[i]
        side = side_near(self.chunks, i)
        grade = grades.grade_of(self.chunks, i, Taken([], i, i))
        if grade is not None:
            grade.used = True
        basis = Basis.NEGATION if c.negated else Basis.GRADE_WORD if grade else Basis.NO_GRADE
        lateral = [t for t in self.recent if t.site != "canal"] if side else self.recent
        one_before = lateral[-1:] if side or self.is_elliptic(i, side) else []
        topics = [t for t in lateral if t.heading] or one_before
        return Loose(side, self.value(i, grade, None), basis, topics)

    def lone(self, i: int) -> tuple[str, list[Topic]]:
        """The side of the lone grade at ``i`` and what it is said of."""
        if i not in self._lone:
            side = side_near(self.chunks, i) or side_before_comma(self.chunks, i)
            of_canal = [t.site for t in self.recent[-1:]] == ["canal"]
            if side == "both" and of_canal and is_pronoun_both(self.chunks, i):
                side = ""
            self._lone[i] = side, self._topics_of_lone_grade(side)
        return self._lone[i]

    def _topics_of_lone_grade(self, side: str) -> list[Topic]:
        """The last site in the sentence, a heading, or the sentence before."""
        recent = [t for t in self.recent if not (side and t.site == "canal")]
        if side or self.names_site:
            return recent[-1:] or self.headings
        if self.headings:
            return self.headings
        if any(c.kind in _THINGS for c in self.chunks):
            return []
        return recent[-1:]

    def is_level(self, i: int) -> bool:
        """Whether the words around ``i`` are a level and nothing else."""
        reading = self.reading
        return surroundings.speaks_of_level(self.chunks, reading.unknown, i, after_heading=reading.after_heading)

    def value(self, i: int, grade: Chunk | None, site: Chunk | None) -> str:
        """The grade that the compromise at ``i`` gives."""
        if self.chunks[i].negated:
            return "normal"
        return grade.value if grade else grades.default_grade(self.chunks, i, site)

    # assertions

    def state(self, i: int, taken: Taken) -> None:
        """Assert of each site what the compromise at ``i`` says, with the grade that it has."""
        c = self.chunks[i]
        pairs = [] if c.negated else grades.paired_grades(self.chunks, taken, i)
        grade = None if pairs or c.negated else self._grade_of(i, taken)
        for one, _ in pairs:
            one.used = True
        for k, side in taken.sites:
            site = self.chunks[k]
            if pairs:
                for one, its_side in pairs:
                    self.assert_of_site(k, i, one.value, its_side, Basis.GRADE_FOR_SIDE)
            elif c.negated:
                self.assert_of_site(k, i, "normal", side, Basis.NEGATION)
            elif grade is not None:
                self.assert_of_site(k, i, grade.value, side, Basis.GRADE_WORD)
                self.assert_of_listed(site.value, max(k, i), grade.value, Basis.GRADE_WORD)
            elif self._is_graded_later(i, site, side):
                self.recent.append(Topic(site.value, "", site.plural))
                self.names_site = True
            else:
                self.assert_of_site(k, i, grades.default_grade(self.chunks, i, site), side, Basis.NO_GRADE)

    def _is_graded_later(self, i: int, site: Chunk, side: str) -> bool:
        if grades.is_graded_by_level(self.chunks, i):
            return True
        return not (side or site.side or site.plural) and grades.is_graded_by_side(self.chunks, i)

    def _grade_of(self, i: int, taken: Taken) -> Chunk | None:
        grade = grades.grade_of(self.chunks, i, taken)
        if grade is None and self._shared_grade is not None and grades.is_joined(self.chunks, taken, i):
            grade = self._shared_grade
        if grade is not None:
            grade.used = True
        self._shared_grade = grade if self.chunks[i].form == "noun" else None
        return grade

    def state_of_recent(self, topics: list[Topic], i: int) -> None:
        """Assert what the compromise at ``i`` says of sites named before."""
        grade = grades.grade_of(self.chunks, i, Taken([], i, i))
        for topic in topics:
            self.assert_of_topic(topic, i, i, self.value(i, grade, None), "", Basis.OF_TOPIC)
            if grade is not None:
                grade.used = True

    def assert_of_site(
        self, k: int, i: int, grade: str, side: str, basis: Basis, confidence: float = CONFIDENT
    ) -> None:
        """Assert a grade of the site at ``k``, by the word at ``i``."""
        self._assert_site(self.chunks[k], k, i, Claim(grade, side, basis, confidence))

    def assert_of_later_site(self, k: int, i: int, grade: str, side: str, basis: Basis) -> None:
        """Assert a grade of the site at ``k`` for the place of the word at ``i``: levels are looked for there."""
        self._assert_site(self.chunks[k], i, i, Claim(grade, side, basis, CONFIDENT))

    def _assert_site(self, site: Chunk, place: int, i: int, claim: Claim) -> None:
        word = self.chunks[i]
        side = claim.side or site.side
        confidence = min(claim.confidence, UNGRADED) if claim.grade == "present" else claim.confidence
        first, last = min(place, i), max(place, i)
        start, end = min(site.start, word.start), max(site.end, word.end)
        self._add(Assertion(site.value, side, claim.grade, claim.basis, first, last, start, end, site, confidence))
        self.recent = [t for t in self.recent if t.heading or t.site != site.value]
        self.recent.append(Topic(site.value, side, site.plural))
        self.names_site = True

    def assert_of_topic(
        self, topic: Topic, first: int, last: int, grade: str, side: str, basis: Basis, confidence: float = OF_TOPIC
    ) -> None:
        """Assert a grade of a site that is not named here, by the words ``first`` to ``last``."""
        start, end = self.chunks[first].start, self.chunks[last].end
        side = side or topic.side or "both"
        self._add(Assertion(topic.site, side, grade, basis, first, last, start, end, None, confidence))

    def assert_of_listed(self, site: str, i: int, grade: str, basis: Basis) -> None:
        """``... on the left at L5-S1 and on the right at L4-L5``: the same of each further place."""
        if site != "canal":
            for k in places_listed_after(self.chunks, i):
                self.assert_of_topic(Topic(site), k, k, grade, self.chunks[k].value, basis)

    def assert_level_normal(self, i: int) -> None:
        """A whole level called normal: canal and both foramina, not the recesses."""
        for site in ("canal", "foramen"):
            self.assert_of_topic(Topic(site, "both"), i, i, "normal", "", Basis.NORMAL_LEVEL, LOOSE)
            self.reading.assertions[-1].whole = True

    def _add(self, made: Assertion) -> None:
        made.of_remaining = surroundings.is_of_remaining(self.chunks, made.first, made.last)
        self.reading.assertions.append(made)

    def doubt(self, i: int, why: str) -> None:
        """Note the word at ``i`` as not understood."""
        self.reading.unclear.append((self.chunks[i].start, self.chunks[i].end, why))


_THINGS = frozenset((kinds.SITE, kinds.DISC_LESION, kinds.OTHER_THING, kinds.COMPROMISE, kinds.NORMAL))
