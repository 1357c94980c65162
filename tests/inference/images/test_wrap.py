"""A volume wrapped as DICOM keeps its voxels, its geometry and the standard."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from inference.images.dicom_writer import SeriesTags, StudyTags, fresh_uid, uid_of, write_series
from inference.images.geometry import RAS_TO_LPS, apply
from inference.images.wrap import WrapOptions, wrap
from inference.types import Volume


def _oblique(spacing: tuple[float, float, float]) -> np.ndarray:
    angle, lean = 0.21, -0.13
    about_z = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag(spacing)
    affine[:3, 3] = (-31.2, 57.9, -104.4)
    return affine


def _read(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(pixels, (4, 4) affine of (0, row, column)) of every file."""
    out = []
    for path in paths:
        dataset = pydicom.dcmread(path)
        across = np.array(dataset.ImageOrientationPatient[:3], dtype=float)
        down = np.array(dataset.ImageOrientationPatient[3:], dtype=float)
        affine = np.eye(4)
        affine[:3, 1] = down * float(dataset.PixelSpacing[0])
        affine[:3, 2] = across * float(dataset.PixelSpacing[1])
        affine[:3, 3] = np.array(dataset.ImagePositionPatient, dtype=float)
        out.append((dataset.pixel_array, affine))
    return out


def _tags() -> SeriesTags:
    study = StudyTags(study_instance_uid=fresh_uid(), frame_of_reference_uid=fresh_uid())
    return SeriesTags(study=study, series_instance_uid=fresh_uid(), description="T2")


@pytest.mark.parametrize("codes", [("R", "A", "S"), ("L", "P", "I"), ("A", "S", "R"), ("I", "R", "P")])
def test_every_voxel_of_a_nifti_comes_back_at_its_own_place(tmp_path: Path, codes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    values = rng.permutation(6 * 10 * 14).reshape(6, 10, 14).astype(np.int16)
    image = nibabel.Nifti1Image(values, _oblique((4.4, 0.7, 0.8)))
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(codes)
    )
    image = image.as_reoriented(turn)
    nibabel.save(image, tmp_path / "volume.nii.gz")
    affine = RAS_TO_LPS @ nibabel.load(tmp_path / "volume.nii.gz").affine
    expected = {
        int(value): apply(affine, np.array(index, dtype=float))
        for index, value in np.ndenumerate(np.asarray(image.dataobj))
    }
    seen = 0
    for pixels, plane in _read(wrap(tmp_path / "volume.nii.gz", tmp_path / "out")):
        for (row, column), value in np.ndenumerate(pixels):
            np.testing.assert_allclose(plane @ (0, row, column, 1), (*expected[int(value)], 1), atol=1e-3)
            seen += 1
    assert seen == values.size


def test_sagittal_slices_are_turned_as_radiologists_view_them(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(5 * 8 * 9, dtype=np.int16).reshape(5, 8, 9), _oblique((4.0, 1.0, 1.0)))
    nibabel.save(image, tmp_path / "volume.nii")
    files = wrap(tmp_path / "volume.nii", tmp_path / "out")
    across, down = np.split(np.array(pydicom.dcmread(files[0]).ImageOrientationPatient, dtype=float), 2)
    assert len(files) == 5
    assert across[1] > 0.9, "columns run to the back"
    assert down[2] < -0.9, "rows run to the feet"


def test_an_oblique_volume_with_fractions_keeps_its_order_of_brightness(tmp_path: Path) -> None:
    array = np.random.default_rng(1).normal(size=(3, 12, 10)).astype(np.float32)
    paths = write_series(Volume(array, _oblique((3.0, 0.5, 0.5))), tmp_path, _tags())
    stored = np.stack([pixels for pixels, _ in _read(paths)])
    in_order = stored.ravel()[np.argsort(array, axis=None)].astype(int)
    assert (np.diff(in_order) >= 0).all()
    assert (in_order[0], in_order[-1]) == (0, 4095)


def test_a_sheared_volume_is_refused(tmp_path: Path) -> None:
    affine = np.eye(4)
    affine[1, 2] = 0.3
    with pytest.raises(ValueError, match="right angle"):
        write_series(Volume(np.zeros((2, 4, 4), dtype=np.float32), affine), tmp_path, _tags())


def test_a_four_dimensional_nifti_is_refused(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4, 2), dtype=np.int16), np.eye(4)), tmp_path / "v.nii")
    with pytest.raises(ValueError, match="4 dimensions"):
        wrap(tmp_path / "v.nii", tmp_path / "out")


def test_the_same_volume_gets_the_same_uids_and_another_seed_gets_others(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), np.eye(4)), tmp_path / "v.nii")
    first = pydicom.dcmread(wrap(tmp_path / "v.nii", tmp_path / "a")[0])
    again = pydicom.dcmread(wrap(tmp_path / "v.nii", tmp_path / "b")[0])
    other_seed = pydicom.dcmread(wrap(tmp_path / "v.nii", tmp_path / "c", WrapOptions(uid_seed="other"))[0])
    assert first.SOPInstanceUID == again.SOPInstanceUID
    assert first.StudyInstanceUID != other_seed.StudyInstanceUID
    assert uid_of("a", "b") != uid_of("ab")


def test_a_strict_reader_finds_no_error_in_a_wrapped_volume(tmp_path: Path) -> None:
    nibabel.save(
        nibabel.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), _oblique((3, 1, 1))), tmp_path / "v.nii"
    )
    for path in wrap(tmp_path / "v.nii", tmp_path / "out"):
        checked = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "MRImage" in checked.stderr
        assert "Error" not in checked.stderr
