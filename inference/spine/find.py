"""The second stage of a reading: sagittal volume -> segmentation, curve, named discs and vertebrae."""

from __future__ import annotations

from dataclasses import dataclass

from inference.images.read import StudyImages
from inference.models import registry
from inference.progress import Progress, silent
from inference.spine import quality
from inference.spine.localise import Localisation, localise
from inference.spine.segment import segment
from inference.types import DiscLevel, Notice, Segmentation, Step


@dataclass(frozen=True)
class Spine:
    """The spine in the leading volume.

    levels: curve, discs and vertebrae, named. quality: what is doubtful about the images.
    """

    segmentation: Segmentation
    levels: Localisation
    quality: tuple[Notice, ...]

    def is_spoilt(self, disc: DiscLevel) -> bool:
        """Whether something about the images forbids to judge this disc."""
        return disc.level in quality.spoilt_places(self.quality)


def find_spine(images: StudyImages, segmenter: registry.Model, progress: Progress = silent) -> Spine:
    """Segment the leading volume, name its discs and judge its quality.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    progress(Step.SEGMENTING, 0.0)
    segmentation = segment(segmenter.run, images.volume, lambda share: progress(Step.SEGMENTING, share))
    progress(Step.LOCALISING, 0.0)
    levels = localise(segmentation)
    return Spine(segmentation, levels, quality.assess(images.header, images.volume, segmentation, levels))
