"""Kinds of word and of chunk: what the reader distinguishes in a sentence."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a word means, and what a chunk of a sentence is.

    Every member has a docstring and an example; square brackets in the example
    mark the words of that kind. The values of the glue words (from AND on) are the
    keys of ``[glue]`` in lexicon.toml.
    """

    example: str

    def __new__(cls, value: str, meaning: str, example: str) -> Kind:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.__doc__ = meaning
        kind.example = example
        return kind

    # what findings are made of
    DISC_LEVEL = "disc level", "One or more disc levels, by name.", "Mild canal stenosis at [L3-4]."
    VERTEBRA = "vertebra", "A vertebra that is no part of a disc level.", "Canal stenosis behind the [L4] body."
    SITE = "site", "A canal, foramen, recess or root.", "Severe stenosis of the [spinal canal]."
    SIDE = "side", "Left, right or both.", "Narrowing on the [right]."
    GRADE = "grade", "A word of degree.", "[Moderate] canal stenosis."
    GRADING_SCALE = "grading scale", "A grade of Schizas or Lee.", "Canal stenosis, [Schizas C]."
    COMPROMISE = "compromise", "A site is touched, narrowed or compressed.", "Bulge [compressing] the thecal sac."
    NORMAL = "normal", "A word that calls a site, or a level, normal.", "The canal is [patent]."
    NEGATION = "negation", "A word that denies.", "[No] canal stenosis."
    ABNORMALITY = "abnormal", "Any finding at all.", "No [abnormality] at L4-5."
    DISC_LESION = "disc lesion", "A bulge, protrusion, extrusion or sequestrum.", "Disc [protrusion] at L4-5."
    LESION_ZONE = "lesion zone", "Where a disc lesion sits.", "Right [paracentral] protrusion."
    OTHER_THING = "other thing", "A thing with grades of its own that is no site.", "Mild [facet] arthropathy."
    # references to words before
    IT = "it", "A pronoun that stands for the site before.", "A cyst in the left foramen, compressing [it]."
    WHERE = "where", "Opens a clause on the side before it.", "Worse on the left, [where] it narrows the recess."
    # punctuation
    COMMA = "comma", "A comma.", "Bulge[,] no stenosis."
    SEMICOLON = "semicolon", "A semicolon, or the bar of a table: a clause ends.", "Bulge[;] no stenosis."
    COLON = "colon", "A colon or an equals sign.", "Left foramen[:] patent."
    OPENING_BRACKET = "opening bracket", "An opening bracket.", "Stenosis [(]mild)."
    CLOSING_BRACKET = "closing bracket", "A closing bracket.", "Stenosis (mild[)]."
    DASH = "dash", "A dash between blanks.", "Canal stenosis [-] moderate."
    # glue: words that carry the grammar
    AND = "and", "Joins two of a kind; a slash too.", "Canal [and] foraminal stenosis."
    BUT = "but", "Sets the clause behind it apart.", "Bulge [but] no stenosis."
    WITH = "with", "Joins a cause and its effect.", "Bulge [causing] canal stenosis."
    AT = "at", "A preposition of place.", "Stenosis [at] L4-5."
    OF = "of", "Any other preposition.", "Narrowing [of] the canal."
    COPULA = "copula", "Joins a site and what is said of it.", "The canal [is] narrow."
    PAST = "past", "A verb in the past.", "Stenosis [was] mild and is now moderate."
    PREVIOUSLY = "previously", "What follows held before.", "Moderate stenosis, [previously] mild."
    NOW = "now", "What follows holds now.", "Stenosis was mild and is [now] moderate."
    THERE = "there", "Begins a statement.", "[There] is canal stenosis."
    SEEN = "seen", "A participle of seeing.", "Canal stenosis is [seen]."
    COMPARISON = "compare", "Compares sides, levels or grades.", "Foraminal narrowing, [worse] on the left."
    THAN = "than", "The second part of a comparison.", "Narrowing, left greater [than] right."
    LEVEL_WORD = "level", "The word level itself.", "No stenosis at this [level]."
    REMAINING = "remaining", "What has not been spoken of.", "The [other] foramina are patent."
    THIS = "this", "Refers to the level spoken of.", "No stenosis at [this] level."
    ALL = "all", "Every one.", "No stenosis at [any] level."
    MULTILEVEL = "multilevel", "Several levels, unnamed.", "[Multilevel] bulges."
    CHANGE = "change", "A change against the prior study.", "No [progression] of the stenosis."
    HEDGE = "hedge", "A doubt; the finding is taken as stated.", "[Possible] root compression."
    WHEN = "when", "Opens a clause on the prior study.", "Compared with the prior study, [when] it was mild."
    FUTURE = "future", "What may come.", "Stenosis may [develop]."
    ASSESSED = "assess", "Whether something could be judged.", "The foramina cannot be [assessed]."
    QUESTION = "question", "Opens a question or a condition.", "[If] stenosis is suspected, repeat."
    WHOLE_STUDY = "whole", "The study as a whole.", "Normal [examination]."
    EXTENSION = "extend", "A lesion reaches a place.", "Protrusion [extending] to the foramen."
    ASPECT = "zone", "A part of a site, or a place in it.", "The ventral [aspect] of the sac."
    CONUS = "conus", "The end of the cord.", "The [conus] ends at L1."
    COMPLETE = "complete", "Raises an effacement.", "[Complete] effacement of the sac."
    FOREIGN_REGION = "foreign", "Another region of the spine.", "[Cervical] stenosis."
    LUMBAR = "lumbar", "The region that is read.", "No stenosis in the [lumbar] spine."
    RECOMMENDATION = "recommend", "Advice.", "Follow-up is [recommended]."
    # of words only: they become other chunks
    SITE_WORD = "site word", "A word of a site phrase.", "[exit] [canals]"
    ABBREVIATION = "abbreviation", "A site and its stenosis in one word.", "[ccs]"
    PLAIN = "", "A known word that means nothing here.", "[performed]"
    # of chunks only
    UNKNOWN = "unknown", "A word whose use is not known; taken out and remembered by its place.", "[Zyzzyva] seen."
    DROPPED = "dropped", "What a rule took out, until the next clearing.", "No [significant] stenosis."


#: The members as names of this module: before Python 3.12 a look-up on the class costs five times as much.
(
    DISC_LEVEL, VERTEBRA, SITE, SIDE, GRADE, GRADING_SCALE, COMPROMISE, NORMAL, NEGATION, ABNORMALITY,
    DISC_LESION, LESION_ZONE, OTHER_THING, IT, WHERE, COMMA, SEMICOLON, COLON, OPENING_BRACKET, CLOSING_BRACKET,
    DASH, AND, BUT, WITH, AT, OF, COPULA, PAST, PREVIOUSLY, NOW, THERE, SEEN, COMPARISON, THAN, LEVEL_WORD,
    REMAINING, THIS, ALL, MULTILEVEL, CHANGE, HEDGE, WHEN, FUTURE, ASSESSED, QUESTION, WHOLE_STUDY, EXTENSION,
    ASPECT, CONUS, COMPLETE, FOREIGN_REGION, LUMBAR, RECOMMENDATION, SITE_WORD, ABBREVIATION, PLAIN, UNKNOWN,
    DROPPED,
) = Kind  # fmt: skip
