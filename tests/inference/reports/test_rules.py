"""The rules of the report reader: one numbered order, an example in which each acts, a trace that changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from inference.__main__ import main
from inference.reports import extract
from inference.reports.outside.explain import rules_page
from inference.reports.phrases.chunking import chunk
from inference.reports.rules import RULES, TURNS
from inference.reports.trace import Rule, Trace
from inference.reports.words import kinds
from inference.reports.words.kinds import Kind
from inference.reports.words.lexicon import LEXICON
from inference.reports.words.tokens import tokens
from tests.inference.reports import cases
from tests.inference.reports.strategies import any_text

PAGE = Path(__file__).parents[3] / "docs" / "label-rules.md"
#: Kinds of words that become other chunks, and kinds that no chunk keeps.
OF_WORDS = (kinds.SITE_WORD, kinds.ABBREVIATION, kinds.PLAIN)
OF_NO_SENTENCE = (*OF_WORDS, kinds.UNKNOWN, kinds.DROPPED)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.number} {rule.name}")
def test_every_rule_acts_in_its_example(rule: Rule[object]) -> None:  # type: ignore[type-var]
    trace = Trace(rule.example)
    extract(rule.example, trace)
    assert rule in [step.rule for step in trace.steps]


def test_rules_are_numbered_in_their_one_order_and_named_once() -> None:
    assert [rule.number for rule in RULES] == list(range(1, len(RULES) + 1))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_page_of_rules_is_the_one_that_the_rules_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "python -m inference labels --rules > docs/label-rules.md"


@pytest.mark.parametrize("text", [text for text, _ in cases.GUIDELINE])
def test_a_trace_changes_no_label(text: str) -> None:
    assert extract(text, Trace(text)) == extract(text)


@settings(max_examples=60)
@given(any_text())
def test_any_text_is_traced_without_an_exception(text: str) -> None:
    assert extract(text, Trace(text)) == extract(text)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in OF_NO_SENTENCE])
def test_every_kind_of_chunk_stands_where_its_example_marks_it(kind: Kind) -> None:
    text = kind.example.replace("[", "").replace("]", "")
    marked = re.fullmatch(r"([^[]*)\[([^]]+)\].*", kind.example)
    assert marked is not None
    start, end = len(marked[1]), len(marked[1]) + len(marked[2])
    chunks, _ = chunk(tokens(text), TURNS, None)
    assert kind in [c.kind for c in chunks if c.start <= start and end <= c.end]


@pytest.mark.parametrize("kind", OF_WORDS)
def test_every_kind_of_word_is_that_of_its_examples(kind: Kind) -> None:
    words = re.findall(r"\[(\w+)\]", kind.example)
    assert words
    assert {LEXICON.look_up(word)[0].kind for word in words} == {kind}


def test_every_kind_has_a_meaning_and_is_a_name_of_its_module() -> None:
    for kind in Kind:
        assert kind.__doc__
        assert kind.example
        assert getattr(kinds, kind.name) is kind


def test_a_sentence_is_explained_by_its_chunks_the_rules_and_the_labels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labels", "--explain", "L4-5: No significant canal stenosis."]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    numbers = {rule.name: rule.number for rule in RULES}
    assert "chunks: negation[No] grade[significant: severe] site[canal] compromise[stenosis]" in lines
    assert f"{numbers['grade denied']} grade denied: grade[significant: severe] -> dropped[significant]" in lines
    assert f'{numbers["sites of the word"]} sites of the word "stenosis": canal normal (negation)' in lines
    assert f'{numbers["level in force"]} level in force "canal stenosis": L4-L5' in lines
    assert lines[-2:] == ["Labels", 'L4-L5 canal: normal (negation, 0.95) "canal stenosis"']


def test_what_is_not_read_is_explained_by_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    main(["labels", "--explain", "HISTORY: Severe spinal stenosis at L4-5."])
    out = capsys.readouterr().out
    assert "not read: history, technique or comparison" in out
    assert "none: no findings of the lumbar spine" in out


def test_a_file_of_reports_is_explained_report_by_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.txt").write_text("L4-5: Mild canal stenosis.", encoding="utf-8")
    (tmp_path / "two.txt").write_text("L3-4: Severe canal stenosis.", encoding="utf-8")
    main(["labels", "--explain", str(tmp_path / "one.txt")])
    assert "L4-L5 canal: mild" in capsys.readouterr().out
    main(["labels", "--explain", str(tmp_path)])
    out = capsys.readouterr().out
    assert out.index("# one.txt") < out.index("L4-L5 canal: mild") < out.index("# two.txt")
    assert "L3-L4 canal: severe" in out


def test_reports_without_a_file_for_their_labels_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labels"]) == 2
    assert "--out" in capsys.readouterr().err
