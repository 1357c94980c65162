"""All rules in their one order: number, name, function. They are applied from this table, and nothing else knows it.

What a rule does, and an example of a report in which it acts, is the docstring of its function
(``python -m inference labels --explain "..."`` shows how; a line break is written ``¶``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from inference.reports.layout import broken_words, heading_rules
from inference.reports.layout.heading_rules import HeadingRules, Take
from inference.reports.meaning import level_rules, merge, side_rules
from inference.reports.meaning.level_rules import Place
from inference.reports.meaning.merge import Choose, Keep, MergeRules, Narrow
from inference.reports.meaning.scope import ScopeRules
from inference.reports.meaning.side_rules import FindSide, FindSite
from inference.reports.phrases import (
    attachment,
    compromise_rules,
    joining,
    lone_rules,
    normal_rules,
    respectively,
    rewording,
    turns,
)
from inference.reports.phrases.chunks import Chunk
from inference.reports.phrases.grammar import ByKind, Decides, GrammarRules, Stops
from inference.reports.phrases.turns import Turn
from inference.reports.trace import Apply, Rewrite, Rule
from inference.reports.words import kinds
from inference.reports.words.tokens import Token

_numbers = itertools.count(1)


def _rule(name: str, apply: Apply, *on: str) -> Rule[Apply]:
    """The next rule; ``on``: it is tried only where something of these kinds (or one of these words) is."""
    return Rule(next(_numbers), name, apply, frozenset(on))


MENDING: tuple[Rule[Rewrite[Token]], ...] = (
    _rule("side in an abbreviation", broken_words.side_of_abbreviation, *broken_words.SIDED),
    _rule("opposite side", broken_words.opposite_side, *broken_words.COMPARED),
    _rule("word in two", broken_words.word_in_two),
)

_HEADING_NAMES: tuple[Rule[Take], ...] = (
    _rule("heading of levels", heading_rules.level),
    _rule("heading of remaining levels", heading_rules.remaining_levels),
    _rule("heading of another region", heading_rules.other_region),
    _rule("heading of the lumbar region", heading_rules.lumbar_region),
    _rule("examination that shows", heading_rules.examination_shows),
    _rule("section of findings", heading_rules.findings_section),
    _rule("section that is not read", heading_rules.unread_section),
)

_MARKED_HEADINGS: tuple[Rule[Take], ...] = (
    _rule("statement with a colon", heading_rules.statement),
    _rule("side as a heading", heading_rules.side_of_site),
    _rule("site as a heading", heading_rules.site),
    _rule("second colon behind a level", heading_rules.behind_level),
    _rule("part of a level", heading_rules.part_of_level),
    _rule("any other heading", heading_rules.other_heading),
)

_TURNS: tuple[Rule[Turn], ...] = (
    _rule("in contact with", turns.contact_with),
    _rule("as is", turns.as_is),
    _rule("reduction of size", turns.reduction),
    _rule("with normal dimensions", turns.of_extent),
    _rule("L and R", turns.letter),
    _rule("B/L", turns.bilateral),
    _rule("wide-based", turns.wide_based),
    _rule("high-grade", turns.high_grade),
    _rule("lumbosacral junction", turns.junction),
    _rule("Schizas and Lee", turns.scale),
    _rule("counted levels", turns.counted_levels),
    _rule("levels above or below one", turns.levels_beyond),
    _rule("tight", turns.tight),
    _rule("not changed", turns.unchanged),
    _rule("pronoun", turns.pronoun),
    _rule("where", turns.where),
)

JOINING: tuple[Rule[Rewrite[Chunk]], ...] = (
    _rule("form not filled in", joining.choices, kinds.AND),
    _rule("range of grades", joining.grade_range, kinds.GRADE),
    _rule("vertebra on vertebra", joining.slip, kinds.VERTEBRA),
    _rule("list of levels", joining.level_list, kinds.DISC_LEVEL),
)

RESPECTIVELY: Rule[respectively.Unfold] = _rule("respectively", respectively.each_its_grade)

_REWORDING: tuple[Rule[Rewrite[Chunk]], ...] = (
    _rule("aspect of a site", rewording.aspect_of_site, kinds.ASPECT),
    _rule("comma before the verb", rewording.comma_before_verb, kinds.COMMA),
    _rule("group before its levels", rewording.group_before_levels, kinds.REMAINING),
    _rule("sides compared", rewording.sides_compared, kinds.THAN),
    _rule("further subject", rewording.further_subject, kinds.AND),
    _rule("levels above", rewording.levels_above, kinds.THIS),
    _rule("prior study", rewording.prior_study, kinds.WHEN),
    _rule("adjective of a site", rewording.adjective_of_site, kinds.SITE),
    _rule("old grade", rewording.old_grade, kinds.PREVIOUSLY, kinds.PAST),
    _rule("mostly one side", rewording.mostly_one_side, kinds.GRADE),
    _rule("grade compared", rewording.grade_compared, kinds.GRADE),
    _rule("old narrowing", rewording.old_narrowing, kinds.PAST),
    _rule("previously narrowed", rewording.previously_narrowed, kinds.PREVIOUSLY),
)

_ATTACHING: tuple[Rule[Rewrite[Chunk]], ...] = (
    _rule("free of", attachment.free_of, kinds.NORMAL),
    _rule("grade denied", attachment.grade_denied, kinds.NEGATION, kinds.NORMAL),
    _rule("emphasis denied", attachment.emphasis_denied, kinds.NEGATION, kinds.NORMAL),
    _rule("clearing", attachment.clearing),
    _rule("thing of a grade", attachment.thing_of_grade, kinds.GRADE),
    _rule("reach of a negation", attachment.reach_of_negation, kinds.NEGATION, kinds.NORMAL),
    _rule("negation behind", attachment.negation_behind, kinds.NEGATION, kinds.NORMAL),
)

_SENTENCE: tuple[Rule[Stops], ...] = (
    _rule("legend", lone_rules.legend),
    _rule("question", lone_rules.question),
)

_COMPROMISE: tuple[Rule[Decides], ...] = (
    _rule("compromise of a disc", compromise_rules.of_disc, kinds.COMPROMISE),
    _rule("still to come", compromise_rules.still_to_come, kinds.COMPROMISE),
    _rule("high grade denied", compromise_rules.high_grade_denied, kinds.COMPROMISE),
    _rule("contact outdone", compromise_rules.contact_outdone, kinds.COMPROMISE),
    _rule("sites of the next verb", compromise_rules.sites_of_next_verb, kinds.COMPROMISE),
    _rule("sites of the word", compromise_rules.sites_of_predicate, kinds.COMPROMISE),
    _rule("canal of the sentence before", compromise_rules.canal_of_sentence_before, kinds.COMPROMISE),
    _rule("contact with it denied", compromise_rules.contact_with_it_denied, kinds.COMPROMISE),
    _rule("it, in the sentence", compromise_rules.site_in_sentence_narrowed, kinds.COMPROMISE),
    _rule("it, from before", compromise_rules.site_before_narrowed, kinds.COMPROMISE),
    _rule("verb without a site", compromise_rules.verb_without_site, kinds.COMPROMISE),
    _rule("compromise of another thing", compromise_rules.of_other_thing, kinds.COMPROMISE),
    _rule("site to come", compromise_rules.site_to_come, kinds.COMPROMISE),
    _rule("site named last", compromise_rules.last_site, kinds.COMPROMISE),
    _rule("site named as a place", compromise_rules.site_named_as_place, kinds.COMPROMISE),
    _rule("stenosis without a site", compromise_rules.stenosis_without_site, kinds.COMPROMISE),
    _rule("nothing named", compromise_rules.nothing_named, kinds.COMPROMISE),
)

_NORMAL: tuple[Rule[Decides], ...] = (
    _rule("not assessed", normal_rules.not_assessed, kinds.NORMAL),
    _rule("sites called normal", normal_rules.sites_called_normal, kinds.NORMAL),
    _rule("not normal", normal_rules.not_normal_alone, kinds.NORMAL),
    _rule("side called normal", normal_rules.side_called_normal, kinds.NORMAL),
    _rule("another thing normal", normal_rules.other_thing_normal, kinds.NORMAL),
    _rule("site of the heading normal", normal_rules.site_of_heading_normal, kinds.NORMAL),
    _rule("level called normal", normal_rules.level_called_normal, kinds.NORMAL),
    _rule("word before the scale", normal_rules.word_before_scale, kinds.GRADING_SCALE),
    _rule("grading system", normal_rules.grading_system, kinds.GRADING_SCALE),
)

_LONE: tuple[Rule[Decides], ...] = (
    _rule("grade of what follows", lone_rules.grade_of_what_follows, kinds.GRADE),
    _rule("site behind a preposition", lone_rules.site_behind_preposition, kinds.GRADE),
    _rule("subject graded", lone_rules.site_graded, kinds.GRADE),
    _rule("both places graded", lone_rules.both_places_graded, kinds.GRADE),
    _rule("site named last graded", lone_rules.site_named_last_graded, kinds.GRADE),
    _rule("none at a level", lone_rules.none_at_level, kinds.GRADE),
    _rule("negation of a word", lone_rules.negation_of_predicate, kinds.NEGATION),
    _rule("sites denied", lone_rules.sites_denied, kinds.NEGATION),
    _rule("nothing abnormal", lone_rules.nothing_abnormal, kinds.NEGATION),
)

_LEFT_OVER: tuple[Rule[Decides], ...] = (
    _rule("grade before a site", lone_rules.grade_before_site, kinds.GRADE),
    _rule("shared word", lone_rules.grade_shares_predicate, kinds.GRADE),
    _rule("site denied", lone_rules.site_denied, kinds.SITE),
    _rule("side denied", lone_rules.side_denied, kinds.NEGATION),
)

_LEVELS: tuple[Rule[Place], ...] = (
    _rule("detailed above", level_rules.detailed_above),
    _rule("other sites", level_rules.other_sites),
    _rule("heading of the remaining levels", level_rules.heading_of_remaining),
    _rule("in the lumbar spine", level_rules.in_lumbar_spine),
    _rule("clause on the remaining levels", level_rules.clause_of_remaining),
    _rule("elsewhere", level_rules.elsewhere),
    _rule("remaining levels", level_rules.remaining_levels),
    _rule("every level", level_rules.every_level),
    _rule("either level", level_rules.either_level),
    _rule("level inside", level_rules.level_inside),
    _rule("level behind", level_rules.level_behind),
    _rule("multilevel before", level_rules.multilevel_before),
    _rule("vertebra below a level", level_rules.vertebra_below_level),
    _rule("vertebra, then a level", level_rules.vertebra_then_level),
    _rule("vertebra alone", level_rules.vertebra_alone),
    _rule("level before", level_rules.level_before),
    _rule("level further behind", level_rules.level_further_behind),
    _rule("vertebra behind", level_rules.vertebra_behind),
    _rule("negative everywhere", level_rules.negative_everywhere),
    _rule("level in force", level_rules.level_in_force),
    _rule("no level", level_rules.no_level),
)

_SITES: tuple[Rule[FindSite], ...] = (
    _rule("cord denied", side_rules.cord_denied),
    _rule("root of the lower vertebra", side_rules.root_of_lower_vertebra),
    _rule("root of the upper vertebra", side_rules.root_of_upper_vertebra),
    _rule("site as named", side_rules.site_as_named),
)

_SIDES: tuple[Rule[FindSide], ...] = (
    _rule("side stated", side_rules.stated),
    _rule("negative of both", side_rules.negative_of_both),
    _rule("plural", side_rules.plural),
    _rule("clause with where", side_rules.clause_where),
    _rule("lesion in the sentence", side_rules.lesion_in_sentence),
    _rule("only side before", side_rules.only_side_before),
    _rule("lesion before", side_rules.lesion_before),
    _rule("both by default", side_rules.both_by_default),
)

_KEEP: tuple[Rule[Keep], ...] = (
    _rule("stenosis that adds nothing", merge.stenosis_without_site),
    _rule("levels not spoken of", merge.remaining_levels),
    _rule("site not spoken of", merge.remaining_of_site),
)

_OWN_LEVEL: Rule[Narrow] = _rule("level beats every level", merge.own_level)

_HIGHER: Rule[Choose] = _rule("higher grade", merge.higher_grade)

#: The rules by what they are about, in their order.
STEPS: Mapping[str, Sequence[Rule[Any]]] = {
    "Words": MENDING,
    "Headings": _HEADING_NAMES,
    "Headings with a colon or a dash": _MARKED_HEADINGS,
    "Turns of phrase": _TURNS,
    "Chunks that are one": JOINING,
    "Respectively": (RESPECTIVELY,),
    "Other words for the same": _REWORDING,
    "What a grade or a negation belongs to": _ATTACHING,
    "Sentences that are not read": _SENTENCE,
    "A word of compromise": _COMPROMISE,
    "A word for normal, and the grades of Schizas and Lee": _NORMAL,
    "Grades and negations alone": _LONE,
    "What is left over": _LEFT_OVER,
    "Levels": _LEVELS,
    "Site at a level": _SITES,
    "Sides": _SIDES,
    "Which statements stand": _KEEP,
    "Two statements about one place": (
        _OWN_LEVEL,
        _HIGHER,
    ),
}
RULES: tuple[Rule[Any], ...] = tuple(rule for rules in STEPS.values() for rule in rules)


def _by_kind(*groups: Sequence[Rule[Decides]]) -> ByKind:
    """The rules for a chunk of each kind, in their order."""
    by_kind: dict[str, list[Rule[Decides]]] = {}
    for rule in itertools.chain(*groups):
        for kind in rule.on:
            by_kind.setdefault(kind, []).append(rule)
    return by_kind


HEADINGS = HeadingRules(_HEADING_NAMES, _MARKED_HEADINGS)
#: The rule for turns of phrase that begin with a word.
TURNS: Mapping[str, Rule[Turn]] = {word: rule for rule in _TURNS for word in rule.apply.words}
GRAMMAR = GrammarRules(
    (*_REWORDING, *_ATTACHING), _SENTENCE, _by_kind(_COMPROMISE, _NORMAL, _LONE), _by_kind(_LEFT_OVER)
)
SCOPE = ScopeRules(_LEVELS, _SITES, _SIDES)
MERGING = MergeRules(_KEEP, _OWN_LEVEL, _HIGHER)
