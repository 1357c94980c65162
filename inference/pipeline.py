"""read_study(): the stages of a reading in order, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inference.grading.heads import find_levels, load_heads
from inference.images.read import read_images
from inference.models import registry
from inference.progress import Progress, silent
from inference.result.compose import Result, compose
from inference.spine.find import find_spine
from inference.types import Step


@dataclass(frozen=True)
class Models:
    """The networks a worker holds for its lifetime. heads: by name, of `grading.heads.HEADS`."""

    segmenter: registry.Model
    heads: Mapping[str, Any]


def load_models(
    device: str = "cpu", chosen: Mapping[str, registry.Choice] = MappingProxyType({}), models_root: Path | None = None
) -> Models:
    """Load the models once: those `chosen` by name from `models_root`, the shipped ones otherwise.

    Raises registry.DamagedModelError and registry.MissingModelError.
    """
    which = chosen.get("segment", registry.SHIPPED)
    segmenter = registry.load("segment", device, version=which.version, sha256=which.sha256, models_root=models_root)
    return Models(segmenter, load_heads(device, chosen, models_root))


def read_study(paths: Sequence[Path], models: Models, progress: Progress = silent) -> Result:
    """Read the DICOM files of one study.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    images = read_images(paths, progress)
    spine = find_spine(images, models.segmenter, progress)
    measured, findings = find_levels(images, spine, models.heads, progress)
    progress(Step.DRAFTING, 0.0)
    return compose(images, spine, measured, findings, (models.segmenter, *models.heads.values()))
