"""Which of a study's series fat is looked for in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.images.headers import Header
from inference.located import with_bright_fat
from inference.types import QualityFinding, Role, SeriesChoice, Volume

T2, T1 = Role.SAGITTAL_T2, Role.SAGITTAL_T1
PLAIN = Header(Path(), "", "", "", "MR", "SAG", "", "LSPINE", 100.0, 3500.0, None, False, False, "")
VOLUME = Volume(np.zeros((1, 1, 1), np.float32), np.eye(4))


def seen(t1: Header, codes: tuple[str, ...] = ()) -> set[Role]:
    """The series whose fat counts. codes: what is known of the T2 beyond its header."""
    headers = [replace(PLAIN, series_instance_uid=T2), replace(t1, series_instance_uid=T1)]
    choices = [SeriesChoice(role, role, "", "") for role in (T2, T1)]
    doubts = {T2: [QualityFinding(code, "") for code in codes]}
    return set(with_bright_fat(headers, choices, {T2: VOLUME, T1: VOLUME}, doubts))


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
    assert seen(t1, codes) == expected
