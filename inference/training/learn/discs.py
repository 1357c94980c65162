"""Train the network that looks at discs: one flat loop for each member of the ensemble.

    python -m inference train discs --data DIR --out DIR --seed 5

The patients to learn from are put into five groups, in turn by their number. A member learns from all groups but its
own, and so do lines through measurements. What they say of the groups that they never saw chooses temperatures, how
much networks and lines count, and from which probability on a finding is told. The lines that are shipped go through
all groups. Crops and finished members are kept in the folder and not made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from inference.grading.discs import BEHIND_MM, COLUMNS, ROWS, SPACING_MM, inside
from inference.models import registry
from inference.models.discnet import DiscEnsemble, DiscNet, DiscNetConfig, chances, mixed, tempered
from inference.training.data import disc_cases, midsagittal
from inference.training.data.disc_cases import Cases, groups
from inference.training.data.disc_variation import hidden, varied
from inference.training.data.midsagittal import Use
from inference.training.learn import disc_regression
from inference.training.learn.disc_loss import ANSWERS, class_weights, loss_of
from inference.training.scores import agreement, disc_thresholds
from inference.types import DiscQuestion, FloatArray

#: Of the models that this script writes; goes up when a new one is shipped.
VERSION = "1.0.0"
#: So many groups of patients; each member leaves out one.
GROUPS = 5
DATA = "SPIDER, mid-sagittal slices: van der Graaf et al., Scientific Data 2024, Zenodo 10159290"
LIMITS = (
    "Learnt from one mid-sagittal slice a patient: what lies to the side of the middle it has hardly seen.",
    "Modic types 1 and 3 were seen in a handful of discs: a change is told, its type is not to be trusted.",
    "Learnt from the gradings of one archive of patients with back pain; other readers would differ.",
    "Never tested: contrast-enhanced, fat-suppressed and STIR images, metal, tumour, infection, fracture, scoliosis, "
    "children, slices to the side of the middle. Discs above T12-L1 are not graded.",
    "Not a medical device. Not tested in clinical use.",
)


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run besides the data; travels in the model card.

    ordered: Pfirrmann's grades as cumulative logits, else as five classes. rare: the power of a class's share by which
    it weighs more when it is rare (0: all discs weigh the same, 1: all classes do). members: 0 for lines alone.
    """

    epochs: int = 30
    batch: int = 32
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    ordered: bool = True
    rare: float = 0.0
    members: int = GROUPS
    widths: tuple[int, ...] = (8, 16, 32, 64)
    seed: int = 5

    @property
    def network(self) -> DiscNetConfig:
        ordinal = tuple(self.ordered and question is DiscQuestion.PFIRRMANN for question in DiscQuestion)
        return DiscNetConfig(ANSWERS, ordinal, widths=self.widths, members=self.members)


def tensors(cases: Cases) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(pictures, present, place, answers) of all discs."""
    return (
        torch.from_numpy(cases.images),
        torch.from_numpy(cases.present).float(),
        torch.from_numpy(cases.place),
        torch.from_numpy(cases.answers),
    )


def learn(cases: Cases, config: TrainConfig, seed: int) -> DiscNet:
    """One member: the mean of its weights over the last third of the epochs (Izmailov et al., UAI 2018)."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = DiscNet(config.network)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = torch.optim.swa_utils.AveragedModel(network, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    images, present, place, answers = tensors(cases)
    weights, steps = class_weights(cases.answers, config.rare), -(-len(images) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.epochs * steps, pct_start=0.2, final_div_factor=20
    )
    for epoch in range(config.epochs):
        total = 0.0
        for rows in torch.randperm(len(images), generator=generator).chunk(steps):
            other = varied(images[rows], generator).contiguous(memory_format=torch.channels_last)
            told = network(other, hidden(present[rows], generator), place[rows])
            loss = loss_of(told, answers[rows], network.config.ordinal, weights)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            total += loss.item() / steps
        if epoch >= config.epochs * 2 // 3:
            averaged.update_parameters(network)
        print(f"epoch {epoch + 1}/{config.epochs} loss {total:.4f}", flush=True)
    return cast(DiscNet, averaged.module).eval()


@dataclass(frozen=True)
class Held:
    """Discs of all groups, and what was said of each group by those who learnt from the others.

    seen, measured: logits of the networks (empty when there are none) and of the lines.
    """

    cases: Cases
    seen: list[Tensor]
    measured: list[Tensor]


def held_out(cases: Cases, apart: list[set[int]], config: TrainConfig, members: Sequence[DiscNet] = ()) -> Held:
    """Ask every group's discs of the member (where there are any) and of lines that never saw the group."""
    network, parts = config.network, [cases.of(own) for own in apart]
    seen = [told(member, part) for member, part in zip(members, parts, strict=True)] if members else []
    measured = []
    for own, part in zip(apart, parts, strict=True):
        others = cases.of(set(cases.patient.tolist()) - own)
        lines = disc_regression.fit(disc_regression.table(others), others.place, others.answers, network, config.rare)
        with torch.inference_mode():
            measured.append(lines(disc_regression.table(part), torch.from_numpy(part.place)))
    return Held(Cases.joined(parts), joined(seen), joined(measured))


def joined(parts: list[list[Tensor]]) -> list[Tensor]:
    """The same questions of several groups after each other."""
    return [torch.cat(same) for same in zip(*parts, strict=True)]


def train(data: Path, out: Path, config: TrainConfig) -> None:
    """Train all members and the lines and write them with their card to `out`; finished members stay.

    data: folder that holds ``spider/``.
    """
    out.mkdir(parents=True, exist_ok=True)
    uses = midsagittal.used_for(midsagittal.listed(data))
    patients = {number for number, use in uses.items() if use is Use.TRAIN}
    cases, network = disc_cases.gathered(data, registry.load("segment"), out / "crops", patients), config.network
    print(f"{len(cases.patient)} discs of {len(set(cases.patient.tolist()))} patients", flush=True)
    apart = groups(patients, GROUPS)
    learnt = apart[: config.members]
    members = [_member(cases.of(patients - own), config, number, out) for number, own in enumerate(learnt)]
    held, ensemble = held_out(cases, apart, config, members), DiscEnsemble(network)
    for empty, member in zip(ensemble.members, members, strict=True):
        empty.load_state_dict(member.state_dict())
    lines = disc_regression.fit(disc_regression.table(cases), cases.place, cases.answers, network, config.rare)
    ensemble.lines.load_state_dict(lines.state_dict())
    chance = choose(ensemble, held)
    cuts = disc_thresholds.told_from(chance, held.cases.answers)
    figures = agreement.of(held.cases.patient, held.cases.answers, chance, cuts)
    print(agreement.markdown(figures), flush=True)
    registry.save(ensemble, card(config, cuts, agreement.plain(figures), cases), out)


def choose(ensemble: DiscEnsemble, held: Held) -> list[FloatArray]:
    """Set temperatures and shares by the discs held out; returns what is said of these then."""
    answers, config = held.cases.answers, ensemble.config
    ensemble.temperatures[1] = disc_thresholds.temperatures(lambda t: chances(held.measured, config, t), answers)
    chance = chances(held.measured, config, ensemble.temperatures[1])
    if held.seen:
        ensemble.temperatures[0] = disc_thresholds.temperatures(lambda t: chances(held.seen, config, t), answers)
        seen = chances(held.seen, config, ensemble.temperatures[0])
        ensemble.share.copy_(disc_thresholds.shares(seen, chance, answers))
        chance = mixed(seen, chance, ensemble.share)
    # A mixture of two that are calibrated is less sure than it may be.
    ensemble.temperatures[2] = disc_thresholds.temperatures(lambda t: tempered(chance, t), answers)
    for k, ordered in enumerate(config.ordinal):
        if ordered:
            ensemble.temperatures[2, k] = disc_thresholds.sureness(chance[k], answers[:, k])
    return [one.double().numpy() for one in tempered(chance, ensemble.temperatures[2])]


def _member(cases: Cases, config: TrainConfig, number: int, out: Path) -> DiscNet:
    """A finished member from `out`, else one that learns now."""
    path = out / f"member{number}.safetensors"
    if not path.exists():
        learnt = learn(cases, config, config.seed + number).state_dict()
        save_file({name: value.contiguous() for name, value in learnt.items()}, str(path))
    network = DiscNet(config.network)
    network.load_state_dict(load_file(str(path)))
    return network.eval()


def told(network: DiscNet, cases: Cases) -> list[Tensor]:
    """What a network says of discs as they are: logits."""
    images, present, place, _ = tensors(cases)
    with torch.inference_mode():
        answer: list[Tensor] = network(inside(images), present, place)
    return answer


def card(
    config: TrainConfig, cuts: dict[DiscQuestion, float], figures: dict[str, object], cases: Cases
) -> dict[str, object]:
    """The model card: all that prediction needs and a person should know."""
    return {
        "name": "discs",
        "version": VERSION,
        "task": "Pfirrmann grade and findings of a lumbar disc on sagittal MRI",
        "network": config.network.to_dict(),
        "questions": list(DiscQuestion),
        "told_from": {question.value: round(cut, 3) for question, cut in cuts.items()},
        "preprocessing": {"rows": ROWS, "columns": COLUMNS, "spacing_mm": SPACING_MM, "behind_mm": BEHIND_MM},
        "training": {
            "config": asdict(config),
            "data": DATA,
            "licence": "CC BY 4.0",
            "patients": f"{len(set(cases.patient.tolist()))} with {len(cases.patient)} discs, of midsagittal.used_for",
            "held_out_group_by_group": figures,
        },
        "limits": list(LIMITS),
    }
