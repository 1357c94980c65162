"""What an archive's studies teach: labels of what the images show, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.simulate.causes.records import SITES
from inference.training.archive import levels
from inference.training.archive.index import Study, hashed
from inference.training.archive.levels import Labelled
from inference.training.data import grade_cuts
from inference.training.data.grade_samples import PRESENT, UNSAID
from inference.types import LUMBAR_LEVELS

LEFT, RIGHT = SITES.index("foramen_left"), SITES.index("foramen_right")


def labelled(folder: Path, grades: NDArray[np.int8], foramina: list[list[bool]]) -> Labelled:
    """A study whose first levels were cut, one for each row of `foramina`: whether the slab reaches them."""
    count = len(foramina)
    arrays = {
        name: np.zeros((count, *shape), kind)
        for name, (shape, kind) in levels._SHAPES.items()
        if name not in ("exact", "truth", "report", "seed")
    }
    np.savez(folder / "cuts.npz", **arrays, level=np.arange(count), foramina=np.array(foramina))
    return Labelled(Study(hashed("A1"), hashed("P1"), (), ""), folder / "cuts.npz", grades)


def test_all_studies_of_a_patient_are_for_the_same() -> None:
    nothing, groups = np.zeros((0, 0), np.int8), set()
    for patient in range(40):
        studies = [Study(hashed(f"A{patient}-{k}"), hashed(f"P{patient}"), (), str(k)) for k in range(3)]
        (group,) = {Labelled(study, Path(str(k)), nothing).group for k, study in enumerate(studies)}
        groups.add(group)
    assert groups == set(grade_cuts.Group)


def test_a_foramen_out_of_reach_is_not_taught_and_makes_no_silent_level_normal(tmp_path: Path) -> None:
    grades = np.full((len(LUMBAR_LEVELS), len(SITES)), UNSAID, np.int8)
    grades[1, [0, LEFT]] = 2
    study = labelled(tmp_path, grades, [[False, True], [False, True]])
    levels.pack([study], tmp_path / "train")
    taught = grade_cuts.labels(levels.opened(tmp_path / "train"), "report")
    assert taught.tolist() == [[-1] * 5, [2, -1, 0, -1, -1]]


def test_arrays_are_written_anew_when_the_last_run_ended_while_it_noted_them(tmp_path: Path) -> None:
    study = labelled(tmp_path, np.full((len(LUMBAR_LEVELS), len(SITES)), 1, np.int8), [[True, True]])
    levels.pack([study], tmp_path / "train")
    (tmp_path / "train" / levels.NOTE).write_text("")
    levels.pack([study], tmp_path / "train")
    assert (levels.opened(tmp_path / "train").report == 1).all()


def test_labels_of_what_the_cuts_do_not_show_are_counted(tmp_path: Path) -> None:
    grades = np.full((len(LUMBAR_LEVELS), len(SITES)), UNSAID, np.int8)
    grades[0, [LEFT, RIGHT]], grades[1, LEFT], grades[4, :3] = 3, PRESENT, 1
    study = labelled(tmp_path, grades, [[False, True], [False, True]])
    assert levels.unseen(study) == {
        "of a foramen that the slices do not reach": 1,
        "of a level that was not cut": 3,
    }
