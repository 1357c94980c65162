"""Simulated studies: repeatable, consistent in space, and their truth is what the images show."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.images.geometry import apply
from inference.simulate.causes.patient import draw, grade_of
from inference.simulate.causes.records import SITES
from inference.simulate.report.dictation import report_text
from inference.simulate.scanner import acquire
from inference.simulate.scanner.signal import Protocol
from inference.simulate.study import StudyOptions, Truth, truth_segmentation, write_study
from inference.simulate.truth.study_truth import LevelTruth, anatomy_of, measure, openings_of
from inference.types import LUMBAR_LEVELS, Grade, Label, Site, Slice

SMALL = StudyOptions(scale="small")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("study")
    return folder, write_study(folder, 3, SMALL)


@pytest.fixture(scope="module")
def other_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """Another patient: a straight axial stack, no T1."""
    folder = tmp_path_factory.mktemp("other")
    return folder, write_study(folder, 8, replace(SMALL, axial="stack", sagittal_t1="absent"))


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def _planes(folder: Path) -> list[tuple[Slice, np.ndarray]]:
    out = []
    for path in sorted(folder.glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        across, down = np.split(np.array(dataset.ImageOrientationPatient, dtype=float), 2)
        spacing = (float(dataset.PixelSpacing[0]), float(dataset.PixelSpacing[1]))
        origin = np.array(dataset.ImagePositionPatient, dtype=float)
        plane = Slice(dataset.SOPInstanceUID, origin, across, down, spacing, (dataset.Rows, dataset.Columns))
        out.append((plane, dataset.pixel_array.astype(float)))
    return out


def _pixel(plane: Slice, point: np.ndarray) -> tuple[float, float, float]:
    """(row, column, distance in mm) of a point seen from an image."""
    offset = point - plane.origin_mm
    return (
        float(offset @ plane.along_column) / plane.spacing_mm[0],
        float(offset @ plane.along_row) / plane.spacing_mm[1],
        abs(float(offset @ plane.normal)),
    )


def test_the_same_seed_writes_the_same_bytes(study: tuple[Path, Truth], tmp_path: Path) -> None:
    write_study(tmp_path / "again", 3, SMALL)
    assert _digest(tmp_path / "again") == _digest(study[0])


def test_another_seed_is_another_patient(study: tuple[Path, Truth], other_study: tuple[Path, Truth]) -> None:
    folder, truth = other_study
    assert truth.study_instance_uid != study[1].study_instance_uid
    assert [body.height_mm for body in truth.patient.bodies] != [body.height_mm for body in study[1].patient.bodies]
    assert sorted(path.name for path in (folder / "dicom").iterdir()) == ["axial_t2", "sagittal_t2"]


def test_all_series_of_a_study_share_patient_study_and_frame_of_reference(study: tuple[Path, Truth]) -> None:
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in study[0].rglob("*.dcm")]
    assert {header.FrameOfReferenceUID for header in headers} == {study[1].frame_of_reference_uid}
    assert {header.StudyInstanceUID for header in headers} == {study[1].study_instance_uid}
    assert {header.SeriesInstanceUID for header in headers} == set(study[1].series.values())
    assert {header.PatientName.family_name for header in headers} == {"Simulated"}
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)


def test_a_strict_reader_finds_no_error_in_any_series(study: tuple[Path, Truth]) -> None:
    for series in (study[0] / "dicom").iterdir():
        checked = subprocess.run(["dciodvfy", str(series / "IM0001.dcm")], capture_output=True, text=True, check=False)
        assert "MRImage" in checked.stderr
        assert "Error" not in checked.stderr


@lru_cache(maxsize=12)
def levels_of(seed: int, severity: str) -> tuple[LevelTruth, ...]:
    """The true lumbar levels of a patient."""
    return measure(draw(seed, StudyOptions(severity=severity)))[-5:]


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_the_true_diameter_is_what_the_true_label_map_measures(seed: int) -> None:
    patient = draw(seed, StudyOptions(severity="severe"))
    for level in levels_of(seed, "severe"):
        step, reach = 0.25, np.arange(-25, 25, 0.25)
        points = level.canal_mm + reach[:, None] * level.anterior
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = level.left, level.anterior * step, level.up
        affine[:3, 3] = points[0]
        line = truth_segmentation(patient, affine, (1, len(reach), 1)).labels[0, :, 0]
        assert (line == Label.CANAL).sum() * step == pytest.approx(level.sac_ap_mm, abs=1.0)


def test_a_narrower_canal_is_a_narrower_sac() -> None:
    patient = draw(5, StudyOptions(severity="normal"))
    sizes = []
    for severity in (0.5, 1.5, 2.5, 3.5):
        discs = tuple(replace(disc, canal=severity) for disc in patient.discs)
        sizes.append([(level.sac_ap_mm, level.sac_area_mm2) for level in measure(replace(patient, discs=discs))[-4:-1]])
    assert (np.diff(np.array(sizes), axis=0) < -0.4).all()


def _by_sac(ap_mm: float, area_mm2: float) -> int:
    """Steps of stenosis by the dural sac's published thresholds (12 and 10 mm, 100 and 75 mm2)."""
    if ap_mm < 10 and area_mm2 < 75:
        return 3
    if ap_mm < 10 or area_mm2 < 75:
        return 2
    return 1 if ap_mm < 12 or area_mm2 < 100 else 0


def test_the_grade_follows_from_the_cause_and_agrees_with_the_sacs_thresholds() -> None:
    order = [Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE]
    apart = []
    for seed in range(6):
        for level in levels_of(seed, "severe"):
            grade = level.grades[Site.CANAL]
            assert grade is grade_of(level.severity[Site.CANAL])
            apart.append(abs(_by_sac(level.sac_ap_mm, level.sac_area_mm2) - order.index(grade)))
    assert max(apart) <= 1
    assert np.mean(np.array(apart) == 0) >= 0.8


def test_a_normal_patient_has_no_stenosis_and_a_severe_one_has() -> None:
    for seed in range(4):
        healthy = levels_of(seed, "normal")
        assert all(grade is Grade.NORMAL for level in healthy for grade in level.grades.values())
        assert all(level.sac_ap_mm >= 12 and level.sac_area_mm2 >= 100 for level in healthy)
        ill = levels_of(seed, "severe")
        assert any(level.grades[Site.CANAL] is Grade.SEVERE for level in ill)


def test_sagittal_and_axial_images_see_the_same_sac(study: tuple[Path, Truth]) -> None:
    folder, truth = study
    level = truth.level("L3-L4")
    middles = []
    for series in ("sagittal_t2", "axial_t2"):
        plane, pixels = min(_planes(folder / "dicom" / series), key=lambda item: _pixel(item[0], level.canal_mm)[2])
        assert _pixel(plane, level.canal_mm)[2] < 4
        grid_row, grid_column = np.indices(pixels.shape)
        row, column, _ = _pixel(plane, level.canal_mm)
        near = np.hypot((grid_row - row) * plane.spacing_mm[0], (grid_column - column) * plane.spacing_mm[1]) < 9
        bright = near & (pixels > 0.6 * pixels[near].max())
        middle = (
            plane.origin_mm
            + grid_row[bright].mean() * plane.spacing_mm[0] * plane.along_column
            + grid_column[bright].mean() * plane.spacing_mm[1] * plane.along_row
        )
        middles.append(float((middle - level.canal_mm) @ level.anterior))
    assert abs(middles[0] - middles[1]) < 2.5
    assert max(map(abs, middles)) < 3.5


def test_axial_blocks_lie_in_the_planes_of_their_discs(study: tuple[Path, Truth]) -> None:
    planes = [plane for plane, _ in _planes(study[0] / "dicom" / "axial_t2")]
    for name in ("L3-L4", "L4-L5", "L5-S1"):
        level = study[1].level(name)
        nearest = min(planes, key=lambda plane: _pixel(plane, level.centre_mm)[2])
        row, column, distance = _pixel(nearest, level.centre_mm)
        assert distance < 0.5
        assert 0 < row < nearest.shape[0]
        assert 0 < column < nearest.shape[1]
        assert float(nearest.normal @ level.up) == pytest.approx(1.0, abs=1e-3)


def test_a_straight_stack_reaches_from_the_third_disc_to_the_sacrum(other_study: tuple[Path, Truth]) -> None:
    folder, truth = other_study
    planes = [plane for plane, _ in _planes(folder / "dicom" / "axial_t2")]
    normals = np.array([plane.normal for plane in planes])
    np.testing.assert_allclose(normals, np.broadcast_to(normals[0], normals.shape), atol=1e-6)
    for name in ("L3-L4", "L4-L5", "L5-S1"):
        assert min(_pixel(plane, truth.level(name).centre_mm)[2] for plane in planes) < 4


@pytest.mark.parametrize("lumbar", [4, 5, 6])
def test_lumbar_vertebrae_are_as_many_as_asked_for(lumbar: int) -> None:
    truth = measure(draw(2, StudyOptions(lumbar_vertebrae=lumbar)))
    assert truth[-1].level == f"L{lumbar}-S1"
    assert next(level.level for level in truth if level.level.startswith("L")) == "L1-L2"


def test_true_labels_hold_every_structure_at_its_place() -> None:
    patient = draw(11)
    anatomy = anatomy_of(patient)
    for body in patient.bodies:
        centre = anatomy.layout.bodies[body.name].centre_mm
        assert anatomy.labels(centre[None])[0] == Label.VERTEBRA
    for level in measure(patient):
        assert anatomy.labels(level.centre_mm[None])[0] == Label.DISC
        assert anatomy.labels(level.canal_mm[None])[0] == Label.CANAL
    assert anatomy.labels(anatomy.layout.sacrum["S1"].centre_mm[None])[0] == Label.SACRUM
    assert anatomy.labels(np.array([[0.0, -300.0, 0.0]]))[0] == Label.BACKGROUND


def test_labels_do_not_depend_on_the_grid_that_asks() -> None:
    patient = draw(12)
    rng = np.random.default_rng(0)
    points = rng.uniform((-30, -40, -100), (30, 90, 60), (4000, 3))
    whole = anatomy_of(patient).labels(points)
    single = np.concatenate([anatomy_of(patient).labels(part) for part in np.array_split(points, 7)])
    np.testing.assert_array_equal(whole, single)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    segmentation = truth_segmentation(patient, affine, (1, 3, 3))
    assert segmentation.labels.shape == (1, 3, 3)
    np.testing.assert_array_equal(apply(affine, np.zeros(3)), np.zeros(3))


def test_the_truth_is_written_beside_the_images(study: tuple[Path, Truth]) -> None:
    folder, truth = study
    written = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert not list((folder / "dicom").rglob("*.json"))
    levels = {level["level"]: level for level in written["levels"]}
    assert set(LUMBAR_LEVELS) <= set(levels)
    assert levels["L4-L5"]["sac_ap_mm"] == pytest.approx(truth.level("L4-L5").sac_ap_mm, abs=0.001)
    assert written["series"] == truth.series
    assert set(levels["L4-L5"]["grades"]) == set(SITES)
    assert levels["L4-L5"]["cause"]["upper"] == "L4"
    canal = openings_of(truth.patient)["L4-L5"].bony_canal_ap_mm
    assert levels["L4-L5"]["openings"]["bony_canal_ap_mm"] == pytest.approx(canal, abs=0.001)
    assert [place["name"] for place in written["vertebrae"]][-6:] == ["L5", "S1", "S2", "S3", "S4", "S5"]
    heights = [point[2] for point in written["canal_curve_mm"]]
    assert heights == sorted(heights, reverse=True)
    with pytest.raises(KeyError):
        truth.level("L9-S9")


def test_the_report_beside_the_images_is_the_patients(study: tuple[Path, Truth]) -> None:
    assert (study[0] / "report.txt").read_text(encoding="utf-8") == report_text(study[1].patient, 3)


@pytest.mark.parametrize("wrong", [{"lumbar_vertebrae": 3}, {"axial": "spiral"}, {"severity": "grave"}])
def test_an_impossible_option_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the enum and our own check differ in words
        StudyOptions(**wrong)  # type: ignore[arg-type]


def test_slices_scanned_together_are_those_scanned_one_by_one(
    study: tuple[Path, Truth], monkeypatch: pytest.MonkeyPatch
) -> None:
    anatomy = anatomy_of(study[1].patient)
    protocol = Protocol("T2", 4000, 100, 16, 4.0, 0.4, noise=0.01, coil_mm=60, floor=0.4, saturation=0, seed=1)
    planes = acquire.disc_block(anatomy.layout.discs["L4-L5"], 24, 4.0, 3, protocol)
    together = acquire.images(anatomy, planes, [protocol], 2)
    monkeypatch.setattr(acquire, "TOGETHER", 1)
    np.testing.assert_array_equal(together, acquire.images(anatomy, planes, [protocol], 2))
