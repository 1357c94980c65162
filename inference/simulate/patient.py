"""Who the simulated patient is: the causes, drawn from a seed.

Sizes: reference figures of 87 patients (body, canal, disc), of 1,974 sagittal
T2 (curve) and of 1,975 studies (how often each level is narrowed).
Severity is continuous: 0..1 normal, 1..2 mild, 2..3 moderate, 3..4 severe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.simulate.options import Severity, StudyOptions
from inference.types import Grade, Site

#: Endplate width, depth, rim height (mm), lordotic wedge (deg), canal width, pedicle width (mm).
BODIES: dict[str, tuple[float, ...]] = {
    "T8": (31, 27, 21.0, -2.5, 19, 7),
    "T9": (32, 28, 22.0, -2.5, 19, 7),
    "T10": (34, 29, 23.0, -2.5, 20, 7.5),
    "T11": (37, 30, 24.0, -3.0, 20, 8),
    "T12": (41, 31, 25.5, -3.0, 21, 8),
    "L1": (45, 32, 27.0, -2.0, 22.5, 8),
    "L2": (48, 32.6, 28.5, -1.0, 23, 8.5),
    "L3": (51, 34, 28.8, 0.5, 24, 10),
    "L4": (53, 34.4, 28.5, 2.7, 25.5, 12),
    "L5": (55, 34.7, 27.5, 7.5, 28, 15),
}
#: Disc below each vertebra: rim height (mm), wedge (deg).
DISCS: dict[str, tuple[float, float]] = {
    "T8": (2.8, -1.0),
    "T9": (3.0, -1.0),
    "T10": (3.3, 0.0),
    "T11": (3.8, 0.0),
    "T12": (4.6, 1.5),
    "L1": (5.8, 3.5),
    "L2": (6.8, 5.5),
    "L3": (7.4, 7.5),
    "L4": (7.8, 10.5),
    "L5": (7.0, 13.0),
}
#: Share of levels with a canal at least moderate, severe; foramen likewise (%).
CANAL_SHARE = {"L1": (4.5, 1.1), "L2": (10.3, 2.7), "L3": (17.9, 6.2), "L4": (24.9, 12.9), "L5": (3.6, 1.0)}
FORAMEN_SHARE = {"L1": (3.3, 0.1), "L2": (9.3, 0.6), "L3": (22.8, 2.0), "L4": (39.0, 7.1), "L5": (36.8, 10.4)}
_NAMES = {"F": ("Anna", "Berta", "Clara", "Dora", "Emma", "Frida", "Greta", "Hanna", "Ida", "Julia", "Karla", "Lena")}
_NAMES["M"] = ("Adam", "Bruno", "Carl", "David", "Emil", "Felix", "Georg", "Hugo", "Ivan", "Jonas", "Karl", "Leo")
GRADES = (Grade.NORMAL, Grade.MILD, Grade.MODERATE, Grade.SEVERE)

#: Every place that the simulator's truth grades: the product's sites and the lateral recesses.
SITES: tuple[str, ...] = (*Site, "recess_left", "recess_right")
#: Degeneration at which Pfirrmann's grades 2 to 5 begin.
PFIRRMANN = (0.15, 0.38, 0.62, 0.85)


def grade_of(severity: float) -> Grade:
    """The grade that a continuous severity stands for."""
    return GRADES[int(np.clip(severity, 0, 3.999))]


@dataclass(frozen=True)
class Body:
    """One vertebra's own measures, mm and degrees, and what is wrong with it.

    fracture: share of the anterior (wedge) or mid (biconcave) height lost, 0 to
    0.6; fracture_acute: 0..1 marrow oedema. haemangioma: (left, back, up,
    radius) in mm in the body's frame. marrow_fat: 0..1 share of fat in the
    marrow. laminectomy: 0..1 share of lamina and spinous process removed.
    screws: 1 where pedicle screws stand, else 0.
    """

    name: str
    width_mm: float
    depth_mm: float
    height_mm: float
    wedge_deg: float
    canal_width_mm: float
    pedicle_mm: float
    concavity_mm: float
    fracture: float = 0.0
    fracture_kind: str = "wedge"
    fracture_acute: float = 0.0
    haemangioma: tuple[float, float, float, float] | None = None
    marrow_fat: float = 0.4
    laminectomy: float = 0.0
    screws: int = 0


@dataclass(frozen=True)
class Herniation:
    """Disc material beyond the disc's outline.

    kind: protrusion, extrusion or sequestration. zone: central, subarticular,
    foraminal or extraforaminal. side: -1 right, 0 middle, +1 left. reach_mm:
    how far beyond the diffuse outline; width_mm: along it; migration_mm:
    toward the head (+) or the feet (-).
    """

    kind: str
    zone: str
    side: int
    reach_mm: float
    width_mm: float
    migration_mm: float = 0.0


@dataclass(frozen=True)
class DiscCause:
    """The disc below `upper`: its shape and what is wrong with it and around it.

    degeneration: 0 (bright nucleus) to 1 (dark, flat). canal, foramen_left,
    foramen_right, recess_left, recess_right: severity 0..4. anterior_share:
    part of the canal's narrowing that comes from the disc rather than from the
    flavum and facets. bulge_mm: diffuse bulge; flavum_mm: the ligament's
    thickness; facet_*_mm: overgrowth of the joint. slip_mm: upper body forward
    of the lower (+) or behind it (-). modic: 0..3 beside the endplates, to a
    depth of modic_mm. schmorl_above_mm, schmorl_below_mm: depth of a node into
    the upper and the lower body. fissure: 1 with a high-intensity zone, else 0.
    facet_fluid_*_mm: width of fluid in the joint.
    """

    upper: str
    lower: str
    height_mm: float
    wedge_deg: float
    degeneration: float
    canal: float
    foramen_left: float
    foramen_right: float
    anterior_share: float
    recess_left: float = 0.0
    recess_right: float = 0.0
    bulge_mm: float = 0.0
    flavum_mm: float = 3.4
    facet_left_mm: float = 0.0
    facet_right_mm: float = 0.0
    herniation: Herniation | None = None
    slip_mm: float = 0.0
    modic: int = 0
    modic_mm: float = 0.0
    schmorl_above_mm: float = 0.0
    schmorl_below_mm: float = 0.0
    fissure: int = 0
    facet_fluid_left_mm: float = 0.0
    facet_fluid_right_mm: float = 0.0

    @property
    def level(self) -> str:
        """The disc's name, such as ``L4-L5``."""
        return f"{self.upper}-{self.lower}"

    @property
    def pfirrmann(self) -> int:
        """Pfirrmann grade 1..5 of the degeneration."""
        return 1 + int(np.digitize(self.degeneration, PFIRRMANN))

    def severity(self, site: Site | str) -> float:
        """Severity 0..4 at one of `SITES`."""
        return float(getattr(self, str(site)))


@dataclass(frozen=True)
class Patient:
    """All causes of one simulated patient; the same seed draws the same patient.

    bodies, discs: head to feet. Angles in degrees, lengths in mm.
    lipomatosis_mm: epidural fat beyond the usual; pedicle_short_mm: how much
    the pedicles are too short; transition: none, sacralised (the lowest lumbar
    vertebra has grown to the sacrum) or lumbarised (S1 stands free).
    """

    seed: int
    name: str
    sex: str
    age: int
    size: float
    bodies: tuple[Body, ...]
    discs: tuple[DiscCause, ...]
    sacral_slope_deg: float
    scoliosis_mm: float
    scoliosis_phase: float
    canal_depth_mm: float
    sac_ap_mm: float
    sac_width_mm: float
    fat_mm: float
    muscle_fat: float
    visceral_fat: float
    conus: float
    flavum_mm: float
    roots_seed: int
    lipomatosis_mm: float = 0.0
    pedicle_short_mm: float = 0.0
    transition: str = "none"


def draw(seed: int, options: StudyOptions | None = None) -> Patient:
    """Draw a patient. Severity and number of lumbar vertebrae come from `options`."""
    options = options or StudyOptions()
    rng = np.random.default_rng([20240917, seed])
    sex = "F" if rng.random() < 0.5 else "M"
    age = int(np.clip(rng.normal(52 if options.severity is not Severity.NORMAL else 34, 13), 19, 88))
    size = (0.96 if sex == "F" else 1.03) * float(np.clip(rng.normal(1, 0.035), 0.92, 1.08))
    names = vertebra_names(options.lumbar_vertebrae)
    lordosis = float(np.clip(rng.normal(1.0, 0.16), 0.65, 1.35))
    return Patient(
        seed=seed,
        name=f"Simulated^{_NAMES[sex][int(rng.integers(12))]}",
        sex=sex,
        age=age,
        size=size,
        bodies=_bodies(rng, names, size, age),
        discs=_discs(rng, names, size, age, lordosis, Severity(options.severity)),
        sacral_slope_deg=float(np.clip(38 * lordosis + rng.normal(0, 3), 24, 54)),
        scoliosis_mm=float(np.clip(rng.normal(0, 1.6), -5, 5)),
        scoliosis_phase=float(rng.uniform(-1, 1)),
        canal_depth_mm=float(np.clip(rng.normal(17.0, 1.0), 15.4, 19.5)),
        sac_ap_mm=float(np.clip(rng.normal(13.9, 0.7), 13.0, 15.5)),
        sac_width_mm=float(np.clip(rng.normal(19.8, 1.3), 17.0, 22.5)),
        fat_mm=float(np.clip(rng.lognormal(np.log(17), 0.4), 7, 42)),
        muscle_fat=float(np.clip(rng.beta(2, 6) + (age - 50) * 0.004, 0.03, 0.6)),
        visceral_fat=float(rng.uniform(0.25, 0.8)),
        conus=float(np.clip(rng.normal(0.1, 0.35), -0.7, 0.9)),
        flavum_mm=float(np.clip(rng.normal(3.4, 0.4), 2.6, 4.4)),
        roots_seed=int(rng.integers(2**31)),
    )


def vertebra_names(lumbar: int) -> tuple[str, ...]:
    """Names from T9 downward with `lumbar` lumbar-type vertebrae."""
    thoracic = ("T9", "T10", "T11", "T12") if lumbar > 4 else ("T8", "T9", "T10", "T11", "T12")
    return thoracic + tuple(f"L{number}" for number in range(1, lumbar + 1))


def _row(name: str, names: tuple[str, ...]) -> str:
    """Row of the tables for a vertebra: the lowest lumbar one is shaped as L5, the others count up from it."""
    if not name.startswith("L"):
        return name
    above_last = int(names[-1][1:]) - int(name[1:])
    return ("L5", "L4", "L3", "L2", "L1", "L1")[above_last]


def _bodies(rng: np.random.Generator, names: tuple[str, ...], size: float, age: int) -> tuple[Body, ...]:
    common = rng.normal(0, 0.03, 3)
    concavity = float(np.clip(rng.normal(1.8 + (age - 50) * 0.012, 0.35), 0.9, 3.2))
    bodies = []
    for name in names:
        width, depth, height, wedge, canal, pedicle = BODIES[_row(name, names)]
        each = 1 + common + rng.normal(0, 0.012, 3)
        bodies.append(
            Body(
                name=name,
                width_mm=width * size * each[0],
                depth_mm=depth * size * each[1],
                height_mm=height * size * each[2],
                wedge_deg=wedge + rng.normal(0, 0.8),
                canal_width_mm=canal * size * (1 + rng.normal(0, 0.02)),
                pedicle_mm=pedicle * size,
                concavity_mm=concavity * float(rng.uniform(0.85, 1.15)),
            )
        )
    return tuple(bodies)


def _discs(
    rng: np.random.Generator, names: tuple[str, ...], size: float, age: int, lordosis: float, severity: Severity
) -> tuple[DiscCause, ...]:
    common = rng.normal(0, 0.5)
    burden = rng.normal(0, 1)
    discs = []
    for name, below in zip(names, (*names[1:], "S1"), strict=True):
        row = _row(name, names)
        height, wedge = DISCS[row]
        canal, left, right = _severities(rng, row, severity, burden)
        worst = max(canal, left, right)
        tired = 0.1 + (age - 30) * 0.009 + 0.17 * worst + 0.08 * rng.normal() + 0.06 * common
        degeneration = float(np.clip(tired + (0.1 if row in ("L4", "L5") else 0.0), 0.02, 0.98))
        loss = 1 - 0.42 * degeneration**1.5
        discs.append(
            DiscCause(
                upper=name,
                lower=below,
                height_mm=float(height * size * loss * (1 + rng.normal(0, 0.05))),
                wedge_deg=float(wedge * lordosis * (1 - 0.25 * degeneration) + rng.normal(0, 0.8)),
                degeneration=degeneration,
                canal=canal,
                foramen_left=left,
                foramen_right=right,
                anterior_share=float(rng.uniform(0.4, 0.65)),
            )
        )
    return tuple(discs)


def _severities(rng: np.random.Generator, row: str, severity: Severity, burden: float) -> tuple[float, float, float]:
    """Canal, left and right foramen severity 0..4 with their correlations (0.28 and 0.44)."""
    noise = rng.normal(size=3)
    shared = 0.4 * burden + 0.35 * rng.normal()
    side = 0.5 * rng.normal()
    own = 0.85 * noise[0] + shared, 0.65 * noise[1] + side + shared, 0.65 * noise[2] + side + shared
    if severity is Severity.NORMAL or row not in CANAL_SHARE:
        healthy = rng.uniform(0.05, 0.75, 3)
        return float(healthy[0]), float(healthy[1]), float(healthy[2])
    shares = (CANAL_SHARE[row], FORAMEN_SHARE[row], FORAMEN_SHARE[row])
    shift = 1.3 if severity is Severity.SEVERE else 0.0
    out = [_threshold(value + shift, share) for value, share in zip(own, shares, strict=True)]
    if severity is Severity.SEVERE and row == "L4":
        out[0] = max(out[0], float(rng.uniform(3.2, 3.9)))
    return out[0], out[1], out[2]


def _threshold(value: float, share: tuple[float, float]) -> float:
    """A standard normal value to severity 0..4 so that the shares of a level come out."""
    from scipy.stats import norm

    moderate, severe = norm.isf(share[0] / 100), norm.isf(share[1] / 100)
    mild = norm.isf(min(0.6, 2.2 * share[0] / 100))
    knots = [-3.0, mild, moderate, severe, severe + 1.3]
    return float(np.interp(value, knots, [0.0, 1.0, 2.0, 3.0, 3.99]))
