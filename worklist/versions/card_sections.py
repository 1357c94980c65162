"""A model's card as people read it: sections of labelled lines."""

from __future__ import annotations

from typing import Any

#: Section, and the keys of the card that it shows; a dot leads one level down.
SECTIONS = (
    ("What it does", ("task", "classes")),
    ("Data", ("training.data", "data", "training.left_out_patients", "training.tuning_patients")),
    ("Figures", ("figures", "training.tuning_dice")),
    ("Limits", ("limits",)),
    ("Weights", ("sha256",)),
)
DECIMALS = 3

Line = tuple[str, str]


def sections(card: dict[str, Any]) -> list[dict[str, Any]]:
    """All that the card says, what a person should know first."""
    rest = {key: value for key, value in card.items() if key not in ("name", "version")}
    told = []
    for title, keys in SECTIONS:
        # What the section is called need not stand before each of its lines.
        labels = ["" if key == title.lower() else key.rsplit(".", maxsplit=1)[-1] for key in keys]
        lines = [line for label, key in zip(labels, keys, strict=True) for line in _lines(label, _taken(rest, key))]
        if lines:
            told.append({"title": title, "lines": lines, "plain": not any(label for label, _ in lines), "aside": False})
    more = [line for key, value in rest.items() for line in _lines(key, value)]
    return [*told, {"title": "Network and training", "lines": more, "aside": True}] if more else told


def _taken(card: dict[str, Any], key: str) -> Any:
    first, _, below = key.partition(".")
    if not below:
        return card.pop(first, None)
    inner = card.get(first)
    if not isinstance(inner, dict) or below not in inner:
        return None
    card[first] = {name: value for name, value in inner.items() if name != below}
    return inner[below]


def _lines(key: str, value: Any) -> list[Line]:
    """A value as lines of (label, text); what is nested has the labels of all above it."""
    label = key.replace("_", " ")
    if value is None or value in ([], {}):
        return []
    if isinstance(value, dict):
        above = f"{label}, " if label else ""
        return [(above + inner, text) for name, item in value.items() for inner, text in _lines(str(name), item)]
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and any(" " in item for item in value):
        return [(label, item) for item in value]
    if isinstance(value, list):
        return [(label, ", ".join(_text(item) for item in value))]
    return [(label, _text(value))]


def _text(value: Any) -> str:
    return f"{value:.{DECIMALS}g}" if isinstance(value, float) else str(value)
