"""Every `Notice` in words, by its code, with the values that each carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inference.result.words.amounts import listed
from inference.result.words.labels import grade_word, role_word
from inference.types import Notice

Values = Mapping[str, Any]
Places = tuple[str, ...]


def notice_words(notice: Notice) -> str:
    """A notice as a sentence or two. Raises KeyError for a code without words."""
    words = NOTICES[notice.code]
    return words if isinstance(words, str) else words(notice.values, notice.places)


def notices_words(notices: Iterable[Notice]) -> str:
    """Several notices as one text."""
    return " ".join(notice_words(notice) for notice in notices)


def _slices_missing(values: Values, _places: Places) -> str:
    count = values["count"]
    are, them = ("slice is", "it") if count == 1 else ("slices are", "them")
    return f"{count} {are} missing inside the sagittal series; neighbours stand in for {them}."


def _names_uncertain(values: Values, _places: Places) -> str:
    return (
        f"The level names are uncertain: the lowest disc found is taken for {values['lowest']} "
        f"({values['probability']:.0%}), it may be {values['alternative']} "
        f"({values['alternative_probability']:.0%}). Check the count."
    )


def _small_lowest_disc(values: Values, _places: Places) -> str:
    return (
        f"The lowest disc is small ({values['depth_mm']:.0f} mm deep, {values['height_mm']:.1f} mm high): "
        "a transitional vertebra is possible. Check the count."
    )


def _disc_in_sacrum(values: Values, _places: Places) -> str:
    return (
        f"There is a disc within the sacrum ({values['depth_mm']:.0f} mm deep): "
        "S1 may be a lumbar vertebra, a transitional one. Check the count."
    )


def _fat_suppressed(values: Values, _places: Places) -> str:
    """fat_to_csf: signal of fat, where the images say so and not the header."""
    if "fat_to_csf" in values:
        return "Fat is dark: it seems to be suppressed in this series. Check the grades."
    return "Fat is suppressed in this series: the canal's edge is less certain. Check the grades."


def _metal(_values: Values, places: Places) -> str:
    return (
        f"Signal voids as beside metal at {', '.join(places)}. "
        "Canal and foramina are not measured there: read these levels by hand."
    )


def _curve_residual(values: Values, _places: Places) -> str:
    return (
        f"Discs and bodies lie {values['residual_mm']:.1f} mm off a smooth curve. "
        "Check that every disc was found and named rightly."
    )


def _odd_spacing(_values: Values, places: Places) -> str:
    """places: two neighbouring discs for each odd distance."""
    pairs = [f"{upper} and {lower}" for upper, lower in zip(places[::2], places[1::2], strict=True)]
    return f"Unusual distance between {', '.join(pairs)}: a disc may be misplaced. Check the levels."


def _out_of_distribution(values: Values, _places: Places) -> str:
    roles = listed([role_word(role) for role in values["roles"]])
    learnt = f"Unlike the images that the grader learnt from: {roles}."
    return f"{learnt} Its grades may be wrong whatever their probability."


def _canal_contradicted(values: Values, _places: Places) -> str:
    network, measured = grade_word(values["network"]), grade_word(values["measured"])
    return f"The network says {network}, the measurements {measured}: look at this level yourself."


def _foramen_contradicted(values: Values, _places: Places) -> str:
    network, measured = grade_word(values["network"]), " or ".join(grade_word(one) for one in values["measured"])
    return (
        f"{values['side'].capitalize()} foramen: the network says {network}, the measurements {measured}: "
        "look at it yourself."
    )


#: By code the words, or what makes them of values and places.
NOTICES: dict[str, str | Callable[[Values, Places], str]] = {
    # Read as they were written before facts were kept as values.
    "as_written": lambda values, _: str(values["text"]),
    # Of the images.
    "slices_missing": _slices_missing,
    "read_from_t1": "Read from sagittal T1: the canal's edge is less certain than on T2.",
    "no_axial_series": "There is no axial T2 series; everything is read from the sagittal images.",
    "axial_misses_discs": "The axial images pass through none of the discs that were found.",
    # Of the levels.
    "levels_missing": lambda _, places: f"Not in the images, or not found: {', '.join(places)}. They are not assessed.",
    "discs_too_near": lambda values, _: (
        f"{values['count']} mark(s) of disc lay too near to another to be a disc of their own. Check the levels."
    ),
    "discs_estimated": lambda values, _: (
        f"{values['count']} disc(s) were not seen between their neighbours; their place is estimated. Check the levels."
    ),
    "names_uncertain": _names_uncertain,
    "lowest_disc_named": lambda values, _: (
        f"The lowest disc that was found is taken for {values['lowest']}. Check the level names."
    ),
    "small_lowest_disc": _small_lowest_disc,
    "disc_in_sacrum": _disc_in_sacrum,
    # Of the images' quality.
    "contrast": "The series was made after a contrast agent. Check the grades.",
    "fat_suppressed": _fat_suppressed,
    "unexpected_contrast": "The series is named T1, but its CSF is bright. Check what was sent.",
    "noise": lambda values, _: (
        f"The images are noisy ({values['noise_percent']}% of the marrow's signal). Check canal and levels by eye."
    ),
    "motion": "Ghosts or ripples run through the vertebrae: the patient may have moved. Check the grades.",
    "metal": _metal,
    "sacrum_cut_off": "The images end just below the lowest disc: the sacrum is cut off. Check the level names.",
    "narrow_slab": lambda _, places: f"The slices do not reach the foramina on both sides at {', '.join(places)}.",
    "scoliosis": lambda values, _: (
        f"Scoliosis: the spine turns by about {values['angle_deg']}° seen from the front. Check levels and planes."
    ),
    "curve_residual": _curve_residual,
    "odd_spacing": _odd_spacing,
    # Why something was not measured, or only in part.
    "canal_not_seen": "The canal was not seen here.",
    "canal_cut_off": "The canal reaches the edge of the imaged slab; the area within it is given.",
    "spoilt": "Not measured: the images are spoilt here, as by metal.",
    "not_seen_well": "It was not seen well enough to be measured.",
    "vertebra_not_seen": "A vertebra beside the disc was not seen.",
    "lordosis_ends_not_seen": "L1 or the lowest disc was not seen.",
    "foramen_not_reached": "The sagittal slices do not reach this foramen.",
    "upper_pedicle_not_seen": "The pedicle above was not seen.",
    "lower_pedicle_not_seen": "The pedicle below was not seen.",
    "fat_not_bright": "Fat is not bright in any sagittal series: it is suppressed, or a contrast agent was given.",
    "too_little_marrow": "Too little bone marrow was seen to compare with.",
    # kind: anterolisthesis or retrolisthesis; meyerding: I to V.
    "listhesis": lambda values, _: f"{values['kind']}, Meyerding grade {values['meyerding']}",
    # Why something was not graded, or what to be careful about.
    "level_not_found": "This level was not found in the images.",
    "level_without_canal": "The canal was not seen at this level.",
    "area_incomplete": "Graded from the diameter alone: the area is not complete.",
    "no_grader": "Lateral recesses and foramina are not graded: no grader is installed.",
    "no_axial_image": "No axial T2 image goes through this disc; the lateral recesses are not graded without one.",
    "not_learnt": "The installed grader has not learnt to grade this.",
    "no_grade_given": "The grader gave no grade at this level.",
    "out_of_distribution": _out_of_distribution,
    "canal_contradicted": _canal_contradicted,
    "foramen_contradicted": _foramen_contradicted,
    # Of a site that is newer than the reading.
    "not_looked_at": "The machine did not look at this yet when it read the study.",
}
