"""The list of real mid-sagittal images and the split of their patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.training.data import midsagittal, spider
from inference.training.data.midsagittal import Use

HEADER = "new_file_name,patient,sex,subset,PixelSpacing,SliceThickness,num_vertebrae,num_discs"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two patients of one image each, as SPIDER writes them."""
    folder = tmp_path / "spider" / "midsagittal"
    folder.mkdir(parents=True)
    lines = (HEADER, '10_t2,10,F,training,"[0.5, 0.6]",4.0,7,7', "9_t1,9,M,training,[0.7 0.8],4.0,7,6")
    (tmp_path / "spider" / "series.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Image.fromarray(np.full((4, 5), 7, np.uint8)).save(folder / "9_t1.png")
    return tmp_path


def test_both_ways_of_writing_a_pixel_size_are_read_and_patients_are_in_order_of_number(data: Path) -> None:
    first, second = midsagittal.listed(data)
    assert (first.patient, first.weighting, first.spacing_mm, first.discs) == (9, "t1", (0.7, 0.8), 6)
    assert (second.patient, second.spacing_mm) == (10, (0.5, 0.6))


def test_a_t2_line_that_repeats_the_t2_space_line_takes_the_pixel_size_of_t1(data: Path) -> None:
    with (data / "spider" / "series.csv").open("a", encoding="utf-8") as file:
        for name, size in (("t1", 0.6), ("t2", 0.4), ("t2_SPACE", 0.4)):
            file.write(f"3_{name},3,F,training,[{size} {size}],4.0,7,7\n")
    assert [series.spacing_mm[0] for series in midsagittal.listed(data) if series.patient == 3] == [0.6, 0.6, 0.4]


def test_an_image_is_a_volume_of_one_slice_with_rows_to_the_feet_and_columns_to_the_back(data: Path) -> None:
    volume = midsagittal.load(data, midsagittal.listed(data)[0])
    assert volume.array.shape == (1, 4, 5)
    assert volume.affine[2, 1] == -0.7
    assert volume.affine[1, 2] == 0.8


def test_whose_volume_was_trained_on_is_not_reported_on_and_a_third_of_the_others_is() -> None:
    volumes = [*spider.TUNE, *spider.REPORT, 300, 301, 302, 303]
    listed = [midsagittal.Series(f"{n}_t2_SPACE", n, "t2_SPACE", (1.0, 1.0), 7) for n in volumes]
    listed += [midsagittal.Series(f"{n}_t2", n, "t2", (1.0, 1.0), 7) for n in range(400, 430)]
    uses = midsagittal.used_for(listed)
    assert {uses[n] for n in (300, 301, 302, 303)} == {Use.TRAIN}
    assert {uses[n] for n in spider.REPORT} == {Use.REPORT}
    assert {uses[n] for n in spider.TUNE} == {Use.TUNE}
    assert sum(uses[n] is Use.REPORT for n in range(400, 430)) == 10
