"""The studies of an archive as the grader sees them: located and cut by the product's own code, kept one file each.

``KEY.npz``: the cuts of a study's levels. ``KEY.json``: why it has none. The key holds the study's files, the
segmenter and the version of this code: what is there is not read again, what has changed is, and what could not be
read because disk or memory failed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.errors import StudyError
from inference.grading import crops
from inference.grading.grader import level_cuts, sizes
from inference.images.read import read_images
from inference.measures.levels import MeasuredLevels, measure_levels
from inference.progress import Bar
from inference.spine import designate
from inference.spine.find import Spine, find_spine
from inference.training.archive.index import Study, hashed
from inference.training.data.grade_cuts import VARIANTS, arrays_of, made_by
from inference.training.data.grade_samples import jittered, segmenter
from inference.training.data.processes import spread
from inference.types import LEVELS, LUMBAR_LEVELS, Role


@dataclass(frozen=True)
class _Task:
    files: tuple[Path, ...]
    out: Path
    key: str


def key_of(study: Study, made_by: str) -> str:
    """The name of a study's file. made_by: of `grade_cuts`."""
    return hashed(f"{made_by} {study.mark}")


def cut_all(studies: Sequence[Study], folder: Path, workers: int) -> Iterator[tuple[Study, Path | None, str]]:
    """Cut what is not there yet, then (study, its file, why it has none) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [_Task(study.files, folder, key_of(study, made_by())) for study in studies]
    missing = [task for task in tasks if not _settled(task)]
    bar, done = Bar("studies located and cut"), len(tasks) - len(missing)
    bar(done, len(tasks))
    for number, _ in enumerate(spread(_cut, missing, workers), start=done + 1):
        bar(number, len(tasks))
    for study, task in zip(studies, tasks, strict=True):
        made, dropped = _places(task)
        if made.exists():
            yield study, made, ""
        else:
            yield study, None, str(_note(dropped)["dropped"])


def _places(task: _Task) -> tuple[Path, Path]:
    return task.out / f"{task.key}.npz", task.out / f"{task.key}.json"


def _note(dropped: Path) -> dict[str, Any]:
    taught_labels: dict[str, Any] = json.loads(dropped.read_text(encoding="utf-8"))
    return taught_labels


def _settled(task: _Task) -> bool:
    made, dropped = _places(task)
    return made.exists() or (dropped.exists() and not _note(dropped).get("passing"))


def _cut(task: _Task) -> None:
    """Locate and cut one study, or note why not. Nothing about one study stops the others."""
    made, dropped = _places(task)
    part = made.with_suffix(f".{os.getpid()}.part")
    try:
        arrays = _arrays(task)
    except DoubtfulError as error:
        problem, passing = f"localisation: {error.code}", False
    except StudyError as error:
        problem, passing = f"images: {error.code}", _of_the_system(error.__cause__)
    except Exception as error:  # noqa: BLE001 - told by its name in the data sheet: one study must not end a night's run
        problem, passing = f"images: unexpected {type(error).__name__}", _of_the_system(error)
    else:
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        part.replace(made)
        return
    part.write_text(json.dumps({"dropped": problem, "passing": passing}), encoding="utf-8")
    part.replace(dropped)


def _of_the_system(error: BaseException | None) -> bool:
    """Whether disk, network or memory failed, not the study: another run may read it."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and bool(error.errno))


class DoubtfulError(StudyError):
    """A study that is located, and that must not teach."""

    def __init__(self, code: str) -> None:
        super().__init__("This study is doubtful.")
        self.code = code


def _arrays(task: _Task) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    """The cuts by level and variant: the product's own first, then with frames that are a little wrong.

    level: (n,), index in `LUMBAR_LEVELS`. foramina: (n, 2), whether the slab reaches the left and the right one.
    """
    images = read_images(task.files)
    spine = find_spine(images, segmenter(torch.get_num_threads()))
    measured = measure_levels(images, spine)
    if doubt := doubt_of(spine, measured):
        raise DoubtfulError(doubt)
    prepared = {role: crops.prepare(volume) for role, volume in images.sagittal.items()}
    axial = crops.images_through(images.of(Role.AXIAL_T2).stacks, measured.axial)
    whole = [disc for disc in measured.discs if disc.level in LUMBAR_LEVELS and not spine.is_spoilt(disc)]
    levels = level_cuts(whole, prepared, axial)
    if not levels:
        raise DoubtfulError("no level to cut")
    rng = np.random.default_rng([67, int(task.key, 16)])
    cuts = []
    for disc, cut in levels:
        wrong = [jittered(disc, rng) for _ in range(VARIANTS - 1)]
        cuts.append([cut, *(crops.cut(one, prepared, axial.get(disc.level, ())) for one in wrong)])
    return {
        **arrays_of(cuts),
        "sizes": np.array([sizes(disc, measured.measurements) for disc, _ in levels]),
        "level": np.array([LUMBAR_LEVELS.index(disc.level) for disc, _ in levels]),
        "foramina": np.array([cut.foramina for _, cut in levels]),
    }


def doubt_of(spine: Spine, measured: MeasuredLevels) -> str:
    """Why a study's levels are not certain enough to be taught by name; empty when they are."""
    numbering, codes = spine.levels.numbering, {finding.code for finding in spine.quality}
    if not set(LUMBAR_LEVELS) <= {disc.level for disc in measured.discs}:
        return "a lumbar disc was not found"
    if numbering.alternative_probability >= designate.LEAST_REPORTED or numbering.lowest != LEVELS[-1]:
        return "level names are uncertain"
    if numbering.transitional:
        return "a transitional vertebra is possible"
    return "odd distance between discs" if "odd_spacing" in codes or spine.levels.filled else ""
