"""Mid-sagittal images that an older network labels: only whole ones are learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from inference.images.geometry import apply
from inference.models.unet import UNetConfig
from inference.simulate.causes.patient import draw
from inference.simulate.truth.study_truth import measure, truth_segmentation
from inference.training.data import pseudo_labels
from inference.training.data.midsagittal import Series
from inference.types import Label, Volume

AFFINE = np.array([[4.0, 0, 0, 0], [0, 0, 0.75, 0], [0, -0.75, 0, 0], [0, 0, 0, 1.0]])


class ImageAsLabels:
    """A network that says the classes which stand in the image as a tenth of their value."""

    config = UNetConfig()
    multiple = 16
    runtime = "none"

    def chances(self, windows):
        import torch

        labels = (windows[:, 1] * 10).round().long().clamp(0, 4)
        return torch.nn.functional.one_hot(labels, 5).movedim(-1, 1).float()


@pytest.fixture(scope="module")
def image() -> Volume:
    """True labels of a simulated patient in the middle, written as grey values that survive the scaling."""
    person = draw(1)
    levels = {level.level: level for level in measure(person)}
    affine = AFFINE.copy()
    affine[:3, 3] = levels["L3-L4"].centre_mm - apply(AFFINE, np.array([0.0, 190.0, 100.0]))
    truth = truth_segmentation(person, affine, (1, 384, 208)).labels.astype(np.float32)
    truth[0, :4] = 10  # the darkest and the brightest, so that scaling changes nothing
    return Volume(truth / 10, affine)


@pytest.mark.parametrize(("listed", "kept"), [(6, 2), (12, 0)])
def test_both_weightings_take_the_common_labels_if_every_listed_disc_is_found(
    image: Volume, listed: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.images.preprocess.normalise", lambda array: array)
    group = [(Series(f"1_{name}", 1, name, (0.75, 0.75), listed), image) for name in ("t1", "t2")]
    slabs = list(pseudo_labels._labelled(group, ImageAsLabels()))
    assert len(slabs) == kept
    for slab in slabs:
        assert not slab.whole
        assert set(np.unique(slab.labels)) == {0, Label.VERTEBRA, Label.DISC, Label.CANAL}
