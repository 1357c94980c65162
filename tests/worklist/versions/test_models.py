"""Versions of a model: installed, activated by an administrator, and what a bad one does to a study."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEvent
from inference import pipeline
from inference.models import cards
from inference.types import ModelMark
from tests.worklist.factories import add_job, in_state
from worklist.jobs import tasks
from worklist.models import MachineReading, ModelChoice, ReadingJob, Study
from worklist.versions import choices, comparison

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("models_dir")]


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The shipped segmenter under another version, not installed yet."""
    folder = tmp_path / "newer"
    shutil.copytree(cards.WEIGHTS / "segment", folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"version": "9.1.0"}))
    return folder


def read(study: Study) -> Study:
    tasks.read_next()
    study.refresh_from_db()
    return study


def maker(study: Study) -> tuple[str, str]:
    assert study.latest_reading is not None
    made = study.latest_reading.reading["provenance"]
    return made["models"][0]["name"], made["models"][0]["version"]


def test_a_version_that_is_activated_reads_the_next_study_in_the_same_worker_and_the_old_one_in_shadow_mode(
    patient: Study, newer: Path, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by, real = [], pipeline.read_study
    read_once = lru_cache(lambda *paths: real(paths, choices.networks("cpu")))

    def read_study(paths: Any, networks: Any, progress: Any) -> Any:
        read_by.append(networks.segmenter.version)
        return read_once(*paths)

    monkeypatch.setattr(pipeline, "read_study", read_study)
    call_command("install_model", newer)
    shipped = choices.installed("segment")[0].version
    choices.activate("segment", "9.1.0", administrator)
    choices.start_shadow("segment", shipped, administrator)
    assert maker(read(patient)) == ("segment", "9.1.0")
    tasks.read_next()
    assert read_by == ["9.1.0", shipped]
    jobs = ReadingJob.objects.filter(purpose="shadow")
    job = jobs.get()
    assert (job.state, job.version) == ("done", shipped), job.failure_message
    assert comparison.total(jobs)["sites"][0]["exact_percent"] == 100
    assert MachineReading.objects.for_readers().count() == 1
    told = AuditEvent.objects.get(action="model_activated")
    assert (told.actor, told.detail["model"], told.detail["version"]) == (administrator, "segment", "9.1.0")


@pytest.mark.parametrize("damage", ["weights", "folder"])
def test_a_damaged_or_missing_active_model_fails_the_study_by_name_and_no_other_model_reads(
    patient: Study, newer: Path, administrator: Any, models_dir: Path, damage: str
) -> None:
    call_command("install_model", newer)
    choices.activate("segment", "9.1.0", administrator)
    folder = models_dir / "segment" / "9.1.0"
    if damage == "weights":
        (folder / "weights.safetensors").write_bytes(b"cut off")
    else:
        shutil.rmtree(folder)
    choices._held.clear()  # a worker that starts now
    assert read(patient).state == "failed"
    job = patient.failed_job
    assert job is not None
    assert job.failure_code == "model_unusable"
    assert "segment 9.1.0" in job.failure_message
    assert "administrator" in job.failure_message
    assert not MachineReading.objects.exists()
    call_command("install_model", newer)
    patient.refresh_from_db()
    assert patient.state == "queued"


def test_a_version_that_looks_at_discs_is_activated_and_reads_in_shadow_mode_as_any_other(
    tmp_path: Path, administrator: Any
) -> None:
    folder = shutil.copytree(cards.WEIGHTS / "discs", tmp_path / "discs")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"version": "9.2.0"}))
    call_command("install_model", folder)
    choices.start_shadow("discs", "9.2.0", administrator)
    chosen = ModelChoice.objects.get(role="shadow")
    marks = [read.heads["discs"].mark for read in (choices.networks("cpu"), choices.shadow_networks(chosen, "cpu"))]
    assert [mark.version for mark in marks] == [card["version"], "9.2.0"]
    choices.activate("discs", "9.2.0", administrator)
    assert choices.networks("cpu").heads["discs"].mark == ModelMark("discs", "9.2.0", card["sha256"])


def test_studies_that_a_bad_model_failed_go_on_when_another_version_is_activated(
    patient: Study, newer: Path, administrator: Any
) -> None:
    for code, study in (("model_unusable", patient), ("internal", in_state("received"))):
        study.reading_jobs.update(state="failed")
        Study.objects.filter(pk=study.pk).update(state="failed")
        add_job(study, "failed", failure_code="model_unusable", created_at=timezone.now() - timedelta(hours=1))
        add_job(study, "failed", failure_code=code)
    call_command("install_model", newer)
    assert choices.activate("segment", "9.1.0", administrator) == 1
    patient.refresh_from_db()
    assert (patient.state, patient.failed_job) == ("queued", None)


def test_a_chosen_shipped_version_outlives_an_update_of_the_product(administrator: Any, models_dir: Path) -> None:
    shipped = choices.installed("segment")[0]
    choices.activate("segment", shipped.version, administrator)
    kept = cards.find("segment", shipped.version, shipped.sha256, models_dir, weights_root=Path("/nowhere"))
    assert cards.check(kept)["version"] == shipped.version
    assert [one.version for one in choices.installed("segment")] == [shipped.version]


def test_what_is_not_installed_or_damaged_is_not_activated(newer: Path, administrator: Any, models_dir: Path) -> None:
    with pytest.raises(choices.NotPossible, match=r"segment 9\.1\.0 is not installed"):
        choices.activate("segment", "9.1.0", administrator)
    call_command("install_model", newer)
    (models_dir / "segment" / "9.1.0" / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(choices.NotPossible, match="differ from its card"):
        choices.activate("segment", "9.1.0", administrator)
    assert not ModelChoice.objects.exists()


def test_nobody_but_an_administrator_chooses_a_model_by_whatever_way(reader: Any) -> None:
    for act in (choices.activate, choices.start_shadow):
        with pytest.raises(PermissionDenied):
            act("segment", "9.1.0", reader)
    with pytest.raises(PermissionDenied):
        choices.stop_shadow("segment", reader)


def test_the_command_says_what_is_wrong_with_a_model(newer: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("install_model", tmp_path / "none")
    (newer / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(CommandError, match="differ from its card"):
        call_command("install_model", newer)
    assert not AuditEvent.objects.filter(action="model_installed").exists()
