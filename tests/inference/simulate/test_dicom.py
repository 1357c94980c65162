"""Files as scanners' makers write them: valid, the same images, and the right series chosen among others."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.images import volume
from inference.images.choice import choose_series, series_stacks
from inference.images.geometry import stack_affine
from inference.images.headers import find_files, read_headers
from inference.simulate import study
from inference.simulate.causes.options import Habit, StudyOptions
from inference.simulate.scanner.series import Kind
from inference.simulate.scanner.vendors import MAKERS, Between, Files
from inference.simulate.truth.study_truth import Truth
from inference.types import Role

ALL = StudyOptions(scale="small", distractors="all")


def _pattern(_anatomy: object, planes: list, protocols: list, _samples: int) -> list[list[np.ndarray]]:
    """Images without anatomy: every pixel says which slice, row and column it is."""
    out = []
    for which in range(len(protocols)):
        shapes = [plane.shape for plane in planes]
        out.append([np.add.outer(np.arange(r) * 3, np.arange(c)) + 37 * k + which for k, (r, c) in enumerate(shapes)])
    return [[np.asarray(image, dtype=np.uint16) for image in images] for images in out]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[Habit, tuple[Path, Truth]]:
    """The same patient with every series by every maker; the anatomy is not drawn."""
    folder = tmp_path_factory.mktemp("makers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study.acquire, "images", _pattern)
        return {
            habit: (folder / habit, study.write_study(folder / habit, 31, replace(ALL, habit=habit)))
            for habit in MAKERS
        }


def _first(studies: dict[Habit, tuple[Path, Truth]], habit: Habit, kind: Kind = Kind.SAGITTAL_T2) -> pydicom.Dataset:
    folder = studies[habit][0] / "dicom" / kind
    return min((pydicom.dcmread(path) for path in folder.iterdir()), key=lambda data: int(data.InstanceNumber))


@pytest.mark.parametrize("habit", MAKERS)
def test_a_strict_reader_finds_no_error_in_any_kind_of_series(
    studies: dict[Habit, tuple[Path, Truth]], habit: Habit
) -> None:
    for folder in (studies[habit][0] / "dicom").iterdir():
        file = sorted(folder.iterdir())[0]
        checked = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
        assert "MRImage" in checked.stderr
        assert "Error" not in checked.stderr, (folder.name, checked.stderr)


@pytest.mark.parametrize("habit", MAKERS)
def test_the_series_of_a_reading_are_found_among_all_others(
    studies: dict[Habit, tuple[Path, Truth]], habit: Habit
) -> None:
    folder, truth = studies[habit]
    headers = read_headers(find_files(folder))
    chosen = {choice.role.value: choice.uid for choice in choose_series(headers)}
    assert chosen == truth.series
    assert set(truth.other_series) == {kind.value for kind in Kind} - {role.value for role in Role}


@pytest.mark.parametrize("habit", MAKERS)
def test_every_maker_says_the_same_image_at_the_same_place(
    studies: dict[Habit, tuple[Path, Truth]], habit: Habit
) -> None:
    stacks = []
    for which in (Habit.PLAIN, habit):
        folder, truth = studies[which]
        headers = read_headers(find_files(folder / "dicom" / Kind.SAGITTAL_T2))
        stacks.append(volume.load_volume(series_stacks(headers, truth.series["sagittal_t2"])[0])[0])
    plain, made = stacks
    np.testing.assert_allclose(stack_affine(list(made.slices)), stack_affine(list(plain.slices)), atol=0.03)
    np.testing.assert_allclose(made.array, plain.array * (MAKERS[habit].slope or 1.0), rtol=1e-5)


def test_makers_differ_in_transfer_syntax_files_and_names(studies: dict[Habit, tuple[Path, Truth]]) -> None:
    heads = {habit: _first(studies, habit) for habit in MAKERS}
    assert len({head.file_meta.TransferSyntaxUID.name for head in heads.values()}) == 5
    assert len({str(head.SeriesDescription) for head in heads.values()}) == len(MAKERS)
    assert all("simul" in str(head.PatientName).lower() for head in heads.values())
    assert "模拟^病人" in str(heads[Habit.DATOO].PatientName)
    assert "é" in str(heads[Habit.CALIMA].PatientName)
    multi = [habit for habit, head in heads.items() if "NumberOfFrames" in head]
    assert multi == [habit for habit, maker in MAKERS.items() if maker.files is Files.MULTI_FRAME]
    assert heads[Habit.FOEHN].get("EchoTime") is None


def test_spacing_between_slices_is_what_its_maker_takes_it_to_mean(studies: dict[Habit, tuple[Path, Truth]]) -> None:
    for habit, maker in MAKERS.items():
        head = _first(studies, habit)
        if maker.between is Between.ABSENT:
            assert "SpacingBetweenSlices" not in head
        elif maker.files is Files.SINGLE:
            expected = 0.5 if maker.between is Between.GAP else 5.5
            assert float(head.SpacingBetweenSlices) == pytest.approx(expected, abs=0.01)


def test_private_groups_say_who_made_them(studies: dict[Habit, tuple[Path, Truth]]) -> None:
    for habit, maker in MAKERS.items():
        head = _first(studies, habit)
        for group in maker.private:
            block = head.private_block(group.group, group.creator)
            assert all(offset in block for offset, _, _ in group.elements)
