"""Texts and reports for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
_GRADES = st.sampled_from(["mild", "moderate", "severe"])
_SITES = st.sampled_from(["canal stenosis", "left foraminal narrowing", "right lateral recess stenosis",
                          "bilateral neural foraminal stenosis"])  # fmt: skip
_CLAUSES = st.one_of(
    st.builds("{} {}".format, _GRADES, _SITES),
    st.builds("no {}".format, _SITES),
    st.sampled_from(
        ["disc bulge compressing the thecal sac", "both exit canals are patent", "left paracentral protrusion"]
    ),
)
_WORDS = (
    "L4-5 L5/S1: no mild severe canal foramina , . ; and or with left right both ( ) | compressing thecal sac is of at"
    " the remaining levels normal none nerve root S1 to from previously now : - / disc bulge D12 L3-S1 multilevel"
)
_PIECES = st.sampled_from([*_WORDS.split(), "\n"])


def any_text() -> st.SearchStrategy[str]:
    """Any characters, or words of reports in any order."""
    return st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=40).map(" ".join))


@st.composite
def reports(draw: st.DrawFn) -> str:
    """A report of headed levels, each with a few clauses."""
    levels = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return "\n".join(f"{level}: {'. '.join(draw(st.lists(_CLAUSES, min_size=1, max_size=3)))}." for level in levels)
