"""Which series a reading uses, and what is said when none can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import (
    DuplicateSlicesError,
    MissingSpacingError,
    NoSagittalSeriesError,
    NotDicomError,
    TooFewSlicesError,
    TruncatedFileError,
    UnreadablePixelsError,
    WrongModalityError,
    WrongRegionError,
)
from inference.images import volume
from inference.images.choice import choose_series, stacks_of
from inference.images.headers import find_files, read_headers
from inference.types import Notice, Role, Rule
from tests.inference.series import edit, write


def choose(folder: Path) -> dict[Role, str]:
    headers = read_headers(find_files(folder))
    return {choice.role: choice.description for choice in choose_series(headers)}


def test_each_role_takes_the_series_that_its_geometry_and_timing_fit(tmp_path: Path) -> None:
    write(tmp_path, "sagittal", description="a")
    write(tmp_path, "sagittal", te=12, tr=550, description="b")
    write(tmp_path, "axial", description="c")
    write(tmp_path, "coronal", description="d")
    assert choose(tmp_path) == {Role.SAGITTAL_T2: "a", Role.SAGITTAL_T1: "b", Role.AXIAL_T2: "c"}


def test_a_misleading_description_does_not_outweigh_the_geometry(tmp_path: Path) -> None:
    write(tmp_path, "coronal", description="T2 SAG lumbar")
    write(tmp_path, "sagittal", description="T2 AX lumbar")
    assert choose(tmp_path)[Role.SAGITTAL_T2] == "T2 AX lumbar"


def test_a_plain_t2_is_preferred_to_a_fat_suppressed_one_with_more_slices(tmp_path: Path) -> None:
    write(tmp_path, "sagittal", slices=9, description="T2 fs sag")
    write(tmp_path, "sagittal", slices=5, description="T2 sag")
    headers = read_headers(find_files(tmp_path))
    choice = choose_series(headers)[0]
    assert choice.description == "T2 sag"
    assert choice.rule.values["echo_time_ms"] == 100
    assert choice.rule.values["others"] == 1


def test_a_localiser_is_never_read(tmp_path: Path) -> None:
    write(tmp_path, "sagittal", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    with pytest.raises(NoSagittalSeriesError):
        choose(tmp_path)


def test_a_study_without_axial_images_says_so_and_is_read(tmp_path: Path) -> None:
    write(tmp_path, "sagittal")
    headers = read_headers(find_files(tmp_path))
    axial = choose_series(headers)[-1]
    assert (axial.uid, axial.rule) == ("", Rule("series_absent", {"role": Role.AXIAL_T2}))


def test_without_a_sagittal_series_the_reader_is_told_what_to_send(tmp_path: Path) -> None:
    write(tmp_path, "axial")
    with pytest.raises(NoSagittalSeriesError) as caught:
        choose(tmp_path)
    assert "Send the sagittal T2" in caught.value.message


def test_a_single_slice_is_too_few(tmp_path: Path) -> None:
    write(tmp_path, "sagittal", slices=1)
    with pytest.raises(TooFewSlicesError, match="has 1 slice"):
        choose(tmp_path)


def test_two_slices_at_one_place_are_refused(tmp_path: Path) -> None:
    paths = write(tmp_path, "sagittal")
    first = read_headers(paths[:1])[0].slices[0]
    edit(paths[1:2], ImagePositionPatient=[float(v) for v in first.origin_mm])
    with pytest.raises(DuplicateSlicesError):
        choose(tmp_path)


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"])
def test_missing_geometry_is_named(tmp_path: Path, keyword: str) -> None:
    edit(write(tmp_path, "sagittal"), **{keyword: None})
    with pytest.raises(MissingSpacingError):
        choose(tmp_path)


@pytest.mark.parametrize("spacing", [[0, 0], [-1, 1]])
def test_impossible_spacing_is_missing_spacing(tmp_path: Path, spacing: list[float]) -> None:
    edit(write(tmp_path, "sagittal"), PixelSpacing=spacing)
    with pytest.raises(MissingSpacingError):
        choose(tmp_path)


@pytest.mark.parametrize("words", [{"BodyPartExamined": "CSPINE"}, {"SeriesDescription": "T2 sag cervical"}])
def test_a_cervical_study_is_refused_by_what_it_says(tmp_path: Path, words: dict[str, str]) -> None:
    edit(write(tmp_path, "sagittal"), **{"BodyPartExamined": "SPINE", "SeriesDescription": "T2 sag", **words})
    with pytest.raises(WrongRegionError):
        choose(tmp_path)


def test_a_thoracic_series_beside_the_lumbar_one_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "sagittal", slices=9, description="Sag T2 T-Spine", body_part="SPINE")
    write(tmp_path, "sagittal", slices=5, description="Sag T2", body_part="SPINE")
    assert choose(tmp_path)[Role.SAGITTAL_T2] == "Sag T2"


@pytest.mark.parametrize("words", ["Localizer", "3-pl Loc", "Survey", "Repérage"])
def test_a_localiser_that_only_its_name_gives_away_is_never_read(tmp_path: Path, words: str) -> None:
    write(tmp_path, "sagittal", te=4, tr=9, description=words)
    write(tmp_path, "sagittal")
    assert choose(tmp_path)[Role.SAGITTAL_T1] == ""


def test_a_ct_is_refused(tmp_path: Path) -> None:
    edit(write(tmp_path, "sagittal"), Modality="CT")
    with pytest.raises(WrongModalityError, match="CT"):
        choose(tmp_path)


def test_a_folder_without_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NotDicomError):
        choose(tmp_path)


def test_a_file_cut_in_its_header_is_truncated(tmp_path: Path) -> None:
    path = write(tmp_path, "sagittal")[0]
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises((TruncatedFileError, WrongModalityError)):
        choose(tmp_path)


def test_pixels_cut_short_are_said_to_be_cut_off_when_the_volume_is_loaded(tmp_path: Path) -> None:
    path = write(tmp_path, "sagittal")[0]
    path.write_bytes(path.read_bytes()[:-200])
    headers = read_headers(find_files(tmp_path))
    stack = stacks_of(headers)[0]
    with pytest.raises(TruncatedFileError, match="ends too early"):
        volume.load_volume(stack)


def test_rescale_values_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    edit(write(tmp_path, "sagittal"), RescaleSlope=[1.0, 2.0], RescaleIntercept=0.0)
    stack = stacks_of(read_headers(find_files(tmp_path)))[0]
    with pytest.raises(UnreadablePixelsError, match="rescale"):
        volume.load_volume(stack)


def test_a_series_too_large_to_hold_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "MAX_VOXELS", 1000)
    stack = stacks_of(read_headers(write(tmp_path, "sagittal")))[0]
    with pytest.raises(UnreadablePixelsError, match="voxels"):
        volume.load_volume(stack)


def test_slices_are_sorted_by_place_whatever_their_file_names(tmp_path: Path) -> None:
    paths = write(tmp_path, "sagittal")
    shuffled = [path.rename(path.with_name(f"{(7 * k) % 5}x.dcm")) for k, path in enumerate(paths)]
    stack = stacks_of(read_headers(shuffled))[0]
    places = [float(plane.origin_mm @ plane.normal) for plane in stack.slices]
    assert places == sorted(places)


def test_a_missing_slice_is_filled_in_place_and_told(tmp_path: Path) -> None:
    paths = write(tmp_path, "sagittal", slices=7)
    whole, _ = volume.load_volume(stacks_of(read_headers(paths))[0])
    holed, notices = volume.load_volume(stacks_of(read_headers(paths[:3] + paths[4:]))[0])
    assert holed.array.shape == whole.array.shape
    assert abs(holed.affine - whole.affine).max() < 1e-6
    assert notices == (Notice("slices_missing", values={"count": 1}),)
