"""The steps in order: clean, tokens, sentences, chunks, assertions, statements, labels."""

from __future__ import annotations

from inference.reports import rules
from inference.reports.layout import sections
from inference.reports.layout.broken_words import mend
from inference.reports.layout.clean import clean, looks_binary
from inference.reports.layout.state import Sentence
from inference.reports.meaning.context import Context, Statement
from inference.reports.meaning.merge import merge
from inference.reports.meaning.other_findings import OtherFindings, diameters
from inference.reports.meaning.scope import place
from inference.reports.phrases.assertions import Reading, Topic
from inference.reports.phrases.chunking import chunk
from inference.reports.phrases.chunks import describe
from inference.reports.phrases.grammar import read
from inference.reports.phrases.joining import join
from inference.reports.trace import SentenceTrace, Trace
from inference.reports.types import ReportLabels, Span, Unclear
from inference.reports.words.levels import Place
from inference.reports.words.tokens import tokens


def extract(text: str, trace: Trace | None = None) -> ReportLabels:
    """Read one report. Never raises on any text; without a label it gives a reason.

    trace: where to note what each rule did, if it is wanted.
    """
    if not text.strip():
        return ReportLabels((), reason="the report is empty")
    if looks_binary(text):
        return ReportLabels((), reason="this is not text")
    others = OtherFindings()
    context = _statements(text, others, trace)
    if trace is not None:
        trace.begin_merging()
    labels = merge(context.statements, frozenset(context.mentioned), rules.MERGING, trace)
    return ReportLabels(
        labels,
        discs=tuple(others.discs),
        observations=tuple(others.observations),
        diameters=tuple(diameters(clean(text))),
        unclear=tuple(Unclear(Span(start, end), why) for start, end, why in dict.fromkeys(context.unclear)),
        reason="" if labels else _reason(context),
    )


def statements(text: str) -> list[Statement]:
    """Everything that a report states of sites and levels, in its order."""
    return _statements(text, OtherFindings(), None).statements


def _statements(text: str, others: OtherFindings, trace: Trace | None) -> Context:
    plain = clean(text)
    context = Context()
    topics: tuple[Topic, ...] = ()
    paragraph = -1
    in_turn = "respectively" in text.lower()
    words = mend(tokens(plain), rules.MENDING, trace)
    for sentence in sections.split(words, plain, rules.HEADINGS, trace):
        context.sentences += 1
        if trace is not None:
            trace.begin_sentence(_traced(sentence, trace))
        if sentence.skip:
            continue
        context.read += 1
        if sentence.paragraph != paragraph or (sentence.after_heading and sentence.levels):
            topics, paragraph = (), sentence.paragraph
        reading = _read(sentence, topics, trace, in_turn=in_turn)
        context.unclear.extend(reading.unclear)
        place(sentence, reading, context, rules.SCOPE, trace)
        in_force = sentence.levels or (context.discs or () if context.paragraph == sentence.paragraph else ())
        others.collect(sentence, reading.chunks, in_force, plain)
        if reading.assertions:
            topics = (Topic(reading.assertions[-1].site),)
    return context


def _read(sentence: Sentence, topics: tuple[Topic, ...], trace: Trace | None, *, in_turn: bool) -> Reading:
    """The assertions of one sentence. topics: what the sentence before spoke of."""
    headed = tuple(Topic(site, side, heading=True) for site, side in sentence.topics)
    chunks, unknown = chunk(sentence.tokens, rules.TURNS, trace)
    if trace is not None:
        trace.sentences[-1].chunks = " ".join(describe(c, trace) for c in chunks)
    chunks = join(chunks, rules.JOINING, trace)
    if in_turn and any(token.text == "respectively" for token in sentence.tokens):
        unfolded = rules.RESPECTIVELY.apply(chunks, sentence.levels)
        if trace is not None and unfolded is not chunks:
            trace.note(rules.RESPECTIVELY, " ".join(describe(c, trace) for c in unfolded))
        chunks = unfolded
    return read(chunks, unknown, topics + headed, rules.GRAMMAR, trace, after_heading=sentence.after_heading)


def _traced(sentence: Sentence, trace: Trace) -> SentenceTrace:
    words = trace.words(sentence.tokens[0].start, sentence.tokens[-1].end)
    in_force = list(Place(sentence.levels, 0, 0).levels)
    in_force += [f"{side} {site}".strip() for site, side in sentence.topics]
    return SentenceTrace(words, ", ".join(in_force), not_read=sentence.skip)


def _reason(context: Context) -> str:
    if context.unclear:
        return f"nothing could be labelled: {context.unclear[0][2]}"
    if context.sentences and not context.read:
        return "no findings of the lumbar spine: only history, technique or another region"
    return "nothing is said of canal, foramen or recess at a lumbar level"
