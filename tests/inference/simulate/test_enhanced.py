"""An enhanced multi-frame object is the same stack as its slices in single files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from inference.images import volume
from inference.images.choice import choose_series, stacks_of
from inference.images.headers import read_headers
from inference.types import Role
from tests.inference.series import write

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def item(**values: object) -> Sequence:
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return Sequence([data])


def as_one_file(paths: list[Path], out: Path) -> Path:
    """The files of a classic series as one enhanced MR object, frames out of order."""
    slices = [pydicom.dcmread(path) for path in paths[2:] + paths[:2]]
    whole = slices[0]
    frames = []
    for data in slices:
        frame = Dataset()
        frame.PlanePositionSequence = item(ImagePositionPatient=data.ImagePositionPatient)
        frames.append(frame)
    shared = Dataset()
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=whole.ImageOrientationPatient)
    shared.PixelMeasuresSequence = item(PixelSpacing=whole.PixelSpacing, SliceThickness=whole.SliceThickness)
    shared.MREchoSequence = item(EffectiveEchoTime=float(whole.EchoTime))
    shared.MRTimingAndRelatedParametersSequence = item(RepetitionTime=float(whole.RepetitionTime))
    whole.PixelData = b"".join(data.PixelData for data in slices)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "EchoTime", "RepetitionTime"):
        del whole[keyword]
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = ENHANCED_MR
    whole.NumberOfFrames = len(slices)
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    whole.save_as(out)
    return out


def test_frames_are_read_as_the_slices_that_they_are(tmp_path: Path) -> None:
    paths = write(tmp_path / "classic", "sagittal", description="T2 sag")
    classic, _ = volume.load_volume(stacks_of(read_headers(paths))[0])
    one = as_one_file(paths, tmp_path / "enhanced.dcm")
    headers = read_headers([one])
    assert choose_series(headers)[0].role is Role.SAGITTAL_T2
    assert choose_series(headers)[0].rule.values["echo_time_ms"] == 100
    enhanced, notices = volume.load_volume(stacks_of(headers)[0])
    assert notices == ()
    assert np.allclose(enhanced.affine, classic.affine)
    assert np.array_equal(enhanced.array, classic.array)
    assert [plane.frame for plane in enhanced.slices] != [1, 2, 3, 4, 5]
