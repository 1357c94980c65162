"""A whole simulated study through the shipped models and the command line."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from inference import output, pipeline
from inference.__main__ import main
from inference.errors import NoSagittalSeriesError
from inference.images.choice import choose_series
from inference.images.geometry import RAS_TO_LPS
from inference.images.headers import find_files, read_headers
from inference.models import registry
from inference.models.gradenet import GradeConfig, GradeNet
from inference.pipeline import Result
from inference.result import record
from inference.simulate.truth.study_truth import Truth
from inference.types import LUMBAR_LEVELS, DiscQuestion, Grade, Label, ModelMark, Role, Site, Step
from tests.inference.series import edit


def test_every_level_is_named_and_placed_as_the_patient_was_made(result: Result, study: tuple[Path, Truth]) -> None:
    places = {disc.level: disc.centre_mm for disc in result.reading.discs}
    for level in LUMBAR_LEVELS:
        assert np.linalg.norm(places[level] - study[1].level(level).centre_mm) < 8, level


def test_every_level_and_site_has_a_finding_and_the_canals_are_graded(result: Result) -> None:
    grades = {(f.level, f.site): f.grade for f in result.reading.findings}
    assert set(grades) == {(level, site) for level in LUMBAR_LEVELS for site in Site}
    assert all(grades[level, Site.CANAL] is not Grade.NOT_ASSESSED for level in LUMBAR_LEVELS)


def test_without_a_grader_recesses_and_foramina_are_not_assessed(
    study: tuple[Path, Truth], models: pipeline.Models
) -> None:
    reading = pipeline.read_study(find_files(study[0]), replace(models, heads={"discs": models.heads["discs"]})).reading
    sides = [finding for finding in reading.findings if finding.site is not Site.CANAL]
    assert {finding.grade for finding in sides} == {Grade.NOT_ASSESSED}
    assert "normal" not in " ".join(one.text for one in reading.draft if "foramina" in one.text)


def test_an_installed_grader_grades_recesses_and_foramina_and_is_named(
    result: Result, study: tuple[Path, Truth], models: pipeline.Models
) -> None:
    torch.manual_seed(0)
    card = {"name": "grade", "version": "0.0.0", "sha256": "0" * 64}
    network = GradeNet(GradeConfig()).eval()
    grader = registry.Model(network, network, card, torch.device("cpu"))
    reading = pipeline.read_study(
        find_files(study[0]), replace(models, heads={**models.heads, "grade": grader})
    ).reading
    foramina = [f for f in reading.findings if f.site in (Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT)]
    assert all(finding.grade is not Grade.NOT_ASSESSED for finding in foramina)
    made_from = {finding.level: finding.made_from for finding in foramina}
    assert made_from["L4-L5"] == (Role.SAGITTAL_T2, Role.SAGITTAL_T1, Role.AXIAL_T2)
    assert made_from["L1-L2"] == (Role.SAGITTAL_T2, Role.SAGITTAL_T1)  # the blocks lie at the lowest three discs
    recesses = [f for f in reading.findings if f.site in (Site.RECESS_LEFT, Site.RECESS_RIGHT)]
    assert {f.level for f in recesses if f.grade is not Grade.NOT_ASSESSED} == {"L3-L4", "L4-L5", "L5-S1"}
    canals = [
        [f.grade for f in one.findings if f.site is Site.CANAL and f.level in LUMBAR_LEVELS]
        for one in (reading, result.reading)
    ]
    assert canals[0] == canals[1]
    assert ModelMark("grade", "0.0.0", "0" * 64) in reading.provenance.models


def test_every_disc_is_looked_at_on_t2_and_t1_and_the_network_that_did_is_named(result: Result) -> None:
    found = [one for one in result.reading.disc_findings if one.level in LUMBAR_LEVELS]
    assert {(one.level, one.finding) for one in found} == {(level, q) for level in LUMBAR_LEVELS for q in DiscQuestion}
    assert {one.made_from for one in found} == {(Role.SAGITTAL_T2, Role.SAGITTAL_T1)}
    assert "discs" in {one.name for one in result.reading.provenance.models}


def test_axial_images_belong_to_the_discs_that_they_were_angled_to(result: Result, study: tuple[Path, Truth]) -> None:
    by_level = {slices.level: slices.sop_instance_uids for slices in result.reading.axial}
    assert set(by_level) >= {"L3-L4", "L4-L5", "L5-S1"}
    planes = {plane.sop_instance_uid: plane for planes in result.planes.values() for plane in planes}
    for level, uids in by_level.items():
        nearest = planes[uids[0]]
        assert abs((study[1].level(level).centre_mm - nearest.origin_mm) @ nearest.normal) < 8


@pytest.fixture(scope="module")
def again(study: tuple[Path, Truth], models: pipeline.Models) -> tuple[Result, list[tuple[str, float]]]:
    """A second reading of the files in another order, and the progress that was told meanwhile."""
    told: list[tuple[str, float]] = []
    paths = list(reversed(find_files(study[0])))
    return pipeline.read_study(paths, models, lambda step, share: told.append((step, share))), told


def test_the_same_study_gives_the_same_reading(result: Result, again: tuple[Result, list[tuple[str, float]]]) -> None:
    assert record.to_dict(again[0].reading) == record.to_dict(result.reading)


def test_progress_goes_through_the_steps_in_order(again: tuple[Result, list[tuple[str, float]]]) -> None:
    told = again[1]
    steps = list(dict.fromkeys(step for step, _ in told))
    assert steps == list(Step)
    shares = [share for step, share in told if step == "segmenting"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_files_hold_the_reading_on_the_true_grid(result: Result, tmp_path: Path) -> None:
    output.write(result, tmp_path)
    written = json.loads((tmp_path / "reading.json").read_text())
    assert record.to_dict(record.from_dict(written)) == written
    assert (tmp_path / "draft.txt").read_text().startswith("FINDINGS\n")
    nifti = nibabel.load(tmp_path / "segmentation.nii.gz")
    assert np.allclose(RAS_TO_LPS @ nifti.affine, result.volume.affine, atol=1e-3)
    assert np.array_equal(np.asarray(nifti.dataobj), result.segmentation.labels)
    assert set(np.unique(result.segmentation.labels)) == set(Label)


def test_masks_lie_on_every_image_of_every_series_used(result: Result, tmp_path: Path) -> None:
    output.write(result, tmp_path)
    index = json.loads((tmp_path / "masks" / "index.json").read_text())["series"]
    assert set(index) == {choice.uid for choice in result.reading.series if choice.uid}
    for uid, entries in index.items():
        data = gzip.decompress((tmp_path / "masks" / f"{uid}.bin.gz").read_bytes())
        assert len(data) == sum(entry["rows"] * entry["columns"] for entry in entries)
    lead = next(choice.uid for choice in result.reading.series if choice.role is Role.SAGITTAL_T2)
    own = np.frombuffer(gzip.decompress((tmp_path / "masks" / f"{lead}.bin.gz").read_bytes()), np.uint8)
    agree = (own.reshape(result.segmentation.labels.shape) == result.segmentation.labels).mean()
    assert agree == 1.0


def test_a_study_with_t1_alone_is_read_with_a_warning(
    study: tuple[Path, Truth], models: pipeline.Models, tmp_path: Path
) -> None:
    headers = read_headers(find_files(study[0]))
    t1 = next(choice.uid for choice in choose_series(headers) if choice.role is Role.SAGITTAL_T1)
    alone = pipeline.read_study([h.path for h in headers if h.series_instance_uid == t1], models)
    codes = {notice.code for notice in alone.reading.notices}
    assert {"read_from_t1", "no_axial_series"} <= codes
    assert {one.made_from for one in alone.reading.disc_findings} == {(Role.SAGITTAL_T1,)}


def test_the_command_line_reads_a_study(study: tuple[Path, Truth], tmp_path: Path) -> None:
    assert main(["read", str(study[0]), "--out", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "reading.json",
        "segmentation.nii.gz",
        "evidence.json",
        "overview.png",
        "draft.txt",
        "instances.nii.gz",
        "masks",
    }


def test_the_command_line_says_what_to_do_about_a_study_it_cannot_read(
    study: tuple[Path, Truth], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(study[0], copy)
    edit(find_files(copy), SeriesDescription="T2 sag cervical", BodyPartExamined="CSPINE", ProtocolName="neck")
    assert main(["read", str(copy), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "\nwrong_region: " in said
    assert "read this study by hand" in said
    assert not (tmp_path / "out").exists()


def test_a_study_of_axial_images_alone_is_refused(study: tuple[Path, Truth], models: pipeline.Models) -> None:
    headers = read_headers(find_files(study[0]))
    axial = next(choice.uid for choice in choose_series(headers) if choice.role is Role.AXIAL_T2)
    with pytest.raises(NoSagittalSeriesError):
        pipeline.read_study([h.path for h in headers if h.series_instance_uid == axial], models)
