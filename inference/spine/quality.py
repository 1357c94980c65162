"""Are these images fit to be read? Warn by name, withhold what they spoil, or refuse.

Pure functions from headers, images, masks and levels to `Notice`s. A
study that would be read confidently and wrongly is refused with a `StudyError`
that says what to do; one that can be read with care carries a warning. The
thresholds were set on simulated series (`inference.training.data.spoilt`) and on
real ones that must raise no alarm; docs/figures/quality.md has what they detect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from inference.errors import PoorImagesError, SpineNotFoundError, UnexpectedContrastError, WrongRegionError
from inference.images import geometry
from inference.images.choice import is_enhanced, is_suppressed, weighting
from inference.images.headers import Header
from inference.images.image_quality import ImageFigures, figures
from inference.spine.localise import ESTIMATED_MM, Localisation
from inference.types import (
    LUMBAR_LEVELS,
    DiscFinding,
    DiscLevel,
    FloatArray,
    Label,
    Measurement,
    Notice,
    Segmentation,
    Volume,
)

#: Noise in the marrow as a share of its signal: from here on told, and refused.
NOISY, TOO_NOISY = 0.20, 0.60
#: Ripples through the bodies as a share of the mean signal of marrow and CSF: from here on told, and refused.
RIPPLED, TOO_RIPPLED = 0.03, 0.10
#: CSF against marrow on T2, and fat behind the spine against CSF: below this it is no plain T2.
LEAST_CSF, LEAST_FAT = 0.65, 0.80
#: CSF against marrow on T1: above this it is no T1.
MOST_CSF_T1 = 1.3
#: Volume of thick signal voids around one vertebra that is metal, mm3.
METAL_MM3 = 2000.0
#: What the images must show below the lowest disc, mm.
SACRUM_MM = 20.0
#: How far the slab must reach to each side of the canal's middle to show the foramina, mm.
FORAMEN_MM = 14.0
#: Angle seen from the front that is told, degrees; scoliosis begins at 10.
COBB_DEG = 12.0
#: Root mean square distance of centres to the curve that is told, mm.
RESIDUAL_MM = 2.0
#: Distances between discs as shares of their median that are told; fewer distances than this have no median.
ODD, MIN_STEPS = (0.6, 1.5), 3
#: Discs nearer together than this, mm, without lordosis (tilt of the lowest against the flattest, degrees) and
#: without a sacrum are thoracic, or what is left of a lumbar spine that the images cut off.
THORACIC_MM, FLAT_DEG = 34.0, 20.0
#: Less sacrum than this is a speck, mm3.
LEAST_SACRUM_MM3 = 5000.0
#: Code of the notice that levels are missing: the only one that depends on what the discs are called.
MISSING = "levels_missing"
#: Places of these notices are spoilt: canal, foramina and discs there must not be judged.
SPOILING = ("metal",)
#: Images of which the network that looks at discs has seen none.
UNLEARNT = ("contrast", "fat_suppressed", "unexpected_contrast")
#: Discs of a lumbar spine lie so far apart in the median, mm, and at most this share of them is estimated.
APART_MM, MOST_ESTIMATED = (22.0, 45.0), 0.4


def assess(header: Header, volume: Volume, segmentation: Segmentation, spine: Localisation) -> tuple[Notice, ...]:
    """All findings of the series that is read.

    header: of one of its images. Raises SpineNotFoundError, WrongRegionError,
    PoorImagesError or UnexpectedContrastError for a study that must not be read by the machine.
    """
    check_region(segmentation, spine)
    read = figures(volume, segmentation, spine.vertebrae)
    found = list(of_header(header))
    if read is not None:
        found += of_images(read, weighting(header)[0])
    found += of_coverage(segmentation, spine)
    return (*found, *of_curve(spine))


def check_region(segmentation: Segmentation, spine: Localisation) -> None:
    """Refuse what is no lumbar spine although discs were found.

    Raises SpineNotFoundError when too many discs are estimated or they lie
    implausibly far apart, WrongRegionError for close discs in a row without
    lordosis or sacrum.
    """
    if len(spine.discs) < MIN_STEPS:
        return
    estimated = sum((disc.depth_mm, disc.height_mm) == ESTIMATED_MM for disc in spine.discs)
    if estimated > MOST_ESTIMATED * len(spine.discs):
        raise SpineNotFoundError(f"{estimated} of {len(spine.discs)} discs could not be seen.")
    apart = float(np.median([np.linalg.norm(a.centre_mm - b.centre_mm) for a, b in pairwise(spine.discs)]))
    if not APART_MM[0] < apart < APART_MM[1]:
        raise SpineNotFoundError(f"The discs that were found lie {apart:.0f} mm apart, as no lumbar discs do.")
    tilts = [np.rad2deg(np.arctan2(-disc.up[1], disc.up[2])) for disc in spine.discs]
    flat = float(tilts[-1] - min(tilts)) < FLAT_DEG
    sacrum = float((segmentation.labels == Label.SACRUM).sum()) * float(np.prod(segmentation.spacing_mm))
    if flat and apart < THORACIC_MM and sacrum < LEAST_SACRUM_MM3:
        raise WrongRegionError(
            "No lordosis and no sacrum are seen: this may be the thoracic spine, or the lumbar spine is cut off."
        )


def of_header(header: Header) -> tuple[Notice, ...]:
    """Contrast agent and fat suppression, by what the header says."""
    found = []
    if is_enhanced(header):
        found.append(Notice("contrast"))
    if is_suppressed(header):
        found.append(Notice("fat_suppressed"))
    return tuple(found)


def of_images(read: ImageFigures, weighting: str) -> tuple[Notice, ...]:
    """Noise, motion, contrast and metal.

    weighting: as the header has it. Raises PoorImagesError or UnexpectedContrastError.
    """
    return (*_noise(read), *_motion(read), *_contrast(read, weighting), *_metal(read))


def _noise(read: ImageFigures) -> list[Notice]:
    if read.noise >= TOO_NOISY:
        raise PoorImagesError(f"The images are too noisy to be read (noise {read.noise:.0%} of the marrow's signal).")
    if read.noise < NOISY:
        return []
    return [Notice("noise", values={"noise_percent": round(100 * read.noise)})]


def _motion(read: ImageFigures) -> list[Notice]:
    if not read.ripple >= RIPPLED:
        return []
    if read.ripple >= TOO_RIPPLED:
        raise PoorImagesError("The patient moved too much: ghosts run through the vertebrae.")
    return [Notice("motion", values={"ripple_percent": round(100 * read.ripple, 1)})]


def _contrast(read: ImageFigures, weighting: str) -> list[Notice]:
    if weighting == "T2" and read.csf < LEAST_CSF:
        raise UnexpectedContrastError("The series is named T2, but its CSF is dark.")
    if weighting == "T1" and read.csf > MOST_CSF_T1:
        return [Notice("unexpected_contrast", values={"csf_to_marrow": round(read.csf, 2)})]
    if weighting == "T2" and read.fat < LEAST_FAT * read.csf:
        return [Notice("fat_suppressed", values={"fat_to_csf": round(read.fat / read.csf, 2)})]
    return []


def _metal(read: ImageFigures) -> list[Notice]:
    places = [name for name, volume in read.voids_mm3.items() if volume >= METAL_MM3]
    if not places:
        return []
    return [Notice("metal", tuple(places), {"void_mm3": round(sum(read.voids_mm3.values()))})]


def of_coverage(segmentation: Segmentation, spine: Localisation) -> tuple[Notice, ...]:
    """Levels, sacrum or sides that the images do not show."""
    found = list(missing_levels(spine.discs))
    below = _room_below_mm(segmentation, spine)
    if below < SACRUM_MM:
        found.append(Notice("sacrum_cut_off", values={"room_mm": round(below)}))
    return (*found, *_narrow(segmentation, spine))


def missing_levels(discs: Sequence[DiscLevel]) -> tuple[Notice, ...]:
    """The lumbar levels of which no disc was found; nothing when there are all."""
    seen = {disc.level for disc in discs}
    missing = tuple(level for level in LUMBAR_LEVELS if level not in seen)
    return (Notice(MISSING, missing),) if missing else ()


def with_missing_levels(notices: Sequence[Notice], discs: Sequence[DiscLevel]) -> tuple[Notice, ...]:
    """The notices, first of all which levels are missing, counted anew: it depends on what the discs are called."""
    return (*missing_levels(discs), *(notice for notice in notices if notice.code != MISSING))


def _room_below_mm(segmentation: Segmentation, spine: Localisation) -> float:
    """How far the images go on below the lowest disc along its normal, up to 60 mm."""
    lowest = spine.discs[-1]
    way = np.arange(0.0, 60.0)
    return float(_inside(segmentation, lowest.centre_mm - np.multiply.outer(way, lowest.up)).sum())


def _inside(segmentation: Segmentation, points: FloatArray) -> FloatArray:
    index = geometry.apply(geometry.inverse(segmentation.affine), points)
    last = np.array(segmentation.labels.shape) - 1
    return np.asarray(((index >= 0) & (index <= last)).all(axis=-1))


def _narrow(segmentation: Segmentation, spine: Localisation) -> list[Notice]:
    """Whether the slab shows the foramina on both sides of every disc."""
    short = []
    for disc in spine.discs:
        if disc.level not in LUMBAR_LEVELS:
            continue
        sides = disc.centre_mm + np.multiply.outer((-FORAMEN_MM, FORAMEN_MM), disc.left)
        if not _inside(segmentation, sides).all():
            short.append(disc.level)
    return [Notice("narrow_slab", tuple(short))] if short else []


def of_curve(spine: Localisation) -> tuple[Notice, ...]:
    """Scoliosis, a curve that misses its centres, discs at unusual distances."""
    found = []
    lumbar = [disc for disc in spine.discs if disc.level in LUMBAR_LEVELS]
    angle, residual = coronal_deg(lumbar), spine.curve.residual_mm
    if angle >= COBB_DEG:
        found.append(Notice("scoliosis", values={"angle_deg": round(angle)}))
    if residual >= RESIDUAL_MM:
        found.append(Notice("curve_residual", values={"residual_mm": round(residual, 1)}))
    return (*found, *_spacing(spine.discs))


def _spacing(discs: Sequence[DiscLevel]) -> list[Notice]:
    """Discs far nearer to or further from each other, along the spine, than the others are."""
    pairs = list(pairwise(discs))
    steps = np.array([float((a.centre_mm - b.centre_mm) @ geometry.unit(a.up + b.up)) for a, b in pairs])
    if len(steps) < MIN_STEPS:
        return []
    share = steps / float(np.median(steps))
    odd = [pair for pair, one in zip(pairs, share, strict=True) if not ODD[0] < one < ODD[1]]
    return [Notice("odd_spacing", tuple(disc.level for pair in odd for disc in pair))] if odd else []


def coronal_deg(discs: Sequence[DiscLevel]) -> float:
    """The largest angle between two vertebrae seen from the front, degrees; a vertebra: the line between its discs."""
    lines = [upper.centre_mm - lower.centre_mm for upper, lower in pairwise(discs)]
    tilts = [np.rad2deg(np.arctan2(line[0], np.hypot(line[1], line[2]))) for line in lines]
    return float(np.ptp(tilts)) if tilts else 0.0


def spoilt_places(notices: Sequence[Notice]) -> set[str]:
    """Discs and vertebrae that must not be judged."""
    return {place for notice in notices if notice.code in SPOILING for place in notice.places}


def withheld(measurements: Sequence[Measurement], notices: Sequence[Notice]) -> tuple[Measurement, ...]:
    """The measurements without those of canal and foramina at places that are spoilt, for they are not certain.

    A spoilt vertebra spoils the discs above and below it.
    """
    spoilt = spoilt_places(notices)
    return tuple(_withheld(one) if _touches(one.place, spoilt) else one for one in measurements)


def withheld_discs(found: Sequence[DiscFinding], notices: Sequence[Notice]) -> tuple[DiscFinding, ...]:
    """What was found of discs that are not spoilt; nothing in images of a kind that was never learnt from."""
    if any(notice.code in UNLEARNT for notice in notices):
        return ()
    spoilt = spoilt_places(notices)
    return tuple(one for one in found if not _touches(one.level, spoilt))


def _touches(place: str, spoilt: set[str]) -> bool:
    return place in spoilt or bool(spoilt & set(place.split("-")))


def _withheld(one: Measurement) -> Measurement:
    if not one.quantity.startswith(("canal_", "foramen_")):
        return one
    return replace(one, value=None, notice=Notice("spoilt"), lower_bound=False, plus_minus=None)
