"""Evidence maps lie where the images were cut, point at what there is to see, and are of findings alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference import output
from inference.grading import attribution, crops, discs, evidence
from inference.grading.evidence import EvidenceMap, EvidencePlane
from inference.grading.grader import asked, opinions
from inference.grading.thresholds import Opinion
from inference.images import geometry
from inference.models.gradenet import HEADS, MEASURED, GradeConfig, GradeNet, Inputs
from inference.pipeline import Result
from inference.types import (
    DiscFinding,
    DiscLevel,
    DiscQuestion,
    FloatArray,
    Grade,
    LevelFinding,
    Role,
    Site,
    Slice,
    Volume,
)
from tests.inference.grading.factories import disc as looked_at
from tests.inference.grading.factories import labels, model

X, Y, Z = np.eye(3)
MIRRORED = [HEADS.index(site) for site in ("canal", "foramen_right", "foramen_left", "recess_right", "recess_left")]


@pytest.fixture(scope="module")
def network() -> GradeNet:
    torch.manual_seed(3)
    found = GradeNet(GradeConfig()).eval()
    for head in found.heads.parameters():
        torch.nn.init.normal_(head, std=2.0)
    return found


def disc(tilt_deg: float = 0.0) -> DiscLevel:
    turn = np.deg2rad(tilt_deg)
    up, anterior = Z * np.cos(turn) + Y * np.sin(turn), -Y * np.cos(turn) + Z * np.sin(turn)
    return DiscLevel("L4-L5", np.array([1.0, 2.0, 3.0]), up, anterior, X, None, 35.0, 8.0)


def spot(at: FloatArray) -> Volume:
    """A dark block of 60 by 120 by 120 mm with one bright spot."""
    affine = np.array([[4.0, 0, 0, -30], [0, 0, 1, -60], [0, -1, 0, 60], [0, 0, 0, 1]])
    index = np.stack(np.indices((16, 120, 120)), axis=-1)
    off = np.linalg.norm(geometry.apply(affine, index.astype(float)) - at, axis=-1)
    return Volume(np.exp(-((off / 5) ** 2)).astype(np.float32), affine)


def axial(tilt_deg: float) -> crops.AxialImage:
    turn = np.deg2rad(tilt_deg)
    along = Y * np.cos(turn) + Z * np.sin(turn)
    noise = np.random.default_rng(2).random((160, 160), dtype=np.float32)
    return crops.AxialImage(Slice("1.2.3", np.array([-59.0, -58.0, 4.0]), X, along, (0.75, 0.75), (160, 160)), noise)


def maps_of(network: GradeNet, sagittal: Volume | None, images: list[crops.AxialImage]) -> list[EvidenceMap]:
    volumes = {} if sagittal is None else {Role.SAGITTAL_T2: sagittal}
    shown = asked([disc(10.0)], (), volumes, {"L4-L5": images})
    assert shown is not None
    said = opinions(network, shown)
    findings = [LevelFinding("L4-L5", site, Grade.MILD) for site in Site]
    return evidence.of_grader(network, shown, said, findings)


def middle(plane: EvidencePlane, row: int, column: int) -> FloatArray:
    return np.asarray(plane.origin_mm + row * plane.row_mm + column * plane.column_mm)


def test_the_map_of_a_mirrored_study_is_the_mirrored_map(network: GradeNet) -> None:
    generator, config = torch.Generator().manual_seed(5), GradeConfig()
    levels = Inputs(
        torch.rand(2, 2, config.planes, config.rows, config.columns, generator=generator),
        torch.ones(2, 2),
        torch.rand(2, 3, 2, config.axial_rows, config.axial_columns, generator=generator),
        torch.ones(2, 3),
        torch.zeros(2, len(MEASURED)),
        torch.zeros(2, len(MEASURED)),
    )
    answers = torch.tensor([[0, 1, 2, 3, 0], [3, 2, 1, 0, 1]])
    straight = attribution.shares_of(network, levels, answers)
    mirror = attribution.shares_of(network, levels.mirrored(), answers[:, MIRRORED])
    largest = max(float(one.sagittal.abs().max()) for one in straight)
    for place, other in enumerate(MIRRORED):
        near = {"atol": 1e-3 * largest, "rtol": 1e-3}
        torch.testing.assert_close(mirror[place].sagittal, straight[other].sagittal.flip(1), **near)
        torch.testing.assert_close(mirror[place].axial, straight[other].axial.flip(3), **near)
    left, right = (one.sagittal / one.sagittal.abs().max() for one in straight[1:3])
    assert (left - right).abs().max() > 0.1


@pytest.mark.parametrize("left_mm", [-16.0, 0.0, 12.0])
def test_a_map_points_at_the_only_thing_that_is_seen(network: GradeNet, left_mm: float) -> None:
    at = disc(10.0).centre_mm + left_mm * X + 20 * Y
    ill = [one for one in maps_of(network, spot(at), []) if one.answer != Grade.NORMAL.value]
    assert ill
    for one in ill:
        assert np.linalg.norm(one.peak_mm - at) < 12, one.finding


def test_sagittal_planes_lie_where_the_level_was_cut(network: GradeNet) -> None:
    one, level = maps_of(network, spot(disc().centre_mm + 20 * Y), [])[0], disc(10.0)
    assert {plane.role for plane in one.planes} == {"sagittal_t2"}
    aside = {round(float((plane.origin_mm - level.centre_mm) @ level.left), 3) for plane in one.planes}
    assert aside <= {crops.PLANE_STEP_MM * k for k in range(-6, 7)}
    pixel = crops.sagittal_places(level, [6], [17], [25])[0, 0, 0]
    plane = next(p for p in one.planes if abs(float((p.origin_mm - level.centre_mm) @ level.left)) < 0.01)
    np.testing.assert_allclose(middle(plane, 2, 3), pixel, atol=1e-6)


def test_axial_planes_lie_in_their_images(network: GradeNet) -> None:
    image = axial(-7.0)
    planes = [plane for one in maps_of(network, None, [image]) for plane in one.planes]
    assert {(plane.role, plane.sop_instance_uid) for plane in planes} == {("axial_t2", "1.2.3")}
    for row, column in ((0, 0), (6, 7), (3, 2)):
        off = (middle(planes[0], row, column) - image.plane.origin_mm) @ image.plane.normal
        assert off == pytest.approx(0, abs=1e-6)


def test_the_strongest_cell_has_the_value_100_and_nothing_is_below_0(network: GradeNet) -> None:
    for one in maps_of(network, spot(disc().centre_mm + 20 * Y), [axial(0.0)]):
        assert max(plane.values.max() for plane in one.planes) == 100
        assert all(plane.values.max() >= evidence.LEAST for plane in one.planes)


def test_what_is_not_assessed_has_no_map(network: GradeNet) -> None:
    shown = asked([disc()], (), {Role.SAGITTAL_T2: spot(disc().centre_mm)}, {})
    assert shown is not None
    said = {"L4-L5": Opinion({"canal": (Grade.MILD, 0.8), "foramen_left": (Grade.MILD, 0.8)}, (), (True, True))}
    findings = [
        LevelFinding("L4-L5", Site.CANAL, Grade.MILD),
        LevelFinding("L4-L5", Site.FORAMEN_LEFT, Grade.NOT_ASSESSED),
    ]
    assert {one.finding for one in evidence.of_grader(network, shown, said, findings)} <= {"canal"}


def test_a_disc_has_maps_of_what_is_told_and_of_its_pfirrmann_grade_on_the_planes_that_were_looked_at() -> None:
    at, asked_of = looked_at(degrees=15.0), model()
    volume = spot(at.centre_mm - 18 * at.anterior)
    shown = discs.shown({Role.SAGITTAL_T2: volume}, labels(volume), [at])
    findings = [
        DiscFinding("L4-L5", DiscQuestion.PFIRRMANN, 3, 0.5),
        DiscFinding("L4-L5", DiscQuestion.BULGING, 1, 0.5),
    ]
    told = [*findings, DiscFinding("L4-L5", DiscQuestion.MODIC, 0, 0.9)]
    maps = evidence.of_discs(asked_of, shown, told)
    assert {one.finding for one in maps} <= {"pfirrmann", "bulging"}
    assert maps
    for one in maps:
        assert np.linalg.norm(one.peak_mm - (at.centre_mm - 18 * at.anterior)) < 8
        for plane in one.planes:
            assert plane.row_mm == pytest.approx(-4 * at.up)
            assert (plane.origin_mm - at.centre_mm) @ at.left in (pytest.approx(-4), pytest.approx(0), pytest.approx(4))


def test_where_lines_alone_answer_there_is_no_map() -> None:
    at, asked_of = looked_at(), model()
    asked_of.network.share.zero_()
    volume = spot(at.centre_mm)
    shown = discs.shown({Role.SAGITTAL_T2: volume}, labels(volume), [at])
    assert evidence.of_discs(asked_of, shown, [DiscFinding("L4-L5", DiscQuestion.BULGING, 1, 0.5)]) == []


def test_every_grade_of_a_network_and_every_finding_told_of_a_disc_has_a_map_in_the_file(
    result: Result, tmp_path: Path
) -> None:
    output.write(result, tmp_path)
    maps = json.loads((tmp_path / "evidence.json").read_text())["maps"]
    found = {(one["level"], one["finding"]) for one in maps}
    graded = {(f.level, f.site.value) for f in result.reading.findings if f.grade is not Grade.NOT_ASSESSED}
    told = {(f.level, f.finding.value) for f in result.reading.disc_findings if f.is_listed}
    # Nothing may speak for an answer that other places speak against more.
    assert len(found) >= 0.95 * len(graded | told)
    assert found <= graded | told
    centres = [np.round(disc.centre_mm, 4).tolist() for disc in result.reading.discs]
    assert all(one["disc_mm"] in centres for one in maps)


def test_without_maps_there_is_no_file(result: Result, tmp_path: Path) -> None:
    output.write(replace(result, evidence=()), tmp_path)
    assert not (tmp_path / "evidence.json").exists()
