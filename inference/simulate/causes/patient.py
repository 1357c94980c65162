"""The simulated patient: the causes, drawn from a seed.

Sizes: reference figures of 87 patients (body, canal, disc) and of 1,974
sagittal T2 (curve). Disease of each level: `prevalence`, `disease`, `lesions`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.simulate.causes import disease, lesions, prevalence
from inference.simulate.causes.disease import Person, Place
from inference.simulate.causes.options import Severity, StudyOptions, Surgery, Transition
from inference.simulate.causes.records import SITES, Body, DiscCause, Herniation, Patient, grade_of

__all__ = [
    "SITES",
    "Body",
    "DiscCause",
    "Herniation",
    "Patient",
    "dimensions",
    "draw",
    "grade_of",
    "vertebra_names",
]

#: Endplate width, depth, rim height (mm), lordotic wedge (deg), canal width, pedicle width (mm).
BODIES: dict[str, tuple[float, ...]] = {
    "T8": (31, 28, 21.0, -2.5, 19, 7),
    "T9": (32, 29, 22.0, -2.5, 19, 7),
    "T10": (34, 30, 23.0, -2.5, 20, 7.5),
    "T11": (37, 31, 24.0, -3.0, 20.5, 8),
    "T12": (41, 32.5, 25.5, -3.0, 21.5, 8),
    "L1": (45, 33.8, 28.2, -1.2, 23.3, 8),
    "L2": (48, 35.0, 28.5, 0.0, 24.3, 8.5),
    "L3": (51, 36.5, 28.8, 1.7, 25.5, 10),
    "L4": (53, 36.9, 28.5, 3.9, 27.0, 12),
    "L5": (55, 35.8, 27.5, 8.9, 30.0, 15),
}
#: Width and depth of a body at its waist as shares of those at its endplates.
WAIST = (0.92, 0.945)
#: Mean and standard deviation of the bony canal's depth and of the normal sac's diameter and width (mm).
CANAL_DEPTH, SAC_AP, SAC_WIDTH = (16.7, 1.3), (13.5, 0.8), (18.2, 2.3)
#: Share of people with 4 and with 6 lumbar-type vertebrae, with a sacralised and with a lumbarised last one.
FOUR, SIX, SACRALISED, LUMBARISED = 0.03, 0.03, 0.05, 0.03
SHORT_PEDICLES, LIPOMATOSIS = 0.05, 0.013
_NAMES = {"F": ("Anna", "Berta", "Clara", "Dora", "Emma", "Frida", "Greta", "Hanna", "Ida", "Julia", "Karla", "Lena")}
_NAMES["M"] = ("Adam", "Bruno", "Carl", "David", "Emil", "Felix", "Georg", "Hugo", "Ivan", "Jonas", "Karl", "Leo")
#: Mean age of drawn patients, years.
_AGE = {Severity.NORMAL: 34.0, Severity.SEVERE: 66.0}


def draw(seed: int, options: StudyOptions | None = None) -> Patient:
    """Draw a patient; the same seed and options draw the same one."""
    options = options or StudyOptions()
    severity = Severity(options.severity)
    person_rng, level_rng, bone_rng = np.random.default_rng([20240917, seed]).spawn(3)
    person = _person(person_rng, severity)
    names = vertebra_names(_lumbar_vertebrae(person_rng, options))
    transition = _transition(person_rng, options)
    rows = tuple(_row(name, names) for name in names)
    performed = lesions.operation(bone_rng, rows, Surgery(options.surgery))
    discs = _discs(level_rng, person, names, rows, transition, severity, performed)
    patient = _patient(person_rng, seed, person, discs, transition)
    bodies = lesions.with_lesions(bone_rng, person, _bodies(bone_rng, names, rows, person), performed)
    return replace(_with_lipomatosis(level_rng, patient), bodies=bodies)


def dimensions(patient: Patient) -> dict[str, dict[str, float]]:
    """A patient's measures by vertebra (``L4``), by disc (``L4-L5``), and their means over L2 to L5 (``mean``).

    Millimetres and degrees, as in the reference: width and depth in the middle
    of a body's height.
    """
    table: dict[str, dict[str, float]] = {}
    for body, disc in zip(patient.bodies, patient.discs, strict=True):
        table[body.name] = {
            "width": body.width_mm * WAIST[0],
            "depth": body.depth_mm * WAIST[1],
            "height": body.height_mm,
            "wedge": body.wedge_deg,
            "canal width": body.canal_width_mm,
        }
        table[disc.level] = {"disc height": disc.height_mm, "disc wedge": disc.wedge_deg, "flavum": disc.flavum_mm}
    lowest = [*patient.bodies[-4:]], [*patient.discs[-4:]]
    names = [body.name for body in lowest[0]] + [disc.level for disc in lowest[1]]
    keys = [key for name in names[::4] for key in table[name]]
    mean = {key: float(np.mean([table[name][key] for name in names if key in table[name]])) for key in keys}
    table["mean"] = mean | {"canal depth": patient.canal_depth_mm - patient.pedicle_short_mm}
    return table


def vertebra_names(lumbar: int) -> tuple[str, ...]:
    """Names from T9 downward with `lumbar` lumbar-type vertebrae."""
    thoracic = ("T9", "T10", "T11", "T12") if lumbar > 4 else ("T8", "T9", "T10", "T11", "T12")
    return thoracic + tuple(f"L{number}" for number in range(1, lumbar + 1))


def _lumbar_vertebrae(rng: np.random.Generator, options: StudyOptions) -> int:
    dice = rng.random()
    if options.lumbar_vertebrae is not None:
        return options.lumbar_vertebrae
    return 4 if dice < FOUR else 6 if dice > 1 - SIX else 5


def _transition(rng: np.random.Generator, options: StudyOptions) -> Transition:
    dice = rng.random()
    if options.transition is not Transition.DRAWN:
        return Transition(options.transition)
    if dice < SACRALISED:
        return Transition.SACRALISED
    return Transition.LUMBARISED if dice > 1 - LUMBARISED else Transition.NONE


def _row(name: str, names: tuple[str, ...]) -> str:
    """Row of the tables for a vertebra: the lowest lumbar one is shaped as L5, the others are counted up from it."""
    if not name.startswith("L"):
        return name
    above_last = int(names[-1][1:]) - int(name[1:])
    return ("L5", "L4", "L3", "L2", "L1", "L1")[above_last]


def _within(value: float, low: float, high: float) -> float:
    return float(min(max(value, low), high))


def _person(rng: np.random.Generator, severity: Severity) -> Person:
    sex = "F" if rng.random() < 0.5 else "M"
    mean, deviation = prevalence.AGE
    bony = _within(rng.normal(*CANAL_DEPTH), 14.4, 20.4)
    short = rng.uniform(1.0, 2.2) if rng.random() < SHORT_PEDICLES and severity is not Severity.NORMAL else 0.0
    sac = SAC_AP[0] + 0.5 * (bony - CANAL_DEPTH[0]) + SAC_AP[1] * rng.standard_normal() - 0.6 * short
    return Person(
        sex=sex,
        age=int(_within(rng.normal(_AGE.get(severity, mean), deviation), 18, 92)),
        size=(0.955 if sex == "F" else 1.04) * _within(rng.normal(1, 0.035), 0.92, 1.08),
        lordosis=_within(rng.normal(1.0, 0.21), 0.5, 1.5),
        canal_depth_mm=bony,
        pedicle_short_mm=short,
        sac_ap_mm=_within(sac, 12.6, max(bony - 2.0, 12.6)),
        flavum=_within(rng.normal(1, 0.1), 0.75, 1.3),
        disc=_within(rng.normal(1, 0.1), 0.75, 1.25),
        ill=int(severity is not Severity.NORMAL),
    )


def _patient(
    rng: np.random.Generator, seed: int, person: Person, discs: tuple[DiscCause, ...], transition: Transition
) -> Patient:
    """The patient without vertebrae and without what depends on the discs."""
    older = person.age - 50
    return Patient(
        seed=seed,
        name=f"Simulated^{_NAMES[person.sex][int(rng.integers(12))]}",
        sex=person.sex,
        age=person.age,
        size=person.size,
        bodies=(),
        discs=discs,
        sacral_slope_deg=_within(40 * person.lordosis + rng.normal(0, 4), 20, 60),
        scoliosis_mm=_within(1.3 * rng.standard_t(2.5), -12, 12),
        scoliosis_phase=rng.uniform(-1, 1),
        canal_depth_mm=person.canal_depth_mm,
        sac_ap_mm=person.sac_ap_mm,
        sac_width_mm=_within(rng.normal(*SAC_WIDTH), 15.0, 24.0),
        fat_mm=_within(rng.lognormal(np.log(20 if person.sex == "F" else 16), 0.55), 6, 75),
        muscle_fat=_within(rng.beta(2, 6) + 0.004 * older + (0.02 if person.sex == "F" else -0.02), 0.03, 0.6),
        visceral_fat=rng.uniform(0.25, 0.8),
        conus=_within(rng.normal(0.1, 0.35), -0.7, 0.9),
        flavum_mm=3.4 * person.flavum,
        roots_seed=int(rng.integers(2**31)),
        pedicle_short_mm=person.pedicle_short_mm,
        transition=transition.value,
    )


def _with_lipomatosis(rng: np.random.Generator, patient: Patient) -> Patient:
    """Epidural lipomatosis in a few patients, mostly obese ones with a narrow canal at the lowest level."""
    narrow, dice, amount = patient.discs[-1].canal, rng.random(), rng.random()
    share = LIPOMATOSIS * (patient.fat_mm / 17) * (1 + 10 * (narrow >= 1))
    if narrow < 0.4 or dice >= min(share, 0.6):
        return patient
    return replace(patient, lipomatosis_mm=1 + 0.8 * narrow + amount)


def _bodies(
    rng: np.random.Generator, names: tuple[str, ...], rows: tuple[str, ...], person: Person
) -> tuple[Body, ...]:
    """Sizes: the person's, a common deviation of each dimension, and a small one of each vertebra."""
    common = np.clip(person.size * (1 + rng.normal(0, (0.05, 0.045, 0.045))), (0.84, 0.87, 0.85), (1.24, 1.19, 1.14))
    table = np.array([BODIES[row] for row in rows])
    deviates = rng.normal(0, 1, (len(rows), 6))
    sizes = table[:, :3] * common * (1 + 0.012 * deviates[:, :3])
    canal = table[:, 4] * person.size * _within(rng.normal(1, 0.05), 0.88, 1.12) * (1 + 0.02 * deviates[:, 3])
    concavity = _within(rng.normal(0.85 + (person.age - 50) * 0.008, 0.25), 0.4, 2.2) * (1 + 0.08 * deviates[:, 4])
    fat = _within(0.42 + 0.006 * (person.age - 50) + rng.normal(0, 0.07), 0.1, 0.85) + 0.02 * deviates[:, 5]
    wedge = table[:, 3] + rng.normal(0, 0.9) + 0.8 * rng.standard_normal(len(rows))
    pedicle = table[:, 5] * person.size
    columns = zip(*sizes.T.tolist(), wedge, canal, pedicle, concavity, fat, strict=True)
    return tuple(_body(name, values) for name, values in zip(names, columns, strict=True))


def _body(name: str, values: tuple[float, ...]) -> Body:
    width, depth, height, wedge, canal, pedicle, concavity, fat = map(float, values)
    return Body(name, width, depth, height, wedge, canal, pedicle, concavity, marrow_fat=fat)


def _discs(
    rng: np.random.Generator,
    person: Person,
    names: tuple[str, ...],
    rows: tuple[str, ...],
    transition: Transition,
    severity: Severity,
    performed: lesions.Operation,
) -> tuple[DiscCause, ...]:
    """Every disc, from the severity of its level."""
    illness = prevalence.illness(rng, rows, person.age, severity)
    if severity is Severity.SEVERE:
        illness.sites[-2, disease.CANAL] = max(illness.sites[-2, disease.CANAL], rng.uniform(3.2, 3.9))
    sites = lesions.after(rng, performed, illness.sites).tolist()
    lower = (*names[1:], "S1")
    places = [Place(*place) for place in zip(names, lower, rows, sites, illness.disc.tolist(), strict=True)]
    discs = [disease.disc(rng, person, place) for place in places]
    if transition is Transition.SACRALISED:
        discs[-1] = disease.rudimentary(rng, person, places[-1])
    return tuple(discs)
