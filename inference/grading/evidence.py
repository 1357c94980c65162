"""Where in its images a network saw what speaks for its answer: a map of every finding, and the place to look at.

A map says where the network looked, not why, and proves nothing: a reader follows it to the place and judges the
image there. What speaks against the answer counts as nothing. `attribution` makes the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.grading import attribution, crops
from inference.grading import discs as disc_networks
from inference.grading.crops import LevelCrops
from inference.grading.discs import FIRST, Cuts, DiscModel, inside
from inference.grading.grader import Asked
from inference.grading.thresholds import Opinion
from inference.models.gradenet import HEADS, GradeNet
from inference.types import (
    GRADES,
    LEVELS,
    DiscFinding,
    DiscLevel,
    DiscQuestion,
    FloatArray,
    Grade,
    LevelFinding,
    Role,
    Site,
    Slice,
)

#: Cells so near to the strongest have a say in where the peak is, mm.
AROUND_MM = 12.0
#: A plane without a cell of this share of the map's strongest is left out, percent.
LEAST = 5
#: An axial image's map is shown on that image, and on any that lies so near, mm.
AXIAL_REACH_MM = 1.0
#: A disc's only plane is shown on images so near to it, mm.
DISC_REACH_MM = 2.0

#: A pixel (row, column), also between pixels -> LPS mm; affine.
At = Callable[[float, float], FloatArray]


@dataclass(frozen=True)
class EvidencePlane:
    """A part of a map that lies in one plane, in LPS mm.

    role: of the series it was seen on; ``sagittal`` for T2 and T1 alike. sop_instance_uid: of the axial image, else
    empty. origin_mm: middle of the first cell; row_mm, column_mm: steps to the next row's and column's cell, (3,).
    reach_mm: it speaks for images that pass so near to its middle. values: (rows, columns), 0 to 100.
    """

    role: str
    sop_instance_uid: str
    origin_mm: FloatArray
    row_mm: FloatArray
    column_mm: FloatArray
    reach_mm: float
    values: NDArray[np.uint8]


@dataclass(frozen=True)
class EvidenceMap:
    """What speaks for one answer of a network about one disc.

    disc_mm: the disc's centre, by which it is found whatever it is called. finding: a `Site` or a `DiscQuestion`;
    answer: a `Grade`, or the number of a disc's finding. peak_mm: (3,) LPS, where it is strongest.
    """

    level: str
    disc_mm: FloatArray
    finding: str
    answer: str
    peak_mm: FloatArray
    planes: tuple[EvidencePlane, ...]


def of_grader(
    network: GradeNet,
    shown: Asked,
    said: Mapping[str, Opinion],
    findings: Sequence[LevelFinding],
    read: attribution.Read = attribution.shares_of,
) -> list[EvidenceMap]:
    """A map for every site that has a grade and of which the network has an opinion. read: how shares are made."""
    graded = {(one.level, one.site) for one in findings if one.grade is not Grade.NOT_ASSESSED}
    answers = torch.zeros(len(shown.levels), len(HEADS), dtype=torch.long)
    for row, (disc, _) in enumerate(shown.levels):
        for head, (grade, _) in said[disc.level].answers.items():
            answers[row, HEADS.index(head)] = GRADES.index(grade)
    maps = []
    for head, given in zip(HEADS, read(network, shown.inputs, answers), strict=True):
        for row, (disc, cut) in enumerate(shown.levels):
            if (disc.level, Site(head)) in graded and head in said[disc.level].answers:
                grade = said[disc.level].answers[head][0]
                planes = [*_sagittal(disc, cut, given.sagittal[row]), *_axial(disc, cut, given.axial[row])]
                maps += _map(disc, head, grade.value, planes)
    return maps


def of_discs(model: DiscModel, discs: disc_networks.Shown, findings: Sequence[DiscFinding]) -> list[EvidenceMap]:
    """A map for every finding that the page tells (`DiscFinding.is_listed`); none where lines alone answer."""
    told = {(one.level, one.finding): one.value for one in findings if one.is_listed}
    if not discs or not len(model.network.members):
        return []
    values = torch.tensor([[told.get((disc.level, question), 0) for question in DiscQuestion] for disc, _ in discs])
    lowest = torch.tensor([FIRST.get(question, 0) for question in DiscQuestion])
    planes = torch.tensor([len(cuts.asides_mm) for _, cuts in discs])
    given = attribution.of_discs(
        model.network,
        inside(torch.from_numpy(np.concatenate([cuts.images for _, cuts in discs]))),
        torch.from_numpy(np.concatenate([cuts.present for _, cuts in discs])).float(),
        torch.tensor([LEVELS.index(disc.level) for disc, _ in discs]).repeat_interleave(planes),
        (values - lowest).where(values > 0, attribution.NOT_ASKED).repeat_interleave(planes, dim=0),
    )
    maps = []
    for number, question in enumerate(DiscQuestion):
        parts = torch.split(given[number], planes.tolist())
        for (disc, cuts), value, part in zip(discs, values[:, number].tolist(), parts, strict=True):
            if value and model.network.share[number] > 0:
                maps += _map(disc, question.value, str(value), _disc_planes(disc, cuts, part))
    return maps


def _disc_planes(disc: DiscLevel, cuts: Cuts, given: Tensor) -> list[tuple[EvidencePlane, Tensor]]:
    """As `_sagittal`, of a disc's planes."""
    role = cuts.made_from[0].value if len(cuts.made_from) == 1 else "sagittal"
    # A plane speaks for half of the way to its neighbour.
    reach = max(np.ptp(cuts.asides_mm) / 4, DISC_REACH_MM)
    return [
        (_plane(role, "", partial(_disc_at, disc, aside), attribution.DISC_CELL, attribution.FIRST_DISC, reach), one)
        for aside, one in zip(cuts.asides_mm, given, strict=True)
    ]


def _disc_at(disc: DiscLevel, aside_mm: float, row: float, column: float) -> FloatArray:
    corner, to = disc_networks.places(disc, aside_mm)[0, 0], disc_networks.SPACING_MM
    return np.asarray(corner - row * to * disc.up - column * to * disc.anterior)


def _sagittal(disc: DiscLevel, cut: LevelCrops, given: Tensor) -> list[tuple[EvidencePlane, Tensor]]:
    """Planes that are still empty, with what belongs into them; none where there is no sagittal image."""
    roles = [role.value for role in crops.SAGITTAL if role in cut.made_from]
    if not roles:
        return []
    role = roles[0] if len(roles) == 1 else "sagittal"
    reach, first = crops.PLANE_STEP_MM / 2, attribution.FIRST_SAGITTAL
    return [
        (_plane(role, "", partial(_sagittal_at, disc, number), attribution.CELL, first, reach), one)
        for number, one in enumerate(given)
    ]


def _sagittal_at(disc: DiscLevel, plane: int, row: float, column: float) -> FloatArray:
    return np.asarray(crops.sagittal_places(disc, [plane], [row], [column])[0, 0, 0])


def _axial(disc: DiscLevel, cut: LevelCrops, given: Tensor) -> list[tuple[EvidencePlane, Tensor]]:
    """As `_sagittal`, of the axial images that there are."""
    planes = []
    for image, one in zip(cut.planes, given, strict=False):
        at = partial(_axial_at, disc, image)
        uid, first = image.sop_instance_uid, attribution.FIRST_AXIAL
        planes.append((_plane(Role.AXIAL_T2.value, uid, at, attribution.CELL, first, AXIAL_REACH_MM), one))
    return planes


def _axial_at(disc: DiscLevel, image: Slice, row: float, column: float) -> FloatArray:
    return np.asarray(crops.axial_places(disc, image, [row], [column])[0][0, 0])


def _plane(role: str, uid: str, at: At, step: int, first: float, reach: float) -> EvidencePlane:
    """A plane that is still empty. step, first: pixels between cells, and of the first cell's middle."""
    origin = at(first, first)
    row, column = at(first + step, first) - origin, at(first, first + step) - origin
    return EvidencePlane(role, uid, origin, row, column, reach, np.zeros((0, 0), np.uint8))


def _map(
    disc: DiscLevel, finding: str, answer: str, planes: Sequence[tuple[EvidencePlane, Tensor]]
) -> list[EvidenceMap]:
    """One map, or none where nothing in the images speaks for the answer."""
    strongest = max((float(share.max()) for _, share in planes), default=0.0)
    if not 0 < strongest < np.inf:
        return []
    filled = [
        replace(plane, values=(share.clamp(min=0) * (100 / strongest)).round().numpy().astype(np.uint8))
        for plane, share in planes
    ]
    kept = tuple(plane for plane in filled if plane.values.max() >= LEAST)
    return [EvidenceMap(disc.level, disc.centre_mm, finding, answer, _peak(kept), kept)]


def _peak(planes: Sequence[EvidencePlane]) -> FloatArray:
    """The middle, weighed by their values, of the cells around the strongest one, in whatever plane they lie."""
    places = np.concatenate([_middles(plane).reshape(-1, 3) for plane in planes])
    values = np.concatenate([plane.values.ravel() for plane in planes]).astype(np.float64)
    near = np.linalg.norm(places - places[values.argmax()], axis=1) <= AROUND_MM
    return np.asarray(np.average(places[near], axis=0, weights=values[near]))


def _middles(plane: EvidencePlane) -> FloatArray:
    """LPS mm of the middles of all cells, (rows, columns, 3)."""
    row, column = np.indices(plane.values.shape)[..., None]
    return np.asarray(plane.origin_mm + row * plane.row_mm + column * plane.column_mm)
