"""Numbers and lists in words."""

from __future__ import annotations

from collections.abc import Sequence

from inference.types import Measurement

#: No probability is shown as certain: beyond these it is ``over 99 %`` or ``under 1 %``.
SURE, HARDLY = 0.99, 0.01


def percent(probability: float) -> str:
    """``71 %``; never certain."""
    if probability > SURE:
        return "over 99 %"
    return "under 1 %" if probability < HARDLY else f"{100 * probability:.0f} %"


def amount(one: Measurement) -> str:
    """``11.2 mm``, ``at least 180 mm²``, ``4.1 ± 0.3 mm`` or ``not measured``."""
    if one.value is None:
        return "not measured"
    decimals = 1 if one.unit == "mm" else 0
    spread = f" ± {one.plus_minus:.{decimals}f}" if one.plus_minus is not None else ""
    gap = "" if one.unit == "°" else " "
    return f"{'at least ' if one.lower_bound else ''}{one.value:.{decimals}f}{spread}{gap}{one.unit}"


def unusual(side: int) -> str:
    """What `norms.side` found, in words; empty where it lies within the usual range or is not known."""
    return {-1: "below the usual range", 1: "above the usual range"}.get(side, "")


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
