"""Drawn patients: as ill as published ones, level by level and together, and ill for a reason in millimetres."""

from __future__ import annotations

import numpy as np
import pytest

from inference.simulate.causes.disease import DISCS
from inference.simulate.causes.narrowing import AP_MM, narrowed
from inference.simulate.causes.options import HOSPITAL, StudyOptions
from inference.simulate.causes.patient import SITES, DiscCause, Patient, dimensions, draw, grade_of
from inference.simulate.causes.prevalence import PFIRRMANN_SHARES, SITE_SHARES
from inference.types import Grade

LEVELS = ("L1", "L2", "L3", "L4", "L5")


@pytest.fixture(scope="module")
def many() -> list[Patient]:
    return [draw(seed) for seed in range(3000)]


def _severities(patients: list[Patient]) -> np.ndarray:
    """(patients, levels, sites) from L1-L2 down."""
    return np.array([[[disc.severity(site) for site in SITES] for disc in p.discs[-5:]] for p in patients])


def _discs(patients: list[Patient]) -> list[tuple[Patient, DiscCause]]:
    return [(patient, disc) for patient in patients for disc in patient.discs]


def test_each_level_is_moderate_and_severe_as_often_as_in_the_reference(many: list[Patient]) -> None:
    severity = _severities(many)
    for number, level in enumerate(LEVELS):
        canal, foramen, recess = SITE_SHARES[level]
        for site, (moderate, severe) in enumerate((canal, foramen, foramen, recess, recess)):
            grades = severity[:, number, site]
            assert 100 * np.mean((grades >= 2) & (grades < 3)) == pytest.approx(moderate, abs=2.5)
            assert 100 * np.mean(grades >= 3) == pytest.approx(severe, abs=2.5)


def test_sites_are_ill_together_as_in_the_reference(many: list[Patient]) -> None:
    # The published grades were three: normal or mild, moderate, severe; all levels together.
    steps = np.clip(np.floor(_severities(many)) - 1, 0, 2).reshape(-1, len(SITES))
    correlation = np.corrcoef(steps.T)
    canal, left, right, recess_left, recess_right = range(5)
    for first, second, published in (
        (canal, recess_left, 0.57),
        (canal, recess_right, 0.57),
        (left, right, 0.44),
        (recess_left, recess_right, 0.58),
        (canal, left, 0.28),
        (canal, right, 0.28),
    ):
        assert correlation[first, second] == pytest.approx(published, abs=0.06)


def test_discs_wear_with_age_and_as_often_at_each_level_as_in_real_patients(many: list[Patient]) -> None:
    worn = np.array([[disc.pfirrmann for disc in patient.discs[-5:]] for patient in many])
    for number, level in enumerate(LEVELS):
        percent = [100 * np.mean(worn[:, number] == grade) for grade in (1, 2, 3, 4)]
        assert percent == pytest.approx(PFIRRMANN_SHARES[level], abs=6)
    assert np.corrcoef([patient.age for patient in many], worn.mean(axis=1))[0, 1] > 0.5


def test_bodies_canals_and_discs_measure_what_the_reference_measured(many: list[Patient]) -> None:
    """Means of the reference within 5 % (wedges 1 degree), its range of 87 patients within a third."""
    means = [dimensions(patient)["mean"] for patient in many]
    for name, mean, low, high in (
        ("width", 46.7, 39, 59),
        ("depth", 35.0, 30, 42),
        ("height", 27.8, 23.5, 32.3),
        ("canal width", 26.7, 21.5, 31.8),
        ("canal depth", 16.7, 13.0, 20.4),
        ("disc height", 7.1, 3.1, 11.4),
    ):
        values = np.array([row[name] for row in means])
        assert values.mean() == pytest.approx(mean, rel=0.05)
        # The least and the most of 87 people are about their 0.6th and 99.4th percentile.
        assert np.subtract(*np.quantile(values, [0.994, 0.006])) == pytest.approx(high - low, rel=0.33)
    for name, mean in (("wedge", 3.7), ("disc wedge", 6.4)):
        assert np.mean([row[name] for row in means]) == pytest.approx(mean, abs=1)


def test_the_disc_and_the_flavum_take_from_the_sac_what_the_severity_says(many: list[Patient]) -> None:
    for patient, disc in _discs(many[:300]):
        loss = patient.sac_ap_mm - narrowed(patient.sac_ap_mm, AP_MM, disc.canal)
        central = disc.herniation.reach_mm if disc.herniation and disc.herniation.zone == "central" else 0.0
        # A sound disc bulges 0.3 mm and a worn one 0.8 mm more, and a small protrusion stands out, narrowing nothing.
        front = disc.bulge_mm + central - 0.3 - 0.8 * disc.degeneration
        assert front == pytest.approx(disc.anterior_share * loss, abs=1.6 if central else 1e-6)
        behind = disc.flavum_mm - DISCS[disc.upper][2] * patient.flavum_mm / 3.4
        assert behind == pytest.approx((1 - disc.anterior_share) * loss)


def test_a_herniation_lies_where_its_level_is_narrow(many: list[Patient]) -> None:
    herniated = [disc for _, disc in _discs(many) if disc.herniation]
    side = {1: "left", -1: "right"}
    for zone, site in (("subarticular", "recess"), ("foraminal", "foramen")):
        lesions = [disc for disc in herniated if disc.herniation.zone == zone]
        same_side = np.array([disc.severity(f"{site}_{side[disc.herniation.side]}") for disc in lesions])
        opposite_side = np.array([disc.severity(f"{site}_{side[-disc.herniation.side]}") for disc in lesions])
        assert np.mean(same_side >= opposite_side) > 0.8
    extruded = [disc for disc in herniated if disc.herniation.kind != "protrusion"]
    assert all(max(disc.severity(site) for site in SITES) > 1.5 for disc in extruded)


def test_slips_fractures_and_rare_anatomy_come_where_and_in_whom_they_do(many: list[Patient]) -> None:
    slipped = [(patient, disc.upper) for patient, disc in _discs(many) if disc.slip_mm > 0 and not disc.lysis]
    assert np.mean([upper == "L4" for _, upper in slipped]) > 0.6
    assert np.mean([patient.sex == "F" for patient, _ in slipped]) > 0.6
    assert {disc.level for _, disc in _discs(many) if disc.lysis} == {"L5-S1"}
    broken = [(patient, body.name) for patient in many for body in patient.bodies if body.fracture]
    assert {name for _, name in broken} == {"T11", "T12", "L1", "L2"}
    assert np.mean([patient.sex == "F" and patient.age > 55 for patient, _ in broken]) > 0.55
    assert not any(body.screws or body.laminectomy for patient in many for body in patient.bodies)
    hospital = [draw(seed, HOSPITAL) for seed in range(1000)]
    for what in (
        [any(body.haemangioma for body in patient.bodies) for patient in hospital],
        [patient.transition != "none" for patient in hospital],
        [patient.bodies[-1].name != "L5" for patient in hospital],
        [any(body.laminectomy for body in patient.bodies) for patient in hospital],
    ):
        assert 0.02 < np.mean(what) < 0.15


def test_a_balanced_set_has_the_four_grades_equally_often_at_every_site() -> None:
    patients = [draw(seed, StudyOptions(severity="balanced")) for seed in range(800)]
    counts = [np.floor(_severities(patients)) == grade for grade in range(4)]
    assert np.array(counts).mean(axis=1) == pytest.approx(np.full((4, 5, len(SITES)), 0.25), abs=0.06)


def test_a_normal_patient_has_nothing_and_an_operated_one_is_wide_where_decompressed() -> None:
    for seed in range(100):
        healthy = draw(seed, StudyOptions(severity="normal"))
        for disc in healthy.discs:
            assert all(grade_of(disc.severity(site)) is Grade.NORMAL for site in SITES)
            assert not any((disc.herniation, disc.modic, disc.slip_mm, disc.fissure, disc.schmorl_above_mm))
        operated = draw(seed, StudyOptions(surgery="done", severity="severe"))
        opened = [disc for body, disc in zip(operated.bodies, operated.discs, strict=True) if body.laminectomy]
        assert opened
        assert all(disc.canal < 2 for disc in opened)


def test_the_lowest_disc_of_a_sacralised_spine_is_a_thin_remnant() -> None:
    for seed in range(30):
        *_, above, lowest = draw(seed, StudyOptions(transition="sacralised", severity="severe")).discs
        assert lowest.height_mm < 3.5 < 2 * above.height_mm
        assert lowest.canal < 1
