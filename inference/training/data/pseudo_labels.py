"""Real mid-sagittal images (T1 and T2 of many scanners) with pseudo-labels: the answers of an older network.

Where T1 and T2 have the same pixels, both are labelled by the mean of the network's probabilities for the two. Only
images in which every listed disc is located are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import StudyError
from inference.images import preprocess
from inference.models.runtime import Network
from inference.spine import segment
from inference.spine.localise import localise
from inference.training.data import midsagittal
from inference.training.data.midsagittal import Series, Use
from inference.training.data.slab import BYTE_SCALE, Slab
from inference.types import FloatArray, Label, Segmentation, Volume


def slabs(data: Path, teacher: Network) -> Iterator[Slab]:
    """Images of the patients to train on, on the network's grid; their labels have no sacrum.

    data: the folder that holds ``spider/``.
    """
    all_series = midsagittal.listed(data)
    uses = midsagittal.used_for(all_series)
    groups: dict[tuple[object, ...], list[tuple[Series, Volume]]] = defaultdict(list)
    for series in all_series:
        if uses[series.patient] is Use.TRAIN and series.weighting != midsagittal.SPACE:
            volume = midsagittal.load(data, series)
            groups[series.patient, volume.array.shape, series.spacing_mm].append((series, volume))
    for group in groups.values():
        yield from _labelled(group, teacher)


def _labelled(group: list[tuple[Series, Volume]], teacher: Network) -> Iterator[Slab]:
    probabilities = np.mean([segment.predict(teacher, volume) for _, volume in group], axis=0)
    prepared = [preprocess.prepare(volume) for _, volume in group]
    labels = segment.tidy(np.argmax(probabilities, axis=0).astype(np.uint8), prepared[0].affine)
    if not _complete(labels, prepared[0].affine, max(series.discs for series, _ in group)):
        return
    labels[labels == Label.SACRUM] = Label.BACKGROUND
    for image in prepared:
        stored = np.round(image.array.clip(0, 1.5) * BYTE_SCALE).astype(np.uint8)
        yield Slab(stored, labels, image.affine, whole=False)


def _complete(labels: NDArray[np.uint8], affine: FloatArray, discs: int) -> bool:
    try:
        spine = localise(Segmentation(labels, affine))
    except StudyError:
        return False
    return len(spine.discs) + len(spine.higher) >= discs and spine.numbering.lowest == "L5-S1"
