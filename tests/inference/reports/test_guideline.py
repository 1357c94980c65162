# ruff: noqa: E501
"""The guideline (docs/labels.md), statement by statement, on texts of our own."""

from __future__ import annotations

import pytest

from inference.reports import Grade, extract
from tests.inference.reports import cases
from tests.inference.reports.tables import table


@pytest.mark.parametrize(("text", "short"), cases.ALL)
def test_a_statement_is_read_as_the_guideline_says(text: str, short: str) -> None:
    assert extract(text).table() == table(short)


@pytest.mark.parametrize(("text", "short"), cases.GUIDELINE)
def test_capitals_change_nothing(text: str, short: str) -> None:
    assert extract(text.upper()).table() == table(short)


def test_a_table_of_levels_and_sites_is_read_cell_by_cell() -> None:
    text = (
        "Level | Canal | Right foramen | Left foramen\nL3/4 | Normal | Mild | Normal\nL4/5 | Severe | None | Moderate"
    )
    assert extract(text).table() == table("L34 C=n Fr=mild Fl=n L45 C=sev Fr=n Fl=mod")


def test_lines_broken_at_a_fixed_width_are_one_sentence() -> None:
    text = (
        "The lumbar vertebral bodies are of normal height and the marrow signal is\n"
        "unremarkable throughout. At L4-5 there is a broad based disc bulge together with\n"
        "facet arthropathy and ligamentum flavum thickening which results in a moderate\n"
        "stenosis of the spinal canal, and there is also mild narrowing of the foramen on\n"
        "the left. There is no narrowing of the foramen on the right.\n"
    )
    assert extract(text).table() == table("L45 C=mod Fl=mild Fr=n")


def test_every_label_shows_the_words_it_came_from() -> None:
    text = "L4-5: mild disc bulge. Moderate canal stenosis."
    (label,) = extract(text).labels
    assert [text[s.start : s.end] for s in label.evidence] == ["canal stenosis"]
    assert label.grade is Grade.MODERATE
    assert label.rule == "grade word"
    assert 0 < label.confidence <= 1


def test_what_is_seen_and_not_understood_is_listed_with_a_reason() -> None:
    (one, *_) = extract("Protrusion compressing the thecal sac.").unclear
    assert one.reason == "no level is named"


def test_disc_lesions_slips_fractures_surgery_and_diameters_are_found() -> None:
    text = (
        "Grade 1 anterolisthesis of L4 on L5. L3 compression fracture. Status post laminectomy at L5-S1.\n"
        "L4-L5: left paracentral protrusion. L5-S1: no extrusion.\nAP diameter of canal: L3/L4 12 mm, L4/L5 8.9 mm."
    )
    read = extract(text)
    assert [(d.level, d.kind, d.zone, d.side) for d in read.discs] == [("L4-L5", "protrusion", "paracentral", "left")]
    assert {(o.kind, o.place) for o in read.observations} == {
        ("listhesis", "L4-L5"), ("fracture", "L3"), ("postoperative", "L5-S1"),
    }  # fmt: skip
    assert [(d.level, d.value_mm) for d in read.diameters] == [("L3-L4", 12.0), ("L4-L5", 8.9)]


def test_a_disc_lesion_has_its_zone_and_side() -> None:
    text = "L5-S1: Left foraminal protrusion. L4-5: right subarticular extrusion. L3-4: diffuse bulge."
    assert [(d.level, d.kind, d.zone, d.side) for d in extract(text).discs] == [
        ("L5-S1", "protrusion", "foraminal", "left"),
        ("L4-L5", "extrusion", "subarticular", "right"),
        ("L3-L4", "bulge", "diffuse", ""),
    ]


def test_every_broken_vertebra_is_listed_and_a_denied_one_is_not() -> None:
    text = "Grade 1 slip of L4 on L5 without fracture. Old fractures of L1 and L3. A fracture of L2 is not seen."
    assert [(o.kind, o.place) for o in extract(text).observations] == [
        ("listhesis", "L4-L5"),
        ("fracture", "L1"),
        ("fracture", "L3"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "\x00\x01\x02\x03PK\x05\x06\x07\x10" * 50,
        "Resonancia de columna lumbar: protrusiones discales con estenosis del canal medular.",
        "Lendenwirbelsäule: Bandscheibenvorfall mit Wurzelkompression rechts.",
        "MRI CERVICAL SPINE\nC5-C6: severe canal stenosis with cord compression. No foraminal stenosis.",
        "MRI LUMBAR SPINE\nL1-L2: \nL2-L3: \nL3-L4: \nL4-L5: \nL5-S1: \nIMPRESSION: ",
        "L4-L5: canal: [ ] normal [ ] mild [ ] moderate [ ] severe",
        "L4-L5: canal: normal / mild / moderate / severe",
        "HISTORY: severe spinal stenosis at L4-5.",
        "Chest X-ray: no consolidation. Heart size normal.",
    ],
)
def test_text_that_is_no_lumbar_reading_gives_a_reason_and_no_label(text: str) -> None:
    read = extract(text)
    assert read.labels == ()
    assert read.reason


def test_html_and_rtf_exports_are_read_through_their_markup() -> None:
    wanted = table("L45 C=mod Fl=mild")
    html = "<html><body><p>L4-L5: <b>Moderate</b> canal&nbsp;stenosis.</p><p>L4-L5: mild left foraminal stenosis.</p></body>"
    rtf = r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 L4-L5: \b Moderate\b0  canal stenosis.\par L4-L5: mild left foraminal stenosis.\par}"
    assert extract(html).table() == wanted
    assert extract(rtf).table() == wanted


def test_of_ticked_boxes_only_the_ticked_one_is_read() -> None:
    text = "L4-L5: Canal: [ ] normal [x] mild [ ] moderate [ ] severe"
    assert extract(text).table() == table("L45 C=mild")
