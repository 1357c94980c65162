"""The causes: what a simulated patient is and has, as plain numbers.

Severity is continuous: 0..1 normal, 1..2 mild, 2..3 moderate, 3..4 severe.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from inference.types import GRADES, Grade, Site

#: Every place that the simulator's truth grades. Patients are drawn in this order: another one makes other patients.
SITES: tuple[str, ...] = tuple(
    site.value for site in (Site.CANAL, Site.FORAMEN_LEFT, Site.FORAMEN_RIGHT, Site.RECESS_LEFT, Site.RECESS_RIGHT)
)
#: Degeneration at which Pfirrmann's grades 2 to 5 begin.
PFIRRMANN = (0.15, 0.38, 0.62, 0.85)


def grade_of(severity: float) -> Grade:
    """The grade that a continuous severity stands for."""
    return GRADES[min(max(int(severity), 0), 3)]


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
    of the lower (+) or behind it (-); lysis: 1 where the pars is broken on both
    sides and the arch stays behind, else 0. modic: 0..3 beside the endplates, to a
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
    lysis: int = 0
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
        return 1 + bisect_right(PFIRRMANN, self.degeneration)

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
