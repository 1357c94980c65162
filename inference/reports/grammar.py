"""Step five: chunks of a sentence -> assertions (these sites, this grade).

Predicates (``compressing``, ``narrowing``, ``patent``) look for the sites
they speak of: a verb to its right, a noun or an adjective to its left. What a
grade or a side says without a predicate is said of the last site.
"""

from __future__ import annotations

from inference.reports import arguments, surroundings
from inference.reports.assertions import BARE, Assertion, Reading, Topic
from inference.reports.chunks import Chunk
from inference.reports.phrases import prepare

__all__ = ["Assertion", "Reading", "Topic", "read"]


def read(found: list[Chunk], others: list[int], topics: tuple[Topic, ...], *, headed: bool = False) -> Reading:
    """The assertions of one sentence; ``topics`` are those in force from headings and before.

    headed: the sentence stands right behind a level's heading. others: where
    words stand whose use is not known.
    """
    reading = Reading(prepare(found), headed=headed, others=others)
    nothing = headed and any(c.kind == "G" and c.value == "normal" for c in reading.chunks)
    if not nothing and not _worth_reading(reading.chunks, topics):
        return reading
    _Sentence(reading, topics).run()
    return reading


def _worth_reading(found: list[Chunk], topics: tuple[Topic, ...]) -> bool:
    kinds = {c.kind for c in found}
    if surroundings.is_legend(found):
        return False
    return bool(kinds & {"P", "N", "SCALE"}) or ("NEG" in kinds and bool(kinds & {"S", "ABNORMAL"})) or (
        "G" in kinds and (bool(topics) or "S" in kinds)
    ) or ("NEG" in kinds and any(t.heading for t in topics))  # fmt: skip


class _Sentence:
    def __init__(self, reading: Reading, topics: tuple[Topic, ...]) -> None:
        self.reading = reading
        self.found = reading.chunks
        self.topics = topics
        self.last: list[Topic] = list(topics)
        self.own = False
        self.claimed: set[int] = set()
        self.graded_by: Chunk | None = None

    def run(self) -> None:
        """Predicates first, left to right; then grades and negations that stand alone."""
        found = self.found
        asked = next((i for i, c in enumerate(found) if c.kind == "QUESTION"), None)
        if asked is not None:
            self._unclear_sites(asked, "a question or a condition, not a finding")
            del found[asked:]
        steps = {"P": self._compromise, "N": self._normal, "SCALE": self._scale, "G": self._lone_grade}
        steps["NEG"] = self._lone_negation
        for i, c in enumerate(found):
            step = steps.get(c.kind)
            if step is not None and not c.used and not surroundings.is_not_assessed(found, i):
                step(i)
        for i, c in enumerate(found):
            if c.kind == "G" and not c.used:
                self._grade_left_over(i)
            elif c.kind == "S" and i not in self.claimed and surroundings.is_denied_alone(found, i):
                self._emit(c, i, i, "normal", c.side, "negation", 0.7)
            elif c.kind == "NEG" and (side := surroundings.side_denied_alone(found, i)):
                self._denied_side(i, side)

    # predicates

    def _compromise(self, i: int) -> None:
        pred = self.found[i]
        if surroundings.is_of_disc(self.found, i):
            return
        taken = arguments.of_predicate(self.found, i, self.claimed)
        if surroundings.is_to_come(self.found, i):
            self._claim(taken)
            self.reading.unclear.append((pred.start, pred.end, "a question or a condition, not a finding"))
            return
        if pred.aside == "ungraded":
            self._claim(taken)
            self.reading.unclear.append((pred.start, pred.end, "only a high grade is denied, or it cannot be assessed"))
            return
        if not taken.sites and pred.form in ("verb", "ing"):
            taken = arguments.shared_with_next(self.found, i) or taken
            if taken.sites and pred.value == "contact" and surroundings.is_outdone_by_next(self.found, i):
                return
        elif taken.sites:
            self._claim(taken)
        if not taken.sites:
            if not self._of_canal_before(i) and not self._of_it(i):
                self._bare(i)
            return
        self._state(i, taken)

    def _state(self, i: int, taken: arguments.Taken) -> None:
        """Say of each site what the predicate at ``i`` says, with the grade that it has."""
        pred = self.found[i]
        pairs = [] if pred.negated else arguments.paired_grades(self.found, taken, i)
        grade = None if pairs or pred.negated else self._grade_of(i, taken)
        for k, side in taken.sites:
            site = self.found[k]
            for one, its_side in pairs:
                one.used = True
                self._emit(site, k, i, one.value, its_side, "grade for each side")
            if pairs:
                continue
            if pred.negated:
                self._emit(site, k, i, "normal", side, "negation")
            elif grade is not None:
                self._emit(site, k, i, grade.value, side, "grade word")
                self._emit_listed(site.value, max(k, i), grade.value, "grade word")
            elif surroundings.is_graded_by_level(self.found, i) or (
                not (side or site.side or site.plural) and surroundings.is_graded_by_side(self.found, i)
            ):
                self.last.append(Topic(site.value, "", site.plural))
                self.own = True
            else:
                self._emit(site, k, i, surroundings.default_grade(self.found, i, site), side, "no grade given")

    def _grade_of(self, i: int, taken: arguments.Taken) -> Chunk | None:
        grade = arguments.grade_of(self.found, i, taken)
        if grade is None and self.graded_by is not None and arguments.joined(self.found, taken, i):
            grade = self.graded_by
        if grade is not None:
            grade.used = True
        self.graded_by = grade if self.found[i].form == "noun" else None
        return grade

    def _normal(self, i: int) -> None:
        taken = arguments.of_normal(self.found, i, self.claimed)
        grade = "present" if self.found[i].negated else "normal"
        if taken.sites:
            self._claim(taken)
            for k, side in taken.sites:
                site = self.found[k]
                if site.form not in ("cauda", "cord"):
                    self._emit(site, k, i, grade, side, "normal word" if grade == "normal" else "not normal")
            return
        if self.found[i].negated:
            return
        side = surroundings.side_of_clause(self.found, i) if self.own else ""
        lateral = [t for t in self.last if side and t.site != "canal"][-1:]
        if lateral:
            self._emit_topic(lateral[0], i, i, "normal", side, "normal word, site from before")
            return
        if surroundings.is_of_thing(self.found, i):
            return
        topics = [t for t in self.topics if t.heading]
        if topics:
            for topic in topics:
                self._emit_topic(topic, i, i, "normal", arguments.side_near(self.found, i), "normal word")
        elif self._is_level(i):
            self._emit_whole(i, "level called normal")

    def _scale(self, i: int) -> None:
        c = self.found[i]
        side = arguments.side_near(self.found, i)
        in_words = any((a.site, a.rule) == (c.form, "grade word") for a in self.reading.assertions)
        if in_words and self.found[i - 1].kind == "OPEN":
            return  # ``moderately stenosed (Schizas C)``: the radiologist's word stands
        if not side:
            side = next((a.side for a in reversed(self.reading.assertions) if a.site == c.form), "")
        self._emit_topic(Topic(c.form, side), i, i, c.value, side, "grading system")

    # things said without a predicate of their own

    def _bare(self, i: int) -> None:
        pred = self.found[i]
        side = arguments.side_near(self.found, i)
        elliptic = self.own and (bool(side) or (pred.form == "noun" and surroundings.has_own_level(self.found, i)))
        apart = pred.value == "stenosis" and i > 0 and self.found[i - 1].kind in ("AND", "COMMA", "NEG")
        if (surroundings.is_of_thing(self.found, i) and not elliptic and not apart) or pred.form == "verb":
            if not pred.negated and pred.form == "verb":
                self.reading.unclear.append((pred.start, pred.end, "what is compromised is not said"))
            return
        grade = arguments.grade_of(self.found, i, arguments.Taken([], i, i))
        if grade is not None:
            grade.used = True
        value = self._value(i, grade, None)
        rule = "negation" if pred.negated else "grade word" if grade else "no grade given"
        lateral = [t for t in self.last if t.site != "canal"] if side else self.last
        topics = [t for t in lateral if t.heading] or (lateral[-1:] if side or elliptic else [])
        if side and not topics and (later := surroundings.lateral_site_after(self.found, i)) is not None:
            self._emit(self.found[later], i, i, value, side, rule)
            return
        if topics:
            for topic in topics:
                self._emit_topic(topic, i, i, value, side, rule)
                self._emit_listed(topic.site, i, value, rule)
        elif (place := surroundings.place_before(self.found, i)) is not None:
            self._emit(self.found[place], place, i, value, self.found[place].side, rule)
        elif pred.value == "stenosis":
            for site in ("canal", "foramen") if pred.negated else ("canal",):
                self._emit_topic(Topic(site, "both"), i, i, value, side, BARE, 0.6)
        else:
            self.reading.unclear.append((pred.start, pred.end, "what is compromised is not said"))

    def _of_canal_before(self, i: int) -> bool:
        """``At L4-5 it is moderately narrowed``, when the sentence before spoke of the canal."""
        if not surroundings.is_of_pronoun(self.found, self.reading.others, i):
            return False
        topics = [t for t in self.last[-1:] if t.site == "canal"]
        self._say_of(topics, i)
        return bool(topics)

    def _of_it(self, i: int) -> bool:
        """``a cyst projects into the left foramen, severely narrowing it``; ``..., where a bulge narrows it``."""
        if [c.kind for c in self.found[i + 1 : i + 2]] != ["IT"]:
            return False
        if self.found[i].negated and self.found[i].value == "contact":
            return True  # ``touches the root without displacing it`` is no normal root
        place = surroundings.place_before(self.found, i)
        if place is None:
            self._say_of(self.last[-1:], i)
            return bool(self.last)
        taken = arguments.Taken([(place, self.found[place].side)], i, i)
        self._state(i, taken)
        return True

    def _say_of(self, topics: list[Topic], i: int) -> None:
        grade = arguments.grade_of(self.found, i, arguments.Taken([], i, i))
        for topic in topics:
            self._emit_topic(topic, i, i, self._value(i, grade, None), "", "site from before")
            if grade is not None:
                grade.used = True

    def _value(self, i: int, grade: Chunk | None, site: Chunk | None) -> str:
        if self.found[i].negated:
            return "normal"
        return grade.value if grade else surroundings.default_grade(self.found, i, site)

    def _lone_grade(self, i: int) -> None:
        """``mild on the right``; ``moderate at L3-L4``: the last site, another grade."""
        c = self.found[i]
        if c.aside != "left":
            return
        named = surroundings.site_of_lone_grade(self.found, i)
        if named is not None and named not in self.claimed:
            self._graded_site(i, named)
            c.used = True
            return
        subject = next((k for k in range(i - 1, -1, -1) if self.found[k].kind in "SDOP"), None)
        if subject is not None and self.found[subject].kind == "S" and subject not in self.claimed:
            self._emit(self.found[subject], subject, i, c.value, self.found[subject].side, "grade word", 0.8)
            self.claimed.add(subject)
            c.used = True
            return
        side = arguments.side_near(self.found, i) or surroundings.side_before_comma(self.found, i)
        if (
            side == "both"
            and surroundings.is_pronoun_both(self.found, i)
            and [t.site for t in self.last[-1:]] == ["canal"]
        ):
            side = ""
        topics = self._topics_of_lone_grade(i, side)
        places = surroundings.places_both_graded(self.found, i) if topics else []
        for k in places:
            self._emit_topic(topics[-1], k, k, c.value, self.found[k].value, "grade word, site from before")
        if places:
            c.used = True
            return
        if not topics and c.value == "normal" and len(self.found) == 1 and self._is_level(i):
            self._emit_whole(i, "level called normal")
        c.used = bool(topics)
        for topic in topics:
            self._emit_topic(topic, i, i, c.value, side, "grade word, site from before")
            self._emit_listed(topic.site, i, c.value, "grade word, site from before")

    def _topics_of_lone_grade(self, i: int, side: str) -> list[Topic]:
        """What a lone grade is said of: the last site in the sentence, a heading, or the sentence before."""
        headed = [t for t in self.topics if t.heading]
        last = [t for t in self.last if not (side and t.site == "canal")]
        if side or self.own:
            return last[-1:] or headed
        if headed:
            return headed
        if any(one.kind in ("S", "D", "O", "P", "N") for one in self.found):
            return []
        return last[-1:]

    def _grade_left_over(self, i: int) -> None:
        k = surroundings.heads_a_site(self.found, i)
        if k is not None:
            self._graded_site(i, k)
        else:
            self._shared_predicate(i)

    def _graded_site(self, i: int, k: int) -> None:
        """``severe canal, mild right foraminal``: a grade before a site, and no predicate."""
        if k in self.claimed:
            return
        self.claimed.add(k)
        pairs = arguments.paired_grades(self.found, arguments.Taken([(k, "")], k, k), k)
        for one, side in pairs or [(self.found[i], self.found[k].side)]:
            one.used = True
            self._emit(self.found[k], k, i, one.value, side, "grade word", 0.7)

    def _shared_predicate(self, i: int) -> None:
        """``moderate L3-4 and severe L4-5 canal stenosis``: the first grade shares the later predicate."""
        after = [a for a in self.reading.assertions if a.first > i]
        joined = any(c.kind == "AND" for c in self.found[i : after[0].first]) if after else False
        joined = joined or any(c.kind == "NEG" for c in self.found[i : after[0].first + 1]) if after else False
        if joined and any(c.kind in ("L", "SD") for c in self.found[max(0, i - 4) : after[0].first]):
            side = arguments.side_near(self.found, i) or after[0].side
            self._emit_topic(Topic(after[0].site, side), i, i, self.found[i].value, "", "grade word, site from after")

    def _denied_side(self, i: int, side: str) -> None:
        """``no right but moderate left foraminal narrowing``: the site said later."""
        after = next((a for a in self.reading.assertions if a.first > i and a.site != "canal"), None)
        if after is not None:
            self._emit_topic(Topic(after.site, side), i, i + 1, "normal", side, "negation")

    def _lone_negation(self, i: int) -> None:
        """``no significant thecal sac or nerve roots.``; ``Foramina: no.``; ``no abnormality``."""
        rest = self.found[i + 1 :]
        clause = next((k for k, c in enumerate(rest) if c.kind in ("SEMI", "BUT")), len(rest))
        if any(c.kind in "PN" for c in rest) or any(c.kind == "ASSESS" for c in rest[:clause]):
            return
        sites = [k for k in range(i + 1, len(self.found)) if self.found[k].kind == "S"]
        if sites and not any(c.kind in "DO" for c in rest):
            for k in sites:
                if not self.found[k].adjective:
                    self._emit(self.found[k], k, i, "normal", self.found[k].side, "negation", 0.6)
            return
        abnormal = any(c.kind == "ABNORMAL" for c in rest)
        if abnormal and self._is_level(i):
            self._emit_whole(i, "level called normal")

    # emission

    def _claim(self, taken: arguments.Taken) -> None:
        self.claimed.update(k for k, _ in taken.sites)

    def _emit(self, site: Chunk, k: int, i: int, grade: str, side: str, rule: str, confidence: float = 0.95) -> None:
        pred = self.found[i]
        side = side or site.side
        first, last = min(k, i), max(k, i)
        start, end = min(site.start, pred.start), max(site.end, pred.end)
        if grade == "present" and confidence > 0.9:
            confidence = 0.9
        made = Assertion(site.value, side, grade, rule, first, last, start, end, site, confidence)
        made.scope = surroundings.scope_near(self.found, first, last)
        self.reading.assertions.append(made)
        self.last = [t for t in self.last if t.heading or t.site != site.value]
        self.last.append(Topic(site.value, side, site.plural))
        self.own = True

    def _emit_topic(
        self, topic: Topic, first: int, last: int, grade: str, side: str, rule: str, confidence: float = 0.85
    ) -> None:
        start, end = self.found[first].start, self.found[last].end
        made = Assertion(
            topic.site, side or topic.side or "both", grade, rule, first, last, start, end, None, confidence
        )
        made.scope = surroundings.scope_near(self.found, first, last)
        self.reading.assertions.append(made)

    def _emit_listed(self, site: str, i: int, grade: str, rule: str) -> None:
        """``... on the left at L5-S1 and on the right at L4-L5``: the same again."""
        if site != "canal":
            for k in surroundings.places_listed_after(self.found, i):
                self._emit_topic(Topic(site), k, k, grade, self.found[k].value, rule)

    def _emit_whole(self, i: int, rule: str) -> None:
        for site in ("canal", "foramen"):
            self._emit_topic(Topic(site, "both"), i, i, "normal", "", rule, 0.8)
            self.reading.assertions[-1].whole = True

    def _is_level(self, i: int) -> bool:
        return surroundings.speaks_of_level(self.found, self.reading.others, i, headed=self.reading.headed)

    def _unclear_sites(self, behind: int, why: str) -> None:
        self.reading.unclear.extend((c.start, c.end, why) for c in self.found[behind:] if c.kind == "P")
