"""Which of a study's series fat is looked for in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from inference.images.choice import Stack
from inference.images.headers import Header
from inference.images.read import ChosenSeries, StudyImages
from inference.measures.levels import bright_fat
from inference.spine.find import Spine
from inference.types import Notice, Role, Rule, SeriesChoice, Volume

T2, T1 = Role.SAGITTAL_T2, Role.SAGITTAL_T1
PLAIN = Header(Path(), "", "", "", "MR", "SAG", "", "LSPINE", 100.0, 3500.0, None, False, False, "")
VOLUME = Volume(np.zeros((1, 1, 1), np.float32), np.eye(4))


def series(role: Role, header: Header) -> ChosenSeries:
    return ChosenSeries(SeriesChoice(role, role, "", Rule("series_chosen")), (Stack(role, (header,)),))


def bright(t1: Header, codes: tuple[str, ...] = ()) -> set[Role]:
    """The series whose fat counts. codes: of what is known of the T2 beyond its header."""
    images = StudyImages("", (series(T2, PLAIN), series(T1, t1)), {T2: VOLUME, T1: VOLUME})
    spine = Spine(cast(Any, None), cast(Any, None), tuple(Notice(code) for code in codes))
    return set(bright_fat(images, spine))


@pytest.mark.parametrize(
    ("t1", "codes", "expected"),
    [
        (PLAIN, (), {T2, T1}),
        (PLAIN, ("noise",), {T2, T1}),
        (replace(PLAIN, description="T1 SAG FS"), (), {T2}),
        (replace(PLAIN, contrast=True), (), {T2}),
        (PLAIN, ("fat_suppressed",), {T1}),
        (replace(PLAIN, description="T1 SAG FS"), ("fat_suppressed",), set()),
    ],
)
def test_fat_is_not_looked_for_where_it_is_suppressed_or_a_contrast_agent_was_given(
    t1: Header, codes: tuple[str, ...], expected: set[Role]
) -> None:
    assert bright(t1, codes) == expected
