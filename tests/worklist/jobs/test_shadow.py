"""A version in the shade: it reads what was read, apart, and never touches the first reading."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from inference import pipeline
from inference.errors import SpineNotFoundError
from inference.types import Grade
from tests.reader.factories import drafted_study, reading
from tests.worklist.factories import in_state
from worklist.jobs import shadow, tasks
from worklist.models import MachineReading, ModelChoice, ShadowReading, Study
from worklist.versions import choices, comparison

pytestmark = pytest.mark.django_db(transaction=True)

SHA = "5" * 64


@pytest.fixture
def shade(administrator: Any) -> ModelChoice:
    """Version 2 of the segmenter reads in the shade."""
    return ModelChoice.objects.create(
        name="segment", role="shadow", version="2", sha256=SHA, chosen_by=administrator, chosen_at=timezone.now()
    )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The engine, which reads a moderate stenosis at L4-L5 unless `act` does something else."""
    engine = SimpleNamespace(act=lambda progress: None, calls=0)

    def read_study(paths: Any, networks: Any, progress: Any) -> Any:
        engine.calls += 1
        engine.act(progress)
        (study,) = Study.objects.filter(state="drafted")
        return SimpleNamespace(reading=reading(study.study_instance_uid, {"L4-L5": Grade.MODERATE}))

    monkeypatch.setattr(pipeline, "read_study", read_study)
    monkeypatch.setattr(choices, "shadow_networks", lambda shade, device: None)
    return engine


def first_readings() -> Any:
    return list(Study.objects.values_list()), list(MachineReading.objects.values_list())


def test_the_reading_in_the_shade_stands_apart_and_the_first_one_stays_as_it_is(shade: Any, engine: Any) -> None:
    drafted_study({"L4-L5": Grade.MILD})
    before = first_readings()
    assert shadow.due()
    tasks.read_in_the_shade()
    assert first_readings() == before
    row = ShadowReading.objects.get()
    assert (row.state, row.version, row.sha256, row.attempt) == ("done", "2", SHA, 1)
    assert row.comparison["sites"]["canal"] == {"exact": 4, "near": 1}
    assert not shadow.due()
    tasks.read_in_the_shade()
    assert engine.calls == 1


def test_the_shadow_reads_only_what_was_read_since_it_was_started(engine: Any, shade: Any) -> None:
    study = drafted_study()
    ModelChoice.objects.update(chosen_at=timezone.now() + timedelta(seconds=1))
    assert not shadow.due()
    MachineReading.objects.filter(study=study).update(created_at=timezone.now() + timedelta(seconds=2))
    assert shadow.due()


@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_shadow_waits_while_a_study_waits_or_is_read(shade: Any, engine: Any, state: str) -> None:
    drafted_study()
    in_state(state)
    assert not shadow.due()
    tasks.read_in_the_shade()
    assert engine.calls == 0


def test_the_shadow_gives_way_to_a_study_that_comes_and_reads_afterwards(
    shade: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "LOOK_SECONDS", 0)
    drafted_study()
    came = in_state("received")

    def a_study_comes(progress: Any) -> None:
        progress("series", 0.0)
        Study.objects.filter(pk=came.pk).update(state="queued")
        progress("segmenting", 0.5)

    engine.act = a_study_comes
    tasks.read_in_the_shade()
    row = ShadowReading.objects.get()
    assert (row.state, row.attempt, row.reading) == ("waiting", 0, None)
    Study.objects.filter(pk=came.pk).update(state="failed")
    engine.act = lambda progress: None
    tasks.read_in_the_shade()
    row.refresh_from_db()
    assert row.state == "done"


def test_a_study_that_the_shadow_cannot_read_is_counted_and_harms_nothing(shade: Any, engine: Any) -> None:
    drafted_study()
    before = first_readings()

    def unreadable(progress: Any) -> None:
        raise SpineNotFoundError("No spine.")

    engine.act = unreadable
    tasks.read_in_the_shade()
    assert ShadowReading.objects.get().failure_code == "spine_not_found"
    assert first_readings() == before
    assert comparison.total(ShadowReading.objects.all())["failed"] == 1


def test_a_bug_is_tried_again_a_bounded_number_of_times(shade: Any, engine: Any, settings: Any) -> None:
    drafted_study()
    before = first_readings()
    engine.act = lambda progress: 1 / 0
    for _ in range(settings.MAX_ATTEMPTS + 2):
        tasks.read_in_the_shade()
    row = ShadowReading.objects.get()
    assert (row.state, row.failure_code, engine.calls) == ("failed", "internal", settings.MAX_ATTEMPTS)
    assert first_readings() == before


def test_a_killed_worker_loses_no_reading_in_the_shade_and_cannot_be_killed_for_ever(
    shade: Any, engine: Any, settings: Any
) -> None:
    drafted_study()

    class Killed(BaseException):
        pass

    def killed(progress: Any) -> None:
        raise Killed

    engine.act = killed
    for attempt in range(1, settings.MAX_ATTEMPTS + 1):
        with pytest.raises(Killed):
            tasks.read_in_the_shade()
        assert ShadowReading.objects.get().attempt == attempt
        assert not shadow.due(), "another worker may not take it while the lease lasts"
        ShadowReading.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        assert shadow.due()
    tasks.read_in_the_shade()
    assert ShadowReading.objects.get().failure_code == "worker_lost"
    assert engine.calls == settings.MAX_ATTEMPTS


def test_a_shadow_that_is_stopped_stops_at_once(
    shade: Any, engine: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "LOOK_SECONDS", 0)
    drafted_study()

    def stopped(progress: Any) -> None:
        choices.stop_shadow("segment", administrator)
        progress("segmenting", 0.5)

    engine.act = stopped
    tasks.read_in_the_shade()
    assert ShadowReading.objects.get().state == "waiting"
    assert not shadow.due()


def test_without_a_shadow_no_bell_rings(broker: str, engine: Any) -> None:
    drafted_study()
    tasks.ring_for_the_shade()
    assert tasks.bells_waiting() == 0


# --- what is compared ---------------------------------------------------------------------------


def record_of(canal: dict[str, Grade]) -> dict[str, Any]:
    from inference.result import record

    made: dict[str, Any] = record.to_dict(reading("1.2.3", canal))
    return made


def test_grades_are_compared_site_by_site_and_what_one_left_out_is_no_agreement() -> None:
    first = record_of({"L3-L4": Grade.MILD, "L4-L5": Grade.NORMAL, "L5-S1": Grade.NOT_ASSESSED})
    second = record_of({"L3-L4": Grade.MODERATE, "L4-L5": Grade.SEVERE})
    compared = comparison.compare(first, second)
    assert compared["sites"]["canal"] == {"exact": 2, "near": 1, "far": 1, "one": 1}
    assert compared["sites"]["foramen_left"] == {"none": 5}
    assert (compared["renamed"], compared["unmatched"], compared["same_images"]) == (0, 0, True)


def test_discs_are_matched_by_place_so_that_other_names_are_seen() -> None:
    first, second = record_of({}), record_of({})
    names = ["T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5"]
    second["discs"] = [disc | {"level": name} for disc, name in zip(second["discs"], names, strict=True)][:4]
    compared = comparison.compare(first, second)
    assert (compared["renamed"], compared["unmatched"]) == (4, 1)


def test_answers_about_discs_are_compared_question_by_question_and_in_words() -> None:
    first, second = record_of({}), record_of({})
    asked = {"level": "L4-L5", "probability": 0.6, "made_from": []}
    said = [("pfirrmann", 4, 3), ("modic", 0, 0), ("bulging", 1, 0)]
    for read, place in ((first, 1), (second, 2)):
        read["disc_findings"] = [asked | {"finding": one[0], "value": one[place]} for one in said]
    second["disc_findings"].append(asked | {"finding": "narrowing", "value": 1})
    compared = comparison.compare(first, second)["answers"]
    assert {question: counts for question, counts in compared.items() if counts} == {
        "pfirrmann": {"other": 1}, "modic": {"exact": 1}, "bulging": {"other": 1}, "narrowing": {"one": 1},
    }  # fmt: skip
    words = {row["what"]: (row["first"], row["second"]) for row in comparison.answers(first, second)}
    assert words == {
        "Pfirrmann": ("4", "3"), "Narrowing": ("not asked", "yes"), "Bulging": ("yes", "no"), "Modic": ("0", "0"),
    }  # fmt: skip
    del first["disc_findings"]  # read before discs were looked at
    assert comparison.compare(first, second)["answers"]["modic"] == {"one": 1}


def test_pairs_of_different_images_are_left_out_of_the_sum(shade: Any, engine: Any) -> None:
    study = drafted_study()
    made = MachineReading.objects.get()
    made.reading["provenance"]["input_digest"] = "00" * 32
    made.save()
    tasks.read_in_the_shade()
    assert study.machine_readings.count() == 1
    summed = comparison.total(ShadowReading.objects.all())
    assert (summed["studies"], summed["other_images"], summed["seconds"]) == (0, 1, None)


def test_a_pair_between_which_another_model_changed_too_is_left_out_of_the_sum(shade: Any, engine: Any) -> None:
    drafted_study()
    made = MachineReading.objects.get()
    made.reading["provenance"]["models"] = [
        {"name": name, "version": "0", "sha256": "ee"} for name in ("segment", "discs")
    ]
    made.save()
    tasks.read_in_the_shade()
    summed = comparison.total(ShadowReading.objects.all())
    assert (summed["studies"], summed["other_images"], summed["other_models"], summed["against"]) == (0, 0, 1, [])


def test_the_sum_says_which_versions_the_shadow_was_compared_with(shade: Any, engine: Any) -> None:
    drafted_study()
    made = MachineReading.objects.get()
    made.reading["provenance"]["models"][0]["version"] = "0"
    made.save()
    tasks.read_in_the_shade()
    assert comparison.total(ShadowReading.objects.all())["against"] == [("segment 0", 1)]
