"""The grader's network on the cuts of every level: what it says of canal, foramina and recesses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from inference.grading import crops
from inference.grading.crops import AxialImage, LevelCrops
from inference.grading.thresholds import Opinion
from inference.images.preprocess import Prepared
from inference.measures.canal import lookup
from inference.models.gradenet import HEADS, MEASURED, GradeNet, Inputs
from inference.models.out_of_distribution import SERIES
from inference.types import GRADES, DiscLevel, Measurement, Role, Volume


@dataclass(frozen=True)
class Asked:
    """The levels that an image shows, and what the network is shown of them, in the same order."""

    levels: tuple[tuple[DiscLevel, LevelCrops], ...]
    inputs: Inputs


def asked(
    discs: Sequence[DiscLevel],
    measurements: tuple[Measurement, ...],
    sagittal: Mapping[Role, Volume],
    axial: Mapping[str, Sequence[AxialImage]],
) -> Asked | None:
    """What the network is shown; None when no image shows any level.

    sagittal: T2 and T1, as far as there are. axial: by level the images through its disc, nearest first.
    """
    levels = level_cuts(discs, {role: crops.prepare(volume) for role, volume in sagittal.items()}, axial)
    if not levels:
        return None
    return Asked(tuple(levels), _inputs([cut for _, cut in levels], [_measured(d, measurements) for d, _ in levels]))


def opinions(network: GradeNet, shown: Asked | None, learnt: Collection[str] = HEADS) -> dict[str, Opinion]:
    """By level what the network says; levels that no image shows are left out.

    learnt: the sites of `HEADS` that the network was taught (`learnt_by`); it is not asked for others.
    """
    if shown is None:
        return {}
    chances, unlike = network.chances(shown.inputs), network.unlike(shown.inputs)
    return {
        cut.level: _opinion(cut, answer, far, learnt)
        for (_, cut), answer, far in zip(shown.levels, chances, unlike.tolist(), strict=True)
    }


def level_cuts(
    discs: Sequence[DiscLevel], sagittal: Mapping[Role, Prepared], axial: Mapping[str, Sequence[AxialImage]]
) -> list[tuple[DiscLevel, LevelCrops]]:
    """What the network is shown of each level, without those that no image shows. sagittal: of `crops.prepare`."""
    cuts = [(disc, crops.cut(disc, sagittal, axial.get(disc.level, ()))) for disc in discs]
    return [(disc, cut) for disc, cut in cuts if cut.made_from]


def _inputs(cuts: list[LevelCrops], measured: list[list[float]]) -> Inputs:
    values = torch.tensor(measured)
    seen = [[float(role in cut.made_from) for role in crops.SAGITTAL] for cut in cuts]
    return Inputs(
        torch.from_numpy(np.stack([cut.sagittal for cut in cuts])),
        torch.tensor(seen),
        torch.from_numpy(np.stack([cut.axial for cut in cuts])),
        torch.tensor([[float(number < cut.images) for number in range(crops.IMAGES)] for cut in cuts]),
        values.nan_to_num(0.0),
        (~values.isnan()).float(),
    )


def sizes(disc: DiscLevel, measurements: tuple[Measurement, ...]) -> list[float]:
    """In the order of `MEASURED`, mm and mm2; not a number where it is not known or a lower bound only."""
    found = {"disc_height": disc.height_mm}
    for quantity in MEASURED.keys() - found.keys():
        one = lookup(measurements, disc.level, quantity)
        if one is not None and one.value is not None and not one.lower_bound:
            found[quantity] = one.value
    return [found.get(name, float("nan")) for name in MEASURED]


def _measured(disc: DiscLevel, measurements: tuple[Measurement, ...]) -> list[float]:
    """The sizes, scaled."""
    found = zip(sizes(disc, measurements), MEASURED.values(), strict=True)
    return [(value - middle) / spread for value, (middle, spread) in found]


def learnt_by(card: Mapping[str, Any]) -> tuple[str, ...]:
    """The sites that the card of a grader says it was taught; all of `HEADS` where the card does not say."""
    sites = card.get("training", {}).get("config", {}).get("sites", HEADS)
    return tuple(site for site in HEADS if site in sites)


def _opinion(cut: LevelCrops, chances: torch.Tensor, far: list[bool], learnt: Collection[str]) -> Opinion:
    """chances: (len(HEADS), 4). far: by `familiar.SERIES`."""
    top, which = chances.max(dim=1)
    said = zip(HEADS, which.tolist(), top.tolist(), strict=True)
    answers = {site: (GRADES[k], chance) for site, k, chance in said if site in learnt}
    unlike = tuple(Role(series) for series, is_far in zip(SERIES, far, strict=True) if is_far)
    return Opinion(answers, cut.made_from, cut.foramina, unlike)
