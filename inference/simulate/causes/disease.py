"""The disease of each disc that causes the severity of its sites.

Severities come first (`prevalence`); here they are attributed to a bulge, a
herniation, a thick flavum, hypertrophic joints and a slip, with marrow and
endplate changes that match the disc's degeneration. Lengths in mm.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np

from inference.simulate.causes.narrowing import AP_MM, narrowed, recess_mm
from inference.simulate.causes.prevalence import pfirrmann_shares
from inference.simulate.causes.records import PFIRRMANN, SITES, DiscCause, Herniation

#: Disc below each vertebra: rim height (mm) while young, wedge (deg), flavum (mm).
DISCS: dict[str, tuple[float, float, float]] = {
    "T8": (2.8, -1.0, 2.6),
    "T9": (3.0, -1.0, 2.6),
    "T10": (3.4, 0.0, 2.7),
    "T11": (4.0, 0.0, 2.8),
    "T12": (5.0, 1.0, 2.9),
    "L1": (6.5, 3.0, 3.0),
    "L2": (7.8, 4.5, 3.19),
    "L3": (8.6, 6.4, 3.38),
    "L4": (9.0, 9.0, 3.71),
    "L5": (8.2, 12.0, 3.64),
}
#: Share of discs with Modic change, and with a herniation (SPIDER, 1,240 discs).
MODIC = {"L5": 0.38, "L4": 0.46, "L3": 0.36, "L2": 0.34, "L1": 0.30, "T12": 0.17}
HERNIATION = {"L5": 0.15, "L4": 0.19, "L3": 0.06, "L2": 0.03, "L1": 0.015, "T12": 0.01}
#: Relative frequency of both by Pfirrmann grade 1 to 5.
_MODIC_BY_PFIRRMANN = (0.04, 0.3, 0.9, 1.6, 2.0)
_HERNIATION_BY_PFIRRMANN = (0.1, 0.5, 1.3, 1.3, 0.9)
#: Bulge without narrowing, mm: of a healthy disc, and the addition at full degeneration.
FREE_BULGE_MM, WORN_BULGE_MM = 0.3, 0.8
#: Largest circumferential bulge, mm; further narrowing of the canal is caused by the flavum or a herniation.
MOST_BULGE_MM = 4.8
CANAL, FORAMEN_LEFT, FORAMEN_RIGHT, RECESS_LEFT, RECESS_RIGHT = range(len(SITES))
_SIDES = {+1: (FORAMEN_LEFT, RECESS_LEFT), -1: (FORAMEN_RIGHT, RECESS_RIGHT)}


def _chances(shares: dict[str, float], least: float, weights: tuple[float, ...]) -> dict[str, list[float]]:
    """Probability by row and Pfirrmann grade that gives each row its share."""
    chances = {}
    for row in DISCS:
        grades = pfirrmann_shares(row)
        mean = sum(share * weight for share, weight in zip(grades, weights, strict=True))
        chances[row] = [min(shares.get(row, least) * weight / mean, 0.9) for weight in weights]
    return chances


_MODIC_CHANCE = _chances(MODIC, 0.1, _MODIC_BY_PFIRRMANN)
_HERNIATION_CHANCE = _chances(HERNIATION, 0.004, _HERNIATION_BY_PFIRRMANN)


@dataclass(frozen=True)
class Person:
    """Properties of the patient that discs and vertebrae depend on.

    size: against the average; lordosis, flavum, disc: factors on the tables.
    ill: 0 for a healthy patient, else 1.
    """

    sex: str
    age: int
    size: float
    lordosis: float
    canal_depth_mm: float
    pedicle_short_mm: float
    sac_ap_mm: float
    flavum: float
    disc: float
    ill: int


@dataclass(frozen=True)
class Place:
    """Which disc: its bones, the tables' row, its severities (as `SITES`) and degeneration."""

    upper: str
    lower: str
    row: str
    sites: tuple[float, ...]
    degeneration: float

    @property
    def pfirrmann(self) -> int:
        """Pfirrmann grade 1..5."""
        return 1 + bisect_right(PFIRRMANN, self.degeneration)


def disc(rng: np.random.Generator, person: Person, place: Place) -> DiscCause:
    """One disc with all disease at its level."""
    height, wedge, flavum = DISCS[place.row]
    worn = place.degeneration
    loss = 0.42 * worn**1.5 + 0.25 * max(worn - 0.8, 0.0) / 0.2 * rng.random()
    herniation = _herniation(rng, person, place)
    narrower = person.sac_ap_mm - narrowed(person.sac_ap_mm, AP_MM, place.sites[CANAL])
    free = FREE_BULGE_MM + WORN_BULGE_MM * worn
    central = herniation.reach_mm if herniation is not None and herniation.zone == "central" else 0.0
    anterior = _anterior_share(rng, person, place, central)
    anterior = min(anterior, (MOST_BULGE_MM + central - free) / max(narrower, 1.0))
    bulge = max(free + anterior * narrower - central, 0.5 * free)
    slip, lysis = _slip(rng, person, place)
    facets = {side: _facet(rng, person, place, side, anterior, herniation) for side in _SIDES}
    modic = _modic(rng, person, place)
    return DiscCause(
        upper=place.upper,
        lower=place.lower,
        height_mm=max(height * person.size * person.disc * (1 - loss) * (1 + 0.05 * rng.standard_normal()), 2.0),
        wedge_deg=wedge * person.lordosis * (1 - 0.25 * worn) + 0.8 * rng.standard_normal(),
        degeneration=worn,
        canal=place.sites[CANAL],
        foramen_left=place.sites[FORAMEN_LEFT],
        foramen_right=place.sites[FORAMEN_RIGHT],
        recess_left=place.sites[RECESS_LEFT],
        recess_right=place.sites[RECESS_RIGHT],
        anterior_share=anterior,
        bulge_mm=bulge,
        flavum_mm=flavum * person.flavum + (1 - anterior) * narrower,
        facet_left_mm=facets[+1],
        facet_right_mm=facets[-1],
        herniation=herniation,
        slip_mm=slip,
        lysis=lysis,
        modic=modic,
        modic_mm=3 + 9 * rng.random() ** 1.5 if modic else 0.0,
        schmorl_above_mm=_schmorl(rng, person, place),
        schmorl_below_mm=_schmorl(rng, person, place),
        fissure=_fissure(rng, person, place),
        facet_fluid_left_mm=_fluid(rng, person, facets[+1], slip),
        facet_fluid_right_mm=_fluid(rng, person, facets[-1], slip),
    )


def rudimentary(rng: np.random.Generator, person: Person, place: Place) -> DiscCause:
    """The rudimentary disc below a sacralised vertebra: thin and dark, its sites wide."""
    quiet = Place(place.upper, place.lower, place.row, tuple(rng.uniform(0.05, 0.6, len(SITES)).tolist()), 0.5)
    sound = disc(rng, replace(person, ill=0), quiet)
    return replace(sound, height_mm=rng.uniform(2.0, 3.4), wedge_deg=0.4 * sound.wedge_deg)


def _anterior_share(rng: np.random.Generator, person: Person, place: Place, central_mm: float) -> float:
    """Share of the canal's narrowing caused by the disc: larger in young patients and at low levels."""
    share = 0.6 - 0.004 * (person.age - 50) + 0.08 * (place.row == "L5") + 0.07 * rng.standard_normal()
    share += 0.18 * (central_mm > 0)
    return min(max(share, 0.35), 0.85)


def _herniation(rng: np.random.Generator, person: Person, place: Place) -> Herniation | None:
    """A herniation, likeliest where the level is narrow, in the narrowest zone and side."""
    worst = max(place.sites)
    chance = _HERNIATION_CHANCE[place.row][place.pfirrmann - 1]
    chance *= person.ill * (0.55 if worst < 1 else 1.0 if worst < 2 else 1.35)
    if rng.random() >= chance:
        return None
    zones = _zones(place)
    weights = np.cumsum([weight for _, _, _, weight in zones])
    zone, side, severity, _ = zones[int(np.searchsorted(weights, rng.random() * weights[-1]))]
    return _fragment(rng, person, zone, side, severity)


def _zones(place: Place) -> list[tuple[str, int, float, float]]:
    """(zone, side, severity there, weight) of every possible place of a herniation."""
    sites = place.sites
    zones = [("central", 0, sites[CANAL], 0.35 * (0.3 + sites[CANAL]))]
    for side, (foramen, recess) in _SIDES.items():
        other_foramen, other_recess = _SIDES[-side]
        more = sites[recess] - sites[other_recess]
        zones.append(("subarticular", side, sites[recess], 0.6 * max(0.25 * sites[recess] + more, 0.05)))
        more = sites[foramen] - sites[other_foramen]
        if sites[foramen] >= 1:
            zones.append(("foraminal", side, sites[foramen], 0.16 * max(0.25 * sites[foramen] + more, 0.02)))
        zones.append(("extraforaminal", side, sites[foramen], 0.03 + 0.05 * max(more, 0.0)))
    return zones


def _fragment(rng: np.random.Generator, person: Person, zone: str, side: int, severity: float) -> Herniation:
    """A herniation's kind and size, from the severity of its site."""
    reach = {"central": 0.0, "subarticular": 1.6 + 1.1 * severity, "foraminal": 1.5 + 0.9 * severity}.get(zone, 0.0)
    if zone == "extraforaminal":
        reach = 3.0 + 2.5 * rng.random()
    if zone == "central":
        # A central herniation is most of the disc's part of the narrowing.
        reach = 1.6 + 0.6 * (person.sac_ap_mm - narrowed(person.sac_ap_mm, AP_MM, severity))
    kind = "extrusion" if severity > 1.5 and rng.random() < 0.16 * severity else "protrusion"
    if kind == "extrusion" and rng.random() < 0.12:
        kind = "sequestration"
    if kind == "protrusion":
        return Herniation(kind, zone, side, reach, max(rng.uniform(8, 14), 1.6 * reach))
    # Most fragments migrate downward.
    way = 1 if rng.random() < 0.35 else -1
    migration = rng.uniform(7, 14) if kind == "sequestration" else rng.uniform(0, 9)
    reach *= 1.0 if zone == "central" else 1.25
    return Herniation(kind, zone, side, reach, min(rng.uniform(6, 10), 1.5 * reach), way * migration)


def _facet(
    rng: np.random.Generator, person: Person, place: Place, side: int, anterior: float, herniation: Herniation | None
) -> float:
    """Hypertrophy of a joint, mm: the recess's narrowing not caused by the disc, part of the foramen's, and age."""
    foramen, recess = (place.sites[site] for site in _SIDES[side])
    by_disc = 0.85 if herniation is not None and herniation.side == side else anterior
    grown = 0.8 * (1 - by_disc) * (recess_mm(0) - recess_mm(recess)) + 0.5 * max(foramen - 1, 0.0)
    worn = 0.02 * max(person.age - 35, 0) * rng.random() * (place.row[0] == "L")
    return min(grown + worn, 6.0)


def _slip(rng: np.random.Generator, person: Person, place: Place) -> tuple[float, int]:
    """(slip in mm, 1 with broken pars). Degenerative with age and a narrow canal, isthmic above the sacrum."""
    canal, narrow = place.sites[CANAL], min(place.sites[FORAMEN_LEFT], place.sites[FORAMEN_RIGHT])
    dice, amount = rng.random(), rng.random()
    if place.row == "L5" and dice < person.ill * (0.16 if narrow > 1.3 and canal < 2 else 0.01):
        # The further it slips, the more worn the disc and the narrower both foramina.
        return 3 + 9 * amount * min(place.degeneration, narrow / 3), 1
    forward = {"L4": 0.14, "L3": 0.05, "L5": 0.03}.get(place.row, 0.0) * (1.4 if person.sex == "F" else 0.5)
    forward *= min(max((person.age - 40) / 20, 0.0), 1.6) * (0.25 if canal < 1 else 0.9 if canal < 2 else 1.8)
    if dice < person.ill * forward:
        return 3 + 5 * amount**1.3, 0
    backward = {"L5": 0.04, "L4": 0.02, "L3": 0.04, "L2": 0.04, "L1": 0.02}.get(place.row, 0.0) * (
        place.degeneration > 0.6
    )
    return (-2 - 2 * amount, 0) if dice > 1 - 2 * person.ill * backward else (0.0, 0)


def _modic(rng: np.random.Generator, person: Person, place: Place) -> int:
    """Modic type of the marrow beside the endplates: mostly fat (2), sometimes oedema (1) or sclerosis (3)."""
    share = _MODIC_CHANCE[place.row][place.pfirrmann - 1]
    dice = rng.random()
    if dice >= person.ill * share:
        return 0
    kind = dice / share
    return 1 if kind < 0.12 else 3 if kind > 0.97 else 2


def _schmorl(rng: np.random.Generator, person: Person, place: Place) -> float:
    """Depth of a Schmorl's node, mm: deep ones mostly at high levels, shallow ones beside degenerated discs."""
    dice, amount = rng.random(), rng.random()
    deep = {"L5": 0.015, "L4": 0.025, "L3": 0.035}.get(place.row, 0.06) * (1.3 if person.sex == "M" else 0.8)
    if dice < person.ill * deep:
        return 3 + 4 * amount * amount
    return 1 + 1.2 * amount if dice > 1 - person.ill * 0.3 * place.degeneration else 0.0


def _fissure(rng: np.random.Generator, person: Person, place: Place) -> int:
    """1 for a bright fissure of the posterior annulus, which needs a disc with some water."""
    share = {"L5": 0.26, "L4": 0.28, "L3": 0.12, "L2": 0.06}.get(place.row, 0.02)
    return int(rng.random() < person.ill * share * (0.25 < place.degeneration < 0.85))


def _fluid(rng: np.random.Generator, person: Person, facet_mm: float, slip_mm: float) -> float:
    """Width of the fluid in a joint, mm: largest beside a slipped vertebra."""
    share = 0.05 + 0.08 * (facet_mm > 1.5) + 0.45 * (slip_mm > 2.5)
    dice, amount = rng.random(), float(rng.random())
    return (0.8 + 1.4 * amount + 0.8 * (slip_mm > 2.5) * amount) if dice < person.ill * share else 0.0
