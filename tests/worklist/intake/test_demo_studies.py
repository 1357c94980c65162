import shutil

import pytest
from django.core.management import call_command

from inference.simulate.causes.options import Scale, StudyOptions
from inference.simulate.study import write_study
from tests.patients import made_once
from worklist.jobs.states import State
from worklist.management.commands import demo_studies
from worklist.models import Instance, Study


@pytest.fixture
def one_patient(monkeypatch, settings, tmp_path, tmp_path_factory):
    """One coarse patient, simulated once for all tests, instead of five fine ones, in a data folder of its own."""

    def copied(folder, seed, options):
        made = made_once(f"demo-{seed}", lambda new: write_study(new, seed, options), tmp_path_factory.getbasetemp())
        shutil.copytree(made, folder, dirs_exist_ok=True)

    monkeypatch.setattr(demo_studies, "write_study", copied)
    monkeypatch.setattr(demo_studies, "PATIENTS", {5: StudyOptions(scale=Scale.SMALL)})
    settings.DATA_DIR = tmp_path
    settings.INCOMING_DIR = tmp_path


def test_demo_patients_are_received_like_any_other_and_wait_for_the_machine(db, one_patient, capsys):
    call_command("demo_studies")
    study = Study.objects.get()
    assert study.state == State.QUEUED
    assert study.patient.name.startswith("Simulated")
    assert study.series.count() >= 3
    assert "Demo patient 1 of 1: received after" in capsys.readouterr().out


def test_a_second_run_makes_no_second_patient(db, one_patient, capsys):
    call_command("demo_studies")
    images = Instance.objects.count()
    call_command("demo_studies")
    assert (Study.objects.count(), Instance.objects.count()) == (1, images)
    assert "already in the worklist" in capsys.readouterr().out


def test_the_demo_patients_are_a_common_a_severe_a_healthy_a_transitional_and_one_without_axial_images():
    all_options = list(demo_studies.PATIENTS.values())
    assert len(all_options) >= 5
    assert {"severe", "normal", "mixed"} <= {options.severity for options in all_options}
    assert "sacralised" in {options.transition for options in all_options}
    assert "none" in {options.axial for options in all_options}
    assert len(set(all_options)) == len(all_options)
