"""Whether evidence maps point at the place of a finding, and whether the network needs what they point at.

Simulated patients that were rendered for the grader: where their canal, foramina and recesses lie
is known. Other ways to make maps stand beside the product's, so that the choice can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.grading import attribution, evidence
from inference.grading.attribution import Read, Shares, blurred, log_odds
from inference.grading.evidence import EvidenceMap
from inference.grading.grader import Asked, asked, opinions
from inference.models import registry
from inference.models.gradenet import HEADS, GradeNet, Inputs
from inference.simulate.body.foramen import ROOT_BEHIND_MM, opening
from inference.simulate.causes.narrowing import RECESS_AT_MM
from inference.simulate.causes.records import Body, DiscCause, Patient
from inference.simulate.truth.openings import RECESS_BELOW_MM
from inference.simulate.truth.study_truth import sac
from inference.training.data import grade_cuts, grade_samples
from inference.training.data.grade_cuts import Group
from inference.types import GRADES, LUMBAR_LEVELS, FloatArray, LevelFinding, Site

#: A peak so near to the finding's place points at it, mm.
NEAR_MM = 8.0
#: Half a recess's depth, where nothing is wrong, mm.
RECESS_BEHIND_MM = 3.0
#: This share of the cells is blanked.
BLANKED = 0.1
#: A patch that is blanked covers so many cells in plane and planes around its cell's.
PATCH, PATCH_PLANES = 2, 3


@dataclass(frozen=True)
class Case:
    """One patient. places: LPS mm of each site's truth by level and site. findings: as the network answers."""

    shown: Asked
    places: dict[tuple[str, str], FloatArray]
    findings: tuple[LevelFinding, ...]


def cases(rendered: Path, group: Group, most: int, network: GradeNet) -> Iterator[Case]:
    """At most so many patients of a group, in the order of their seeds, found and measured as by a localiser."""
    paths = [path for path in sorted(rendered.glob("*.npz")) if grade_cuts.group_of(int(path.stem)) is group]
    for path in paths[:most]:
        patient = grade_samples.load(path)
        found = grade_samples.found_levels(patient, np.random.default_rng([61, patient.seed]))
        measured = grade_samples.measurements(patient, np.random.default_rng([47, patient.seed]))
        shown = asked([disc for disc, _ in found], measured, patient.sagittal, {d.level: i for d, i in found})
        if shown is None:
            continue
        said = opinions(network, shown)
        findings = [
            LevelFinding(level, Site(site), grade)
            for level, one in said.items()
            for site, (grade, _) in one.answers.items()
        ]
        yield Case(shown, places_of(patient.seed), tuple(findings))


def places_of(seed: int) -> dict[tuple[str, str], FloatArray]:
    """Where canal, foramina and recesses of every lumbar level of patient `seed` lie, LPS mm."""
    _, patient = grade_samples.drawn(seed)
    anatomy = grade_samples.Back(patient)
    places = {}
    for body, disc in _discs(patient):
        place, vertebra = anatomy.layout.discs[disc.level], anatomy.layout.bodies[body.name]
        places[disc.level, "canal"] = sac(anatomy, body, disc)[2]
        for side, sign, severity in (("left", 1, disc.foramen_left), ("right", -1, disc.foramen_right)):
            hole = opening(body, severity)
            places[disc.level, f"foramen_{side}"] = vertebra.world(
                sign * hole.side, body.depth_mm / 2 + ROOT_BEHIND_MM, (hole.roof + hole.floor) / 2
            )
            places[disc.level, f"recess_{side}"] = place.world(
                sign * RECESS_AT_MM, body.depth_mm / 2 + RECESS_BEHIND_MM, -disc.height_mm / 2 - RECESS_BELOW_MM
            )
    return places


def _discs(patient: Patient) -> list[tuple[Body, DiscCause]]:
    pairs = zip(patient.bodies, patient.discs, strict=True)
    return [(body, disc) for body, disc in pairs if disc.level in LUMBAR_LEVELS]


def by_blanking(network: GradeNet, x: Inputs, answers: Tensor) -> list[Shares]:
    """How much the answer's log odds fall when a patch is blurred (Zeiler and Fergus, ECCV 2014)."""
    size, plain = attribution.CELL, blurred(x)
    with torch.inference_mode():
        before = _odds(network, x, answers)
        n, _, planes, rows, columns = x.sagittal.shape
        sagittal = torch.zeros(len(HEADS), n, planes, -(-rows // size), -(-columns // size))
        for plane, row, column in np.ndindex(*sagittal.shape[2:]):
            box = (
                ...,
                _around(plane, 1, 0.0, PATCH_PLANES, planes),
                *_patch(row, column, attribution.FIRST_SAGITTAL, x.sagittal),
            )
            other = x.sagittal.clone()
            other[box] = plain.sagittal[box]
            sagittal[:, :, plane, row, column] = before - _odds(network, replace(x, sagittal=other), answers)
        _, images, _, rows, columns = x.axial.shape
        axial = torch.zeros(len(HEADS), n, images, rows // size, columns // size)
        for image, row, column in np.ndindex(*axial.shape[2:]):
            place = _patch(row, column, attribution.FIRST_AXIAL, x.axial)
            other = x.axial.clone()
            other[(slice(None), image, 0, *place)] = plain.axial[(slice(None), image, 0, *place)]
            axial[:, :, image, row, column] = before - _odds(network, replace(x, axial=other), answers)
    return [Shares(one, two) for one, two in zip(sagittal, axial, strict=True)]


def _patch(row: int, column: int, first: float, images: Tensor) -> tuple[slice, slice]:
    size = attribution.CELL
    rows, columns = images.shape[-2:]
    return _around(row, size, first, PATCH * size, rows), _around(column, size, first, PATCH * size, columns)


def _around(cell: int, size: int, first: float, width: int, most: int) -> slice:
    middle = cell * size + first
    low = round(middle - width / 2 + 0.5)
    return slice(max(low, 0), min(low + width, most))


def _odds(network: GradeNet, x: Inputs, answers: Tensor) -> Tensor:
    """(len(HEADS), n)."""
    logits = network(x)
    return torch.stack([log_odds(logits[:, head], answers[:, head]) for head in range(len(HEADS))])


WAYS: dict[str, Read] = {
    "place by place": attribution.by_places,
    "integrated gradients": attribution.by_integrated,
    "both": attribution.shares_of,
    "blanking patches": by_blanking,
}


@dataclass(frozen=True)
class Peak:
    """One map. ill: the answer is not normal. off_mm: of its peak from the site's place. side: on that side or none."""

    site: str
    ill: bool
    off_mm: float
    side: bool


def peaks(case: Case, network: GradeNet, read: Read) -> list[Peak]:
    """Where the maps of a patient point."""
    said = opinions(network, case.shown)
    levels = {disc.level: disc for disc, _ in case.shown.levels}
    return [
        _peak(one, case.places[one.level, one.finding], float((one.peak_mm - one.disc_mm) @ levels[one.level].left))
        for one in evidence.of_grader(network, case.shown, said, case.findings, read)
    ]


def _peak(one: EvidenceMap, place: FloatArray, left_mm: float) -> Peak:
    side = {"left": left_mm > 0, "right": left_mm < 0}.get(one.finding.rpartition("_")[2], True)
    return Peak(one.finding, one.answer != GRADES[0].value, float(np.linalg.norm(one.peak_mm - place)), side)


def needed(case: Case, network: GradeNet, read: Read, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """How much the answers' log odds fall when the strongest cells are blurred, and when as many others are.

    Both (len(HEADS), n).
    """
    x, plain = case.shown.inputs, blurred(case.shown.inputs)
    with torch.inference_mode():
        answers = network(x).argmax(dim=2)
        before = _odds(network, x, answers)
    falls = []
    for strongest in (True, False):
        fall = torch.zeros_like(before)
        for head, given in enumerate(read(network, x, answers)):
            picked = [chosen(one, strongest, rng) for one in (given.sagittal, given.axial)]
            sagittal = _pixels(picked[0], attribution.FIRST_SAGITTAL, x.sagittal)[:, None]
            axial = _pixels(picked[1], attribution.FIRST_AXIAL, x.axial)[:, :, None]
            other = replace(
                x,
                sagittal=torch.where(sagittal, plain.sagittal, x.sagittal),
                axial=torch.where(axial, plain.axial, x.axial),
            )
            with torch.inference_mode():
                fall[head] = before[head] - _odds(network, other, answers)[head]
        falls.append(fall.double().numpy())
    return falls[0], falls[1]


def chosen(given: Tensor, strongest: bool, rng: np.random.Generator) -> Tensor:
    """Bool, shaped as `given`: the strongest cells of each level, or as many drawn ones."""
    flat = given.flatten(1) if strongest else torch.from_numpy(rng.random(given.flatten(1).shape))
    count = max(1, round(BLANKED * flat.shape[1]))
    mask = torch.zeros_like(flat, dtype=torch.bool)
    return mask.scatter(1, flat.topk(count, dim=1).indices, True).reshape(given.shape)


def _pixels(cells: Tensor, first: float, images: Tensor) -> Tensor:
    """Bool (n, planes, rows, columns) from bool cells."""
    rows, columns = (
        ((torch.arange(side) - first) / attribution.CELL).round().long().clamp(0, count - 1)
        for side, count in zip(images.shape[-2:], cells.shape[-2:], strict=True)
    )
    return cells[:, :, rows][:, :, :, columns]


def markdown(rendered: Path, group: Group, most: int, ways: Sequence[str]) -> str:
    """A table by way and site. Raises ValueError for a way that is not one of `WAYS`, and where there is no patient."""
    unknown = [way for way in ways if way not in WAYS]
    if unknown:
        raise ValueError(f"There is no way {', '.join(unknown)}; there are: {', '.join(WAYS)}.")
    model = registry.load("grade")
    network: GradeNet = model.network
    found = list(cases(rendered, group, most, network))
    if not found:
        raise ValueError(f"There is no patient to {group} on in {rendered}.")
    lines = [
        f"Grader {model.version}, {len(found)} simulated patients to {group}.",
        "",
        "| way | answer | " + " | ".join(HEADS) + " | right side | needed: strongest, others |",
        "|" + "---|" * (len(HEADS) + 4),
    ]
    for way in ways:
        every = [peak for case in found for peak in peaks(case, network, WAYS[way])]
        rng = np.random.default_rng(67)
        falls = [needed(case, network, WAYS[way], rng) for case in found]
        need = ", ".join(f"{np.concatenate([one[k].ravel() for one in falls]).mean():.2f}" for k in (0, 1))
        for ill in (True, False):
            cells = [_cell([one for one in every if one.site == site and one.ill is ill]) for site in HEADS]
            paired = [one.side for one in every if one.ill is ill and one.site != "canal"]
            side = f"{100 * np.mean(paired):.0f} %" if paired else "–"
            lines.append(f"| {way} | {'not normal' if ill else 'normal'} | {' | '.join(cells)} | {side} | {need} |")
            need = ""
    return "\n".join(lines)


def _cell(found: Sequence[Peak]) -> str:
    if not found:
        return "–"
    near = np.mean([one.off_mm <= NEAR_MM for one in found])
    return f"{100 * near:.0f} %, {np.median([one.off_mm for one in found]):.1f} mm ({len(found)})"
