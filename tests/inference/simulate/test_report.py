"""Simulated reports: many hands, and labels that are what the text says, which is not always the truth."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from inference.reports import extract
from inference.simulate.causes.options import HOSPITAL, StudyOptions
from inference.simulate.causes.patient import Patient, draw, grade_of
from inference.simulate.report.dictation import WEIGHTS, Report, dictate, report_text
from inference.simulate.report.phrases import OFF_BY_ONE, read

ORDER = ("normal", "mild", "moderate", "severe")
OPTIONS = StudyOptions(transition="drawn", surgery="drawn")


@pytest.fixture(scope="module")
def many() -> list[tuple[Patient, Report]]:
    patients = [draw(seed, OPTIONS) for seed in range(400)]
    return [(patient, dictate(patient, patient.seed)) for patient in patients]


def test_the_same_seed_dictates_the_same_report_and_another_reader_a_different_one() -> None:
    patient = draw(1, HOSPITAL)
    assert dictate(patient, 1) == dictate(patient, 1)
    assert report_text(patient, 1) == dictate(patient, 1).text
    assert len({dictate(patient, seed).text for seed in range(20)}) == 20


def test_the_label_extractor_reads_what_the_text_states() -> None:
    right = total = unstated = 0
    for seed in range(60):
        report = dictate(draw(seed, OPTIONS), seed, mistyped=0.0)
        extracted = extract(report.text).table()
        for level, row in report.stated.items():
            total += len(row)
            right += sum(extracted.get(level, {}).get(site) == grade for site, grade in row.items())
        unstated += sum(site not in report.stated.get(level, {}) for level, row in extracted.items() for site in row)
    assert total > 700
    assert right / total >= 0.95
    assert unstated / total <= 0.01


def test_every_style_is_used_and_most_reports_leave_something_out(many: list[tuple[Patient, Report]]) -> None:
    assert set(Counter(report.style for _, report in many)) == set(WEIGHTS)
    assert any(report.text.isupper() for _, report in many)
    cells = [sum(map(len, report.stated.values())) for _, report in many]
    assert 10 < sum(cells) / len(cells) < 22


def test_readers_are_off_by_one_grade_as_often_as_said_and_hardly_ever_by_more() -> None:
    apart: dict[str, list[int]] = {site: [] for site in OFF_BY_ONE}
    for seed in range(300):
        for seen in read(np.random.default_rng(seed), draw(seed)):
            for site, grade in seen.grades.items():
                true = ORDER.index(grade_of(seen.disc.severity(site)))
                apart[site.split("_")[0]].append(abs(grade - true))
    for site, off in OFF_BY_ONE.items():
        assert sum(step == 1 for step in apart[site]) / len(apart[site]) == pytest.approx(off, abs=0.03)
        assert sum(step > 1 for step in apart[site]) / len(apart[site]) < 0.01


def test_a_report_tells_of_the_slip_the_fracture_and_the_operation() -> None:
    mentions = Counter[str]()
    true = Counter[str]()
    for seed in range(300):
        patient = draw(seed, HOSPITAL)
        report = dictate(patient, seed, mistyped=0.0)
        if report.style in ("notes", "impression"):
            continue
        text = report.text.lower()
        for word, has in (
            ("listhesis", any(abs(disc.slip_mm) > 1.5 for disc in patient.discs[-5:])),
            ("compression", any(body.fracture for body in patient.bodies)),
            ("laminectomy", any(body.laminectomy for body in patient.bodies)),
            ("lumbarisation", patient.transition == "lumbarised"),
        ):
            true[word] += has
            mentions[word] += has and word in text
    assert mentions == true
    assert min(true.values()) > 3
