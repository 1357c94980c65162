"""Names of vertebrae and discs as places along the whole spine: moved, and put in order."""

from __future__ import annotations

#: Every vertebra of the thoracic and lumbar spine and of the sacrum, from the head down.
SPINE = tuple(f"{part}{number}" for part, count in (("T", 12), ("L", 5), ("S", 5)) for number in range(1, count + 1))


def moved(name: str, shift: int) -> str:
    """The name `shift` levels further up (down if negative) of a vertebra, a disc or a stretch such as ``L1-S1``.

    What is no such name (``canal``) stays. Raises ValueError for a name that would leave the spine.
    """
    parts = name.split("-")
    if not set(parts) <= set(SPINE):
        return name
    places = [SPINE.index(part) - shift for part in parts]
    if not all(0 <= place < len(SPINE) for place in places):
        raise ValueError(f"{name} cannot be moved by {shift} levels.")
    return "-".join(SPINE[place] for place in places)


def order(name: str) -> int:
    """A key that sorts names from the head down; by the upper vertebra. Raises ValueError for no name."""
    return SPINE.index(name.split("-", maxsplit=1)[0])
