"""Train the disc model: one flat loop for each network of the ensemble.

    python -m inference train discs --data DIR --out DIR --seed 5

The training patients are split into five groups by their number (cross-validation). Each network, and a logistic
regression on measurements, is trained on all groups but one. Their answers for the group left out choose temperatures,
the weights of networks and regressions, and the probability thresholds of findings. The shipped regressions are
fitted on all groups. Crops and finished networks are stored in the folder and not made again.
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

#: Version of the models that this script writes; raised when a new one is shipped.
VERSION = "1.0.0"
#: Number of groups of patients; each network is trained on all but one.
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
    """All settings of a run besides the data; stored in the model card.

    ordered: Pfirrmann's grades as cumulative logits, else as five classes. rare: the power of a class's share by which
    it weighs more when it is rare (0: all discs weigh the same, 1: all classes do). members: number of networks, 0 for
    logistic regressions alone.
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
            pictures = varied(images[rows], generator).contiguous(memory_format=torch.channels_last)
            logits = network(pictures, hidden(present[rows], generator), place[rows])
            loss = loss_of(logits, answers[rows], network.config.ordinal, weights)
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
class HeldOut:
    """Discs of all groups, and the answers for each group of networks and regressions trained on the others.

    network_logits (empty without networks), regression_logits: by question, (n, classes).
    """

    cases: Cases
    network_logits: list[Tensor]
    regression_logits: list[Tensor]


def held_out(
    cases: Cases, patient_groups: list[set[int]], config: TrainConfig, members: Sequence[DiscNet] = ()
) -> HeldOut:
    """Answers for every group's discs by the network (if any) and regressions that were not trained on the group."""
    network, parts = config.network, [cases.of(group) for group in patient_groups]
    network_logits = (
        [predicted_logits(member, part) for member, part in zip(members, parts, strict=True)] if members else []
    )
    regression_logits = []
    for group, part in zip(patient_groups, parts, strict=True):
        training_cases = cases.of(set(cases.patient.tolist()) - group)
        regression = disc_regression.fit(
            disc_regression.table(training_cases), training_cases.place, training_cases.answers, network, config.rare
        )
        with torch.inference_mode():
            regression_logits.append(regression(disc_regression.table(part), torch.from_numpy(part.place)))
    return HeldOut(Cases.joined(parts), joined(network_logits), joined(regression_logits))


def joined(parts: list[list[Tensor]]) -> list[Tensor]:
    """The answers for several groups concatenated, by question."""
    return [torch.cat(question_logits) for question_logits in zip(*parts, strict=True)]


def train(data: Path, out: Path, config: TrainConfig) -> None:
    """Train all networks and regressions and write them with their card to `out`; finished networks are kept.

    data: folder that holds ``spider/``.
    """
    out.mkdir(parents=True, exist_ok=True)
    uses = midsagittal.used_for(midsagittal.listed(data))
    patients = {number for number, use in uses.items() if use is Use.TRAIN}
    cases, network = disc_cases.gathered(data, registry.load("segment"), out / "crops", patients), config.network
    print(f"{len(cases.patient)} discs of {len(set(cases.patient.tolist()))} patients", flush=True)
    patient_groups = groups(patients, GROUPS)
    member_groups = patient_groups[: config.members]
    members = [_member(cases.of(patients - group), config, number, out) for number, group in enumerate(member_groups)]
    held, ensemble = held_out(cases, patient_groups, config, members), DiscEnsemble(network)
    for untrained, member in zip(ensemble.members, members, strict=True):
        untrained.load_state_dict(member.state_dict())
    regression = disc_regression.fit(disc_regression.table(cases), cases.place, cases.answers, network, config.rare)
    ensemble.lines.load_state_dict(regression.state_dict())
    probabilities = calibrate(ensemble, held)
    thresholds = disc_thresholds.decision_thresholds(probabilities, held.cases.answers)
    figures = agreement.of(held.cases.patient, held.cases.answers, probabilities, thresholds)
    print(agreement.markdown(figures), flush=True)
    registry.save(ensemble, card(config, thresholds, agreement.plain(figures), cases), out)


def calibrate(ensemble: DiscEnsemble, held: HeldOut) -> list[FloatArray]:
    """Set temperatures and shares by the held-out discs; returns the calibrated probabilities of these."""
    answers, config = held.cases.answers, ensemble.config
    ensemble.temperatures[1] = disc_thresholds.temperatures(
        lambda t: chances(held.regression_logits, config, t), answers
    )
    probabilities = chances(held.regression_logits, config, ensemble.temperatures[1])
    if held.network_logits:
        ensemble.temperatures[0] = disc_thresholds.temperatures(
            lambda t: chances(held.network_logits, config, t), answers
        )
        by_networks = chances(held.network_logits, config, ensemble.temperatures[0])
        ensemble.share.copy_(disc_thresholds.network_shares(by_networks, probabilities, answers))
        probabilities = mixed(by_networks, probabilities, ensemble.share)
    # A mixture of two calibrated answers is underconfident.
    ensemble.temperatures[2] = disc_thresholds.temperatures(lambda t: tempered(probabilities, t), answers)
    for k, ordered in enumerate(config.ordinal):
        if ordered:
            ensemble.temperatures[2, k] = disc_thresholds.confidence_temperature(probabilities[k], answers[:, k])
    return [probability.double().numpy() for probability in tempered(probabilities, ensemble.temperatures[2])]


def _member(cases: Cases, config: TrainConfig, number: int, out: Path) -> DiscNet:
    """A finished network from `out`, else one that is trained now."""
    path = out / f"member{number}.safetensors"
    if not path.exists():
        state = learn(cases, config, config.seed + number).state_dict()
        save_file({name: value.contiguous() for name, value in state.items()}, str(path))
    network = DiscNet(config.network)
    network.load_state_dict(load_file(str(path)))
    return network.eval()


def predicted_logits(network: DiscNet, cases: Cases) -> list[Tensor]:
    """The logits of a network for discs without augmentation."""
    images, present, place, _ = tensors(cases)
    with torch.inference_mode():
        logits: list[Tensor] = network(inside(images), present, place)
    return logits


def card(
    config: TrainConfig, thresholds: dict[DiscQuestion, float], figures: dict[str, object], cases: Cases
) -> dict[str, object]:
    """The model card: all that prediction needs and a user should know."""
    return {
        "name": "discs",
        "version": VERSION,
        "task": "Pfirrmann grade and findings of a lumbar disc on sagittal MRI",
        "network": config.network.to_dict(),
        "questions": list(DiscQuestion),
        "told_from": {question.value: round(threshold, 3) for question, threshold in thresholds.items()},
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
