"""The canal on real patients left out: the sac by the predicted mask against the given one, and the grades by both.

Both masks are cut by the product's own rule (`measures.canal`). Twice: each in the planes of its own discs, which is
what the product says of a patient, and both in the planes of the given mask's discs, which leaves the mask's
error alone. Names of the given mask: its lowest disc is L5-S1. SPIDER's slabs are narrow: where the sac reaches
their edge the area is a lower bound, by both masks alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import stats

from inference.errors import StudyError
from inference.grading import thresholds
from inference.grading.grader import asked, opinions
from inference.measures.canal import lookup, measure
from inference.models.gradenet import GradeNet
from inference.models.registry import Model
from inference.spine.localise import localise
from inference.spine.segment import segment
from inference.training.data import spider
from inference.training.figures.segment import FOUND_MM
from inference.training.scores.agreement import Ints, spread
from inference.types import GRADES, LUMBAR_LEVELS, DiscLevel, FloatArray, Grade, Measurement, Role, Segmentation, Site

#: Ways to cut the predicted mask (`Row`), as the table names them.
PLANES = {"own": "each mask's own", "same": "the given mask's"}
#: Of a normal distribution 95 of 100 lie so many standard deviations about its mean (Bland, Altman, Lancet 1986).
LIMITS = 1.96


@dataclass(frozen=True)
class Sac:
    """The sac at one disc: diameter with its ±, area (whole, or cut off by the slab's edge), grade by thresholds."""

    ap_mm: float
    ap_plus_minus_mm: float
    area_mm2: float
    whole: bool
    grade: Grade


@dataclass(frozen=True)
class Row:
    """One disc of one patient.

    given: by the given mask. own: by the predicted mask in its own planes. same: by the predicted mask in the given
    mask's planes. None where no sac or no disc of this name was found there. network, images: the canal's grade by
    a network, with the predicted measurements and by the images alone; None without a network.
    """

    patient: int
    level: str
    given: Sac
    own: Sac | None
    same: Sac | None
    network: Grade | None = None
    images: Grade | None = None


def rows(
    model: Model, data: Path, grader: GradeNet | None = None, patients: Sequence[int] = spider.REPORT
) -> Iterator[Row]:
    """Every lumbar disc of the patients, by default those left out. data: the folder that holds ``spider/``."""
    for number in patients:
        case = spider.load(data, number)
        yield from of_case(case, segment(model.run, case.volume), grader)


def of_case(case: spider.Case, predicted: Segmentation, grader: GradeNet | None = None) -> Iterator[Row]:
    """The discs that the given mask shows with a sac behind them."""
    real = localise(case.truth).discs
    given, same = (_sacs(mask, measure(mask, real, ())) for mask in (case.truth, predicted))
    try:
        found, measured = measure(predicted, localise(predicted).discs, ())
    except StudyError:
        # The predicted mask is too poor to be read: no disc has its name.
        found, measured = (), ()
    own = _sacs(predicted, (found, measured))
    places = {disc.level: disc.centre_mm for disc in real}
    right = {disc.level for disc in found if _near(disc, places)}
    network, images = (_said(grader, case, found, values) for values in (measured, ()))
    for level in LUMBAR_LEVELS:
        if level in given:
            mine = own.get(level) if level in right else None
            yield Row(case.patient, level, given[level], mine, same.get(level), network.get(level), images.get(level))


def _near(disc: DiscLevel, places: dict[str, FloatArray]) -> bool:
    return disc.level in places and float(np.linalg.norm(disc.centre_mm - places[disc.level])) < FOUND_MM


def _sacs(mask: Segmentation, cut: tuple[tuple[DiscLevel, ...], tuple[Measurement, ...]]) -> dict[str, Sac]:
    """By level, where there is one."""
    discs, measured = cut
    grades = {
        one.level: one.grade for one in thresholds.grade(discs, measured, (Role.SAGITTAL_T2,)) if one.site is Site.CANAL
    }
    sacs = {}
    for level in LUMBAR_LEVELS:
        ap, area = (lookup(measured, level, quantity) for quantity in ("canal_ap", "canal_area"))
        if ap and area and ap.value is not None and area.value is not None:
            sacs[level] = Sac(ap.value, ap.plus_minus or 0.0, area.value, not area.lower_bound, grades[level])
    return sacs


def _said(
    grader: GradeNet | None, case: spider.Case, discs: tuple[DiscLevel, ...], measured: tuple[Measurement, ...]
) -> dict[str, Grade]:
    """By level the canal's grade by the network, which sees the sagittal T2 alone."""
    if grader is None or not discs:
        return {}
    heard = opinions(grader, asked(discs, measured, {Role.SAGITTAL_T2: case.volume}, {}))
    return {level: opinion.answers[Site.CANAL][0] for level, opinion in heard.items()}


def markdown(table: Sequence[Row]) -> str:
    """The tables of docs/figures/canal.md."""
    seen = [(row, row.own) for row in table if row.own is not None]
    whole = [row for row, own in seen if row.given.whole and own.whole]
    lines = [
        f"{len({row.patient for row in table})} real patients, {len(table)} discs with a sac in the given mask; "
        f"found by the name: {len(seen)}. The area is whole in {sum(row.given.whole for row in table)} by the given "
        f"masks, in {len(whole)} by both.",
        "",
        "| measured | planes | discs | Spearman | bias | limits of agreement | median error |",
        "|" + "---|" * 7,
    ]
    for planes in PLANES:
        lines += [
            _agreement(
                "AP, mm", planes, [(row.patient, sac.ap_mm, row.given.ap_mm) for row, sac in _pairs(table, planes)]
            ),
            *(
                _agreement(
                    what, planes, [(r.patient, sac.area_mm2, r.given.area_mm2) for r, sac in _pairs(kept, planes)]
                )
                for what, kept in (("area where whole, mm²", whole), ("area within the slab, mm²", table))
            ),
        ]
    lines += [
        "",
        _within([(own, row.given) for row, own in seen]),
        "",
        *_grades([(row.given.grade, own.grade) for row, own in seen]),
    ]
    for who, told in (
        ("by the thresholds on the predicted mask", [(own.grade, row) for row, own in seen]),
        ("by the network", [(row.network, row) for row, _ in seen if row.network is not None]),
        ("by the network from the images alone", [(row.images, row) for row, _ in seen if row.images is not None]),
    ):
        lines += _order(who, told)
    return "\n".join(lines)


def _pairs(table: Sequence[Row], planes: str) -> list[tuple[Row, Sac]]:
    return [(row, sac) for row in table if (sac := getattr(row, planes)) is not None]


def _agreement(what: str, planes: str, found: list[tuple[int, float, float]]) -> str:
    """A row of the table; brackets: 95 of 100 draws of patients. found: patient, predicted and given."""
    if len(found) < 2:
        return f"| {what} | {PLANES[planes]} | {len(found)} | – | – | – | – |"
    patient = np.array([one[0] for one in found], dtype=np.int64)
    ours, given = (np.array([one[k] for one in found], dtype=np.float64) for k in (1, 2))
    off = ours - given

    def cell(figure: Callable[[Ints], float], form: str) -> str:
        low, high = spread(patient, figure)
        return f"{figure(np.arange(len(off))):{form}} ({low:{form}} to {high:{form}})"

    def spearman(rows: Ints) -> float:
        one, other = ours[rows], given[rows]
        return float(stats.spearmanr(one, other).statistic) if np.ptp(one) and np.ptp(other) else float("nan")

    bias, sd = float(off.mean()), float(off.std(ddof=1))
    cells = cell(spearman, ".2f"), cell(lambda rows: float(off[rows].mean()), "+.1f")
    limits = f"{bias - LIMITS * sd:+.1f} to {bias + LIMITS * sd:+.1f}"
    return f"| {what} | {PLANES[planes]} | {len(off)} | {' | '.join(cells)} | {limits} | {np.median(np.abs(off)):.1f} |"


def _within(pairs: Sequence[tuple[Sac, Sac]]) -> str:
    """How often the given mask's diameter lies within what is told with the predicted one's."""
    off = [abs(own.ap_mm - given.ap_mm) / own.ap_plus_minus_mm for own, given in pairs]
    once, twice = (sum(one <= times for one in off) for times in (1, 2))
    return f"AP within the ± that is told: {once} of {len(off)} (68 in 100 wanted); within twice: {twice} (95 in 100)."


def _grades(pairs: Sequence[tuple[Grade, Grade]]) -> list[str]:
    """How often each grade was told by the predicted masks for each by the given ones."""
    counts = Counter(pairs)
    lines = ["| given mask \\ predicted mask | " + " | ".join(GRADES) + " |", "|" + "---|" * (len(GRADES) + 1)]
    lines += [f"| {one} | " + " | ".join(str(counts[one, other]) for other in GRADES) + " |" for one in GRADES]
    same = sum(one is other for one, other in pairs)
    near = sum(abs(GRADES.index(one) - GRADES.index(other)) <= 1 for one, other in pairs)
    return [*lines, "", f"The same grade: {same} of {len(pairs)}; within one: {near}."]


def _order(who: str, told: Sequence[tuple[Grade, Row]]) -> list[str]:
    """The given masks' sizes by the grade that was told, and whether they fall as it rises."""
    if not told:
        return []
    lines = [
        "",
        f"Canal grade {who}: sizes by the given masks.",
        "",
        "| told | discs | AP, mm: mean, median [range] | area within the slab, mm²: mean, median [range] | whole |",
        "|" + "---|" * 5,
    ]
    means = []
    for name in GRADES:
        sacs = [row.given for one, row in told if one is name]
        if not sacs:
            lines.append(f"| {name} | 0 | – | – | – |")
            continue
        ap, area = [sac.ap_mm for sac in sacs], [sac.area_mm2 for sac in sacs]
        means.append((float(np.mean(ap)), float(np.mean(area))))
        lines.append(
            f"| {name} | {len(sacs)} | {_spread(ap, 1)} | {_spread(area, 0)} | {sum(sac.whole for sac in sacs)} |"
        )
    ranks = [GRADES.index(one) for one, _ in told]
    words = []
    for what, k, values in (
        ("AP", 0, [row.given.ap_mm for _, row in told]),
        ("area", 1, [row.given.area_mm2 for _, row in told]),
    ):
        falls = all(a[k] > b[k] for a, b in pairwise(means))
        rho = f"{stats.spearmanr(ranks, values).statistic:.2f}" if len(means) > 1 else "–"
        words.append(f"mean {what} falls: {'yes' if falls else 'no'} (Spearman {rho})")
    return [*lines, "", f"In order of the grade, {'; '.join(words)}."]


def _spread(values: Sequence[float], digits: int) -> str:
    low, high = min(values), max(values)
    return f"{np.mean(values):.{digits}f}, {np.median(values):.{digits}f} [{low:.{digits}f}-{high:.{digits}f}]"
