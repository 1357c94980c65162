"""What each place of the images gives to a network's answer: the numbers behind the maps of `evidence`.

Two ways, chosen by measurement on simulated patients whose findings are in known places
(docs/figures/history/evidence.md).
What is ill is found best on the way from a blurred image to the image: integrated gradients (Sundararajan
et al., ICML 2017). What is normal is no more than its surroundings there; for it the places that the network reads
say more, what each gave times how much the answer depends on it (Selvaraju et al., ICCV 2017, without its mean over
the image, which would lose the place).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.models.discnet import DiscEnsemble, chances
from inference.models.gradenet import HEADS, GradeNet, Inputs

#: The grader's places: pixels between their middles, and of the first one's. Half a pixel of the axial ones is given
#: up, so that the shares of a mirrored image are the mirrored ones.
CELL, FIRST_SAGITTAL, FIRST_AXIAL = 8, 1.0, 3.5
#: The same of the networks that look at discs.
DISC_CELL, FIRST_DISC = 4, 1.5
#: Standard deviation of what blurring leaves of an image, pixels.
BLUR = 6.0
#: Stands for an answer that need not be explained, which saves time.
NOT_ASKED = -1
#: Steps from the blurred image to the image; eight are no better.
STEPS = 3


@dataclass(frozen=True)
class Shares:
    """Of n levels, what each place gives to an answer's log odds; below 0 where it speaks against it.

    sagittal: (n, planes, rows, columns). axial: (n, images, rows, columns).
    """

    sagittal: Tensor
    axial: Tensor


Read = Callable[[GradeNet, Inputs, Tensor], list[Shares]]


def shares_of(network: GradeNet, x: Inputs, answers: Tensor) -> list[Shares]:
    """For each of `HEADS` the share of every place in the answers, (n, len(HEADS)), 0 to 3."""
    out = []
    ill_alone = answers.where(answers > 0, NOT_ASKED)
    ways = zip(by_places(network, x, answers), by_integrated(network, x, ill_alone), answers.T, strict=True)
    for normal, ill, answer in ways:
        is_ill = (answer > 0)[:, None, None, None]
        out.append(
            Shares(torch.where(is_ill, ill.sagittal, normal.sagittal), torch.where(is_ill, ill.axial, normal.axial))
        )
    return out


def log_odds(logits: Tensor, answers: Tensor) -> Tensor:
    """(n,): of at least the grade that is answered; of normal where that is. logits: (n, grades)."""
    grades = torch.arange(logits.shape[1])
    inside = torch.where(answers[:, None] == 0, grades == 0, grades >= answers[:, None])
    nothing = torch.full_like(logits, -torch.inf)
    return torch.where(inside, logits, nothing).logsumexp(1) - torch.where(inside, nothing, logits).logsumexp(1)


def by_places(network: GradeNet, x: Inputs, answers: Tensor) -> list[Shares]:
    """As `shares_of`: what the network reads of each place times the slope of the log odds there."""
    # The left sites are read first, then the right ones in the mirror.
    with Kept(network.read_sagittal.few) as sagittal, Kept(network.read_axial.few) as axial:
        logits = network(x)
    out = []
    for head in range(len(HEADS)):
        odds = log_odds(logits[:, head], answers[:, head]).sum()
        given = given_by([*sagittal.kept, *axial.kept], odds)
        left, right = (_sagittal_cells(network, one) for one in given[:2])
        left_axial, right_axial = (_axial_cells(network, one, x.axial.shape[1]) for one in given[2:])
        out.append(Shares(left + right.flip(1), left_axial + right_axial.flip(3)))
    return out


def by_integrated(network: GradeNet, x: Inputs, answers: Tensor) -> list[Shares]:
    """As `shares_of`: the slopes of the log odds on the way from the blurred images, summed within cells.

    Nothing where an answer is `NOT_ASKED`.
    """
    plain = blurred(x)
    off = (x.sagittal - plain.sagittal, x.axial - plain.axial)
    slopes = [[torch.zeros_like(one) for one in off] for _ in HEADS]
    for step in range(STEPS):
        part = (step + 0.5) / STEPS
        images = [
            (start + part * way).requires_grad_() for start, way in zip((plain.sagittal, plain.axial), off, strict=True)
        ]
        logits = network(replace(x, sagittal=images[0], axial=images[1]))
        for head, sums in enumerate(slopes):
            asked = answers[:, head] != NOT_ASKED
            if not asked.any():
                continue
            odds = log_odds(logits[asked, head], answers[asked, head]).sum()
            for number, slope in enumerate(torch.autograd.grad(odds, images, retain_graph=True)):
                sums[number] += slope / STEPS
    return [
        Shares(
            cells((sagittal * off[0]).sum(dim=1), CELL, FIRST_SAGITTAL),
            cells((axial * off[1])[:, :, 0], CELL, FIRST_AXIAL),
        )
        for sagittal, axial in slopes
    ]


def of_discs(network: DiscEnsemble, images: Tensor, present: Tensor, place: Tensor, answers: Tensor) -> list[Tensor]:
    """For each question the share of every place in the answer, (n, rows, columns): cells of `DISC_CELL` pixels.

    Of the networks alone: lines look at no image. images: (n, 2, rows, columns) without a margin; present: (n, 2);
    place: (n,) index of the level; answers: (n, questions), counted from 0, and nothing comes of what is `NOT_ASKED`.
    One step half-way from the blurred images: more are little better.
    """
    plain = smooth(images)
    middle = ((images + plain) / 2).requires_grad_()
    out = []
    for odds, answer in zip(disc_odds(network, middle, present, place, answers), answers.T, strict=True):
        slope, asked = torch.zeros_like(images), answer != NOT_ASKED
        if asked.any():
            (slope,) = torch.autograd.grad(odds[asked].sum(), middle, retain_graph=True)
        # An image that is not there is even, and an even one has no slope.
        given = (slope.nan_to_num() * (images - plain)).sum(dim=1)
        out.append(cells(given[:, None], DISC_CELL, FIRST_DISC)[:, 0])
    return out


def disc_odds(network: DiscEnsemble, images: Tensor, present: Tensor, place: Tensor, answers: Tensor) -> list[Tensor]:
    """For each question the log odds (n,) by the networks alone; what is asked as of `of_discs`.

    A finding's are those that there is one, Pfirrmann's those of at least the grade; those of none and of the lowest
    grade are of just that.
    """
    told = [
        chances(member(images, present, place), network.config, network.temperatures[0]) for member in network.members
    ]
    out = []
    for question, answer in enumerate(answers.T):
        chance = torch.stack([one[question] for one in told]).mean(dim=0)
        first = answer if network.config.ordinal[question] else torch.ones_like(answer)
        classes = torch.arange(chance.shape[1])
        meant = torch.where(answer[:, None] == 0, classes == 0, classes >= first[:, None])
        out.append((chance * meant).sum(dim=1).clamp(1e-6, 1 - 1e-6).logit())
    return out


def blurred(x: Inputs) -> Inputs:
    """The images without what is finer than `BLUR` pixels; the heights of axial images stay."""
    axial = x.axial.clone()
    axial[:, :, 0] = smooth(x.axial[:, :, 0])
    return replace(x, sagittal=smooth(x.sagittal), axial=axial)


def smooth(images: Tensor) -> Tensor:
    """Images (..., rows, columns) blurred by `BLUR` pixels; beyond the edge it goes on."""
    reach = round(2 * BLUR)
    weights = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * BLUR**2))
    weights = weights / weights.sum()
    flat = F.pad(images.reshape(-1, 1, *images.shape[-2:]), (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(flat, weights[:, None][None, None]), weights[None, None, None]).reshape(images.shape)


def cells(pixels: Tensor, size: int, first: float) -> Tensor:
    """Means of pixels (n, planes, rows, columns) in cells of `size` pixels, the first one's middle at `first`."""
    lead = int(size / 2 - first)
    rows, columns = (-(-side // size) for side in pixels.shape[2:])
    # Negative room crops: the last pixels may belong to no cell.
    room = (lead, columns * size - pixels.shape[3] - lead, lead, rows * size - pixels.shape[2] - lead)
    return F.avg_pool2d(F.pad(pixels, room), size)


class Kept:
    """While it is entered, keeps what a layer gives and lets gradients end there."""

    def __init__(self, layer: nn.Module) -> None:
        self.kept: list[Tensor] = []
        self._layer = layer

    def __enter__(self) -> Kept:
        self._hook = self._layer.register_forward_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()

    def _keep(self, _layer: nn.Module, _given: object, found: Tensor) -> Tensor:
        self.kept.append(found.detach().requires_grad_())
        return self.kept[-1]


def given_by(kept: Sequence[Tensor], odds: Tensor) -> list[Tensor]:
    """What each number of `kept` gives to `odds`, summed over channels: (batch, places...)."""
    slopes = torch.autograd.grad(odds, kept, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(one[:, 0]) if slope is None else (one.detach() * slope).sum(dim=1)
        for one, slope in zip(kept, slopes, strict=True)
    ]


def _sagittal_cells(network: GradeNet, given: Tensor) -> Tensor:
    rows, columns = (-(-size // CELL) for size in (network.config.rows, network.config.columns))
    return given.reshape(-1, network.config.planes, rows, columns)


def _axial_cells(network: GradeNet, given: Tensor, images: int) -> Tensor:
    rows, columns = (size // CELL for size in (network.config.axial_rows, network.config.axial_columns))
    return given.reshape(-1, images, rows, columns)
