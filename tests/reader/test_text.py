"""The draft text follows the table until a hand edits it, and no hand edit is ever lost."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from inference.types import LUMBAR_LEVELS, Grade, Site
from reader import draft_text
from tests.reader.factories import Desk

MILD, MODERATE = "L4-L5: Mild stenosis", "L4-L5: Moderate stenosis"


def test_the_text_follows_the_table_until_it_is_edited(desk: Desk) -> None:
    assert MILD in desk.state["text"]
    desk.post("findings/L4-L5/canal/", grade="moderate")
    assert MODERATE in desk.state["text"]
    assert MILD not in desk.state["text"]
    assert desk.state["suggestions"] == []


def test_after_a_hand_edit_the_table_suggests_and_does_not_write(desk: Desk) -> None:
    mine = desk.state["text"] + "Compared with 2019: unchanged.\n"
    desk.post("draft/", text=mine)
    desk.post("findings/L4-L5/canal/", grade="moderate")
    assert desk.state["text"] == mine
    first = desk.state["suggestions"][0]
    assert first["was"].startswith(MILD)
    assert first["now"].startswith(MODERATE)
    assert first["standing"]


def test_a_suggestion_that_is_used_changes_its_sentence_and_nothing_else(desk: Desk) -> None:
    desk.post("draft/", text=desk.state["text"] + "Compared with 2019: unchanged.\n")
    desk.post("findings/L4-L5/canal/", grade="moderate")
    before = desk.state["text"]
    first = desk.state["suggestions"][0]
    desk.post("draft/use/", key=first["key"])
    assert desk.state["text"] == before.replace(first["was"], first["now"])
    assert first["key"] not in [left["key"] for left in desk.state["suggestions"]]


def test_a_sentence_rewritten_by_hand_is_not_replaced_by_its_suggestion(desk: Desk) -> None:
    sentence = next(line for line in desk.state["text"].splitlines() if line.startswith("L4-L5"))
    mine = desk.state["text"].replace(sentence, "L4-L5: broad-based protrusion, see below.")
    desk.post("draft/", text=mine)
    desk.post("findings/L4-L5/canal/", grade="moderate")
    first = desk.state["suggestions"][0]
    assert not first["standing"]
    desk.post("draft/use/", key=first["key"])
    assert "L4-L5: broad-based protrusion, see below." in desk.state["text"]
    assert first["now"] in desk.state["text"]


def test_a_dismissed_suggestion_is_gone_until_the_table_changes_again(desk: Desk) -> None:
    desk.post("draft/", text=desk.state["text"] + "Mine.\n")
    desk.post("findings/L4-L5/canal/", grade="moderate")
    while desk.state["suggestions"]:
        desk.post("draft/dismiss/", key=desk.state["suggestions"][0]["key"])
    assert MILD in desk.state["text"]
    desk.post("findings/L4-L5/canal/", grade="severe")
    assert desk.state["suggestions"]


def test_all_suggestions_can_be_used_at_once(desk: Desk) -> None:
    desk.post("draft/", text=desk.state["text"] + "Mine.\n")
    desk.post("findings/L4-L5/canal/", grade="moderate")
    desk.post("findings/L1-L2/canal/", grade="severe")
    desk.post("draft/use-all/")
    assert desk.state["suggestions"] == []
    for said in (MODERATE, "L1-L2: Severe stenosis", "Mine."):
        assert said in desk.state["text"]


def test_a_table_that_changed_while_the_reader_typed_still_makes_its_suggestion(desk: Desk) -> None:
    typed = desk.state["text"].replace("L1-L2", "At L1-L2")
    seen = desk.state["sentences"]
    desk.post("findings/L4-L5/canal/", grade="severe")
    desk.post("draft/", text=typed, based_on=seen)
    assert desk.state["text"] == typed
    assert any(said["now"].startswith("L4-L5: Severe") for said in desk.state["suggestions"])


def test_text_that_follows_the_table_again_can_be_brought_back(desk: Desk) -> None:
    mine = desk.state["text"] + "Mine.\n"
    desk.post("draft/", text=mine)
    desk.post("draft/follow/")
    assert "Mine." not in desk.state["text"]
    desk.post("draft/bring-back/")
    assert desk.state["text"] == mine


def test_the_text_is_kept_letter_by_letter(desk: Desk) -> None:
    mine = "  First line, indented\n\n\tTab; 5 mm² – “quotes” <b>&amp;\n  "
    desk.post("draft/", text=mine)
    assert desk.look()["text"] == mine


GRADES = st.sampled_from(list(Grade))
TABLES = st.lists(GRADES, min_size=25, max_size=25)
PLACES = [(level, site) for level in LUMBAR_LEVELS for site in Site]


def said(grades: list[Grade]) -> list[draft_text.Said]:
    rows = [draft_text.finding(lv, site, grade) for (lv, site), grade in zip(PLACES, grades, strict=True)]
    return draft_text.sentences(rows, ())


#: What a study read by hand starts with; too rare to be met by chance.
NOTHING_ASSESSED = [Grade.NOT_ASSESSED] * len(PLACES)


@example(before=NOTHING_ASSESSED, after=NOTHING_ASSESSED)
@example(before=NOTHING_ASSESSED, after=[Grade.NORMAL] * len(PLACES))
@given(before=TABLES, after=TABLES)
def test_using_every_suggestion_leaves_the_readers_own_lines_in_place(before: list[Grade], after: list[Grade]) -> None:
    settled, now = said(before), said(after)
    report = "Mine at the top.\n" + draft_text.join(settled) + "Mine at the end.\n"
    waiting = draft_text.suggestions(report, settled, now)
    for _ in range(100):
        if not waiting:
            break
        report = draft_text.take(report, waiting[0], now)
        settled = draft_text.settle(settled, now, waiting[0])
        waiting = draft_text.suggestions(report, settled, now)
    assert not waiting
    assert report.startswith("Mine at the top.\n")
    assert report.endswith("Mine at the end.\n")
    for sentence in now:
        assert sentence["text"] in report


@example(table=NOTHING_ASSESSED)
@given(table=TABLES)
def test_every_sentence_of_a_table_has_a_key_of_its_own(table: list[Grade]) -> None:
    keys = [sentence["key"] for sentence in said(table)]
    assert len(set(keys)) == len(keys)
