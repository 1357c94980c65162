"""The steps in order: clean, tokens, sections, chunks, grammar, scope, merge."""

from __future__ import annotations

from inference.reports import findings, sections
from inference.reports.broken import mended
from inference.reports.chunks import chunk
from inference.reports.clean import clean, looks_binary
from inference.reports.findings import Found
from inference.reports.grammar import Topic, read
from inference.reports.merge import merge
from inference.reports.respectively import unfold
from inference.reports.scope import Context, Statement, place
from inference.reports.tokens import tokens
from inference.reports.types import ReportLabels, Span, Unclear


def extract(text: str) -> ReportLabels:
    """Read one report. Never raises on any text; without a label it gives a reason."""
    if not text.strip():
        return ReportLabels((), reason="the report is empty")
    if looks_binary(text):
        return ReportLabels((), reason="this is not text")
    found = Found()
    context = statements(text, found)
    labels = merge(context.statements, frozenset(context.spoken))
    return ReportLabels(
        labels,
        discs=tuple(found.discs),
        observations=tuple(found.observations),
        diameters=tuple(findings.diameters(clean(text))),
        unclear=tuple(Unclear(Span(start, end), why) for start, end, why in dict.fromkeys(context.unclear)),
        reason="" if labels else _reason(context),
    )


def statements(text: str, found: Found | None = None) -> Context:
    """Everything that a report states of sites and levels, in its order.

    found: where to put what else is stated, if it is wanted.
    """
    plain = clean(text)
    context = Context()
    before: tuple[Topic, ...] = ()
    paragraph = -1
    in_turn = "respectively" in text.lower()
    for sentence in sections.split(mended(tokens(plain)), plain):
        context.sentences += 1
        if sentence.skip:
            continue
        context.read += 1
        if sentence.paragraph != paragraph:
            before, paragraph = (), sentence.paragraph
        if sentence.fresh and sentence.levels:
            before = ()
        headed = tuple(Topic(site, side, heading=True) for site, side in sentence.topics)
        chunks, others = chunk(sentence.tokens)
        if in_turn and any(token.text == "respectively" for token in sentence.tokens):
            chunks = unfold(chunks, sentence.levels)
        reading = read(chunks, others, before + headed, headed=sentence.fresh)
        context.unclear.extend(reading.unclear)
        place(sentence, reading, context)
        if found is not None:
            in_force = sentence.levels or (context.discs or () if context.paragraph == sentence.paragraph else ())
            findings.collect(sentence, reading.chunks, in_force, plain, found)
        if reading.assertions:
            before = (Topic(reading.assertions[-1].site),)
    return context


def _reason(context: Context) -> str:
    if context.unclear:
        return f"nothing could be labelled: {context.unclear[0][2]}"
    if context.sentences and not context.read:
        return "no findings of the lumbar spine: only history, technique or another region"
    return "nothing is said of canal, foramen or recess at a lumbar level"


__all__ = ["Context", "Statement", "extract", "statements"]
